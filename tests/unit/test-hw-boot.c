/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Direct boot: kernels and what is wrong with them, the memory map, the MP
 * table.  Kernels are made here, byte by byte.
 */
#include "config.h"
#include "hw/i386/boot.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/i386/mptable.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "tests/lib/rig.h"

#define MIB (1024 * 1024)

enum { NOTES = 0x200, CODE = 0x1000, CODE_SIZE = 0x100, FILE_SIZE = CODE + CODE_SIZE };

/* ---- Kernels ---- */

static void put_note(guint8 *p, guint32 type, guint64 value, guint desc_size)
{
    put_le(p, 4, 4);
    put_le(p + 4, desc_size, 4);
    put_le(p + 8, type, 4);
    memcpy(p + 12, "Xen", 4);
    put_le(p + 16, value, desc_size);
}

/* A 64-bit ELF: a note segment, and code at 1 MiB with 0x100 bytes of bss. */
static GByteArray *elf64(void)
{
    GByteArray *file = g_byte_array_new();
    Elf64_Ehdr *h;
    Elf64_Phdr *p;

    g_byte_array_set_size(file, FILE_SIZE);
    memset(file->data, 0, FILE_SIZE);
    h = (Elf64_Ehdr *)file->data;
    memcpy(h->e_ident, ELFMAG, SELFMAG);
    h->e_ident[EI_CLASS] = ELFCLASS64;
    h->e_ident[EI_DATA] = ELFDATA2LSB;
    h->e_machine = EM_X86_64;
    h->e_phoff = sizeof(*h);
    h->e_phentsize = sizeof(*p);
    h->e_phnum = 2;
    p = (Elf64_Phdr *)(h + 1);
    p[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES, .p_filesz = 44 };
    p[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = CODE, .p_paddr = MIB,
                         .p_filesz = CODE_SIZE, .p_memsz = 2 * CODE_SIZE };
    put_note(file->data + NOTES, 5, 0, 4);
    put_note(file->data + NOTES + 20, 18, MIB + 0x10, 8);
    memset(file->data + CODE, 0x90, CODE_SIZE);
    return file;
}

static Elf64_Phdr *phdr(GByteArray *file, guint i)
{
    return (Elf64_Phdr *)(file->data + sizeof(Elf64_Ehdr)) + i;
}

static GByteArray *elf32(void)
{
    GByteArray *file = g_byte_array_new();
    Elf32_Ehdr *h;
    Elf32_Phdr *p;

    g_byte_array_set_size(file, FILE_SIZE);
    memset(file->data, 0, FILE_SIZE);
    h = (Elf32_Ehdr *)file->data;
    memcpy(h->e_ident, ELFMAG, SELFMAG);
    h->e_ident[EI_CLASS] = ELFCLASS32;
    h->e_ident[EI_DATA] = ELFDATA2LSB;
    h->e_machine = EM_386;
    h->e_phoff = sizeof(*h);
    h->e_phentsize = sizeof(*p);
    h->e_phnum = 2;
    p = (Elf32_Phdr *)(h + 1);
    p[0] = (Elf32_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES, .p_filesz = 20 };
    p[1] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = CODE, .p_paddr = MIB,
                         .p_filesz = CODE_SIZE, .p_memsz = CODE_SIZE };
    put_note(file->data + NOTES, 18, MIB, 4);
    return file;
}

/* Protocol 2.12 with a 64-bit entry; 1 setup sector, 0x400 bytes of kernel. */
static GByteArray *bzimage(void)
{
    GByteArray *file = g_byte_array_new();
    guint8 *p;

    g_byte_array_set_size(file, 0x800);
    memset(file->data, 0x5a, file->len);
    p = file->data;
    memset(p + 0x1f1, 0, 0x290 - 0x1f1);
    p[0x1f1] = 1;
    put_le(p + 0x1fe, 0xaa55, 2);
    p[0x201] = 0x68;
    memcpy(p + 0x202, "HdrS", 4);
    put_le(p + 0x206, 0x20c, 2);
    p[0x211] = 1;
    put_le(p + 0x22c, 0x7fffffff, 4);
    put_le(p + 0x236, 1, 2);
    put_le(p + 0x238, 100, 4);
    put_le(p + 0x258, 16 * MIB, 8);
    put_le(p + 0x260, MIB, 4);
    return file;
}

/* ---- Loading ---- */

static LoaderFile *as_file(const char *role, const guint8 *data, gsize size)
{
    int fd = memfd_create(role, MFD_CLOEXEC);
    g_autoptr(GError) error = NULL;
    LoaderFile *file;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, data, size), ==, size);
    file = loader_open_fd(role, role, fd, &error);
    g_assert_no_error(error);
    return file;
}

static const BootConfig config_64m = { .ram_low = 64 * MIB, .append = "a=b", .long_mode = true };

static Boot *load(GByteArray *kernel, const BootConfig *config, gsize initrd_size, GError **error)
{
    GPtrArray *modules = g_ptr_array_new_with_free_func((GDestroyNotify)loader_close);
    Boot *boot;

    if (initrd_size) {
        g_autofree guint8 *data = g_malloc(initrd_size);

        memset(data, 0x1d, initrd_size);
        g_ptr_array_add(modules, as_file("initrd", data, initrd_size));
    }
    boot = boot_load(config, as_file("kernel", kernel->data, kernel->len), modules, error);
    g_byte_array_unref(kernel);
    return boot;
}

/* The kernel is refused, and the message has a word in it. */
static void assert_refused(GByteArray *kernel, const char *word)
{
    g_autoptr(GError) error = NULL;
    Boot *boot = load(kernel, &config_64m, 0, &error);

    g_assert_null(boot);
    g_assert_nonnull(error);
    if (!strstr(error->message, word)) {
        g_error("'%s' is not in: %s", word, error->message);
    }
}

static const BootImage *image_at(const Boot *boot, guint64 gpa)
{
    for (guint i = 0; i < boot->images->len; i++) {
        const BootImage *image = &g_array_index(boot->images, BootImage, i);

        if (image->gpa == gpa) {
            return image;
        }
    }
    return NULL;
}

/* ---- PVH ---- */

static void test_pvh(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = load(elf64(), &config_64m, 5000, &error);
    const guint8 *info;

    g_assert_no_error(error);
    g_assert_cmphex(boot->entry.rip, ==, MIB + 0x10);
    g_assert_cmphex(boot->entry.gpr[X86_RBX], ==, BOOT_PVH_INFO);
    g_assert_cmphex(boot->entry.cr0 & 0x80000001, ==, 1);
    g_assert_cmphex(boot->entry.segment[X86_CS].limit, ==, 0xffffffff);
    g_assert_cmpuint(image_at(boot, MIB)->size, ==, 2 * CODE_SIZE);
    g_assert_cmpuint(image_at(boot, MIB)->file_size, ==, CODE_SIZE);
    info = image_at(boot, BOOT_PVH_INFO)->data;
    g_assert_cmphex(get_le32(info), ==, 0x336ec578);
    g_assert_cmpuint(get_le32(info + 4), ==, 1);
    g_assert_cmpuint(get_le32(info + 12), ==, 1);       /* modules */
    g_assert_cmphex(get_le64(info + 24), ==, BOOT_CMDLINE);
    g_assert_cmpuint(get_le32(info + 48), ==, 4);       /* ranges */
    g_assert_cmphex(get_le64(info + 56), ==, 64 * MIB - 2 * 4096);      /* initrd */
    g_assert_cmpuint(get_le64(info + 64), ==, 5000);
    g_assert_cmpstr((char *)image_at(boot, BOOT_CMDLINE)->data, ==, "a=b");
}

static void test_pvh32(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = load(elf32(), &config_64m, 0, &error);

    g_assert_no_error(error);
    g_assert_cmphex(boot->entry.rip, ==, MIB);
    g_assert_cmpuint(get_le32(image_at(boot, BOOT_PVH_INFO)->data + 12), ==, 0);
}

static void test_elf_header(void)
{
    GByteArray *file = elf64();

    file->data[EI_DATA] = ELFDATA2MSB;
    assert_refused(file, "not an ELF file for x86");
    file = elf64();
    ((Elf64_Ehdr *)file->data)->e_machine = EM_AARCH64;
    assert_refused(file, "not an ELF file for x86");
    file = elf64();
    file->data[EI_CLASS] = 7;
    assert_refused(file, "class");
    file = elf64();
    ((Elf64_Ehdr *)file->data)->e_phentsize = 1;
    assert_refused(file, "program headers");
    file = elf64();
    ((Elf64_Ehdr *)file->data)->e_phnum = 0xffff;
    assert_refused(file, "program headers");
    file = elf64();
    ((Elf64_Ehdr *)file->data)->e_phoff = G_MAXUINT64 - 8;
    assert_refused(file, "cut short");
    file = elf64();
    g_byte_array_set_size(file, 20);
    assert_refused(file, "cut short");
    file = elf64();
    g_byte_array_set_size(file, 3);
    assert_refused(file, "cut short");
}

static void test_elf_segments(void)
{
    GByteArray *file = elf64();

    phdr(file, 1)->p_filesz = 3 * CODE_SIZE;
    assert_refused(file, "beyond the end");
    file = elf64();
    phdr(file, 1)->p_offset = G_MAXUINT64;
    assert_refused(file, "beyond the end");
    file = elf64();
    phdr(file, 1)->p_memsz = 1;
    assert_refused(file, "smaller in memory");
    file = elf64();
    phdr(file, 1)->p_memsz = G_MAXUINT64;
    assert_refused(file, "does not fit into RAM");
    file = elf64();
    phdr(file, 1)->p_paddr = G_MAXUINT64 - 16;
    assert_refused(file, "in no segment");
    file = elf64();
    phdr(file, 1)->p_memsz = 64 * MIB;
    assert_refused(file, "does not fit into RAM");
    file = elf64();                             /* over our own tables */
    phdr(file, 1)->p_paddr = BOOT_PVH_INFO + 8;
    put_note(file->data + NOTES + 20, 18, BOOT_PVH_INFO + 8, 8);
    assert_refused(file, "overlap");
}

static void test_elf_notes(void)
{
    GByteArray *file = elf64();

    phdr(file, 0)->p_filesz = 20;               /* only the other note */
    assert_refused(file, "no PVH entry note");
    file = elf64();
    put_le(file->data + NOTES + 4, G_MAXUINT32, 4);
    assert_refused(file, "no PVH entry note");
    file = elf64();
    put_le(file->data + NOTES, G_MAXUINT32 - 2, 4);
    assert_refused(file, "no PVH entry note");
    file = elf64();
    put_le(file->data + NOTES + 24, 5, 4);      /* a descriptor of 5 bytes */
    assert_refused(file, "no PVH entry note");
    file = elf64();
    memcpy(file->data + NOTES + 32, "Zen", 4);
    assert_refused(file, "no PVH entry note");
    file = elf64();
    put_note(file->data + NOTES + 20, 18, 0x12345678, 8);
    assert_refused(file, "in no segment");
}

/* ---- bzImage ---- */

static void test_bzimage(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = load(bzimage(), &config_64m, 5000, &error);
    const guint8 *page;

    g_assert_no_error(error);
    g_assert_cmphex(boot->entry.rip, ==, MIB + 0x200);
    g_assert_cmphex(boot->entry.gpr[X86_RSI], ==, BOOT_ZERO_PAGE);
    g_assert_true(boot->entry.cr0 >> 31 & 1);
    g_assert_cmphex(boot->entry.efer, ==, 0x500);
    g_assert_cmphex(boot->entry.cr3, ==, BOOT_PAGES);
    g_assert_cmpuint(boot->entry.segment[X86_CS].l, ==, 1);
    page = image_at(boot, BOOT_ZERO_PAGE)->data;
    g_assert_cmpint(memcmp(page + 0x202, "HdrS", 4), ==, 0);
    g_assert_cmphex(page[0x1f0], ==, 0);        /* the file's boot sector is not copied */
    g_assert_cmphex(page[0x210], ==, 0xff);
    g_assert_cmphex(get_le32(page + 0x228), ==, BOOT_CMDLINE);
    g_assert_cmphex(get_le32(page + 0x218), ==, 64 * MIB - 2 * 4096);
    g_assert_cmpuint(get_le32(page + 0x21c), ==, 5000);
    g_assert_cmpuint(page[0x1e8], ==, 4);
    g_assert_cmphex(get_le64(page + 0x2d0 + 3 * 20), ==, MIB);
    g_assert_cmphex(get_le64(page + 0x2d0 + 3 * 20 + 8), ==, 63 * MIB);
    g_assert_cmpuint(image_at(boot, MIB)->file_size, ==, 0x400);
    g_assert_cmphex(image_at(boot, MIB)->offset, ==, 0x400);
}

static void test_bzimage32(void)
{
    g_autoptr(GError) error = NULL;
    BootConfig config = config_64m;
    g_autoptr(Boot) boot = NULL;

    config.long_mode = false;
    boot = load(bzimage(), &config, 0, &error);
    g_assert_no_error(error);
    g_assert_cmphex(boot->entry.rip, ==, MIB);
    g_assert_false(boot->entry.cr0 >> 31 & 1);
    g_assert_cmphex(boot->entry.efer, ==, 0);
    g_assert_cmphex(boot->entry.segment[X86_CS].selector, ==, 0x10);
    g_assert_cmphex(boot->entry.gdt.base, ==, BOOT_GDT);
    g_assert_null(image_at(boot, BOOT_PAGES));
}

static void test_bzimage_bad(void)
{
    GByteArray *file = bzimage();

    file->data[0x1fe] = 0;
    assert_refused(file, "neither an ELF file nor a Linux kernel");
    file = bzimage();
    file->data[0x202] = 'h';
    assert_refused(file, "neither an ELF file nor a Linux kernel");
    file = bzimage();
    put_le(file->data + 0x206, 0x201, 2);
    assert_refused(file, "older than 2.02");
    file = bzimage();
    file->data[0x211] = 0;
    assert_refused(file, "zImage");
    file = bzimage();
    file->data[0x1f1] = 200;
    assert_refused(file, "ends before");
    file = bzimage();
    put_le(file->data + 0x260, 60 * MIB, 4);
    assert_refused(file, "work space does not fit");
    file = bzimage();
    put_le(file->data + 0x258, G_MAXUINT64, 8);
    assert_refused(file, "above 4 GiB");
    file = bzimage();
    g_byte_array_set_size(file, 0x208);
    assert_refused(file, "neither");
}

/* ---- Common ---- */

static void test_limits(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *longest = g_strnfill(101, 'x');
    BootConfig config = config_64m;

    config.append = longest;                    /* bzimage() takes 100 */
    g_assert_null(load(bzimage(), &config, 0, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
    g_clear_error(&error);
    boot_free(load(elf64(), &config, 0, &error));
    g_assert_no_error(error);
    config = config_64m;
    config.ram_low = 2 * MIB;
    g_assert_null(load(elf64(), &config, 3 * MIB, &error));
    g_assert_nonnull(strstr(error->message, "initrd"));
    g_clear_error(&error);
    config.ram_low = MIB + 0x2000;              /* initrd would lie on the kernel */
    g_assert_null(load(elf64(), &config, 0x2000, &error));
    g_assert_nonnull(strstr(error->message, "overlap"));
    g_clear_error(&error);
    config.ram_low = MIB;
    g_assert_null(load(elf64(), &config, 0, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
}

static void test_memory_map(void)
{
    const BootConfig config = { .ram_low = 0xc0000000, .ram_high = 0x40000000 };
    BootRange ranges[BOOT_MAX_RANGES];

    g_assert_cmpuint(boot_memory_map(&config, ranges), ==, 5);
    g_assert_cmphex(ranges[3].start + ranges[3].size, ==, 0xc0000000);
    g_assert_cmphex(ranges[4].start, ==, BOOT_4G);
    g_assert_cmphex(ranges[4].size, ==, 0x40000000);
    for (guint i = 1; i < 5; i++) {
        g_assert_cmphex(ranges[i].start, >=, ranges[i - 1].start + ranges[i - 1].size);
    }
}

/* ACPI tables have the end of low RAM for themselves, whatever the format. */
static void test_acpi(void)
{
    g_autoptr(GError) error = NULL;
    BootConfig config = config_64m;
    g_autoptr(Boot) pvh = NULL, linux_boot = NULL;
    BootRange ranges[BOOT_MAX_RANGES];
    const guint64 address = 64 * MIB - 0x4000;

    config.acpi_size = 0x3001;
    g_assert_cmphex(boot_acpi_address(&config), ==, address);
    g_assert_cmpuint(boot_memory_map(&config, ranges), ==, 5);
    g_assert_cmphex(ranges[3].start + ranges[3].size, ==, address);
    g_assert_cmphex(ranges[4].start, ==, address);
    g_assert_cmphex(ranges[4].size, ==, 0x4000);
    g_assert_cmpuint(ranges[4].type, ==, BOOT_ACPI);
    pvh = load(elf64(), &config, 5000, &error);
    g_assert_no_error(error);
    g_assert_cmphex(get_le64(image_at(pvh, BOOT_PVH_INFO)->data + 32), ==, BOOT_RSDP);
    g_assert_cmphex(pvh->initrd_addr, ==, address - 2 * 4096);
    linux_boot = load(bzimage(), &config, 5000, &error);
    g_assert_no_error(error);
    g_assert_cmphex(get_le64(image_at(linux_boot, BOOT_ZERO_PAGE)->data + 0x70), ==, BOOT_RSDP);
    g_assert_cmphex(linux_boot->initrd_addr, ==, address - 2 * 4096);
    /* Without them nothing points anywhere. */
    g_clear_pointer(&pvh, boot_free);
    pvh = load(elf64(), &config_64m, 0, &error);
    g_assert_cmphex(get_le64(image_at(pvh, BOOT_PVH_INFO)->data + 32), ==, 0);
    g_assert_cmphex(boot_acpi_address(&config_64m), ==, 64 * MIB);
    /* Too large for RAM. */
    config.acpi_size = G_MAXUINT64;
    g_assert_cmphex(boot_acpi_address(&config), ==, 0);
    g_assert_cmpuint(boot_memory_map(&config, ranges), ==, 5);
    g_assert_cmphex(ranges[3].size, ==, 0);
}

/* What is placed, and what a file that shrank does. */
static void test_place(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = load(elf64(), &config_64m, 0, &error);
    guint8 *ram = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MemoryRegion *mr = region_new_ram(rig->root, "ram", ram, 64 * MIB);
    guint8 written[64 * MIB / 4096 / 8];

    g_assert_no_error(error);
    g_assert_false(boot_place(boot, rig->memory, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
    g_clear_error(&error);
    region_add(address_space_root(rig->memory), 0, mr, 0);
    memset(ram + MIB, 0xcc, 0x1000);
    g_assert_true(boot_place(boot, rig->memory, &error));
    g_assert_cmphex(ram[MIB], ==, 0x90);
    g_assert_cmphex(ram[MIB + CODE_SIZE - 1], ==, 0x90);
    g_assert_cmphex(ram[MIB + CODE_SIZE], ==, 0);       /* bss */
    g_assert_cmphex(ram[MIB + 2 * CODE_SIZE], ==, 0xcc);
    g_assert_cmpstr((char *)ram + BOOT_CMDLINE, ==, "a=b");
    g_assert_cmphex(get_le16(ram + 0x40e), ==, 0x9fc0);
    g_assert_cmpuint(get_le16(ram + 0x413), ==, 639);
    g_assert_cmpuint(ram[0x9fc00], ==, 1);
    ram[MIB] = 0;
    region_log_begin(mr);
    region_log_take(mr, rig->memory, written);
    g_assert_true(boot_place(boot, rig->memory, &error));
    g_assert_cmphex(ram[MIB], ==, 0x90);
    region_log_take(mr, rig->memory, written);
    g_assert_cmphex(written[MIB / 4096 / 8], ==, 0x01);
    region_log_end(mr);
    g_assert_cmpint(ftruncate(boot->kernel->fd, 100), ==, 0);
    g_assert_false(boot_place(boot, rig->memory, &error));
    g_assert_nonnull(strstr(error->message, "shorter"));
    region_remove(address_space_root(rig->memory), mr);
    munmap(ram, 64 * MIB);
}

static void test_files(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(loader_open("kernel", "/nonexistent/k", &error));
    g_assert_cmpstr(error->message, ==, "kernel '/nonexistent/k': No such file or directory");
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_FILE_NOT_USABLE);
    g_clear_error(&error);
    g_assert_null(loader_open("initrd", "/", &error));
    g_assert_nonnull(strstr(error->message, "not a regular file"));
    g_clear_error(&error);
    g_assert_null(loader_open("initrd", "/dev/null", &error));
}

/* ---- MP table ---- */

static guint8 sum(const guint8 *p, guint size)
{
    guint8 total = 0;

    while (size--) {
        total += *p++;
    }
    return total;
}

/* Entries of a kind, by the sizes that the specification gives them. */
static guint count_entries(const guint8 *table, guint8 kind)
{
    const guint8 *p = table + 44;
    const guint8 *end = table + get_le16(table + 4);
    guint n = 0, total = 0;

    for (; p < end; p += *p == 0 ? 20 : 8) {
        n += *p == kind;
        total++;
    }
    g_assert_true(p == end);
    g_assert_cmpuint(total, ==, get_le16(table + 34));
    return n;
}

static void test_mptable(void)
{
    const guint8 ids[] = { 0, 1, 3 };
    const MptableConfig config = { .apic_ids = ids, .n_cpus = 3, .pic = true };
    const MptableConfig without = { .apic_ids = ids, .n_cpus = 1 };
    g_autoptr(GByteArray) mp = mptable_new(&config, 0xf0000);
    g_autoptr(GByteArray) small = mptable_new(&without, 0xf0000);
    const guint8 *table = mp->data + 16;

    g_assert_cmpint(memcmp(mp->data, "_MP_", 4), ==, 0);
    g_assert_cmphex(get_le32(mp->data + 4), ==, 0xf0010);
    g_assert_cmphex(sum(mp->data, 16), ==, 0);
    g_assert_cmpint(memcmp(table, "PCMP", 4), ==, 0);
    g_assert_cmpuint(get_le16(table + 4), ==, mp->len - 16);
    g_assert_cmphex(sum(table, mp->len - 16), ==, 0);
    g_assert_cmpuint(count_entries(table, 0), ==, 3);
    g_assert_cmpuint(count_entries(table, 1), ==, 1);
    g_assert_cmpuint(count_entries(table, 2), ==, 1);
    g_assert_cmpuint(count_entries(table, 3), ==, 16);
    g_assert_cmpuint(count_entries(table, 4), ==, 2);
    g_assert_cmphex(table[44 + 3], ==, 3);      /* enabled, boot CPU */
    g_assert_cmphex(table[44 + 20 + 3], ==, 1);
    g_assert_cmpuint(table[44 + 60 + 8 + 1], ==, 2);    /* the I/O APIC's id is free */
    g_assert_cmpuint(count_entries(small->data + 16, 3), ==, 15);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/boot/pvh", test_pvh);
    g_test_add_func("/boot/pvh32", test_pvh32);
    g_test_add_func("/boot/elf-header", test_elf_header);
    g_test_add_func("/boot/elf-segments", test_elf_segments);
    g_test_add_func("/boot/elf-notes", test_elf_notes);
    g_test_add_func("/boot/bzimage", test_bzimage);
    g_test_add_func("/boot/bzimage32", test_bzimage32);
    g_test_add_func("/boot/bzimage-bad", test_bzimage_bad);
    g_test_add_func("/boot/limits", test_limits);
    g_test_add_func("/boot/memory-map", test_memory_map);
    g_test_add_func("/boot/acpi", test_acpi);
    g_test_add_func("/boot/place", test_place);
    g_test_add_func("/boot/files", test_files);
    g_test_add_func("/boot/mptable", test_mptable);
    return g_test_run();
}
