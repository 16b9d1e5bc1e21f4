/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of the two interrupt controllers (8259A) of an accelerator that has them.
 *
 * Accesses to ports 0x20, 0xa0 and 0x4d0 never reach this process, and the
 * inputs are the machine's lines "gsi[0]" to "gsi[15]".  The device stands for
 * the chip in the tree and in reset.  Made by boards, one for the master and
 * one for the slave.
 */
#include "config.h"
#include "hw/intc/kvm-chips.h"

#include "hw/machine/accel-chip.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/qapi-objects-intc.h"

struct KvmI8259 {
    Device device;
    AccelChipState chip;
};

static bool kvm_i8259_realize(Device *dev, GError **error)
{
    const KvmI8259Props *props = kvm_i8259_props(dev);
    Accel *accel = machine_of(dev)->accel;

    if (accel_ops(accel)->irqchip(accel) != ACCEL_IRQCHIP_ON) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the accelerator has no 8259A: it needs kernel-irqchip 'on'");
        return false;
    }
    return accel_chip_init(&to_kvm_i8259(dev)->chip, accel,
                           props->master ? ACCEL_CHIP_PIC_MASTER : ACCEL_CHIP_PIC_SLAVE, error);
}

static void kvm_i8259_unrealize(Device *dev)
{
    accel_chip_done(&to_kvm_i8259(dev)->chip);
}

static void kvm_i8259_reset_hold(Device *dev)
{
    accel_chip_reset(&to_kvm_i8259(dev)->chip);
}

/* ---- State: the rows of the machine's own chip ---- */

static bool kvm_i8259_store(Device *dev, void *ret_image, GError **error)
{
    X86Chip chip;

    if (!accel_chip_save(&to_kvm_i8259(dev)->chip, &chip, error)) {
        return false;
    }
    *(X86Pic *)ret_image = chip.pic;
    return true;
}

static bool kvm_i8259_load(Device *dev, const void *image, GError **error)
{
    const X86Chip chip = { .pic = *(const X86Pic *)image };

    if (!x86_pic_check(&chip.pic)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an 8259A",
                      dev->object.name);
        return false;
    }
    return accel_chip_load(&to_kvm_i8259(dev)->chip, &chip, error);
}

static const DeviceImageOps kvm_i8259_image = {
    .size = sizeof(X86Pic),
    .store = kvm_i8259_store,
    .load = kvm_i8259_load,
};

const TypeInfo kvm_i8259_type = {
    .schema = &qmp_class_kvm_i8259,
    .size = sizeof(KvmI8259),
    .device = &(const DeviceOps){
        .realize = kvm_i8259_realize,
        .unrealize = kvm_i8259_unrealize,
        .reset_hold = kvm_i8259_reset_hold,
        .state = x86_pic_rows,
        .state_name = X86_PIC_STATE,
        .image = &kvm_i8259_image,
    },
};
