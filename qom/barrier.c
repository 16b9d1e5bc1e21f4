/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See qom/barrier.h.
 */
#include "config.h"
#include "qom/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool barrier_is_shared(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void barrier_for_all(bool shared)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (shared) {
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    }
}
