/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/timer/kvm-pit.c: it lets the accelerator create its timer, and lets an
 * HPET switch that timer's interrupt off.
 */
#include "config.h"

#include "tests/lib/rig.h"

static void test_switch(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *pit = rig_device(rig, "kvm-pit", "pit", &error, NULL);
    Irq *line = gpio(&pit->object, "unnamed-gpio-in", 0);

    g_assert_no_error(error);
    g_assert_true(rig->accel->pit);
    irq_set(line, true);
    g_assert_false(rig->accel->pit_off);
    irq_set(line, false);
    g_assert_true(rig->accel->pit_off);
    irq_set(line, true);
    g_assert_false(rig->accel->pit_off);
}

/* In legacy replacement mode the HPET makes the ticks. */
static void test_hpet(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *pit = rig_device(rig, "kvm-pit", "pit", &error, NULL);
    Device *hpet = rig_device(rig, "hpet", "hpet", &error, NULL);

    g_assert_no_error(error);
    irq_connect(gpio(&hpet->object, "unnamed-gpio-out", 0),
                gpio(&pit->object, "unnamed-gpio-in", 0), false);
    rig_reset(rig);
    g_assert_false(rig->accel->pit_off);
    address_space_write(rig->memory, 0xfed00010, 3, 4);
    g_assert_true(rig->accel->pit_off);
    rig_reset(rig);
    g_assert_false(rig->accel->pit_off);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kvm-pit/switch", test_switch);
    g_test_add_func("/kvm-pit/hpet", test_hpet);
    return g_test_run();
}
