/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time of day from the MC146818 at ports 0x70 and 0x71.
 */
#ifndef GUEST_RTC_H
#define GUEST_RTC_H

/* Prints "time: YYYY-MM-DD HH:MM:SS", or "time: no RTC". */
void rtc_print(void);

#endif
