/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block of tables, its fixups, and the two ways to the guest; see
 * hw/acpi/acpi-tables.h.
 */
#include "config.h"
#include "hw/acpi/acpi-tables.h"

#include <string.h>

#include "qmp/bytes.h"

enum {
    HEADER_LENGTH = 4,          /* offsets in a header */
    HEADER_CHECKSUM = 9,
    OEM_REVISION = 1,
    CREATOR_REVISION = 1,

    RSDP_CHECKSUM = 8,
    RSDP_1_SIZE = 20,           /* of revision 0, and what its checksum covers */
    RSDP_XCHECKSUM = 32,
    RSDP_2_SIZE = 36,

    /* Commands of the loader script: 128 bytes each. */
    LOADER_ALLOCATE = 1,
    LOADER_ADD_POINTER = 2,
    LOADER_ADD_CHECKSUM = 3,
    LOADER_FILE = 56,           /* bytes of a file's name */
    LOADER_SIZE = 128,
    LOADER_HIGH = 1,            /* anywhere below 4 GiB */
    LOADER_FSEG = 2,            /* where a PC's kernel searches for the root pointer */
};

/* ---- Block ---- */

AcpiTables *acpi_tables_new(const AcpiOem *oem)
{
    AcpiTables *tables = g_new0(AcpiTables, 1);

    tables->oem = *oem;
    tables->block = g_byte_array_new();
    tables->rsdp = g_byte_array_new();
    tables->fixups = g_array_new(false, false, sizeof(AcpiFixup));
    return tables;
}

void acpi_tables_free(AcpiTables *tables)
{
    if (tables) {
        g_byte_array_unref(tables->block);
        g_byte_array_unref(tables->rsdp);
        g_array_unref(tables->fixups);
        g_free(tables);
    }
}

static void add_checksum(AcpiTables *tables, bool in_rsdp, guint32 offset, guint32 start,
                         guint32 length)
{
    const AcpiFixup fixup = {
        .in_rsdp = in_rsdp, .offset = offset, .start = start, .length = length,
    };

    g_array_append_val(tables->fixups, fixup);
}

static void append_pointer(AcpiTables *tables, bool in_rsdp, guint32 target, guint size)
{
    GByteArray *out = in_rsdp ? tables->rsdp : tables->block;
    const AcpiFixup fixup = {
        .in_rsdp = in_rsdp, .offset = out->len, .pointer_size = size,
    };

    g_array_append_val(tables->fixups, fixup);
    append_le(out, target, size);
}

void acpi_append_pointer(AcpiTables *tables, guint32 offset, guint size)
{
    append_pointer(tables, false, offset, size);
}

guint32 acpi_table_begin(AcpiTables *tables, const char *signature, guint8 revision)
{
    GByteArray *out = tables->block;
    guint32 start = out->len;

    append_text(out, signature, 4);
    append_le(out, 0, 4);               /* length, set at the end */
    append_le(out, revision, 1);
    append_le(out, 0, 1);               /* checksum, by a fixup */
    append_text(out, tables->oem.id, 6);
    append_text(out, tables->oem.table_id, 8);
    append_le(out, OEM_REVISION, 4);
    append_text(out, "VMD", 4);
    append_le(out, CREATOR_REVISION, 4);
    return start;
}

void acpi_table_end(AcpiTables *tables, guint32 start)
{
    guint32 length = tables->block->len - start;

    put_le(tables->block->data + start + HEADER_LENGTH, length, 4);
    add_checksum(tables, false, start + HEADER_CHECKSUM, start, length);
}

/* ---- Root ---- */

static guint32 root_table(AcpiTables *tables, const char *signature, const guint32 *entries,
                          guint n, guint pointer_size)
{
    guint32 start = acpi_table_begin(tables, signature, 1);

    for (guint i = 0; i < n; i++) {
        acpi_append_pointer(tables, entries[i], pointer_size);
    }
    acpi_table_end(tables, start);
    return start;
}

void acpi_rsdt(AcpiTables *tables, const guint32 *entries, guint n)
{
    tables->root = root_table(tables, "RSDT", entries, n, 4);
}

void acpi_xsdt(AcpiTables *tables, const guint32 *entries, guint n)
{
    tables->xroot = root_table(tables, "XSDT", entries, n, 8);
}

void acpi_rsdp(AcpiTables *tables, guint8 revision)
{
    GByteArray *out = tables->rsdp;

    append_text(out, "RSD PTR ", 8);
    append_le(out, 0, 1);               /* checksum */
    append_text(out, tables->oem.id, 6);
    append_le(out, revision, 1);
    append_pointer(tables, true, tables->root, 4);
    if (revision >= 2) {
        append_le(out, RSDP_2_SIZE, 4);
        append_pointer(tables, true, tables->xroot, 8);
        append_le(out, 0, 4);           /* extended checksum, reserved */
    }
    add_checksum(tables, true, RSDP_CHECKSUM, 0, RSDP_1_SIZE);
    if (revision >= 2) {
        add_checksum(tables, true, RSDP_XCHECKSUM, 0, RSDP_2_SIZE);
    }
}

/* ---- With firmware ---- */

static void append_file(GByteArray *out, const char *name)
{
    char file[LOADER_FILE] = "";

    memcpy(file, name, MIN(strlen(name), LOADER_FILE - 1));
    g_byte_array_append(out, (const guint8 *)file, LOADER_FILE);
}

/* Fills a command up to its size. */
static void end_command(GByteArray *out)
{
    while (out->len % LOADER_SIZE) {
        append_le(out, 0, 1);
    }
}

static void append_allocate(GByteArray *out, const char *file, guint32 align, guint8 zone)
{
    append_le(out, LOADER_ALLOCATE, 4);
    append_file(out, file);
    append_le(out, align, 4);
    append_le(out, zone, 1);
    end_command(out);
}

static void append_fixup(GByteArray *out, const AcpiFixup *fixup)
{
    const char *file = fixup->in_rsdp ? ACPI_FILE_RSDP : ACPI_FILE_TABLES;

    append_le(out, fixup->pointer_size ? LOADER_ADD_POINTER : LOADER_ADD_CHECKSUM, 4);
    append_file(out, file);
    if (fixup->pointer_size) {
        append_file(out, ACPI_FILE_TABLES);
        append_le(out, fixup->offset, 4);
        append_le(out, fixup->pointer_size, 1);
    } else {
        append_le(out, fixup->offset, 4);
        append_le(out, fixup->start, 4);
        append_le(out, fixup->length, 4);
    }
    end_command(out);
}

GByteArray *acpi_loader_script(const AcpiTables *tables)
{
    GByteArray *out = g_byte_array_new();

    append_allocate(out, ACPI_FILE_RSDP, ACPI_RSDP_ALIGN, LOADER_FSEG);
    append_allocate(out, ACPI_FILE_TABLES, ACPI_BLOCK_ALIGN, LOADER_HIGH);
    for (guint i = 0; i < tables->fixups->len; i++) {
        append_fixup(out, &g_array_index(tables->fixups, AcpiFixup, i));
    }
    return out;
}

/* ---- Without ---- */

static guint64 get_le(const guint8 *p, guint size)
{
    return size == 8 ? get_le64(p) : get_le32(p);
}

void acpi_relocate(AcpiTables *tables, guint64 address)
{
    for (guint i = 0; i < tables->fixups->len; i++) {
        const AcpiFixup *fixup = &g_array_index(tables->fixups, AcpiFixup, i);
        guint8 *data = fixup->in_rsdp ? tables->rsdp->data : tables->block->data;
        guint8 *field = data + fixup->offset;
        guint8 sum = 0;

        if (fixup->pointer_size) {
            put_le(field, get_le(field, fixup->pointer_size) + address, fixup->pointer_size);
            continue;
        }
        for (guint32 j = 0; j < fixup->length; j++) {
            sum += data[fixup->start + j];
        }
        *field -= sum;
    }
}
