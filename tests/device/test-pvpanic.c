/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/misc/pvpanic.c: the value that the port reads as, and the actions that
 * writes to it request.
 */
#include "config.h"

#include "tests/lib/rig.h"

static void pvpanic_new(Rig *rig, const char *id, const char *ioport, const char *events)
{
    g_autoptr(GError) error = NULL;

    rig_device(rig, "pvpanic", id, &error, "ioport", ioport, "events", events, NULL);
    g_assert_no_error(error);
}

static void say(Rig *rig, guint16 port, guint8 value, guint panics, guint crashes)
{
    rig->panics = rig->crashes = 0;
    rig_out(rig, port, value, 1);
    rig_deliver(rig);
    g_assert_cmpuint(rig->panics, ==, panics);
    g_assert_cmpuint(rig->crashes, ==, crashes);
}

static void test_defaults(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "pvpanic", "p", &error, NULL);
    g_assert_no_error(error);
    g_assert_cmphex(rig_in(rig, 0x505, 1), ==, 3);
    say(rig, 0x505, 1, 1, 0);
    say(rig, 0x505, 2, 0, 1);
    say(rig, 0x505, 3, 1, 0);           /* a panic outweighs */
    say(rig, 0x505, 0xfc, 0, 0);
    say(rig, 0x505, 0, 0, 0);
    rig_out(rig, 0x505, 2, 1);          /* said again before anybody heard it: once */
    say(rig, 0x505, 2, 0, 1);
    g_assert_cmphex(rig_in(rig, 0x505, 1), ==, 3);
}

/* Two of them, which take one event each. */
static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();

    pvpanic_new(rig, "a", "0x505", "1");
    pvpanic_new(rig, "b", "0x606", "2");
    g_assert_cmphex(rig_in(rig, 0x505, 1), ==, 1);
    g_assert_cmphex(rig_in(rig, 0x606, 1), ==, 2);
    say(rig, 0x505, 2, 0, 0);
    say(rig, 0x606, 1, 0, 0);
    say(rig, 0x505, 3, 1, 0);
    say(rig, 0x606, 3, 0, 1);
}

#define CASE(name) { "/pvpanic/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(defaults), CASE(two),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
