/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/misc/pc-testdev.c: ports of each access size, interrupt lines, and the
 * page of memory.
 */
#include "config.h"

#include "qmp/error.h"
#include "tests/lib/rig.h"

#define MEMORY 0xff000000u

static Device *make(Rig *rig, const char *id)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "pc-testdev", id, &error, NULL);

    g_assert_no_error(error);
    return dev;
}

/* The order and the results are those of the same accesses to QEMU 7.2's. */
static void test_ports(void)
{
    g_autoptr(Rig) rig = rig_new();

    make(rig, "t");
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0);
    rig_out(rig, 0xe0, 0x12345678, 4);
    g_assert_cmphex(rig_in(rig, 0xe0, 1), ==, 0x78);
    g_assert_cmphex(rig_in(rig, 0xe3, 1), ==, 0x12);
    g_assert_cmphex(rig_in(rig, 0xe1, 2), ==, 0x3456);
    g_assert_cmphex(rig_in(rig, 0xe8, 4), ==, 0x12345678);
    g_assert_cmphex(rig_in(rig, 0xe9, 2), ==, 0x3456);
    rig_out(rig, 0xe1, 0xaa, 1);
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0x1234aa78);
    rig_out(rig, 0xe1, 0xbbcc, 2);
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0x12bbcc78);
    rig_out(rig, 0xe8, 0xdeadbeef, 4);
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0xdeadbeef);
    rig_out(rig, 0xe9, 0x1122, 2);
    g_assert_cmphex(rig_in(rig, 0xe8, 4), ==, 0xde1122ef);
    g_assert_cmphex(rig_in(rig, 0xe2, 4), ==, 0xde11);
    g_assert_cmphex(rig_in(rig, 0xe4, 4), ==, 0);
    g_assert_cmphex(rig_in(rig, 0xec, 1), ==, 0xff);    /* not ours */
}

static void test_memory(void)
{
    g_autoptr(Rig) rig = rig_new();
    guint64 value = G_GUINT64_CONSTANT(0x1122334455667788);

    make(rig, "t");
    address_space_access(rig->memory, MEMORY, &value, 8, true);
    g_assert_cmphex(address_space_read(rig->memory, MEMORY, 8), ==, value);
    g_assert_cmphex(address_space_read(rig->memory, MEMORY + 2, 4), ==, 0x33445566);
    g_assert_cmphex(address_space_read(rig->memory, MEMORY + 7, 1), ==, 0x11);
    address_space_write(rig->memory, MEMORY + 0xfffc, 0xcafebabe, 4);
    g_assert_cmphex(address_space_read(rig->memory, MEMORY + 0xffff, 1), ==, 0xca);
    g_assert_cmphex(address_space_read(rig->memory, MEMORY + 0x10000, 1), ==, 0xff);
}

static void test_lines(void)
{
    g_autoptr(Rig) rig = rig_new();

    make(rig, "t");
    rig_out(rig, 0x2005, 1, 1);
    g_assert_true(rig_irq_level(rig, 5));
    rig_out(rig, 0x2005, 2, 1);
    g_assert_cmpuint(rig_irq_edges(rig, 5), ==, 1);
    rig_out(rig, 0x2009, 0x00010101, 4);
    g_assert_true(rig_irq_level(rig, 9) && rig_irq_level(rig, 11));
    g_assert_false(rig_irq_level(rig, 12));
    rig_out(rig, 0x2005, 0, 1);
    g_assert_false(rig_irq_level(rig, 5));
    g_assert_cmphex(rig_in(rig, 0x2009, 1), ==, 0);
    rig_out(rig, 0x2010, 1, 1);                         /* no such line */
    rig_out(rig, 0x2017, 0xff, 1);
    g_assert_cmphex(rig_in(rig, 0x2018, 1), ==, 0xff);  /* not ours */
    for (guint i = 0; i < ISA_N_IRQS; i++) {
        g_assert_cmpint(rig_irq_level(rig, i), ==, i >= 9 && i <= 11);
    }
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();

    make(rig, "t");
    rig_out(rig, 0xe0, 0x12345678, 4);
    address_space_write(rig->memory, MEMORY, 0x55, 1);
    rig_out(rig, 0x2003, 1, 1);
    rig_reset(rig);
    g_assert_false(rig_irq_level(rig, 3));
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0x12345678);
    g_assert_cmphex(address_space_read(rig->memory, MEMORY, 1), ==, 0x55);
}

/* A page of RAM, and what a guest may say otherwise. */
static void test_flush(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autofree guint8 *ram = g_malloc0(0x3000);
    MemoryRegion *mr = region_new_ram(rig->root, "ram", ram, 0x3000);

    make(rig, "t");
    region_add(address_space_root(rig->memory), 0x10000, mr, 0);
    rig_out(rig, 0xe4, 0x11234, 4);
    g_assert_cmpint(rig->accel->writes, ==, 1);
    g_assert_cmphex(rig->accel->written_gpa, ==, 0x11000);
    g_assert_cmphex(rig->accel->written_size, ==, 0x1000);
    rig_out(rig, 0xe4, 0x13000, 4);
    rig_out(rig, 0xe4, 0xffffffff, 4);
    rig_out(rig, 0xe4, 0x10, 1);
    rig_out(rig, 0xe6, 0x1010, 2);
    g_assert_cmpint(rig->accel->writes, ==, 1);
    region_remove(address_space_root(rig->memory), mr);
}

/* Its addresses are fixed, so that a machine has one; machines have their own. */
static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(Rig) other = rig_new();
    g_autoptr(GError) error = NULL;
    Device *first = make(rig, "a");

    make(other, "a");
    rig_out(rig, 0xe0, 1, 4);
    rig_out(rig, 0x2004, 1, 1);
    g_assert_cmphex(rig_in(other, 0xe0, 4), ==, 0);
    g_assert_false(rig_irq_level(other, 4));
    g_assert_null(rig_device(rig, "pc-testdev", "b", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    device_unmake(first);
    g_assert_false(rig_irq_level(rig, 4));
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0xffffffff);
    make(rig, "b");
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0);
}

/* A port of the last range is taken: the others are free again. */
static void test_undone(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *exit = rig_device(rig, "isa-debug-exit", "e", &error, "iobase", "0x2010", NULL);

    g_assert_no_error(error);
    g_assert_null(rig_device(rig, "pc-testdev", "t", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    g_assert_cmphex(rig_in(rig, 0xe0, 4), ==, 0xffffffff);
    device_unmake(exit);
    make(rig, "t");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pc-testdev/ports", test_ports);
    g_test_add_func("/pc-testdev/memory", test_memory);
    g_test_add_func("/pc-testdev/lines", test_lines);
    g_test_add_func("/pc-testdev/reset", test_reset);
    g_test_add_func("/pc-testdev/flush", test_flush);
    g_test_add_func("/pc-testdev/two", test_two);
    g_test_add_func("/pc-testdev/undone", test_undone);
    return g_test_run();
}
