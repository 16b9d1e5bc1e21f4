/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/display/ramfb.c: frame buffers in RAM, and those that are not; formats; watchers.
 */
#include "config.h"

#include <string.h>

#include "hw/display/console.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-display.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/ramfb-driver.h"

enum { FRAME = 0x10000, WIDTH = 64, HEIGHT = 48 };

static Device *screen(const RamfbBench *b)
{
    return to_device(object_resolve_type(b->rig->root, "v", &qmp_class_ramfb, NULL));
}

static guint64 errors_of(const RamfbBench *b)
{
    g_autofree char *last = NULL;

    return device_guest_errors(screen(b), &last);
}

static Surface *picture(const RamfbBench *b)
{
    g_autoptr(GError) error = NULL;
    Surface *surface;

    surface_load(&error);
    g_assert_no_error(error);
    surface = console_draw(console_find(b->rig->root, "v", -1, NULL), &error);
    g_assert_no_error(error);
    return surface;
}

static void assert_size(const RamfbBench *b, guint width, guint height)
{
    g_autoptr(Surface) surface = picture(b);

    g_assert_cmpuint(surface_width(surface), ==, width);
    g_assert_cmpuint(surface_height(surface), ==, height);
}

static void test_formats(void)
{
    static const struct {
        const char *fourcc;
        guint bytes;
        guint32 color;
    } formats[] = {
        { "XR24", 4, 0x332211 }, { "AR24", 4, 0x332211 }, { "RG24", 3, 0x332211 },
    };
    RamfbBench b;

    ramfb_bench_init(&b);
    assert_size(&b, 640, 480);
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        guint stride = i % 2 ? 300 : 0, used = stride ? stride : WIDTH * formats[i].bytes;
        g_autoptr(Surface) surface = NULL;

        memset(b.ram + FRAME, 0, HEIGHT * 300);
        memcpy(b.ram + FRAME + used * 5 + 7 * formats[i].bytes, "\x11\x22\x33\x44", 4);
        g_assert_true(ramfb_configure(&b, FRAME, formats[i].fourcc, WIDTH, HEIGHT, stride));
        surface = picture(&b);
        g_assert_cmpuint(surface_width(surface), ==, WIDTH);
        g_assert_cmpuint(surface_height(surface), ==, HEIGHT);
        g_assert_cmphex(surface_row(surface, 5)[7] & 0xffffff, ==, formats[i].color);
        g_assert_cmphex(surface_row(surface, 5)[6] & 0xffffff, ==, 0);
    }
    g_assert_cmpuint(errors_of(&b), ==, 0);
    ramfb_bench_done(&b);
}

/* Nothing of these is taken, and the screen stays. */
static void test_bounds(void)
{
    static const struct {
        guint64 address;
        const char *fourcc;
        guint32 width, height, stride;
    } bad[] = {
        { RAMFB_RAM - WIDTH * HEIGHT * 4 + 1, "XR24", WIDTH, HEIGHT, 0 },
        { RAMFB_RAM, "XR24", WIDTH, HEIGHT, 0 },
        { G_MAXUINT64, "XR24", WIDTH, HEIGHT, 0 },
        { G_MAXUINT64 - 4 * WIDTH * HEIGHT + 1, "XR24", WIDTH, HEIGHT, 0 },
        { FRAME, "XR24", WIDTH, HEIGHT, G_MAXUINT32 },
        { FRAME, "XR24", 0x40000001, HEIGHT, 0 },
        { FRAME, "XR24", 15, HEIGHT, 0 }, { FRAME, "XR24", WIDTH, 15, 0 },
        { FRAME, "XR24", 16001, HEIGHT, 0 }, { FRAME, "XR24", WIDTH, 12001, 0 },
        { FRAME, "XR24", G_MAXUINT32, G_MAXUINT32, G_MAXUINT32 },
        { FRAME, "RG16", WIDTH, HEIGHT, 0 }, { FRAME, "\0\0\0\0", WIDTH, HEIGHT, 0 },
    };
    RamfbBench b;

    ramfb_bench_init(&b);
    g_assert_true(ramfb_configure(&b, RAMFB_RAM - WIDTH * HEIGHT * 4, "XR24", WIDTH, HEIGHT, 0));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_true(ramfb_configure(&b, bad[i].address, bad[i].fourcc, bad[i].width,
                                      bad[i].height, bad[i].stride));
        g_assert_cmpuint(errors_of(&b), ==, i + 1);
        assert_size(&b, WIDTH, HEIGHT);
    }
    rig_assert_guest_error(screen(&b), "no frame buffer");
    ramfb_bench_done(&b);
}

/* In pieces; not beyond its end. */
static void test_file(void)
{
    static const guint8 zeros[RAMFB_FILE_SIZE + 1];
    RamfbBench b;

    ramfb_bench_init(&b);
    g_assert_true(ramfb_configure(&b, FRAME, "XR24", WIDTH, HEIGHT, 0));
    g_assert_true(ramfb_write(&b, (const guint8 *)"\0\0\0\x20", 20, 4));
    assert_size(&b, WIDTH, 32);
    g_assert_false(ramfb_write(&b, zeros, 0, RAMFB_FILE_SIZE + 1));
    assert_size(&b, WIDTH, 32);
    g_assert_cmphex(ramfb_read(&b, 23), ==, 0x20);
    rig_reset(b.rig);
    assert_size(&b, 640, 480);
    g_assert_cmphex(ramfb_read(&b, 23), ==, 0);
    ramfb_bench_done(&b);
}

/* ---- Watchers ---- */

typedef struct {
    Surface *picture;
    guint first, n;
} Watcher;

static void note_resized(void *opaque, Surface *picture)
{
    ((Watcher *)opaque)->picture = picture;
}

static void note_changed(void *opaque, guint first, guint n)
{
    Watcher *w = opaque;

    w->first = first;
    w->n = n;
}

static void note_gone(void *opaque)
{
}

static void test_watch(void)
{
    static const ConsoleWatchOps ops = {
        .resized = note_resized, .changed = note_changed, .gone = note_gone,
    };
    RamfbBench b;
    Watcher w = { 0 };
    ConsoleWatch *watch;

    ramfb_bench_init(&b);
    g_assert_true(surface_load(NULL));
    watch = console_watch(console_find(b.rig->root, "v", -1, NULL), &ops, &w);
    clock_advance(b.rig->clock, CONSOLE_PERIOD);
    g_assert_cmpuint(surface_height(w.picture), ==, 480);
    g_assert_true(ramfb_configure(&b, FRAME, "XR24", WIDTH, HEIGHT, 0));
    clock_advance(b.rig->clock, 3 * CONSOLE_PERIOD);
    g_assert_cmpuint(surface_height(w.picture), ==, HEIGHT);
    b.ram[FRAME + 4 * WIDTH * 10] = 0xff;
    b.ram[FRAME + 4 * WIDTH * 11] = 0xff;
    clock_advance(b.rig->clock, 6 * CONSOLE_PERIOD);
    g_assert_cmpuint(w.first, ==, 10);
    g_assert_cmpuint(w.n, ==, 2);
    console_unwatch(watch);
    ramfb_bench_done(&b);
}

/* ---- Machines ---- */

static void test_machines(void)
{
    RamfbBench b;
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(rig, "ramfb", "v", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_clear_error(&error);
    ramfb_bench_init(&b);
    g_assert_null(rig_device(b.rig, "ramfb", "w", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_clear_error(&error);
    device_unmake(screen(&b));
    rig_device(b.rig, "ramfb", "v", &error, NULL);
    g_assert_no_error(error);
    ramfb_bench_done(&b);
}

#define CASE(name) { "/ramfb/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(formats), CASE(bounds), CASE(file), CASE(watch), CASE(machines),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
