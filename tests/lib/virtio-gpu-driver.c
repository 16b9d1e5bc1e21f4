/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of virtio-gpu; see tests/lib/virtio-gpu-driver.h.
 */
#include "config.h"
#include "tests/lib/virtio-gpu-driver.h"

#include <string.h>

#include "qmp/bytes.h"

void gpu_start(VirtioDriver *d)
{
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), 2, 16);
}

static guint64 request(VirtioDriver *d, guint32 type, const guint32 *words, guint n)
{
    guint64 addr = virtio_driver_alloc(d, GPU_HEADER + n * 4, 8);
    guint8 *bytes = virtio_driver_ptr(d, addr);

    put_le(bytes, type, 4);
    for (guint i = 0; i < n; i++) {
        put_le(bytes + GPU_HEADER + i * 4, words[i], 4);
    }
    return addr;
}

guint32 gpu_words(VirtioDriver *d, guint32 type, const guint32 *words, guint n,
                  const guint8 **ret_response)
{
    guint64 response = virtio_driver_alloc(d, GPU_RESPONSE, 8);
    VirtioBuffer buffers[] = {
        { request(d, type, words, n), GPU_HEADER + n * 4, false },
        { response, GPU_RESPONSE, true },
    };

    virtio_driver_add(d, GPU_CONTROL, buffers, G_N_ELEMENTS(buffers));
    virtio_driver_kick(d, GPU_CONTROL);
    g_assert_true(virtio_driver_used(d, GPU_CONTROL, NULL, NULL));
    if (ret_response) {
        *ret_response = virtio_driver_ptr(d, response);
    }
    return get_le32(virtio_driver_ptr(d, response));
}

void gpu_cursor(VirtioDriver *d, guint32 type, guint32 head, guint32 x, guint32 y, guint32 resource,
                guint32 hot_x, guint32 hot_y)
{
    const guint32 words[] = { head, x, y, 0, resource, hot_x, hot_y, 0 };
    guint64 addr = request(d, type, words, G_N_ELEMENTS(words));
    guint32 length;

    virtio_driver_add(d, GPU_CURSOR,
                      &(VirtioBuffer){ addr, GPU_HEADER + sizeof(words), false }, 1);
    virtio_driver_kick(d, GPU_CURSOR);
    g_assert_true(virtio_driver_used(d, GPU_CURSOR, NULL, &length));
    g_assert_cmpuint(length, ==, 0);
}

guint32 *gpu_picture(VirtioDriver *d, guint32 id, guint32 width, guint32 height)
{
    guint64 addr = virtio_driver_alloc(d, width * height * 4, 4096);

    g_assert_cmphex(gpu_ask(d, GPU_CREATE_2D, id, GPU_B8G8R8X8, width, height), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(d, GPU_ATTACH, id, 1, addr, addr >> 32, width * height * 4, 0), ==,
                    GPU_OK);
    return virtio_driver_ptr(d, addr);
}

void gpu_show(VirtioDriver *d, guint32 id, guint32 width, guint32 height)
{
    g_assert_cmphex(gpu_ask(d, GPU_TRANSFER, 0, 0, width, height, 0, 0, id, 0), ==, GPU_OK);
    g_assert_cmphex(gpu_ask(d, GPU_FLUSH, 0, 0, width, height, id, 0), ==, GPU_OK);
}

guint32 gpu_pixel(Rig *rig, const char *device, gint head, guint x, guint y)
{
    g_autoptr(Surface) surface = NULL;
    GError *error = NULL;

    surface_load(&error);
    g_assert_no_error(error);
    surface = console_draw(console_find(rig->root, device, head, NULL), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(x, <, surface_width(surface));
    g_assert_cmpuint(y, <, surface_height(surface));
    return surface_row(surface, y)[x] & 0xffffff;
}
