/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address space and slots of memory devices; see device-memory.h.
 */
#include "config.h"
#include "hw/mem/device-memory.h"

#include "hw/machine/service.h"
#include "qmp/error.h"

MACHINE_SERVICE(service, DeviceMemory, NULL)

DeviceMemory *device_memory_new(Machine *machine, guint64 base, guint64 size, guint64 limit,
                                guint n_slots)
{
    DeviceMemory *memory = g_new0(DeviceMemory, 1);

    memory->machine = machine;
    memory->base = base;
    memory->limit = limit;
    memory->n_slots = n_slots;
    memory->places = g_ptr_array_new();
    memory->region = region_new_container(&machine->object, "device-memory", size);
    region_add(address_space_root(machine->memory), base, memory->region, 0);
    set_service(machine, memory);
    return memory;
}

void device_memory_free(DeviceMemory *memory)
{
    if (memory) {
        set_service(memory->machine, NULL);
        region_remove(address_space_root(memory->machine->memory), memory->region);
        region_free(memory->region);
        g_ptr_array_unref(memory->places);
        g_free(memory);
    }
}

DeviceMemory *device_memory_of(const Machine *machine)
{
    return service(machine);
}

guint64 device_memory_size(const DeviceMemory *memory)
{
    return region_size(memory->region);
}

guint64 device_memory_plugged(const DeviceMemory *memory)
{
    guint64 sum = 0;

    for (guint i = 0; i < memory->places->len; i++) {
        sum += ((const MemoryPlace *)memory->places->pdata[i])->plugged;
    }
    return sum;
}

guint64 device_memory_modules(const Machine *machine, const QmpClass *klass)
{
    const DeviceMemory *memory = device_memory_of(machine);
    guint64 sum = 0;

    for (guint i = 0; memory && i < memory->places->len; i++) {
        const MemoryPlace *place = memory->places->pdata[i];

        sum += object_class(place->device) == klass ? place->plugged : 0;
    }
    return sum;
}

bool device_memory_contains(const Machine *machine, const void *hva, gsize size)
{
    const DeviceMemory *memory = device_memory_of(machine);

    for (guint i = 0; memory && i < memory->places->len; i++) {
        const MemoryPlace *place = memory->places->pdata[i];

        if (region_has_host(place->region, hva, size)) {
            return !place->persistent;
        }
    }
    return false;
}

void device_memory_set_hotplug(DeviceMemory *memory, const MemoryHotplugOps *ops, void *opaque)
{
    memory->ops = ops;
    memory->opaque = opaque;
}

void device_memory_set_nvdimm(DeviceMemory *memory, const MemoryHotplugOps *ops, void *opaque)
{
    memory->nvdimm_ops = ops;
    memory->nvdimm_opaque = opaque;
}

MemoryPlace *device_memory_at(const DeviceMemory *memory, guint slot)
{
    for (guint i = 0; i < memory->places->len; i++) {
        MemoryPlace *place = memory->places->pdata[i];

        if (place->slot == slot) {
            return place;
        }
    }
    return NULL;
}

/* ---- Slots ---- */

bool device_memory_choose_slot(const DeviceMemory *memory, MemoryPlace *place, gint32 wish,
                               GError **error)
{
    if (!memory->n_slots) {
        qmp_error_set_at(error, "slot", ERROR_REASON_LIMIT_EXCEEDED, "the machine has no slots for "
                         "memory: its property 'memory' has no 'slots'");
        return false;
    }
    if (wish >= 0 && (guint)wish >= memory->n_slots) {
        qmp_error_set_at(error, "slot", ERROR_REASON_OUT_OF_RANGE,
                         "slot %d does not exist: the machine has slots 0 to %u", wish,
                         memory->n_slots - 1);
        return false;
    }
    if (wish >= 0 && device_memory_at(memory, wish)) {
        qmp_error_set_at(error, "slot", ERROR_REASON_ADDRESS_IN_USE, "slot %d is occupied", wish);
        return false;
    }
    for (guint slot = MAX(wish, 0); slot < memory->n_slots; slot++) {
        if (!device_memory_at(memory, slot)) {
            place->slot = slot;
            return true;
        }
    }
    qmp_error_set_at(error, "slot", ERROR_REASON_LIMIT_EXCEEDED,
                     "all %u slots for memory are occupied", memory->n_slots);
    return false;
}

/* ---- Addresses ---- */

/* What devices may take, whether or not the guest has all of it. */
static guint64 used_by_all(const DeviceMemory *memory)
{
    guint64 sum = 0;

    for (guint i = 0; i < memory->places->len; i++) {
        sum += ((const MemoryPlace *)memory->places->pdata[i])->size;
    }
    return sum;
}

static bool check_size(const DeviceMemory *memory, guint64 size, guint64 align, GError **error)
{
    guint64 used = used_by_all(memory);

    if (size % align) {
        qmp_error_set_at(error, "memdev", ERROR_REASON_INVALID_VALUE, "the memory's size is 0x%"
                         G_GINT64_MODIFIER "x, which is not a multiple of 0x%" G_GINT64_MODIFIER
                         "x", size, align);
        return false;
    }
    if (size > memory->limit - used) {
        qmp_error_set_at(error, "memdev", ERROR_REASON_LIMIT_EXCEEDED, "0x%" G_GINT64_MODIFIER
                         "x bytes are too many: the machine's 'max-size' leaves 0x%"
                         G_GINT64_MODIFIER "x for memory devices, of which 0x%" G_GINT64_MODIFIER
                         "x are in use", size, memory->limit, used);
        return false;
    }
    return true;
}

/* The place that a range overlaps, or NULL. */
static const MemoryPlace *overlapped(const DeviceMemory *memory, guint64 addr, guint64 size)
{
    for (guint i = 0; i < memory->places->len; i++) {
        const MemoryPlace *place = memory->places->pdata[i];

        if (addr < place->addr + place->size && place->addr < addr + size) {
            return place;
        }
    }
    return NULL;
}

static bool check_wish(const DeviceMemory *memory, guint64 addr, guint64 size, guint64 align,
                       const char *property, GError **error)
{
    guint64 room = device_memory_size(memory);
    const MemoryPlace *other;

    if (addr % align) {
        qmp_error_set_at(error, property, ERROR_REASON_INVALID_VALUE, "address 0x%"
                         G_GINT64_MODIFIER "x is not a multiple of 0x%" G_GINT64_MODIFIER "x",
                         addr, align);
        return false;
    }
    if (addr < memory->base || size > room || addr - memory->base > room - size) {
        qmp_error_set_at(error, property, ERROR_REASON_OUT_OF_RANGE, "0x%" G_GINT64_MODIFIER
                         "x bytes at 0x%" G_GINT64_MODIFIER "x are not within the range for memory "
                         "devices, 0x%" G_GINT64_MODIFIER "x bytes at 0x%" G_GINT64_MODIFIER "x",
                         size, addr, room, memory->base);
        return false;
    }
    other = overlapped(memory, addr, size);
    if (other) {
        g_autofree char *path = object_path(&other->device->object);

        qmp_error_set_at(error, property, ERROR_REASON_ADDRESS_IN_USE, "0x%" G_GINT64_MODIFIER
                         "x bytes at 0x%" G_GINT64_MODIFIER "x overlap '%s'", size, addr, path);
        return false;
    }
    return true;
}

static guint64 align_up(guint64 value, guint64 align)
{
    return (value + align - 1) / align * align;
}

/* Limits of address spaces are far below 2^64, so nothing overflows. */
static bool find_gap(const DeviceMemory *memory, guint64 size, guint64 align, guint64 *ret,
                     GError **error)
{
    guint64 end = memory->base + device_memory_size(memory);
    guint64 addr = align_up(memory->base, align);
    const MemoryPlace *other;

    while (addr + size <= end && (other = overlapped(memory, addr, size))) {
        addr = align_up(other->addr + other->size, align);
    }
    if (addr + size > end) {
        qmp_error_set_at(error, "memdev", ERROR_REASON_LIMIT_EXCEEDED, "there is no gap for 0x%"
                         G_GINT64_MODIFIER "x bytes that begins at a multiple of 0x%"
                         G_GINT64_MODIFIER "x", size, align);
        return false;
    }
    *ret = addr;
    return true;
}

bool device_memory_choose_addr(const DeviceMemory *memory, MemoryPlace *place, guint64 wish,
                               guint64 align, const char *property, GError **error)
{
    guint64 found = wish;

    if (!check_size(memory, place->size, align, error) ||
        !(wish ? check_wish(memory, wish, place->size, align, property, error)
               : find_gap(memory, place->size, align, &found, error))) {
        return false;
    }
    place->addr = found;
    return true;
}

/* ---- Coming and going ---- */

static gint by_address(gconstpointer a, gconstpointer b)
{
    const MemoryPlace *first = *(MemoryPlace *const *)a, *second = *(MemoryPlace *const *)b;

    return first->addr < second->addr ? -1 : first->addr > second->addr;
}

void device_memory_add(DeviceMemory *memory, MemoryPlace *place)
{
    g_ptr_array_add(memory->places, place);
    g_ptr_array_sort(memory->places, by_address);
    region_add(memory->region, place->addr - memory->base, place->region, 0);
    if (place->persistent) {
        memory->nvdimm_ops->plugged(memory->nvdimm_opaque, place);
    } else if (memory->ops && place->slot != DEVICE_MEMORY_NO_SLOT) {
        memory->ops->plugged(memory->opaque, place);
    }
}

void device_memory_remove(DeviceMemory *memory, MemoryPlace *place)
{
    if (memory->ops && !place->persistent && place->slot != DEVICE_MEMORY_NO_SLOT) {
        memory->ops->unplugged(memory->opaque, place);
    }
    region_remove(memory->region, place->region);
    g_ptr_array_remove(memory->places, place);
    if (memory->nvdimm_ops && place->persistent) {
        memory->nvdimm_ops->unplugged(memory->nvdimm_opaque, place);
    }
}

void device_memory_eject(DeviceMemory *memory, MemoryPlace *place)
{
    place->ejected = true;
    region_set_enabled(place->region, false);
    machine_request_removal(memory->machine, place->device);
}
