/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class ioapic: an I/O APIC in the machine, for accelerators that have none.
 * Its input lines are "unnamed-gpio-in[0]" to "[23]", its pins.
 */
#ifndef HW_INTC_IOAPIC_H
#define HW_INTC_IOAPIC_H

#include "qom/device.h"

enum { IOAPIC_N_PINS = 24 };

extern const TypeInfo ioapic_type;

#endif
