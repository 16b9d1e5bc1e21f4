/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of the VGA, for its tests: a card "v" on a rig, with its frame buffer and its
 * registers mapped.
 */
#ifndef TESTS_LIB_VGA_DRIVER_H
#define TESTS_LIB_VGA_DRIVER_H

#include "hw/display/console.h"
#include "hw/display/vga-regs.h"
#include "tests/lib/rig.h"

enum { VGA_FRAMES = 0xe8000000u, VGA_MMIO = 0xea000000u };

/* A rig with a card of this class, with 1 MiB. */
Rig *vga_rig_new(const char *driver);

/* Registers with an index. */
void vga_sr(Rig *rig, guint8 index, guint8 value);
void vga_gr(Rig *rig, guint8 index, guint8 value);
void vga_cr(Rig *rig, guint8 index, guint8 value);
void vga_ar(Rig *rig, guint8 index, guint8 value);     /* keeps the display on */

/* A register of DISPI. */
void vga_dispi(Rig *rig, guint index, guint value);
guint vga_dispi_get(Rig *rig, guint index);
/* Turns a mode on: colours, a linear frame buffer. */
void vga_dispi_mode(Rig *rig, guint width, guint height, guint bpp);

/* A byte of the window from 0xa0000, and of the frame buffer. */
void vga_poke(Rig *rig, guint32 offset, guint8 value);
guint8 vga_peek(Rig *rig, guint32 offset);
void vga_frame_put(Rig *rig, guint32 offset, guint32 value, guint size);
guint8 vga_frame_get(Rig *rig, guint32 offset);

/* Colour i of the DAC is 0x0i0i0i: bits of a byte are twice those of the DAC. */
void vga_gray(Rig *rig);

/* What the card shows; it must show something. */
Surface *vga_picture(Rig *rig);

#endif
