/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key codes on the wire of a PS/2 keyboard, after the tables of key numbers and
 * scan codes in IBM's and Microsoft's keyboard specifications.
 */
#ifndef HW_INPUT_KEYCODES_H
#define HW_INPUT_KEYCODES_H

#include <glib.h>

#include "qmp/qapi-types-input.h"

/* Make codes.  0xe0NN: the byte 0xe0, then NN. */
typedef struct {
    guint16 set1, set2;
    guint8 set3;                /* 0: none */
} KeyCodes;

/* set1 is 0 for a key without code (`unmapped`).  Two keys send more than one
 * code in sets 1 and 2 (hw/input/ps2-kbd.c): `print` has the code that it sends
 * with Shift or Ctrl, `pause` that of Ctrl-Break. */
extern const KeyCodes key_codes[Q_KEY_CODE__MAX];

/* The key for a client's key number: its code in set 1, bit 7 for 0xe0; or
 * Q_KEY_CODE_UNMAPPED. */
QKeyCode key_code_by_number(gint64 number);

#endif
