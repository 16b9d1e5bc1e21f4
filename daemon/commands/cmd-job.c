/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients ask of jobs: query-jobs, job-cancel and the like.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/job.h"

static void add_info(const Job *job, void *data)
{
    g_ptr_array_add(data, job_info(job));
}

bool qmp_query_jobs(QmpRequest *req, JobInfoList *ret, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    GPtrArray *list = g_ptr_array_new();

    job_foreach(vmd->jobs, add_info, list);
    ret->n = list->len;
    ret->items = (JobInfo **)g_ptr_array_free(list, false);
    return true;
}

static bool do_verb(QmpRequest *req, const char *id, JobVerb verb, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    Job *job = job_find(vmd->jobs, id, error);

    return job && job_do(job, verb, error);
}

bool qmp_job_cancel(QmpRequest *req, JobCancelArgs *args, GError **error)
{
    return do_verb(req, args->id, JOB_VERB_CANCEL, error);
}

bool qmp_job_pause(QmpRequest *req, JobPauseArgs *args, GError **error)
{
    return do_verb(req, args->id, JOB_VERB_PAUSE, error);
}

bool qmp_job_resume(QmpRequest *req, JobResumeArgs *args, GError **error)
{
    return do_verb(req, args->id, JOB_VERB_RESUME, error);
}

bool qmp_job_complete(QmpRequest *req, JobCompleteArgs *args, GError **error)
{
    return do_verb(req, args->id, JOB_VERB_COMPLETE, error);
}

bool qmp_job_finalize(QmpRequest *req, JobFinalizeArgs *args, GError **error)
{
    return do_verb(req, args->id, JOB_VERB_FINALIZE, error);
}

bool qmp_job_dismiss(QmpRequest *req, JobDismissArgs *args, GError **error)
{
    return do_verb(req, args->id, JOB_VERB_DISMISS, error);
}
