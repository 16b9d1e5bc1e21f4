/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VGA in slot 2 of a PC, as timed programs use it: its registers and Bochs's extensions.
 */
#ifndef BENCH_GUESTS_VGA_H
#define BENCH_GUESTS_VGA_H

#include "tests/bench/guests/guest.h"
#include "tests/guest/io.h"

enum {
    VGA_SLOT = 2,
    ATTRIBUTE = 0x3c0, ATTRIBUTE_DISPLAY = 0x20,
    INPUT_STATUS = 0x3da,
    DISPI_INDEX = 0x1ce,
    DISPI_DATA = 0x1cf,
    DISPI_XRES = 1, DISPI_YRES = 2, DISPI_BPP = 3, DISPI_ENABLE = 4,
    DISPI_ENABLED = 0x01, DISPI_LINEAR = 0x40,
};

/* Where its memory of 32 MiB is put: above the machine's 32 MiB, below the end of what is mapped. */
#define VGA_MEMORY ((volatile uint32_t *)0x2000000)

/* Lets the card respond and show something, which no firmware may have done. */
static inline void vga_attach(void)
{
    out32(0xcf8, 0x80000010 | VGA_SLOT << 11);
    out32(0xcfc, (uint32_t)(uintptr_t)VGA_MEMORY);
    out32(0xcf8, 0x80000004 | VGA_SLOT << 11);
    out32(0xcfc, 3);
    (void)in8(INPUT_STATUS);            /* what comes is an index */
    out8(ATTRIBUTE, ATTRIBUTE_DISPLAY);
}

static inline void vga_dispi(uint16_t index, uint16_t value)
{
    out16(DISPI_INDEX, index);
    out16(DISPI_DATA, value);
}

/* A mode of 32 bits a pixel. */
static inline void vga_set_mode(uint16_t width, uint16_t height)
{
    vga_attach();
    vga_dispi(DISPI_ENABLE, 0);
    vga_dispi(DISPI_XRES, width);
    vga_dispi(DISPI_YRES, height);
    vga_dispi(DISPI_BPP, 32);
    vga_dispi(DISPI_ENABLE, DISPI_ENABLED | DISPI_LINEAR);
}

/* A picture with areas, edges and some noise. */
static inline void vga_fill(uint32_t width, uint32_t height)
{
    uint64_t state = 9;
    volatile uint32_t *at = VGA_MEMORY;

    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++)
            *at++ = y % 8 ? (x / 64 ^ y / 48) * 0x030507 : (uint32_t)bench_random(&state);
    }
}

#endif
