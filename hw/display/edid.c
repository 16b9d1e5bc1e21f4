/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills EDID blocks; see edid.h for the standard, whose sections are named below.
 *
 * The monitor is the one that QEMU's cards have, so that guests that remember settings by
 * monitor find them again: 100 dots an inch, sRGB, any picture from 50 to 125 Hz.
 */
#include "config.h"
#include "hw/display/edid.h"

#include <stdbool.h>
#include <string.h>

enum {
    BLOCK = 128,
    DESCRIPTOR = 18,
    DPI = 100,
    /* Offsets in block 0 (section 3). */
    VENDOR = 8, PRODUCT = 10, WEEK = 16, VERSION = 18, INPUT = 20, SIZE_CM = 21, GAMMA = 23,
    FEATURES = 24, COLORS = 25, ESTABLISHED = 35, STANDARD = 38, STANDARD_END = 54,
    DESCRIPTORS = 54, EXTENSIONS = 126, CHECKSUM = 127,
    /* Kinds of descriptors (section 3.10.3). */
    KIND_DUMMY = 0x10, KIND_MODES_3 = 0xf7, KIND_NAME = 0xfc, KIND_RANGES = 0xfd,
};

/* Modes, by where they are listed: a bit of the established timings I and II (3.8) or III
 * (3.10.3.9), a video identification code (CTA-861), or among the standard timings (3.9). */
static const struct {
    guint16 width, height;
    guint8 established;         /* offset in block 0, or 0 */
    guint8 established_3;       /* offset in that descriptor, or 0 */
    guint8 bit;
    guint8 code;                /* or 0 */
} modes[] = {
    { 5120, 2160, .code = 125 },
    { 4096, 2160, .code = 101 },
    { 3840, 2160, .code = 96 },
    { 2560, 1080, .code = 89 },
    { 2048, 1152, .code = 0 },
    { 1920, 1080, .code = 31 },
    { 3840, 2160, .code = 97 },
    { 1920, 1440, .established_3 = 11, .bit = 5 },
    { 1856, 1392, .established_3 = 10, .bit = 3 },
    { 1792, 1344, .established_3 = 10, .bit = 5 },
    { 1440, 1050, .established_3 = 8, .bit = 1 },
    { 1360, 768, .established_3 = 8, .bit = 7 },
    { 1280, 768, .established_3 = 7, .bit = 6 },
    { 1920, 1200, .code = 0 },
    { 1600, 1200, .code = 0 },
    { 1680, 1050, .code = 0 },
    { 1440, 900, .code = 0 },
    { 1280, 1024, .code = 0 },
    { 1280, 960, .code = 0 },
    { 1024, 768, .established = ESTABLISHED + 1, .bit = 3 },
    { 800, 600, .established = ESTABLISHED, .bit = 0 },
    { 640, 480, .established = ESTABLISHED, .bit = 5 },
};

static void put_word(guint8 *p, guint value)
{
    p[0] = value;
    p[1] = value >> 8;
}

static void put_checksum(guint8 *block)
{
    guint8 sum = 0;

    for (guint i = 0; i < CHECKSUM; i++) {
        sum += block[i];
    }
    block[CHECKSUM] = -sum;
}

/* ---- Descriptors ---- */

static guint8 *put_kind(guint8 *descriptor, guint8 kind)
{
    descriptor[3] = kind;
    return descriptor;
}

/* Text ends with a line feed, and spaces follow. */
static void put_text(guint8 *descriptor, guint8 kind, const char *text)
{
    gsize length = strlen(text);

    put_kind(descriptor, kind);
    memset(descriptor + 5, ' ', 13);
    memcpy(descriptor + 5, text, length);
    descriptor[5 + length] = '\n';
}

/* 50 to 125 Hz, 30 to 160 kHz, any dot clock; no formula for timings. */
static void put_ranges(guint8 *descriptor)
{
    static const guint8 ranges[] = { 50, 125, 30, 160, 255, 1, '\n' };

    put_text(descriptor, KIND_RANGES, "");
    memcpy(descriptor + 5, ranges, sizeof(ranges));
}

static guint millimetres(guint pixels)
{
    return pixels * 254 / 10 / DPI;
}

/* Two numbers of 12 bits: low bytes, then a byte with the high bits of both. */
static void put_pair(guint8 *p, guint a, guint b)
{
    p[0] = a;
    p[1] = b;
    p[2] = (a >> 4 & 0xf0) | (b >> 8 & 0x0f);
}

/* A detailed timing (3.10.2).  No signal has these intervals, so they only need to be likely. */
static void put_timing(guint8 *descriptor, guint width, guint height, guint refresh)
{
    guint h_blank = width * 35 / 100, h_front = width * 25 / 100, h_sync = width * 3 / 100;
    guint v_blank = height * 35 / 1000, v_front = height * 5 / 1000, v_sync = v_front;
    guint64 clock = (guint64)refresh * (width + h_blank) * (height + v_blank) / 10000000;

    put_word(descriptor, MIN(clock, G_MAXUINT16));
    put_pair(descriptor + 2, width, h_blank);
    put_pair(descriptor + 5, height, v_blank);
    descriptor[8] = h_front;
    descriptor[9] = h_sync;
    descriptor[10] = (v_front & 0x0f) << 4 | (v_sync & 0x0f);
    descriptor[11] = (h_front >> 2 & 0xc0) | (h_sync >> 4 & 0x30) | (v_front >> 2 & 0x0c) |
                     (v_sync >> 4 & 0x03);
    put_pair(descriptor + 12, millimetres(width), millimetres(height));
    descriptor[17] = 0x18;      /* digital, separate synchronisation */
}

/* ---- Lists of modes ---- */

/* 60 Hz; false: it has no such timing. */
static bool put_standard(guint8 *p, guint width, guint height)
{
    static const struct {
        guint8 width, height;
    } ratios[] = { { 16, 10 }, { 4, 3 }, { 5, 4 }, { 16, 9 } };

    for (guint i = 0; i < G_N_ELEMENTS(ratios) && width / 8 - 31 <= G_MAXUINT8; i++) {
        if (width * ratios[i].height == height * ratios[i].width) {
            p[0] = width / 8 - 31;
            p[1] = i << 6;
            return true;
        }
    }
    return false;
}

/* The extension's list of codes: a data block, whose length is in its first byte. */
static void put_code(guint8 *extension, guint8 code)
{
    extension[extension[2]++] = code;
    extension[4]++;
}

static void put_modes(guint8 *block, guint8 *established_3, const EdidInfo *info)
{
    guint standard = STANDARD;

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        if ((info->max_width && modes[i].width > info->max_width) ||
            (info->max_height && modes[i].height > info->max_height)) {
            continue;
        }
        if (modes[i].established) {
            block[modes[i].established] |= 1 << modes[i].bit;
        } else if (modes[i].established_3) {
            established_3[modes[i].established_3] |= 1 << modes[i].bit;
        } else if (standard < STANDARD_END &&
                   put_standard(block + standard, modes[i].width, modes[i].height)) {
            standard += 2;
        }
        if (modes[i].code) {
            put_code(block + BLOCK, modes[i].code);
        }
    }
    memset(block + standard, 1, STANDARD_END - standard);
}

/* ---- Blocks ---- */

static void put_header(guint8 *block, guint width, guint height)
{
    static const guint8 header[] = { 0, 255, 255, 255, 255, 255, 255, 0 };
    static const guint8 srgb[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };

    memcpy(block, header, sizeof(header));
    block[VENDOR] = 0x49;       /* RHT */
    block[VENDOR + 1] = 0x14;
    put_word(block + PRODUCT, 0x1234);
    block[WEEK] = 42;
    block[WEEK + 1] = 2014 - 1990;
    block[VERSION] = 1;
    block[VERSION + 1] = 4;
    block[INPUT] = 0xa5;        /* digital, 8 bits a colour, DisplayPort */
    block[SIZE_CM] = millimetres(width) / 10;
    block[SIZE_CM + 1] = millimetres(height) / 10;
    block[GAMMA] = 220 - 100;
    block[FEATURES] = 0x06;     /* sRGB; the preferred mode is the native one */
    memcpy(block + COLORS, srgb, sizeof(srgb));
    block[EXTENSIONS] = 1;
}

/* CTA-861 section 7.5, with dummies after the data. */
static void put_extension(guint8 *extension)
{
    extension[0] = 0x02;
    extension[1] = 0x03;
    extension[2] = 5;           /* where descriptors begin; codes come before them */
    extension[4] = 0x40;        /* video data */
}

static void put_dummies(guint8 *extension)
{
    for (guint i = extension[2]; i + DESCRIPTOR <= CHECKSUM; i += DESCRIPTOR) {
        put_kind(extension + i, KIND_DUMMY);
    }
}

void edid_fill(guint8 ret[EDID_SIZE], const EdidInfo *info)
{
    guint width = info->width ? info->width : 1280, height = info->height ? info->height : 800;
    guint8 *descriptor = ret + DESCRIPTORS;

    memset(ret, 0, EDID_SIZE);
    put_header(ret, width, height);
    put_extension(ret + BLOCK);
    put_timing(descriptor, width, height, info->refresh ? info->refresh : 75000);
    put_kind(descriptor + DESCRIPTOR, KIND_MODES_3)[5] = 10;
    put_modes(ret, descriptor + DESCRIPTOR, info);
    put_ranges(descriptor + 2 * DESCRIPTOR);
    put_text(descriptor + 3 * DESCRIPTOR, KIND_NAME, "QEMU Monitor");
    put_dummies(ret + BLOCK);
    put_checksum(ret);
    put_checksum(ret + BLOCK);
}
