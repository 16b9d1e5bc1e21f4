/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA bus: ports below 64 KiB and lines IRQ0 to IRQ15.  `isabus-bridge`
 * carries it; a recipe wires the bridge's output lines "irq[N]".
 *
 * All functions need the machine lock; dev is a device on an ISA bus, between
 * the beginning of its realize and the end of its unrealize.
 */
#ifndef HW_ISA_ISA_BUS_H
#define HW_ISA_ISA_BUS_H

#include "hw/core/irq.h"
#include "hw/memory/memory.h"
#include "qom/device.h"

#define ISA_N_IRQS 16

/* Claims count ports from base for a device on an ISA bus; returns a new,
 * mapped I/O region owned by dev.  Fails with address-in-use (names the
 * holder's path) or out-of-range.  Undone by isa_unmap. */
MemoryRegion *isa_map_ports(Device *dev, const char *name, const RegionOps *ops, guint32 base,
                            guint32 count, GError **error);
/* Releases the ports and destroys region.  Accepts NULL. */
void isa_unmap(Device *dev, MemoryRegion *region);

/* Connects dev's output line (gpio(dev, "irq", 0)) to the bus's line n; fails
 * with out-of-range.  ISA lines are edge-triggered and may be shared. */
bool isa_connect_irq(Device *dev, Irq *irq, guint n, GError **error);
void isa_disconnect_irq(Device *dev, Irq *irq, guint n);

/* Whether a port range is free on dev's bus (serial ports look for one). */
bool isa_ports_free(Device *dev, guint32 base, guint32 count);
/* Whether no pending device of dev's class (in a list of requests) names this
 * index in its uint32 property `index`. */
bool isa_index_free(Device *dev, guint32 index);

extern const TypeInfo isa_bus_type;
extern const TypeInfo isabus_bridge_type;

#endif
