/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of a client; see qmp/fd-batch.h.
 */
#include "config.h"
#include "qmp/fd-batch.h"

/* As many as one message can carry (SCM_MAX_FD). */
enum { FDS_MAX = 253 };

struct QmpFdBatch {
    guint refs;
    guint next;                 /* fds before it are taken */
    guint n;
    bool refused;
    QmpFd *fds[FDS_MAX];
};

QmpFdBatch *qmp_fd_batch_new(void)
{
    QmpFdBatch *batch = g_new(QmpFdBatch, 1);

    batch->refs = 1;
    batch->next = 0;
    batch->n = 0;
    batch->refused = false;
    return batch;
}

QmpFdBatch *qmp_fd_batch_ref(QmpFdBatch *batch)
{
    if (batch) {
        batch->refs++;
    }
    return batch;
}

void qmp_fd_batch_unref(QmpFdBatch *batch)
{
    if (!batch || --batch->refs) {
        return;
    }
    while (batch->next < batch->n) {
        qmp_fd_close(batch->fds[batch->next++]);
    }
    g_free(batch);
}

void qmp_fd_batch_add(QmpFdBatch *batch, QmpFd *fd)
{
    if (batch->n == FDS_MAX) {
        qmp_fd_close(fd);
        return;
    }
    batch->fds[batch->n++] = fd;
}

void qmp_fd_batch_refuse(QmpFdBatch *batch)
{
    batch->refused = true;
}

bool qmp_fd_batch_refused(const QmpFdBatch *batch)
{
    return batch && batch->refused;
}

QmpFd *qmp_fd_batch_take(QmpFdBatch *batch)
{
    if (!batch || batch->next == batch->n) {
        return NULL;
    }
    return batch->fds[batch->next++];
}
