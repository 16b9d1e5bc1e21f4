/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a kernel file is loaded or refused, and what is loaded lies in
 * RAM, in the file, and nowhere twice.
 *
 * First byte: size of RAM in units of 2 MiB, less one (bits 0 to 5), an initrd
 * (bit 6; for Multiboot up to three modules, by the input's size), long mode (bit 7);
 * the rest is the file.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/i386/multiboot.h"
#include "tests/fuzz/fuzz.h"

static LoaderFile *file_of(const char *role, const guint8 *data, gsize size)
{
    int fd = memfd_create(role, MFD_CLOEXEC);

    fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    return loader_open_fd(role, role, fd, NULL);
}

static GPtrArray *modules_of(guint n, const guint8 *data, gsize size)
{
    GPtrArray *modules = g_ptr_array_new_with_free_func((GDestroyNotify)loader_close);

    while (modules->len < n) {
        g_ptr_array_add(modules, file_of("initrd", data, size));
    }
    return modules;
}

static void check_image(const Boot *boot, guint i)
{
    const BootImage *image = &g_array_index(boot->images, BootImage, i);

    fuzz_check(image->gpa <= boot->config.ram_low);
    fuzz_check(image->size <= boot->config.ram_low - image->gpa);
    fuzz_check(image->file_size <= image->size);
    fuzz_check(!image->file || loader_has(image->file, image->offset, image->file_size));
    for (guint j = 0; j < i; j++) {
        const BootImage *other = &g_array_index(boot->images, BootImage, j);

        fuzz_check(image->gpa + image->size <= other->gpa ||
                   other->gpa + other->size <= image->gpa);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Boot) boot = NULL;
    BootConfig config = { .append = "console=ttyS0" };
    LoaderFile *kernel;
    guint n;

    if (!size) {
        return 0;
    }
    config.ram_low = ((data[0] & 63) + 1) * (guint64)(2 << 20);
    config.long_mode = data[0] >> 7;
    kernel = file_of("kernel", data + 1, size - 1);
    n = multiboot_matches(kernel) ? 1 + size % 3 : 1;
    boot = boot_load(&config, kernel, modules_of(data[0] & 64 ? n : 0, data, size), &error);
    fuzz_check(!boot == (error != NULL));
    for (guint i = 0; boot && i < boot->images->len; i++) {
        check_image(boot, i);
    }
    return 0;
}
