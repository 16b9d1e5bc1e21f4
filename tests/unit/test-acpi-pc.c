/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/i386/acpi-build.c and its parts: tables of PCs, judged by iasl, and what
 * they say of a machine's objects.
 */
#include "config.h"

#include <string.h>

#include "hw/i386/acpi-build.h"
#include "qmp/bytes.h"
#include "qom/qapi-objects-firmware.h"
#include "tests/lib/acpi-check.h"
#include "tests/lib/rig.h"

enum { ADDRESS = 0x0ffe0000 };

/* Root bus with two bridges; behind the second one, which takes no hotplug
 * itself, there is one that does. */
static const AcpiPciBus behind_second[] = {
    { .devfn = 0x08, .number = 2, .fixed = 0 },
};
static const AcpiPciBus behind_root[] = {
    { .devfn = 0x18, .number = 1, .fixed = 1 << 4 },
    { .devfn = 0x20, .number = -1, .buses = behind_second, .n_buses = 1 },
};
static const AcpiPciBus root = {
    .number = 0, .fixed = 1 << 0 | 1 << 1 | 1 << 2, .buses = behind_root, .n_buses = 2,
};

static AcpiPcConfig usual(void)
{
    AcpiPcConfig config = {
        .oem = { .id = "BOCHS", .table_id = "BXPC" },
        .fadt_revision = 1,
        .pm_base = 0x600,
        .gpe0 = 0xafe0,
        .pics = true,
        .s3 = true,
        .s4 = true,
        .s4_value = 2,
        .hole32 = { 0x10000000, 0xeec00000 },
        .hotplug_base = 0xae00,
        .root = &root,
        .acpi_index = true,
        .cpus = g_array_new(false, false, sizeof(AcpiCpu)),
        .devices = {
            .isa = g_array_new(false, false, sizeof(AcpiIsaDevice)),
            .hpet = 0xfed00000, .has_8042 = true,
        },
    };
    const AcpiCpu cpus[] = { { .apic_id = 0 }, { .apic_id = 1, .node = 1 } };
    const AcpiIsaDevice isa[] = {
        { .name = "RTC0", .eisaid = "PNP0B00", .ports = { { 0x70, 2 } }, .irq = 8 },
        { .name = "KBD0", .eisaid = "PNP0303", .ports = { { 0x60, 1 }, { 0x64, 1 } }, .irq = 1 },
        { .name = "MOU0", .eisaid = "PNP0F13", .irq = 12 },
        { .name = "COM1", .eisaid = "PNP0501", .ports = { { 0x3f8, 8 } }, .irq = 4 },
        { .name = "COM1", .eisaid = "PNP0501", .ports = { { 0x2f8, 8 } }, .irq = 3 },
        { .name = "LPT1", .eisaid = "PNP0400", .ports = { { 0x378, 8 } }, .irq = 7 },
        { .name = "PEV0", .hid = "QEMU0001", .ports = { { 0x505, 1 } }, .irq = ACPI_ISA_NO_IRQ },
        { .name = "FWC0", .hid = "QEMU0002", .ports = { { 0x510, 12 } }, .irq = ACPI_ISA_NO_IRQ,
          .hidden = true },
        { .name = "FDC0", .eisaid = "PNP0700", .ports = { { 0x3f2, 4 }, { 0x3f7, 1 } }, .irq = 6,
          .dma = 1 << 2, .has_floppies = true,
          .floppies = { { 0 }, { .type = 4, .tracks = 83, .sectors = 24, .heads = 2 } } },
    };

    g_array_append_vals(config.cpus, cpus, G_N_ELEMENTS(cpus));
    g_array_append_vals(config.devices.isa, isa, G_N_ELEMENTS(isa));
    return config;
}

static void assert_has(const char *text, const char *what)
{
    if (*text && !strstr(text, what)) {
        g_error("the tables have no \"%s\"", what);
    }
}

static void assert_lacks(const char *text, const char *what)
{
    if (strstr(text, what)) {
        g_error("the tables have \"%s\"", what);
    }
}

/* The text without runs of white space, so that layout does not matter. */
static char *squeeze(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        if (!g_ascii_isspace(*text)) {
            g_string_append_c(out, *text);
        } else if (out->len && out->str[out->len - 1] != ' ') {
            g_string_append_c(out, ' ');
        }
    }
    return g_string_free(out, false);
}

static char *source_of(const AcpiPcConfig *config)
{
    g_autoptr(AcpiTables) tables = acpi_pc_build(config);
    g_autofree char *text = acpi_check(tables, ADDRESS);

    return squeeze(text);
}

/* ---- Contents ---- */

static void test_usual(void)
{
    AcpiPcConfig config = usual();
    g_autofree char *text = source_of(&config);

    assert_has(text, "DefinitionBlock (\"\", \"DSDT\", 1, \"BOCHS \", \"BXPC \", 0x00000001)");
    assert_has(text, "Device (RTC0)");
    assert_has(text, "Device (KBD0)");
    assert_has(text, "Device (COM2)");
    assert_has(text, "Device (LPT1)");
    assert_has(text, "Name (_HID, \"QEMU0001\")");
    assert_has(text, "Name (_HID, \"QEMU0002\")");
    assert_has(text, "Memory32Fixed (ReadOnly, 0xFED00000,");
    assert_has(text, "Name (\\_S3, Package (0x04)");
    assert_has(text, "Name (\\_S4, Package (0x04)");
    assert_has(text, "Name (\\_S5, Package (0x04)");
    assert_has(text, "0xEEC00000, // Length");
    assert_lacks(text, "QWordMemory");
    assert_lacks(text, "_PXM");
    assert_lacks(text, "Static Resource Affinity");
    acpi_pc_clear(&config);
}

static void test_routing(void)
{
    AcpiPcConfig config = usual();
    g_autofree char *text = source_of(&config);

    assert_has(text, "Name (_PRT, Package (0x80)");
    assert_has(text, "Package (0x04) { 0xFFFF, Zero, LNKD, Zero }");
    assert_has(text, "Package (0x04) { 0x0001FFFF, Zero, LNKS, Zero }");
    assert_has(text, "Package (0x04) { 0x0001FFFF, One, LNKB, Zero }");
    assert_has(text, "Package (0x04) { 0x0003FFFF, Zero, LNKC, Zero }");
    assert_has(text, "Package (0x04) { 0x001FFFFF, 0x03, LNKB, Zero }");
    assert_has(text, "OperationRegion (PIRQ, PCI_Config, 0x60, 0x04)");
    assert_lacks(text, "While");
    acpi_pc_clear(&config);
}

static void test_hotplug(void)
{
    AcpiPcConfig config = usual();
    g_autofree char *text = source_of(&config);

    assert_has(text, "Method (_E01, 0, NotSerialized)");
    assert_has(text, "OperationRegion (HPUD, SystemIO, 0xAE00, 0x08)");
    assert_has(text, "OperationRegion (HPEJ, SystemIO, 0xAE08, 0x04)");
    assert_has(text, "OperationRegion (HPBI, SystemIO, 0xAE10, 0x08)");
    assert_has(text, "Device (S18) { Name (_ADR, 0x00030000) // _ADR: Address Name (BSEL, One)");
    assert_has(text, "Device (SF8) { Name (_SUN, 0x1F)");
    assert_has(text, "^S18.PCNT () ^S20.PCNT ()");
    assert_has(text, "Notify (SF8, Arg1)");
    assert_has(text, "Return (\\_SB.PCI0.HDSM (Arg0, Arg1, Arg2, BSEL, _SUN))");
    g_clear_pointer(&text, g_free);
    config.acpi_index = false;
    text = source_of(&config);
    assert_has(text, "Device (SF8) { Name (_SUN, 0x1F)");
    assert_lacks(text, "_DSM");
    g_clear_pointer(&text, g_free);
    config.root = NULL;
    config.hotplug_base = 0;
    text = source_of(&config);
    assert_lacks(text, "BSEL");
    assert_lacks(text, "_E01");
    assert_lacks(text, "0xAE00");
    acpi_pc_clear(&config);
}

static void test_large(void)
{
    static const AcpiMemory memory[] = {
        { .base = 0, .size = 0xa0000 }, { .base = 0x100000, .size = 0x7ff00000 },
        { .base = G_GUINT64_CONSTANT(1) << 32, .size = G_GUINT64_CONSTANT(1) << 36, .node = 1 },
    };
    AcpiPcConfig config = usual();
    g_autoptr(AcpiNuma) numa = acpi_numa_new();
    g_autofree char *text = NULL;

    config.fadt_revision = 3;
    config.reset_port = 0xcf9;
    g_array_append_vals(numa->memory, memory, G_N_ELEMENTS(memory));
    config.numa = numa;
    config.hole64 = (AcpiWindow){ G_GUINT64_CONSTANT(0x8000000000), G_GUINT64_CONSTANT(1) << 35 };
    for (guint i = 2; i < 300; i++) {
        const AcpiCpu cpu = { .apic_id = i, .node = i & 1, .empty = i == 0x12a };

        g_array_append_val(config.cpus, cpu);
    }
    text = source_of(&config);
    assert_has(text, "QWordMemory");
    assert_has(text, "Device (C12B)");
    assert_lacks(text, "Device (C12A)");
    assert_has(text, "_PXM");
    assert_has(text, "Use APIC Cluster Model (V4) : 1");
    assert_has(text, "Processor x2Apic ID : 0000012B");
    assert_has(text, "Proximity Domain : 00000001");
    acpi_pc_clear(&config);
}

/* Slots, with the memory that may be there in the SRAT. */
static void test_slots(void)
{
    static const AcpiMemory memory[] = {
        { .base = 0, .size = 0xa0000 }, { .size = 0 },
        { .base = G_GUINT64_CONSTANT(1) << 32, .size = 1 << 30, .hotplug = true },
    };
    AcpiPcConfig config = usual();
    g_autoptr(AcpiNuma) numa = acpi_numa_new();
    g_autofree char *text = NULL;

    g_array_append_vals(numa->memory, memory, G_N_ELEMENTS(memory));
    config.numa = numa;
    config.memory_hotplug_base = 0xa00;
    config.n_memory_slots = 256;
    text = source_of(&config);
    assert_has(text, "Device (MHPC)");
    assert_has(text, "Device (MPFF) { Name (_UID, 0xFF)");
    assert_has(text, "Method (_E03, 0, NotSerialized)");
    assert_has(text, "IO (Decode16, 0x0A00, // Range Minimum");
    assert_has(text, "Hot Pluggable : 1");
    acpi_pc_clear(&config);
}

/* CPUs that come and go: as many as a PC has places for, some of them with large APIC ids. */
static void test_cpus(void)
{
    AcpiPcConfig config = usual();
    g_autofree char *text = NULL;

    config.cpu_hotplug_base = 0xaf00;
    for (guint i = 2; i < 256; i++) {
        const AcpiCpu cpu = { .apic_id = i < 200 ? i : i + 100, .empty = i > 3 };

        g_array_append_val(config.cpus, cpu);
    }
    text = source_of(&config);
    assert_has(text, "Device (CPUS) { Name (_HID, \"ACPI0010\"");
    assert_has(text, "OperationRegion (CHPR, SystemIO, 0xAF00, 0x0C)");
    assert_has(text, "IO (Decode16, 0xAF00, // Range Minimum");
    assert_has(text, "Device (C0FF)");
    assert_has(text, "Method (_E02, 0, NotSerialized)");
    /* A local APIC's entry, and an x2APIC's with id 355. */
    assert_has(text, "Name (_MAT, Buffer (0x08) // _MAT: Multiple APIC Table Entry { 0x00, 0x08, "
               "0x04, 0x04, 0x01, 0x00, 0x00, 0x00");
    assert_has(text, "Name (_MAT, Buffer (0x10) // _MAT: Multiple APIC Table Entry { /* 0000 */ "
               "0x09, 0x10, 0x00, 0x00, 0x63, 0x01, 0x00, 0x00,");
    acpi_pc_clear(&config);
}

/* NVDIMMs: a table that iasl knows, and as many slots as there may be. */
static void test_nvdimm(void)
{
    static const guint8 structure[16] = { 7, 0, 16, 0, 1, 0, 0, 0, 3 };
    static const AcpiMemory memory = {
        .base = G_GUINT64_CONSTANT(1) << 32, .size = 1 << 30, .persistent = true,
    };
    AcpiPcConfig config = usual();
    g_autoptr(AcpiNuma) numa = acpi_numa_new();
    g_autoptr(GByteArray) fit = g_byte_array_new();
    g_autofree char *text = NULL;

    g_byte_array_append(fit, structure, sizeof(structure));
    numa->n_nodes = 1;
    g_array_append_val(numa->memory, memory);
    config.numa = numa;
    config.n_nvdimm_slots = 256;
    config.fit = fit;
    text = source_of(&config);
    assert_has(text, "Name (_HID, \"ACPI0012\"");
    assert_has(text, "Device (NVFF) { Name (_ADR, 0x0100)");
    assert_has(text, "Method (_E04, 0, NotSerialized)");
    assert_has(text, "Subtable Type : 0007 [Platform Capabilities]");
    assert_has(text, "Non-Volatile : 1");
    acpi_pc_clear(&config);
}

static void test_small(void)
{
    AcpiPcConfig config = {
        .oem = { .id = "BOCHS", .table_id = "BXPC" },
        .fadt_revision = 1, .pm_base = 0x600, .gpe0 = 0xafe0,
        .cpus = g_array_new(false, false, sizeof(AcpiCpu)),
        .devices = { .isa = g_array_new(false, false, sizeof(AcpiIsaDevice)) },
    };
    g_autofree char *text = source_of(&config);

    assert_lacks(text, "HPET");
    assert_lacks(text, "Name (\\_S3");
    assert_lacks(text, "Device (COM1)");
    assert_lacks(text, "PC-AT Compatibility : 1");
    assert_has(text, "Name (\\_S5, Package (0x04)");
    acpi_pc_clear(&config);
}

/* ---- Methods, run by ACPICA ---- */

static char *execute_with(const AcpiPcConfig *given, const char *commands)
{
    AcpiPcConfig config = *given;
    g_autoptr(AcpiTables) tables = acpi_pc_build(&config);
    char *output;

    acpi_relocate(tables, ADDRESS);
    output = acpi_execute(tables, ADDRESS, commands);
    acpi_pc_clear(&config);
    if (output) {
        g_assert_null(strstr(output, "AE_"));
    }
    return output;
}

static char *execute(const char *commands)
{
    AcpiPcConfig config = usual();

    return execute_with(&config, commands);
}

static void assert_integers(const char *output, const guint64 *expected, guint n)
{
    static const char mark[] = "[Integer] = ";

    for (guint i = 0; i < n; i++) {
        output = strstr(output, mark);
        g_assert_nonnull(output);
        output += strlen(mark);
        g_assert_cmphex(g_ascii_strtoull(output, NULL, 16), ==, expected[i]);
    }
    g_assert_null(strstr(output, mark));
}

static void test_link_methods(void)
{
    static const guint64 expected[] = { 0x0b, 0x80, 0x09, 0x0b, 0x0b };
    g_autofree char *output = execute(
        "execute \\_SB.LNKB._STA; execute \\_SB.LNKB._DIS; execute \\_SB.PCI0.ISA.PRQB; "
        "execute \\_SB.LNKB._STA; "
        "execute \\_SB.LNKB._SRS (89 06 00 09 01 0B 00 00 00 79 00); "
        "execute \\_SB.PCI0.ISA.PRQB; execute \\_SB.LNKB._STA; execute \\_SB.LNKB._CRS");

    if (output) {
        assert_integers(output, expected, G_N_ELEMENTS(expected));
        g_assert_nonnull(strstr(output, "89 06 00 09 01 0B 00 00 00 79 00"));
    }
}

static void test_hotplug_methods(void)
{
    static const guint64 expected[] = { 0, 1 << 5, 2, G_GUINT64_CONSTANT(1) << 31, 2 };
    g_autofree char *output = execute(
        "execute \\_SB.PCI0.S28._EJ0 1; execute \\_SB.PCI0.BUSN; execute \\_SB.PCI0.EJCT; "
        "execute \\_SB.PCI0.S20.S08.SF8._EJ0 1; execute \\_SB.PCI0.BUSN; "
        "execute \\_SB.PCI0.EJCT; execute \\_SB.PCI0.S18.HNT 0 1; execute \\_GPE._E01; "
        "execute \\_SB.PCI0.BUSN");

    if (output) {
        assert_integers(output, expected, G_N_ELEMENTS(expected));
    }
}

/* MSEL and MADL share a register, and MOEV and MADH, MOST and MSZL do: what is written to one
 * is read from the other. */
static void test_slot_methods(void)
{
    static const guint64 expected[] = { 1, 0, 1, 55, 77, 1, 0 };
    AcpiPcConfig config = usual();
    g_autofree char *output = NULL;

    config.memory_hotplug_base = 0xa00;
    config.n_memory_slots = 2;
    output = execute_with(&config,
        "execute \\_SB.MHPC.MP01._UID; execute \\_SB.MHPC.MP01._STA; "
        "execute \\_SB.MHPC.MP01._OST 55 77 0; execute \\_SB.MHPC.MSEL; "
        "execute \\_SB.MHPC.MOEV; execute \\_SB.MHPC.MOST; "
        "execute \\_SB.MHPC.MP01._CRS; "
        "execute \\_SB.MHPC.MP00._EJ0 1; execute \\_SB.MHPC.MEJT; execute \\_SB.MHPC.MSEL");
    if (output) {
        g_autofree char *text = squeeze(output);

        /* 77 bytes at 55 * 2^32 + 1. */
        assert_has(text, "0000: 8A 2B 00 00 0C 03 00 00 00 00 00 00 00 00 01 00");
        assert_has(text, "0010: 00 00 37 00 00 00 4D 00 00 00 37 00 00 00 00 00");
        assert_has(text, "0020: 00 00 00 00 00 00 4D 00 00 00 00 00 00 00 79 00");
        assert_integers(output, expected, G_N_ELEMENTS(expected));
    }
}

/* Registers keep what was written: no news, so the search ends at the first CPU. */
static void test_cpu_methods(void)
{
    static const guint64 expected[] = { 1, 0, 1, 2, 77, 1, 0, 0 };
    AcpiPcConfig config = usual();
    g_autofree char *output = NULL;

    config.cpu_hotplug_base = 0xaf00;
    output = execute_with(&config,
        "execute \\_SB.CPUS.C001._UID; execute \\_SB.CPUS.C001._STA; "
        "execute \\_SB.CPUS.C001._OST 55 77 0; execute \\_SB.CPUS.CSEL; "
        "execute \\_SB.CPUS.CCMD; execute \\_SB.CPUS.CDAT; "
        "execute \\_SB.CPUS.C001._EJ0 1; execute \\_SB.CPUS.CEJT; "
        "execute \\_GPE._E02; execute \\_SB.CPUS.CSEL; execute \\_SB.CPUS.CCMD");
    if (output) {
        assert_integers(output, expected, G_N_ELEMENTS(expected));
    }
}

/* Memory keeps what is written there: the answer is the request's words. */
static void test_nvdimm_methods(void)
{
    static const guint64 expected[] = { 7, 2, 4 };
    AcpiPcConfig config = usual();
    g_autofree char *output = NULL;

    config.n_nvdimm_slots = 8;
    output = execute_with(&config,
        "execute \\_SB.NVDR.NV06._DSM "
        "(30 AC 09 43 11 0D E4 11 91 91 08 00 20 0C 9A 66) 2 4 [(08 09)]; "
        "execute \\_SB.NVDR.HDLE; execute \\_SB.NVDR.REVS; execute \\_SB.NVDR.FUNC; "
        "execute \\_SB.NVDR.NV06._DSM "
        "(30 AC 09 43 11 0D E4 11 91 91 08 00 20 0C 9A 67) 2 4 [(00)]");
    if (output) {
        g_autofree char *text = squeeze(output);

        assert_has(text, "[Buffer] Length 03 = 0000: 02 00 00");        /* 7 bytes of it */
        assert_has(text, "[Buffer] Length 01 = 0000: 00");
        assert_integers(output, expected, G_N_ELEMENTS(expected));
    }
}

/* INDX keeps the slot's bit, which is then the device's index. */
static void test_dsm(void)
{
    g_autofree char *output = execute(
        "execute \\_SB.PCI0.S28._DSM "
        "(D0 37 C9 E5 53 35 7A 4D 91 17 EA 4D 19 C3 43 4D) 2 0 []; "
        "execute \\_SB.PCI0.S28._DSM "
        "(D0 37 C9 E5 53 35 7A 4D 91 17 EA 4D 19 C3 43 4D) 2 7 []; "
        "execute \\_SB.PCI0.S28._DSM "
        "(D0 37 C9 E5 53 35 7A 4D 91 17 EA 4D 19 C3 43 4E) 2 0 []");

    if (output) {
        g_autofree char *text = squeeze(output);

        g_assert_nonnull(strstr(text, "[Buffer] Length 01 = 0000: 81"));
        g_assert_nonnull(strstr(text, "[Integer] = 0000000000000020"));
        g_assert_nonnull(strstr(text, "[Buffer] Length 01 = 0000: 00"));
    }
}

static void test_floppies(void)
{
    g_autofree char *output = execute(
        "execute \\_SB.PCI0.ISA.FDC0._FDE; execute \\_SB.PCI0.ISA.FDC0.FLPB._ADR; "
        "execute \\_SB.PCI0.ISA.FDC0.FLPB._FDI; execute \\_SB.PCI0.ISA.FDC0._CRS");

    if (output) {
        g_autofree char *text = squeeze(output);

        assert_has(text, "[Buffer] Length 14 = 0000: 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00");
        assert_has(text, "0010: 02 00 00 00");
        assert_has(text, "[Package] Contains 16 Elements: [Integer] = 0000000000000001 "
                         "[Integer] = 0000000000000004 [Integer] = 0000000000000052 "
                         "[Integer] = 0000000000000018 [Integer] = 0000000000000001");
        assert_has(text, "47 01 F2 03 F2 03 01 04 47 01 F7 03 F7 03 01 01");
        assert_has(text, "22 40 00 2A 04 00 79 00");
    }
}

/* ---- From objects ---- */

static void test_collect(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    AcpiPcConfig config = { 0 };
    AcpiIsaDevice *isa;

    rig_device(rig, "mc146818rtc", "r", &error, "irq", "9", NULL);
    rig_device(rig, "isa-serial", "a", &error, NULL);
    rig_device(rig, "isa-serial", "b", &error, "irq", "10", NULL);
    rig_device(rig, "fw_cfg_io", "f", &error, NULL);
    g_assert_no_error(error);
    acpi_pc_collect(rig->machine, &config);
    g_assert_cmpuint(config.devices.isa->len, ==, 4);
    isa = (AcpiIsaDevice *)config.devices.isa->data;
    g_assert_cmpstr(isa[0].name, ==, "RTC0");
    g_assert_cmpint(isa[0].irq, ==, 9);
    g_assert_cmphex(isa[1].ports[0].base, ==, 0x3f8);
    g_assert_cmpint(isa[1].irq, ==, 4);
    g_assert_cmphex(isa[2].ports[0].base, ==, 0x2f8);
    g_assert_cmpint(isa[2].irq, ==, 10);
    g_assert_cmpstr(isa[3].hid, ==, "QEMU0002");
    g_assert_cmphex(isa[3].ports[0].base, ==, 0x510);
    g_assert_cmpuint(config.cpus->len, ==, 0);
    g_assert_cmphex(config.devices.hpet, ==, 0);
    g_assert_false(config.devices.has_8042);
    rig_device(rig, "i8042", "k", &error, NULL);
    rig_device(rig, "hpet", "h", &error, NULL);
    g_assert_no_error(error);
    acpi_pc_clear(&config);
    acpi_pc_collect(rig->machine, &config);
    g_assert_cmpuint(config.devices.isa->len, ==, 6);
    g_assert_cmphex(config.devices.hpet, ==, 0xfed00000);
    g_assert_true(config.devices.has_8042);
    acpi_pc_clear(&config);
}

/* ---- Files ---- */

static void assert_file(FwCfg *fw_cfg, const char *name, gsize size, const void *data, gsize n)
{
    g_autoptr(GBytes) bytes = fw_cfg_get_file(fw_cfg, name);

    g_assert_cmpuint(g_bytes_get_size(bytes), ==, size);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), n, data, n);
}

static void test_files(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    AcpiPcConfig config = usual();
    FwCfg *fw_cfg = to_fw_cfg(rig_device(rig, "fw_cfg_io", "f", &error, NULL));
    g_autoptr(AcpiTables) tables = acpi_pc_build(&config);
    g_autoptr(GByteArray) script = acpi_loader_script(tables);

    g_assert_true(acpi_pc_set_files(tables, fw_cfg, &error));
    assert_file(fw_cfg, "etc/acpi/tables", 128 << 10, tables->block->data, tables->block->len);
    assert_file(fw_cfg, "etc/acpi/rsdp", 20, tables->rsdp->data, 20);
    assert_file(fw_cfg, "etc/table-loader", 4096, script->data, script->len);
    acpi_pc_clear(&config);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-pc/usual", test_usual);
    g_test_add_func("/acpi-pc/routing", test_routing);
    g_test_add_func("/acpi-pc/hotplug", test_hotplug);
    g_test_add_func("/acpi-pc/large", test_large);
    g_test_add_func("/acpi-pc/slots", test_slots);
    g_test_add_func("/acpi-pc/cpus", test_cpus);
    g_test_add_func("/acpi-pc/cpu-methods", test_cpu_methods);
    g_test_add_func("/acpi-pc/nvdimm", test_nvdimm);
    g_test_add_func("/acpi-pc/small", test_small);
    g_test_add_func("/acpi-pc/slot-methods", test_slot_methods);
    g_test_add_func("/acpi-pc/nvdimm-methods", test_nvdimm_methods);
    g_test_add_func("/acpi-pc/link-methods", test_link_methods);
    g_test_add_func("/acpi-pc/hotplug-methods", test_hotplug_methods);
    g_test_add_func("/acpi-pc/dsm", test_dsm);
    g_test_add_func("/acpi-pc/floppies", test_floppies);
    g_test_add_func("/acpi-pc/collect", test_collect);
    g_test_add_func("/acpi-pc/files", test_files);
    return g_test_run();
}
