/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calendar arithmetic of real time clocks: pure functions, which depend on the
 * host's time zone but not on its time.
 */
#ifndef HW_RTC_RTC_TIME_H
#define HW_RTC_RTC_TIME_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    gint64 year;
    int month;                  /* 1..12 */
    int day;                    /* 1..31 */
    int hour, minute, second;
    int weekday;                /* 1 (Sunday) .. 7 */
} RtcTime;

/* Seconds since 1970-01-01T00:00:00 to calendar and back, Gregorian for all
 * years.  Members beyond their ranges carry over; weekday is not read. */
void rtc_time_from_seconds(gint64 seconds, RtcTime *ret_time);
gint64 rtc_time_to_seconds(const RtcTime *time);

/* The initial time of a clock by its property `base` ("utc", "localtime",
 * "2024-02-29" or "2024-02-29T23:59:58") at host time now (ns): seconds since 1970
 * and ns of the next one.  Fails with invalid-value, blaming property
 * `base`. */
bool rtc_time_begin(const char *base, gint64 now, gint64 *ret_seconds, gint64 *ret_fraction,
                    GError **error);

/* An alarm by hour, minute and second of the day; -1 means any. */
typedef struct {
    int hour, minute, second;
} RtcAlarm;

/* Seconds from `seconds` (not included) to the alarm's next match, 1 to 86400;
 * 0 if there is none because a member is out of its range. */
guint rtc_alarm_next(const RtcAlarm *alarm, gint64 seconds);

#endif
