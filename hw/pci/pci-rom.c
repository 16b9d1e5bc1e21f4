/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expansion ROMs (PCI 3.0 sections 6.2.5.2 and 6.3): the file of one, and the BAR
 * that shows it.
 *
 * Firmware runs a ROM only if its header names the function that has it.  A
 * class's default file may serve several functions, so its ids are set to those
 * of the function; a file that a client names is not changed.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"

#include <errno.h>
#include <string.h>

#include "hw/aio/file-bytes.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-pci.h"

enum {
    ROM_MIN = 0x800,
    ROM_MAX = 0x1000000,
    ROM_SIZE_AUTO = 0xffffffff,

    ROM_SIGNATURE = 0xaa55,
    ROM_CHECKSUM = 6,           /* a byte that the entry code jumps over */
    ROM_PCIR = 0x18,            /* offset of the PCI data structure */
    PCIR_VENDOR = 4,
    PCIR_DEVICE = 6,
    PCIR_SIZE = 0x18,
};

static bool is_given(const Object *obj, const char *name)
{
    const QmpMember *member = qmp_class_member(object_class(obj), name);
    gsize n = member - qmp_members(object_class(obj)->props);

    return obj->given && obj->given[n / 8] >> n % 8 & 1;
}

static bool refuse(GError **error, const char *property, ErrorReason reason, const char *why)
{
    qmp_error_set(error, reason, "property '%s': %s", property, why);
    if (error) {
        qmp_error_prefix_path(*error, property);
    }
    return false;
}

static bool check_props(const Object *obj, const PciDeviceProps *props, GError **error)
{
    guint32 size = props->romsize;

    if (size != ROM_SIZE_AUTO && (size < ROM_MIN || size > ROM_MAX || (size & (size - 1)))) {
        return refuse(error, "romsize", ERROR_REASON_INVALID_VALUE,
                      "the size of an expansion ROM is a power of two from 2 KiB to 16 MiB");
    }
    if (!props->rombar && props->romfile && *props->romfile && is_given(obj, "romfile")) {
        return refuse(error, "romfile", ERROR_REASON_NOT_SUPPORTED,
                      "without rombar the guest cannot see it");
    }
    return true;
}

char *pci_rom_path(const PciDeviceProps *props)
{
    bool none = !props->rombar || !props->romfile || !*props->romfile;

    return none ? NULL : firmware_path(props->romfile);
}

GBytes *pci_rom_read(const char *path, GError **error)
{
    GBytes *bytes = file_bytes_read(path, ROM_MAX, error);

    if (!bytes) {
        g_prefix_error(error, "expansion ROM: ");
    }
    return bytes;
}

/* The file's content, from the daemon if it was read in advance, else read now. */
static GBytes *get_bytes(Object *obj, const char *path, GError **error)
{
    const Env *env = object_env(obj);
    GBytes *bytes = NULL;

    if (env && env->read_file && !env->read_file(env, path, &bytes, error)) {
        return NULL;
    }
    return bytes ? bytes : pci_rom_read(path, error);
}

/* Whether a default file is missing on the host, which is not an error: only
 * booting from the function needs it. */
static bool is_missing_default(const Object *obj, const char *path, const GError *error)
{
    if (is_given(obj, "romfile") || qmp_error_errno(error) != ENOENT) {
        return false;
    }
    g_message("device '%s' has no expansion ROM: there is no file '%s'", obj->name, path);
    return true;
}

bool pci_rom_prepare(PciDevice *dev, GError **error)
{
    Object *obj = &dev->device.object;
    const PciDeviceProps *props = pci_device_props(dev);
    bool automatic = props->romsize == ROM_SIZE_AUTO;
    g_autofree char *path = pci_rom_path(props);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) why = NULL;

    if (!check_props(obj, props, error)) {
        return false;
    }
    firmware_free(&dev->rom);   /* left by an attempt that failed later */
    bytes = path ? get_bytes(obj, path, &why) : NULL;
    if (!bytes) {
        if (!why || is_missing_default(obj, path, why)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    return firmware_fill(&dev->rom, "expansion ROM", path, bytes,
                         automatic ? ROM_MIN : props->romsize,
                         automatic ? ROM_MAX : props->romsize, error);
}

/* ---- Its ids ---- */

/* The PCI data structure of the first image, or NULL if there is none. */
static guint8 *find_pcir(const FirmwareImage *rom)
{
    guint16 offset;

    if (rom->size < ROM_PCIR + 2 || pci_get_word(rom->data) != ROM_SIGNATURE) {
        return NULL;
    }
    offset = pci_get_word(rom->data + ROM_PCIR);
    if (offset < ROM_PCIR + 2 || (gsize)offset + PCIR_SIZE > rom->size ||
        memcmp(rom->data + offset, "PCIR", 4)) {
        return NULL;
    }
    return rom->data + offset;
}

static void set_id(FirmwareImage *rom, guint8 *field, guint16 id)
{
    guint8 before = field[0] + field[1];

    pci_set_word(field, id);
    /* All bytes of an image add up to 0 (6.3.3.1). */
    rom->data[ROM_CHECKSUM] += before - (guint8)(field[0] + field[1]);
}

static void set_ids(PciDevice *dev)
{
    guint8 *pcir = find_pcir(&dev->rom);

    if (pcir) {
        set_id(&dev->rom, pcir + PCIR_VENDOR, pci_get_word(dev->config + PCI_VENDOR_ID));
        set_id(&dev->rom, pcir + PCIR_DEVICE, pci_get_word(dev->config + PCI_DEVICE_ID));
    }
}

void pci_rom_settle(PciDevice *dev)
{
    if (dev->rom.data && !is_given(&dev->device.object, "romfile")) {
        set_ids(dev);
    }
}

/* ---- On a bus ---- */

void pci_rom_enter(PciDevice *dev)
{
    PciDeviceProps *props = pci_device_props(dev);

    if (dev->rom.data) {
        dev->rom_region = region_new_rom(&dev->device.object, "rom", dev->rom.data, dev->rom.room);
        pci_add_bar(dev, PCI_ROM_BAR, PCI_BAR_MEM32, dev->rom_region);
        props->romsize = dev->rom.room;
    }
}

void pci_rom_leave(PciDevice *dev)
{
    if (dev->rom_region) {
        region_free(dev->rom_region);
        dev->rom_region = NULL;
    }
}
