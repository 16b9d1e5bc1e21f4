/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card bochs-display; see bochs-display.c. */
#ifndef HW_DISPLAY_BOCHS_DISPLAY_H
#define HW_DISPLAY_BOCHS_DISPLAY_H

#include "qom/device.h"

extern const TypeInfo bochs_display_type;

#endif
