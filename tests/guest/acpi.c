/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See acpi.h.  There is no interpreter: \_S5 is a package of constants in every
 * table that vmd or SeaBIOS provides, and is found by its bytes.
 */
#include "tests/guest/acpi.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"

enum {
    EBDA_SEGMENT = 0x40e,       /* in the BIOS's data: where its extended data are */
    BIOS_START = 0xe0000,
    BIOS_END = 0x100000,
    HEADER = 36,
    S5_MIN = 8,                 /* name, package, length, count, one element */
    PATIENCE = 100000,
};

/* Offsets in tables. */
enum {
    RSDP_CHECKED = 20, RSDP_REVISION = 15, RSDP_RSDT = 16, RSDP_XSDT = 24,
    TABLE_LENGTH = 4,
    FADT_DSDT = 40, FADT_SMI_CMD = 48, FADT_ACPI_ENABLE = 52, FADT_PM1A_EVT = 56,
    FADT_PM1A_CNT = 64,
};

enum { PM1_STS_PWRBTN = 1 << 8 };
enum { PM1_SCI_EN = 1 << 0, PM1_SLP_TYP_SHIFT = 10, PM1_SLP_EN = 1 << 13 };
enum { AML_ZERO = 0x00, AML_ONE = 0x01, AML_BYTE = 0x0a, AML_PACKAGE = 0x12 };

/* ---- Bytes, at any address below 4 GiB ---- */

static uint32_t get(uint64_t address, unsigned size)
{
    const volatile uint8_t *p = (const volatile uint8_t *)(uintptr_t)address;
    uint32_t value = 0;

    /* The compiler takes constants of the first page for a null pointer's members. */
    __asm__("" : "+r"(p));
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

static bool matches(uint64_t address, const char *text)
{
    for (unsigned i = 0; text[i]; i++) {
        if (get(address + i, 1) != (uint8_t)text[i])
            return false;
    }
    return true;
}

static bool sum_is_zero(uint64_t address, uint32_t size)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + get(address + i, 1));
    return sum == 0;
}

/* ---- Tables ---- */

static uint64_t find_rsdp_in(uint64_t start, uint64_t end)
{
    for (uint64_t at = start & ~(uint64_t)15; at + RSDP_CHECKED <= end; at += 16) {
        if (matches(at, "RSD PTR ") && sum_is_zero(at, RSDP_CHECKED))
            return at;
    }
    return 0;
}

/* Where the boot protocol says, or else where the BIOS puts it. */
static uint64_t find_rsdp(const BootInfo *info)
{
    uint64_t ebda = (uint64_t)get(EBDA_SEGMENT, 2) << 4, rsdp = 0;

    if (info->rsdp && info->rsdp < UINT32_MAX && matches(info->rsdp, "RSD PTR "))
        return info->rsdp;
    if (ebda)
        rsdp = find_rsdp_in(ebda, ebda + 1024);
    return rsdp ? rsdp : find_rsdp_in(BIOS_START, BIOS_END);
}

/* Table n of those that the root table lists; 0 at the end. */
static uint64_t root_entry(uint64_t rsdp, uint32_t n)
{
    bool wide = get(rsdp + RSDP_REVISION, 1) >= 2 && get(rsdp + RSDP_XSDT, 4) &&
                !get(rsdp + RSDP_XSDT + 4, 4);
    uint64_t root = get(rsdp + (wide ? RSDP_XSDT : RSDP_RSDT), 4);
    uint32_t size = wide ? 8 : 4;

    if (!root || HEADER + (n + 1) * size > get(root + TABLE_LENGTH, 4))
        return 0;
    return get(root + HEADER + n * size, 4);
}

/* The nth one with this signature. */
static uint64_t find_table(uint64_t rsdp, const char *signature, uint32_t nth)
{
    uint64_t table;

    for (uint32_t i = 0; (table = root_entry(rsdp, i)); i++) {
        if (matches(table, signature) && nth-- == 0)
            return table;
    }
    return 0;
}

static void print_table(uint64_t table)
{
    char signature[5] = { 0 };
    uint32_t length = get(table + TABLE_LENGTH, 4);

    for (unsigned i = 0; i < 4; i++)
        signature[i] = (char)get(table + i, 1);
    print("acpi: %s at 0x%lx, %u bytes%s\n", signature, table, length,
          sum_is_zero(table, length) ? "" : ", wrong checksum");
}

void acpi_print(const BootInfo *info)
{
    uint64_t rsdp = find_rsdp(info), table, fadt;

    if (!rsdp) {
        print("acpi: none\n");
        return;
    }
    for (uint32_t i = 0; (table = root_entry(rsdp, i)); i++)
        print_table(table);
    fadt = find_table(rsdp, "FACP", 0);
    if (fadt && get(fadt + FADT_DSDT, 4))
        print_table(get(fadt + FADT_DSDT, 4));
}

void acpi_dump(const BootInfo *info, const char *signature)
{
    uint64_t rsdp = find_rsdp(info), table;

    for (uint32_t i = 0; rsdp && (table = find_table(rsdp, signature, i)); i++) {
        print("acpi: %s, bytes", signature);
        for (uint32_t at = 0; at < get(table + TABLE_LENGTH, 4); at++)
            print(" %02x", get(table + at, 1));
        print("\n");
    }
}

/* ---- Switching off ---- */

/* The first element of the package that starts at `at`, -1: it is not a constant. */
static int first_constant(uint64_t at)
{
    uint32_t op;

    if (get(at, 1) != AML_PACKAGE)
        return -1;
    at++;
    at += 1 + (get(at, 1) >> 6);        /* its length takes 1 to 4 bytes */
    at++;                               /* the number of its elements */
    op = get(at, 1);
    if (op == AML_ZERO || op == AML_ONE)
        return (int)op;
    return op == AML_BYTE ? (int)get(at + 1, 1) : -1;
}

/* SLP_TYPa of \_S5 in one table, -1: it is not there. */
static int find_s5(uint64_t table)
{
    uint32_t length = table ? get(table + TABLE_LENGTH, 4) : 0;

    for (uint32_t i = HEADER; i + S5_MIN <= length; i++) {
        if (matches(table + i, "_S5_")) {
            int type = first_constant(table + i + 4);

            if (type >= 0)
                return type;
        }
    }
    return -1;
}

static int find_sleep_type(uint64_t rsdp, uint64_t fadt)
{
    int type = find_s5(get(fadt + FADT_DSDT, 4));
    uint64_t table;

    for (uint32_t i = 0; type < 0 && (table = find_table(rsdp, "SSDT", i)); i++)
        type = find_s5(table);
    return type;
}

/* Without firmware that did it: from the legacy mode to ACPI's. */
static void enable_acpi(uint64_t fadt, uint16_t control)
{
    uint32_t command = get(fadt + FADT_SMI_CMD, 4);

    if (!command)
        return;
    out8((uint16_t)command, (uint8_t)get(fadt + FADT_ACPI_ENABLE, 1));
    for (unsigned i = 0; i < PATIENCE && !(in16(control) & PM1_SCI_EN); i++)
        continue;
}

void acpi_wait_button(const BootInfo *info)
{
    uint64_t rsdp = find_rsdp(info), fadt = rsdp ? find_table(rsdp, "FACP", 0) : 0;
    uint16_t status = fadt ? (uint16_t)get(fadt + FADT_PM1A_EVT, 4) : 0;

    if (!status) {
        print("end: no power button\n");
        return;
    }
    print("end: waits for the power button\n");
    enable_acpi(fadt, (uint16_t)get(fadt + FADT_PM1A_CNT, 4));
    while (!(in16(status) & PM1_STS_PWRBTN))
        continue;
    out16(status, PM1_STS_PWRBTN);
    print("end: power button\n");
}

void acpi_power_off(const BootInfo *info)
{
    uint64_t rsdp = find_rsdp(info), fadt = rsdp ? find_table(rsdp, "FACP", 0) : 0;
    uint16_t control = fadt ? (uint16_t)get(fadt + FADT_PM1A_CNT, 4) : 0;
    int type = fadt ? find_sleep_type(rsdp, fadt) : -1;

    if (!control || type < 0) {
        print("end: no ACPI to switch off by\n");
        return;
    }
    if (!(in16(control) & PM1_SCI_EN))
        enable_acpi(fadt, control);
    print("end: power off, type %u at port 0x%x\n", (unsigned)type, control);
    out16(control, (uint16_t)((uint32_t)type << PM1_SLP_TYP_SHIFT | PM1_SLP_EN));
    for (unsigned i = 0; i < PATIENCE; i++)
        continue;
}
