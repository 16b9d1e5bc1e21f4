/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU hotplug by ACPI; see acpi-cpu-hotplug.h.
 *
 * Different from QEMU: a request that the guest has taken note of, but not answered, is repeated
 * after a reset.
 */
#include "config.h"
#include "hw/acpi/acpi-cpu-hotplug.h"

#include "hw/machine/service.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-trace.h"

enum {                          /* registers */
    SELECT = 0x00,              /* written */
    DATA_HIGH = 0x00,           /* read */
    FLAGS = 0x04,
    COMMAND = 0x05,
    DATA = 0x08,
};

enum {                          /* COMMAND */
    COMMAND_NEXT = 0,
    COMMAND_OST_EVENT = 1,
    COMMAND_OST_STATUS = 2,
    COMMAND_ID = 3,
};

enum {                          /* AcpiSlot.flags besides those of acpi-slot.h */
    FLAG_FIRMWARE = 1 << 4,     /* firmware is to release it */
    FLAG_EJECTED = 1 << 6,      /* never read by the guest: it will be removed soon */
    FLAGS_SHOWN = ACPI_SLOT_NEWS | FLAG_FIRMWARE,
    FLAGS_STORED = ACPI_SLOT_STORED | FLAG_FIRMWARE | FLAG_EJECTED,
};

enum { BITMAP_SIZE = 32 };

MACHINE_SERVICE(controller, AcpiCpuHotplug, NULL)

static Cpu *cpu_at(const AcpiCpuHotplug *s, guint32 index)
{
    return s->slots[index].flags & FLAG_EJECTED ? NULL : s->cpus[index];
}

static const Device *device_at(const AcpiCpuHotplug *s, guint32 index)
{
    const Cpu *cpu = cpu_at(s, index);

    return cpu ? &cpu->device : NULL;
}

/* ---- The bitmap ---- */

static guint64 read_bitmap(const AcpiCpuHotplug *s, guint64 offset, guint size)
{
    guint64 value = 0;

    for (guint32 i = 0; i < s->n_slots; i++) {
        const Cpu *cpu = cpu_at(s, i);
        guint64 first = offset * 8;

        if (cpu && cpu->apic_id >= first && cpu->apic_id < first + size * 8) {
            value |= G_GUINT64_CONSTANT(1) << (cpu->apic_id - first);
        }
    }
    return value;
}

/* ---- The newer interface ---- */

static guint8 read_flags(const AcpiCpuHotplug *s)
{
    return (s->slots[s->selector].flags & FLAGS_SHOWN) |
           (cpu_at(s, s->selector) ? ACPI_SLOT_ENABLED : 0);
}

static guint32 read_data(const AcpiCpuHotplug *s)
{
    const CpuTopology *topology = &machine_of(s->owner)->accel->topology;
    CpuIds ids = topology_ids_of_index(topology, s->selector);

    switch (s->command) {
    case COMMAND_NEXT:
        return s->selector;
    case COMMAND_ID:
        return topology_apic_id(topology, &ids);
    default:
        return 0;
    }
}

static guint64 hotplug_read(void *opaque, guint64 offset, guint size)
{
    const AcpiCpuHotplug *s = opaque;

    if (!s->modern) {
        return read_bitmap(s, offset, size);
    }
    if (s->selector >= s->n_slots) {
        return 0;
    }
    switch (offset) {
    case FLAGS:
        return read_flags(s);
    case DATA:
        return read_data(s);
    default:                    /* DATA_HIGH: APIC ids have 32 bits */
        return 0;
    }
}

/* From the selected CPU on: stays there if there is no news. */
static void select_next(AcpiCpuHotplug *s)
{
    for (guint32 i = 0; i < s->n_slots; i++) {
        guint32 index = (s->selector + i) % s->n_slots;

        if (s->slots[index].flags & FLAGS_SHOWN) {
            s->selector = index;
            return;
        }
    }
}

static void eject(AcpiCpuHotplug *s, AcpiSlot *slot, Cpu *cpu)
{
    trace_acpi_cpu_eject(s->owner, s->selector);
    slot->flags = FLAG_EJECTED;
    machine_request_removal(machine_of(s->owner), &cpu->device);
}

/* One bit at a time, the lowest of those written.  The boot CPU stays. */
static void write_flags(AcpiCpuHotplug *s, AcpiSlot *slot, guint8 value)
{
    Cpu *cpu = cpu_at(s, s->selector);
    bool may_go = cpu && !cpu_is_bsp(cpu);

    if (value & ACPI_SLOT_INSERTING) {
        slot->flags &= ~ACPI_SLOT_INSERTING;
    } else if (value & ACPI_SLOT_REMOVING) {
        slot->flags &= ~ACPI_SLOT_REMOVING;
    } else if (value & ACPI_SLOT_EJECT && may_go) {
        eject(s, slot, cpu);
    } else if (value & FLAG_FIRMWARE && may_go) {
        slot->flags ^= FLAG_FIRMWARE;
    }
}

static void write_data(AcpiCpuHotplug *s, AcpiSlot *slot, guint32 value)
{
    if (s->command == COMMAND_OST_EVENT) {
        slot->ost_event = value;
    } else if (s->command == COMMAND_OST_STATUS) {
        slot->ost_status = value;
        acpi_slot_report(slot, object_env(&s->owner->object), ACPI_SLOT_TYPE_CPU, s->selector,
                         device_at(s, s->selector));
    }
}

/* Others are ignored. */
static void write_command(AcpiCpuHotplug *s, guint8 value)
{
    if (value <= COMMAND_ID) {
        s->command = value;
    }
    if (value == COMMAND_NEXT) {
        select_next(s);
    }
}

static void write_register(AcpiCpuHotplug *s, guint64 offset, guint64 value)
{
    if (offset == SELECT) {
        s->selector = value;
        return;
    }
    if (s->selector >= s->n_slots) {
        return;
    }
    switch (offset) {
    case FLAGS:
        write_flags(s, &s->slots[s->selector], value);
        break;
    case COMMAND:
        write_command(s, value);
        break;
    case DATA:
        write_data(s, &s->slots[s->selector], value);
        break;
    default:                    /* the others are read only */
        break;
    }
}

static void hotplug_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    AcpiCpuHotplug *s = opaque;

    if (s->modern) {
        write_register(s, offset, value);
    } else if (offset == 0 && value == 0) {
        s->modern = true;
    }
}

static const RegionOps hotplug_ops = {
    .read = hotplug_read,
    .write = hotplug_write,
    .min_size = 1,
    .max_size = 4,
};

/* ---- CPUs that come and go ---- */

static void plugged(void *opaque, Cpu *cpu)
{
    AcpiCpuHotplug *s = opaque;

    if (cpu->index < s->n_slots) {
        s->cpus[cpu->index] = cpu;
        acpi_slot_plugged(&s->slots[cpu->index], cpu->device.hotplugged);
        if (cpu->device.hotplugged) {
            s->event(s->opaque);
        }
    }
}

/* The guest reports on a release after it, so that may follow. */
static void unplugged(void *opaque, Cpu *cpu)
{
    AcpiCpuHotplug *s = opaque;

    if (cpu->index < s->n_slots) {
        s->cpus[cpu->index] = NULL;
        s->slots[cpu->index].flags = 0;
    }
}

static bool unplug_request(void *opaque, Cpu *cpu, GError **error)
{
    AcpiCpuHotplug *s = opaque;

    if (cpu_at(s, cpu->index)) {
        acpi_slot_ask(&s->slots[cpu->index]);
        s->event(s->opaque);
    }
    return true;
}

static const CpuHotplugOps cpu_ops = {
    .plugged = plugged,
    .unplugged = unplugged,
    .unplug_request = unplug_request,
};

void acpi_cpu_hotplug_query(const Machine *machine, ACPIOSTInfoList *ret)
{
    const AcpiCpuHotplug *s = controller(machine);

    if (!s || !s->modern) {
        return;
    }
    ret->items = g_renew(ACPIOSTInfo *, ret->items, ret->n + s->n_slots);
    for (guint32 i = 0; i < s->n_slots; i++) {
        ret->items[ret->n++] = acpi_slot_describe(&s->slots[i], ACPI_SLOT_TYPE_CPU, i,
                                                  device_at(s, i));
    }
}

/* ---- Life cycle ---- */

void acpi_cpu_hotplug_init(AcpiCpuHotplug *s, Device *owner, void (*event)(void *opaque),
                           void *opaque)
{
    Machine *machine = machine_of(owner);
    guint32 n_slots = topology_n_places(&machine->accel->topology);

    if (!n_slots || n_slots > ACPI_CPU_HOTPLUG_MAX) {
        return;
    }
    s->owner = owner;
    s->n_slots = n_slots;
    s->event = event;
    s->opaque = opaque;
    s->region = region_new_io(&owner->object, "acpi-cpu-hotplug", &hotplug_ops, s, BITMAP_SIZE);
    region_add(address_space_root(machine->io), ACPI_CPU_HOTPLUG_BASE, s->region, 0);
    cpu_set_hotplug(machine->accel, &cpu_ops, s);
    set_controller(machine, s);
}

void acpi_cpu_hotplug_done(AcpiCpuHotplug *s)
{
    if (s->owner) {
        Machine *machine = machine_of(s->owner);

        set_controller(machine, NULL);
        cpu_set_hotplug(machine->accel, NULL, NULL);
        region_remove(address_space_root(machine->io), s->region);
        region_free(s->region);
        s->region = NULL;
        s->owner = NULL;
        s->n_slots = 0;
    }
}

static guint32 n_places(const AcpiCpuHotplug *s)
{
    return s->owner ? topology_n_places(&machine_of(s->owner)->accel->topology) : 0;
}

void acpi_cpu_hotplug_reset(AcpiCpuHotplug *s)
{
    bool news = false;

    s->n_slots = n_places(s);           /* rows are reset to none */
    for (guint32 i = 0; i < s->n_slots; i++) {
        s->slots[i].flags &= ~FLAG_FIRMWARE;
        news |= acpi_slot_reset(&s->slots[i]);
    }
    if (news) {
        s->event(s->opaque);
    }
}

static bool check_loaded(const AcpiCpuHotplug *s, GError **error)
{
    guint32 n = n_places(s);

    if (s->n_slots != n) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "the state has %u places for CPUs, and the machine %u", s->n_slots, n);
        return false;
    }
    return true;
}

bool acpi_cpu_hotplug_loaded(AcpiCpuHotplug *s, GError **error)
{
    if (!check_loaded(s, error)) {
        return false;
    }
    for (guint32 i = 0; i < s->n_slots; i++) {
        AcpiSlot *slot = &s->slots[i];

        acpi_slot_loaded(slot, FLAGS_STORED);
        if (!s->cpus[i] || cpu_is_bsp(s->cpus[i])) {
            slot->flags = 0;
        } else if (slot->flags & FLAG_EJECTED) {
            machine_request_removal(machine_of(s->owner), &s->cpus[i]->device);
        }
    }
    return true;
}
