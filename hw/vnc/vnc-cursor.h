/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VncCursor: the cursor that a card shows over its picture, and how it is painted into a frame for
 * a client that does not show one itself.
 *
 * The library has such functions, too.  But they paint by accesses of eight bytes that go beyond a
 * frame's end, leave out its last column and row, and give up with an image of more than 30000
 * bytes.
 *
 * No thread, no lock: all functions work on their arguments only.
 */
#ifndef HW_VNC_VNC_CURSOR_H
#define HW_VNC_VNC_CURSOR_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    guint shape;                /* counts images; 0: there was none */
    bool visible;
    gint x, y;                  /* of its left upper corner, in the picture or beside it */
    guint width, height;
    guint hot_x, hot_y;         /* the point that it points with, from its corner */
    guint32 *pixels;            /* 0xAARRGGBB, not multiplied by alpha, row by row */
} VncCursor;

/* What a cursor that was painted into a frame covers. */
typedef struct {
    guint x, y, width, height;  /* of the part inside the frame; width 0: nothing */
    guint32 *pixels;
} VncCover;

/* Makes `to` the same; pixels are copied if the shape is another one. */
void vnc_cursor_copy(VncCursor *to, const VncCursor *from);
void vnc_cursor_clear(VncCursor *cursor);

/* Whether it is to be seen, perhaps beside the picture. */
bool vnc_cursor_shown(const VncCursor *cursor);

/* Paints it into a frame of width times height pixels (0xRRGGBB).  cover: covers nothing. */
void vnc_cursor_paint(const VncCursor *cursor, VncCover *cover, guint32 *frame, guint width,
                      guint height);
/* Puts back what it covers into the frame, which has the same size still. */
void vnc_cursor_erase(VncCover *cover, guint32 *frame, guint width);
/* Covers nothing, without a change of the frame. */
void vnc_cover_clear(VncCover *cover);

#endif
