/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info pci, as QEMU prints it.
 */
#include "config.h"

#include "client/hmp/functions.h"

static void print_range(HmpLine *line, const char *what, const json_t *range)
{
    hmp_print(line, "      %s range [0x%04" G_GINT64_MODIFIER "x, 0x%04" G_GINT64_MODIFIER "x]\n",
              what, hmp_int(range, "base"), hmp_int(range, "limit"));
}

static void print_memory_range(HmpLine *line, const char *what, const json_t *range)
{
    hmp_print(line, "      %s range [0x%08" G_GINT64_MODIFIER "x, 0x%08" G_GINT64_MODIFIER "x]\n",
              what, hmp_int(range, "base"), hmp_int(range, "limit"));
}

static void print_bridge(HmpLine *line, const json_t *bridge)
{
    const json_t *bus = json_object_get(bridge, "bus");

    hmp_print(line, "      BUS %d.\n      secondary bus %d.\n      subordinate bus %d.\n",
              (int)hmp_int(bus, "number"), (int)hmp_int(bus, "secondary"),
              (int)hmp_int(bus, "subordinate"));
    print_range(line, "IO", json_object_get(bus, "io_range"));
    print_memory_range(line, "memory", json_object_get(bus, "memory_range"));
    print_memory_range(line, "prefetchable memory", json_object_get(bus, "prefetchable_range"));
}

static void print_region(HmpLine *line, const json_t *region)
{
    gint64 address = hmp_int(region, "address"), size = hmp_int(region, "size");

    hmp_print(line, "      BAR%d: ", (int)hmp_int(region, "bar"));
    if (g_str_equal(hmp_str(region, "type"), "io")) {
        hmp_print(line, "I/O at 0x%04" G_GINT64_MODIFIER "x [0x%04" G_GINT64_MODIFIER "x].\n",
                  address, address + size - 1);
        return;
    }
    hmp_print(line, "%d bit%s memory at 0x%08" G_GINT64_MODIFIER "x [0x%08" G_GINT64_MODIFIER
              "x].\n", hmp_bool(region, "mem_type_64") ? 64 : 32,
              hmp_bool(region, "prefetch") ? " prefetchable" : "", address, address + size - 1);
}

static void print_class(HmpLine *line, const json_t *info)
{
    const json_t *desc = json_object_get(info, "desc");

    if (desc) {
        hmp_print(line, "%s", json_string_value(desc));
    } else {
        hmp_print(line, "Class %04d", (int)hmp_int(info, "class"));
    }
}

static void print_device(HmpLine *line, const json_t *device)
{
    const json_t *id = json_object_get(device, "id"), *region, *child;
    const json_t *bridge = json_object_get(device, "pci_bridge");
    gsize i;

    hmp_print(line, "  Bus %2d, device %3d, function %d:\n    ", (int)hmp_int(device, "bus"),
              (int)hmp_int(device, "slot"), (int)hmp_int(device, "function"));
    print_class(line, json_object_get(device, "class_info"));
    hmp_print(line, ": PCI device %04x:%04x\n", (int)hmp_int(id, "vendor"),
              (int)hmp_int(id, "device"));
    if (hmp_int(id, "subsystem-vendor") && json_object_get(id, "subsystem")) {
        hmp_print(line, "      PCI subsystem %04x:%04x\n", (int)hmp_int(id, "subsystem-vendor"),
                  (int)hmp_int(id, "subsystem"));
    }
    if (json_object_get(device, "irq")) {
        hmp_print(line, "      IRQ %d, pin %c\n", (int)hmp_int(device, "irq"),
                  (char)('A' + hmp_int(device, "irq_pin") - 1));
    }
    if (bridge) {
        print_bridge(line, bridge);
    }
    json_array_foreach(json_object_get(device, "regions"), i, region) {
        print_region(line, region);
    }
    hmp_print(line, "      id \"%s\"\n", hmp_str(device, "qdev_id"));
    json_array_foreach(json_object_get(bridge, "devices"), i, child) {
        print_device(line, child);
    }
}

static void on_pci(HmpLine *line, const json_t *reply)
{
    const json_t *bus, *device;
    gsize i, n;

    json_array_foreach(reply, i, bus) {
        json_array_foreach(json_object_get(bus, "devices"), n, device) {
            print_device(line, device);
        }
    }
}

void hmp_info_pci(HmpLine *line)
{
    hmp_ask(line, "query-pci", NULL, on_pci);
}
