/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * liburing, loaded with the first disk that needs it (qmp/library.h).  The inline functions of
 * its header do most of the work and call these functions.
 */
#include "config.h"
#include "hw/aio/aio-internal.h"

#include "qmp/library.h"

#define URING_FUNCTIONS(F, L) \
    F(L, int, io_uring_queue_init_params, \
      (unsigned entries, struct io_uring *ring, struct io_uring_params *p), (entries, ring, p)) \
    F(L, void, io_uring_queue_exit, (struct io_uring *ring), (ring)) \
    F(L, int, io_uring_submit, (struct io_uring *ring), (ring)) \
    F(L, int, io_uring_wait_cqe_timeout, \
      (struct io_uring *ring, struct io_uring_cqe **cqe_ptr, struct __kernel_timespec *ts), \
      (ring, cqe_ptr, ts)) \
    F(L, int, __io_uring_get_cqe, \
      (struct io_uring *ring, struct io_uring_cqe **cqe_ptr, unsigned submit, unsigned wait_nr, \
       sigset_t *sigmask), \
      (ring, cqe_ptr, submit, wait_nr, sigmask))

LIBRARY_DEFINE(library, URING_SONAME, "liburing2", "disks", URING_FUNCTIONS)

bool aio_library_load(GError **error)
{
    return library_load(&library, error);
}
