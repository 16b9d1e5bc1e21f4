/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockdev-reopen.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/block/block-reopen.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block-change.h"

typedef struct {
    QmpRequest *req;
    BlockReopen *reopen;
    GError *error;
    bool ran;                   /* not if the daemon ends */
} Reopening;

static void work(void *data)
{
    Reopening *reopening = data;

    block_reopen_prepare(reopening->reopen, &reopening->error);
    reopening->ran = true;
}

static void finish(void *data)
{
    Reopening *reopening = data;

    block_reopen_free(reopening->reopen);
    if (reopening->error) {
        qmp_request_fail(reopening->req, reopening->error);
    } else {
        qmp_request_return(reopening->req, NULL);
    }
    g_free(reopening);
}

static void worked(void *data)
{
    Reopening *reopening = data;

    if (!reopening->ran) {
        qmp_error_set(&reopening->error, ERROR_REASON_WRONG_STATE, "the daemon ends");
    }
    if (reopening->error) {
        finish(reopening);
    } else {
        block_reopen_commit(reopening->reopen, finish, reopening);
    }
}

void qmp_blockdev_reopen(QmpRequest *req, BlockdevReopenArgs *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;
    BlockReopen *reopen = block_reopen_new(vmd->root, &args->options, &error);
    Reopening *reopening;

    if (!reopen) {
        qmp_request_fail(req, error);
        return;
    }
    reopening = g_new0(Reopening, 1);
    reopening->req = req;
    reopening->reopen = reopen;
    pool_run(vmd->pool, POOL_REQUEST, work, worked, reopening);
}
