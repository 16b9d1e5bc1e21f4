/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-memdev, query-memory-size-summary: the memory backends below /objects, and the
 * guest's share of them; query-memory-devices, query-acpi-ospm-status: what it has
 * besides its RAM; set-numa-node: the nodes that all of it is in.  Backends are made and
 * removed by object-add and object-del (daemon/commands/cmd-object.c).
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/acpi/acpi-cpu-hotplug.h"
#include "hw/acpi/acpi-memory-hotplug.h"
#include "qmp/error.h"
#include "qmp/qapi-types-builtin.h"
#include "qmp/qapi-types-numa.h"
#include "qmp/qapi-types-object.h"
#include "qmp/qapi-types-pc.h"
#include "qmp/visit.h"
#include "qom/place.h"
#include "qom/property.h"
#include "qom/qapi-objects-memory.h"
#include "qom/qapi-objects-pc.h"
#include "qom/qapi-objects-virtio-mem.h"

static Memdev *describe(const Object *obj)
{
    const MemoryBackendProps *props = memory_backend_props(obj);
    Memdev *info = g_new0(Memdev, 1);

    info->id = g_strdup(obj->name);
    info->size = props->size;
    info->merge = props->merge;
    info->dump = props->dump;
    info->prealloc = props->prealloc;
    info->share = props->share;
    info->has_reserve = true;
    info->reserve = props->reserve;
    info->policy = props->policy;
    qmp_clone(&qmp_type_uint16List, &info->host_nodes, &props->host_nodes);
    return info;
}

static bool add_backend(Object *obj, void *data)
{
    if (object_is_a(obj, &qmp_class_memory_backend) && object_life(obj) == OBJECT_COMPLETE) {
        g_ptr_array_add(data, describe(obj));
    }
    return true;
}

bool qmp_query_memdev(QmpRequest *req, MemdevList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    GPtrArray *list = g_ptr_array_new();

    object_foreach_child(place_folder(vmd->root, &qmp_class_object), add_backend, list);
    ret->n = list->len;
    ret->items = (Memdev **)g_ptr_array_free(list, false);
    return true;
}

bool qmp_query_memory_size_summary(QmpRequest *req, MemoryInfo **ret, GError **error)
{
    const Machine *machine = vmd_machine(qmp_request_context(req));
    const DeviceMemory *memory = machine ? device_memory_of(machine) : NULL;

    *ret = g_new0(MemoryInfo, 1);
    (*ret)->base_memory = machine ? machine->ram_size : 0;
    (*ret)->has_plugged_memory = true;
    (*ret)->plugged_memory = memory ? device_memory_plugged(memory) : 0;
    return true;
}

/* ---- NUMA nodes ---- */

/* The error is about this request's argument, not about the last step of the property. */
static bool blame_step(gsize step, GError **error)
{
    g_autofree char *path = g_strdup_printf("numa[%" G_GSIZE_FORMAT "]", step);

    qmp_error_rename_path(error ? *error : NULL, path, NULL);
    return false;
}

static bool add_step(Machine *machine, NumaOptions *options, GError **error)
{
    const NumaOptionsList *old = &generic_pc_machine_props(machine)->numa;
    g_autofree NumaOptions **items = g_new(NumaOptions *, old->n + 1);
    const NumaOptionsList all = { .n = old->n + 1, .items = items };

    for (gsize i = 0; i < old->n; i++) {
        items[i] = old->items[i];
    }
    items[old->n] = options;
    return object_property_replace(&machine->object, "numa", &all, error) ||
           blame_step(old->n, error);
}

bool qmp_set_numa_node(QmpRequest *req, NumaOptions *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Machine *machine = vmd_require_machine(vmd, error);

    if (!machine) {
        return false;
    }
    if (!object_is_a(machine, &qmp_class_generic_pc_machine)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "a '%s' has no NUMA nodes",
                      object_class_name(machine));
        return false;
    }
    if (cpu_count(vmd->root)) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "the machine has CPUs already, which are in "
                      "the nodes that it has had so far");
        return false;
    }
    return add_step(machine, args, error);
}

/* ---- Memory devices ---- */

static PCDIMMDeviceInfo *describe_module(const MemoryPlace *place)
{
    const PcDimmProps *props = pc_dimm_props(place->device);
    PCDIMMDeviceInfo *dimm = g_new0(PCDIMMDeviceInfo, 1);

    dimm->id = g_strdup(device_id(place->device));
    dimm->addr = (gint64)place->addr;
    dimm->size = (gint64)place->size;
    dimm->slot = place->slot;
    dimm->node = place->node;
    dimm->memdev = object_path(props->memdev.target);
    dimm->hotplugged = place->device->hotplugged;
    dimm->hotpluggable = true;
    return dimm;
}

static VirtioMEMDeviceInfo *describe_blocks(const MemoryPlace *place)
{
    const VirtioMemProps *props = virtio_mem_props(place->device);
    VirtioMEMDeviceInfo *blocks = g_new0(VirtioMEMDeviceInfo, 1);

    blocks->id = g_strdup(device_id(device_whole(place->device)));
    blocks->memaddr = place->addr;
    blocks->requested_size = props->requested_size;
    blocks->size = place->plugged;
    blocks->max_size = place->size;
    blocks->block_size = props->block_size;
    blocks->node = place->node;
    blocks->memdev = object_path(props->memdev.target);
    return blocks;
}

static MemoryDeviceInfo *describe_device(const MemoryPlace *place)
{
    MemoryDeviceInfo *info = g_new0(MemoryDeviceInfo, 1);

    if (object_is_a(place->device, &qmp_class_virtio_mem)) {
        info->type = MEMORY_DEVICE_INFO_KIND_VIRTIO_MEM;
        info->u.virtio_mem.data = describe_blocks(place);
    } else {
        info->type = place->persistent ? MEMORY_DEVICE_INFO_KIND_NVDIMM
                                       : MEMORY_DEVICE_INFO_KIND_DIMM;
        info->u.dimm.data = describe_module(place);
    }
    return info;
}

bool qmp_query_memory_devices(QmpRequest *req, MemoryDeviceInfoList *ret, GError **error)
{
    const Machine *machine = vmd_machine(qmp_request_context(req));
    const DeviceMemory *memory = machine ? device_memory_of(machine) : NULL;

    if (memory) {
        ret->n = memory->places->len;
        ret->items = g_new0(MemoryDeviceInfo *, MAX(ret->n, 1));
        for (guint i = 0; i < ret->n; i++) {
            ret->items[i] = describe_device(memory->places->pdata[i]);
        }
    }
    return true;
}

bool qmp_query_acpi_ospm_status(QmpRequest *req, ACPIOSTInfoList *ret, GError **error)
{
    const Machine *machine = vmd_machine(qmp_request_context(req));

    if (machine) {
        acpi_memory_hotplug_query(machine, ret);
        acpi_cpu_hotplug_query(machine, ret);
    }
    return true;
}
