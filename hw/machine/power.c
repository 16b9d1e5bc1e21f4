/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power button, one of the machine's services.
 */
#include "config.h"
#include "hw/machine/power.h"

#include "hw/machine/service.h"

MACHINE_SERVICE(power_chip, MachinePower, NULL)

void machine_add_power(Machine *machine, MachinePower *power)
{
    if (!power_chip(machine)) {
        set_power_chip(machine, power);
    }
}

void machine_remove_power(Machine *machine, const MachinePower *power)
{
    if (power_chip(machine) == power) {
        set_power_chip(machine, NULL);
    }
}

bool machine_has_power_button(const Machine *machine)
{
    return power_chip(machine) != NULL;
}

void machine_press_power_button(Machine *machine)
{
    const MachinePower *power = power_chip(machine);

    if (power) {
        power->ops->pressed(power->opaque);
    }
}

bool machine_can_sleep(const Machine *machine)
{
    const MachinePower *power = power_chip(machine);

    return power && power->ops->can_sleep && power->ops->can_sleep(power->opaque);
}

bool machine_wakes(const Machine *machine, WakeReason reason)
{
    const MachinePower *power = power_chip(machine);

    return power && power->ops->wakes && power->ops->wakes(power->opaque, reason);
}

void machine_woken(Machine *machine, WakeReason reason)
{
    const MachinePower *power = power_chip(machine);

    if (power && power->ops->woken) {
        power->ops->woken(power->opaque, reason);
    }
}
