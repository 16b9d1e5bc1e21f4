/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legacy interface: drivers from before VIRTIO 1.0, on transports that have
 * registers for them.  VIRTIO 1.2 sections 2.2.3, 2.7.2 and 3.1.2.
 *
 * Such a driver has no FEATURES_OK: the features that it writes last before the
 * device runs are the negotiated ones.  It may never write features, and it may
 * use queues before it sets DRIVER_OK, as Linux did until 3.18.
 */
#include "config.h"
#include "hw/virtio/transport.h"

#include "hw/virtio/virtio-internal.h"
#include "qom/checks.h"
#include "qom/qapi-objects-virtio.h"

enum { PAGE_SHIFT = 12, PAGE = 1 << PAGE_SHIFT };

/* ---- Features ---- */

bool virtio_is_legacy(const VirtioDevice *dev)
{
    return !virtio_has_feature(dev, VIRTIO_F_VERSION_1);
}

guint32 virtio_legacy_features(VirtioDevice *dev)
{
    const VirtioDeviceProps *props = virtio_device_props(dev);
    guint32 features = virtio_features(dev);

    features |= (guint32)props->notify_on_empty << VIRTIO_F_NOTIFY_ON_EMPTY;
    features |= (guint32)props->any_layout << VIRTIO_F_ANY_LAYOUT;
    return features;
}

guint32 virtio_legacy_accepted(const VirtioDevice *dev)
{
    return dev->features;
}

/* The driver has chosen features, or never will. */
static void accept(VirtioDevice *dev, guint32 bits)
{
    bits &= virtio_legacy_features(dev);
    if (dev->ops->features_ok && !dev->ops->features_ok(dev, bits)) {
        virtio_broken(dev, "features without those that they depend on");
        return;
    }
    dev->legacy = true;
    dev->features = bits;
    dev->config_valid = false;
}

void virtio_legacy_accept(VirtioDevice *dev, guint32 bits)
{
    guint8 status = g_atomic_int_get(&dev->status);

    if (!dev->has_run && !(status & (VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK))) {
        accept(dev, bits);
    }
}

/* ---- Status ---- */

/* Such a driver does not know the bit NEEDS_RESET. */
guint8 virtio_legacy_status(const VirtioDevice *dev)
{
    return virtio_status(dev) & ~VIRTIO_STATUS_NEEDS_RESET;
}

static void run(VirtioDevice *dev)
{
    if (!dev->legacy && virtio_is_legacy(dev)) {
        accept(dev, 0);
    }
    virtio_update_started(dev);
}

void virtio_legacy_set_status(VirtioDevice *dev, guint8 status)
{
    main_thread_assert();
    machine_lock_assert(dev->machine);
    if (!status) {
        virtio_driver_reset(dev);
        return;
    }
    virtio_store_status(dev, status & ~VIRTIO_STATUS_FEATURES_OK);
    if (status & VIRTIO_STATUS_DRIVER_OK) {
        run(dev);
    } else {
        virtio_update_started(dev);
    }
}

void virtio_legacy_run(VirtioDevice *dev, guint n)
{
    main_thread_assert();
    machine_lock_assert(dev->machine);
    if (!dev->early && virtio_queue_enabled(dev, n) &&
        !(g_atomic_int_get(&dev->status) & VIRTIO_STATUS_DRIVER_OK)) {
        dev->early = true;
        run(dev);
    }
}

/* ---- Queues ---- */

guint32 virtio_legacy_queue(const VirtioDevice *dev, guint n)
{
    return virtio_queue_enabled(dev, n) ? virtio_queue_area(dev, n, VIRTQ_DESC) >> PAGE_SHIFT : 0;
}

/* Section 2.7.2: descriptors, available ring, and on the next page the used ring. */
static void place(VirtQueue *queue, guint32 page)
{
    guint64 desc = (guint64)page << PAGE_SHIFT;
    guint64 avail, end;

    queue->num = queue->max;
    avail = desc + queue->num * sizeof(VringDesc);
    end = avail + sizeof(VringAvail) + (queue->num + 1) * sizeof(guint16);
    queue->area[VIRTQ_DESC] = desc;
    queue->area[VIRTQ_DRIVER] = avail;
    queue->area[VIRTQ_DEVICE] = (end + PAGE - 1) & ~(guint64)(PAGE - 1);
}

void virtio_legacy_set_queue(VirtioDevice *dev, guint n, guint32 page)
{
    const char *wrong;

    main_thread_assert();
    machine_lock_assert(dev->machine);
    if (!page) {
        virtio_driver_reset(dev);
        return;
    }
    if (!virtio_queue_max(dev, n) || dev->queues[n]->enabled ||
        g_atomic_int_get(&dev->broken)) {
        return;
    }
    /* Allowed even while other queues run. */
    virtio_stop(dev);
    place(dev->queues[n], page);
    wrong = virtqueue_enable(dev->queues[n], dev->machine->memory);
    if (wrong) {
        virtio_broken(dev, wrong);
    }
    virtio_update_started(dev);
}
