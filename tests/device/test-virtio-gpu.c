/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/display/virtio-gpu*.c: pictures, outputs, cursors and monitors, of good drivers and of bad
 * ones; test-virtio-vga.c has the card that is a VGA, too.
 */
#include "config.h"

#include <string.h>

#include "hw/display/console-cursor.h"
#include "qmp/bytes.h"
#include "qom/qapi-objects-pci.h"
#include "tests/lib/state-bytes.h"
#include "tests/lib/virtio-driver-pci.h"
#include "tests/lib/virtio-gpu-driver.h"

enum { WIDTH = 64, HEIGHT = 48 };

typedef struct {
    Rig *rig;
    VirtioDriver *d;
    Device *dev;
} Bench;

static void setup(Bench *b, gconstpointer data)
{
    GError *error = NULL;

    b->rig = rig_new();
    b->d = virtio_driver_new(b->rig, 0);
    b->dev = rig_device(b->rig, "virtio-gpu-device", "g", &error, "max_outputs", "2",
                        "max_hostmem", "1048576", NULL);
    g_assert_no_error(error);
    gpu_start(b->d);
}

static void teardown(Bench *b, gconstpointer data)
{
    virtio_driver_free(b->d);
    rig_free(b->rig);
}

static guint32 pixel(Bench *b, guint x, guint y)
{
    return gpu_pixel(b->rig, "g", 0, x, y);
}

/* A picture with id 1 on the first output. */
static guint32 *show_one(Bench *b)
{
    guint32 *words = gpu_picture(b->d, 1, WIDTH, HEIGHT);

    for (guint i = 0; i < WIDTH * HEIGHT; i++) {
        words[i] = GUINT32_TO_LE(0x10000 + i);
    }
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, WIDTH, HEIGHT, 0, 1), ==, GPU_OK);
    gpu_show(b->d, 1, WIDTH, HEIGHT);
    return words;
}

/* ---- Pictures ---- */

static void test_picture(Bench *b, gconstpointer data)
{
    guint32 *words;

    g_assert_cmphex(pixel(b, 639, 479), ==, 0);         /* it is dark before */
    words = show_one(b);
    g_assert_cmphex(pixel(b, 0, 0), ==, 0x10000);
    g_assert_cmphex(pixel(b, WIDTH - 1, HEIGHT - 1), ==, 0x10000 + WIDTH * HEIGHT - 1);
    /* A transfer of a part of it, from where that is in memory. */
    memset(words, 0x55, WIDTH * HEIGHT * 4);
    g_assert_cmphex(gpu_ask(b->d, GPU_TRANSFER, 3, 2, 2, 2, (2 * WIDTH + 3) * 4, 0, 1, 0), ==,
                    GPU_OK);
    g_assert_cmphex(pixel(b, 3, 2), ==, 0x555555);
    g_assert_cmphex(pixel(b, 4, 3), ==, 0x555555);
    g_assert_cmphex(pixel(b, 5, 3), ==, 0x10000 + 3 * WIDTH + 5);
    g_assert_cmphex(pixel(b, 3, 4), ==, 0x10000 + 4 * WIDTH + 3);
    /* The output shows a part of it. */
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 3, 2, 20, 16, 1, 1), ==, GPU_OK);
    g_assert_cmphex(gpu_pixel(b->rig, "g", 1, 0, 0), ==, 0x555555);
    g_assert_cmphex(gpu_pixel(b->rig, "g", 1, 19, 15), ==, 0x10000 + 17 * WIDTH + 22);
    /* And is dark, with the same size, when the picture goes. */
    g_assert_cmphex(gpu_ask(b->d, GPU_UNREF, 1, 0), ==, GPU_OK);
    g_assert_cmphex(pixel(b, WIDTH - 1, HEIGHT - 1), ==, 0);
    g_assert_cmphex(gpu_pixel(b->rig, "g", 1, 19, 15), ==, 0);
}

/* Memory in pieces that end within a pixel, and before the picture does. */
static void test_pieces(Bench *b, gconstpointer data)
{
    guint64 first = virtio_driver_alloc(b->d, 4096, 4096);
    guint64 second = virtio_driver_alloc(b->d, 4096, 4096);

    memset(virtio_driver_ptr(b->d, first), 0x11, 4096);
    memset(virtio_driver_ptr(b->d, second), 0x22, 4096);
    g_assert_cmphex(gpu_ask(b->d, GPU_CREATE_2D, 1, GPU_B8G8R8X8, WIDTH, HEIGHT), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(b->d, GPU_ATTACH, 1, 3, first, 0, 1026, 0, second + 5, 0, 0, 0,
                            second, 0, 1028, 0), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(b->d, GPU_ATTACH, 1, 1, first, 0, 4, 0), ==, GPU_FAILED);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, WIDTH, HEIGHT, 0, 1), ==, GPU_OK);
    gpu_show(b->d, 1, WIDTH, HEIGHT);
    g_assert_cmphex(pixel(b, 63, 3), ==, 0x111111);
    g_assert_cmphex(pixel(b, 0, 4), ==, 0x221111);
    g_assert_cmphex(pixel(b, 1, 4), ==, 0x222222);
    g_assert_cmphex(pixel(b, 0, 8), ==, 0x222222);
    g_assert_cmphex(pixel(b, 2, 8), ==, 0);
    g_assert_cmphex(gpu_ask(b->d, GPU_DETACH, 1, 0), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(b->d, GPU_DETACH, 1, 0), ==, GPU_FAILED);
    g_assert_cmphex(gpu_ask(b->d, GPU_TRANSFER, 0, 0, 1, 1, 0, 0, 1, 0), ==, GPU_FAILED);
    g_assert_cmphex(pixel(b, 63, 3), ==, 0x111111);
}

static void test_formats(Bench *b, gconstpointer data)
{
    static const struct {
        guint32 format, rgb;
    } formats[] = {             /* of bytes 1, 2, 3, 4 */
        { 1, 0x030201 }, { 2, 0x030201 }, { 3, 0x020304 }, { 4, 0x020304 }, { 67, 0x010203 },
        { 68, 0x040302 }, { 121, 0x040302 }, { 134, 0x010203 },
    };
    static const guint8 bytes[] = { 1, 2, 3, 4 };
    guint64 addr = virtio_driver_data(b->d, bytes, sizeof(bytes));

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_assert_cmphex(gpu_ask(b->d, GPU_CREATE_2D, 7, formats[i].format, 16, 16), ==, GPU_OK);
        g_assert_cmphex(gpu_ask(b->d, GPU_ATTACH, 7, 1, addr, 0, 4, 0), ==, GPU_OK);
        g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 16, 16, 0, 7), ==, GPU_OK);
        gpu_show(b->d, 7, 16, 16);
        g_assert_cmphex(pixel(b, 0, 0), ==, formats[i].rgb);
        g_assert_cmphex(gpu_ask(b->d, GPU_UNREF, 7, 0), ==, GPU_OK);
    }
    g_assert_cmphex(gpu_ask(b->d, GPU_CREATE_2D, 7, 5, 16, 16), ==, GPU_BAD_PARAMETER);
}

/* ---- Watchers ---- */

typedef struct {
    guint sizes, rows, first;
} Watcher;

static void note_resized(void *opaque, Surface *picture)
{
    ((Watcher *)opaque)->sizes++;
}

static void note_changed(void *opaque, guint first, guint n)
{
    Watcher *w = opaque;

    w->first = w->rows ? w->first : first;
    w->rows += n;
}

static void pass(Bench *b, guint periods)
{
    clock_advance(b->rig->clock,
                  clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL) + periods * (CONSOLE_PERIOD + 1));
}

static void test_watch(Bench *b, gconstpointer data)
{
    static const ConsoleWatchOps ops = { .resized = note_resized, .changed = note_changed };
    guint32 *words = show_one(b);
    Watcher w = { 0 };
    ConsoleWatch *watch;

    g_assert_cmphex(pixel(b, 0, 0), ==, 0x10000);       /* which loads the library */
    watch = console_watch(console_find(b->rig->root, "g", 0, NULL), &ops, &w);
    pass(b, 3);
    g_assert_cmpuint(w.sizes * 100 + w.rows, ==, 100);
    words[10 * WIDTH] = words[12 * WIDTH] = 0;
    g_assert_cmphex(gpu_ask(b->d, GPU_TRANSFER, 0, 0, WIDTH, HEIGHT, 0, 0, 1, 0), ==, GPU_OK);
    pass(b, 2);
    g_assert_cmpuint(w.rows, ==, 0);                    /* not yet */
    g_assert_cmphex(gpu_ask(b->d, GPU_FLUSH, 0, 9, 5, 3, 1, 0), ==, GPU_OK);
    pass(b, 2);
    g_assert_cmpuint(w.first * 100 + w.rows, ==, 1001);
    g_assert_cmphex(gpu_ask(b->d, GPU_FLUSH, 0, 0, WIDTH, HEIGHT, 1, 0), ==, GPU_OK);
    pass(b, 2);
    g_assert_cmpuint(w.rows, ==, 2);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 0, 0, 0, 0), ==, GPU_OK);
    w.rows = 0;
    pass(b, 2);
    g_assert_cmpuint(w.sizes * 100 + w.rows, ==, 100 + HEIGHT);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 16, 16, 0, 1), ==, GPU_OK);
    pass(b, 2);
    g_assert_cmpuint(w.sizes, ==, 2);
    console_unwatch(watch);
    g_assert_cmpint(clock_deadline(b->rig->clock), ==, -1);
}

/* ---- The cursor ---- */

static void test_cursor(Bench *b, gconstpointer data)
{
    Console *console = console_find(b->rig->root, "g", 1, NULL);
    const ConsoleCursor *cursor;
    guint32 *words = gpu_picture(b->d, 3, 64, 64);

    gpu_picture(b->d, 4, 64, 63);
    g_assert_null(console_cursor(console));
    words[65] = GUINT32_TO_LE(0x80112233);
    gpu_show(b->d, 3, 64, 64);
    gpu_cursor(b->d, GPU_UPDATE_CURSOR, 1, -3, 50, 3, 5, 99);
    cursor = console_cursor(console);
    g_assert_true(cursor && cursor->visible);
    g_assert_cmpint(cursor->x, ==, -3);
    g_assert_cmpint(cursor->y, ==, 50);
    g_assert_cmpuint(cursor->width * 1000 + cursor->height, ==, 64064);
    g_assert_cmpuint(cursor->hot_x * 100 + cursor->hot_y, ==, 563);
    g_assert_cmphex(cursor->pixels[65], ==, 0xff112233);        /* the format has no alpha */
    g_assert_null(console_cursor(console_find(b->rig->root, "g", 0, NULL)));
    gpu_cursor(b->d, GPU_MOVE_CURSOR, 1, 7, 8, 3, 0, 0);
    g_assert_cmpint(cursor->x * 100 + cursor->y, ==, 708);
    gpu_cursor(b->d, GPU_UPDATE_CURSOR, 1, 1, 1, 99, 0, 0);     /* no such picture */
    rig_assert_guest_error(b->dev, "command 0x0300 fails with 0x1203");
    gpu_cursor(b->d, GPU_UPDATE_CURSOR, 1, 1, 1, 4, 0, 0);      /* of another size */
    rig_assert_guest_error(b->dev, "command 0x0300 fails with 0x1205");
    gpu_cursor(b->d, GPU_MOVE_CURSOR, 2, 1, 1, 3, 0, 0);        /* no such output */
    rig_assert_guest_error(b->dev, "command 0x0301 fails with 0x1202");
    g_assert_cmpint(cursor->x, ==, 7);
    gpu_cursor(b->d, GPU_UPDATE_CURSOR, 1, 7, 8, 0, 0, 0);
    g_assert_false(cursor->visible);
    gpu_cursor(b->d, GPU_MOVE_CURSOR, 1, 7, 8, 3, 0, 0);
    g_assert_true(cursor->visible);
    rig_reset(b->rig);
    g_assert_false(cursor->visible);
}

/* ---- Monitors ---- */

static void test_monitors(Bench *b, gconstpointer data)
{
    const guint8 *info;
    Console *second = console_find(b->rig->root, "g", 1, NULL);

    g_assert_cmpuint(virtio_driver_config(b->d, 8, 4), ==, 2);
    g_assert_cmpuint(virtio_driver_config(b->d, 0, 4), ==, 0);
    g_assert_cmphex(gpu_words(b->d, GPU_GET_DISPLAY_INFO, NULL, 0, &info), ==,
                    GPU_OK_DISPLAY_INFO);
    g_assert_cmpuint(get_le32(info + 24 + 8), ==, 1280);
    g_assert_cmpuint(get_le32(info + 24 + 12), ==, 800);
    g_assert_cmpuint(get_le32(info + 24 + 16), ==, 1);
    g_assert_cmpuint(get_le32(info + 48 + 16), ==, 0);
    virtio_driver_ack(b->d);
    g_assert_true(console_wish(second, 1024, 5000));
    g_assert_cmphex(virtio_driver_ack(b->d) & 2, ==, 2);
    g_assert_cmpuint(virtio_driver_config(b->d, 0, 4), ==, 1);
    virtio_driver_set_config(b->d, 4, 2, 4);
    g_assert_cmpuint(virtio_driver_config(b->d, 0, 4), ==, 1);
    virtio_driver_set_config(b->d, 4, 1, 4);
    g_assert_cmpuint(virtio_driver_config(b->d, 0, 4), ==, 0);
    gpu_words(b->d, GPU_GET_DISPLAY_INFO, NULL, 0, &info);
    g_assert_cmpuint(get_le32(info + 48 + 8), ==, 1024);
    g_assert_cmpuint(get_le32(info + 48 + 12), ==, 4095);
    g_assert_cmpuint(get_le32(info + 48 + 16), ==, 1);
    g_assert_true(console_wish(second, 0, 0));
    gpu_words(b->d, GPU_GET_DISPLAY_INFO, NULL, 0, &info);
    g_assert_cmpuint(get_le32(info + 48 + 16), ==, 0);
}

static void test_edid(Bench *b, gconstpointer data)
{
    static const guint8 header[] = { 0, 255, 255, 255, 255, 255, 255, 0 };
    const guint32 head[] = { 0, 0 }, none[] = { 2, 0 };
    const guint8 *response;

    g_assert_cmphex(gpu_words(b->d, GPU_GET_EDID, head, 2, &response), ==, GPU_OK_EDID);
    g_assert_cmpuint(get_le32(response + 24), ==, 1024);
    g_assert_cmpmem(response + 32, 8, header, 8);
    /* The preferred timing: 1280 by 800. */
    g_assert_cmpuint(response[32 + 54 + 2] | (response[32 + 54 + 4] & 0xf0) << 4, ==, 1280);
    g_assert_cmpuint(response[32 + 54 + 5] | (response[32 + 54 + 7] & 0xf0) << 4, ==, 800);
    g_assert_cmphex(gpu_words(b->d, GPU_GET_EDID, none, 2, NULL), ==, GPU_BAD_PARAMETER);
}

static void test_no_edid(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);

    g_assert_nonnull(rig_device(rig, "virtio-gpu-device", "g", NULL, "edid", "off", NULL));
    gpu_start(d);
    g_assert_cmphex(d->features & 0x1f, ==, 0);
    g_assert_cmphex(gpu_ask(d, GPU_GET_EDID, 0, 0), ==, GPU_FAILED);
}

/* ---- Hostile drivers ---- */

static void test_bad_commands(Bench *b, gconstpointer data)
{
    static const struct {
        guint32 type, n, words[8], response;
    } bad[] = {
        { 0x0108, 2, { 0 }, GPU_FAILED },                               /* capsets */
        { 0x0200, 8, { 0 }, GPU_FAILED },                               /* 3D */
        { GPU_UPDATE_CURSOR, 8, { 0 }, GPU_FAILED },                    /* the other queue's */
        { GPU_CREATE_2D, 3, { 2, 1, 8 }, GPU_FAILED },                  /* too short */
        { GPU_CREATE_2D, 4, { 0, 1, 8, 8 }, GPU_NO_RESOURCE },
        { GPU_CREATE_2D, 4, { 1, 1, 8, 8 }, GPU_NO_RESOURCE },          /* exists */
        { GPU_CREATE_2D, 4, { 2, 0, 8, 8 }, GPU_BAD_PARAMETER },
        { GPU_CREATE_2D, 4, { 2, 1, 0, 8 }, GPU_BAD_PARAMETER },
        { GPU_CREATE_2D, 4, { 2, 1, 8, 16385 }, GPU_BAD_PARAMETER },
        { GPU_CREATE_2D, 4, { 2, 1, 0x40000001, 8 }, GPU_BAD_PARAMETER },
        { GPU_CREATE_2D, 4, { 2, 1, 512, 512 }, GPU_NO_MEMORY },
        { GPU_UNREF, 2, { 2 }, GPU_NO_RESOURCE },
        { GPU_SET_SCANOUT, 6, { 0, 0, 16, 16, 2, 1 }, GPU_NO_SCANOUT },
        { GPU_SET_SCANOUT, 6, { 0, 0, 16, 16, 0, 9 }, GPU_NO_RESOURCE },
        { GPU_SET_SCANOUT, 6, { 0, 0, 15, 16, 0, 1 }, GPU_BAD_PARAMETER },
        { GPU_SET_SCANOUT, 6, { WIDTH - 15, 0, 16, 16, 0, 1 }, GPU_BAD_PARAMETER },
        { GPU_SET_SCANOUT, 6, { 0, HEIGHT - 15, 16, 16, 0, 1 }, GPU_BAD_PARAMETER },
        { GPU_SET_SCANOUT, 6, { 0xfffffff8, 0, 16, 16, 0, 1 }, GPU_BAD_PARAMETER },
        { GPU_FLUSH, 6, { 0, 0, 1, 1, 2 }, GPU_NO_RESOURCE },
        { GPU_FLUSH, 6, { 0, 1, 1, HEIGHT, 1 }, GPU_BAD_PARAMETER },
        { GPU_FLUSH, 6, { 0, 0xffffffff, 1, 2, 1 }, GPU_BAD_PARAMETER },
        { GPU_TRANSFER, 8, { 0, 0, 1, 1, 0, 0, 2 }, GPU_NO_RESOURCE },
        { GPU_TRANSFER, 8, { 1, 0, WIDTH, 1, 0, 0, 1 }, GPU_BAD_PARAMETER },
        { GPU_TRANSFER, 8, { 0xffffffff, 0, 2, 1, 0, 0, 1 }, GPU_BAD_PARAMETER },
        { GPU_TRANSFER, 8, { 0, 0, 1, 1, 0, 0x80000000, 1 }, GPU_BAD_PARAMETER },
        { GPU_TRANSFER, 8, { 0, 0, 1, 1, 0, 0x7fffffff, 1 }, GPU_OK },  /* beyond: nothing */
        { GPU_ATTACH, 2, { 2, 0 }, GPU_NO_RESOURCE },
        { GPU_ATTACH, 2, { 5, 16385 }, GPU_FAILED },
        { GPU_ATTACH, 2, { 5, 0xffffffff }, GPU_FAILED },
        { GPU_ATTACH, 5, { 5, 1, 0x1000000, 0, 4 }, GPU_FAILED },       /* half an entry */
        { GPU_ATTACH, 6, { 5, 1, 0xf0000000, 0, 4, 0 }, GPU_FAILED },   /* no memory there */
        { GPU_ATTACH, 6, { 5, 1, 0xffffffff, 0xffffffff, 4, 0 }, GPU_FAILED },
        { GPU_ATTACH, 6, { 5, 1, 0x1000000, 0, 0xffffffff, 0 }, GPU_FAILED },   /* ends */
        { GPU_DETACH, 2, { 2 }, GPU_NO_RESOURCE },
    };

    show_one(b);
    g_assert_cmphex(gpu_ask(b->d, GPU_CREATE_2D, 5, 1, 8, 8), ==, GPU_OK);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%u", i);
        g_assert_cmphex(gpu_words(b->d, bad[i].type, bad[i].words, bad[i].n, NULL), ==,
                        bad[i].response);
    }
    g_assert_cmphex(pixel(b, 0, 0), ==, 0x10000);
}

/* All that a driver can pile up is within max_hostmem: pictures, what describes them, and the lists
 * of memory behind them; and comes back. */
static void test_bounds(Bench *b, gconstpointer data)
{
    enum { BOUND = 1 << 20, PIECES = 1000 };
    guint32 n = 0, words[2 + 4 * PIECES] = { 1, PIECES };
    guint64 addr = virtio_driver_alloc(b->d, 4096, 4096);

    for (guint round = 0; round < 2; round++) {
        while (gpu_ask(b->d, GPU_CREATE_2D, n + 1, 1, 256, 64) == GPU_OK) {
            n++;
        }
        g_assert_cmpuint(n, ==, BOUND / (256 * 64 * 4) - 1);
        for (; n; n--) {
            g_assert_cmphex(gpu_ask(b->d, GPU_UNREF, n, 0), ==, GPU_OK);
        }
    }
    for (guint i = 0; i < PIECES; i++) {
        words[2 + 4 * i] = addr;
        words[4 + 4 * i] = 1;
    }
    for (guint round = 0; round < 2; round++) {
        do {
            n++;
            g_assert_cmphex(gpu_ask(b->d, GPU_CREATE_2D, n, 1, 1, 1), ==, GPU_OK);
            words[0] = n;
        } while (gpu_words(b->d, GPU_ATTACH, words, G_N_ELEMENTS(words), NULL) == GPU_OK);
        g_assert_cmpuint(n, <, BOUND / (16 * PIECES));
        virtio_driver_start(b->d, ~G_GUINT64_CONSTANT(0), 2, 16);       /* resets it */
        b->d->next = addr;
        n = 0;
    }
}

/* One picture on all outputs is as much for those who watch as one picture for each. */
static void test_outputs_bounds(Bench *b, gconstpointer data)
{
    g_assert_cmphex(gpu_ask(b->d, GPU_CREATE_2D, 1, 1, 400, 400), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 400, 400, 0, 1), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 400, 400, 1, 1), ==, GPU_NO_MEMORY);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 400, 200, 1, 1), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 400, 300, 1, 1), ==, GPU_NO_MEMORY);
    gpu_pixel(b->rig, "g", 1, 399, 199);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 400, 100, 0, 1), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(b->d, GPU_SET_SCANOUT, 0, 0, 400, 400, 1, 1), ==, GPU_OK);
}

/* A response, a ring or memory of a picture that would lead to the card's own registers, as in
 * CVE-2024-3446: no such access is made, and the device must be reset. */
static void test_reentrancy(void)
{
    g_autoptr(Rig) rig = rig_new();
    GError *error = NULL;
    Device *dev = rig_device(rig, "virtio-gpu-pci", "g", &error, NULL);
    g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
    guint64 notify = pci_bar_address(to_pci_device(dev), 4) + 0x3000;
    static const guint8 command[24] = { 0x00, 0x01 };
    VirtioBuffer buffers[] = {
        { virtio_driver_data(d, command, sizeof(command)), sizeof(command), false },
        { notify, 4096, true },
    };

    g_assert_no_error(error);
    gpu_start(d);
    g_assert_cmphex(gpu_ask(d, GPU_CREATE_2D, 1, 1, 16, 16), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(d, GPU_ATTACH, 1, 1, notify, 0, 4096, 0), ==, GPU_FAILED);
    for (guint queue = 0; queue < 2; queue++) {
        gpu_start(d);
        virtio_driver_add(d, queue, buffers, G_N_ELEMENTS(buffers));
        virtio_driver_kick(d, queue);
        g_assert_false(virtio_driver_used(d, queue, NULL, NULL));
        g_assert_cmphex(virtio_driver_status(d) & 0x40, ==, 0x40);
    }
    gpu_start(d);
    g_assert_cmphex(gpu_ask(d, GPU_CREATE_2D, 1, 1, 16, 16), ==, GPU_OK);
}

/* Chains without room for the response, or without a request. */
static void test_short_chains(Bench *b, gconstpointer data)
{
    static const guint8 command[24] = { 0x00, 0x01, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 9, 5 };
    guint64 in = virtio_driver_alloc(b->d, 24, 8);
    guint8 *response = virtio_driver_ptr(b->d, in);
    VirtioBuffer buffers[] = {
        { virtio_driver_data(b->d, command, sizeof(command)), sizeof(command), false },
        { in, 24, true },
    };
    guint32 length;

    virtio_driver_add(b->d, GPU_CONTROL, buffers, 2);
    virtio_driver_kick(b->d, GPU_CONTROL);
    g_assert_true(virtio_driver_used(b->d, GPU_CONTROL, NULL, &length));
    g_assert_cmpuint(length, ==, 24);
    g_assert_cmphex(get_le32(response), ==, GPU_OK_DISPLAY_INFO);
    g_assert_cmpmem(response + 4, 20, command + 4, 20);         /* the fence */
    virtio_driver_add(b->d, GPU_CONTROL, buffers, 1);
    virtio_driver_add(b->d, GPU_CONTROL, buffers + 1, 1);
    virtio_driver_kick(b->d, GPU_CONTROL);
    g_assert_true(virtio_driver_used(b->d, GPU_CONTROL, NULL, &length));
    g_assert_cmpuint(length, ==, 0);
    g_assert_true(virtio_driver_used(b->d, GPU_CONTROL, NULL, &length));
    g_assert_cmphex(get_le32(response), ==, GPU_FAILED);
}

/* ---- Reset and state ---- */

static void test_reset(Bench *b, gconstpointer data)
{
    show_one(b);
    console_wish(console_find(b->rig->root, "g", 0, NULL), 800, 600);
    gpu_start(b->d);
    g_assert_cmpuint(virtio_driver_config(b->d, 0, 4), ==, 0);
    g_assert_cmphex(pixel(b, 639, 479), ==, 0);
    g_assert_cmphex(gpu_ask(b->d, GPU_FLUSH, 0, 0, 1, 1, 1, 0), ==, GPU_NO_RESOURCE);
    show_one(b);
    g_assert_cmphex(pixel(b, 1, 0), ==, 0x10001);
}

/* State that somebody has changed is refused, and the card goes on as it was. */
static void test_bad_state(Bench *b, gconstpointer data)
{
    static const struct {
        const char *field;
        guint8 value;
    } bad[] = {
        { "saved/id", 0 }, { "saved/id", 9 }, { "saved/format", 0xee },
        { "saved/width", 0 }, { "saved/height", 0xff }, { "saved/n_pieces", 0 },
        { "saved/n_pieces", 0x01 }, { "saved_pieces/addr", 0xff },
        { "saved_pieces/length", 0xff }, { "heads/rect.x", 1 },
        { "heads/rect.height", 0xff }, { "heads/rect.width", 0 }, { "heads/resource", 9 },
        { "heads/rect.y", 0x7f }, { "heads/want_height", 0xff },
    };
    GError *error = NULL;

    show_one(b);
    machine_pause(b->rig->machine);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) state = g_byte_array_new();

        g_test_message("%s = %x", bad[i].field, bad[i].value);
        g_assert_true(device_save(b->dev, state, &error));
        state_bytes_fill(state, bad[i].field, bad[i].value);
        g_assert_false(device_load(b->dev, state->data, state->len, &error));
        g_assert_nonnull(strstr(error->message, "its pictures or outputs are invalid"));
        g_clear_error(&error);
        g_assert_cmphex(pixel(b, 1, 0), ==, 0x10001);
    }
}

static void test_properties(void)
{
    static const char *const bad[][2] = {
        { "max_outputs", "0" }, { "max_outputs", "17" }, { "xres", "4096" }, { "yres", "0" },
        { "max_hostmem", "2147483649" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Rig) rig = rig_new();
        g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
        g_autoptr(GError) error = NULL;

        g_assert_null(rig_device(rig, "virtio-gpu-device", "g", &error, bad[i][0], bad[i][1],
                                 NULL));
        g_assert_nonnull(strstr(error->message, bad[i][0]));
    }
}

#define CASE(name) { "/virtio-gpu/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(Bench *b, gconstpointer data);
} test_cases[] = {
    CASE(picture), CASE(pieces), CASE(formats), CASE(watch), CASE(cursor), CASE(monitors),
    CASE(edid), CASE(bad_commands), CASE(bounds), CASE(outputs_bounds), CASE(short_chains),
    CASE(reset), CASE(bad_state),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add(test_cases[i].path, Bench, NULL, setup, test_cases[i].f, teardown);
    }
    g_test_add_func("/virtio-gpu/no_edid", test_no_edid);
    g_test_add_func("/virtio-gpu/reentrancy", test_reentrancy);
    g_test_add_func("/virtio-gpu/properties", test_properties);
    return g_test_run();
}
