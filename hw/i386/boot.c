/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Direct boot: the list of images and what is common to all kernel formats.
 */
#include "config.h"
#include "hw/i386/boot.h"

#include <string.h>

#include "hw/i386/bzimage.h"
#include "hw/i386/elf.h"
#include "hw/i386/multiboot.h"
#include "hw/i386/pvh.h"
#include "qmp/bytes.h"
#include "qmp/error.h"

enum { PAGE = 4096 };

/* ---- Images ---- */

static const BootImage *find_overlap(const Boot *boot, const BootImage *image)
{
    for (guint i = 0; i < boot->images->len; i++) {
        const BootImage *other = &g_array_index(boot->images, BootImage, i);

        if (image->gpa < other->gpa + other->size && other->gpa < image->gpa + image->size) {
            return other;
        }
    }
    return NULL;
}

static bool check_image(const Boot *boot, const BootImage *image, GError **error)
{
    const BootImage *other;

    if (image->gpa > boot->config.ram_low || image->size > boot->config.ram_low - image->gpa) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "the %s does not fit into RAM: 0x%" G_GINT64_MODIFIER "x bytes at 0x%"
                      G_GINT64_MODIFIER "x, RAM ends at 0x%" G_GINT64_MODIFIER "x",
                      image->what, image->size, image->gpa, boot->config.ram_low);
        return false;
    }
    other = find_overlap(boot, image);
    if (other) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "the %s at 0x%" G_GINT64_MODIFIER "x and the %s at 0x%" G_GINT64_MODIFIER
                      "x overlap", image->what, image->gpa, other->what, other->gpa);
        return false;
    }
    return true;
}

bool boot_add(Boot *boot, const BootImage *image, GError **error)
{
    if (!check_image(boot, image, error)) {
        g_free(image->data);
        return false;
    }
    g_array_append_val(boot->images, *image);
    return true;
}

bool boot_add_table(Boot *boot, guint64 gpa, const GByteArray *table, const char *what,
                    GError **error)
{
    const BootImage image = {
        .gpa = gpa,
        .size = table->len,
        .file_size = table->len,
        .data = g_memdup2(table->data, table->len),
        .what = what,
    };

    return boot_add(boot, &image, error);
}

void boot_drop_table(Boot *boot, guint64 gpa)
{
    for (guint i = 0; i < boot->images->len; i++) {
        BootImage *image = &g_array_index(boot->images, BootImage, i);

        if (image->gpa == gpa && image->data) {
            g_free(image->data);
            g_array_remove_index(boot->images, i);
            return;
        }
    }
}

bool boot_add_segments(Boot *boot, const GArray *segments, GError **error)
{
    for (guint i = 0; i < segments->len; i++) {
        const ElfSegment *s = &g_array_index(segments, ElfSegment, i);
        const BootImage image = {
            .gpa = s->paddr,
            .size = s->memsz,
            .file_size = s->filesz,
            .file = boot->kernel,
            .offset = s->offset,
            .what = "kernel's segment",
        };

        if (s->type == ELF_LOAD && s->memsz && !boot_add(boot, &image, error)) {
            return false;
        }
    }
    return true;
}

bool boot_add_cmdline(Boot *boot, const char *text, guint max, GError **error)
{
    gsize length = text ? strlen(text) : 0;
    BootImage image = {
        .gpa = BOOT_CMDLINE,
        .size = length + 1,
        .file_size = length + 1,
        .what = "command line",
    };

    max = MIN(max, BOOT_CMDLINE_MAX - 1);
    if (length > max) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE,
                      "the command line has %" G_GSIZE_FORMAT " characters, %s takes %u", length,
                      boot->kernel->what, max);
        return false;
    }
    image.data = (guint8 *)g_strdup(text ? text : "");
    return boot_add(boot, &image, error);
}

/* Tables larger than RAM will overlap other images, which is an error. */
guint64 boot_acpi_address(const BootConfig *config)
{
    guint64 size = MIN(config->acpi_size, config->ram_low);

    return size ? (config->ram_low - size) & -(guint64)PAGE : config->ram_low;
}

bool boot_add_initrd(Boot *boot, GError **error)
{
    guint64 top = MIN(boot_acpi_address(&boot->config), boot->initrd_limit + 1);
    BootImage image = { .file = boot->initrd, .what = "initrd" };

    if (!boot->initrd) {
        return true;
    }
    if (boot->initrd->size > top || top - boot->initrd->size < BOOT_HIGH_START) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "%s has %" G_GUINT64_FORMAT " bytes, which do not fit below 0x%"
                      G_GINT64_MODIFIER "x", boot->initrd->what, boot->initrd->size, top);
        return false;
    }
    image.gpa = (top - boot->initrd->size) & -(guint64)PAGE;
    image.size = image.file_size = boot->initrd->size;
    boot->initrd_addr = image.gpa;
    return boot_add(boot, &image, error);
}

guint boot_memory_map(const BootConfig *config, BootRange ret_ranges[BOOT_MAX_RANGES])
{
    guint64 acpi = MAX(boot_acpi_address(config), (guint64)BOOT_HIGH_START);
    guint n = 0;

    ret_ranges[n++] = (BootRange){ 0, BOOT_LOW_END, BOOT_RAM };
    ret_ranges[n++] = (BootRange){ BOOT_LOW_END, 0xa0000 - BOOT_LOW_END, BOOT_RESERVED };
    ret_ranges[n++] = (BootRange){ BOOT_BIOS_AREA, BOOT_HIGH_START - BOOT_BIOS_AREA,
                                   BOOT_RESERVED };
    ret_ranges[n++] = (BootRange){ BOOT_HIGH_START, acpi - BOOT_HIGH_START, BOOT_RAM };
    if (config->acpi_size) {
        ret_ranges[n++] = (BootRange){ acpi, config->ram_low - acpi, BOOT_ACPI };
    }
    if (config->ram_high) {
        ret_ranges[n++] = (BootRange){ BOOT_4G, config->ram_high, BOOT_RAM };
    }
    return n;
}

/* ---- Loading ---- */

/* A setup header of Linux takes precedence, as in QEMU: its magic is at a fixed offset. */
static bool is_multiboot(const LoaderFile *kernel)
{
    return !bzimage_matches(kernel) && multiboot_matches(kernel);
}

GPtrArray *boot_open_modules(const LoaderFile *kernel, const char *initrd, GError **error)
{
    g_autoptr(GPtrArray) modules = NULL;
    LoaderFile *file;

    if (kernel && is_multiboot(kernel)) {
        return multiboot_open_modules(initrd, error);
    }
    file = loader_open("initrd", initrd, error);
    if (!file) {
        return NULL;
    }
    modules = g_ptr_array_new_with_free_func((GDestroyNotify)loader_close);
    g_ptr_array_add(modules, file);
    return g_steal_pointer(&modules);
}

/* The file may have changed since its modules were opened. */
static bool check_modules(const Boot *boot, GError **error)
{
    if (boot->modules->len > 1) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "%s takes one initrd, and there are %u", boot->kernel->what,
                      boot->modules->len);
        return false;
    }
    return true;
}

/* What a kernel reads of what a BIOS leaves: where base memory ends, in the BIOS data area (words
 * 0Eh, segment of the extended area, and 13h, KiB of base memory), and how many KiB the extended
 * area has.  Xen puts its start-up code below. */
static bool add_bios_data(Boot *boot, GError **error)
{
    g_autoptr(GByteArray) data = g_byte_array_new(), extended = g_byte_array_new();

    g_byte_array_set_size(data, 0x100);
    memset(data->data, 0, data->len);
    put_le(data->data + 0x0e, BOOT_LOW_END >> 4, 2);
    put_le(data->data + 0x13, BOOT_LOW_END >> 10, 2);
    append_le(extended, (0xa0000 - BOOT_LOW_END) >> 10, 1);
    return boot_add_table(boot, BOOT_BIOS_DATA, data, "BIOS data area", error) &&
           boot_add_table(boot, BOOT_LOW_END, extended, "extended BIOS data area", error);
}

static bool load_kernel(Boot *boot, GError **error)
{
    guint8 magic[4];

    if (boot->config.ram_low <= BOOT_HIGH_START) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE,
                      "a kernel needs more than 1 MiB of RAM, there are 0x%" G_GINT64_MODIFIER
                      "x bytes", boot->config.ram_low);
        return false;
    }
    if (!loader_read(boot->kernel, 0, magic, sizeof(magic), error)) {
        return false;
    }
    if (is_multiboot(boot->kernel)) {
        return multiboot_load(boot, error);
    }
    return check_modules(boot, error) &&
           (elf_matches(magic) ? pvh_load(boot, error) : bzimage_load(boot, error));
}

Boot *boot_load(const BootConfig *config, LoaderFile *kernel, GPtrArray *modules, GError **error)
{
    g_autoptr(Boot) boot = g_new0(Boot, 1);

    boot->config = *config;
    boot->kernel = kernel;
    boot->modules = modules;
    boot->initrd = modules->len ? modules->pdata[0] : NULL;
    boot->images = g_array_new(false, false, sizeof(BootImage));
    x86_state_reset(&boot->entry, true);
    if (!load_kernel(boot, error) || !add_bios_data(boot, error)) {
        return NULL;
    }
    boot->config.append = NULL;
    return g_steal_pointer(&boot);
}

void boot_free(Boot *boot)
{
    if (!boot) {
        return;
    }
    for (guint i = 0; i < boot->images->len; i++) {
        g_free(g_array_index(boot->images, BootImage, i).data);
    }
    g_array_unref(boot->images);
    loader_close(boot->kernel);
    g_ptr_array_unref(boot->modules);
    g_free(boot);
}

/* ---- Placing ---- */

static bool fill_image(const BootImage *image, guint8 *hva, GError **error)
{
    if (image->data) {
        memcpy(hva, image->data, image->file_size);
    } else if (image->file_size &&
               !loader_read(image->file, image->offset, hva, image->file_size, error)) {
        return false;
    }
    memset(hva + image->file_size, 0, image->size - image->file_size);
    return true;
}

static bool place_image(const BootImage *image, AddressSpace *memory, GError **error)
{
    guint8 *hva;
    bool filled;

    if (!image->size || image->reserve) {
        return true;
    }
    hva = memory_map(memory, image->gpa, image->size, true);
    if (!hva) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE, "there is no RAM for the %s at 0x%"
                      G_GINT64_MODIFIER "x", image->what, image->gpa);
        return false;
    }
    filled = fill_image(image, hva, error);
    memory_wrote(memory, image->gpa, image->size);
    return filled;
}

bool boot_place(const Boot *boot, AddressSpace *memory, GError **error)
{
    for (guint i = 0; i < boot->images->len; i++) {
        if (!place_image(&g_array_index(boot->images, BootImage, i), memory, error)) {
            return false;
        }
    }
    return true;
}
