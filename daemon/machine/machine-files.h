/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the files that a machine needs at its start and at each reset (kernel,
 * initrd), on the pool: a file system that does not answer then delays only requests
 * that wait for the machine.
 */
#ifndef DAEMON_MACHINE_MACHINE_FILES_H
#define DAEMON_MACHINE_MACHINE_FILES_H

#include "daemon/service/pool.h"
#include "hw/machine/machine.h"

/* ok: all was read, or the error is kept for the user of the file; false: the pool
 * is shutting down.  Main thread, lock held. */
typedef void MachineFilesDone(bool ok, void *data);

/* Calls done when machine_run() or machine_reset() will not wait for a file;
 * immediately if they would not anyway. */
void machine_files_fetch(Machine *machine, Pool *pool, MachineFilesDone *done, void *data);

#endif
