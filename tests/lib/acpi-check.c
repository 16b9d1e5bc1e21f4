/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/lib/acpi-check.h.
 */
#include "config.h"
#include "tests/lib/acpi-check.h"

#include <string.h>

#include "qmp/bytes.h"
#include "tests/lib/outside.h"

static guint8 sum_of(const guint8 *data, gsize length)
{
    guint8 sum = 0;

    for (gsize i = 0; i < length; i++) {
        sum += data[i];
    }
    return sum;
}

/* What an address that stands in the tables points to. */
static const guint8 *at(const AcpiTables *tables, guint32 base, guint64 address)
{
    g_assert_cmphex(address, >=, base);
    g_assert_cmphex(address, <=, base + tables->block->len - 36);
    return tables->block->data + (address - base);
}

static void check_header(const AcpiTables *tables, const guint8 *table)
{
    guint32 length = get_le32(table + 4);

    g_assert_cmpuint(length, <=, tables->block->data + tables->block->len - table);
    if (memcmp(table, "FACS", 4)) {
        g_assert_cmphex(sum_of(table, length), ==, 0);
    }
}

/* All tables but the roots: of the RSDT, and FACS and DSDT of the FADT. */
static GPtrArray *collect(const AcpiTables *tables, guint32 base)
{
    const guint8 *rsdp = tables->rsdp->data, *rsdt;
    GPtrArray *found = g_ptr_array_new();

    g_assert_cmpmem(rsdp, 8, "RSD PTR ", 8);
    g_assert_cmphex(sum_of(rsdp, 20), ==, 0);
    rsdt = at(tables, base, get_le32(rsdp + 16));
    check_header(tables, rsdt);
    for (guint32 i = 36; i < get_le32(rsdt + 4); i += 4) {
        const guint8 *table = at(tables, base, get_le32(rsdt + i));

        check_header(tables, table);
        g_ptr_array_add(found, (gpointer)table);
        if (!memcmp(table, "FACP", 4)) {
            g_ptr_array_add(found, (gpointer)at(tables, base, get_le32(table + 36)));
            g_ptr_array_add(found, (gpointer)at(tables, base, get_le32(table + 40)));
        }
    }
    return found;
}

static void check_root_2(const AcpiTables *tables, guint32 base)
{
    const guint8 *rsdp = tables->rsdp->data, *xsdt, *rsdt;
    guint32 n;

    g_assert_cmphex(sum_of(rsdp, 36), ==, 0);
    xsdt = at(tables, base, get_le64(rsdp + 24));
    rsdt = at(tables, base, get_le32(rsdp + 16));
    check_header(tables, xsdt);
    n = (get_le32(xsdt + 4) - 36) / 8;
    g_assert_cmpuint(n, ==, (get_le32(rsdt + 4) - 36) / 4);
    for (guint i = 0; i < n; i++) {
        g_assert_cmphex(get_le64(xsdt + 36 + i * 8), ==, get_le32(rsdt + 36 + i * 4));
    }
}

/* One table to and fro; returns its source. */
static char *recompile(const char *folder, const guint8 *table)
{
    g_autofree char *name = g_strndup((const char *)table, 4);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_autofree char *data = g_strconcat(lower, ".dat", NULL);
    g_autofree char *source = g_strconcat(folder, "/", lower, ".dsl", NULL);
    g_autofree char *disassemble = g_strconcat("iasl -p ", lower, " -d ", data, NULL);
    g_autofree char *compile = g_strconcat("iasl -we -p again ", lower, ".dsl", NULL);
    g_autofree char *output = NULL, *second = NULL;
    char *text = NULL;

    outside_write(folder, data, table, get_le32(table + 4));
    output = outside_run(folder, disassemble);
    g_assert_null(strstr(output, "Error"));
    g_assert_null(strstr(output, "Warning"));
    second = outside_run(folder, compile);
    g_assert_null(strstr(second, "Warning "));
    g_assert_true(g_file_get_contents(source, &text, NULL, NULL));
    return text;
}

char *acpi_check(AcpiTables *tables, guint32 address)
{
    g_autofree char *folder = NULL;
    g_autoptr(GPtrArray) found = NULL;
    GString *all = g_string_new(NULL);

    acpi_relocate(tables, address);
    found = collect(tables, address);
    if (tables->rsdp->data[15] >= 2) {
        check_root_2(tables, address);
    }
    if (!outside_have("iasl")) {
        return g_string_free(all, false);
    }
    folder = outside_folder();
    for (guint i = 0; i < found->len; i++) {
        g_autofree char *text = recompile(folder, found->pdata[i]);

        g_string_append(all, text);
    }
    outside_remove(folder);
    return g_string_free(all, false);
}

const guint8 *acpi_check_find(const AcpiTables *tables, guint32 address, const char *signature)
{
    g_autoptr(GPtrArray) found = collect(tables, address);

    for (guint i = 0; i < found->len; i++) {
        if (!memcmp(found->pdata[i], signature, 4)) {
            return found->pdata[i];
        }
    }
    return NULL;
}

char *acpi_execute(const AcpiTables *tables, guint32 address, const char *commands)
{
    const guint8 *dsdt = acpi_check_find(tables, address, "DSDT");
    const char *const argv[] = { "acpiexec", "-b", commands, "dsdt.dat", NULL };
    g_autofree char *folder = NULL;
    char *output;

    if (!outside_have("acpiexec")) {
        return NULL;
    }
    folder = outside_folder();
    outside_write(folder, "dsdt.dat", dsdt, get_le32(dsdt + 4));
    output = outside_run_argv(folder, argv);
    outside_remove(folder);
    return output;
}
