/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hpet: a high precision event timer; see hpet.c.  Lines: outputs "irq[0]" to
 * "irq[23]", and "unnamed-gpio-out[0]", which is low in legacy replacement mode;
 * inputs "unnamed-gpio-in[0]" (from the 8254) and "unnamed-gpio-in[1]" (from the
 * real time clock), which are passed to irq[0] and irq[8] outside that mode.
 */
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "qom/device.h"

extern const TypeInfo hpet_type;

#endif
