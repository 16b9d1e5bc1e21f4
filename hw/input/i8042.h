/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I8042: the keyboard controller of a PC; see i8042.c.  Lines: outputs "irq[0]"
 * (keyboard), "irq[1]" (mouse), "a20[0]". */
#ifndef HW_INPUT_I8042_H
#define HW_INPUT_I8042_H

#include "qom/device.h"

/* Byte of scan code set 2 as the controller translates it to set 1; for a byte
 * that follows 0xf0, the caller sets bit 7. */
guint8 i8042_translate(guint8 value);

extern const TypeInfo i8042_type;

#endif
