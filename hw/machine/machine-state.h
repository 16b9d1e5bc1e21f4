/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a machine: its clock, and a section for each class of each device that
 * has state (qom/state-stream.h), CPUs and the accelerator's chips among them; not RAM.
 *
 * Main thread, machine lock held, and the machine does not run.
 */
#ifndef HW_MACHINE_MACHINE_STATE_H
#define HW_MACHINE_MACHINE_STATE_H

#include "hw/machine/machine.h"

/* Appends the state; fails with the error of the part that fails. */
bool machine_save(Machine *machine, GByteArray *out, GError **error);

/*
 * Loads state into a machine that was built by the same requests, and ends its build
 * phase if it is not over.  Fails with invalid-value, naming device, class and field,
 * if it does not fit; the machine cannot continue then.
 */
bool machine_load(Machine *machine, const guint8 *data, gsize length, GError **error);

#endif
