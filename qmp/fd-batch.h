/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that came with bytes of a client (SCM_RIGHTS), shared by the
 * requests whose text lay in those bytes: a request takes the oldest, and
 * descriptors that were not taken are closed with the last request.
 */
#ifndef QMP_FD_BATCH_H
#define QMP_FD_BATCH_H

#include <stdbool.h>

#include "qmp/fds.h"

typedef struct QmpFdBatch QmpFdBatch;

/* An empty batch with one reference. */
QmpFdBatch *qmp_fd_batch_new(void);
QmpFdBatch *qmp_fd_batch_ref(QmpFdBatch *batch);        /* both accept NULL */
void qmp_fd_batch_unref(QmpFdBatch *batch);

/* Takes ownership of fd; closes it if the batch is full. */
void qmp_fd_batch_add(QmpFdBatch *batch, QmpFd *fd);

/* Records that more descriptors came and were not received, as their client has too many. */
void qmp_fd_batch_refuse(QmpFdBatch *batch);
/* Whether that was recorded; accepts NULL. */
bool qmp_fd_batch_refused(const QmpFdBatch *batch);

/* The oldest descriptor, now the caller's, or NULL.  Accepts NULL. */
QmpFd *qmp_fd_batch_take(QmpFdBatch *batch);

#endif
