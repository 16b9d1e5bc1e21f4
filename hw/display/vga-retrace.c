/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the beam is (TRM, "CRT Controller Registers", "Input Status Register 1").  The time of
 * a line follows from the registers; nothing runs in between: the position is computed when
 * the guest asks.
 */
#include "config.h"
#include "hw/display/vga.h"

typedef struct {
    gint64 line;                /* ns */
    guint characters, shown_characters;
    guint lines, shown_lines;
    guint retrace, retrace_end; /* lines */
} Timing;

/* 60 pictures a second.  For modes of DISPI, which have no clock, and for values with which no
 * monitor would show a picture. */
static const Timing timing_default = {
    .line = 31746, .characters = 100, .shown_characters = 80, .lines = 525, .shown_lines = 480,
    .retrace = 490, .retrace_end = 492,
};

/* A number of ten bits: eight in a register, two among the overflow bits. */
static guint overflowed(const Vga *vga, guint reg, guint bit8, guint bit9)
{
    guint8 overflow = vga->cr[CR_OVERFLOW];

    return vga->cr[reg] | (overflow >> bit8 & 1) << 8 | (overflow >> bit9 & 1) << 9;
}

static void get_timing(const Vga *vga, Timing *ret)
{
    static const gint64 clocks[] = { 25175, 28322, 25175, 25175 };      /* kHz */
    guint8 clocking = vga->sr[SR_CLOCKING];
    gint64 khz = clocks[vga->misc >> MISC_CLOCK_SHIFT & 3] >> !!(clocking & SR_CLOCKING_HALF);
    guint dots = clocking & SR_CLOCKING_8DOTS ? 8 : 9;

    ret->characters = vga->cr[CR_H_TOTAL] + 5;
    ret->shown_characters = vga->cr[CR_H_DISPLAY_END] + 1;
    ret->lines = overflowed(vga, CR_V_TOTAL, 0, 5) + 2;
    ret->shown_lines = overflowed(vga, CR_V_DISPLAY_END, 1, 6) + 1;
    ret->retrace = overflowed(vga, CR_V_RETRACE_START, 2, 7);
    /* It ends when the line's low bits are these. */
    ret->retrace_end = (ret->retrace & ~0x0fu) | (vga->cr[CR_V_RETRACE_END] & 0x0f);
    if (ret->retrace_end <= ret->retrace) {
        ret->retrace_end += 0x10;
    }
    ret->line = ret->characters * dots * G_GINT64_CONSTANT(1000000) / khz;
    if (vga_vbe_enabled(vga) || ret->retrace >= ret->lines || ret->shown_lines > ret->retrace ||
        ret->shown_characters >= ret->characters || ret->lines < 100) {
        *ret = timing_default;
    }
}

guint8 vga_beam(const Vga *vga)
{
    gint64 now = clock_now(vga->clock, CLOCK_KIND_VIRTUAL), in_line;
    Timing t;
    guint line, character;

    get_timing(vga, &t);
    line = now / t.line % t.lines;
    in_line = now % t.line;
    character = in_line * t.characters / t.line;
    return (line >= t.retrace && line < t.retrace_end ? STATUS_RETRACE : 0) |
           (line >= t.shown_lines || character >= t.shown_characters ? STATUS_DISPLAY_OFF : 0);
}
