/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interval timer (8254) of an accelerator that can make one, with the
 * speaker's port 0x61.
 *
 * Accesses to its ports never reach this process, and its channel 0 drives GSI
 * 0 inside the accelerator.  The device makes the accelerator create it, and
 * stands for it in the tree and in reset.  An accelerator keeps a timer once it
 * has created it.  Made by boards.
 */
#include "config.h"
#include "hw/timer/kvm-pit.h"

#include "hw/core/irq.h"
#include "hw/machine/accel-chip.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/qapi-objects-intc.h"

struct KvmPit {
    Device device;
    AccelChipState chip;
};

/* An HPET in legacy replacement mode generates the ticks instead. */
static void irq_control(void *opaque, guint n, bool level)
{
    Device *dev = opaque;
    Machine *machine = machine_of(dev);

    if (dev->realized && machine && machine->accel) {
        accel_ops(machine->accel)->pit_enable(machine->accel, level);
    }
}

static void kvm_pit_init(Object *obj)
{
    gpio_in_new(obj, "unnamed-gpio-in", 1, irq_control, obj);
}

static bool kvm_pit_realize(Device *dev, GError **error)
{
    const bool catch_up = kvm_pit_props(dev)->lost_tick_policy == LOST_TICK_POLICY_DELAY;
    Accel *accel = machine_of(dev)->accel;

    return accel_ops(accel)->pit_create(accel, catch_up, error) &&
           accel_chip_init(&to_kvm_pit(dev)->chip, accel, ACCEL_CHIP_PIT, error);
}

static void kvm_pit_unrealize(Device *dev)
{
    accel_chip_done(&to_kvm_pit(dev)->chip);
}

static void kvm_pit_reset_hold(Device *dev)
{
    accel_chip_reset(&to_kvm_pit(dev)->chip);
}

/* ---- State: the rows of the machine's own chip ---- */

/* Converts between times relative to now and virtual times. */
static void move_starts(X86Pit *pit, gint64 by)
{
    for (guint i = 0; i < X86_PIT_N_COUNTERS; i++) {
        pit->counters[i].start = clock_add(pit->counters[i].start, by);
    }
}

static bool kvm_pit_store(Device *dev, void *ret_image, GError **error)
{
    X86Chip chip;

    if (!accel_chip_save(&to_kvm_pit(dev)->chip, &chip, error)) {
        return false;
    }
    move_starts(&chip.pit, clock_now(machine_of(dev)->clock, CLOCK_KIND_VIRTUAL));
    *(X86Pit *)ret_image = chip.pit;
    return true;
}

static bool kvm_pit_load(Device *dev, const void *image, GError **error)
{
    X86Chip chip = { .pit = *(const X86Pit *)image };

    if (!x86_pit_check(&chip.pit)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an 8254",
                      dev->object.name);
        return false;
    }
    move_starts(&chip.pit, -clock_now(machine_of(dev)->clock, CLOCK_KIND_VIRTUAL));
    return accel_chip_load(&to_kvm_pit(dev)->chip, &chip, error);
}

static const DeviceImageOps kvm_pit_image = {
    .size = sizeof(X86Pit),
    .store = kvm_pit_store,
    .load = kvm_pit_load,
};

const TypeInfo kvm_pit_type = {
    .schema = &qmp_class_kvm_pit,
    .size = sizeof(KvmPit),
    .object = &(const ObjectOps){
        .init = kvm_pit_init,
    },
    .device = &(const DeviceOps){
        .realize = kvm_pit_realize,
        .unrealize = kvm_pit_unrealize,
        .reset_hold = kvm_pit_reset_hold,
        .state = x86_pit_rows,
        .state_name = X86_PIT_STATE,
        .image = &kvm_pit_image,
    },
};
