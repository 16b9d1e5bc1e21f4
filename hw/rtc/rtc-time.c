/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calendar arithmetic; see the header.  Years begin in March here, so that the
 * leap day is the last one of a year, and come in cycles of 400.
 */
#include "config.h"
#include "hw/rtc/rtc-time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "qmp/error.h"

#define NS G_GINT64_CONSTANT(1000000000)
#define DAY 86400
#define DAYS_PER_CYCLE 146097           /* of 400 years */
#define DAYS_TO_1970 719468             /* from 0000-03-01 */
#define THURSDAY 5                      /* 1970-01-01, Sunday being 1 */

/* Division that rounds down. */
static gint64 floor_div(gint64 a, gint64 b)
{
    return a / b - (a % b < 0);
}

static gint64 days_from_date(gint64 year, int month, int day)
{
    gint64 months = year * 12 + month - 3;      /* since March of year 0 */
    gint64 y = floor_div(months, 12);
    int m = months - y * 12;
    gint64 cycle = floor_div(y, 400);
    int yoc = y - cycle * 400;
    int doy = (153 * m + 2) / 5 + day - 1;

    return cycle * DAYS_PER_CYCLE + yoc * 365 + yoc / 4 - yoc / 100 + doy - DAYS_TO_1970;
}

static void date_from_days(gint64 days, RtcTime *ret)
{
    gint64 shifted = days + DAYS_TO_1970;
    gint64 cycle = floor_div(shifted, DAYS_PER_CYCLE);
    int doc = shifted - cycle * DAYS_PER_CYCLE;
    int yoc = (doc - doc / 1460 + doc / 36524 - doc / 146096) / 365;
    int doy = doc - (365 * yoc + yoc / 4 - yoc / 100);
    int m = (5 * doy + 2) / 153;

    ret->day = doy - (153 * m + 2) / 5 + 1;
    ret->month = m < 10 ? m + 3 : m - 9;
    ret->year = cycle * 400 + yoc + (m >= 10);
}

void rtc_time_from_seconds(gint64 seconds, RtcTime *ret_time)
{
    gint64 days = floor_div(seconds, DAY);
    int rest = seconds - days * DAY;
    gint64 weekday = days + THURSDAY - 1;

    date_from_days(days, ret_time);
    ret_time->hour = rest / 3600;
    ret_time->minute = rest / 60 % 60;
    ret_time->second = rest % 60;
    ret_time->weekday = weekday - floor_div(weekday, 7) * 7 + 1;
}

gint64 rtc_time_to_seconds(const RtcTime *time)
{
    return days_from_date(time->year, time->month, time->day) * DAY +
           time->hour * 3600 + time->minute * 60 + time->second;
}

/* "2024-02-29" or "2024-02-29T23:59:58"; false if text is no such date. */
static bool parse(const char *text, gint64 *ret_seconds)
{
    RtcTime time = { 0 }, check;
    int year, date_end = 0, end = 0;

    if (sscanf(text, "%4d-%2d-%2d%n", &year, &time.month, &time.day, &date_end) != 3) {
        return false;
    }
    if (text[date_end] == '\0') {
        end = date_end;
    } else if (sscanf(text + date_end, "T%2d:%2d:%2d%n", &time.hour, &time.minute, &time.second,
                      &end) == 3) {
        end += date_end;
    }
    time.year = year;
    if (end == 0 || text[end] != '\0' || strspn(text, "0123456789-T:") != strlen(text)) {
        return false;
    }
    *ret_seconds = rtc_time_to_seconds(&time);
    rtc_time_from_seconds(*ret_seconds, &check);
    check.weekday = time.weekday;
    return check.year == time.year && check.month == time.month && check.day == time.day &&
           check.hour == time.hour && check.minute == time.minute &&
           check.second == time.second;
}

bool rtc_time_begin(const char *base, gint64 now, gint64 *ret_seconds, gint64 *ret_fraction,
                    GError **error)
{
    time_t seconds = floor_div(now, NS);
    struct tm tm;

    *ret_seconds = seconds;
    *ret_fraction = now - *ret_seconds * NS;
    if (g_str_equal(base, "utc")) {
        return true;
    }
    if (g_str_equal(base, "localtime")) {
        *ret_seconds += localtime_r(&seconds, &tm) ? tm.tm_gmtoff : 0;
        return true;
    }
    *ret_fraction = 0;
    if (!parse(base, ret_seconds)) {
        qmp_error_set_at(error, "base", ERROR_REASON_INVALID_VALUE,
                         "property 'base' is '%s', which is "
                         "neither 'utc', 'localtime' nor a time like '2024-02-29T23:59:58'", base);
        return false;
    }
    return true;
}

static bool in_range(int value, int limit)
{
    return value == -1 || (value >= 0 && value < limit);
}

static bool fits(int wanted, int value)
{
    return wanted == -1 || wanted == value;
}

guint rtc_alarm_next(const RtcAlarm *alarm, gint64 seconds)
{
    int start = seconds + 1 - floor_div(seconds + 1, DAY) * DAY;
    int passed = 0;             /* seconds from start to the current position */

    if (!in_range(alarm->hour, 24) || !in_range(alarm->minute, 60) ||
        !in_range(alarm->second, 60)) {
        return 0;
    }
    while (passed < DAY) {
        int at = (start + passed) % DAY;

        if (!fits(alarm->hour, at / 3600)) {
            passed += 3600 - at % 3600;
        } else if (!fits(alarm->minute, at / 60 % 60)) {
            passed += 60 - at % 60;
        } else if (!fits(alarm->second, at % 60)) {
            passed++;
        } else {
            return passed + 1;
        }
    }
    return 0;
}
