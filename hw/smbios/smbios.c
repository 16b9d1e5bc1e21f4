/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBIOS entry points, and the assembly of structures (DSP0134, chapters 5 and
 * 6); see hw/smbios/smbios.h.
 */
#include "config.h"
#include "hw/smbios/smbios.h"

#include <string.h>

#include "hw/smbios/smbios-internal.h"
#include "qmp/bytes.h"
#include "qmp/error.h"

enum {
    STRUCTURE_LENGTH = 1,       /* offset in a structure */

    /* 32-bit entry point. */
    ANCHOR_CHECKSUM = 0x04,
    ANCHOR_SIZE = 0x1f,
    ANCHOR_DMI = 0x10,          /* where its second half begins, which has a checksum */
    ANCHOR_DMI_CHECKSUM = 0x15,
    ANCHOR_ADDRESS = 0x18,
    BCD_REVISION = 0x28,

    /* 64-bit entry point. */
    ANCHOR3_CHECKSUM = 0x05,
    ANCHOR3_SIZE = 0x18,
    ANCHOR3_ADDRESS = 0x10,

    ALIGN = 16,
};

/* ---- Structures ---- */

void smbios_begin(SmbiosStructure *s, SmbiosBlock *block, guint8 type, guint16 handle)
{
    *s = (SmbiosStructure){
        .out = block->out, .start = block->out->len, .strings = g_byte_array_new(),
    };
    smbios_append(s, type, 1);
    smbios_append(s, 0, 1);             /* length, set at the end */
    smbios_append(s, handle, 2);
}

void smbios_append(SmbiosStructure *s, guint64 value, guint size)
{
    append_le(s->out, value, size);
}

guint8 smbios_add_string(SmbiosStructure *s, const char *text)
{
    if (!text || !*text || s->n_strings == SMBIOS_MAX_STRINGS) {
        return 0;
    }
    g_byte_array_append(s->strings, (const guint8 *)text, strlen(text) + 1);
    return ++s->n_strings;
}

void smbios_append_string(SmbiosStructure *s, const char *text)
{
    smbios_append(s, smbios_add_string(s, text), 1);
}

void smbios_end(SmbiosStructure *s, SmbiosBlock *block)
{
    s->out->data[s->start + STRUCTURE_LENGTH] = s->out->len - s->start;
    g_byte_array_append(s->out, s->strings->data, s->strings->len);
    smbios_append(s, 0, s->n_strings ? 1 : 2);
    block->n_structures++;
    block->longest = MAX(block->longest, s->out->len - s->start);
    g_byte_array_unref(s->strings);
}

/* ---- Entry points ---- */

static void append_bytes(GByteArray *out, const char *text, guint length)
{
    g_byte_array_append(out, (const guint8 *)text, length);
}

static void append_anchor(GByteArray *out, const SmbiosBlock *block)
{
    append_bytes(out, "_SM_", 4);
    append_le(out, 0, 1);               /* checksum */
    append_le(out, ANCHOR_SIZE, 1);
    append_le(out, 2, 1);               /* version 2.8 */
    append_le(out, 8, 1);
    append_le(out, MIN(block->longest, G_MAXUINT16), 2);
    append_le(out, 0, 6);               /* revision, and nothing that belongs to it */
    append_bytes(out, "_DMI_", 5);
    append_le(out, 0, 1);               /* checksum */
    append_le(out, block->out->len, 2);
    append_le(out, 0, 4);               /* address */
    append_le(out, block->n_structures, 2);
    append_le(out, BCD_REVISION, 1);
}

static void append_anchor3(GByteArray *out, const SmbiosBlock *block)
{
    append_bytes(out, "_SM3_", 5);
    append_le(out, 0, 1);               /* checksum */
    append_le(out, ANCHOR3_SIZE, 1);
    append_le(out, 3, 1);               /* version 3.0.0 */
    append_le(out, 0, 2);
    append_le(out, 1, 1);               /* revision of the entry point */
    append_le(out, 0, 1);
    append_le(out, block->out->len, 4);
    append_le(out, 0, 8);               /* address */
}

SmbiosTables *smbios_build(const SmbiosConfig *config, GError **error)
{
    g_autoptr(SmbiosTables) tables = g_new0(SmbiosTables, 1);
    SmbiosBlock block = { .out = g_byte_array_new() };

    tables->structures = block.out;
    tables->anchor = g_byte_array_new();
    smbios_structures(&block, config);
    if (!config->is_64 && (block.out->len > G_MAXUINT16 || block.longest > G_MAXUINT16)) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "SMBIOS structures have %u bytes, the 32-bit entry point takes %u",
                      block.out->len, G_MAXUINT16);
        return NULL;
    }
    if (config->is_64) {
        append_anchor3(tables->anchor, &block);
    } else {
        append_anchor(tables->anchor, &block);
    }
    return g_steal_pointer(&tables);
}

void smbios_tables_free(SmbiosTables *tables)
{
    if (tables) {
        g_byte_array_unref(tables->anchor);
        g_byte_array_unref(tables->structures);
        g_free(tables);
    }
}

/* ---- To the guest ---- */

static GBytes *copy(const GByteArray *data)
{
    return g_bytes_new(data->data, data->len);
}

bool smbios_set_files(const SmbiosTables *tables, FwCfg *fw_cfg, GError **error)
{
    return fw_cfg_set_file(fw_cfg, "etc/smbios/smbios-tables", copy(tables->structures), error) &&
           fw_cfg_set_file(fw_cfg, "etc/smbios/smbios-anchor", copy(tables->anchor), error);
}

static void set_checksum(guint8 *data, guint length, guint at)
{
    guint8 sum = 0;

    data[at] = 0;
    for (guint i = 0; i < length; i++) {
        sum += data[i];
    }
    data[at] = -sum;
}

GByteArray *smbios_relocate(const SmbiosTables *tables, guint32 gpa)
{
    GByteArray *out = g_byte_array_new();
    bool is_64 = tables->anchor->len == ANCHOR3_SIZE;
    guint32 address;

    g_byte_array_append(out, tables->anchor->data, tables->anchor->len);
    while (out->len % ALIGN) {
        append_le(out, 0, 1);
    }
    address = gpa + out->len;
    if (is_64) {
        put_le(out->data + ANCHOR3_ADDRESS, address, 8);
        set_checksum(out->data, ANCHOR3_SIZE, ANCHOR3_CHECKSUM);
    } else {
        put_le(out->data + ANCHOR_ADDRESS, address, 4);
        set_checksum(out->data + ANCHOR_DMI, ANCHOR_SIZE - ANCHOR_DMI,
                     ANCHOR_DMI_CHECKSUM - ANCHOR_DMI);
        set_checksum(out->data, ANCHOR_SIZE, ANCHOR_CHECKSUM);
    }
    g_byte_array_append(out, tables->structures->data, tables->structures->len);
    return out;
}
