/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power button of a machine, and who knows what wakes a guest: a power
 * management chip.  Machine lock held, here and in the chip's functions.
 */
#ifndef HW_MACHINE_POWER_H
#define HW_MACHINE_POWER_H

#include "hw/machine/machine.h"

typedef struct {
    void (*pressed)(void *opaque);
    /* Whether the guest can sleep; NULL: it cannot. */
    bool (*can_sleep)(void *opaque);
    /* Whether the guest wants that reason to wake it; NULL: none does. */
    bool (*wakes)(void *opaque, WakeReason reason);
    /* After the reset that waking up begins with; or NULL. */
    void (*woken)(void *opaque, WakeReason reason);
} MachinePowerOps;

/* Embedded in the chip. */
typedef struct {
    const MachinePowerOps *ops;
    void *opaque;
} MachinePower;

/* The chip comes and goes.  A machine has one at most: the first stays, and that
 * another one goes changes nothing. */
void machine_add_power(Machine *machine, MachinePower *power);
void machine_remove_power(Machine *machine, const MachinePower *power);

bool machine_has_power_button(const Machine *machine);
/* A no-op without one. */
void machine_press_power_button(Machine *machine);
bool machine_can_sleep(const Machine *machine);
bool machine_wakes(const Machine *machine, WakeReason reason);
void machine_woken(Machine *machine, WakeReason reason);

#endif
