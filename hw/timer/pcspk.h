/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class isa-pcspk: port 0x61.
 */
#ifndef HW_TIMER_PCSPK_H
#define HW_TIMER_PCSPK_H

#include "qom/device.h"

extern const TypeInfo isa_pcspk_type;

#endif
