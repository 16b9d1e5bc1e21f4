/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VncPicture: what a VNC server's clients see: the server's own copy of the screen.
 *
 * The main loop writes it, with the machine lock; each client's encoder copies what has changed
 * since its last copy, on its own thread and without that lock.  Changes are kept as tiles, so
 * one that does not get on costs a byte for each tile, however much changes meanwhile.
 *
 * VncPicture.mutex protects all of it; it is held for one row of tiles, or a cursor's image, at
 * most.
 */
#ifndef HW_VNC_VNC_PICTURE_H
#define HW_VNC_VNC_PICTURE_H

#include "hw/display/surface.h"
#include "hw/vnc/vnc-cursor.h"

enum { VNC_TILE_WIDTH = 64, VNC_TILE_HEIGHT = 16 };

/* An encoder's view of the picture. */
typedef struct {
    guint8 *dirty;              /* a byte for each tile, that has changed */
    bool told;                  /* the eventfd was signalled, and nothing copied since */
    int eventfd;                /* signalled when something changes; the owner's */
} VncView;

typedef struct {
    GMutex mutex;
    guint width, height;        /* 0: there is no picture yet */
    guint generation;           /* of the size, from 1 */
    guint32 *pixels;            /* 0xRRGGBB */
    VncCursor cursor;           /* over it */
    guint n_shapes;             /* of cursors, so far */
    GPtrArray *views;           /* of VncView */
} VncPicture;

/* A picture of an encoder's own, in one piece. */
typedef struct {
    guint width, height;
    guint generation;           /* of the picture that it was made for */
    guint32 *pixels;
} VncFrame;

void vnc_picture_init(VncPicture *picture);
void vnc_picture_done(VncPicture *picture);

/* Main loop: the picture has this size, and shows the surface of that size, or is black if that is
 * NULL; or there is none. */
void vnc_picture_resize(VncPicture *picture, guint width, guint height, Surface *surface);
void vnc_picture_drop(VncPicture *picture);
/* Main loop: copies rows [first, first + n) of the surface, which has the picture's size. */
void vnc_picture_update(VncPicture *picture, Surface *surface, guint first, guint n);
/* Main loop: the cursor is this one, which is copied; its `shape` is ignored.  new_shape: its image
 * is another one, too.  NULL: there is none, and the card has none. */
void vnc_picture_set_cursor(VncPicture *picture, const VncCursor *cursor, bool new_shape);
/* Any thread: makes the cursor the picture's; for vnc_cursor_clear(). */
void vnc_picture_get_cursor(VncPicture *picture, VncCursor *cursor);
/* Whether there is one.  Any thread. */
bool vnc_picture_ready(VncPicture *picture);

/* Any thread: all of the picture is new to a new view. */
void vnc_picture_attach(VncPicture *picture, VncView *view);
void vnc_picture_detach(VncPicture *picture, VncView *view);

/*
 * Copies what has changed to the frame, and calls f for each of its rectangles that did.  False:
 * the picture has another size than the frame was made for, and nothing was copied.  The
 * view's thread.
 */
typedef void VncChanged(void *opaque, guint x, guint y, guint width, guint height);
bool vnc_picture_copy(VncPicture *picture, VncView *view, VncFrame *frame, VncChanged *f,
                      void *opaque);

/* Makes the frame as large as the picture; or, keep, as large as it is, for another picture.  All
 * of it is to be copied again.  False: there is no picture, and the frame is as it was. */
bool vnc_picture_fit(VncPicture *picture, VncView *view, VncFrame *frame, bool keep);

#endif
