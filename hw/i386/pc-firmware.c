/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware of a PC; see pc-firmware.h.
 */
#include "config.h"
#include "hw/i386/pc-firmware.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "hw/i386/loader.h"
#include "qmp/error.h"

enum {
    SIZE_UNIT = 0x10000,
    SIZE_MAX_MIB = 8,
    LOW_MAX = 0x20000,
    LOW_END = 0x100000,
};

#define HIGH_END (G_GUINT64_CONSTANT(1) << 32)

/* ---- File ---- */

static char *find_file(const char *name)
{
    static const char *const folders[] = { "/usr/share/seabios", "/usr/share/qemu" };

    for (guint i = 0; !strchr(name, '/') && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            return g_steal_pointer(&path);
        }
    }
    return g_strdup(name);
}

static bool check_size(const LoaderFile *file, GError **error)
{
    if (!file->size || file->size % SIZE_UNIT || file->size > SIZE_MAX_MIB << 20) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "%s has %" G_GUINT64_FORMAT " bytes; firmware has a multiple of 64 KiB and "
                      "up to %d MiB", file->what, file->size, SIZE_MAX_MIB);
        return false;
    }
    return true;
}

bool pc_firmware_load(PcFirmware *firmware, const char *name, GError **error)
{
    g_autofree char *path = find_file(name);
    g_autoptr(LoaderFile) file = loader_open("firmware", path, error);
    void *data;

    if (!file || !check_size(file, error)) {
        return false;
    }
    data = mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
        qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno, "%s", file->what);
        return false;
    }
    if (!loader_read(file, 0, data, file->size, error)) {
        munmap(data, file->size);
        return false;
    }
    *firmware = (PcFirmware){ .data = data, .size = file->size };
    return true;
}

void pc_firmware_free(PcFirmware *firmware)
{
    if (firmware->data) {
        munmap(firmware->data, firmware->size);
    }
    *firmware = (PcFirmware){ 0 };
}

/* ---- Where it is seen ---- */

void pc_firmware_map(PcFirmware *firmware, Object *owner, MemoryRegion *pci)
{
    guint64 low = MIN(firmware->size, LOW_MAX);

    firmware->high = region_new_rom(owner, "pc.bios", firmware->data, firmware->size);
    firmware->low = region_new_alias(owner, "isa-bios", firmware->high, firmware->size - low, low);
    region_add(pci, HIGH_END - firmware->size, firmware->high, 0);
    region_add(pci, LOW_END - low, firmware->low, 1);
}

static void drop(MemoryRegion **region)
{
    if (*region) {
        object_unparent((Object *)*region);
        *region = NULL;
    }
}

void pc_firmware_unmap(PcFirmware *firmware)
{
    drop(&firmware->low);
    drop(&firmware->high);
}
