/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiboot kernels: where they go, what they are told, and what is wrong with them.
 * Kernels are made here, byte by byte.
 */
#include "config.h"
#include "hw/i386/multiboot.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qmp/bytes.h"
#include "qmp/error.h"

#define MIB (1024 * 1024)

enum {
    MAGIC = 0x1badb002,
    ADDRESSES = 1 << 16,
    HEADER = 0x1000,            /* of both files, and of the code */
    FILE_SIZE = HEADER + 0x100,
    VIRTUAL = 0xc0000000,       /* where the ELF file's code believes to be */
};

/* ---- Kernels ---- */

static void put_header(GByteArray *file, gsize at, guint32 flags)
{
    put_le(file->data + at, MAGIC, 4);
    put_le(file->data + at + 4, flags, 4);
    put_le(file->data + at + 8, -(guint32)(MAGIC + flags), 4);
}

static GByteArray *empty_file(void)
{
    GByteArray *file = g_byte_array_new();

    g_byte_array_set_size(file, FILE_SIZE);
    memset(file->data, 0, file->len);
    return file;
}

/* Code at 1 MiB with a bss, linked 3 GiB higher; entered at its byte 0x20. */
static GByteArray *elf(void)
{
    GByteArray *file = empty_file();
    Elf32_Ehdr *h = (Elf32_Ehdr *)file->data;
    Elf32_Phdr *p = (Elf32_Phdr *)(h + 1);

    memcpy(h->e_ident, ELFMAG, SELFMAG);
    h->e_ident[EI_CLASS] = ELFCLASS32;
    h->e_ident[EI_DATA] = ELFDATA2LSB;
    h->e_machine = EM_386;
    h->e_entry = VIRTUAL + MIB + 0x20;
    h->e_phoff = sizeof(*h);
    h->e_phentsize = sizeof(*p);
    h->e_phnum = 1;
    *p = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = HEADER, .p_vaddr = VIRTUAL + MIB,
                       .p_paddr = MIB, .p_filesz = 0x100, .p_memsz = 0x1100 };
    put_header(file, HEADER, 3);
    return file;
}

/* The same without ELF, by addresses in the header: from its byte 0xff0 on. */
static GByteArray *flat(void)
{
    GByteArray *file = empty_file();
    guint8 *p = file->data + HEADER;

    put_header(file, HEADER, ADDRESSES | 3);
    put_le(p + 12, 2 * MIB + 0x10, 4);
    put_le(p + 16, 2 * MIB, 4);
    put_le(p + 20, 2 * MIB + 0x90, 4);
    put_le(p + 24, 2 * MIB + 0x4000, 4);
    put_le(p + 28, 2 * MIB + 0x40, 4);
    return file;
}

/* flat() with another number in its header. */
static GByteArray *flat_with(gsize offset, guint32 value)
{
    GByteArray *file = flat();

    put_le(file->data + HEADER + offset, value, 4);
    return file;
}

/* ---- Loading ---- */

static LoaderFile *as_file(const char *name, const guint8 *data, gsize size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    g_autoptr(GError) error = NULL;
    LoaderFile *file;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, data, size), ==, size);
    file = loader_open_fd("kernel", name, fd, &error);
    g_assert_no_error(error);
    return file;
}

static const BootConfig config_64m = { .ram_low = 64 * MIB, .append = "a=b", .long_mode = true };

static GPtrArray *no_modules(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)loader_close);
}

static Boot *load(GByteArray *kernel, const BootConfig *config, GPtrArray *modules, GError **error)
{
    Boot *boot = boot_load(config, as_file("k.elf", kernel->data, kernel->len), modules, error);

    g_byte_array_unref(kernel);
    return boot;
}

static void assert_refused(GByteArray *kernel, const char *word)
{
    g_autoptr(GError) error = NULL;
    Boot *boot = load(kernel, &config_64m, no_modules(), &error);

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

static const guint8 *information(const Boot *boot)
{
    return image_at(boot, BOOT_MULTIBOOT)->data;
}

static const char *text_at(const Boot *boot, guint32 addr)
{
    return (const char *)information(boot) + (addr - BOOT_MULTIBOOT);
}

/* ---- What the kernel finds ---- */

/* Section 3.2, and where that leaves it open, what QEMU does. */
static void test_entry(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = load(elf(), &config_64m, no_modules(), &error);
    const X86CpuState *entry = &boot->entry;

    g_assert_no_error(error);
    g_assert_cmphex(entry->gpr[X86_RAX], ==, 0x2badb002);
    g_assert_cmphex(entry->gpr[X86_RBX], ==, BOOT_MULTIBOOT);
    g_assert_cmphex(entry->gpr[X86_RCX], ==, MIB + 0x20);
    g_assert_cmphex(entry->rip, ==, MIB + 0x20);
    g_assert_cmphex(entry->rflags & ~G_GUINT64_CONSTANT(4), ==, 2);
    g_assert_cmphex(entry->cr0 & 0x80000001, ==, 1);
    g_assert_cmphex(entry->segment[X86_CS].selector, ==, 8);
    g_assert_cmphex(entry->segment[X86_SS].selector, ==, 0x10);
    g_assert_cmphex(entry->segment[X86_DS].limit, ==, 0xffffffff);
    g_assert_cmphex(entry->gdt.limit, ==, 0x17);
    g_assert_cmphex(get_le64(image_at(boot, BOOT_GDT)->data + 8), ==, 0x00cf9b000000ffff);
    g_assert_cmphex(get_le64(image_at(boot, BOOT_GDT)->data + 16), ==, 0x00cf93000000ffff);
    g_assert_cmphex(image_at(boot, MIB)->file_size, ==, 0x100);
    g_assert_cmphex(image_at(boot, MIB)->size, ==, 0x1100);
}

static void test_information(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = load(elf(), &config_64m, no_modules(), &error);
    const guint8 *info = information(boot), *map;

    g_assert_cmphex(get_le32(info), ==, 0x24f);
    g_assert_cmpuint(get_le32(info + 4), ==, 639);
    g_assert_cmpuint(get_le32(info + 8), ==, 63 * 1024);
    g_assert_cmphex(get_le32(info + 12), ==, 0x8000ffff);
    g_assert_cmphex(get_le32(info + 16), ==, BOOT_CMDLINE);
    g_assert_cmpstr((char *)image_at(boot, BOOT_CMDLINE)->data, ==, "k.elf a=b");
    g_assert_cmpuint(get_le32(info + 20), ==, 0);
    g_assert_cmpuint(get_le32(info + 44), ==, 4 * 24);
    map = info + (get_le32(info + 48) - BOOT_MULTIBOOT);
    g_assert_cmpuint(get_le32(map + 3 * 24), ==, 20);
    g_assert_cmphex(get_le64(map + 3 * 24 + 4), ==, MIB);
    g_assert_cmphex(get_le64(map + 3 * 24 + 12), ==, 63 * MIB);
    g_assert_cmpuint(get_le32(map + 3 * 24 + 20), ==, BOOT_RAM);
    g_assert_cmpstr(text_at(boot, get_le32(info + 64)), ==, "vmd");
}

static void test_flat(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = load(flat(), &config_64m, no_modules(), &error);
    const BootImage *image;

    g_assert_no_error(error);
    g_assert_cmphex(boot->entry.rip, ==, 2 * MIB + 0x40);
    image = image_at(boot, 2 * MIB);
    g_assert_cmphex(image->offset, ==, HEADER - 0x10);
    g_assert_cmphex(image->file_size, ==, 0x90);
    g_assert_cmphex(image->size, ==, 0x4000);
    /* Without ends all of the file is loaded, and there is no bss. */
    g_clear_pointer(&boot, boot_free);
    boot = load(flat_with(20, 0), &config_64m, no_modules(), &error);
    g_assert_cmphex(image_at(boot, 2 * MIB)->file_size, ==, 0x110);
    g_clear_pointer(&boot, boot_free);
    boot = load(flat_with(24, 0), &config_64m, no_modules(), &error);
    g_assert_cmphex(image_at(boot, 2 * MIB)->size, ==, 0x90);
}

/* The addresses count for an ELF file, too, of whatever machine. */
static void test_flat_elf64(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = NULL;
    GByteArray *file = flat();

    memcpy(file->data, ELFMAG, SELFMAG);
    file->data[EI_CLASS] = ELFCLASS64;
    boot = load(file, &config_64m, no_modules(), &error);
    g_assert_no_error(error);
    g_assert_cmphex(boot->entry.rip, ==, 2 * MIB + 0x40);
}

/* ---- Modules ---- */

static char *make_file(const char *folder, const char *name, gsize size)
{
    g_autofree char *data = g_strnfill(size, 'm');
    char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, data, size, NULL));
    return path;
}

static void test_modules(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("multiboot-XXXXXX", NULL);
    g_autofree char *one = make_file(folder, "one", 5000);
    g_autofree char *two = make_file(folder, "two,2", 3);
    g_autofree char *list = g_strdup_printf("%s x y, %s/two,,2,", one, folder);
    g_autofree char *words = g_strconcat(one, " x y", NULL);
    g_autoptr(Boot) boot = NULL;
    const guint8 *info, *row;
    GPtrArray *modules = multiboot_open_modules(list, &error);

    g_assert_no_error(error);
    boot = load(elf(), &config_64m, modules, &error);
    g_assert_no_error(error);
    info = information(boot);
    g_assert_cmpuint(get_le32(info + 20), ==, 2);
    row = info + (get_le32(info + 24) - BOOT_MULTIBOOT);
    g_assert_cmphex(get_le32(row), ==, MIB + 0x2000);           /* behind the bss */
    g_assert_cmphex(get_le32(row + 4), ==, MIB + 0x2000 + 5000);
    g_assert_cmpstr(text_at(boot, get_le32(row + 8)), ==, words);
    g_assert_cmphex(get_le32(row + 16), ==, MIB + 0x4000);
    g_assert_cmphex(get_le32(row + 20), ==, MIB + 0x4003);
    g_assert_cmpstr(text_at(boot, get_le32(row + 24)), ==, two);
    g_assert_cmpuint(image_at(boot, MIB + 0x4000)->size, ==, 3);
    g_unlink(one);
    g_unlink(two);
    g_rmdir(folder);
}

static void test_bad_modules(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree guint8 *data = g_malloc0(2 * MIB);
    g_autofree char *words = g_strnfill(100000, 'w');
    BootConfig config = config_64m;
    GPtrArray *modules;

    g_assert_null(multiboot_open_modules("/dev/null", &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_FILE_NOT_USABLE);
    g_clear_error(&error);
    g_assert_null(multiboot_open_modules(",,/nonexistent a", &error));
    g_assert_cmpstr(error->message, ==, "module ',/nonexistent': No such file or directory");
    g_clear_error(&error);
    config.ram_low = 3 * MIB;
    modules = no_modules();
    g_ptr_array_add(modules, as_file("big", data, 2 * MIB));
    g_assert_null(load(elf(), &config, modules, &error));
    g_assert_nonnull(strstr(error->message, "module does not fit"));
    g_clear_error(&error);
    modules = no_modules();
    g_ptr_array_add(modules, as_file("small", data, 10));
    g_free(((LoaderFile *)modules->pdata[0])->text);
    ((LoaderFile *)modules->pdata[0])->text = g_steal_pointer(&words);
    g_assert_null(load(elf(), &config_64m, modules, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OUT_OF_RANGE);
}

/* A kernel of another kind has one initrd, whose name is taken as it is. */
static void test_one_initrd(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("multiboot-XXXXXX", NULL);
    g_autofree char *path = make_file(folder, "a b,c", 10);
    g_autoptr(GPtrArray) modules = boot_open_modules(NULL, path, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(modules->len, ==, 1);
    g_unlink(path);
    g_rmdir(folder);
}

/* ---- What is wrong ---- */

/* Not in the first 8 KiB, not at a multiple of 4, with a wrong sum: no header. */
static void test_no_header(void)
{
    GByteArray *file = empty_file();

    put_header(file, HEADER + 2, 3);
    assert_refused(file, "nor a Multiboot kernel");
    file = elf();
    file->data[HEADER + 8] ^= 1;
    assert_refused(file, "no PVH entry note");
    file = flat();
    file->data[HEADER + 4] ^= 1;
    assert_refused(file, "nor a Multiboot kernel");
    file = empty_file();
    g_byte_array_set_size(file, 8192 + 12);
    memset(file->data, 0, file->len);
    put_header(file, 8192 - 8, 3);
    assert_refused(file, "nor a Multiboot kernel");
    file = empty_file();
    g_byte_array_set_size(file, 8);
    assert_refused(file, "nor a Multiboot kernel");
}

static void test_bad_header(void)
{
    GByteArray *file = elf();

    put_header(file, HEADER, 8);
    assert_refused(file, "unsupported features: flags 0x8");
    file = flat();
    g_byte_array_set_size(file, HEADER + 20);
    assert_refused(file, "cut short");
    assert_refused(flat_with(12, 2 * MIB - 1), "before the file");
    assert_refused(flat_with(12, 2 * MIB + HEADER + 1), "before the file");
    assert_refused(flat_with(16, 0xffffffff), "before the file");
    assert_refused(flat_with(20, 2 * MIB - 1), "end of the file");
    assert_refused(flat_with(20, 2 * MIB + 0x111), "end of the file");
    assert_refused(flat_with(24, 2 * MIB + 0x8f), "end of memory");
    assert_refused(flat_with(24, 0xffffffff), "does not fit into RAM");
    assert_refused(flat_with(28, 2 * MIB - 1), "entry is not in the loaded image");
    assert_refused(flat_with(28, 2 * MIB + 0x90), "entry is not in the loaded image");
}

static void test_bad_elf(void)
{
    GByteArray *file = elf();

    ((Elf32_Ehdr *)file->data)->e_machine = EM_X86_64;
    assert_refused(file, "for x86-64");
    file = elf();
    ((Elf32_Ehdr *)file->data)->e_entry = 0x1234;
    assert_refused(file, "its entry is in no segment");
    file = empty_file();
    put_header(file, HEADER, 3);
    assert_refused(file, "not an ELF file");
}

/* A video mode is wished for, and not there. */
static void test_video(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = NULL;
    GByteArray *file = elf();

    put_header(file, HEADER, 7);
    boot = load(file, &config_64m, no_modules(), &error);
    g_assert_no_error(error);
    g_assert_cmphex(get_le32(information(boot)), ==, 0x24f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/multiboot/entry", test_entry);
    g_test_add_func("/multiboot/information", test_information);
    g_test_add_func("/multiboot/flat", test_flat);
    g_test_add_func("/multiboot/flat-elf64", test_flat_elf64);
    g_test_add_func("/multiboot/modules", test_modules);
    g_test_add_func("/multiboot/bad-modules", test_bad_modules);
    g_test_add_func("/multiboot/one-initrd", test_one_initrd);
    g_test_add_func("/multiboot/no-header", test_no_header);
    g_test_add_func("/multiboot/bad-header", test_bad_header);
    g_test_add_func("/multiboot/bad-elf", test_bad_elf);
    g_test_add_func("/multiboot/video", test_video);
    return g_test_run();
}
