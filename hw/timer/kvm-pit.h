/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator's interval timer as a device.
 */
#ifndef HW_TIMER_KVM_PIT_H
#define HW_TIMER_KVM_PIT_H

#include "qom/device.h"

extern const TypeInfo kvm_pit_type;

#endif
