/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware of a PC: a file that ends at 4 GiB, and whose last 128 KiB are
 * also visible below 1 MiB, until RAM is switched over them.
 */
#ifndef HW_I386_PC_FIRMWARE_H
#define HW_I386_PC_FIRMWARE_H

#include "hw/machine/firmware.h"
#include "hw/memory/memory.h"

typedef struct {
    FirmwareImage image;
    MemoryRegion *high, *low;   /* or NULL */
} PcFirmware;

/* Reads the file of a path, or of a name in the distribution's folders.  May
 * block.  Fails with file-not-usable. */
bool pc_firmware_load(PcFirmware *firmware, const char *file, GError **error);
/* Mirror, after pc_firmware_unmap. */
void pc_firmware_free(PcFirmware *firmware);

/* Shows it in PCI memory, as regions of owner.  Machine lock. */
void pc_firmware_map(PcFirmware *firmware, Object *owner, MemoryRegion *pci);
/* To be called after that memory is gone. */
void pc_firmware_unmap(PcFirmware *firmware);

#endif
