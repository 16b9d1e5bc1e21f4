/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class i8257: one of the two DMA controllers of a PC.  Devices use it through
 * hw/isa/isa-dma.h.
 */
#ifndef HW_DMA_I8257_H
#define HW_DMA_I8257_H

#include "qom/device.h"

extern const TypeInfo i8257_type;

#endif
