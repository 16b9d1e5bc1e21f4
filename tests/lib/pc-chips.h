/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chips of a PC on a bench: a rig with RAM, an i440FX, a PIIX3 and a PIIX4_PM,
 * and counters at the ends of the PIIX3's lines.  Two of these are independent.
 */
#ifndef TESTS_LIB_PC_CHIPS_H
#define TESTS_LIB_PC_CHIPS_H

#include "hw/mem/device-memory.h"
#include "hw/pci/pci.h"
#include "tests/lib/rig.h"

#define PC_CHIPS_RAM_SIZE (2u << 20)

typedef struct {
    Rig *rig;
    guint8 *ram;
    Device *host, *piix3, *pm;
    DeviceMemory *memory;       /* NULL unless the test asked for slots */
    Bus *pci;
    bool irq_levels[ISA_N_IRQS];
    guint irq_edges[ISA_N_IRQS];        /* rising ones */
} PcChips;

PcChips *pc_chips_new(void);
/* With slots for memory: PC_CHIPS_DEVICE_MEMORY bytes for them from 4 GiB on. */
PcChips *pc_chips_new_slots(guint n_slots);
/* With n_cpus places for CPUs, too, the cores of one socket; the first has one, "cpu0". */
PcChips *pc_chips_new_places(guint n_slots, guint n_cpus);
/* A CPU in a place. */
Device *pc_chips_add_cpu(PcChips *chips, const char *id, const char *core, GError **error);
#define PC_CHIPS_DEVICE_MEMORY (G_GUINT64_CONSTANT(1) << 30)
void pc_chips_free(PcChips *chips);             /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PcChips, pc_chips_free)

/* Configuration space of bus 0, through the ports as a guest does it. */
guint32 pc_chips_read(PcChips *chips, guint devfn, guint offset, guint size);
void pc_chips_write(PcChips *chips, guint devfn, guint offset, guint32 value, guint size);

enum {
    PC_CHIPS_HOST = PCI_DEVFN(0, 0),
    PC_CHIPS_PIIX3 = PCI_DEVFN(1, 0),
    PC_CHIPS_PM = PCI_DEVFN(1, 3),
};

#endif
