/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory there is, and where it is from.  Formats are QEMU's.
 */
#include "config.h"

#include "client/hmp/functions.h"

#define MIB (1 << 20)

static const char *true_false(const json_t *object, const char *name)
{
    return hmp_bool(object, name) ? "true" : "false";
}

static void on_balloon(HmpLine *line, const json_t *reply)
{
    hmp_print(line, "balloon: actual=%" G_GINT64_FORMAT "\n", hmp_int(reply, "actual") / MIB);
}

void hmp_info_balloon(HmpLine *line)
{
    hmp_ask(line, "query-balloon", NULL, on_balloon);
}

void hmp_balloon(HmpLine *line)
{
    hmp_ask(line, "balloon", json_pack("{s:I}", "value", (json_int_t)hmp_number(line, "target")),
            NULL);
}

static void print_nodes(HmpLine *line, const json_t *nodes)
{
    const json_t *node;
    gsize i;

    hmp_print(line, "  host nodes: ");
    json_array_foreach(nodes, i, node) {
        hmp_print(line, "%s%d", i ? "," : "", (int)json_integer_value(node));
    }
    hmp_print(line, "\n");
}

static void on_memdev(HmpLine *line, const json_t *reply)
{
    const json_t *memdev;
    gsize i;

    json_array_foreach(reply, i, memdev) {
        hmp_print(line, "memory backend: %s\n", hmp_str(memdev, "id"));
        hmp_print(line, "  size:  %" G_GUINT64_FORMAT "\n",
                  hmp_uint(json_object_get(memdev, "size")));
        hmp_print(line, "  merge: %s\n", true_false(memdev, "merge"));
        hmp_print(line, "  dump: %s\n", true_false(memdev, "dump"));
        hmp_print(line, "  prealloc: %s\n", true_false(memdev, "prealloc"));
        hmp_print(line, "  share: %s\n", true_false(memdev, "share"));
        if (json_object_get(memdev, "reserve")) {
            hmp_print(line, "  reserve: %s\n", true_false(memdev, "reserve"));
        }
        hmp_print(line, "  policy: %s\n", hmp_str(memdev, "policy"));
        print_nodes(line, json_object_get(memdev, "host-nodes"));
    }
    hmp_print(line, "\n");
}

void hmp_info_memdev(HmpLine *line)
{
    hmp_ask(line, "query-memdev", NULL, on_memdev);
}

static void on_memory_devices(HmpLine *line, const json_t *reply)
{
    const json_t *info;
    gsize i;

    json_array_foreach(reply, i, info) {
        const json_t *data = json_object_get(info, "data");

        hmp_print(line, "Memory device [%s]: \"%s\"\n", hmp_str(info, "type"), hmp_str(data, "id"));
        hmp_print(line, "  addr: 0x%" G_GINT64_MODIFIER "x\n", hmp_int(data, "addr"));
        hmp_print(line, "  slot: %d\n  node: %d\n", (int)hmp_int(data, "slot"),
                  (int)hmp_int(data, "node"));
        hmp_print(line, "  memdev: %s\n  size: %" G_GINT64_FORMAT "\n", hmp_str(data, "memdev"),
                  hmp_int(data, "size"));
        hmp_print(line, "  hotplugged: %s\n  hotpluggable: %s\n", true_false(data, "hotplugged"),
                  true_false(data, "hotpluggable"));
    }
}

void hmp_info_memory_devices(HmpLine *line)
{
    hmp_ask(line, "query-memory-devices", NULL, on_memory_devices);
}

static void on_summary(HmpLine *line, const json_t *reply)
{
    hmp_print(line, "base memory: %" G_GINT64_FORMAT "\n", hmp_int(reply, "base-memory"));
    if (json_object_get(reply, "plugged-memory")) {
        hmp_print(line, "plugged memory: %" G_GINT64_FORMAT "\n",
                  hmp_int(reply, "plugged-memory"));
    }
}

void hmp_info_memory_size_summary(HmpLine *line)
{
    hmp_ask(line, "query-memory-size-summary", NULL, on_summary);
}
