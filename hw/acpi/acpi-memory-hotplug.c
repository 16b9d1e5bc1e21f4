/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory hotplug by ACPI; see acpi-memory-hotplug.h.
 *
 * Different from QEMU: a guest that answers a request with a failure causes
 * DEVICE_UNPLUG_GUEST_ERROR and MEM_UNPLUG_ERROR besides ACPI_DEVICE_OST, from which
 * clients would have to conclude it.
 */
#include "config.h"
#include "hw/acpi/acpi-memory-hotplug.h"

#include "hw/machine/service.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qmp/visit.h"
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

enum {                          /* FLAGS */
    FLAG_ENABLED = 1 << 0,
    FLAG_INSERTING = 1 << 1,
    FLAG_REMOVING = 1 << 2,
    FLAG_EJECT = 1 << 3,        /* written only */
    FLAG_ASKED = 1 << 7,        /* never read by the guest: a request is unanswered */
    FLAGS_STORED = FLAG_INSERTING | FLAG_REMOVING | FLAG_ASKED,
};

enum {                          /* _OST: ACPI 6.4, tables 6.58 to 6.60 */
    OST_EJECT_REQUEST = 0x03,
    OST_OSPM_EJECT = 0x103,     /* how Linux answers it */
    OST_SUCCESS = 0x00,
    OST_EJECT_IN_PROGRESS = 0x84,
};

enum { REPORTS_PER_REQUEST = 8 };

MACHINE_SERVICE(controller, AcpiMemoryHotplug, NULL)

static MemoryPlace *place_at(const AcpiMemoryHotplug *s, guint32 slot)
{
    MemoryPlace *place = device_memory_at(s->memory, slot);

    return place && !place->ejected && !place->persistent ? place : NULL;
}

/* ---- Reading ---- */

static guint8 read_flags(const AcpiMemorySlot *slot, const MemoryPlace *place)
{
    return (slot->flags & (FLAG_INSERTING | FLAG_REMOVING)) | (place ? FLAG_ENABLED : 0);
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

/* ---- What the guest reports ---- */

static ACPIOSTInfo *describe(const AcpiMemoryHotplug *s, guint32 slot)
{
    const MemoryPlace *place = place_at(s, slot);
    ACPIOSTInfo *info = g_new0(ACPIOSTInfo, 1);

    info->device = place ? g_strdup(device_id(place->device)) : NULL;
    info->slot = g_strdup_printf("%u", slot);
    info->slot_type = ACPI_SLOT_TYPE_DIMM;
    info->source = s->slots[slot].ost_event;
    info->status = s->slots[slot].ost_status;
    return info;
}

static const char *reason_name(guint32 status)
{
    static const struct {
        guint32 status;
        const char *name;
    } reasons[] = {
        { 0x01, "failure" },
        { 0x02, "unknown notification" },
        { 0x80, "it does not support removal" },
        { 0x81, "device in use" },
        { 0x82, "device busy" },
        { 0x83, "something that depends on the device is busy" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].name;
        }
    }
    return "failure";
}

static void report_refusal(struct QmpEventQueue *events, const MemoryPlace *place, guint32 status)
{
    g_autofree char *id = g_strdup(device_id(place->device));
    g_autofree char *path = object_path(&place->device->object);
    g_autofree char *msg = g_strdup_printf("the guest refuses: %s (status 0x%x)",
                                           reason_name(status), status);

    if (id) {
        qmp_event_mem_unplug_error(events, &(EventMemUnplugError){ .device = id, .msg = msg });
    }
    qmp_event_device_unplug_guest_error(events, &(EventDeviceUnplugGuestError){
        .device = id, .path = path });
}

static bool is_refusal(const AcpiMemorySlot *slot)
{
    return slot->flags & FLAG_ASKED &&
           (slot->ost_event == OST_EJECT_REQUEST || slot->ost_event == OST_OSPM_EJECT) &&
           slot->ost_status != OST_SUCCESS && slot->ost_status != OST_EJECT_IN_PROGRESS;
}

static void report(AcpiMemoryHotplug *s, AcpiMemorySlot *slot)
{
    const Env *env = object_env(&s->owner->object);
    const MemoryPlace *place = place_at(s, s->selector);
    bool refusal = is_refusal(slot);

    if (refusal) {
        slot->flags &= ~(FLAG_ASKED | FLAG_REMOVING);
    }
    if (!env || !env->events) {
        return;
    }
    if (slot->reports) {
        ACPIOSTInfo *info = describe(s, s->selector);

        slot->reports--;
        qmp_event_acpi_device_ost(env->events, &(EventAcpiDeviceOst){ .info = info });
        qmp_clear(&qmp_type_ACPIOSTInfo, &info);
    }
    if (refusal && place) {
        report_refusal(env->events, place, slot->ost_status);
    }
}

/* ---- Writing ---- */

/* One bit at a time, the lowest of those written. */
static void write_flags(AcpiMemoryHotplug *s, AcpiMemorySlot *slot, guint8 value)
{
    MemoryPlace *place = place_at(s, s->selector);

    if (value & FLAG_INSERTING) {
        slot->flags &= ~FLAG_INSERTING;
    } else if (value & FLAG_REMOVING) {
        slot->flags &= ~FLAG_REMOVING;
    } else if (value & FLAG_EJECT && place) {
        trace_acpi_memory_eject_slot(s->owner, s->selector);
        slot->flags &= ~FLAGS_STORED;
        device_memory_eject(s->memory, place);
    }
}

static void hotplug_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    AcpiMemoryHotplug *s = opaque;
    AcpiMemorySlot *slot;

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
        report(s, slot);
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

/* Memory that was there when the guest started needs no announcement. */
static void plugged(void *opaque, const MemoryPlace *place)
{
    AcpiMemoryHotplug *s = opaque;
    AcpiMemorySlot *slot = &s->slots[place->slot];

    *slot = (AcpiMemorySlot){ .reports = REPORTS_PER_REQUEST };
    if (place->device->hotplugged) {
        slot->flags = FLAG_INSERTING;
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
    AcpiMemorySlot *slot = &s->slots[place->slot];

    if (place->ejected) {
        return true;
    }
    slot->flags |= FLAG_REMOVING | FLAG_ASKED;
    slot->reports = REPORTS_PER_REQUEST;
    s->event(s->opaque);
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
            ret->items[slot] = describe(s, slot);
        }
    }
}

/* ---- Life cycle ---- */

const StateRow acpi_memory_slot_state[] = {
    STATE_FIELD_KEEP(U8, AcpiMemorySlot, flags),
    STATE_FIELD_KEEP(U8, AcpiMemorySlot, reports),
    STATE_FIELD_KEEP(U32, AcpiMemorySlot, ost_event),
    STATE_FIELD_KEEP(U32, AcpiMemorySlot, ost_status),
    STATE_ROWS_END
};

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

/* A request stays: a guest that wakes from sleep still owes the answer. */
void acpi_memory_hotplug_reset(AcpiMemoryHotplug *s)
{
    bool pending = false;

    s->selector = 0;
    s->n_slots = s->memory ? s->memory->n_slots : 0;    /* rows are reset to none */
    for (guint32 i = 0; i < s->n_slots; i++) {
        s->slots[i].flags |= s->slots[i].flags & FLAG_ASKED ? FLAG_REMOVING : 0;
        pending |= s->slots[i].flags & (FLAG_INSERTING | FLAG_REMOVING);
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
        s->slots[i].flags &= FLAGS_STORED;
        s->slots[i].reports = MIN(s->slots[i].reports, REPORTS_PER_REQUEST);
    }
    return true;
}
