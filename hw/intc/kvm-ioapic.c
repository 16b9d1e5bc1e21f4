/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O APIC (82093AA) of an accelerator that has one.
 *
 * Accesses to its registers at 0xfec00000 never reach this process, and its
 * pins are the machine's lines "gsi[N]", which drive both it and the PICs; so
 * the device has neither regions nor lines.  It stands for the chip in the tree
 * and in reset.  Made by boards.
 */
#include "config.h"
#include "hw/intc/kvm-chips.h"

#include "hw/machine/accel-chip.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/qapi-objects-intc.h"

struct KvmIoapic {
    Device device;
    AccelChipState chip;
};

static bool kvm_ioapic_realize(Device *dev, GError **error)
{
    Accel *accel = machine_of(dev)->accel;

    if (accel_ops(accel)->irqchip(accel) != ACCEL_IRQCHIP_ON) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the accelerator has no I/O APIC: it needs kernel-irqchip 'on'");
        return false;
    }
    return accel_chip_init(&to_kvm_ioapic(dev)->chip, accel, ACCEL_CHIP_IOAPIC, error);
}

static void kvm_ioapic_unrealize(Device *dev)
{
    accel_chip_done(&to_kvm_ioapic(dev)->chip);
}

static void kvm_ioapic_reset_hold(Device *dev)
{
    accel_chip_reset(&to_kvm_ioapic(dev)->chip);
}

/* ---- State: the rows of the machine's own chip ---- */

static bool kvm_ioapic_store(Device *dev, void *ret_image, GError **error)
{
    X86Chip chip;

    if (!accel_chip_save(&to_kvm_ioapic(dev)->chip, &chip, error)) {
        return false;
    }
    *(X86Ioapic *)ret_image = chip.ioapic;
    return true;
}

static bool kvm_ioapic_load(Device *dev, const void *image, GError **error)
{
    const X86Chip chip = { .ioapic = *(const X86Ioapic *)image };

    if (!x86_ioapic_check(&chip.ioapic)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an I/O APIC",
                      dev->object.name);
        return false;
    }
    return accel_chip_load(&to_kvm_ioapic(dev)->chip, &chip, error);
}

static const DeviceImageOps kvm_ioapic_image = {
    .size = sizeof(X86Ioapic),
    .store = kvm_ioapic_store,
    .load = kvm_ioapic_load,
};

const TypeInfo kvm_ioapic_type = {
    .schema = &qmp_class_kvm_ioapic,
    .size = sizeof(KvmIoapic),
    .device = &(const DeviceOps){
        .realize = kvm_ioapic_realize,
        .unrealize = kvm_ioapic_unrealize,
        .reset_hold = kvm_ioapic_reset_hold,
        .state = x86_ioapic_rows,
        .state_name = X86_IOAPIC_STATE,
        .image = &kvm_ioapic_image,
    },
};
