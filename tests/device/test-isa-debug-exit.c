/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/misc/isa-debug-exit.c: its ports, and two devices.
 */
#include "config.h"

#include "qmp/error.h"
#include "tests/lib/rig.h"

static void test_write(void)
{
    static const struct {
        guint32 value;
        guint size;
        int status;
    } cases[] = {
        { 0, 1, 1 }, { 0x10, 1, 0x21 }, { 0x7f, 1, 0xff }, { 0x80, 1, 0x01 },
        { 0x31, 2, 0x63 }, { 0x80000000u, 4, 0x01 },
    };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "isa-debug-exit", "exit", &error, "iobase", "0xf4", "iosize", "4", NULL);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        rig_out(rig, 0xf4, cases[i].value, cases[i].size);
        rig_deliver(rig);
        g_assert_cmpuint(rig->shutdowns, ==, i + 1);
        g_assert_cmpint(rig->cause, ==, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
        g_assert_cmpint(rig->status, ==, cases[i].status);
    }
}

static void test_read(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "isa-debug-exit", "exit", &error, NULL);
    g_assert_no_error(error);
    g_assert_cmphex(rig_in(rig, 0x501, 1), ==, 0x00);
    g_assert_cmphex(rig_in(rig, 0x502, 1), ==, 0x00);
    g_assert_cmphex(rig_in(rig, 0x503, 1), ==, 0xff);   /* not ours */
    rig_deliver(rig);
    g_assert_cmpuint(rig->shutdowns, ==, 0);
}

static void test_defaults(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "isa-debug-exit", "exit", &error, NULL);
    g_assert_no_error(error);
    rig_out(rig, 0x500, 5, 1);
    rig_out(rig, 0x503, 5, 1);
    rig_deliver(rig);
    g_assert_cmpuint(rig->shutdowns, ==, 0);
    rig_out(rig, 0x502, 5, 1);
    rig_deliver(rig);
    g_assert_cmpuint(rig->shutdowns, ==, 1);
    g_assert_cmpint(rig->status, ==, 11);
}

/* Two are independent, but cannot have the same port. */
static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *first;

    first = rig_device(rig, "isa-debug-exit", "a", &error, "iobase", "0xf4", NULL);
    rig_device(rig, "isa-debug-exit", "b", &error, "iobase", "0xf8", NULL);
    g_assert_no_error(error);
    g_assert_null(rig_device(rig, "isa-debug-exit", "c", &error, "iobase", "0xf5", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    g_clear_error(&error);

    device_unmake(first);
    rig_out(rig, 0xf4, 1, 1);
    rig_deliver(rig);
    g_assert_cmpuint(rig->shutdowns, ==, 0);
    rig_out(rig, 0xf8, 2, 1);
    rig_deliver(rig);
    g_assert_cmpint(rig->status, ==, 5);
    rig_device(rig, "isa-debug-exit", "c", &error, "iobase", "0xf5", NULL);
    g_assert_no_error(error);
}

static void test_bad_properties(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(rig, "isa-debug-exit", "a", &error, "iosize", "0", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
    g_clear_error(&error);
    g_assert_null(rig_device(rig, "isa-debug-exit", "a", &error, "iobase", "0xffff", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/isa-debug-exit/write", test_write);
    g_test_add_func("/isa-debug-exit/read", test_read);
    g_test_add_func("/isa-debug-exit/defaults", test_defaults);
    g_test_add_func("/isa-debug-exit/two", test_two);
    g_test_add_func("/isa-debug-exit/bad-properties", test_bad_properties);
    return g_test_run();
}
