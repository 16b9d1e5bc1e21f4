/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying to and from vectors of buffers: see iov.h.
 */
#include "config.h"
#include "hw/aio/iov.h"

#include <stdbool.h>
#include <string.h>

static gsize copy(const struct iovec *iov, guint n, gsize offset, void *buf, gsize size,
                  bool is_write)
{
    guint8 *p = buf;

    for (guint i = 0; i < n && size; i++) {
        gsize length;

        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        length = MIN(size, iov[i].iov_len - offset);
        memcpy(is_write ? (guint8 *)iov[i].iov_base + offset : p,
               is_write ? p : (guint8 *)iov[i].iov_base + offset, length);
        p += length;
        size -= length;
        offset = 0;
    }
    return p - (guint8 *)buf;
}

gsize iov_read(const struct iovec *iov, guint n, gsize offset, void *buf, gsize size)
{
    return copy(iov, n, offset, buf, size, false);
}

gsize iov_write(const struct iovec *iov, guint n, gsize offset, const void *buf, gsize size)
{
    return copy(iov, n, offset, (void *)buf, size, true);
}
