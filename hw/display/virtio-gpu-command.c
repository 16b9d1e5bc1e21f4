/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queues of a virtio-gpu: takes commands, has them executed, and responds (section 5.7.6).
 * Each is complete when its response is there, so a fence is signalled with it.
 */
#include "config.h"
#include "hw/display/virtio-gpu-internal.h"

#include <string.h>

#include "qmp/bytes.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-virtio-gpu.h"
#include "qom/qapi-trace.h"

/* Section 5.7.6.7: struct virtio_gpu_ctrl_hdr */
enum { TYPE = 0, FLAGS = 4, FENCE_ID = 8, CONTEXT_ID = 16, RING = 20, FLAG_FENCE = 1 };

/* Effort, as bytes that are copied: of any command, and of a turn of the loop. */
enum { EFFORT = 65536, EFFORT_OF_TURN = 16 << 20 };

typedef struct {
    guint32 type;
    guint16 size;               /* of the request, with the header */
    VirtioGpuRun *run;
} Kind;

static const Kind controls[] = {
    { 0x0100, 24, virtio_gpu_get_display_info },
    { 0x0101, 40, virtio_gpu_create_2d },
    { 0x0102, 32, virtio_gpu_unref },
    { 0x0103, 48, virtio_gpu_set_scanout },
    { 0x0104, 48, virtio_gpu_flush },
    { 0x0105, 56, virtio_gpu_transfer },
    { 0x0106, 32, virtio_gpu_attach },
    { 0x0107, 32, virtio_gpu_detach },
    { 0x010a, 32, virtio_gpu_get_edid },
};

static const Kind cursors[] = {
    { 0x0300, 56, virtio_gpu_update_cursor },
    { 0x0301, 56, virtio_gpu_move_cursor },
};

/* Reads a request that is one of n kinds, and executes it. */
static guint32 execute(VirtioGpu *gpu, const Kind *kinds, guint n, guint8 *request,
                       VirtioGpuCommand *command)
{
    gsize size = virtq_read(command->element, 0, request, VIRTIO_GPU_MAX_REQUEST);
    guint32 type = get_le32(request + TYPE), ret = VIRTIO_GPU_FAILED;

    for (guint i = 0; i < n; i++) {
        if (size >= VIRTIO_GPU_HEADER && kinds[i].type == type && size >= kinds[i].size) {
            ret = kinds[i].run(gpu, command);
        }
    }
    gpu->spent += EFFORT;
    trace_virtio_gpu_command(gpu, type, ret);
    if (ret >= VIRTIO_GPU_FAILED) {
        device_guest_error(&gpu->parent.device, "command 0x%04x fails with 0x%04x", type, ret);
    }
    return ret;
}

/* Bytes that were written; a buffer that is too small gets the beginning. */
static guint32 respond(const VirtioGpuCommand *command, guint32 type, guint8 *response)
{
    const guint8 *request = command->request;
    guint32 flags = get_le32(request + FLAGS) & FLAG_FENCE;

    put_le(response + TYPE, type, 4);
    put_le(response + FLAGS, flags, 4);
    if (flags) {
        memcpy(response + FENCE_ID, request + FENCE_ID, 8);
        memcpy(response + CONTEXT_ID, request + CONTEXT_ID, 4);
        response[RING] = request[RING];
    }
    return virtq_write(command->element, 0, response, VIRTIO_GPU_HEADER + command->response_size);
}

static void control(VirtioGpu *gpu, VirtQueue *queue, VirtqElement *element)
{
    guint8 request[VIRTIO_GPU_MAX_REQUEST] = { 0 }, response[VIRTIO_GPU_MAX_RESPONSE] = { 0 };
    VirtioGpuCommand command = {
        .element = element, .request = request, .response = response + VIRTIO_GPU_HEADER,
    };
    guint32 type = execute(gpu, controls, G_N_ELEMENTS(controls), request, &command);

    virtqueue_push(queue, element, respond(&command, type, response));
}

void virtio_gpu_handle_control(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);
    VirtqElement *element;

    gpu->spent = 0;
    while ((element = virtqueue_pop(queue))) {
        control(gpu, queue, element);
        virtqueue_notify(queue);
        if (gpu->spent > EFFORT_OF_TURN && virtio_yield(queue)) {
            return;
        }
    }
}

/* Commands for the cursor have no response. */
void virtio_gpu_handle_cursor(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);
    VirtqElement *element;

    gpu->spent = 0;
    while ((element = virtqueue_pop(queue))) {
        guint8 request[VIRTIO_GPU_MAX_REQUEST] = { 0 };
        VirtioGpuCommand command = { .element = element, .request = request };

        execute(gpu, cursors, G_N_ELEMENTS(cursors), request, &command);
        virtqueue_push(queue, element, 0);
        virtqueue_notify(queue);
        if (gpu->spent > EFFORT_OF_TURN && virtio_yield(queue)) {
            return;
        }
    }
}
