/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the registers of CPU hotplug, hw/acpi/acpi-cpu-hotplug.c.  Four bytes are a step: an
 * access to a register, a CPU that comes or is asked to go, the main loop that removes what the
 * guest has released, a reset, and state that is saved and loaded again, whole or damaged.
 */
#include "config.h"

#include "hw/acpi/acpi-cpu-hotplug.h"
#include "qmp/visit.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/pc-chips.h"

enum { BASE = 0xaf00, N_PLACES = 4 };

static const guint8 sizes[] = { 1, 4, 2, 1 };

static bool is_hot(const Env *env)
{
    return true;
}

static Device *cpu_of(PcChips *chips, guint number)
{
    g_autofree char *id = g_strdup_printf("cpu%u", number);

    return device_resolve(chips->rig->root, id, NULL);
}

/* It comes, and the next time it is to go. */
static void plug(PcChips *chips, guint number)
{
    g_autofree char *id = g_strdup_printf("cpu%u", number);
    g_autofree char *core = g_strdup_printf("%u", number);
    Device *dev = cpu_of(chips, number);

    if (dev) {
        device_unplug_request(dev, NULL);
    } else {
        g_assert_nonnull(pc_chips_add_cpu(chips, id, core, NULL));
    }
}

static void reload(PcChips *chips, const guint8 *step)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(device_save(chips->pm, state, &error));
    if (step[2]) {
        state->data[state->len - 1 - (step[2] | step[3] << 8) % state->len] ^= 1 << step[1] / 32;
        device_load(chips->pm, state->data, state->len, NULL);
    } else {
        g_assert_true(device_load(chips->pm, state->data, state->len, &error));
    }
}

static void query(PcChips *chips)
{
    ACPIOSTInfoList list = { 0 };

    acpi_cpu_hotplug_query(chips->rig->machine, &list);
    g_assert_true(list.n == 0 || list.n == N_PLACES);
    qmp_clear(&qmp_type_ACPIOSTInfoList, &list);
}

static void run_step(PcChips *chips, const guint8 *step)
{
    guint16 port = BASE + step[1] % 32;
    guint size = sizes[step[0] >> 3 & 3];
    guint32 value = step[2] | step[3] << 8 | (guint32)step[3] << 24;

    switch (step[0] & 7) {
    case 0:
    case 1:
        rig_out(chips->rig, port, value, size);
        break;
    case 2:
        rig_in(chips->rig, port, size);
        break;
    case 3:
        plug(chips, step[1] % N_PLACES);
        break;
    case 4:
        rig_deliver(chips->rig);
        break;
    case 5:
        rig_reset(chips->rig);
        break;
    case 6:
        reload(chips, step);
        break;
    default:
        query(chips);
    }
}

/* What the registers say is what there is, and the boot CPU is there. */
static void check(PcChips *chips)
{
    rig_deliver(chips->rig);
    rig_out(chips->rig, BASE, 0, 4);
    g_assert_nonnull(cpu_of(chips, 0));
    for (guint i = 0; i < N_PLACES; i++) {
        rig_out(chips->rig, BASE, i, 4);
        g_assert_cmpint(rig_in(chips->rig, BASE + 4, 1) & 1, ==, cpu_of(chips, i) != NULL);
        rig_out(chips->rig, BASE + 5, 3, 1);
        g_assert_cmpuint(rig_in(chips->rig, BASE + 8, 4), ==, i);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(PcChips) chips = pc_chips_new_places(0, N_PLACES);

    chips->rig->machine->started = true;
    chips->rig->env.hot = is_hot;
    for (gsize i = 0; i + 4 <= size; i += 4) {
        run_step(chips, data + i);
    }
    check(chips);
    return 0;
}
