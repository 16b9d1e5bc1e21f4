/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/watchdog/ib700.c: times, stopping, restarting, and that a bus takes only
 * one.
 */
#include "config.h"

#include "qmp/error.h"
#include "tests/lib/rig.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

enum { STOP = 0x441, START = 0x443 };

static Device *dog_new(Rig *rig)
{
    g_autoptr(GError) error = NULL;
    Device *dog = rig_device(rig, "ib700", "dog", &error, NULL);

    g_assert_no_error(error);
    return dog;
}

/* How often it expires until `to`. */
static guint expired(Rig *rig, gint64 to)
{
    rig->watchdogs = 0;
    clock_advance(rig->clock, to);
    rig_deliver(rig);
    return rig->watchdogs;
}

static void test_times(void)
{
    g_autoptr(Rig) rig = rig_new();
    gint64 now = 0;

    dog_new(rig);
    g_assert_cmpuint(expired(rig, now += 100 * SECOND), ==, 0);
    for (guint value = 0; value < 16; value++) {
        gint64 length = (30 - 2 * (gint64)value) * SECOND;

        rig_out(rig, START, value | 0xa0, 1);
        if (length) {
            g_assert_cmpuint(expired(rig, now + length - 1), ==, 0);
        }
        g_assert_cmpuint(expired(rig, now + length), ==, 1);
        now += length + 50 * SECOND;
        g_assert_cmpuint(expired(rig, now), ==, 0);     /* once */
    }
}

static void test_stop(void)
{
    g_autoptr(Rig) rig = rig_new();

    dog_new(rig);
    rig_out(rig, START, 14, 1);
    g_assert_cmpuint(expired(rig, SECOND), ==, 0);
    rig_out(rig, STOP, 0xff, 1);
    g_assert_cmpuint(expired(rig, 100 * SECOND), ==, 0);
}

/* A guest that is well never hears of it. */
static void test_again(void)
{
    g_autoptr(Rig) rig = rig_new();

    dog_new(rig);
    for (guint i = 0; i < 10; i++) {
        rig_out(rig, START, 14, 1);
        g_assert_cmpuint(expired(rig, (i + 1) * SECOND), ==, 0);
    }
    g_assert_cmpuint(expired(rig, 11 * SECOND - 1), ==, 0);
    g_assert_cmpuint(expired(rig, 11 * SECOND), ==, 1);
}

static void test_read(void)
{
    g_autoptr(Rig) rig = rig_new();

    dog_new(rig);
    rig_out(rig, START, 0, 1);
    g_assert_cmphex(rig_in(rig, STOP, 1), ==, 0xff);
    g_assert_cmphex(rig_in(rig, START, 1), ==, 0xff);
    g_assert_cmphex(rig_in(rig, STOP + 1, 1), ==, 0xff);
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();

    dog_new(rig);
    rig_out(rig, START, 14, 1);
    rig_reset(rig);
    g_assert_cmpuint(expired(rig, 100 * SECOND), ==, 0);
}

/* A guest that asks faster than it is answered asks once. */
static void test_flood(void)
{
    g_autoptr(Rig) rig = rig_new();

    dog_new(rig);
    for (gint64 i = 1; i <= 100; i++) {
        rig_out(rig, START, 15, 1);
        clock_advance(rig->clock, i);
    }
    rig_deliver(rig);
    g_assert_cmpuint(rig->watchdogs, ==, 1);
}

/* What is saved while it runs expires at its time in another machine, too. */
static void test_state(void)
{
    g_autoptr(Rig) from = rig_new();
    g_autoptr(Rig) to = rig_new();
    Device *source = dog_new(from), *target = dog_new(to);
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    rig_out(from, START, 13, 1);
    device_save(source, state, NULL);
    g_assert_true(device_load(target, state->data, state->len, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(expired(to, 4 * SECOND - 1), ==, 0);
    g_assert_cmpuint(expired(to, 4 * SECOND), ==, 1);
}

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(Rig) other = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dog = dog_new(rig);

    dog_new(other);
    g_assert_null(rig_device(rig, "ib700", "second", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    rig_out(rig, START, 15, 1);
    g_assert_cmpuint(expired(other, SECOND), ==, 0);
    g_assert_cmpuint(expired(rig, SECOND), ==, 1);
    rig_out(rig, START, 14, 1);
    device_unmake(dog);
    g_assert_cmpuint(expired(rig, 100 * SECOND), ==, 0);
    dog_new(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ib700/times", test_times);
    g_test_add_func("/ib700/stop", test_stop);
    g_test_add_func("/ib700/again", test_again);
    g_test_add_func("/ib700/read", test_read);
    g_test_add_func("/ib700/reset", test_reset);
    g_test_add_func("/ib700/flood", test_flood);
    g_test_add_func("/ib700/state", test_state);
    g_test_add_func("/ib700/two", test_two);
    return g_test_run();
}
