/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: work that takes long, and that clients watch, pause and cancel.
 *
 * Whoever makes a job does its work, usually on a thread that may block, and calls
 * job_go_on() there between pieces that are short: that is where the job is paused, and where
 * it learns that it was cancelled.
 *
 *     job_new      created
 *     job_begin    running <-> paused
 *     job_end      waiting, pending, concluded; or aborting, concluded
 *     job-dismiss  null: it is freed
 *
 * Status and pauses have the job's own mutex.  All functions are for the main thread with the
 * machine lock held, unless they say otherwise.
 */
#ifndef HW_BLOCK_JOB_H
#define HW_BLOCK_JOB_H

#include <glib.h>
#include <stdbool.h>

#include "qmp/qapi-types-job.h"

typedef struct Job Job;
typedef struct JobList JobList;

/* What clients may ask for, by job-cancel and so on. */
typedef enum {
    JOB_VERB_CANCEL, JOB_VERB_PAUSE, JOB_VERB_RESUME, JOB_VERB_COMPLETE, JOB_VERB_FINALIZE,
    JOB_VERB_DISMISS, N_JOB_VERBS
} JobVerb;

/* What jobs of one type do at their end; any of them may be NULL. */
typedef struct {
    JobType type;
    /* The job has succeeded: makes its results effective.  Not allowed to fail. */
    void (*commit)(void *opaque);
    /* The job has failed or was cancelled: undoes what it did. */
    void (*undo)(void *opaque);
    /* Called last, when the job is freed. */
    void (*free)(void *opaque);
} JobKind;

enum {
    JOB_MANUAL_FINALIZE = 1 << 0,       /* commit waits for job-finalize */
    JOB_MANUAL_DISMISS = 1 << 1,        /* the concluded job waits for job-dismiss */
};

/* The jobs of a daemon.  changed is called with each new status, in their order; on any thread,
 * and must not call functions of jobs. */
JobList *job_list_new(void (*changed)(const char *id, JobStatus status, void *opaque),
                      void *opaque);
/* None of its jobs may be running. */
void job_list_free(JobList *list);
Job *job_find(JobList *list, const char *id, GError **error);
/* Calls f for each job in order of creation. */
void job_foreach(JobList *list, void (*f)(const Job *job, void *data), void *data);
/* Cancels all jobs that have not ended: the daemon ends. */
void job_cancel_all(JobList *list);

/* A new job.  Fails with id-invalid, id-in-use, limit-exceeded; opaque is then the caller's.
 * flags: JOB_MANUAL_*. */
Job *job_new(JobList *list, const char *id, const JobKind *kind, guint flags, void *opaque,
             GError **error);
/* It works from now on. */
void job_begin(Job *job);
/* Its work is over, and job_go_on() is not called any more.  error is why it failed, or NULL;
 * takes ownership.  A job that was cancelled has failed in any case.  May free the job. */
void job_end(Job *job, GError *error);

/* A pause point; on the thread that does the work, without the machine lock.  Returns when the
 * job is not paused; false, with an error, if it was cancelled. */
bool job_go_on(Job *job, GError **error);
/* Any thread. */
bool job_is_cancelled(Job *job);
/* How much is done, and how much there is to do.  Any thread. */
void job_add_progress(Job *job, guint64 done);
void job_add_work(Job *job, guint64 amount);

const char *job_id(const Job *job);
/* What query-jobs tells about it; newly allocated. */
JobInfo *job_info(const Job *job);

/* What clients ask for.  Fails with wrong-state. */
bool job_do(Job *job, JobVerb verb, GError **error);

#endif
