/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Graphics cards on PCI with the core of vga.h: VGA and secondary-vga. */
#ifndef HW_DISPLAY_VGA_PCI_H
#define HW_DISPLAY_VGA_PCI_H

#include "qom/device.h"

extern const TypeInfo pci_vga_type;
extern const TypeInfo vga_type;
extern const TypeInfo secondary_vga_type;

#endif
