/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen in guest RAM, ramfb; see ramfb.c. */
#ifndef HW_DISPLAY_RAMFB_H
#define HW_DISPLAY_RAMFB_H

#include "qom/device.h"

extern const TypeInfo ramfb_type;

#endif
