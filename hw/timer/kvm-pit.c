/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interval timer (8254) of an accelerator that can make one, with the
 * speaker's port 0x61.
 *
 * Its ports never reach this process, and its channel 0 drives GSI 0 inside
 * the accelerator.  The device has it made, and stands for it in the tree and
 * in reset.  An accelerator keeps a timer once it has made it.  Made by boards.
 */
#include "config.h"
#include "hw/timer/kvm-pit.h"

#include "hw/core/irq.h"
#include "hw/machine/accel-chip.h"
#include "hw/machine/machine.h"
#include "qmp/qapi-types-machine.h"

typedef struct {
    Device device;
    AccelChipState chip;
} KvmPit;

/* An HPET in legacy replacement mode makes the ticks in its place. */
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
    Accel *accel = machine_of(dev)->accel;

    return accel_ops(accel)->pit_create(accel, error) &&
           accel_chip_init(&((KvmPit *)dev)->chip, accel, ACCEL_CHIP_PIT, error);
}

static void kvm_pit_unrealize(Device *dev)
{
    accel_chip_done(&((KvmPit *)dev)->chip);
}

static void kvm_pit_reset_hold(Device *dev)
{
    accel_chip_reset(&((KvmPit *)dev)->chip);
}

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
    },
};
