/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VncKeymap: which key of a layout makes a character (X11 keysym), for clients that send
 * characters.  libxkbcommon knows the layouts; it is loaded, and asked once, when a map is made.
 *
 * A map is constant: any thread, no lock.
 */
#ifndef HW_VNC_VNC_KEYMAP_H
#define HW_VNC_VNC_KEYMAP_H

#include <glib.h>
#include <stdbool.h>

/* Modifiers that choose a character of a key; bits, and so the number of a combination. */
typedef enum { VNC_SHIFT = 1, VNC_ALTGR = 2 } VncModifier;
enum { VNC_COMBINATIONS = 4 };

typedef struct {
    guint key;                  /* QKeyCode */
    guint combinations;         /* 1 << combination of modifiers: those that make it */
    bool letter;                /* Caps Lock changes what Shift means */
} VncKey;

typedef struct VncKeymap VncKeymap;

/* layout: X11's name or QEMU's, with a variant in parentheses or without.  May block (it reads
 * files).  Fails with not-supported (the library), invalid-value. */
VncKeymap *vnc_keymap_new(const char *layout, GError **error);
void vnc_keymap_free(VncKeymap *map);           /* accepts NULL */

/* NULL: no key of the layout makes it. */
const VncKey *vnc_keymap_find(const VncKeymap *map, guint32 keysym);

#endif
