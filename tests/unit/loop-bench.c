/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See loop-bench.h.
 */
#include "config.h"
#include "tests/unit/loop-bench.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <glib/gstdio.h>
#include <signal.h>

void loop_bench_init(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        evthread_use_pthreads();
        signal(SIGPIPE, SIG_IGN);
        g_once_init_leave(&once, 1);
    }
}

/* ---- Jobs ---- */

typedef struct {
    const Env *env;
    void (*work)(void *data);
    void (*done)(void *data);
    void *data;
} Job;

static void job_done(evutil_socket_t fd, short what, void *opaque)
{
    g_autofree Job *job = opaque;

    job->env->lock(job->env);
    job->done(job->data);
    job->env->unlock(job->env);
}

static gpointer job_work(gpointer opaque)
{
    const struct timeval now = { 0, 0 };
    Job *job = opaque;

    job->work(job->data);
    event_base_once(job->env->base, -1, EV_TIMEOUT, job_done, job, &now);
    return NULL;
}

void loop_bench_run(const Env *env, void (*work)(void *data), void (*done)(void *data),
                    void *data)
{
    Job *job = g_new(Job, 1);

    *job = (Job){ .env = env, .work = work, .done = done, .data = data };
    g_thread_unref(g_thread_new("job", job_work, job));
}

/* ---- Turns ---- */

static void time_is_over(evutil_socket_t fd, short what, void *opaque)
{
    *(bool *)opaque = true;
}

bool loop_bench_turn(struct event_base *base, guint ms)
{
    const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };
    bool timed_out = false;
    struct event *timer = evtimer_new(base, time_is_over, &timed_out);

    event_add(timer, &limit);
    event_base_loop(base, EVLOOP_ONCE);
    event_free(timer);
    return !timed_out;
}

/* ---- Making ---- */

typedef struct {
    bool over;
    GError *error;
} Settling;

static void settled(void *opaque, GError *error)
{
    *(Settling *)opaque = (Settling){ .over = true, .error = error };
}

bool loop_bench_make(Object *obj, GError **error)
{
    Settling s = { 0 };

    if (!object_prepare(obj, error)) {
        return false;
    }
    object_settle(obj, settled, &s);
    while (!s.over) {
        event_base_loop(object_env(obj)->base, EVLOOP_ONCE);
    }
    if (s.error) {
        g_propagate_error(error, s.error);
        return false;
    }
    return object_complete(obj, error);
}

/* ---- Directories ---- */

char *loop_bench_make_directory(void)
{
    char *path = g_dir_make_tmp("vmd-bench-XXXXXX", NULL);

    g_assert_nonnull(path);
    return path;
}

void loop_bench_remove_directory(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_unlink(file);
    }
    g_dir_close(dir);
    g_assert_cmpint(g_rmdir(path), ==, 0);
}
