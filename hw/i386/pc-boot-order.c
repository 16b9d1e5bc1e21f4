/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files "bootorder" and "bios-geometry" of a PC's firmware configuration: a line for each
 * device that has a boot index, or a geometry for the firmware. It names an Open Firmware path:
 * the device's path over buses, in which each component is a kind of device and its address.
 */
#include "config.h"
#include "hw/i386/pc-boot-config.h"

#include <string.h>

#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qom/qapi-objects-ide.h"
#include "qom/qapi-objects-pci.h"

typedef struct {
    gint32 index;
    Device *dev;                /* borrowed */
} BootEntry;

/* ---- Paths ---- */

/* The Open Firmware name of a function, by its class code. */
static const char *function_name(const PciDevice *dev)
{
    switch (pci_get_word(dev->config + PCI_CLASS_DEVICE)) {
    case 0x0100:
        return "scsi";
    case 0x0101:
        return "ide";
    case 0x0200:
        return "ethernet";
    case 0x0601:
        return "isa";
    case 0x0604:
        return "pci-bridge";
    case 0x0c03:
        return "usb";
    default:
        return "pci";
    }
}

static void prepend_function(GString *path, const PciDevice *dev)
{
    guint slot = PCI_SLOT(dev->devfn), function = PCI_FUNCTION(dev->devfn);
    g_autofree char *address = function ? g_strdup_printf("%x,%x", slot, function)
                                        : g_strdup_printf("%x", slot);
    g_autofree char *step = g_strdup_printf("%s@%s/", function_name(dev), address);

    g_string_prepend(path, step);
}

/* The device itself if it is a PCI function, or the PCI function that carries it; NULL: none. */
static PciDevice *function_of(Device *dev)
{
    while (dev && !object_is_a(dev, &qmp_class_pci_device)) {
        dev = dev->bus ? dev->bus->owner : NULL;
    }
    return to_pci_device(dev);
}

/* NULL for devices that are not on PCI. */
static char *full_boot_path(Device *dev)
{
    g_autofree char *unit = device_boot_path(dev);
    PciDevice *function = function_of(dev);
    GString *path;

    if (!function) {
        return NULL;
    }
    path = g_string_new(unit);
    for (; function; function = pci_bus_bridge(function->device.bus)) {
        prepend_function(path, function);
    }
    g_string_prepend(path, "/pci@i0cf8/");
    return g_string_free(path, false);
}

/* ---- Order ---- */

static bool add_entry(Object *obj, void *data)
{
    Device *dev = device_in_use(obj);
    const BootEntry entry = { .dev = dev, .index = dev ? device_boot_index(dev) : -1 };
    g_autofree char *unit = entry.index >= 0 ? device_boot_path(dev) : NULL;

    if (unit) {
        g_array_append_val(data, entry);
    }
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const BootEntry *one = a, *other = b;

    return (one->index > other->index) - (one->index < other->index);
}

static bool check_unique(const GArray *entries, GError **error)
{
    for (guint i = 1; i < entries->len; i++) {
        const BootEntry *one = &g_array_index(entries, BootEntry, i - 1);
        const BootEntry *other = &g_array_index(entries, BootEntry, i);

        if (one->index == other->index) {
            g_autofree char *path = object_path(&one->dev->object);
            g_autofree char *second = object_path(&other->dev->object);

            qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                          "'%s' and '%s' have the same bootindex %d", path, second, one->index);
            return false;
        }
    }
    return true;
}

static char *order_text(const GArray *entries, bool strict)
{
    GString *lines = g_string_new(NULL);

    for (guint i = 0; i < entries->len; i++) {
        g_autofree char *path = full_boot_path(g_array_index(entries, BootEntry, i).dev);

        if (path) {
            g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", path);
        }
    }
    if (strict) {
        g_string_append_printf(lines, "%sHALT", lines->len ? "\n" : "");
    }
    return g_string_free(lines, false);
}

/* With the terminating NUL, unless it is empty. */
static GBytes *file_of(const char *text)
{
    return g_bytes_new(text, *text ? strlen(text) + 1 : 0);
}

bool pc_boot_set_order(FwCfg *fw_cfg, Machine *machine, bool strict, GError **error)
{
    g_autoptr(GArray) entries = g_array_new(false, false, sizeof(BootEntry));
    g_autofree char *text = NULL;

    object_foreach_descendant(&machine->object, add_entry, entries);
    g_array_sort(entries, compare_entries);
    if (!check_unique(entries, error)) {
        return false;
    }
    text = order_text(entries, strict);
    return fw_cfg_set_file(fw_cfg, "bootorder", file_of(text), error);
}

/* ---- Geometries ---- */

static bool add_geometry(Object *obj, void *data)
{
    Device *dev = device_in_use(obj);
    const IdeHdProps *props = dev && object_is_a(obj, &qmp_class_ide_hd) ? ide_hd_props(obj) : NULL;
    g_autofree char *path = NULL;
    GString *lines = data;

    if (props && props->lcyls && props->lheads && props->lsecs) {
        path = full_boot_path(dev);
    }
    if (path) {
        g_string_append_printf(lines, "%s%s %u %u %u", lines->len ? "\n" : "", path, props->lcyls,
                               props->lheads, props->lsecs);
    }
    return true;
}

bool pc_boot_set_geometries(FwCfg *fw_cfg, Machine *machine, GError **error)
{
    GString *lines = g_string_new(NULL);
    g_autofree char *text = NULL;

    object_foreach_descendant(&machine->object, add_geometry, lines);
    text = g_string_free(lines, false);
    return fw_cfg_set_file(fw_cfg, "bios-geometry", file_of(text), error);
}
