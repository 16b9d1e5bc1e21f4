/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a virtio-gpu.  The pixels of pictures are not part of it: they are read again from
 * the guest's memory behind them, where drivers keep them.  Those of a picture without memory
 * behind it are lost: it is black, until the driver fills it.
 */
#include "config.h"
#include "hw/display/virtio-gpu-internal.h"

#include <string.h>

#include "hw/display/edid.h"
#include "qmp/error.h"
#include "qom/qapi-objects-virtio-gpu.h"

/* A picture, with as many pieces of memory as it says. */
typedef struct VirtioGpuSaved {
    guint32 id, format, width, height, n_pieces;
} VirtioGpuSaved;

enum { MAX_SAVED_PIECES = 1 << 27 };

static const StateRow saved_rows[] = {
    STATE_FIELD(U32, VirtioGpuSaved, id, 0),
    STATE_FIELD(U32, VirtioGpuSaved, format, 0),
    STATE_FIELD(U32, VirtioGpuSaved, width, 0),
    STATE_FIELD(U32, VirtioGpuSaved, height, 0),
    STATE_FIELD(U32, VirtioGpuSaved, n_pieces, 0),
    STATE_ROWS_END
};

static const StateRow piece_rows[] = {
    STATE_FIELD(U64, VirtioGpuPiece, addr, 0),
    STATE_FIELD(U32, VirtioGpuPiece, length, 0),
    STATE_ROWS_END
};

static const StateRow head_rows[] = {
    STATE_FIELD_KEEP(BOOL, VirtioGpuHead, wanted),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, want_width),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, want_height),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, resource),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, rect.x),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, rect.y),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, rect.width),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, rect.height),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, cursor),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, cursor_x),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, cursor_y),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, hot_x),
    STATE_FIELD_KEEP(U32, VirtioGpuHead, hot_y),
    STATE_ROWS_END
};

#define KEPT_LIST(field_, number_, max_, rows_) \
    { .name = #field_, .kind = STATE_GROUP, .shape = STATE_LIST, \
      .flags = STATE_KEEP | STATE_ARRAYED, .offset = offsetof(VirtioGpu, field_), \
      .count = (max_), .stride = sizeof(*((VirtioGpu *)0)->field_), \
      .number = offsetof(VirtioGpu, number_), .rows = (rows_) }

const StateRow virtio_gpu_state[] = {
    STATE_FIELD_KEEP(U32, VirtioGpu, events),
    STATE_FIELD_KEEP(BOOL, VirtioGpu, shown),
    STATE_STRUCTS(VirtioGpu, heads, head_rows),
    KEPT_LIST(saved, n_saved, VIRTIO_GPU_MAX_RESOURCES, saved_rows),
    KEPT_LIST(saved_pieces, n_saved_pieces, MAX_SAVED_PIECES, piece_rows),
    STATE_ROWS_END
};

void virtio_gpu_state_clear(VirtioGpu *gpu)
{
    g_clear_pointer(&gpu->saved, g_free);
    g_clear_pointer(&gpu->saved_pieces, g_free);
    gpu->n_saved = gpu->n_saved_pieces = 0;
}

/* ---- Saving ---- */

static gboolean count_one(gpointer id, gpointer data, gpointer opaque)
{
    const VirtioGpuResource *resource = data;
    guint32 *n = opaque;

    *n += resource->n_pieces;
    return FALSE;
}

static gboolean save_one(gpointer id, gpointer data, gpointer opaque)
{
    const VirtioGpuResource *resource = data;
    VirtioGpu *gpu = opaque;

    gpu->saved[gpu->n_saved++] = (VirtioGpuSaved){
        .id = resource->id, .format = resource->format, .width = resource->width,
        .height = resource->height, .n_pieces = resource->n_pieces,
    };
    for (guint i = 0; i < resource->n_pieces; i++) {
        gpu->saved_pieces[gpu->n_saved_pieces++] = resource->pieces[i];
    }
    return FALSE;
}

void virtio_gpu_state_saving(Device *dev)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);
    guint32 n_pieces = 0;

    virtio_gpu_state_clear(gpu);
    g_tree_foreach(gpu->resources, count_one, &n_pieces);
    gpu->saved = g_new0(VirtioGpuSaved, g_tree_nnodes(gpu->resources));
    gpu->saved_pieces = g_new0(VirtioGpuPiece, n_pieces);
    g_tree_foreach(gpu->resources, save_one, gpu);
}

/* ---- Loading ---- */

static bool load_one(VirtioGpu *gpu, const VirtioGpuSaved *saved, const VirtioGpuPiece *pieces)
{
    VirtioGpuResource *resource;

    if (virtio_gpu_add_resource(gpu, saved->id, saved->format, saved->width, saved->height) !=
        VIRTIO_GPU_OK) {
        return false;
    }
    resource = virtio_gpu_resource(gpu, saved->id);
    resource->stale = true;
    return virtio_gpu_set_pieces(gpu, resource, pieces, saved->n_pieces);
}

static bool load_resources(VirtioGpu *gpu)
{
    const VirtioGpuPiece *piece = gpu->saved_pieces;
    guint32 left = gpu->n_saved_pieces;

    for (guint i = 0; i < gpu->n_saved; i++) {
        const VirtioGpuSaved *saved = &gpu->saved[i];

        if (saved->n_pieces > MIN(left, VIRTIO_GPU_MAX_PIECES) || !load_one(gpu, saved, piece)) {
            return false;
        }
        piece += saved->n_pieces;
        left -= saved->n_pieces;
    }
    return !left;
}

static bool heads_valid(const VirtioGpu *gpu)
{
    for (guint i = 0; i < gpu->n_heads; i++) {
        const VirtioGpuHead *head = &gpu->heads[i];

        if (!virtio_gpu_head_valid(head) || head->rect.width > VIRTIO_GPU_MAX_SIDE ||
            head->rect.height > VIRTIO_GPU_MAX_SIDE || head->want_width > EDID_MAX_SIDE ||
            head->want_height > EDID_MAX_SIDE) {
            return false;
        }
    }
    return virtio_gpu_heads_fit(gpu);
}

bool virtio_gpu_state_loaded(Device *dev, GError **error)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);
    bool good;

    virtio_gpu_drop_resources(gpu);
    good = load_resources(gpu) && heads_valid(gpu);
    virtio_gpu_state_clear(gpu);
    if (!good) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s': its pictures or outputs are invalid", dev->object.name);
        return false;
    }
    virtio_gpu_restore_heads(gpu);
    return true;
}
