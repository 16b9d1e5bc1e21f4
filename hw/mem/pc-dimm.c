/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pc-dimm: a memory backend, mapped in a machine's range for memory devices.
 *
 * Data paths may look at its memory a moment longer than it exists
 * (hw/memory/memory.h, views), so the backend's memory stays mapped in the daemon until
 * the last of them has let go of this object.
 */
#include "config.h"
#include "hw/mem/pc-dimm.h"

#include "hw/mem/numa.h"
#include "hw/mem/pc-dimm-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-memory.h"

static DeviceMemory *memory_of(PcDimm *s)
{
    return device_memory_of(machine_of(s));
}

/* ---- Realize ---- */

static bool check_machine(PcDimm *s, GError **error)
{
    const DeviceMemory *memory = memory_of(s);

    if (!memory) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the machine takes no memory devices: "
                      "its property 'memory' has no 'max-size' above its RAM");
        return false;
    }
    if (memory->n_slots && !memory->ops) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the guest could not find the memory: %s",
                      memory->acpi ? "property 'memory-hotplug-support' of PIIX4_PM is off"
                                   : "the machine's property 'acpi' is off");
        return false;
    }
    return numa_check_node(machine_of(s), pc_dimm_props(s)->node, error);
}

/* The backend stays as long as the object, see above. */
static void keep_backend(PcDimm *s, MemoryBackend *backend)
{
    if (!s->backend) {
        s->backend = object_ref(backend);
        memory_backend_pin(backend);
    }
}

static MemoryRegion *new_region(Device *dev, const MemoryBackend *backend, guint64 size)
{
    void *hva = memory_backend_hva(backend);

    return memory_backend_is_readonly(backend) ? region_new_rom(&dev->object, "memory", hva, size)
                                               : region_new_ram(&dev->object, "memory", hva, size);
}

static bool dimm_measure(PcDimm *s, const MemoryBackend *backend, guint64 *ret_size,
                         GError **error)
{
    *ret_size = memory_backend_size(backend);
    return true;
}

static bool dimm_realize(Device *dev, GError **error)
{
    PcDimm *s = to_pc_dimm(dev);
    PcDimmProps *props = pc_dimm_props(dev);
    const PcDimmKind *kind = object_kind(dev);
    MemoryBackend *backend = props->memdev.target;
    MemoryPlace place = {
        .device = dev, .node = props->node, .persistent = kind->persistent,
    };

    if (!check_machine(s, error) || !kind->measure(s, backend, &place.size, error) ||
        !device_memory_choose_slot(memory_of(s), &place, props->slot, error) ||
        !device_memory_choose_addr(memory_of(s), &place, props->addr,
                                   memory_backend_align(backend), "addr", error) ||
        !memory_backend_claim(backend, "memdev", !kind->persistent, error)) {
        return false;
    }
    keep_backend(s, backend);
    props->slot = place.slot;
    props->addr = place.addr;
    place.plugged = place.size;
    place.region = new_region(dev, backend, place.size);
    s->place = place;
    device_memory_add(memory_of(s), &s->place);
    return true;
}

static void dimm_unrealize(Device *dev)
{
    PcDimm *s = to_pc_dimm(dev);

    device_memory_remove(memory_of(s), &s->place);
    region_free(s->place.region);
    memory_backend_unclaim(s->backend);
    s->place = (MemoryPlace){ 0 };
}

static bool dimm_unplug_request(Device *dev, GError **error)
{
    PcDimm *s = to_pc_dimm(dev);
    const DeviceMemory *memory = memory_of(s);

    if (s->place.persistent) {
        qmp_error_set(error, ERROR_REASON_NOT_HOTPLUGGABLE,
                      "a '%s' stays while the machine runs", object_class_name(dev));
        return false;
    }
    return memory->ops->unplug_request(memory->opaque, &s->place, error);
}

/* ---- State ---- */

static const StateRow dimm_state[] = {
    STATE_FIELD_KEEP(BOOL, PcDimm, place.ejected),
    STATE_ROWS_END
};

static bool dimm_state_loaded(Device *dev, GError **error)
{
    PcDimm *s = to_pc_dimm(dev);

    region_set_enabled(s->place.region, !s->place.ejected);
    if (s->place.ejected) {
        machine_request_removal(machine_of(s), dev);
    }
    return true;
}

static const DeviceOps dimm_device_ops = {
    .realize = dimm_realize,
    .unrealize = dimm_unrealize,
    .unplug_request = dimm_unplug_request,
    .state = dimm_state,
    .state_loaded = dimm_state_loaded,
};

/* ---- Class ---- */

static void dimm_refresh(Object *obj, const QmpMember *member)
{
    PcDimmProps *props = pc_dimm_props(obj);

    props->size = to_pc_dimm(obj)->place.size;
}

/* Any thread: the last reference may be a view's. */
static void dimm_finalize(Object *obj)
{
    PcDimm *s = to_pc_dimm(obj);

    if (s->backend) {
        memory_backend_unpin(s->backend);
        object_unref(s->backend);
    }
}

const TypeInfo pc_dimm_type = {
    .schema = &qmp_class_pc_dimm,
    .size = sizeof(PcDimm),
    .object = &(const ObjectOps){
        .refresh = dimm_refresh,
        .finalize = dimm_finalize,
    },
    .device = &dimm_device_ops,
    .kind = &(const PcDimmKind){ .measure = dimm_measure },
};
