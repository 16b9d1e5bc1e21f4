/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a board is told of CPUs that come and go while the guest runs.  It offers this to
 * the CPUs of its accelerator: they do not know boards.
 *
 * All functions: main thread or a vCPU's, machine lock held.
 */
#ifndef CPU_HOTPLUG_H
#define CPU_HOTPLUG_H

#include "cpu/cpu.h"

struct CpuHotplugOps {
    /* Also for each CPU that is made before the guest runs (device.hotplugged is false then). */
    void (*plugged)(void *opaque, Cpu *cpu);
    void (*unplugged)(void *opaque, Cpu *cpu);
    /* Asks the guest to release it.  Fails with not-hotpluggable. */
    bool (*unplug_request)(void *opaque, Cpu *cpu, GError **error);
};

/* The controller that tells the guest; ops NULL: there is none any more. */
void cpu_set_hotplug(Accel *accel, const CpuHotplugOps *ops, void *opaque);
/* Why the guest would not hear of it, for errors (a constant, after "..., because "); NULL:
 * nothing is known. */
void cpu_set_no_hotplug(Accel *accel, const char *why);

/* ---- For the classes of CPUs ---- */

/* Whether one can be `what` ("added", "removed") while the guest runs.  Fails with
 * not-hotpluggable, which says why. */
bool cpu_check_hotplug(const Accel *accel, const char *what, GError **error);
/* It is complete; it is about to be unmade. */
void cpu_plugged(Cpu *cpu);
void cpu_unplugged(Cpu *cpu);
/* Hook unplug_request of class cpu. */
bool cpu_unplug_request(Device *dev, GError **error);

#endif
