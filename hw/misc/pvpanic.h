/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pvpanic: what the devices by which a guest says that it has panicked have in
 * common.  Each is one register of a byte: reading tells which events it takes,
 * writing is one.
 */
#ifndef HW_MISC_PVPANIC_H
#define HW_MISC_PVPANIC_H

#include "qom/object.h"

enum {
    PVPANIC_PANICKED = 1 << 0,
    PVPANIC_CRASHLOADED = 1 << 1,       /* a crash kernel follows */
};

extern const TypeInfo pvpanic_type;     /* on the ISA bus */

#endif
