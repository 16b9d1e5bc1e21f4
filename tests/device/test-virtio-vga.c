/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/display/virtio-vga.c: a VGA and a virtio-gpu behind one function; and what the functions look
 * like.  test-virtio-gpu.c and test-vga*.c have the rest.
 */
#include "config.h"

#include <string.h>

#include "hw/display/vga-regs.h"
#include "qom/qapi-objects-pci.h"
#include "tests/lib/virtio-driver-pci.h"
#include "tests/lib/virtio-gpu-driver.h"

enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4, CAP_WINDOW = 5 };

typedef struct {
    Rig *rig;
    Device *dev;
    VirtioDriver *d;
} Bench;

static void make(Bench *b, const char *driver, const char *property)
{
    GError *error = NULL;

    b->rig = rig_new();
    b->dev = rig_device(b->rig, driver, "v", &error, "romfile", "", property, "on", NULL);
    g_assert_no_error(error);
    b->d = virtio_driver_pci(b->rig, 0, b->dev, VIRTIO_DRIVER_MODERN);
}

static void setup(Bench *b, gconstpointer property)
{
    make(b, "virtio-vga", property);
}

static void teardown(Bench *b, gconstpointer data)
{
    virtio_driver_free(b->d);
    rig_free(b->rig);
}

/* A register of DISPI by BAR 2. */
static void dispi(Bench *b, guint index, guint16 value)
{
    virtio_driver_set_bar(b->d, 2, 0x500 + index * 2, value, 2);
}

static void dispi_mode(Bench *b, guint16 width, guint16 height)
{
    dispi(b, VBE_ENABLE, 0);
    dispi(b, VBE_XRES, width);
    dispi(b, VBE_YRES, height);
    dispi(b, VBE_BPP, 32);
    dispi(b, VBE_ENABLE, VBE_ENABLED | 0x40);
    rig_in(b->rig, 0x3da, 1);
    rig_out(b->rig, 0x3c0, 0x20, 1);
}

/* ---- Functions ---- */

static guint32 cap_field(Bench *b, guint8 type, guint field, guint size)
{
    return virtio_driver_pci_config(b->d, virtio_driver_virtio_cap(b->d, type) + field, size);
}

/* The BAR, offset and size of an area. */
static void assert_area(Bench *b, guint8 type, guint bar, guint32 offset, guint32 size)
{
    g_assert_cmpuint(cap_field(b, type, 4, 1), ==, bar);
    g_assert_cmphex(cap_field(b, type, 8, 4), ==, offset);
    g_assert_cmphex(cap_field(b, type, 12, 4), ==, size);
}

static void assert_ids(Bench *b, guint32 class_id)
{
    g_assert_cmphex(virtio_driver_pci_config(b->d, 0, 4), ==, 0x10501af4);
    g_assert_cmphex(virtio_driver_pci_config(b->d, 8, 4), ==, class_id << 16 | 1);
}

static void test_layout(Bench *b, gconstpointer data)
{
    assert_ids(b, 0x0300);
    g_assert_cmphex(virtio_driver_pci_config(b->d, PCI_BASE_ADDRESS_0, 4) & 15, ==, 8);
    g_assert_cmphex(virtio_driver_pci_config(b->d, PCI_BASE_ADDRESS_0 + 8, 4) & 15, ==, 12);
    g_assert_cmphex(virtio_driver_pci_config(b->d, PCI_BASE_ADDRESS_0 + 16, 4) & 15, ==, 0);
    g_assert_cmphex(virtio_driver_pci_config(b->d, PCI_BASE_ADDRESS_0 + 20, 4) & 15, ==, 1);
    assert_area(b, CAP_COMMON, 2, 0x1000, 0x800);
    assert_area(b, CAP_ISR, 2, 0x1800, 0x800);
    assert_area(b, CAP_DEVICE, 2, 0x2000, 0x1000);
    g_assert_cmpuint(virtio_driver_bar(b->d, 2, 0x2008, 4), ==, 1);     /* outputs */
    g_assert_cmphex(virtio_driver_bar(b->d, 2, 0x500, 2), ==, VBE_ID_LAST);
    g_assert_cmphex(virtio_driver_bar(b->d, 2, 0x600, 4), ==, 8);
    g_assert_cmphex(virtio_driver_bar(b->d, 2, 0, 4), ==, 0xffffffff);  /* no EDID */
}

static void test_page_per_vq(Bench *b, gconstpointer data)
{
    assert_area(b, CAP_COMMON, 2, 0x3fd000, 0x1000);
    assert_area(b, CAP_ISR, 2, 0x3fe000, 0x1000);
    assert_area(b, CAP_DEVICE, 2, 0x3ff000, 0x1000);
    assert_area(b, CAP_NOTIFY, 2, 0x400000, 0x400000);
    g_assert_cmphex(virtio_driver_bar(b->d, 2, 0x500, 2), ==, VBE_ID_LAST);
    gpu_start(b->d);
    g_assert_cmphex(gpu_ask(b->d, GPU_CREATE_2D, 1, 1, 16, 16), ==, GPU_OK);
}

/* virtio's registers by the window in config space, which does not lead to the VGA's. */
static void test_window(Bench *b, gconstpointer data)
{
    guint cap = virtio_driver_virtio_cap(b->d, CAP_WINDOW);

    virtio_driver_pci_set_config(b->d, cap + 4, 2, 1);
    virtio_driver_pci_set_config(b->d, cap + 12, 4, 4);
    virtio_driver_pci_set_config(b->d, cap + 8, 0x2008, 4);
    g_assert_cmpuint(virtio_driver_pci_config(b->d, cap + 16, 4), ==, 1);
    virtio_driver_pci_set_config(b->d, cap + 8, 0x500, 4);
    virtio_driver_pci_set_config(b->d, cap + 16, 0x1234, 4);
    g_assert_cmphex(virtio_driver_bar(b->d, 2, 0x500, 2), ==, VBE_ID_LAST);
}

static void test_plain(void)
{
    Bench b;

    make(&b, "virtio-gpu-pci", "event_idx");
    assert_ids(&b, 0x0380);
    assert_area(&b, CAP_COMMON, 4, 0, 0x1000);
    g_assert_cmphex(virtio_driver_pci_config(b.d, PCI_BASE_ADDRESS_0, 4), ==, 0);
    virtio_driver_msix(b.d, true);
    gpu_start(b.d);
    g_assert_cmphex(gpu_ask(b.d, GPU_CREATE_2D, 1, 1, 16, 16), ==, GPU_OK);
    g_assert_cmphex(virtio_driver_message(b.d, 1), !=, 0);
    console_wish(console_find(b.rig->root, "v", 0, NULL), 640, 480);
    g_assert_cmphex(virtio_driver_message(b.d, 0), !=, 0);
    teardown(&b, NULL);
}

/* It is newer than the legacy interface. */
static void test_legacy(void)
{
    static const char *const bad[][2] = {
        { "disable-legacy", "off" }, { "disable-modern", "on" },
    };
    g_autoptr(Rig) rig = rig_new();
    GError *error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_null(rig_device(rig, "virtio-gpu-pci", "v", &error, bad[i][0], bad[i][1], NULL));
        g_assert_nonnull(strstr(error->message, bad[i][0]));
        g_clear_error(&error);
    }
}

/* ---- The screen ---- */

static guint32 pixel(Bench *b, guint x, guint y)
{
    return gpu_pixel(b->rig, "v", -1, x, y);
}

static void show_gpu(Bench *b, guint32 width, guint32 height)
{
    memset(gpu_picture(b->d, 1, width, height), 0x77, width * height * 4);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, width, height, 0, 1), ==, GPU_OK);
    gpu_show(b->d, 1, width, height);
}

static void test_screen(Bench *b, gconstpointer data)
{
    dispi_mode(b, 64, 32);
    virtio_driver_set_bar(b->d, 0, 63 * 4, 0x123456, 4);
    g_assert_cmphex(pixel(b, 63, 0), ==, 0x123456);
    gpu_start(b->d);
    g_assert_cmphex(pixel(b, 63, 0), ==, 0x123456);     /* until the driver shows something */
    show_gpu(b, 80, 50);
    g_assert_cmphex(pixel(b, 79, 49), ==, 0x777777);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 0, 0, 0, 0), ==, GPU_OK);
    g_assert_cmphex(pixel(b, 79, 49), ==, 0);           /* and then it is the driver's */
    gpu_start(b->d);                                    /* which resets it */
    g_assert_cmphex(pixel(b, 63, 0), ==, 0x123456);
}

static void test_text(Bench *b, gconstpointer data)
{
    Console *console = console_find(b->rig->root, "v", 0, NULL);
    GError *error = NULL;
    ConsoleText text;

    rig_in(b->rig, 0x3da, 1);
    rig_out(b->rig, 0x3c0, 0x20, 1);
    g_assert_true(console_text(console, &text, &error));
    console_text_clear(&text);
    gpu_start(b->d);
    show_gpu(b, 80, 50);
    g_assert_false(console_text(console, &text, &error));
    g_clear_error(&error);
}

typedef struct {
    Surface *picture;
    guint sizes, rows, gone;
} Watcher;

static void note_resized(void *opaque, Surface *picture)
{
    Watcher *w = opaque;

    w->picture = picture;
    w->sizes++;
}

static void note_changed(void *opaque, guint first, guint n)
{
    ((Watcher *)opaque)->rows += n;
}

static void note_gone(void *opaque)
{
    ((Watcher *)opaque)->gone++;
}

static const ConsoleWatchOps watcher_ops = {
    .resized = note_resized, .changed = note_changed, .gone = note_gone,
};

static void look(Bench *b)
{
    clock_advance(b->rig->clock,
                  clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL) + 2 * (CONSOLE_PERIOD + 1));
}

/* Watchers see both, also where one takes the place of the other with the same size. */
static void test_watch(Bench *b, gconstpointer data)
{
    Watcher w = { NULL };
    ConsoleWatch *watch;

    dispi_mode(b, 64, 32);
    virtio_driver_set_bar(b->d, 0, 0, 0x123456, 4);
    g_assert_cmphex(pixel(b, 0, 0), ==, 0x123456);
    watch = console_watch(console_find(b->rig->root, "v", 0, NULL), &watcher_ops, &w);
    look(b);
    virtio_driver_set_bar(b->d, 0, 64 * 4 * 20, 1, 4);
    look(b);
    g_assert_cmpuint(w.rows, >, 0);
    w.rows = 0;
    gpu_start(b->d);
    show_gpu(b, 64, 32);
    look(b);
    g_assert_cmpuint(w.rows, ==, 32);
    g_assert_cmphex(surface_row(w.picture, 0)[0] & 0xffffff, ==, 0x777777);
    w.rows = 0;
    rig_reset(b->rig);
    look(b);
    g_assert_cmphex(surface_row(w.picture, 0)[0] & 0xffffff, ==, 0);
    console_unwatch(watch);
    g_assert_cmpint(clock_deadline(b->rig->clock), ==, -1);
}

/* A reset by the driver shows the VGA's picture of the same size again. */
static void test_watch_reset(Bench *b, gconstpointer data)
{
    Watcher w = { NULL };

    dispi_mode(b, 64, 32);
    virtio_driver_set_bar(b->d, 0, 0, 0x123456, 4);
    g_assert_cmphex(pixel(b, 0, 0), ==, 0x123456);
    console_watch(console_find(b->rig->root, "v", 0, NULL), &watcher_ops, &w);
    look(b);
    gpu_start(b->d);
    show_gpu(b, 64, 32);
    look(b);
    gpu_start(b->d);
    look(b);
    g_assert_cmpuint(w.sizes, ==, 1);
    g_assert_cmphex(surface_row(w.picture, 0)[0] & 0xffffff, ==, 0x123456);
    virtio_driver_free(g_steal_pointer(&b->d));
    device_unmake(b->dev);
    g_assert_cmpuint(w.gone, ==, 1);
}

#define CASE(name, property) { "/virtio-vga/" #name, property, test_##name }

static const struct {
    const char *path, *property;
    void (*f)(Bench *b, gconstpointer data);
} test_cases[] = {
    CASE(layout, "modern-pio-notify"), CASE(page_per_vq, "page-per-vq"),
    CASE(window, "event_idx"), CASE(screen, "event_idx"), CASE(text, "event_idx"),
    CASE(watch, "event_idx"), CASE(watch_reset, "event_idx"),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add(test_cases[i].path, Bench, test_cases[i].property, setup, test_cases[i].f,
                   teardown);
    }
    g_test_add_func("/virtio-vga/plain", test_plain);
    g_test_add_func("/virtio-vga/legacy", test_legacy);
    return g_test_run();
}
