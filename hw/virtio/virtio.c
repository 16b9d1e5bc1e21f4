/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class virtio-device: status machine, features, configuration and reset.
 * VIRTIO 1.2 chapter 2 and section 3.1; queues are in virtio-queues.c and
 * virtqueue.c.
 *
 * Every violation by the driver ends in virtio_broken(): the device takes no
 * more chains, and shows DEVICE_NEEDS_RESET until the driver resets it.
 */
#include "config.h"
#include "hw/virtio/virtio.h"

#include <string.h>

#include "hw/virtio/virtio-internal.h"
#include "qom/checks.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

/* ---- Transport ---- */

void virtio_set_transport(VirtioDevice *dev, const VirtioTransportOps *ops, void *opaque)
{
    dev->transport = ops;
    dev->transport_opaque = opaque;
}

guint virtio_device_id(const VirtioDevice *dev)
{
    return ((const VirtioOps *)object_kind(dev))->device_id;
}

/* ---- Broken devices ---- */

static void config_interrupt(VirtioDevice *dev)
{
    if (dev->transport && g_atomic_int_get(&dev->status) & VIRTIO_STATUS_DRIVER_OK) {
        dev->transport->config_interrupt(dev->transport_opaque);
    }
}

/* False: it is broken already. */
static bool break_device(VirtioDevice *dev)
{
    if (!g_atomic_int_compare_and_exchange(&dev->broken, 0, 1)) {
        return false;
    }
    g_atomic_int_or((guint *)&dev->status, VIRTIO_STATUS_NEEDS_RESET);
    config_interrupt(dev);
    return true;
}

void virtio_broken(VirtioDevice *dev, const char *why)
{
    if (break_device(dev)) {
        device_guest_error(&dev->device, "%s; its driver must reset it", why);
    }
}

void virtio_failed(VirtioDevice *dev, const char *why)
{
    g_autofree char *path = NULL;

    if (break_device(dev) && g_atomic_int_compare_and_exchange(&dev->complained, 0, 1)) {
        path = object_path(&dev->device.object);
        g_warning("'%s' stops until its driver resets it: %s", path, why);
    }
}

/* ---- Features ---- */

guint64 virtio_features(VirtioDevice *dev)
{
    const VirtioDeviceProps *props = virtio_device_props(dev);
    guint64 features = dev->ops->features ? dev->ops->features(dev) : 0;

    features |= G_GUINT64_CONSTANT(1) << VIRTIO_F_VERSION_1;
    features |= (guint64)props->indirect_desc << VIRTIO_F_INDIRECT_DESC;
    features |= (guint64)props->event_idx << VIRTIO_F_EVENT_IDX;
    return features;
}

guint32 virtio_offered_features(VirtioDevice *dev, guint word)
{
    return word < 2 ? virtio_features(dev) >> 32 * word : 0;
}

void virtio_accept_features(VirtioDevice *dev, guint word, guint32 bits)
{
    guint shift = 32 * word;

    machine_lock_assert(dev->machine);
    if (word < 2 && !(g_atomic_int_get(&dev->status) & VIRTIO_STATUS_FEATURES_OK)) {
        dev->accepted &= ~(G_GUINT64_CONSTANT(0xffffffff) << shift);
        dev->accepted |= (guint64)bits << shift;
    }
}

guint32 virtio_accepted_features(const VirtioDevice *dev, guint word)
{
    return word < 2 ? dev->accepted >> 32 * word : 0;
}

static bool take_features(VirtioDevice *dev)
{
    guint64 accepted = dev->accepted;

    if (accepted & ~virtio_features(dev) || !(accepted >> VIRTIO_F_VERSION_1 & 1) ||
        (dev->ops->features_ok && !dev->ops->features_ok(dev, accepted))) {
        return false;
    }
    dev->features = accepted;
    dev->config_valid = false;  /* the device may show more, or less, from now on */
    return true;
}

/* ---- Status ---- */

guint8 virtio_status(const VirtioDevice *dev)
{
    return g_atomic_int_get(&dev->status);
}

void virtio_store_status(VirtioDevice *dev, guint8 status)
{
    gint old, new;

    do {
        old = g_atomic_int_get(&dev->status);
        new = (status & ~VIRTIO_STATUS_NEEDS_RESET) | (old & VIRTIO_STATUS_NEEDS_RESET);
    } while (!g_atomic_int_compare_and_exchange(&dev->status, old, new));
}

/* Main thread, lock held; the device is idle. */
static void reset_device(VirtioDevice *dev)
{
    virtio_stop(dev);
    if (dev->ops->reset) {
        dev->ops->reset(dev);
    }
    for (guint i = 0; i < dev->n_queues; i++) {
        virtqueue_reset(dev->queues[i]);
    }
    dev->features = dev->accepted = 0;
    dev->config_valid = dev->has_run = dev->legacy = dev->early = dev->quiesced = false;
    g_atomic_int_set(&dev->status, 0);
    g_atomic_int_set(&dev->broken, 0);
    if (dev->transport) {
        dev->transport->reset(dev->transport_opaque);
    }
}

typedef struct {
    VirtioDevice *dev;          /* held */
    Machine *machine;
    MachineCall *call;          /* the driver's vCPU waits for it */
} DriverReset;

/* It may have been unplugged while the reset waited. */
static void reset_idle(void *opaque)
{
    g_autofree DriverReset *reset = opaque;
    VirtioDevice *dev = reset->dev;

    if (dev->machine) {
        dev->resetting = false;
        reset_device(dev);
    }
    machine_call_release(reset->machine, reset->call);
    object_unref(dev);
}

/* The status does not change until then: drivers poll it (2.4.2). */
void virtio_driver_reset(VirtioDevice *dev)
{
    DriverReset *reset;

    if (!dev->ops->when_idle) {
        reset_device(dev);
        return;
    }
    if (dev->resetting) {
        return;
    }
    virtio_stop(dev);
    dev->resetting = true;
    reset = g_new(DriverReset, 1);
    *reset = (DriverReset){ .dev = object_ref(dev), .machine = dev->machine,
                            .call = machine_call_hold(dev->machine) };
    dev->ops->when_idle(dev, reset_idle, reset);
}

void virtio_set_status(VirtioDevice *dev, guint8 status)
{
    guint8 set;

    main_thread_assert();
    machine_lock_assert(dev->machine);
    trace_virtio_set_status(dev, status);
    if (!status) {
        virtio_driver_reset(dev);
        return;
    }
    set = status & ~g_atomic_int_get(&dev->status);
    /* Queues that have run hold chains that were set up with the features of that time. */
    if (set & VIRTIO_STATUS_FEATURES_OK && (dev->has_run || !take_features(dev))) {
        status &= ~VIRTIO_STATUS_FEATURES_OK;
    }
    virtio_store_status(dev, status);
    if (set & VIRTIO_STATUS_DRIVER_OK && !(status & VIRTIO_STATUS_FEATURES_OK)) {
        virtio_broken(dev, "DRIVER_OK without FEATURES_OK");
    }
    virtio_update_started(dev);
}

/* ---- Configuration ---- */

static void fill_config(VirtioDevice *dev)
{
    if (!dev->config_valid && dev->ops->get_config) {
        memset(dev->config, 0, dev->config_size);
        dev->ops->get_config(dev, dev->config);
    }
    dev->config_valid = true;
}

void virtio_config_read(VirtioDevice *dev, guint offset, guint8 *ret_data, guint size)
{
    gsize all = dev->config_size;
    gsize n = offset < all ? MIN(size, all - offset) : 0;

    machine_lock_assert(dev->machine);
    fill_config(dev);
    memset(ret_data, 0, size);
    if (n) {
        memcpy(ret_data, dev->config + offset, n);
    }
}

void virtio_config_write(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    gsize all = dev->config_size;

    machine_lock_assert(dev->machine);
    if (dev->ops->set_config && offset < all && size <= all - offset) {
        dev->ops->set_config(dev, offset, data, size);
        dev->config_valid = false;
    }
}

void virtio_config_stale(VirtioDevice *dev)
{
    dev->config_valid = false;
    dev->generation++;
}

void virtio_config_changed(VirtioDevice *dev)
{
    virtio_config_stale(dev);
    config_interrupt(dev);
}

/* ---- Life ---- */

static void machine_state_changed(void *opaque, bool running)
{
    virtio_update_started(opaque);
}

static bool virtio_device_realize(Device *device, GError **error)
{
    VirtioDevice *dev = to_virtio_device(device);

    dev->ops = object_kind(dev);
    dev->machine = machine_of(dev);
    dev->config_size = dev->ops->config_size;
    dev->config = g_malloc0(dev->config_size);
    dev->listener = machine_add_listener(dev->machine, machine_state_changed, dev);
    return true;
}

static void virtio_device_unrealize(Device *device)
{
    VirtioDevice *dev = to_virtio_device(device);

    virtio_del_queues(dev);
    machine_remove_listener(dev->machine, dev->listener);
    g_clear_pointer(&dev->config, g_free);
    dev->listener = NULL;
    dev->machine = NULL;
    dev->resetting = dev->quiesced = false;
    g_atomic_int_set(&dev->status, 0);
    g_atomic_int_set(&dev->broken, 0);
}

static void virtio_device_quiesce(Device *device)
{
    VirtioDevice *dev = to_virtio_device(device);

    dev->quiesced = true;
    virtio_stop(dev);
}

static void virtio_device_reset_enter(Device *device)
{
    reset_device(to_virtio_device(device));
}

static const DeviceOps virtio_device_device_ops = {
    .realize = virtio_device_realize,
    .unrealize = virtio_device_unrealize,
    .quiesce = virtio_device_quiesce,
    .reset_enter = virtio_device_reset_enter,
    .state = virtio_state,
    .state_saving = virtio_state_saving,
    .state_loaded = virtio_state_loaded,
};

const TypeInfo virtio_device_type = {
    .schema = &qmp_class_virtio_device,
    .size = sizeof(VirtioDevice),
    .device = &virtio_device_device_ops,
};
