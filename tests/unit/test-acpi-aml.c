/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/acpi/aml.c, aml-resource.c: bytes by the specification's grammar; what iasl
 * makes of whole tables is in test-acpi-tables.c.
 */
#include "config.h"

#include <string.h>

#include "hw/acpi/aml.h"

#define assert_aml(aml_, ...) assert_bytes(aml_, (const guint8[]){ __VA_ARGS__ }, \
                                           sizeof((const guint8[]){ __VA_ARGS__ }))

static GByteArray *out;

static Aml *fresh(void)
{
    out = g_byte_array_new();
    return aml_new(out);
}

static void assert_bytes(Aml *aml, const guint8 *bytes, gsize n)
{
    g_assert_cmpmem(out->data, out->len, bytes, n);
    aml_free(aml);
    g_byte_array_unref(out);
}

static void test_integers(void)
{
    Aml *aml = fresh();

    aml_int(aml, 0);
    aml_int(aml, 1);
    aml_int(aml, 2);
    aml_int(aml, 0xff);
    aml_int(aml, 0x100);
    aml_int(aml, 0xffff);
    aml_int(aml, 0x10000);
    aml_int(aml, G_GUINT64_CONSTANT(0x100000000));
    assert_aml(aml, 0x00, 0x01, 0x0a, 0x02, 0x0a, 0xff, 0x0b, 0x00, 0x01, 0x0b, 0xff, 0xff, 0x0c,
               0x00, 0x00, 0x01, 0x00, 0x0e, 0, 0, 0, 0, 1, 0, 0, 0);
}

static void test_paths(void)
{
    Aml *aml = fresh();

    aml_path(aml, "\\");
    aml_path(aml, "A");
    aml_path(aml, "^^ABCD");
    aml_path(aml, "\\_SB.PCI0");
    aml_path(aml, "A.B.C");
    assert_aml(aml, '\\', 0, 'A', '_', '_', '_', '^', '^', 'A', 'B', 'C', 'D', '\\', 0x2e, '_',
               'S', 'B', '_', 'P', 'C', 'I', '0', 0x2f, 3, 'A', '_', '_', '_', 'B', '_', '_', '_',
               'C', '_', '_', '_');
}

static void test_values(void)
{
    Aml *aml = fresh();

    aml_name_eisaid(aml, "_HID", "PNP0A03");
    aml_name_string(aml, "_UID", "x");
    aml_uuid(aml, "00112233-4455-6677-8899-aabbccddeeff");
    aml_arg(aml, 6);
    aml_local(aml, 7);
    assert_aml(aml, 0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x0a, 0x03, 0x08, '_', 'U', 'I',
               'D', 0x0d, 'x', 0, 0x11, 0x13, 0x0a, 0x10, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77,
               0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x6e, 0x67);
}

/* Length of a body of n bytes in a scope "A___", of which 4 are the name. */
static void assert_length(guint n, guint n_length, guint8 first, guint8 second)
{
    Aml *aml = fresh();

    aml_scope(aml, "A");
    for (guint i = 4; i < n; i++) {
        aml_raw(aml, 0xa3, 1);
    }
    aml_end(aml);
    g_assert_cmpuint(out->len, ==, 1 + n_length + n);
    g_assert_cmphex(out->data[1], ==, first);
    if (n_length > 1) {
        g_assert_cmphex(out->data[2], ==, second);
    }
    g_assert_cmpint(out->data[1 + n_length], ==, 'A');
    aml_free(aml);
    g_byte_array_unref(out);
}

static void test_lengths(void)
{
    assert_length(4, 1, 5, 0);
    assert_length(62, 1, 63, 0);
    assert_length(63, 2, 0x41, 0x04);
    assert_length(0xffd, 2, 0x4f, 0xff);
    assert_length(0xffe, 3, 0x81, 0x00);
    assert_length(0xffffc, 3, 0x8f, 0xff);
    assert_length(0xffffd, 4, 0xc1, 0x00);
}

static void test_bodies(void)
{
    Aml *aml = fresh();

    aml_device(aml, "D");
    aml_method(aml, "M", 2, true);
    aml_if(aml);
    aml_op(aml, AML_LEQUAL);
    aml_arg(aml, 0);
    aml_int(aml, 1);
    aml_op(aml, AML_RETURN);
    aml_int(aml, 0);
    aml_end(aml);
    aml_end(aml);
    aml_end(aml);
    assert_aml(aml, 0x5b, 0x82, 0x13, 'D', '_', '_', '_', 0x14, 0x0d, 'M', '_', '_', '_', 0x0a,
               0xa0, 0x06, 0x93, 0x68, 0x01, 0xa4, 0x00);
}

static void test_fields(void)
{
    Aml *aml = fresh();

    aml_region(aml, "R", AML_SYSTEM_IO, 0xae00, 8);
    aml_field(aml, "R", AML_ACCESS_DWORD, AML_WRITE_AS_ZEROS);
    aml_field_unit(aml, "A", 8);
    aml_field_unit(aml, "B", 64);
    aml_end(aml);
    aml_mutex(aml, "X");
    aml_acquire(aml, "X");
    aml_release(aml, "X");
    assert_aml(aml, 0x5b, 0x80, 'R', '_', '_', '_', 1, 0x0b, 0x00, 0xae, 0x0a, 8, 0x5b, 0x81, 0x11,
               'R', '_', '_', '_', 0x43, 'A', '_', '_', '_', 8, 'B', '_', '_', '_', 0x40, 0x04,
               0x5b, 0x01, 'X', '_', '_', '_', 0, 0x5b, 0x23, 'X', '_', '_', '_', 0xff, 0xff, 0x5b,
               0x27, 'X', '_', '_', '_');
}

static void test_small_resources(void)
{
    Aml *aml = fresh();

    aml_resources(aml);
    aml_io(aml, 0x3f8, 8);
    aml_irq_noflags(aml, 4);
    aml_dma(aml, 1 << 2);
    aml_end(aml);
    assert_aml(aml, 0x11, 0x13, 0x0a, 0x10, 0x47, 1, 0xf8, 0x03, 0xf8, 0x03, 1, 8, 0x22, 0x10, 0,
               0x2a, 4, 0, 0x79, 0);
}

static void test_large_resources(void)
{
    const guint32 irqs[] = { 5, 10 };
    Aml *aml = fresh();

    aml_resources(aml);
    aml_memory32(aml, 0xfed00000, 0x400, false);
    aml_interrupts(aml, irqs, 2);
    aml_word_bus(aml, 0, 0xff);
    aml_end(aml);
    assert_aml(aml, 0x11, 0x2e, 0x0a, 0x2b, 0x86, 9, 0, 0, 0, 0, 0xd0, 0xfe, 0, 4, 0, 0, 0x89, 10,
               0, 0x09, 2, 5, 0, 0, 0, 10, 0, 0, 0, 0x88, 13, 0, 2, 0x0c, 0, 0, 0, 0, 0, 0xff, 0,
               0, 0, 0, 1, 0x79, 0);
    aml = fresh();
    aml_qword_memory(aml, G_GUINT64_CONSTANT(0x100000000), G_GUINT64_CONSTANT(0x1ffffffff), true);
    assert_aml(aml, 0x8a, 43, 0, 0, 0x0c, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xff,
               0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-aml/integers", test_integers);
    g_test_add_func("/acpi-aml/paths", test_paths);
    g_test_add_func("/acpi-aml/values", test_values);
    g_test_add_func("/acpi-aml/lengths", test_lengths);
    g_test_add_func("/acpi-aml/bodies", test_bodies);
    g_test_add_func("/acpi-aml/fields", test_fields);
    g_test_add_func("/acpi-aml/small-resources", test_small_resources);
    g_test_add_func("/acpi-aml/large-resources", test_large_resources);
    return g_test_run();
}
