/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator's interrupt controllers as devices.
 */
#ifndef HW_INTC_KVM_CHIPS_H
#define HW_INTC_KVM_CHIPS_H

#include "qom/device.h"

extern const TypeInfo kvm_ioapic_type;
extern const TypeInfo kvm_i8259_type;

#endif
