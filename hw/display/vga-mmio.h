/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR 2 of cards with DISPI (docs/specs/standard-vga.txt of QEMU), and the regions of a card:
 *
 *   0x000   EDID                                0x500   DISPI
 *   0x400   ports 0x3c0 to 0x3df of the VGA     0x600   byte order
 *
 * Machine lock.
 */
#ifndef HW_DISPLAY_VGA_MMIO_H
#define HW_DISPLAY_VGA_MMIO_H

#include "hw/display/edid.h"
#include "hw/display/vga.h"
#include "hw/pci/pci.h"

/* Embedded in a card. */
typedef struct {
    Device *dev;
    Vga *vga;
    guint8 edid[EDID_SIZE];
    GPtrArray *regions;         /* of MemoryRegion, in the order of creation */
} VgaMmio;

/* In realize, and its counterpart, which frees all regions. */
void vga_mmio_init(VgaMmio *mmio, Device *dev, Vga *vga);
void vga_mmio_done(VgaMmio *mmio);

/* The frame buffer, for BAR 0; guests reach it in address space as. */
MemoryRegion *vga_mmio_new_vram(VgaMmio *mmio, AddressSpace *as);

/* What the BAR has besides DISPI. */
typedef struct {
    bool ports, order;
    const EdidInfo *edid;       /* or NULL */
} VgaMmioParts;

/* The region for BAR 2. */
MemoryRegion *vga_mmio_new_bar(VgaMmio *mmio, const VgaMmioParts *parts);

/* The addresses of IBM's adapters, and of DISPI. */
void vga_mmio_add_fixed(VgaMmio *mmio, PciDevice *pci);

#endif
