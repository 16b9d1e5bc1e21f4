/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bench for character backends: a tree with a real event loop and a pool of
 * one thread a job, and a frontend that notes what it gets.
 */
#ifndef TESTS_UNIT_CHAR_BENCH_H
#define TESTS_UNIT_CHAR_BENCH_H

#include "hw/chardev/char.h"
#include "qmp/qapi-types-char.h"
#include "tests/unit/loop-bench.h"

typedef struct {
    Object *root;
    Env env;
    struct event_base *base;
    char *dir;                  /* a directory of the bench's own */
    int passed_fd;              /* what take_fd gives for "fd1", or -1 */
    GMutex lock;                /* what the environment's lock is */
    /* The frontend. */
    gsize room;                 /* what it takes */
    GString *received;
    GString *events;            /* 'O' opened, 'C' closed, 'B' break */
    guint writable;             /* how often it was told */
    GCond writable_cond;
} Bench;

Bench *bench_new(void);
void bench_free(Bench *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

/* A path in the bench's directory; newly allocated. */
char *bench_path(const Bench *b, const char *name);

/* A backend of this kind with its data allocated and empty; for bench_add. */
ChardevBackend *backend_new(ChardevBackendKind kind);

/* chardev-add: takes backend over; NULL and *error with nothing left behind. */
Chardev *bench_add(Bench *b, const char *id, ChardevBackend *backend, GError **error);
void bench_remove(Bench *b, Chardev *chr);

/* Makes the bench chr's frontend. */
void bench_attach(Bench *b, Chardev *chr);

/* Runs the loop until *value is wanted, at most some seconds; then fails. */
#define bench_until(b, condition) loop_bench_until(bench_turn(b, 50), condition)

/* One turn of the loop of at most so many milliseconds; returns whether any
 * event was handled. */
bool bench_turn(Bench *b, guint ms);

/* How often the loop wakes in a time in which nothing should happen. */
guint bench_wakeups(Bench *b, guint ms);

gsize bench_write(Bench *b, Chardev *chr, const char *text);
void assert_filename(Chardev *chr, const char *expect);

#endif
