/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver of virtio-gpu, on tests/lib/virtio-driver.h: commands and their responses.
 */
#ifndef TESTS_LIB_VIRTIO_GPU_DRIVER_H
#define TESTS_LIB_VIRTIO_GPU_DRIVER_H

#include "hw/display/console.h"
#include "tests/lib/virtio-driver.h"

/* Section 5.7.6.7 of VIRTIO 1.2. */
enum {
    GPU_GET_DISPLAY_INFO = 0x0100, GPU_CREATE_2D, GPU_UNREF, GPU_SET_SCANOUT, GPU_FLUSH,
    GPU_TRANSFER, GPU_ATTACH, GPU_DETACH, GPU_GET_EDID = 0x010a,
    GPU_UPDATE_CURSOR = 0x0300, GPU_MOVE_CURSOR,
    GPU_OK = 0x1100, GPU_OK_DISPLAY_INFO, GPU_OK_EDID = 0x1104,
    GPU_FAILED = 0x1200, GPU_NO_MEMORY, GPU_NO_SCANOUT, GPU_NO_RESOURCE, GPU_BAD_CONTEXT,
    GPU_BAD_PARAMETER,
    GPU_B8G8R8X8 = 2,
    GPU_CONTROL = 0, GPU_CURSOR = 1,            /* queues */
};

enum { GPU_HEADER = 24, GPU_RESPONSE = 1056 };

/* Starts both queues. */
void gpu_start(VirtioDriver *d);

/* A command with these words after its header; returns the response's type, and leaves the
 * response, of GPU_RESPONSE bytes, where ret_response (or NULL) points. */
guint32 gpu_words(VirtioDriver *d, guint32 type, const guint32 *words, guint n,
                  const guint8 **ret_response);
#define gpu_ask(d_, type_, ...) \
    gpu_words(d_, type_, (const guint32[]){ __VA_ARGS__ }, \
              sizeof((const guint32[]){ __VA_ARGS__ }) / 4, NULL)
/* A command of the cursor's queue, which has no response. */
void gpu_cursor(VirtioDriver *d, guint32 type, guint32 head, guint32 x, guint32 y, guint32 resource,
                guint32 hot_x, guint32 hot_y);

/* A picture of B8G8R8X8 with memory behind it, which is returned: width * height words. */
guint32 *gpu_picture(VirtioDriver *d, guint32 id, guint32 width, guint32 height);
/* Transfers all of it and flushes. */
void gpu_show(VirtioDriver *d, guint32 id, guint32 width, guint32 height);
/* What a pixel of a console's picture is now, as 0xRRGGBB. */
guint32 gpu_pixel(Rig *rig, const char *device, gint head, guint x, guint y);

#endif
