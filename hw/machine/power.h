/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power button of a machine and the wake-up events of its guest, both
 * served by a power management chip.  Machine lock held, here and in the chip's
 * functions.
 */
#ifndef HW_MACHINE_POWER_H
#define HW_MACHINE_POWER_H

#include "hw/machine/machine.h"

typedef struct {
    void (*pressed)(void *opaque);
    /* Whether the guest can sleep; NULL: it cannot. */
    bool (*can_sleep)(void *opaque);
    /* Whether the guest has enabled this wake-up reason; NULL: none. */
    bool (*wakes)(void *opaque, WakeReason reason);
    /* Called after the reset that begins a wake-up; or NULL. */
    void (*woken)(void *opaque, WakeReason reason);
} MachinePowerOps;

/* Embedded in the chip. */
typedef struct {
    const MachinePowerOps *ops;
    void *opaque;
} MachinePower;

/* Registers and removes the chip.  A machine has at most one: the first stays,
 * and removing another one has no effect. */
void machine_add_power(Machine *machine, MachinePower *power);
void machine_remove_power(Machine *machine, const MachinePower *power);

bool machine_has_power_button(const Machine *machine);
/* A no-op without one. */
void machine_press_power_button(Machine *machine);
bool machine_can_sleep(const Machine *machine);
bool machine_wakes(const Machine *machine, WakeReason reason);
void machine_woken(Machine *machine, WakeReason reason);

#endif
