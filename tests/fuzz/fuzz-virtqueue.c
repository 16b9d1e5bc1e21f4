/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a queue and its user, on an entropy device whose handler pops,
 * checks and pushes.  Every popped buffer lies in the driver's RAM and has no
 * more pieces than the queue has descriptors and spare ones.
 */
#include "config.h"

#include <stdlib.h>

#include "hw/virtio/virtio-internal.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

enum { POPS = 16 };

typedef struct {
    guint8 *ram;
    guint8 mode;                /* what the handler does with an element */
} Bench;

static void check_element(const Bench *b, const VirtqElement *element)
{
    gsize sizes[2] = { 0, 0 };

    fuzz_check(element->n_out + element->n_in <= element->queue->num + VIRTQ_SPARE_PIECES);
    for (guint i = 0; i < (guint)element->n_out + element->n_in; i++) {
        const struct iovec *iov = &element->iov[i];
        volatile guint8 *p = iov->iov_base;

        fuzz_check(p >= b->ram && iov->iov_len && iov->iov_len <= VIRTIO_DRIVER_RAM);
        fuzz_check((gsize)(p - b->ram) <= VIRTIO_DRIVER_RAM - iov->iov_len);
        sizes[i >= element->n_out] += iov->iov_len;
        p[iov->iov_len - 1] ^= i >= element->n_out;
        p[0] ^= i >= element->n_out;
    }
    fuzz_check(sizes[0] == element->out_size && sizes[1] == element->in_size);
}

/* One at a time: a handler has no other way to it. */
static Bench bench;

static void handle(VirtioDevice *dev, VirtQueue *queue)
{
    virtqueue_set_notification(queue, bench.mode & 1);
    for (guint i = 0; i < POPS; i++) {
        VirtqElement *element = virtqueue_pop(queue);

        if (!element) {
            break;
        }
        check_element(&bench, element);
        if (bench.mode & 2 && i == POPS - 1) {
            virtqueue_unpop(queue, element);
        } else {
            virtqueue_push(queue, element, element->in_size);
            virtqueue_notify(queue);
        }
    }
    virtqueue_set_notification(queue, true);
}

static Device *make(Rig *rig, VirtioDriver *d)
{
    Device *dev = rig_device(rig, "virtio-rng-device", "dev", NULL, NULL);

    virtio_notifier(to_virtio_device(dev)->queues[0])->handler = handle;
    bench = (Bench){ .ram = d->ram };
    return dev;
}

static void set_mode(Rig *rig, Device *dev, guint8 x)
{
    bench.mode = x;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make, .act = set_mode }, data, size);
    return 0;
}
