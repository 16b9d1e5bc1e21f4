/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a VNC server that need none: wrong passwords and their time, layouts of keyboards, and
 * the picture that its clients copy.
 */
#include "config.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/vnc/vnc-guard.h"
#include "hw/vnc/vnc-keymap.h"
#include "hw/vnc/vnc-picture.h"
#include "qmp/error.h"
#include "qmp/qapi-types-input.h"

#define SECOND G_GINT64_CONSTANT(1000000)

/* ---- Wrong passwords ---- */

static void wrong(VncGuard *guard, const char *host, guint n, gint64 now)
{
    for (guint i = 0; i < n; i++) {
        vnc_guard_wrong(guard, host, now);
    }
}

/* Ten seconds after the fifth, then twice as long each time, up to five minutes. */
static void test_times(void)
{
    static const guint seconds[] = { 10, 20, 40, 80, 160, 300, 300 };
    VncGuard guard = { 0 };
    gint64 now = 7 * SECOND;

    wrong(&guard, "a", VNC_GUARD_FREE - 1, now);
    g_assert_true(vnc_guard_allows(&guard, "a", now));
    for (guint i = 0; i < G_N_ELEMENTS(seconds); i++) {
        vnc_guard_wrong(&guard, "a", now);
        g_assert_false(vnc_guard_allows(&guard, "a", now + seconds[i] * SECOND - 1));
        g_assert_true(vnc_guard_allows(&guard, "b", now));
        now += seconds[i] * SECOND;
        g_assert_true(vnc_guard_allows(&guard, "a", now));
    }
    vnc_guard_right(&guard, "a");
    wrong(&guard, "a", VNC_GUARD_FREE - 1, now);
    g_assert_true(vnc_guard_allows(&guard, "a", now));
    vnc_guard_clear(&guard);
}

/* Of more hosts than there are records, the quietest one is forgotten. */
static void test_hosts(void)
{
    VncGuard guard = { 0 };

    for (guint i = 0; i <= VNC_GUARD_HOSTS; i++) {
        g_autofree char *host = g_strdup_printf("%u", i);

        wrong(&guard, host, VNC_GUARD_FREE, i);
    }
    g_assert_true(vnc_guard_allows(&guard, "0", VNC_GUARD_HOSTS));
    g_assert_false(vnc_guard_allows(&guard, "1", VNC_GUARD_HOSTS));
    g_assert_false(vnc_guard_allows(&guard, "64", VNC_GUARD_HOSTS));
    vnc_guard_clear(&guard);
}

/* ---- Layouts ---- */

static void test_keymap(void)
{
    g_autoptr(GError) error = NULL;
    VncKeymap *map = vnc_keymap_new("de", &error);
    const VncKey *key;

    g_assert_no_error(error);
    key = vnc_keymap_find(map, 'z');
    g_assert_cmpuint(key->key, ==, Q_KEY_CODE_Y);
    g_assert_cmphex(key->combinations, ==, 1 << 0);
    g_assert_true(key->letter);
    key = vnc_keymap_find(map, '@');
    g_assert_cmpuint(key->key, ==, Q_KEY_CODE_Q);
    g_assert_cmphex(key->combinations, ==, 1 << VNC_ALTGR);
    g_assert_false(key->letter);
    key = vnc_keymap_find(map, 0xff0d);         /* Return, with any modifiers */
    g_assert_cmpuint(key->key, ==, Q_KEY_CODE_RET);
    g_assert_cmphex(key->combinations, ==, 0xf);
    g_assert_cmpuint(vnc_keymap_find(map, 0x010020ac)->key, ==, Q_KEY_CODE_E);
    g_assert_null(vnc_keymap_find(map, 0x01000416));
    vnc_keymap_free(map);
    map = vnc_keymap_new("ru", &error);
    g_assert_no_error(error);
    g_assert_nonnull(vnc_keymap_find(map, 0x01000416));         /* Zhe */
    vnc_keymap_free(map);
    g_assert_null(vnc_keymap_new("de(no-such)", &error));
    g_assert_error(error, QMP_ERROR, ERROR_REASON_INVALID_VALUE);
}

/* ---- The picture ---- */

typedef struct {
    guint n, pixels;
} Changes;

static void count(void *opaque, guint x, guint y, guint width, guint height)
{
    Changes *changes = opaque;

    changes->n++;
    changes->pixels += width * height;
}

static bool signalled(int fd)
{
    guint64 value;

    return read(fd, &value, sizeof(value)) == sizeof(value);
}

static void test_picture(void)
{
    g_autoptr(GError) error = NULL;
    VncPicture picture = { 0 };
    VncView view = { .eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    VncFrame frame = { 0 };
    Changes changes = { 0 };
    g_autoptr(Surface) surface = NULL;

    g_assert_true(surface_load(&error));
    surface = surface_new(100, 40, &error);
    vnc_picture_init(&picture);
    vnc_picture_attach(&picture, &view);
    g_assert_false(vnc_picture_fit(&picture, &view, &frame, false));
    surface_row(surface, 3)[2] = 0xabcdef;
    vnc_picture_resize(&picture, 100, 40, surface);
    g_assert_true(signalled(view.eventfd));
    g_assert_false(vnc_picture_copy(&picture, &view, &frame, count, &changes));
    g_assert_true(vnc_picture_fit(&picture, &view, &frame, false));
    g_assert_true(vnc_picture_copy(&picture, &view, &frame, count, &changes));
    g_assert_cmpuint(changes.pixels, ==, 100 * 40);
    g_assert_cmphex(frame.pixels[3 * 100 + 2], ==, 0xabcdef);
    signalled(view.eventfd);

    /* What is the same is no change, and a change is told once. */
    vnc_picture_update(&picture, surface, 0, 40);
    g_assert_false(signalled(view.eventfd));
    surface_row(surface, 39)[99] = 0x123456;
    surface_row(surface, 0)[0] = 0x654321;
    vnc_picture_update(&picture, surface, 0, 40);
    g_assert_true(signalled(view.eventfd));
    changes = (Changes){ 0 };
    g_assert_true(vnc_picture_copy(&picture, &view, &frame, count, &changes));
    g_assert_cmpuint(changes.n, ==, 2);
    g_assert_cmpuint(changes.pixels, ==, 64 * 16 + 36 * 8);
    g_assert_cmphex(frame.pixels[0], ==, 0x654321);
    g_assert_cmphex(frame.pixels[39 * 100 + 99], ==, 0x123456);

    /* A frame that keeps its size has as much of another picture as fits. */
    vnc_picture_resize(&picture, 200, 20, NULL);
    g_assert_false(vnc_picture_copy(&picture, &view, &frame, count, &changes));
    g_assert_true(vnc_picture_fit(&picture, &view, &frame, true));
    changes = (Changes){ 0 };
    g_assert_true(vnc_picture_copy(&picture, &view, &frame, count, &changes));
    g_assert_cmpuint(changes.pixels, ==, 100 * 20);
    g_assert_cmphex(frame.pixels[39 * 100 + 99], ==, 0);
    g_assert_true(vnc_picture_ready(&picture));
    vnc_picture_drop(&picture);
    g_assert_false(vnc_picture_ready(&picture));

    vnc_picture_detach(&picture, &view);
    vnc_picture_done(&picture);
    g_free(frame.pixels);
    close(view.eventfd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vnc/guard/times", test_times);
    g_test_add_func("/vnc/guard/hosts", test_hosts);
    g_test_add_func("/vnc/keymap", test_keymap);
    g_test_add_func("/vnc/picture", test_picture);
    return g_test_run();
}
