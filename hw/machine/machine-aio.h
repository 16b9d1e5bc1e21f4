/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The AioContexts of the data paths of a machine's devices.
 */
#ifndef HW_MACHINE_MACHINE_AIO_H
#define HW_MACHINE_MACHINE_AIO_H

#include "hw/aio/aio.h"
#include "hw/machine/machine.h"

/* The context of the iothread that a device links to; without one (iothread NULL, or
 * an empty link) the main loop's, which is created at first use and lives as long as
 * the machine.  Main thread, machine lock held.  Fails with host-error: no
 * descriptors left. */
AioContext *machine_aio(Machine *machine, const QmpLink *iothread, GError **error);

#endif
