/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What benches with a real event loop share: a pool of one thread a job, turns of
 * the loop, a directory of the test's own.
 */
#ifndef TESTS_UNIT_LOOP_BENCH_H
#define TESTS_UNIT_LOOP_BENCH_H

#include "qom/env.h"

/* Once a process, before the first loop. */
void loop_bench_init(void);

/* Env.run. */
void loop_bench_run(const Env *env, void (*work)(void *data), void (*done)(void *data),
                    void *data);

/* One turn of at most so many milliseconds; returns whether any event was
 * handled. */
bool loop_bench_turn(struct event_base *base, guint ms);

/* Takes an object that is linked through prepare, settle and complete.  On failure it
 * is for object_destroy(). */
bool loop_bench_make(Object *obj, GError **error);

/* A new directory, newly allocated; and its end, with the files in it. */
char *loop_bench_make_directory(void);
void loop_bench_remove_directory(const char *path);

/* Runs turn until condition is true, at most some seconds; then fails. */
#define loop_bench_until(turn, condition)                                   \
    do {                                                                    \
        gint64 end_ = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;         \
        while (!(condition)) {                                              \
            g_assert_cmpint(g_get_monotonic_time(), <, end_);               \
            (turn);                                                         \
        }                                                                   \
    } while (0)

#endif
