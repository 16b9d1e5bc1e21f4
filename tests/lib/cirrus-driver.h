/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of cirrus-vga, for its tests: a card "v" on a rig, as in vga-driver.h, whose functions
 * for registers it has, too.
 */
#ifndef TESTS_LIB_CIRRUS_DRIVER_H
#define TESTS_LIB_CIRRUS_DRIVER_H

#include "tests/lib/vga-driver.h"

enum {
    CIRRUS_SOURCE = VGA_FRAMES + (16 << 20),    /* where the processor writes sources */
    CIRRUS_END = 4 << 20,                       /* of the video memory */
};

/* A rig with such a card, in a mode of packed pixels of 8 bits. */
Rig *cirrus_rig_new(void);

typedef struct {
    guint8 mode, rop, extended, skip;
    guint width, height, pitch, source_pitch;
    guint32 to, source;
} CirrusCommand;

/* Starts a blit; rop 0 is a plain copy (0x0d). */
void cirrus_blit(Rig *rig, CirrusCommand command);
/* GR31. */
guint8 cirrus_status(Rig *rig);
/* A register of the graphics controller. */
guint8 cirrus_gr(Rig *rig, guint8 index);

#endif
