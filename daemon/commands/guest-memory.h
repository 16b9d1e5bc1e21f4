/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as one CPU sees it, or by physical addresses.  Main thread, machine lock held.
 */
#ifndef DAEMON_COMMANDS_GUEST_MEMORY_H
#define DAEMON_COMMANDS_GUEST_MEMORY_H

#include "cpu/cpu.h"
#include "cpu/paging.h"
#include "daemon/vmd.h"
#include "hw/memory/memory.h"

typedef struct {
    AddressSpace *memory;
    bool is_virtual;
    X86CpuState state;          /* of the CPU, when it was begun; if is_virtual */
} GuestView;

/* cpu_index NULL: physical addresses.  Fails with no-machine, invalid-value (cpu-index), and the
 * accelerator's errors. */
bool guest_memory_begin(GuestView *view, Vmd *vmd, const gint64 *cpu_index, GError **error);

/* Whether there are so many addresses; fails with invalid-value, about that argument. */
bool guest_memory_check(const char *argument, guint64 address, guint64 size, GError **error);

/* Where an address leads to, and for how many bytes at least that is true of the following ones;
 * false: nowhere. */
bool guest_memory_find(const GuestView *view, guint64 address, guint64 *ret_physical,
                       guint64 *ret_size);

#endif
