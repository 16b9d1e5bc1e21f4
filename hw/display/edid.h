/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EDID: what a monitor tells the card about itself (VESA Enhanced EDID Standard, release A,
 * revision 2, with an extension block of CTA-861).
 */
#ifndef HW_DISPLAY_EDID_H
#define HW_DISPLAY_EDID_H

#include <glib.h>

enum {
    EDID_SIZE = 384,            /* two blocks, and room for a third */
    EDID_MAX_SIDE = 4095,       /* of the preferred mode, by its 12 bits */
};

typedef struct {
    guint width, height;        /* pixels of the preferred mode; 0: 1280x800 */
    guint max_width, max_height;        /* modes that are larger are not offered; 0: all are */
    guint refresh;              /* of the preferred mode, mHz; 0: 75 Hz */
} EdidInfo;

/* Fills the blocks.  width and height are at most EDID_MAX_SIDE, and refresh at most 400000. */
void edid_fill(guint8 ret[EDID_SIZE], const EdidInfo *info);

#endif
