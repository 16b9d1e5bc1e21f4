/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/acpi/acpi-tables.c and acpi-named.c: every table, judged by iasl, and both
 * ways to the guest.
 */
#include "config.h"

#include <string.h>

#include "hw/acpi/acpi-numa.h"
#include "hw/acpi/aml.h"
#include "qmp/bytes.h"
#include "tests/lib/acpi-check.h"

enum { ADDRESS = 0x7ff0000 };

static const AcpiOem oem = { .id = "VMD", .table_id = "TEST" };
static const AcpiCpu cpus[] = { { 0, 0, false }, { 1, 0, true }, { 254, 1, false },
                                { 255, 1, false }, { 0x12345, 1, true } };
static const AcpiMemory memory[] = {
    { .base = 0, .size = 0x80000000 },
    { .base = G_GUINT64_CONSTANT(1) << 32, .size = 4096, .node = 1 },
};
static const AcpiOverride overrides[] = { { 0, 2, ACPI_IRQ_AS_BUS }, { 9, 9, ACPI_IRQ_LEVEL_HIGH } };

static guint32 dsdt(AcpiTables *tables)
{
    guint32 start = acpi_table_begin(tables, "DSDT", 1);
    g_autoptr(Aml) aml = aml_new(tables->block);

    aml_scope(aml, "\\");
    aml_name_int(aml, "TEST", 0x1234);
    aml_end(aml);
    acpi_table_end(tables, start);
    return start;
}

/* Two nodes, of which the first has CPUs. */
static AcpiHmat *hmat(void)
{
    static const guint32 nearest[] = { 0, ACPI_NO_INITIATOR }, initiator = 0;
    static const guint16 values[] = { 7, 0xfffe };
    const AcpiSpeeds speeds = {
        .level = 1, .type = 5, .unit = 0x123456789, .values = g_memdup2(values, sizeof(values)),
    };
    static const AcpiSideCache cache = {
        .node = 1, .n_levels = 1, .level = 1, .associativity = 2, .policy = 1, .line = 0x1234,
        .size = G_GUINT64_CONSTANT(0x123456789ab),
    };
    AcpiHmat *hmat = acpi_hmat_new();

    g_array_append_vals(hmat->nearest, nearest, 2);
    g_array_append_vals(hmat->initiators, &initiator, 1);
    g_array_append_val(hmat->speeds, speeds);
    g_array_append_val(hmat->caches, cache);
    return hmat;
}

static AcpiNuma *nodes(void)
{
    static const guint8 distances[] = { 10, 20, 30, 10 };
    AcpiNuma *numa = acpi_numa_new();

    g_array_append_vals(numa->memory, memory, G_N_ELEMENTS(memory));
    numa->n_nodes = 2;
    numa->distances = g_memdup2(distances, sizeof(distances));
    numa->hmat = hmat();
    return numa;
}

static AcpiTables *all_tables(guint8 fadt_revision, guint8 rsdp_revision)
{
    AcpiTables *tables = acpi_tables_new(&oem);
    const AcpiFadt fadt = {
        .revision = fadt_revision, .sci = 9, .smi_port = 0xb2, .acpi_enable = 0xf1,
        .acpi_disable = 0xf0, .pm1_event = 0x600, .pm1_control = 0x604, .pm_timer = 0x608,
        .gpe0 = 0xafe0, .gpe0_length = 4, .century = 0x32, .reset_port = 0xcf9, .reset_value = 6,
        .has_8042 = true,
    };
    const AcpiMadt madt = {
        .cpus = cpus, .n_cpus = G_N_ELEMENTS(cpus), .pics = true, .lapic_address = 0xfee00000,
        .ioapic_address = 0xfec00000, .overrides = overrides,
        .n_overrides = G_N_ELEMENTS(overrides),
    };
    guint32 facs = acpi_facs(tables), code = dsdt(tables);
    g_autoptr(AcpiNuma) numa = nodes();
    guint32 entries[4 + ACPI_NUMA_MAX_TABLES];
    guint n = 0;

    entries[n++] = acpi_fadt(tables, &fadt, facs, code);
    entries[n++] = acpi_madt(tables, &madt);
    entries[n++] = acpi_hpet(tables, 0x8086a201, 0xfed00000);
    n += acpi_numa_tables(tables, numa, cpus, G_N_ELEMENTS(cpus), entries + n);
    entries[n++] = acpi_waet(tables);
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(entries));
    acpi_rsdt(tables, entries, n);
    if (rsdp_revision >= 2) {
        acpi_xsdt(tables, entries, n);
    }
    acpi_rsdp(tables, rsdp_revision);
    return tables;
}

static void assert_has(const char *text, const char *what)
{
    if (*text && !strstr(text, what)) {
        g_error("the tables have no \"%s\"", what);
    }
}

static void test_revision_1(void)
{
    g_autoptr(AcpiTables) tables = all_tables(1, 0);
    g_autofree char *text = acpi_check(tables, ADDRESS);
    const guint8 *fadt = acpi_check_find(tables, ADDRESS, "FACP");
    const guint8 *madt = acpi_check_find(tables, ADDRESS, "APIC");

    g_assert_cmpuint(get_le32(fadt + 4), ==, 116);
    g_assert_cmpuint(tables->rsdp->len, ==, 20);
    g_assert_cmphex(get_le32(fadt + 112), ==, 0x80a5);
    g_assert_cmphex(get_le32(fadt + 36) % 64, ==, 0);
    assert_has(text, "Oem ID : \"VMD   \"");
    assert_has(text, "SCI Interrupt : 0009");
    assert_has(text, "Name (TEST, 0x1234)");
    assert_has(text, "Local Apic Address : FEE00000");
    assert_has(text, "Processor x2Apic ID : 000000FF");
    assert_has(text, "Processor x2Apic ID : 00012345");
    assert_has(text, "Local Apic ID : FE");
    g_assert_cmphex(get_le32(madt + 44 + 4), ==, 1);
    g_assert_cmphex(get_le32(madt + 44 + 8 + 4), ==, 0);        /* an empty place */
    g_assert_cmphex(get_le32(madt + 44 + 3 * 8 + 8), ==, 1);
    g_assert_cmphex(get_le32(madt + 44 + 3 * 8 + 16 + 8), ==, 0);
    assert_has(text, "Hardware Block ID : 8086A201");
}

static void test_revision_3(void)
{
    g_autoptr(AcpiTables) tables = all_tables(3, 2);
    g_autofree char *text = acpi_check(tables, ADDRESS);
    const guint8 *fadt = acpi_check_find(tables, ADDRESS, "FACP");

    g_assert_cmpuint(get_le32(fadt + 4), ==, 244);
    g_assert_cmpuint(tables->rsdp->len, ==, 36);
    g_assert_cmphex(get_le64(fadt + 140), ==, get_le32(fadt + 40));
    assert_has(text, "Reset Register Supported (V2) : 1");
    assert_has(text, "Value to cause reset : 06");
    assert_has(text, "8042 Present on ports 60/64 (V2) : 1");
}

static void test_nodes(void)
{
    g_autoptr(AcpiTables) tables = all_tables(1, 0);
    g_autofree char *text = acpi_check(tables, ADDRESS);
    const guint8 *slit = acpi_check_find(tables, ADDRESS, "SLIT");
    const guint8 *hmat_table = acpi_check_find(tables, ADDRESS, "HMAT");

    g_assert_cmpuint(get_le64(slit + 36), ==, 2);
    g_assert_cmpmem(slit + 44, 4, "\x0a\x14\x1e\x0a", 4);
    g_assert_cmpuint(get_le32(hmat_table + 4), ==, 36 + 4 + 2 * 40 + 48 + 32);
    assert_has(text, "Localities : 0000000000000002");
    assert_has(text, "Processor Proximity Domain Valid : 1");
    assert_has(text, "Processor Proximity Domain Valid : 0");
    assert_has(text, "Memory Hierarchy : 1");
    assert_has(text, "Data Type : 05");
    assert_has(text, "Entry Base Unit : 0000000123456789");
    assert_has(text, "Entry : 0007");
    assert_has(text, "Entry : FFFE");
    assert_has(text, "Memory Side Cache Size : 00000123456789AB");
    assert_has(text, "Cache Attributes (decoded below) : 12341211");
}

/* Does what firmware does with the script, and compares with acpi_relocate(). */
static void run_script(const GByteArray *script, GByteArray *block, GByteArray *rsdp)
{
    for (guint i = 0; i < script->len; i += 128) {
        const guint8 *c = script->data + i;
        bool in_rsdp = g_str_equal(c + 4, ACPI_FILE_RSDP);
        guint8 *file = in_rsdp ? rsdp->data : block->data;

        g_assert_true(in_rsdp || g_str_equal(c + 4, ACPI_FILE_TABLES));
        switch (get_le32(c)) {
        case 1:
            g_assert_cmpuint(c[64], ==, in_rsdp ? 2 : 1);
            g_assert_cmpuint(get_le32(c + 60), ==, in_rsdp ? 16 : 64);
            break;
        case 2: {
            guint8 *field = file + get_le32(c + 116);

            g_assert_cmpstr((const char *)c + 60, ==, ACPI_FILE_TABLES);
            if (c[120] == 8) {
                put_le(field, get_le64(field) + ADDRESS, 8);
            } else {
                g_assert_cmpuint(c[120], ==, 4);
                put_le(field, get_le32(field) + ADDRESS, 4);
            }
            break;
        }
        case 3: {
            guint8 sum = 0;

            for (guint32 j = 0; j < get_le32(c + 68); j++) {
                sum += file[get_le32(c + 64) + j];
            }
            file[get_le32(c + 60)] -= sum;
            break;
        }
        default:
            g_error("command %u", get_le32(c));
        }
    }
}

static void test_loader_script(void)
{
    g_autoptr(AcpiTables) one = all_tables(3, 2), other = all_tables(3, 2);
    g_autoptr(GByteArray) script = acpi_loader_script(one);

    g_assert_cmpuint(script->len % 128, ==, 0);
    run_script(script, one->block, one->rsdp);
    acpi_relocate(other, ADDRESS);
    g_assert_cmpmem(one->block->data, one->block->len, other->block->data, other->block->len);
    g_assert_cmpmem(one->rsdp->data, one->rsdp->len, other->rsdp->data, other->rsdp->len);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-tables/revision-1", test_revision_1);
    g_test_add_func("/acpi-tables/revision-3", test_revision_3);
    g_test_add_func("/acpi-tables/nodes", test_nodes);
    g_test_add_func("/acpi-tables/loader-script", test_loader_script);
    return g_test_run();
}
