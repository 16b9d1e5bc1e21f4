/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expansion ROMs: files, sizes, their BAR, ids; and finding firmware by name.
 */
#include "config.h"
#include "hw/pci/pci.h"

#include <string.h>

#include <glib/gstdio.h>

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-pci.h"
#include "tests/lib/rig.h"

#define MEM 0xe0000000u
#define NAME "rom.bin"

typedef struct {
    Rig *rig;
    char *folder, *path;
} Bench;

/* A file of 3000 bytes, as a ROM for 1234:5678. */
static Bench bench_new(void)
{
    Bench b = { .rig = rig_new() };
    guint8 rom[3000] = { 0x55, 0xaa, 6, 0xeb, 0x10, 0x90 };
    guint8 sum = 0;

    rom[0x18] = 0x20;
    memcpy(rom + 0x20, "PCIR\x34\x12\x78\x56", 8);
    for (gsize i = 0; i < sizeof(rom); i++) {
        sum += rom[i];
    }
    rom[6] = -sum;
    b.folder = g_dir_make_tmp("vmd-rom-XXXXXX", NULL);
    g_assert_nonnull(b.folder);
    b.path = g_build_filename(b.folder, NAME, NULL);
    g_assert_true(g_file_set_contents(b.path, (char *)rom, sizeof(rom), NULL));
    rig_pci(b.rig);
    return b;
}

static void bench_free(Bench *b)
{
    rig_free(b->rig);
    g_unlink(b->path);
    g_rmdir(b->folder);
    g_free(b->path);
    g_free(b->folder);
}

static PciDevice *make(const Bench *b, const char *property, const char *value, GError **error)
{
    return to_pci_device(rig_device(b->rig, "pci-testdev", "d", error, "romfile", b->path, property,
                                    value, NULL));
}

static void test_shown(void)
{
    Bench b = bench_new();
    g_autoptr(GError) error = NULL;
    PciDevice *dev = make(&b, NULL, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(pci_device_props(dev)->romsize, ==, 4096);
    rig_pci_write(b.rig, 0, 0, PCI_ROM_ADDRESS, 0xffffffff, 4);
    g_assert_cmphex(rig_pci_read(b.rig, 0, 0, PCI_ROM_ADDRESS, 4), ==, 0xfffff001);
    rig_pci_write(b.rig, 0, 0, PCI_ROM_ADDRESS, MEM, 4);
    rig_pci_write(b.rig, 0, 0, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(address_space_read(b.rig->memory, MEM, 4), ==, 0xffffffff);
    rig_pci_write(b.rig, 0, 0, PCI_ROM_ADDRESS, MEM | 1, 4);
    g_assert_cmphex(address_space_read(b.rig->memory, MEM, 4), ==, 0xeb06aa55);
    /* A client's own file is shown as it is; what is behind it are zeros. */
    g_assert_cmphex(address_space_read(b.rig->memory, MEM + 0x24, 4), ==, 0x56781234);
    g_assert_cmphex(address_space_read(b.rig->memory, MEM + 3000, 4), ==, 0);
    address_space_write(b.rig->memory, MEM, 0, 4);
    g_assert_cmphex(address_space_read(b.rig->memory, MEM, 2), ==, 0xaa55);
    rig_pci_write(b.rig, 0, 0, PCI_COMMAND, 0, 2);
    g_assert_cmphex(address_space_read(b.rig->memory, MEM, 4), ==, 0xffffffff);
    rig_reset(b.rig);
    g_assert_cmphex(rig_pci_read(b.rig, 0, 0, PCI_ROM_ADDRESS, 4), ==, 0);
    bench_free(&b);
}

/* A view of guest memory may be used for a moment after the function has gone. */
static void test_held(void)
{
    Bench b = bench_new();
    g_autoptr(GError) error = NULL;
    PciDevice *dev = make(&b, NULL, NULL, &error);
    MemoryView *view;
    const guint8 *rom;
    guint64 size;

    g_assert_no_error(error);
    rig_pci_write(b.rig, 0, 0, PCI_ROM_ADDRESS, MEM | 1, 4);
    rig_pci_write(b.rig, 0, 0, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    view = memory_view_new(b.rig->memory);
    rom = memory_view_map(view, MEM, 4, false, &size);
    g_assert_nonnull(rom);
    device_unmake(&dev->device);
    g_assert_cmphex(address_space_read(b.rig->memory, MEM, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_get_long(rom), ==, 0xeb06aa55);
    memory_view_unref(view);
    bench_free(&b);
}

/* A class's own file, as if pci-testdev had one. */
static void test_ids(void)
{
    Bench b = bench_new();
    g_autoptr(GError) error = NULL;
    PciTestdevProps *props = qmp_new_props(&qmp_class_pci_testdev);
    PciDevice *dev;
    guint8 sum = 0;

    props->romfile = g_strdup(b.path);
    dev = to_pci_device(device_make(object_container(&b.rig->machine->object, "peripheral"), "d",
                                    &qmp_class_pci_testdev, b.rig->pci, props, NULL, &error));
    g_assert_no_error(error);
    rig_reset(b.rig);
    g_assert_cmphex(pci_get_long(dev->rom.data + 0x24), ==, 0x00051b36);
    for (gsize i = 0; i < dev->rom.room; i++) {
        sum += dev->rom.data[i];
    }
    g_assert_cmphex(sum, ==, 0);
    bench_free(&b);
}

static void test_size(void)
{
    Bench b = bench_new();
    g_autoptr(GError) error = NULL;
    static const char *const bad[] = { "1024", "3000", "0", "33554432" };
    PciDevice *dev = make(&b, "romsize", "65536", &error);

    g_assert_no_error(error);
    rig_pci_write(b.rig, 0, 0, PCI_ROM_ADDRESS, 0xfffffffe, 4);
    g_assert_cmphex(rig_pci_read(b.rig, 0, 0, PCI_ROM_ADDRESS, 4), ==, 0xffff0000);
    device_unmake(&dev->device);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_clear_error(&error);
        g_assert_null(make(&b, "romsize", bad[i], &error));
        g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
        g_assert_cmpstr(qmp_error_path(error), ==, "romsize");
    }
    g_clear_error(&error);
    g_assert_null(make(&b, "romsize", "2048", &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_FILE_NOT_USABLE);
    bench_free(&b);
}

static void test_rombar(void)
{
    Bench b = bench_new();
    g_autoptr(GError) error = NULL;
    PciTestdevProps *props = qmp_new_props(&qmp_class_pci_testdev);
    Device *dev;

    g_assert_null(make(&b, "rombar", "0", &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_NOT_SUPPORTED);
    g_clear_error(&error);
    props->romfile = g_strdup("no file of this name");
    props->rombar = 0;
    dev = device_make(object_container(&b.rig->machine->object, "peripheral"), "d",
                      &qmp_class_pci_testdev, b.rig->pci, props, NULL, &error);
    g_assert_no_error(error);
    g_assert_null(to_pci_device(dev)->rom.data);
    bench_free(&b);
}

static void test_files(void)
{
    Bench b = bench_new();
    const char *const bad[] = { "no file of this name", b.folder, "/dev/null" };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(rig_device(b.rig, "pci-testdev", "d", &error, "romfile", bad[i], NULL));
        g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_FILE_NOT_USABLE);
        g_assert_nonnull(strstr(error->message, "expansion ROM"));
    }
    g_assert_true(g_file_set_contents(b.path, "", 0, NULL));
    g_assert_null(make(&b, NULL, NULL, NULL));
    g_assert_nonnull(rig_device(b.rig, "pci-testdev", "d", NULL, "romfile", "", NULL));
    bench_free(&b);
}

/* Too short for a header, and headers that point beyond the end. */
static void test_broken_header(void)
{
    static const guint8 images[][0x1c] = {
        { 0x55 }, { 0x55, 0xaa }, { 0x55, 0xaa, [0x18] = 0xff, [0x19] = 0xff },
        { 0x55, 0xaa, [0x18] = 0x04 },
    };
    static const gsize sizes[] = { 1, 0x19, 0x1c, 0x1c };
    Bench b = bench_new();

    for (guint i = 0; i < G_N_ELEMENTS(images); i++) {
        PciTestdevProps *props = qmp_new_props(&qmp_class_pci_testdev);
        Device *dev;

        g_assert_true(g_file_set_contents(b.path, (const char *)images[i], sizes[i], NULL));
        props->romfile = g_strdup(b.path);
        dev = device_make(object_container(&b.rig->machine->object, "peripheral"), "d",
                          &qmp_class_pci_testdev, b.rig->pci, props, NULL, NULL);
        rig_reset(b.rig);
        g_assert_cmpmem(to_pci_device(dev)->rom.data, sizes[i], images[i], sizes[i]);
        device_unmake(dev);
    }
    bench_free(&b);
}

static void test_path(void)
{
    g_autofree char *with_slash = firmware_path("./x"), *nowhere = firmware_path("no-such-file");
    g_autofree char *first = g_strndup(FIRMWARE_PATH, strcspn(FIRMWARE_PATH, ":"));
    GDir *dir = g_dir_open(first, 0, NULL);
    const char *name = dir ? g_dir_read_name(dir) : NULL;

    g_assert_cmpstr(with_slash, ==, "./x");
    g_assert_cmpstr(nowhere, ==, "no-such-file");
    if (!name) {
        g_test_skip("the distribution's firmware is not installed");
    } else {
        g_autofree char *found = firmware_path(name);
        g_autofree char *expected = g_build_filename(first, name, NULL);

        g_assert_cmpstr(found, ==, expected);
    }
    if (dir) {
        g_dir_close(dir);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci-rom/shown", test_shown);
    g_test_add_func("/pci-rom/held", test_held);
    g_test_add_func("/pci-rom/ids", test_ids);
    g_test_add_func("/pci-rom/size", test_size);
    g_test_add_func("/pci-rom/rombar", test_rombar);
    g_test_add_func("/pci-rom/files", test_files);
    g_test_add_func("/pci-rom/broken-header", test_broken_header);
    g_test_add_func("/pci-rom/path", test_path);
    return g_test_run();
}
