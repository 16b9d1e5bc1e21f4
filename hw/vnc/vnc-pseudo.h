/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rectangles without a picture (pseudo-encodings): what a client is told besides what its screen
 * shows.  Each goes out in an update of its own.
 *
 * The thread of the client's encoder.
 */
#ifndef HW_VNC_VNC_PSEUDO_H
#define HW_VNC_VNC_PSEUDO_H

#include "hw/vnc/vnc-cursor.h"
#include "hw/vnc/vnc-library.h"
#include "hw/vnc/vnc-message.h"

/* What there is to be told; the server's thread sets it. */
typedef struct {
    guint features;             /* VncFeature: what the client understands */
    guint leds;
    bool absolute;              /* the guest takes positions of the pointer */
    bool tell_size;             /* it has asked for the whole picture, so its size is due */
    guint answer;               /* to its wish for a size (VncSizeAnswer), if it is due */
    GBytes *clipboard;          /* or NULL */
    bool tell_clipboard;        /* it is another one */
    guint cut;                  /* what the client has said about clipboards: bits of VncCutKind */
} VncState;

/* What the client has been told. */
typedef struct {
    guint features;             /* of those that have to be told once */
    int leds, absolute;         /* -1: nothing */
    guint shape;                /* of the cursor; 0: nothing */
    bool shown;
    gint x, y;                  /* where the cursor points to */
} VncTold;

/* Tells of the clipboard, and sends or asks for its text.  This is no rectangle. */
void vnc_pseudo_clipboard(rfbClientPtr client, const VncTold *told, const VncState *state);
/* Tells what has changed of the state.  width, height: of the client's picture. */
void vnc_pseudo_state(rfbClientPtr client, VncTold *told, const VncState *state, guint width,
                      guint height);
/* Tells the size of the picture, if the client wants to know it.  answer: VncSizeAnswer, or 0. */
void vnc_pseudo_size(rfbClientPtr client, guint features, guint answer, guint width, guint height);
/* Tells the cursor's image, and where it is if that is the guest's decision. */
void vnc_pseudo_cursor(rfbClientPtr client, VncTold *told, const VncState *state,
                       const VncCursor *cursor);

#endif
