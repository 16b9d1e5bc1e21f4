/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time of day.  Registers: Motorola MC146818A data sheet, "Address map";
 * the century at 0x32 is the PC's own.
 */
#include "tests/guest/rtc.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"

enum {
    RTC_INDEX = 0x70,
    RTC_DATA = 0x71,

    RTC_SECONDS = 0x00,
    RTC_MINUTES = 0x02,
    RTC_HOURS = 0x04,
    RTC_DAY = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_A = 0x0a,
    RTC_B = 0x0b,
    RTC_D = 0x0d,
    RTC_CENTURY = 0x32,

    A_UPDATE_IN_PROGRESS = 0x80,
    B_24_HOURS = 0x02,
    B_BINARY = 0x04,
    HOURS_PM = 0x80,
    NOT_THERE = 0xff,
};

typedef struct {
    uint8_t second, minute, hour, day, month, year, century;
} RtcTime;

static uint8_t rtc_read(uint8_t index)
{
    out8(RTC_INDEX, index);
    return in8(RTC_DATA);
}

static RtcTime rtc_read_time(void)
{
    while (rtc_read(RTC_A) & A_UPDATE_IN_PROGRESS) {
    }
    return (RtcTime){
        .second = rtc_read(RTC_SECONDS),
        .minute = rtc_read(RTC_MINUTES),
        .hour = rtc_read(RTC_HOURS),
        .day = rtc_read(RTC_DAY),
        .month = rtc_read(RTC_MONTH),
        .year = rtc_read(RTC_YEAR),
        .century = rtc_read(RTC_CENTURY),
    };
}

static bool rtc_time_equal(const RtcTime *a, const RtcTime *b)
{
    return a->second == b->second && a->minute == b->minute && a->hour == b->hour &&
           a->day == b->day && a->month == b->month && a->year == b->year &&
           a->century == b->century;
}

static unsigned rtc_decode(uint8_t value, uint8_t register_b)
{
    return register_b & B_BINARY ? value : (value >> 4) * 10u + (value & 0x0f);
}

static unsigned rtc_decode_hour(uint8_t value, uint8_t register_b)
{
    unsigned hour = rtc_decode(value & (uint8_t)~HOURS_PM, register_b);

    if (register_b & B_24_HOURS)
        return rtc_decode(value, register_b);
    return hour % 12 + (value & HOURS_PM ? 12 : 0);
}

void rtc_print(void)
{
    RtcTime time, again;
    uint8_t b;

    if (rtc_read(RTC_D) == NOT_THERE) {
        print("time: no RTC\n");
        return;
    }
    /* An update between two registers shows as two different readings. */
    again = rtc_read_time();
    do {
        time = again;
        again = rtc_read_time();
    } while (!rtc_time_equal(&time, &again));
    b = rtc_read(RTC_B);
    print("time: %02u%02u-%02u-%02u %02u:%02u:%02u\n", rtc_decode(time.century, b),
          rtc_decode(time.year, b), rtc_decode(time.month, b), rtc_decode(time.day, b),
          rtc_decode_hour(time.hour, b), rtc_decode(time.minute, b), rtc_decode(time.second, b));
}
