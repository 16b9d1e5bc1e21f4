/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: see job.h.  Transitions and verbs are QEMU's (job.c of QEMU 7.2).
 */
#include "config.h"
#include "hw/block/job.h"

#include <errno.h>

#include "qmp/error.h"
#include "qom/checks.h"
#include "qom/object.h"

enum { JOBS_MAX = 256 };

struct JobList {
    GQueue jobs;                /* of Job */
    void (*changed)(const char *id, JobStatus status, void *opaque);
    void *opaque;
};

struct Job {
    JobList *list;
    char *id;
    const JobKind *kind;
    guint flags;
    void *opaque;
    GError *error;              /* why it failed; once it has ended */
    guint64 done, total;        /* atomic */

    GMutex mutex;               /* guards the rest */
    GCond cond;                 /* paused or cancelled has changed */
    JobStatus status;
    bool paused;                /* a client wants it to stand still */
    bool cancelled;
};

/* ---- Status ---- */

#define TO(status) (1U << JOB_STATUS_##status)

static const guint transitions[JOB_STATUS__MAX] = {
    [JOB_STATUS_UNDEFINED] = TO(CREATED),
    [JOB_STATUS_CREATED] = TO(RUNNING) | TO(ABORTING) | TO(NULL),
    [JOB_STATUS_RUNNING] = TO(PAUSED) | TO(READY) | TO(WAITING) | TO(ABORTING),
    [JOB_STATUS_PAUSED] = TO(RUNNING),
    [JOB_STATUS_READY] = TO(STANDBY) | TO(WAITING) | TO(ABORTING),
    [JOB_STATUS_STANDBY] = TO(READY),
    [JOB_STATUS_WAITING] = TO(PENDING) | TO(ABORTING),
    [JOB_STATUS_PENDING] = TO(ABORTING) | TO(CONCLUDED),
    [JOB_STATUS_ABORTING] = TO(CONCLUDED),
    [JOB_STATUS_CONCLUDED] = TO(NULL),
};

#define ALIVE (TO(CREATED) | TO(RUNNING) | TO(PAUSED) | TO(READY) | TO(STANDBY))

/* The states in which each verb is allowed. */
static const struct {
    const char *name;
    guint in;
} verbs[N_JOB_VERBS] = {
    [JOB_VERB_CANCEL] = { "job-cancel", ALIVE | TO(WAITING) | TO(PENDING) },
    [JOB_VERB_PAUSE] = { "job-pause", ALIVE },
    [JOB_VERB_RESUME] = { "job-resume", ALIVE },
    [JOB_VERB_COMPLETE] = { "job-complete", TO(READY) },
    [JOB_VERB_FINALIZE] = { "job-finalize", TO(PENDING) },
    [JOB_VERB_DISMISS] = { "job-dismiss", TO(CONCLUDED) },
};

static void check_transition(const Job *job, JobStatus status)
{
#ifdef DEBUG_CHECKS
    if (!(transitions[job->status] & (1U << status))) {
        check_failed("job '%s' goes from status %u to %u", job->id, job->status, status);
    }
#else
    (void)transitions;
#endif
}

/* Mutex held, so that changes are told in their order. */
static void set_status(Job *job, JobStatus status)
{
    check_transition(job, status);
    job->status = status;
    job->list->changed(job->id, status, job->list->opaque);
}

static void change_status(Job *job, JobStatus status)
{
    g_mutex_lock(&job->mutex);
    set_status(job, status);
    g_mutex_unlock(&job->mutex);
}

static void set_cancelled_error(GError **error)
{
    qmp_error_set(error, ERROR_REASON_GENERIC, "%s", g_strerror(ECANCELED));
}

/* ---- The list ---- */

JobList *job_list_new(void (*changed)(const char *id, JobStatus status, void *opaque),
                      void *opaque)
{
    JobList *list = g_new0(JobList, 1);

    list->changed = changed;
    list->opaque = opaque;
    return list;
}

static void job_free(Job *job)
{
    if (job->kind->free) {
        job->kind->free(job->opaque);
    }
    g_clear_error(&job->error);
    g_mutex_clear(&job->mutex);
    g_cond_clear(&job->cond);
    g_free(job->id);
    g_free(job);
}

void job_list_free(JobList *list)
{
    Job *job;

    if (!list) {
        return;
    }
    while ((job = g_queue_pop_head(&list->jobs))) {
        job_free(job);
    }
    g_free(list);
}

static Job *look_up(const JobList *list, const char *id)
{
    for (const GList *i = list->jobs.head; i; i = i->next) {
        if (g_str_equal(((Job *)i->data)->id, id)) {
            return i->data;
        }
    }
    return NULL;
}

Job *job_find(JobList *list, const char *id, GError **error)
{
    Job *job = look_up(list, id);

    if (!job) {
        qmp_error_set_at(error, "id", ERROR_REASON_OBJECT_NOT_FOUND, "job '%s' not found", id);
    }
    return job;
}

void job_foreach(JobList *list, void (*f)(const Job *job, void *data), void *data)
{
    for (const GList *i = list->jobs.head; i; i = i->next) {
        f(i->data, data);
    }
}

/* ---- Life ---- */

Job *job_new(JobList *list, const char *id, const JobKind *kind, guint flags, void *opaque,
             GError **error)
{
    Job *job;

    main_thread_assert();
    if (!object_check_id(id, error)) {
        return NULL;
    }
    if (look_up(list, id)) {
        qmp_error_set(error, ERROR_REASON_ID_IN_USE, "there is a job '%s' already", id);
        return NULL;
    }
    if (list->jobs.length >= JOBS_MAX) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "there are %u jobs, which is the most; job-dismiss removes those that "
                      "have ended", JOBS_MAX);
        return NULL;
    }
    job = g_new0(Job, 1);
    job->list = list;
    job->id = g_strdup(id);
    job->kind = kind;
    job->flags = flags;
    job->opaque = opaque;
    g_mutex_init(&job->mutex);
    g_cond_init(&job->cond);
    g_queue_push_tail(&list->jobs, job);
    change_status(job, JOB_STATUS_CREATED);
    return job;
}

void job_begin(Job *job)
{
    change_status(job, JOB_STATUS_RUNNING);
}

static void dismiss(Job *job)
{
    change_status(job, JOB_STATUS_NULL);
    g_queue_remove(&job->list->jobs, job);
    job_free(job);
}

static void conclude(Job *job)
{
    change_status(job, JOB_STATUS_CONCLUDED);
    if (!(job->flags & JOB_MANUAL_DISMISS)) {
        dismiss(job);
    }
}

/* Takes ownership of error. */
static void fail(Job *job, GError *error)
{
    job->error = error;
    change_status(job, JOB_STATUS_ABORTING);
    if (job->kind->undo) {
        job->kind->undo(job->opaque);
    }
    conclude(job);
}

static void finalize(Job *job)
{
    if (job->kind->commit) {
        job->kind->commit(job->opaque);
    }
    conclude(job);
}

void job_end(Job *job, GError *error)
{
    main_thread_assert();
    if (!error && job_is_cancelled(job)) {
        set_cancelled_error(&error);
    }
    if (error) {
        fail(job, error);
        return;
    }
    change_status(job, JOB_STATUS_WAITING);
    change_status(job, JOB_STATUS_PENDING);
    if (!(job->flags & JOB_MANUAL_FINALIZE)) {
        finalize(job);
    }
}

/* ---- The work ---- */

/* The status while it stands still, and the one to go back to. */
static JobStatus still_status(JobStatus working)
{
    return working == JOB_STATUS_READY ? JOB_STATUS_STANDBY : JOB_STATUS_PAUSED;
}

bool job_go_on(Job *job, GError **error)
{
    JobStatus working;
    bool cancelled;

    g_mutex_lock(&job->mutex);
    if (job->paused && !job->cancelled) {
        working = job->status;
        set_status(job, still_status(working));
        while (job->paused && !job->cancelled) {
            g_cond_wait(&job->cond, &job->mutex);
        }
        set_status(job, working);
    }
    cancelled = job->cancelled;
    g_mutex_unlock(&job->mutex);
    if (cancelled) {
        set_cancelled_error(error);
    }
    return !cancelled;
}

bool job_is_cancelled(Job *job)
{
    bool cancelled;

    g_mutex_lock(&job->mutex);
    cancelled = job->cancelled;
    g_mutex_unlock(&job->mutex);
    return cancelled;
}

void job_add_progress(Job *job, guint64 done)
{
    __atomic_add_fetch(&job->done, done, __ATOMIC_RELAXED);
}

void job_add_work(Job *job, guint64 amount)
{
    __atomic_add_fetch(&job->total, amount, __ATOMIC_RELAXED);
}

/* ---- Information ---- */

const char *job_id(const Job *job)
{
    return job->id;
}

static JobStatus status_of(const Job *job)
{
    GMutex *mutex = (GMutex *)&job->mutex;
    JobStatus status;

    g_mutex_lock(mutex);
    status = job->status;
    g_mutex_unlock(mutex);
    return status;
}

JobInfo *job_info(const Job *job)
{
    JobInfo *info = g_new0(JobInfo, 1);

    info->id = g_strdup(job->id);
    info->type = job->kind->type;
    info->status = status_of(job);
    info->current_progress = __atomic_load_n(&job->done, __ATOMIC_RELAXED);
    info->total_progress = __atomic_load_n(&job->total, __ATOMIC_RELAXED);
    info->error = job->error ? g_strdup(job->error->message) : NULL;
    return info;
}

/* ---- Verbs ---- */

/* Mutex held. */
static void set_pause(Job *job, bool paused)
{
    job->paused = paused;
    g_cond_broadcast(&job->cond);
}

/* A job that works is told; one that only waits for its end fails here. */
static void cancel(Job *job)
{
    GError *error = NULL;
    bool over;

    g_mutex_lock(&job->mutex);
    job->cancelled = true;
    over = job->status == JOB_STATUS_PENDING;
    set_pause(job, false);
    g_mutex_unlock(&job->mutex);
    if (over) {
        set_cancelled_error(&error);
        fail(job, error);
    }
}

void job_cancel_all(JobList *list)
{
    GList *next;

    for (GList *i = list->jobs.head; i; i = next) {
        next = i->next;
        if (verbs[JOB_VERB_CANCEL].in & (1U << status_of(i->data))) {
            cancel(i->data);
        }
    }
}

static bool pause_or_resume(Job *job, bool paused, GError **error)
{
    bool changes;

    g_mutex_lock(&job->mutex);
    changes = job->paused != paused;
    set_pause(job, paused);
    g_mutex_unlock(&job->mutex);
    if (!changes) {
        qmp_error_set_at(error, "id", ERROR_REASON_WRONG_STATE,
                         paused ? "job '%s' was paused already" : "job '%s' was not paused",
                         job->id);
    }
    return changes;
}

static bool check_verb(const Job *job, JobVerb verb, GError **error)
{
    JobStatus status = status_of(job);

    if (verbs[verb].in & (1U << status)) {
        return true;
    }
    qmp_error_set_at(error, "id", ERROR_REASON_WRONG_STATE,
                     "job '%s' in state '%s' does not take the command '%s'", job->id,
                     qmp_enum_name(&qmp_type_JobStatus, status), verbs[verb].name);
    return false;
}

bool job_do(Job *job, JobVerb verb, GError **error)
{
    main_thread_assert();
    if (!check_verb(job, verb, error)) {
        return false;
    }
    switch (verb) {
    case JOB_VERB_CANCEL:
        cancel(job);
        return true;
    case JOB_VERB_PAUSE:
    case JOB_VERB_RESUME:
        return pause_or_resume(job, verb == JOB_VERB_PAUSE, error);
    case JOB_VERB_FINALIZE:
        finalize(job);
        return true;
    case JOB_VERB_DISMISS:
        dismiss(job);
        return true;
    default:
        qmp_error_set_at(error, "id", ERROR_REASON_WRONG_STATE, "job '%s' cannot be completed",
                         job->id);
        return false;
    }
}
