/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pvpanic: common parts of the devices with which a guest reports that it has
 * panicked.  Each is a one-byte register: reading returns the supported events,
 * writing signals one.
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
