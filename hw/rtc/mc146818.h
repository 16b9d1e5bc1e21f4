/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mc146818rtc: the real time clock of a PC.
 */
#ifndef HW_RTC_MC146818_H
#define HW_RTC_MC146818_H

#include "qom/device.h"

/* Sets a byte of its memory (0x0e to 0x7f; others are registers), as firmware
 * and boards do.  Machine lock held. */
void mc146818_set_byte(Device *dev, guint8 index, guint8 value);

extern const TypeInfo mc146818_type;

#endif
