/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a VNC client after the handshake (RFC 6143, section 7.5, and the messages that
 * QEMU added).
 *
 * They are cut, checked and interpreted here; only those that ask for pictures are passed on to
 * the library, whole, and without anything that this server does not have.  What a client may make
 * the daemon keep here is less than VNC_MESSAGE_MAX bytes: clipboards are handed on as they come.
 *
 * No thread, no lock: all functions work on their arguments only.
 */
#ifndef HW_VNC_VNC_MESSAGE_H
#define HW_VNC_VNC_MESSAGE_H

#include <glib.h>
#include <stdbool.h>

#include "hw/vnc/vnc-cut.h"

/* Encodings in one message, and the longest message that is not skipped. */
enum { VNC_ENCODINGS_MAX = 256, VNC_MESSAGE_MAX = 4 + 4 * VNC_ENCODINGS_MAX };

/* What a client has in addition to the protocol's own; bits. */
typedef enum {
    VNC_FEATURE_KEYS = 1,       /* sends keys, not only characters */
    VNC_FEATURE_LEDS = 2,       /* wants to know the keyboard's LEDs */
    VNC_FEATURE_MOTION = 4,     /* can send movements instead of positions */
    VNC_FEATURE_SIZE = 8,       /* wants to know the size of the picture */
    VNC_FEATURE_SCREENS = 16,   /* wants to know its screens, and may wish for a size */
    VNC_FEATURE_CURSOR = 32,    /* shows the guest's cursor itself */
    VNC_FEATURE_ALPHA_CURSOR = 64,      /* the same, with cursors that are transparent in parts */
    VNC_FEATURE_POINTER = 128,  /* lets its pointer be moved */
    VNC_FEATURE_CLIPBOARD = 256,        /* has the extended clipboard */
} VncFeature;

/* What a client is told about its wish for a size, as in ExtendedDesktopSize. */
typedef enum {
    VNC_SIZE_PROHIBITED = 1,    /* the card cannot tell the guest */
    VNC_SIZE_INVALID = 3,       /* it is no size, or not that of one screen */
    VNC_SIZE_FORWARDED = 4,     /* the guest was told, and does what it likes */
} VncSizeAnswer;

typedef struct {
    /* A character (X11 keysym), or a key by its number (as in send-key). */
    void (*key)(void *opaque, guint32 keysym, bool down);
    void (*key_number)(void *opaque, guint32 keysym, guint number, bool down);
    /* Buttons: bit 0 is the left one. */
    void (*pointer)(void *opaque, guint buttons, guint x, guint y);
    void (*features)(void *opaque, guint features);
    /* A picture of this size is wished for; 0 and 0: the wish makes no sense. */
    void (*wish)(void *opaque, guint width, guint height);
    /* The whole picture is asked for, which is passed on as well. */
    void (*whole)(void *opaque);
    /* A clipboard of at most VNC_CLIPBOARD_MAX bytes begins; a part of it; it is complete.
     * extended: it is a message of the extended clipboard. */
    void (*cut_begin)(void *opaque, bool extended);
    void (*cut_part)(void *opaque, const guint8 *data, gsize size);
    void (*cut_end)(void *opaque);
    /* A message for the library. */
    void (*pass)(void *opaque, const guint8 *data, gsize size);
} VncMessageOps;

typedef struct {
    const VncMessageOps *ops;
    void *opaque;
    bool lossy;                 /* inexact pictures are allowed */
    bool extended;              /* the client has the extended clipboard */
    gsize rest;                 /* bytes of the current message that are handed on or ignored */
    bool cutting;               /* they are a clipboard */
} VncParser;

/*
 * Interprets the whole messages at the start of data.  Returns how many bytes it used; the
 * rest is the beginning of a message, shorter than VNC_MESSAGE_MAX.  *ret_wrong: NULL, or what is
 * wrong with the client ("it sent ..."), which must be ended; a static text.
 */
gsize vnc_parse(VncParser *parser, const guint8 *data, gsize size, const char **ret_wrong);

#endif
