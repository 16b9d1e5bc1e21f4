/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of a client; see qmp/fd-batch.h.
 */
#include "config.h"
#include "qmp/fd-batch.h"

#include <unistd.h>

/* As many as one message can carry (SCM_MAX_FD). */
enum { FDS_MAX = 253 };

struct QmpFdBatch {
    guint refs;
    guint next;                 /* fds before it are taken */
    guint n;
    int fds[FDS_MAX];
};

QmpFdBatch *qmp_fd_batch_new(void)
{
    QmpFdBatch *batch = g_new(QmpFdBatch, 1);

    batch->refs = 1;
    batch->next = 0;
    batch->n = 0;
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
        close(batch->fds[batch->next++]);
    }
    g_free(batch);
}

void qmp_fd_batch_add(QmpFdBatch *batch, int fd)
{
    if (batch->n == FDS_MAX) {
        close(fd);
        return;
    }
    batch->fds[batch->n++] = fd;
}

int qmp_fd_batch_take(QmpFdBatch *batch)
{
    if (!batch || batch->next == batch->n) {
        return -1;
    }
    return batch->fds[batch->next++];
}
