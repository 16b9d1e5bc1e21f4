/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which threads the queues of a virtio-blk run on: one for all (`iothread`, or the main
 * loop), or several (`iothread-vq-mapping`), each of which has a lane of the BlockFront.
 */
#include "config.h"
#include "hw/virtio/virtio-blk-internal.h"

#include "hw/machine/machine-aio.h"
#include "qmp/error.h"
#include "qom/qapi-objects-virtio-blk.h"

#define PROPERTY "iothread-vq-mapping"

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    qmp_error_set_at(error, PROPERTY, ERROR_REASON_INVALID_VALUE, "property '" PROPERTY "' %s",
                     text);
    return false;
}

/* ---- Checks ---- */

static bool check_threads(const IOThreadVirtQueueMappingList *mapping, GError **error)
{
    for (gsize i = 0; i < mapping->n; i++) {
        for (gsize j = 0; j < i; j++) {
            if (mapping->items[i]->iothread.target == mapping->items[j]->iothread.target) {
                return refuse(error, "has iothread '%s' twice", mapping->items[i]->iothread.path);
            }
        }
        if (mapping->items[i]->has_vqs != mapping->items[0]->has_vqs) {
            return refuse(error, "has 'vqs' in some entries, and none in others");
        }
    }
    return true;
}

/* Fills lanes with the entry that each queue is in. */
static bool assign(const IOThreadVirtQueueMappingList *mapping, guint n_queues, guint *lanes,
                   GError **error)
{
    for (guint i = 0; i < n_queues; i++) {
        lanes[i] = G_MAXUINT;
    }
    for (gsize i = 0; i < mapping->n; i++) {
        const uint16List *vqs = &mapping->items[i]->vqs;

        for (gsize j = 0; j < vqs->n; j++) {
            guint queue = vqs->items[j];

            if (queue >= n_queues) {
                return refuse(error, "has queue %u, and the device has %u", queue, n_queues);
            }
            if (lanes[queue] != G_MAXUINT) {
                return refuse(error, "has queue %u twice", queue);
            }
            lanes[queue] = i;
        }
    }
    for (guint i = 0; i < n_queues; i++) {
        if (lanes[i] == G_MAXUINT) {
            return refuse(error, "does not have queue %u", i);
        }
    }
    return true;
}

bool virtio_blk_check_mapping(VirtioBlk *s, GError **error)
{
    const VirtioBlkDeviceProps *props = virtio_blk_device_props(s);
    const IOThreadVirtQueueMappingList *mapping = &props->iothread_vq_mapping;
    g_autofree guint *lanes = g_new(guint, props->num_queues);

    if (!props->has_iothread_vq_mapping) {
        return true;
    }
    if (props->iothread.target) {
        return refuse(error, "cannot be given together with 'iothread'");
    }
    if (!mapping->n) {
        return refuse(error, "is empty");
    }
    return check_threads(mapping, error) &&
           (!mapping->items[0]->has_vqs || assign(mapping, props->num_queues, lanes, error));
}

/* ---- Results ---- */

AioContext **virtio_blk_contexts(VirtioBlk *s, guint *ret_n, GError **error)
{
    VirtioBlkDeviceProps *props = virtio_blk_device_props(s);
    const IOThreadVirtQueueMappingList *mapping = &props->iothread_vq_mapping;
    g_autofree AioContext **contexts = g_new(AioContext *, MAX(mapping->n, 1));

    *ret_n = MAX(mapping->n, 1);
    for (guint i = 0; i < *ret_n; i++) {
        contexts[i] = machine_aio(s->virtio.machine, mapping->n ? &mapping->items[i]->iothread
                                                                : &props->iothread, error);
        if (!contexts[i]) {
            return NULL;
        }
    }
    return g_steal_pointer(&contexts);
}

guint *virtio_blk_lanes(VirtioBlk *s)
{
    const VirtioBlkDeviceProps *props = virtio_blk_device_props(s);
    const IOThreadVirtQueueMappingList *mapping = &props->iothread_vq_mapping;
    guint *lanes = g_new0(guint, props->num_queues);

    if (mapping->n && mapping->items[0]->has_vqs) {
        assign(mapping, props->num_queues, lanes, NULL);
    } else {
        for (guint i = 0; i < props->num_queues; i++) {
            lanes[i] = i % MAX(mapping->n, 1);
        }
    }
    return lanes;
}
