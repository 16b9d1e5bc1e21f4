/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window from 0xa0000 to 0xbffff: how the processor reads and writes the planes (TRM,
 * "Graphics Controller", "VGA memory modes").
 */
#include "config.h"
#include "hw/display/vga.h"

#include <string.h>

/* One byte of each plane whose bit is set. */
static guint32 planes(guint8 bits)
{
    guint32 mask = 0;

    for (guint i = 0; i < 4; i++) {
        mask |= bits & 1 << i ? 0xffu << 8 * i : 0;
    }
    return mask;
}

static guint32 all_planes(guint8 byte)
{
    return byte * 0x01010101u;
}

/* ---- Addresses ---- */

/* Where the window's map shows this offset; false: nowhere. */
static bool map_offset(const Vga *vga, guint32 *offset)
{
    switch (vga->gr[GR_MISC] >> GR_MISC_MAP_SHIFT & 3) {
    case 0:
        return true;
    case 1:
        if (*offset >= 0x10000) {
            return false;
        }
        *offset += vga_bank_offset(vga);
        return true;
    case 2:
        *offset -= 0x10000;
        return *offset < 0x8000;
    default:
        *offset -= 0x18000;
        return *offset < 0x8000;
    }
}

static guint8 *byte_at(const Vga *vga, guint32 address)
{
    return vga->vram + (address & (vga->vram_size - 1));
}

/* The four planes at an address of the planes. */
static guint8 *planes_at(const Vga *vga, guint32 address)
{
    return vga->vram + ((address & (vga->vram_size / 4 - 1)) * 4);
}

static guint32 load_planes(const Vga *vga, guint32 address)
{
    guint32 value;

    memcpy(&value, planes_at(vga, address), sizeof(value));
    return GUINT32_FROM_LE(value);
}

static void store_planes(Vga *vga, guint32 address, guint32 value)
{
    value = GUINT32_TO_LE(value);
    memcpy(planes_at(vga, address), &value, sizeof(value));
}

/* With chained planes each byte of the window is in one plane: its place in memory, or NULL if
 * planes are not chained. */
static guint8 *chained(const Vga *vga, guint32 offset, guint *ret_plane)
{
    if (vga->sr[SR_MEMORY_MODE] & SR_MEMORY_CHAIN4) {
        *ret_plane = offset & 3;
        return byte_at(vga, offset);
    }
    if (vga->gr[GR_MODE] & GR_MODE_ODD_EVEN) {
        *ret_plane = (vga->gr[GR_READ_MAP] & 2) | (offset & 1);
        return byte_at(vga, (offset & ~1u) << 1 | *ret_plane);
    }
    return NULL;
}

/* ---- Reads ---- */

/* Read mode 1: a bit is set where all planes that count have the colour. */
static guint8 compare(const Vga *vga)
{
    guint32 differs = (vga->latch ^ planes(vga->gr[GR_COLOR_COMPARE])) &
                      planes(vga->gr[GR_COLOR_DONT_CARE]);

    differs |= differs >> 16;
    return ~(differs | differs >> 8);
}

static guint64 window_read(void *opaque, guint64 where, guint size)
{
    Vga *vga = opaque;
    guint32 offset = where;
    const guint8 *byte;
    guint plane;

    if (!map_offset(vga, &offset)) {
        return 0xff;
    }
    byte = chained(vga, offset, &plane);
    if (byte) {
        return *byte;
    }
    vga->latch = load_planes(vga, offset);
    return vga->gr[GR_MODE] & GR_MODE_READ ? compare(vga)
                                           : vga->latch >> 8 * vga->gr[GR_READ_MAP] & 0xff;
}

/* ---- Writes ---- */

static guint8 rotate(const Vga *vga, guint8 value)
{
    guint n = vga->gr[GR_DATA_ROTATE] & 7;

    return value >> n | value << (8 - n);
}

static guint32 combine(const Vga *vga, guint32 value)
{
    switch (vga->gr[GR_DATA_ROTATE] >> 3) {
    case 1:
        return value & vga->latch;
    case 2:
        return value | vga->latch;
    case 3:
        return value ^ vga->latch;
    default:
        return value;
    }
}

/* What the planes get, apart from the map mask. */
static guint32 write_value(const Vga *vga, guint8 byte)
{
    guint32 set = planes(vga->gr[GR_SET_RESET]);
    guint32 enabled = planes(vga->gr[GR_ENABLE_SET_RESET]);
    guint32 bits = all_planes(vga->gr[GR_BIT_MASK]);
    guint32 value;

    switch (vga->gr[GR_MODE] & GR_MODE_WRITE) {
    case 0:
        value = (all_planes(rotate(vga, byte)) & ~enabled) | (set & enabled);
        break;
    case 1:
        return vga->latch;
    case 2:
        value = planes(byte);
        break;
    default:
        value = set;
        bits &= all_planes(rotate(vga, byte));
        break;
    }
    return (combine(vga, value) & bits) | (vga->latch & ~bits);
}

static void window_write(void *opaque, guint64 where, guint64 value, guint size)
{
    Vga *vga = opaque;
    guint32 offset = where, mask;
    guint8 *byte;
    guint plane;

    if (!map_offset(vga, &offset)) {
        return;
    }
    byte = chained(vga, offset, &plane);
    if (!byte) {
        mask = planes(vga->sr[SR_MAP_MASK]);
        store_planes(vga, offset,
                     (load_planes(vga, offset) & ~mask) | (write_value(vga, value) & mask));
        byte = planes_at(vga, offset);
    } else if (vga->sr[SR_MAP_MASK] & 1 << plane) {
        *byte = value;
    }
    region_wrote(vga->region, byte - vga->vram, 1);
}

const RegionOps vga_window = {
    .read = window_read,
    .write = window_write,
    .min_size = 1,
    .max_size = 1,
};
