/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory hotplug by ACPI; see acpi-memory-hotplug.h.
 */
#include "config.h"
#include "hw/acpi/acpi-memory-hotplug.h"

#include "hw/machine/service.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-trace.h"

enum {                          /* registers, read */
    ADDRESS_LOW = 0x00,
    ADDRESS_HIGH = 0x04,
    SIZE_LOW = 0x08,
    SIZE_HIGH = 0x0c,
    NODE = 0x10,
    FLAGS = 0x14,
};

enum {                          /* and written */
    SELECT = 0x00,
    OST_EVENT = 0x04,
    OST_STATUS = 0x08,
};

MACHINE_SERVICE(controller, AcpiMemoryHotplug, NULL)

static MemoryPlace *place_at(const AcpiMemoryHotplug *s, guint32 slot)
{
    MemoryPlace *place = device_memory_at(s->memory, slot);

    return place && !place->ejected && !place->persistent ? place : NULL;
}

/* ---- Reading ---- */

static guint8 read_flags(const AcpiSlot *slot, const MemoryPlace *place)
{
    return (slot->flags & ACPI_SLOT_NEWS) | (place ? ACPI_SLOT_ENABLED : 0);
}

static guint64 hotplug_read(void *opaque, guint64 offset, guint size)
{
    const AcpiMemoryHotplug *s = opaque;
    const MemoryPlace *place;

    if (s->selector >= s->n_slots) {
        return 0;
    }
    place = place_at(s, s->selector);
    switch (offset) {
    case ADDRESS_LOW:
        return place ? (guint32)place->addr : 0;
    case ADDRESS_HIGH:
        return place ? place->addr >> 32 : 0;
    case SIZE_LOW:
        return place ? (guint32)place->size : 0;
    case SIZE_HIGH:
        return place ? place->size >> 32 : 0;
    case NODE:
        return place ? place->node : 0;
    case FLAGS:
        return read_flags(&s->slots[s->selector], place);
    default:
        return 0;
    }
}

/* ---- Writing ---- */

/* One bit at a time, the lowest of those written. */
static void write_flags(AcpiMemoryHotplug *s, AcpiSlot *slot, guint8 value)
{
    MemoryPlace *place = place_at(s, s->selector);

    if (value & ACPI_SLOT_INSERTING) {
        slot->flags &= ~ACPI_SLOT_INSERTING;
    } else if (value & ACPI_SLOT_REMOVING) {
        slot->flags &= ~ACPI_SLOT_REMOVING;
    } else if (value & ACPI_SLOT_EJECT && place) {
        trace_acpi_memory_eject_slot(s->owner, s->selector);
        slot->flags &= ~ACPI_SLOT_STORED;
        device_memory_eject(s->memory, place);
    }
}

static const Device *device_at(const AcpiMemoryHotplug *s, guint32 slot)
{
    const MemoryPlace *place = place_at(s, slot);

    return place ? place->device : NULL;
}

static void hotplug_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    AcpiMemoryHotplug *s = opaque;
    AcpiSlot *slot;

    if (offset == SELECT) {
        s->selector = value;
        return;
    }
    if (s->selector >= s->n_slots) {
        return;
    }
    slot = &s->slots[s->selector];
    switch (offset) {
    case OST_EVENT:
        slot->ost_event = value;
        break;
    case OST_STATUS:
        slot->ost_status = value;
        acpi_slot_report(slot, object_env(&s->owner->object), ACPI_SLOT_TYPE_DIMM, s->selector,
                         device_at(s, s->selector));
        break;
    case FLAGS:
        write_flags(s, slot, value);
        break;
    default:                    /* the others are read only */
        break;
    }
}

static const RegionOps hotplug_ops = {
    .read = hotplug_read,
    .write = hotplug_write,
    .min_size = 1,
    .max_size = 4,
};

/* ---- Requests of the client ---- */

static void plugged(void *opaque, const MemoryPlace *place)
{
    AcpiMemoryHotplug *s = opaque;

    acpi_slot_plugged(&s->slots[place->slot], place->device->hotplugged);
    if (place->device->hotplugged) {
        s->event(s->opaque);
    }
}

/* The guest reports on a release after it, so that may follow. */
static void unplugged(void *opaque, const MemoryPlace *place)
{
    AcpiMemoryHotplug *s = opaque;

    s->slots[place->slot].flags = 0;
}

static bool unplug_request(void *opaque, const MemoryPlace *place, GError **error)
{
    AcpiMemoryHotplug *s = opaque;

    if (!place->ejected) {
        acpi_slot_ask(&s->slots[place->slot]);
        s->event(s->opaque);
    }
    return true;
}

static const MemoryHotplugOps memory_ops = {
    .plugged = plugged,
    .unplugged = unplugged,
    .unplug_request = unplug_request,
};

void acpi_memory_hotplug_query(const Machine *machine, ACPIOSTInfoList *ret)
{
    const AcpiMemoryHotplug *s = controller(machine);

    if (s) {
        ret->n = s->n_slots;
        ret->items = g_new0(ACPIOSTInfo *, MAX(ret->n, 1));
        for (guint32 slot = 0; slot < s->n_slots; slot++) {
            ret->items[slot] = acpi_slot_describe(&s->slots[slot], ACPI_SLOT_TYPE_DIMM, slot,
                                                  device_at(s, slot));
        }
    }
}

/* ---- Life cycle ---- */

void acpi_memory_hotplug_init(AcpiMemoryHotplug *s, Device *owner, void (*event)(void *opaque),
                              void *opaque)
{
    Machine *machine = machine_of(owner);
    DeviceMemory *memory = device_memory_of(machine);

    if (!memory || !memory->n_slots || !memory->acpi) {
        return;
    }
    s->owner = owner;
    s->memory = memory;
    s->n_slots = memory->n_slots;
    s->event = event;
    s->opaque = opaque;
    s->region = region_new_io(&owner->object, "acpi-memory-hotplug", &hotplug_ops, s,
                              ACPI_MEMORY_HOTPLUG_SIZE);
    region_add(address_space_root(machine->io), ACPI_MEMORY_HOTPLUG_BASE, s->region, 0);
    device_memory_set_hotplug(memory, &memory_ops, s);
    set_controller(machine, s);
}

void acpi_memory_hotplug_done(AcpiMemoryHotplug *s)
{
    if (s->memory) {
        Machine *machine = machine_of(s->owner);

        set_controller(machine, NULL);
        device_memory_set_hotplug(s->memory, NULL, NULL);
        region_remove(address_space_root(machine->io), s->region);
        region_free(s->region);
        s->region = NULL;
        s->memory = NULL;
        s->n_slots = 0;
    }
}

void acpi_memory_hotplug_reset(AcpiMemoryHotplug *s)
{
    bool pending = false;

    s->selector = 0;
    s->n_slots = s->memory ? s->memory->n_slots : 0;    /* rows are reset to none */
    for (guint32 i = 0; i < s->n_slots; i++) {
        pending |= acpi_slot_reset(&s->slots[i]);
    }
    if (pending) {
        s->event(s->opaque);
    }
}

bool acpi_memory_hotplug_loaded(AcpiMemoryHotplug *s, GError **error)
{
    guint32 n = s->memory ? s->memory->n_slots : 0;

    if (s->n_slots != n) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "the state has %u slots for memory, and the machine %u", s->n_slots, n);
        return false;
    }
    for (guint32 i = 0; i < n; i++) {
        acpi_slot_loaded(&s->slots[i], ACPI_SLOT_STORED);
    }
    return true;
}
