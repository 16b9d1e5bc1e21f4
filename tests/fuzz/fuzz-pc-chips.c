/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the chips of a PC, hw/pci-host, hw/isa/piix3.c and hw/acpi.  Four
 * bytes are a step: an access to configuration space, to the chips' ports or to
 * memory that they steer, time that passes, the power button, a device or a memory
 * module that is plugged or asked to unplug, a reset.
 */
#include "config.h"

#include "hw/machine/power.h"
#include "qom/qapi-objects-object.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/pc-chips.h"

#define MS G_GINT64_CONSTANT(1000000)

static const guint16 ports[] = {
    0xcf8, 0xcf9, 0xcfc, 0xb2, 0xb3, 0x600, 0x602, 0x604, 0x608, 0x60e, 0x620, 0x628, 0x634,
    0xae00, 0xae04, 0xae08, 0xae0c, 0xae10, 0xae14, 0xafe0, 0xafe2, 0xb100, 0xb102, 0xb107,
    0xa00, 0xa04, 0xa08, 0xa0c, 0xa10, 0xa14, 0xa15,
};
static const guint8 functions[] = { PC_CHIPS_HOST, PC_CHIPS_PIIX3, PC_CHIPS_PM, 0x28 };
static const guint8 sizes[] = { 1, 2, 4, 1 };

static bool is_hot(const Env *env)
{
    return true;
}

/* A testing device in slot 5: the first time it is plugged, then it is to go. */
static void plug(PcChips *chips)
{
    Object *obj = object_child(object_container(&chips->rig->machine->object, "peripheral"), "d");
    const BusOps *ops = object_kind(chips->pci);

    if (obj) {
        ops->unplug_request(chips->pci, to_device(obj), NULL);
    } else {
        rig_device(chips->rig, "pci-testdev", "d", NULL, "addr", "5", NULL);
    }
}

/* A memory module, likewise. */
static void plug_module(PcChips *chips)
{
    Object *obj = object_child(object_container(&chips->rig->machine->object, "peripheral"), "m");

    if (obj) {
        device_unplug_request(to_device(obj), NULL);
    } else {
        rig_device(chips->rig, "pc-dimm", "m", NULL, "memdev", "module", NULL);
    }
}

static void memory(PcChips *chips, const guint8 *step)
{
    guint64 addr = 0xa0000 + (guint64)step[1] * 0x600 + step[2];

    if (step[0] & 1) {
        address_space_write(chips->rig->memory, addr, step[3], 1 << step[0] / 2 % 4);
    } else {
        address_space_read(chips->rig->memory, addr, 1 << step[0] / 2 % 4);
    }
}

static void other(PcChips *chips, const guint8 *step)
{
    Rig *rig = chips->rig;

    switch (step[1] % 6) {
    case 0:
        clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) +
                      step[2] * step[3] * MS);
        break;
    case 1:
        machine_press_power_button(rig->machine);
        break;
    case 2:
        plug(chips);
        break;
    case 3:
        rig_deliver(rig);
        break;
    case 5:
        plug_module(chips);
        break;
    default:
        rig_reset(rig);
    }
}

static void run_step(PcChips *chips, const guint8 *step)
{
    guint size = sizes[step[0] >> 3 & 3];
    guint32 value = step[2] | step[3] << 8 | (guint32)step[3] << 24;

    switch (step[0] & 7) {
    case 0:
    case 1:
        pc_chips_write(chips, functions[step[0] >> 5 & 3], step[1], value, size);
        break;
    case 2:
        pc_chips_read(chips, functions[step[0] >> 5 & 3], step[1], size);
        break;
    case 3:
    case 4:
        rig_out(chips->rig, ports[step[1] % G_N_ELEMENTS(ports)], value, size);
        break;
    case 5:
        rig_in(chips->rig, ports[step[1] % G_N_ELEMENTS(ports)], size);
        break;
    case 6:
        memory(chips, step);
        break;
    default:
        other(chips, step);
    }
}

/* The line is what the registers say. */
static void check(PcChips *chips)
{
    guint32 event, gpe;

    pc_chips_write(chips, PC_CHIPS_PM, 0x40, 0x601, 4);
    pc_chips_write(chips, PC_CHIPS_PM, 0x80, 1, 1);
    pc_chips_write(chips, PC_CHIPS_PM, 0xd2, 0, 1);     /* no interrupts of SMBus */
    event = rig_in(chips->rig, 0x600, 4);
    gpe = rig_in(chips->rig, 0xafe0, 4);
    g_assert_cmpint(irq_level(gpio(&chips->pm->object, "sci", 0)), ==,
                    (rig_in(chips->rig, 0x604, 2) & 1) &&
                    ((event & event >> 16 & 0x521) || (gpe & gpe >> 16)));
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PIIX3, 0, 4), ==, 0x70008086);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(PcChips) chips = pc_chips_new_slots(2);

    rig_object(chips->rig, "memory-backend-ram", "module", NULL, "size", "2M", NULL);
    chips->rig->machine->started = true;
    chips->rig->env.hot = is_hot;
    for (gsize i = 0; i + 4 <= size; i += 4) {
        run_step(chips, data + i);
    }
    check(chips);
    rig_deliver(chips->rig);
    return 0;
}
