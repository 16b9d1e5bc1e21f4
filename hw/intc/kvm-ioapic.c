/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O APIC (82093AA) of an accelerator that has one.
 *
 * Its registers at 0xfec00000 never reach this process, and its pins are the
 * machine's lines "gsi[N]", which drive it and the PICs at once; so the device
 * has neither regions nor lines.  It stands for the chip in the tree and in
 * reset.  Made by boards.
 */
#include "config.h"
#include "hw/intc/kvm-chips.h"

#include "hw/machine/accel-chip.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qmp/qapi-types-machine.h"

typedef struct {
    Device device;
    AccelChipState chip;
} KvmIoapic;

static bool kvm_ioapic_realize(Device *dev, GError **error)
{
    Accel *accel = machine_of(dev)->accel;

    if (accel_ops(accel)->irqchip(accel) != ACCEL_IRQCHIP_ON) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the accelerator has no I/O APIC: it needs kernel-irqchip 'on'");
        return false;
    }
    return accel_chip_init(&((KvmIoapic *)dev)->chip, accel, ACCEL_CHIP_IOAPIC, error);
}

static void kvm_ioapic_unrealize(Device *dev)
{
    accel_chip_done(&((KvmIoapic *)dev)->chip);
}

static void kvm_ioapic_reset_hold(Device *dev)
{
    accel_chip_reset(&((KvmIoapic *)dev)->chip);
}

const TypeInfo kvm_ioapic_type = {
    .schema = &qmp_class_kvm_ioapic,
    .size = sizeof(KvmIoapic),
    .device = &(const DeviceOps){
        .realize = kvm_ioapic_realize,
        .unrealize = kvm_ioapic_unrealize,
        .reset_hold = kvm_ioapic_reset_hold,
    },
};
