/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine reads at its start and at each reset (kernel, initrd), on the pool: a
 * file system may not answer, and holds only those who wait for the machine then.
 */
#ifndef DAEMON_MACHINE_MACHINE_FILES_H
#define DAEMON_MACHINE_MACHINE_FILES_H

#include "daemon/service/pool.h"
#include "hw/machine/machine.h"

/* ok: all was read, or the error is kept for whoever wants the file; false: the pool
 * ends.  Main thread, lock held. */
typedef void MachineFilesDone(bool ok, void *data);

/* Calls done when machine_run() or machine_reset() will not wait for a file; at once if
 * they would not anyway. */
void machine_files_fetch(Machine *machine, Pool *pool, MachineFilesDone *done, void *data);

#endif
