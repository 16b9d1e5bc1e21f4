/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card cirrus-vga; see cirrus.c. */
#ifndef HW_DISPLAY_CIRRUS_H
#define HW_DISPLAY_CIRRUS_H

#include "qom/device.h"

extern const TypeInfo cirrus_vga_type;

#endif
