/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the data paths of a machine's devices run.
 */
#ifndef HW_MACHINE_MACHINE_AIO_H
#define HW_MACHINE_MACHINE_AIO_H

#include "hw/aio/aio.h"
#include "hw/machine/machine.h"

/* The context of the iothread that a device links to; or without one (iothread NULL,
 * or a link to nothing) the main loop's, which is made at first use and lives as long
 * as the machine.  Main thread, machine lock held.  Fails with host-error: no
 * descriptors left. */
AioContext *machine_aio(Machine *machine, const QmpLink *iothread, GError **error);

#endif
