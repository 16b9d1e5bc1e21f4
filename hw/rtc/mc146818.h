/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mc146818rtc: the real time clock of a PC.
 */
#ifndef HW_RTC_MC146818_H
#define HW_RTC_MC146818_H

#include "qom/object.h"

extern const TypeInfo mc146818_type;

#endif
