/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware of a PC; see pc-firmware.h.
 */
#include "config.h"
#include "hw/i386/pc-firmware.h"

#include "qmp/error.h"

enum {
    SIZE_UNIT = 0x10000,
    SIZE_MAX_MIB = 8,
    LOW_MAX = 0x20000,
    LOW_END = 0x100000,
};

#define HIGH_END (G_GUINT64_CONSTANT(1) << 32)

/* ---- File ---- */

bool pc_firmware_load(PcFirmware *firmware, const char *name, GError **error)
{
    FirmwareImage image;

    if (!firmware_load(&image, "firmware", name, 0, SIZE_MAX_MIB << 20, error)) {
        return false;
    }
    if (image.size % SIZE_UNIT) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "firmware '%s' has %" G_GSIZE_FORMAT " bytes; it has to be a multiple of 64 "
                      "KiB", name, image.size);
        firmware_free(&image);
        return false;
    }
    *firmware = (PcFirmware){ .image = image };
    return true;
}

void pc_firmware_free(PcFirmware *firmware)
{
    firmware_free(&firmware->image);
}

/* ---- Where it is seen ---- */

void pc_firmware_map(PcFirmware *firmware, Object *owner, MemoryRegion *pci)
{
    guint64 size = firmware->image.size, low = MIN(size, LOW_MAX);

    firmware->high = region_new_rom(owner, "pc.bios", firmware->image.data, size);
    firmware->low = region_new_alias(owner, "isa-bios", firmware->high, size - low, low);
    region_add(pci, HIGH_END - size, firmware->high, 0);
    region_add(pci, LOW_END - low, firmware->low, 1);
}

static void drop(MemoryRegion **region)
{
    if (*region) {
        region_free(*region);
        *region = NULL;
    }
}

void pc_firmware_unmap(PcFirmware *firmware)
{
    drop(&firmware->low);
    drop(&firmware->high);
}
