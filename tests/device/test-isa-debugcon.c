/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/char/isa-debugcon.c: its port, and two devices.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/char-ringbuf.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"
#include "tests/lib/rig.h"

static Chardev *ringbuf(Rig *rig, const char *id)
{
    g_autoptr(GError) error = NULL;
    Object *obj = rig_object(rig, "chardev-ringbuf", id, &error, NULL);

    g_assert_no_error(error);
    return to_chardev(obj);
}

static void assert_output(Chardev *chr, const char *text)
{
    char buf[100] = "";

    char_ringbuf_read(chr, (guint8 *)buf, sizeof(buf) - 1);
    g_assert_cmpstr(buf, ==, text);
}

static void put(Rig *rig, guint16 port, const char *text)
{
    for (; *text; text++) {
        rig_out(rig, port, *text, 1);
    }
}

static void test_write(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Chardev *chr = ringbuf(rig, "out");

    rig_device(rig, "isa-debugcon", "con", &error, "chardev", "out", NULL);
    g_assert_no_error(error);
    put(rig, 0xe9, "hello");
    assert_output(chr, "hello");
}

static void test_read(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "isa-debugcon", "a", &error, NULL);
    rig_device(rig, "isa-debugcon", "b", &error, "iobase", "0x402", "readback", "0x5a", NULL);
    g_assert_no_error(error);
    g_assert_cmphex(rig_in(rig, 0xe9, 1), ==, 0xe9);
    g_assert_cmphex(rig_in(rig, 0x402, 1), ==, 0x5a);
    put(rig, 0xe9, "lost");
}

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Chardev *out1 = ringbuf(rig, "out1"), *out2 = ringbuf(rig, "out2");
    Device *first;

    first = rig_device(rig, "isa-debugcon", "a", &error, "chardev", "out1", NULL);
    rig_device(rig, "isa-debugcon", "b", &error, "iobase", "0x402", "chardev", "out2", NULL);
    g_assert_no_error(error);
    put(rig, 0xe9, "one");
    put(rig, 0x402, "two");
    assert_output(out1, "one");
    assert_output(out2, "two");

    /* A chardev has one frontend, and is free again when that goes. */
    g_assert_null(rig_device(rig, "isa-debugcon", "c", &error, "iobase", "0x500", "chardev",
                             "out1", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    device_unmake(first);
    g_assert_null(out1->front);
    rig_device(rig, "isa-debugcon", "c", &error, "iobase", "0x500", "chardev", "out1", NULL);
    g_assert_no_error(error);
    put(rig, 0x500, "three");
    assert_output(out1, "three");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/isa-debugcon/write", test_write);
    g_test_add_func("/isa-debugcon/read", test_read);
    g_test_add_func("/isa-debugcon/two", test_two);
    return g_test_run();
}
