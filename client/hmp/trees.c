/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info qtree, info mtree and info usb, as QEMU prints them.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"

#define ADDRESS "%016" G_GINT64_MODIFIER "x"

static guint64 member(const json_t *object, const char *name)
{
    return hmp_uint(json_object_get(object, name));
}

/* ---- info qtree ---- */

enum { INDENT = 2 };

static void print_bus(HmpLine *line, const json_t *bus, int indent);

static void print_value(HmpLine *line, const json_t *value)
{
    g_autofree char *text = NULL;

    if (json_is_string(value)) {
        hmp_print(line, "\"");
        hmp_print_text(line, json_string_value(value));
        hmp_print(line, "\"");
    } else if (json_is_integer(value)) {
        hmp_print(line, "%" G_GINT64_FORMAT " (0x%" G_GINT64_MODIFIER "x)",
                  (gint64)json_integer_value(value), (gint64)json_integer_value(value));
    } else if (json_is_null(value)) {
        hmp_print(line, "<unset>");
    } else {
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        hmp_print(line, "%s", text ? text : "");
    }
}

static void print_lines(HmpLine *line, const json_t *device, int indent)
{
    const json_t *lines = json_object_get(device, "lines"), *entry;
    gsize i;

    json_array_foreach(lines, i, entry) {
        hmp_print(line, "%*sgpio-%s \"%s\" %d\n", indent, "",
                  hmp_bool(entry, "input") ? "in" : "out", hmp_str(entry, "name"),
                  (int)hmp_int(entry, "count"));
    }
}

static void print_ranges(HmpLine *line, const json_t *device, int indent)
{
    const json_t *range;
    gsize i;

    json_array_foreach(json_object_get(device, "ranges"), i, range) {
        hmp_print(line, "%*s%s " ADDRESS "/" ADDRESS "\n", indent, "",
                  hmp_bool(range, "io") ? "ports" : "mmio", member(range, "address"),
                  member(range, "size"));
    }
}

static void print_device(HmpLine *line, const json_t *device, int indent)
{
    const json_t *bus;
    const char *name;
    json_t *value;
    gsize i;

    hmp_print(line, "%*sdev: %s, id \"%s\"\n", indent, "", hmp_str(device, "driver"),
              hmp_str(device, "id"));
    indent += INDENT;
    print_lines(line, device, indent);
    json_object_foreach(json_object_get(device, "properties"), name, value) {
        hmp_print(line, "%*s%s = ", indent, "", name);
        print_value(line, value);
        hmp_print(line, "\n");
    }
    if (json_object_get(device, "address")) {
        hmp_print(line, "%*saddress %s\n", indent, "", hmp_str(device, "address"));
    }
    print_ranges(line, device, indent);
    json_array_foreach(json_object_get(device, "buses"), i, bus) {
        print_bus(line, bus, indent);
    }
}

static void print_bus(HmpLine *line, const json_t *bus, int indent)
{
    const json_t *device;
    gsize i;

    hmp_print(line, "%*sbus: %s\n%*stype %s\n", indent, "", hmp_str(bus, "name"),
              indent + INDENT, "", hmp_str(bus, "type"));
    json_array_foreach(json_object_get(bus, "devices"), i, device) {
        print_device(line, device, indent + INDENT);
    }
}

static void on_qtree(HmpLine *line, const json_t *reply)
{
    print_bus(line, reply, 0);
}

void hmp_info_qtree(HmpLine *line)
{
    hmp_ask(line, "x-query-device-tree", NULL, on_qtree);
}

/* ---- info usb: the devices on USB buses ---- */

static void print_usb(HmpLine *line, const json_t *bus);

static void print_usb_device(HmpLine *line, const json_t *device, bool usb)
{
    const json_t *bus;
    gsize i;

    if (usb) {
        hmp_print(line, "  Device %s, Port %s, Product %s%s%s\n", hmp_str(device, "driver"),
                  hmp_str(device, "address"), hmp_str(device, "driver"),
                  json_object_get(device, "id") ? ", ID: " : "", hmp_str(device, "id"));
        line->number++;
    }
    json_array_foreach(json_object_get(device, "buses"), i, bus) {
        print_usb(line, bus);
    }
}

static void print_usb(HmpLine *line, const json_t *bus)
{
    const json_t *device;
    gsize i;

    json_array_foreach(json_object_get(bus, "devices"), i, device) {
        print_usb_device(line, device, g_str_equal(hmp_str(bus, "type"), "usb-bus"));
    }
}

static void on_usb(HmpLine *line, const json_t *reply)
{
    print_usb(line, reply);
    if (!line->number) {
        hmp_print(line, "no USB device\n");
    }
}

void hmp_info_usb(HmpLine *line)
{
    hmp_ask(line, "x-query-device-tree", NULL, on_usb);
}

/* ---- info mtree ---- */

static void print_region(HmpLine *line, const json_t *region, int indent)
{
    const char *kind = hmp_str(region, "kind"), *target = hmp_str(region, "target");
    const json_t *sub;
    gsize i;

    if (!hmp_bool(region, "enabled") && !hmp_given(line, "D")) {
        return;
    }
    hmp_print(line, "%*s" ADDRESS "-" ADDRESS " (prio %d, %s): ", indent, "",
              member(region, "address"), member(region, "last"), (int)hmp_int(region, "priority"),
              g_str_equal(kind, "container") || *target ? "i/o" : kind);
    if (*target) {
        guint64 offset = member(region, "offset");

        hmp_print(line, "alias %s @%s " ADDRESS "-" ADDRESS, hmp_str(region, "name"), target,
                  offset, offset + (member(region, "last") - member(region, "address")));
    } else {
        hmp_print(line, "%s", hmp_str(region, "name"));
    }
    hmp_print(line, "%s\n", hmp_bool(region, "enabled") ? "" : " [disabled]");
    json_array_foreach(json_object_get(region, "regions"), i, sub) {
        print_region(line, sub, indent + INDENT);
    }
}

static void on_mtree(HmpLine *line, const json_t *reply)
{
    const json_t *space, *range;
    gsize i, n;

    json_array_foreach(reply, i, space) {
        hmp_print(line, "address-space: %s\n", hmp_str(space, "name"));
        if (!hmp_given(line, "f")) {
            print_region(line, json_object_get(space, "root"), INDENT);
        }
        json_array_foreach(json_object_get(space, "view"), n, range) {
            if (hmp_given(line, "f")) {
                print_region(line, range, INDENT);
            }
        }
        hmp_print(line, "\n");
    }
}

void hmp_info_mtree(HmpLine *line)
{
    hmp_ask(line, "x-query-memory-tree", NULL, on_mtree);
}
