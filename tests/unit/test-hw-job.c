/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: the order of their states, what is allowed in which, and what happens at the end.
 */
#include "config.h"
#include "hw/block/job.h"

#include <string.h>

#include "qmp/error.h"
#include "tests/lib/rig.h"

typedef struct {
    GString *log;               /* states, and hooks that were called */
    JobList *list;
} Bench;

static void note(const char *word, GString *log)
{
    g_string_append_printf(log, "%s%s", log->len ? " " : "", word);
}

static void on_commit(void *opaque)
{
    note("COMMIT", opaque);
}

static void on_undo(void *opaque)
{
    note("UNDO", opaque);
}

static void on_free(void *opaque)
{
    note("FREE", opaque);
}

static const JobKind kind = {
    .type = JOB_TYPE_CREATE, .commit = on_commit, .undo = on_undo, .free = on_free,
};

static void on_change(const char *id, JobStatus status, void *opaque)
{
    note(qmp_enum_name(&qmp_type_JobStatus, status), opaque);
}

static void bench_init(Bench *b, gconstpointer data)
{
    b->log = g_string_new("");
    b->list = job_list_new(on_change, b->log);
}

static void bench_clear(Bench *b, gconstpointer data)
{
    job_list_free(b->list);
    g_string_free(b->log, true);
}

static Job *make(const Bench *b, const char *id, guint flags)
{
    g_autoptr(GError) error = NULL;
    Job *job = job_new(b->list, id, &kind, flags, b->log, &error);

    g_assert_no_error(error);
    return job;
}

static void expect(Bench *b, const char *words)
{
    g_assert_cmpstr(b->log->str, ==, words);
    g_string_truncate(b->log, 0);
}

static JobStatus status(const Job *job)
{
    JobInfo *info = job_info(job);
    JobStatus ret = info->status;

    g_free(info->id);
    g_free(info->error);
    g_free(info);
    return ret;
}

static GError *failed(const char *why)
{
    GError *error = NULL;

    qmp_error_set(&error, ERROR_REASON_FILE_NOT_USABLE, "%s", why);
    return error;
}

static void expect_refused(Job *job, const char *allowed)
{
    static const char letters[] = "cprxmd";

    for (guint verb = 0; verb < N_JOB_VERBS; verb++) {
        g_autoptr(GError) error = NULL;

        if (!strchr(allowed, letters[verb])) {
            g_assert_false(job_do(job, verb, &error));
            g_assert_true(qmp_error_is(error, ERROR_REASON_WRONG_STATE));
        }
    }
}

/* ---- Tests ---- */

static void success(Bench *b, gconstpointer data)
{
    Job *job = make(b, "a", 0);

    job_begin(job);
    expect(b, "created running");
    job_end(job, NULL);
    expect(b, "waiting pending COMMIT concluded null FREE");
    g_assert_null(job_find(b->list, "a", NULL));
}

static void failure(Bench *b, gconstpointer data)
{
    Job *job = make(b, "a", JOB_MANUAL_DISMISS);

    job_begin(job);
    job_end(job, failed("no luck"));
    expect(b, "created running aborting UNDO concluded");
    g_assert_cmpint(status(job), ==, JOB_STATUS_CONCLUDED);
    expect_refused(job, "d");
    g_assert_true(job_do(job, JOB_VERB_DISMISS, NULL));
    expect(b, "null FREE");
}

static void finalizing(Bench *b, gconstpointer data)
{
    Job *job = make(b, "a", JOB_MANUAL_DISMISS | JOB_MANUAL_FINALIZE);

    job_begin(job);
    job_end(job, NULL);
    expect(b, "created running waiting pending");
    expect_refused(job, "cm");
    g_assert_true(job_do(job, JOB_VERB_FINALIZE, NULL));
    expect(b, "COMMIT concluded");
}

static void cancelled_while_pending(Bench *b, gconstpointer data)
{
    Job *job = make(b, "a", JOB_MANUAL_FINALIZE);

    job_begin(job);
    job_end(job, NULL);
    g_assert_true(job_do(job, JOB_VERB_CANCEL, NULL));
    expect(b, "created running waiting pending aborting UNDO concluded null FREE");
}

typedef struct {
    Job *job;
    bool went_on;
} Worker;

static void *go_on(void *opaque)
{
    Worker *worker = opaque;

    worker->went_on = job_go_on(worker->job, NULL);
    return NULL;
}

static void run_paused(Bench *b, JobVerb verb, bool went_on)
{
    Job *job = make(b, "a", JOB_MANUAL_DISMISS);
    Worker worker = { .job = job };
    GThread *thread;

    job_begin(job);
    g_assert_true(job_do(job, JOB_VERB_PAUSE, NULL));
    g_assert_cmpint(status(job), ==, JOB_STATUS_RUNNING);
    g_assert_false(job_do(job, JOB_VERB_PAUSE, NULL));
    thread = g_thread_new("worker", go_on, &worker);
    while (status(job) != JOB_STATUS_PAUSED) {
        g_thread_yield();
    }
    expect_refused(job, "cpr");
    g_assert_true(job_do(job, verb, NULL));
    g_thread_join(thread);
    g_assert_cmpint(worker.went_on, ==, went_on);
    job_end(job, NULL);
}

static void resumed(Bench *b, gconstpointer data)
{
    run_paused(b, JOB_VERB_RESUME, true);
    expect(b, "created running paused running waiting pending COMMIT concluded");
}

static void cancelled_while_paused(Bench *b, gconstpointer data)
{
    run_paused(b, JOB_VERB_CANCEL, false);
    expect(b, "created running paused running aborting UNDO concluded");
}

static void all_cancelled(Bench *b, gconstpointer data)
{
    Job *one = make(b, "a", JOB_MANUAL_DISMISS), *two = make(b, "b", 0);

    job_begin(one);
    job_end(one, NULL);
    job_begin(two);
    job_cancel_all(b->list);
    g_assert_false(job_is_cancelled(one));
    g_assert_true(job_is_cancelled(two));
    g_assert_false(job_go_on(two, NULL));
    job_end(two, NULL);
    g_assert_null(job_find(b->list, "b", NULL));
}

static void ids(Bench *b, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Job *job = make(b, "a", 0);

    g_assert_null(job_new(b->list, "a", &kind, 0, NULL, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ID_IN_USE));
    g_clear_error(&error);
    g_assert_null(job_new(b->list, "0 bad", &kind, 0, NULL, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ID_INVALID));
    g_clear_error(&error);
    job_begin(job);
    for (guint i = 0; !error; i++) {
        g_autofree char *id = g_strdup_printf("more%u", i);

        g_assert_cmpuint(i, <, 1000);
        if (!job_new(b->list, id, &kind, 0, b->log, &error)) {
            g_assert_true(qmp_error_is(error, ERROR_REASON_LIMIT_EXCEEDED));
        }
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*f)(Bench *b, gconstpointer data);
    } tests[] = {
        { "/job/success", success },
        { "/job/failure", failure },
        { "/job/finalizing", finalizing },
        { "/job/cancelled-while-pending", cancelled_while_pending },
        { "/job/resumed", resumed },
        { "/job/cancelled-while-paused", cancelled_while_paused },
        { "/job/all-cancelled", all_cancelled },
        { "/job/ids", ids },
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Bench, NULL, bench_init, tests[i].f, bench_clear);
    }
    return g_test_run();
}
