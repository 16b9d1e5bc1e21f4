/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PIIX3: from PCI to ISA.  It carries isa.0, whose lines are its own output
 * lines "irq[0]" to "irq[15]", and takes over the lines of its PCI bus.
 */
#ifndef HW_ISA_PIIX3_H
#define HW_ISA_PIIX3_H

#include "hw/memory/memory.h"
#include "qom/device.h"

/* Handlers of the chip's ports 0xcf8 to 0xcfb: the reset control register at
 * offset 1.  opaque is the device.  The host bridge passes them on. */
extern const RegionOps piix3_ports_ops;

/* Routes PCI lines A to D to these ISA lines, as firmware does.  Machine lock
 * held. */
void piix3_route(Device *dev, const guint8 irqs[4]);

extern const TypeInfo piix3_type;

#endif
