/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services of a machine: by key, one for each machine, and gone with it; and the
 * power button, which is one of them.
 */
#include "config.h"
#include "hw/machine/service.h"

#include "hw/machine/machine-aio.h"
#include "hw/machine/power.h"
#include "tests/lib/rig.h"

typedef struct {
    GString *log;               /* the names of those that went */
    const char *name;
} Service;

static void service_free(Service *service)
{
    g_string_append(service->log, service->name);
}

MACHINE_SERVICE(first, Service, service_free)
MACHINE_SERVICE(second, Service, service_free)
MACHINE_SERVICE(borrowed, Service, NULL)

static void test_keys(void)
{
    g_autoptr(Rig) rig = rig_new(), other = rig_new();
    Service a = { .name = "a" }, b = { .name = "b" };

    g_assert_null(borrowed(rig->machine));
    set_borrowed(rig->machine, NULL);
    set_borrowed(rig->machine, &a);
    g_assert_true(borrowed(rig->machine) == &a);
    g_assert_null(first(rig->machine));
    g_assert_null(borrowed(other->machine));
    set_borrowed(other->machine, &b);
    g_assert_true(borrowed(rig->machine) == &a);
    set_borrowed(rig->machine, &b);
    g_assert_true(borrowed(rig->machine) == &b);
    set_borrowed(rig->machine, NULL);
    g_assert_null(borrowed(rig->machine));
    g_assert_true(borrowed(other->machine) == &b);
}

/* The last one first; what was replaced or taken away is its owner's. */
static void test_end(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    Service a = { log, "a" }, b = { log, "b" }, old = { log, "old" }, kept = { log, "kept" };
    Rig *rig = rig_new();

    set_first(rig->machine, &old);
    set_first(rig->machine, NULL);
    set_second(rig->machine, &old);
    g_assert_true(second(rig->machine) == &old);
    set_borrowed(rig->machine, &kept);
    set_first(rig->machine, &a);
    set_second(rig->machine, &b);
    g_assert_cmpstr(log->str, ==, "");
    rig_free(rig);
    g_assert_cmpstr(log->str, ==, "ba");
}

/* ---- The main loop's context ---- */

static void test_aio(void)
{
    g_autoptr(Rig) rig = rig_new(), other = rig_new();
    g_autoptr(GError) error = NULL;
    const QmpLink nothing = { 0 };
    AioContext *aio = machine_aio(rig->machine, NULL, &error);

    g_assert_no_error(error);
    g_assert_nonnull(aio);
    g_assert_true(aio_mine(aio));
    g_assert_true(machine_aio(rig->machine, &nothing, &error) == aio);
    g_assert_true(machine_aio(other->machine, NULL, &error) != aio);
}

/* ---- Power ---- */

typedef struct {
    MachinePower power;
    guint n_pressed, n_woken;
} Chip;

static void pressed(void *opaque)
{
    ((Chip *)opaque)->n_pressed++;
}

static bool can_sleep(void *opaque)
{
    return true;
}

static bool wakes(void *opaque, WakeReason reason)
{
    return reason == WAKE_REASON_RTC;
}

static void woken(void *opaque, WakeReason reason)
{
    ((Chip *)opaque)->n_woken++;
}

static void test_power(void)
{
    static const MachinePowerOps button = { .pressed = pressed };
    static const MachinePowerOps all = { pressed, can_sleep, wakes, woken };
    g_autoptr(Rig) rig = rig_new();
    Machine *machine = rig->machine;
    Chip one = { .power = { &all, &one } }, two = { .power = { &button, &two } };

    g_assert_false(machine_has_power_button(machine));
    machine_press_power_button(machine);
    g_assert_false(machine_can_sleep(machine));
    g_assert_false(machine_wakes(machine, WAKE_REASON_RTC));

    machine_add_power(machine, &one.power);
    machine_add_power(machine, &two.power);     /* the first stays */
    machine_press_power_button(machine);
    g_assert_cmpuint(one.n_pressed, ==, 1);
    g_assert_true(machine_can_sleep(machine));
    g_assert_true(machine_wakes(machine, WAKE_REASON_RTC));
    g_assert_false(machine_wakes(machine, WAKE_REASON_OTHER));
    machine_woken(machine, WAKE_REASON_RTC);
    g_assert_cmpuint(one.n_woken, ==, 1);

    machine_remove_power(machine, &two.power);  /* it was not the one */
    g_assert_true(machine_has_power_button(machine));
    machine_remove_power(machine, &one.power);
    g_assert_false(machine_has_power_button(machine));

    machine_add_power(machine, &two.power);
    g_assert_false(machine_can_sleep(machine));
    g_assert_false(machine_wakes(machine, WAKE_REASON_RTC));
    machine_woken(machine, WAKE_REASON_RTC);
    machine_press_power_button(machine);
    g_assert_cmpuint(two.n_pressed, ==, 1);
    g_assert_cmpuint(one.n_pressed, ==, 1);
    machine_remove_power(machine, &two.power);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/service/keys", test_keys);
    g_test_add_func("/service/end", test_end);
    g_test_add_func("/service/aio", test_aio);
    g_test_add_func("/service/power", test_power);
    return g_test_run();
}
