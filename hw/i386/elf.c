/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF program headers: System V gABI, chapters 4 (header) and 5 (segments).
 * Every number is untrusted and checked before it is used.
 */
#include "config.h"
#include "hw/i386/elf.h"

#include <elf.h>

#include "qmp/bytes.h"
#include "qmp/error.h"

enum { MAX_SEGMENTS = 128 };

/* The location of the program headers. */
typedef struct {
    ElfHeader elf;
    bool is64;
    guint64 offset;
    guint entry_size, n;
} Headers;

static bool refuse(const LoaderFile *file, const char *why, GError **error)
{
    qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s: %s", file->what, why);
    return false;
}

bool elf_matches(const guint8 magic[4])
{
    return !memcmp(magic, ELFMAG, SELFMAG);
}

static bool check_ident(const LoaderFile *file, const guint8 *h, GError **error)
{
    guint16 machine = get_le16(h + G_STRUCT_OFFSET(Elf32_Ehdr, e_machine));

    if (!elf_matches(h)) {
        return refuse(file, "not an ELF file", error);
    }
    if (h[EI_DATA] != ELFDATA2LSB || (machine != EM_386 && machine != EM_X86_64)) {
        return refuse(file, "not an ELF file for x86", error);
    }
    if (h[EI_CLASS] != ELFCLASS32 && h[EI_CLASS] != ELFCLASS64) {
        return refuse(file, "an ELF file of an unknown class", error);
    }
    return true;
}

static bool read_headers(const LoaderFile *file, Headers *headers, GError **error)
{
    guint8 h[sizeof(Elf64_Ehdr)] = { 0 };
    guint wanted;

    /* The 32-bit header is shorter; a file with any segment is longer than both. */
    if (!loader_read(file, 0, h, sizeof(h), error) || !check_ident(file, h, error)) {
        return false;
    }
    headers->is64 = h[EI_CLASS] == ELFCLASS64;
    headers->elf.machine = get_le16(h + G_STRUCT_OFFSET(Elf32_Ehdr, e_machine));
    if (headers->is64) {
        headers->elf.entry = get_le64(h + G_STRUCT_OFFSET(Elf64_Ehdr, e_entry));
        headers->offset = get_le64(h + G_STRUCT_OFFSET(Elf64_Ehdr, e_phoff));
        headers->entry_size = get_le16(h + G_STRUCT_OFFSET(Elf64_Ehdr, e_phentsize));
        headers->n = get_le16(h + G_STRUCT_OFFSET(Elf64_Ehdr, e_phnum));
        wanted = sizeof(Elf64_Phdr);
    } else {
        headers->elf.entry = get_le32(h + G_STRUCT_OFFSET(Elf32_Ehdr, e_entry));
        headers->offset = get_le32(h + G_STRUCT_OFFSET(Elf32_Ehdr, e_phoff));
        headers->entry_size = get_le16(h + G_STRUCT_OFFSET(Elf32_Ehdr, e_phentsize));
        headers->n = get_le16(h + G_STRUCT_OFFSET(Elf32_Ehdr, e_phnum));
        wanted = sizeof(Elf32_Phdr);
    }
    if (!headers->n || headers->n > MAX_SEGMENTS || headers->entry_size != wanted) {
        return refuse(file, "its ELF header has no usable program headers", error);
    }
    return true;
}

static ElfSegment segment64(const guint8 *p)
{
    return (ElfSegment){
        .type = get_le32(p + G_STRUCT_OFFSET(Elf64_Phdr, p_type)),
        .offset = get_le64(p + G_STRUCT_OFFSET(Elf64_Phdr, p_offset)),
        .vaddr = get_le64(p + G_STRUCT_OFFSET(Elf64_Phdr, p_vaddr)),
        .paddr = get_le64(p + G_STRUCT_OFFSET(Elf64_Phdr, p_paddr)),
        .filesz = get_le64(p + G_STRUCT_OFFSET(Elf64_Phdr, p_filesz)),
        .memsz = get_le64(p + G_STRUCT_OFFSET(Elf64_Phdr, p_memsz)),
        .align = get_le64(p + G_STRUCT_OFFSET(Elf64_Phdr, p_align)),
    };
}

static ElfSegment segment32(const guint8 *p)
{
    return (ElfSegment){
        .type = get_le32(p + G_STRUCT_OFFSET(Elf32_Phdr, p_type)),
        .offset = get_le32(p + G_STRUCT_OFFSET(Elf32_Phdr, p_offset)),
        .vaddr = get_le32(p + G_STRUCT_OFFSET(Elf32_Phdr, p_vaddr)),
        .paddr = get_le32(p + G_STRUCT_OFFSET(Elf32_Phdr, p_paddr)),
        .filesz = get_le32(p + G_STRUCT_OFFSET(Elf32_Phdr, p_filesz)),
        .memsz = get_le32(p + G_STRUCT_OFFSET(Elf32_Phdr, p_memsz)),
        .align = get_le32(p + G_STRUCT_OFFSET(Elf32_Phdr, p_align)),
    };
}

/* Only segments that are used have to be valid. */
static bool check_segment(const LoaderFile *file, const ElfSegment *s, GError **error)
{
    if (s->type != ELF_LOAD && s->type != ELF_NOTE) {
        return true;
    }
    if (!loader_has(file, s->offset, s->filesz)) {
        return refuse(file, "an ELF segment reaches beyond the end of the file", error);
    }
    if (s->type == ELF_LOAD && s->filesz > s->memsz) {
        return refuse(file, "an ELF segment is smaller in memory than in the file", error);
    }
    return true;
}

GArray *elf_segments(const LoaderFile *file, ElfHeader *ret_header, GError **error)
{
    g_autoptr(GArray) segments = g_array_new(false, false, sizeof(ElfSegment));
    g_autofree guint8 *raw = NULL;
    Headers headers;

    if (!read_headers(file, &headers, error)) {
        return NULL;
    }
    raw = g_malloc(headers.n * headers.entry_size);
    if (!loader_read(file, headers.offset, raw, headers.n * headers.entry_size, error)) {
        return NULL;
    }
    for (guint i = 0; i < headers.n; i++) {
        const guint8 *p = raw + i * headers.entry_size;
        ElfSegment segment = headers.is64 ? segment64(p) : segment32(p);

        if (!check_segment(file, &segment, error)) {
            return NULL;
        }
        g_array_append_val(segments, segment);
    }
    if (ret_header) {
        *ret_header = headers.elf;
    }
    return g_steal_pointer(&segments);
}

bool elf_is_loaded(const GArray *segments, guint64 addr)
{
    for (guint i = 0; i < segments->len; i++) {
        const ElfSegment *s = &g_array_index(segments, ElfSegment, i);

        if (s->type == ELF_LOAD && addr >= s->paddr && addr - s->paddr < s->filesz) {
            return true;
        }
    }
    return false;
}
