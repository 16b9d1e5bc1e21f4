/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PVH boot protocol of x86/HVM direct boot (Xen, docs/misc/pvh.pandoc and
 * public/arch-x86/hvm/start_info.h): an ELF file names a 32-bit physical entry
 * point in a note, and is entered there in flat protected mode with the address
 * of a start info in ebx.
 *
 * The ELF file is untrusted: elf.c checks its headers, boot_add() the addresses
 * of its segments, and this file its notes.
 */
#include "config.h"
#include "hw/i386/pvh.h"

#include "hw/i386/elf.h"
#include "hw/i386/entry.h"
#include "qmp/bytes.h"
#include "qmp/error.h"

enum {
    NOTE_PHYS32_ENTRY = 18,
    NOTE_HEADER = 12,           /* name size, descriptor size, type */
    NOTES_MAX = 64 * 1024,      /* bytes of notes that are searched */

    START_INFO_MAGIC = 0x336ec578,
    START_INFO_VERSION = 1,
    START_INFO_SIZE = 56,
    MODULE_SIZE = 32,
};

/* ---- Notes ---- */

static guint64 align4(guint64 n)
{
    return (n + 3) & ~G_GUINT64_CONSTANT(3);
}

/* Whether the note is Xen's entry: its address then. */
static bool parse_note(const guint8 *name, guint32 name_size, const guint8 *desc,
                       guint32 desc_size, guint32 type, guint64 *ret_entry)
{
    if (type != NOTE_PHYS32_ENTRY || name_size != 4 || memcmp(name, "Xen", 4) ||
        (desc_size != 4 && desc_size != 8)) {
        return false;
    }
    *ret_entry = desc_size == 4 ? get_le32(desc) : get_le64(desc);
    return true;
}

static bool find_entry(const guint8 *notes, guint64 size, guint64 *ret_entry)
{
    guint64 at = 0;

    while (size - at >= NOTE_HEADER) {
        guint32 name_size = get_le32(notes + at);
        guint32 desc_size = get_le32(notes + at + 4);
        guint32 type = get_le32(notes + at + 8);
        guint64 name = at + NOTE_HEADER;
        guint64 desc = name + align4(name_size);

        if (desc > size || desc_size > size - desc) {
            return false;
        }
        if (parse_note(notes + name, name_size, notes + desc, desc_size, type, ret_entry)) {
            return true;
        }
        at = desc + align4(desc_size);
        if (at > size) {
            return false;
        }
    }
    return false;
}

/* Searches all note segments; *ret_found says whether one has the entry. */
static bool find_entry_note(const LoaderFile *file, const GArray *segments, guint64 *ret_entry,
                            bool *ret_found, GError **error)
{
    *ret_found = false;
    for (guint i = 0; i < segments->len && !*ret_found; i++) {
        const ElfSegment *s = &g_array_index(segments, ElfSegment, i);
        g_autofree guint8 *notes = NULL;

        if (s->type != ELF_NOTE || s->filesz > NOTES_MAX) {
            continue;
        }
        notes = g_malloc(s->filesz);
        if (!loader_read(file, s->offset, notes, s->filesz, error)) {
            return false;
        }
        *ret_found = find_entry(notes, s->filesz, ret_entry);
    }
    return true;
}

/* ---- Segments ---- */

static bool load_segments(Boot *boot, guint64 *ret_entry, GError **error)
{
    g_autoptr(GArray) segments = elf_segments(boot->kernel, NULL, error);
    bool found;

    if (!segments || !find_entry_note(boot->kernel, segments, ret_entry, &found, error)) {
        return false;
    }
    if (!found) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s: the ELF file has no PVH entry note",
                      boot->kernel->what);
        return false;
    }
    if (!elf_is_loaded(segments, *ret_entry)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "%s: its PVH entry 0x%" G_GINT64_MODIFIER "x is in no segment",
                      boot->kernel->what, *ret_entry);
        return false;
    }
    return boot_add_segments(boot, segments, error);
}

/* ---- Start info ---- */

static void append_memory_map(GByteArray *table, const BootRange *ranges, guint n)
{
    for (guint i = 0; i < n; i++) {
        append_le(table, ranges[i].start, 8);
        append_le(table, ranges[i].size, 8);
        append_le(table, ranges[i].type, 4);
        append_le(table, 0, 4);
    }
}

static bool add_start_info(Boot *boot, GError **error)
{
    g_autoptr(GByteArray) table = g_byte_array_new();
    const guint64 modules = BOOT_PVH_INFO + START_INFO_SIZE;
    BootRange ranges[BOOT_MAX_RANGES];
    guint n = boot_memory_map(&boot->config, ranges);

    append_le(table, START_INFO_MAGIC, 4);
    append_le(table, START_INFO_VERSION, 4);
    append_le(table, 0, 4);                             /* flags */
    append_le(table, boot->initrd ? 1 : 0, 4);          /* modules */
    append_le(table, boot->initrd ? modules : 0, 8);
    append_le(table, BOOT_CMDLINE, 8);
    append_le(table, boot->config.acpi_size ? BOOT_RSDP : 0, 8);
    append_le(table, modules + MODULE_SIZE, 8);         /* memory map */
    append_le(table, n, 4);
    append_le(table, 0, 4);
    append_le(table, boot->initrd_addr, 8);             /* the only module */
    append_le(table, boot->initrd ? boot->initrd->size : 0, 8);
    append_le(table, 0, 8);                             /* its command line */
    append_le(table, 0, 8);
    append_memory_map(table, ranges, n);
    return boot_add_table(boot, BOOT_PVH_INFO, table, "PVH start info", error);
}

bool pvh_load(Boot *boot, GError **error)
{
    guint64 entry;

    boot->initrd_limit = BOOT_4G - 1;
    if (!load_segments(boot, &entry, error) ||
        !boot_add_cmdline(boot, boot->config.append, BOOT_CMDLINE_MAX - 1, error) ||
        !boot_add_initrd(boot, error) || !add_start_info(boot, error) ||
        !entry_add_tables(boot, false, error)) {
        return false;
    }
    entry_protected(&boot->entry, entry, ENTRY_CODE, ENTRY_DATA);
    boot->entry.gpr[X86_RBX] = BOOT_PVH_INFO;
    return true;
}
