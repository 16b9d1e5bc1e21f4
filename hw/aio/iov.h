/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying to and from vectors of buffers.  Any thread.
 */
#ifndef HW_AIO_IOV_H
#define HW_AIO_IOV_H

#include <glib.h>
#include <sys/uio.h>

/* Copies bytes of the n vectors from offset on to buf, and the other way round, up to their end.
 * Returns how many, at most size. */
gsize iov_read(const struct iovec *iov, guint n, gsize offset, void *buf, gsize size);
gsize iov_write(const struct iovec *iov, guint n, gsize offset, const void *buf, gsize size);

#endif
