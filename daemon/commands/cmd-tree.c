/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x-query-device-tree and x-query-memory-tree.
 */
#include "config.h"

#include <string.h>

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/core/irq.h"
#include "hw/memory/region-tree.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/qapi-types-tree.h"
#include "qom/property.h"
#include "qom/qapi-objects-machine.h"

static DeviceTreeBus *describe_bus(Bus *bus);

/* ---- Lines and addresses: children of the device ---- */

typedef struct {
    GPtrArray *lines;           /* of DeviceTreeLines */
    GPtrArray *ranges;          /* of DeviceTreeRange */
    const Machine *machine;
} Parts;

static void add_line(GPtrArray *lines, Object *child)
{
    gsize length = strcspn(child->name, "[");
    bool input = irq_is_input(to_irq(child));
    DeviceTreeLines *last = lines->len ? lines->pdata[lines->len - 1] : NULL;

    if (last && last->input == input && strlen(last->name) == length &&
        strncmp(last->name, child->name, length) == 0) {
        last->count++;
        return;
    }
    last = g_new0(DeviceTreeLines, 1);
    last->name = g_strndup(child->name, length);
    last->input = input;
    last->count = 1;
    g_ptr_array_add(lines, last);
}

static void add_range(const Parts *parts, const MemoryRegion *mr)
{
    guint64 address;
    const AddressSpace *as = region_place(mr, &address);
    DeviceTreeRange *range;

    if (!as) {
        return;
    }
    range = g_new0(DeviceTreeRange, 1);
    range->io = as == parts->machine->io;
    range->address = address;
    range->size = region_size(mr);
    g_ptr_array_add(parts->ranges, range);
}

static bool add_part(Object *child, void *data)
{
    const Parts *parts = data;

    if (object_is_a(child, &qmp_class_irq)) {
        add_line(parts->lines, child);
    } else if (object_is_a(child, &qmp_class_memory_region)) {
        add_range(parts, to_memory_region(child));
    }
    return true;
}

static void describe_parts(Device *dev, DeviceTreeDevice *info)
{
    Parts parts = { g_ptr_array_new(), g_ptr_array_new(), machine_of(dev) };

    object_foreach_child(&dev->object, add_part, &parts);
    info->lines.n = parts.lines->len;
    info->lines.items = (DeviceTreeLines **)g_ptr_array_free(parts.lines, false);
    info->ranges.n = parts.ranges->len;
    info->ranges.items = (DeviceTreeRange **)g_ptr_array_free(parts.ranges, false);
}

/* ---- Devices ---- */

static void describe_properties(Device *dev, DeviceTreeDevice *info)
{
    const QmpType *rows = object_class(dev)->props;

    info->properties = qmp_value_dict();
    for (guint i = 0; i < rows->n_members; i++) {
        const char *name = qmp_name(qmp_members(rows)[i].name);
        QmpValue *value = object_property_get(&dev->object, name, NULL);

        if (value) {
            qmp_value_set(info->properties, name, value);
        }
    }
}

static DeviceTreeDevice *describe_device(Device *dev)
{
    const BusOps *ops = dev->bus ? object_kind(dev->bus) : NULL;
    DeviceTreeDevice *info = g_new0(DeviceTreeDevice, 1);
    guint n = dev->buses ? dev->buses->len : 0;

    info->driver = g_strdup(object_class(dev)->name);
    info->id = g_strdup(device_id(dev));
    info->path = object_path(&dev->object);
    info->address = ops && ops->address ? ops->address(dev->bus, dev) : NULL;
    describe_properties(dev, info);
    describe_parts(dev, info);
    info->buses.items = g_new0(DeviceTreeBus *, n);
    for (guint i = 0; i < n; i++) {
        info->buses.items[info->buses.n++] = describe_bus(dev->buses->pdata[i]);
    }
    return info;
}

static DeviceTreeBus *describe_bus(Bus *bus)
{
    DeviceTreeBus *info = g_new0(DeviceTreeBus, 1);

    info->name = g_strdup(bus->object.name);
    info->type = g_strdup(object_class(bus)->name);
    info->devices.items = g_new0(DeviceTreeDevice *, bus->devices.length);
    for (const GList *l = bus->devices.head; l; l = l->next) {
        if (device_in_use(l->data)) {
            info->devices.items[info->devices.n++] = describe_device(l->data);
        }
    }
    return info;
}

static bool add_without_bus(Object *obj, void *data)
{
    Device *dev = device_in_use(obj);

    /* A CPU has hundreds of properties, which other commands print. */
    if (dev && !dev->bus && !object_is_a(dev, &qmp_class_x86_64_cpu)) {
        g_ptr_array_add(data, describe_device(dev));
    }
    return true;
}

bool qmp_x_query_device_tree(QmpRequest *req, DeviceTreeBus **ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    GPtrArray *devices = g_ptr_array_new();
    DeviceTreeBus *info = g_new0(DeviceTreeBus, 1);

    info->name = g_strdup("main-system-bus");
    info->type = g_strdup("System");
    object_foreach_descendant(vmd->root, add_without_bus, devices);
    info->devices.n = devices->len;
    info->devices.items = (DeviceTreeDevice **)g_ptr_array_free(devices, false);
    *ret = info;
    return true;
}

/* ---- Memory ---- */

bool qmp_x_query_memory_tree(QmpRequest *req, MemoryTreeSpaceList *ret, GError **error)
{
    const Machine *machine = vmd_machine(qmp_request_context(req));

    if (machine) {
        ret->items = g_new0(MemoryTreeSpace *, 2);
        ret->items[ret->n++] = address_space_describe(machine->memory, "memory");
        ret->items[ret->n++] = address_space_describe(machine->io, "I/O");
    }
    return true;
}
