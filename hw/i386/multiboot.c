/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Multiboot Specification, version 0.6.96 (known as Multiboot 1): a kernel has a
 * header in its first 8 KiB, which says where to load the file unless it is ELF, and
 * is entered in flat 32-bit protected mode with a magic number in eax and the address
 * of the Multiboot information in ebx.
 *
 * As in QEMU: selectors 8 and 0x10, ecx has the entry's address, the path is the
 * first word of the command line, modules follow the kernel in whole pages, a file
 * for x86-64 needs the header's addresses.  A request for a video mode (flag 2) is
 * ignored, and the information has no flag for video.
 *
 * The file is untrusted: its header is checked here, an ELF file's by elf.c.
 */
#include "config.h"
#include "hw/i386/multiboot.h"

#include "hw/i386/elf.h"
#include "hw/i386/entry.h"
#include "qmp/bytes.h"
#include "qmp/error.h"

#define HEADER_MAGIC 0x1badb002
#define BOOT_MAGIC 0x2badb002
#define BOOT_DEVICE 0x8000ffff  /* the first hard disk, no partition */
#define LOADER_NAME "vmd"

/* Section 3.1: the header. */
enum {
    SEARCHED = 8192,            /* bytes of the file */
    HEADER_SIZE = 12,
    ADDRESSES_SIZE = 20,        /* after it, with FLAG_ADDRESSES */
    FLAG_ALIGN = 1 << 0,        /* modules in whole pages */
    FLAG_MEMORY = 1 << 1,
    FLAG_VIDEO = 1 << 2,
    FLAG_ADDRESSES = 1 << 16,
    FLAGS_REQUIRED = 0xffff,    /* what a loader must know */
    FLAGS_KNOWN = FLAG_ALIGN | FLAG_MEMORY | FLAG_VIDEO,
};

/* Section 3.3: offsets in the information. */
enum {
    INFO_FLAGS = 0,
    INFO_MEM_LOWER = 4,         /* KiB from 0 */
    INFO_MEM_UPPER = 8,         /* KiB from 1 MiB, up to the first hole */
    INFO_BOOT_DEVICE = 12,
    INFO_CMDLINE = 16,
    INFO_MODS_COUNT = 20,
    INFO_MODS_ADDR = 24,
    INFO_MMAP_LENGTH = 44,
    INFO_MMAP_ADDR = 48,
    INFO_LOADER_NAME = 64,
    INFO_SIZE = 116,
    /* memory, boot device, command line, modules, memory map, loader's name */
    INFO_FLAGS_SET = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9,
    MAP_ENTRY_SIZE = 20,        /* without the size field */
    MODULE_SIZE = 16,
    INFO_MAX = BOOT_CMDLINE - BOOT_MULTIBOOT,
};

enum { CODE_SELECTOR = 0x08, DATA_SELECTOR = 0x10, PAGE = 4096 };

typedef struct {
    guint64 offset;             /* in the file */
    guint32 flags;
    guint32 header_addr, load_addr, load_end, bss_end, entry;   /* with FLAG_ADDRESSES */
} Header;

static bool refuse(const LoaderFile *file, const char *why, GError **error)
{
    qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s: %s", file->what, why);
    return false;
}

/* ---- The header ---- */

static bool is_header(const guint8 *p)
{
    return get_le32(p) == HEADER_MAGIC &&
           (guint32)(get_le32(p) + get_le32(p + 4) + get_le32(p + 8)) == 0;
}

/* The header's offset in the file, or the size of the search if there is none. */
static guint64 find_header(const LoaderFile *file)
{
    guint8 start[SEARCHED];
    guint64 size = MIN(file->size, (guint64)SEARCHED);

    if (!loader_read(file, 0, start, size, NULL)) {
        return SEARCHED;
    }
    for (guint64 at = 0; at + HEADER_SIZE <= size; at += 4) {
        if (is_header(start + at)) {
            return at;
        }
    }
    return SEARCHED;
}

bool multiboot_matches(const LoaderFile *file)
{
    return find_header(file) != SEARCHED;
}

static bool read_header(const LoaderFile *file, Header *header, GError **error)
{
    guint8 raw[HEADER_SIZE + ADDRESSES_SIZE] = { 0 };

    *header = (Header){ .offset = find_header(file) };
    if (!loader_read(file, header->offset, raw, HEADER_SIZE, error)) {
        return false;
    }
    header->flags = get_le32(raw + 4);
    if (header->flags & FLAGS_REQUIRED & ~FLAGS_KNOWN) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "%s: its Multiboot header requires unsupported features: flags 0x%x",
                      file->what, header->flags & FLAGS_REQUIRED & ~FLAGS_KNOWN);
        return false;
    }
    if (!(header->flags & FLAG_ADDRESSES)) {
        return true;
    }
    if (!loader_read(file, header->offset, raw, sizeof(raw), error)) {
        return false;
    }
    header->header_addr = get_le32(raw + 12);
    header->load_addr = get_le32(raw + 16);
    header->load_end = get_le32(raw + 20);
    header->bss_end = get_le32(raw + 24);
    header->entry = get_le32(raw + 28);
    return true;
}

/* ---- The kernel ---- */

/* The part of the file to load, and its address, by the header. */
static bool flat_image(const Boot *boot, const Header *header, BootImage *ret_image,
                       GError **error)
{
    const LoaderFile *file = boot->kernel;
    guint64 before = (guint64)header->header_addr - header->load_addr;
    BootImage image = { .gpa = header->load_addr, .file = file, .what = "kernel" };

    if (header->load_addr > header->header_addr || before > header->offset) {
        return refuse(file, "its Multiboot header places the load address before the file", error);
    }
    image.offset = header->offset - before;
    image.file_size = file->size - image.offset;
    if (header->load_end) {
        if (header->load_end < header->load_addr ||
            header->load_end - header->load_addr > image.file_size) {
            return refuse(file, "its Multiboot header has an invalid end of the file", error);
        }
        image.file_size = header->load_end - header->load_addr;
    }
    image.size = image.file_size;
    if (header->bss_end) {
        if (header->bss_end < header->load_addr + image.file_size) {
            return refuse(file, "its Multiboot header has an invalid end of memory", error);
        }
        image.size = header->bss_end - header->load_addr;
    }
    *ret_image = image;
    return true;
}

static bool load_flat(Boot *boot, const Header *header, guint64 *ret_entry, GError **error)
{
    BootImage image;

    if (!flat_image(boot, header, &image, error)) {
        return false;
    }
    if (header->entry < image.gpa || header->entry - image.gpa >= image.file_size) {
        return refuse(boot->kernel, "its Multiboot entry is not in the loaded image", error);
    }
    *ret_entry = header->entry;
    return boot_add(boot, &image, error);
}

/* The entry is a virtual address: converts it by the segment that contains it. */
static guint64 physical_entry(const GArray *segments, guint64 entry)
{
    for (guint i = 0; i < segments->len; i++) {
        const ElfSegment *s = &g_array_index(segments, ElfSegment, i);

        if (s->type == ELF_LOAD && entry >= s->vaddr && entry - s->vaddr < s->filesz) {
            return s->paddr + (entry - s->vaddr);
        }
    }
    return entry;
}

static bool load_elf(Boot *boot, guint64 *ret_entry, GError **error)
{
    ElfHeader header;
    g_autoptr(GArray) segments = elf_segments(boot->kernel, &header, error);

    if (!segments) {
        return false;
    }
    if (header.machine != ELF_386) {
        return refuse(boot->kernel, "a Multiboot kernel is an ELF file for i386, and this one is "
                      "for x86-64 (objcopy -O elf32-i386 makes one of it)", error);
    }
    *ret_entry = physical_entry(segments, header.entry);
    if (!elf_is_loaded(segments, *ret_entry)) {
        return refuse(boot->kernel, "its entry is in no segment", error);
    }
    return boot_add_segments(boot, segments, error);
}

/* ---- Modules ---- */

/* Cuts the next module from a list: up to a comma; ",," is a comma in a name. */
static char *next_module(const char **list)
{
    GString *text = g_string_new(NULL);
    const char *p = *list;

    for (; *p && (*p != ',' || p[1] == ','); p++) {
        p += *p == ',';
        g_string_append_c(text, *p);
    }
    *list = *p ? p + 1 : p;
    g_strchug(text->str);
    return g_string_free(text, false);
}

static LoaderFile *open_module(const char *text, GError **error)
{
    g_autofree char *path = g_strndup(text, strcspn(text, " "));
    LoaderFile *file = loader_open("module", path, error);

    if (file) {
        g_free(file->text);
        file->text = g_strdup(text);
    }
    return file;
}

GPtrArray *multiboot_open_modules(const char *list, GError **error)
{
    g_autoptr(GPtrArray) modules = g_ptr_array_new_with_free_func((GDestroyNotify)loader_close);

    while (*list) {
        g_autofree char *text = next_module(&list);
        LoaderFile *file = open_module(text, error);

        if (!file) {
            return NULL;
        }
        g_ptr_array_add(modules, file);
    }
    return g_steal_pointer(&modules);
}

static guint64 next_page(guint64 addr)
{
    return (addr + PAGE - 1) & -(guint64)PAGE;
}

static guint64 kernel_end(const Boot *boot)
{
    guint64 end = BOOT_HIGH_START;

    for (guint i = 0; i < boot->images->len; i++) {
        const BootImage *image = &g_array_index(boot->images, BootImage, i);

        end = MAX(end, image->gpa + image->size);
    }
    return end;
}

/* Places them after the kernel, the only image so far.  Appends a row for each to
 * rows; the texts follow later. */
static bool add_modules(Boot *boot, GByteArray *rows, GError **error)
{
    guint64 addr = next_page(kernel_end(boot));

    for (guint i = 0; i < boot->modules->len; i++) {
        const LoaderFile *file = boot->modules->pdata[i];
        const BootImage image = {
            .gpa = addr, .size = file->size, .file_size = file->size, .file = file,
            .what = "module",
        };

        if (!boot_add(boot, &image, error)) {
            return false;
        }
        append_le(rows, addr, 4);
        append_le(rows, addr + file->size, 4);
        append_le(rows, 0, 8);          /* its text, and reserved */
        addr = next_page(addr + file->size);
    }
    return true;
}

/* ---- The information ---- */

/* Appends a text; returns its address. */
static guint32 append_string(GByteArray *info, const char *text)
{
    guint32 addr = BOOT_MULTIBOOT + info->len;

    g_byte_array_append(info, (const guint8 *)text, strlen(text) + 1);
    return addr;
}

static void append_memory_map(GByteArray *info, const BootConfig *config)
{
    BootRange ranges[BOOT_MAX_RANGES];
    guint n = boot_memory_map(config, ranges);

    put_le(info->data + INFO_MEM_LOWER, BOOT_LOW_END >> 10, 4);
    put_le(info->data + INFO_MMAP_ADDR, BOOT_MULTIBOOT + info->len, 4);
    put_le(info->data + INFO_MMAP_LENGTH, n * (4 + MAP_ENTRY_SIZE), 4);
    for (guint i = 0; i < n; i++) {
        if (ranges[i].start == BOOT_HIGH_START) {
            put_le(info->data + INFO_MEM_UPPER, ranges[i].size >> 10, 4);
        }
        append_le(info, MAP_ENTRY_SIZE, 4);
        append_le(info, ranges[i].start, 8);
        append_le(info, ranges[i].size, 8);
        append_le(info, ranges[i].type, 4);
    }
}

static void append_modules(GByteArray *info, const Boot *boot, const GByteArray *rows)
{
    guint start = info->len;

    put_le(info->data + INFO_MODS_COUNT, boot->modules->len, 4);
    put_le(info->data + INFO_MODS_ADDR, BOOT_MULTIBOOT + start, 4);
    g_byte_array_append(info, rows->data, rows->len);
    for (guint i = 0; i < boot->modules->len; i++) {
        const LoaderFile *file = boot->modules->pdata[i];
        guint32 text = append_string(info, file->text);

        put_le(info->data + start + i * MODULE_SIZE + 8, text, 4);
    }
}

static bool add_info(Boot *boot, const GByteArray *modules, GError **error)
{
    g_autoptr(GByteArray) info = g_byte_array_new();
    guint32 name;

    g_byte_array_set_size(info, INFO_SIZE);
    memset(info->data, 0, INFO_SIZE);
    put_le(info->data + INFO_FLAGS, INFO_FLAGS_SET, 4);
    put_le(info->data + INFO_BOOT_DEVICE, BOOT_DEVICE, 4);
    put_le(info->data + INFO_CMDLINE, BOOT_CMDLINE, 4);
    append_memory_map(info, &boot->config);
    append_modules(info, boot, modules);
    name = append_string(info, LOADER_NAME);
    put_le(info->data + INFO_LOADER_NAME, name, 4);
    if (info->len > INFO_MAX) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE,
                      "the modules and their words take %u bytes, there is room for %u", info->len,
                      INFO_MAX);
        return false;
    }
    return boot_add_table(boot, BOOT_MULTIBOOT, info, "Multiboot information", error);
}

static bool add_cmdline(Boot *boot, GError **error)
{
    const char *append = boot->config.append;
    g_autofree char *text = append ? g_strconcat(boot->kernel->text, " ", append, NULL)
                                   : g_strdup(boot->kernel->text);

    return boot_add_cmdline(boot, text, BOOT_CMDLINE_MAX - 1, error);
}

bool multiboot_load(Boot *boot, GError **error)
{
    g_autoptr(GByteArray) modules = g_byte_array_new();
    guint64 entry;
    Header header;

    if (!read_header(boot->kernel, &header, error) ||
        !(header.flags & FLAG_ADDRESSES ? load_flat(boot, &header, &entry, error)
                                        : load_elf(boot, &entry, error)) ||
        !add_modules(boot, modules, error) || !add_cmdline(boot, error) ||
        !add_info(boot, modules, error) || !entry_add_gdt(boot, CODE_SELECTOR, error)) {
        return false;
    }
    entry_protected(&boot->entry, entry, CODE_SELECTOR, DATA_SELECTOR);
    boot->entry.gpr[X86_RAX] = BOOT_MAGIC;
    boot->entry.gpr[X86_RBX] = BOOT_MULTIBOOT;
    boot->entry.gpr[X86_RCX] = entry;
    return true;
}
