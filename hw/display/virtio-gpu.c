/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class virtio-gpu-device: configuration space and life; see virtio-gpu.h.
 *
 * Not offered: 3D (VIRGL, contexts, capsets), blobs, resource UUIDs.
 */
#include "config.h"
#include "hw/display/virtio-gpu-internal.h"

#include <string.h>

#include "qmp/bytes.h"
#include "qom/qapi-objects-virtio-gpu.h"

enum {
    DEVICE_ID = 16,
    CONTROL_QUEUE_SIZE = 64,
    CURSOR_QUEUE_SIZE = 16,
    F_EDID = 1,
};

/* Section 5.7.4: the configuration space. */
enum {
    CONFIG_EVENTS_READ = 0,
    CONFIG_EVENTS_CLEAR = 4,
    CONFIG_N_SCANOUTS = 8,
    CONFIG_BYTES = 16,
};

static guint64 gpu_features(VirtioDevice *dev)
{
    return (guint64)virtio_gpu_device_props(dev)->edid << F_EDID;
}

static void gpu_get_config(VirtioDevice *dev, guint8 *config)
{
    const VirtioGpu *gpu = to_virtio_gpu(dev);

    put_le(config + CONFIG_EVENTS_READ, gpu->events, 4);
    put_le(config + CONFIG_N_SCANOUTS, gpu->n_heads, 4);
}

/* The driver may write only one register, whose bits clear events. */
static void gpu_set_config(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);
    guint8 config[CONFIG_BYTES] = { 0 };

    memcpy(config + offset, data, size);
    gpu->events &= ~get_le32(config + CONFIG_EVENTS_CLEAR);
}

static void gpu_reset(VirtioDevice *dev)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);

    gpu->events = 0;
    virtio_gpu_reset_heads(gpu);
    virtio_gpu_drop_resources(gpu);
}

static bool gpu_realize(Device *dev, GError **error)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);

    gpu->resources = virtio_gpu_resources_new();
    virtio_add_queue(&gpu->parent, CONTROL_QUEUE_SIZE, virtio_gpu_handle_control);
    virtio_add_queue(&gpu->parent, CURSOR_QUEUE_SIZE, virtio_gpu_handle_cursor);
    virtio_gpu_make_heads(gpu);
    return true;
}

static void gpu_unrealize(Device *dev)
{
    VirtioGpu *gpu = to_virtio_gpu(dev);

    virtio_del_queues(&gpu->parent);
    virtio_gpu_reset_heads(gpu);
    virtio_gpu_free_heads(gpu);
    virtio_gpu_drop_resources(gpu);
    virtio_gpu_state_clear(gpu);
    g_clear_pointer(&gpu->resources, g_tree_unref);
    gpu->events = 0;
}

static const VirtioOps gpu_virtio_ops = {
    .device_id = DEVICE_ID,
    .config_size = CONFIG_BYTES,
    .features = gpu_features,
    .get_config = gpu_get_config,
    .set_config = gpu_set_config,
    .reset = gpu_reset,
};

const TypeInfo virtio_gpu_type = {
    .schema = &qmp_class_virtio_gpu_device,
    .size = sizeof(VirtioGpu),
    .device = &(const DeviceOps){
        .realize = gpu_realize,
        .unrealize = gpu_unrealize,
        .state = virtio_gpu_state,
        .state_saving = virtio_gpu_state_saving,
        .state_loaded = virtio_gpu_state_loaded,
    },
    .kind = &gpu_virtio_ops,
};
