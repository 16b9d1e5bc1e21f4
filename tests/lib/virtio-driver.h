/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's side of a virtio device: a small driver on the rig (tests/lib/rig.h)
 * that speaks virtio-mmio (or virtio-pci: virtio-driver-pci.h), with rings and
 * buffers in RAM that a test can also write as a hostile guest would.
 *
 *     g_autoptr(Rig) rig = rig_new();
 *     g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
 *     Device *rng = rig_device(rig, "virtio-rng-device", "r0", &error, NULL);
 *
 *     virtio_driver_start(d, ~0ull, 1, 8);     // features, queues, their size
 *     guint64 buf = virtio_driver_alloc(d, 64, 1);
 *     virtio_driver_add(d, 0, &(VirtioBuffer){ buf, 64, true }, 1);
 *     virtio_driver_kick(d, 0);
 *     g_assert_true(virtio_driver_used(d, 0, NULL, &length));
 *
 * Make the driver before its device, which takes the first free transport, and
 * free it before the rig.  RAM of drivers 0 to 3 is at 16 MiB times (index + 1).
 * Accesses come from the test's thread with the machine lock held; a test with an
 * event base runs the loop itself.
 */
#ifndef TESTS_LIB_VIRTIO_DRIVER_H
#define TESTS_LIB_VIRTIO_DRIVER_H

#include "tests/lib/rig.h"

enum {
    VIRTIO_DRIVER_RAM = 4 << 20,        /* bytes of a driver's RAM */
    VIRTIO_DRIVER_MAX_QUEUES = 16,
};

typedef struct {
    guint64 addr;               /* in guest memory */
    guint32 len;
    bool write;                 /* the device writes it */
} VirtioBuffer;

typedef struct {
    guint16 size;               /* descriptors, 0: not set up */
    guint64 desc, avail, used;  /* guest addresses */
    guint16 next_desc;          /* descriptors are taken round about, never freed */
    guint16 avail_idx, used_idx;
} VirtioDriverQueue;

typedef struct VirtioDriver VirtioDriver;

/* How a transport does what all have. */
typedef struct {
    guint8 (*status)(VirtioDriver *d);
    void (*set_status)(VirtioDriver *d, guint8 status);
    guint64 (*offered)(VirtioDriver *d);
    void (*accept)(VirtioDriver *d, guint64 features);
    /* Fills in what is not given (legacy: size and all but desc). */
    void (*set_queue)(VirtioDriver *d, guint n, VirtioDriverQueue *queue);
    void (*kick)(VirtioDriver *d, guint n);
    guint64 (*config)(VirtioDriver *d, guint offset, guint size);
    void (*set_config)(VirtioDriver *d, guint offset, guint64 value, guint size);
    bool (*line)(VirtioDriver *d);
    guint (*edges)(VirtioDriver *d);
    guint32 (*ack)(VirtioDriver *d);
    bool legacy;                /* no FEATURES_OK */
} VirtioDriverOps;

struct VirtioDriver {
    Rig *rig;
    const VirtioDriverOps *ops;
    void *opaque;               /* of ops */
    Device *transport;          /* virtio-mmio; NULL: the device goes by itself */
    guint64 base;               /* of its registers: 0xfeb00000 + 512 * index */
    guint gsi;                  /* 5 + index */
    guint64 ram_base;
    guint8 *ram;                /* of VIRTIO_DRIVER_RAM bytes */
    MemoryRegion *region;
    guint64 next;               /* free RAM */
    guint64 features;           /* negotiated */
    VirtioDriverQueue queues[VIRTIO_DRIVER_MAX_QUEUES];
};

/* A transport on the rig, with RAM; lets the machine run. */
VirtioDriver *virtio_driver_new(Rig *rig, guint index);
/* RAM only: for other transports. */
VirtioDriver *virtio_driver_new_on(Rig *rig, guint index, const VirtioDriverOps *ops,
                                   void *opaque);
void virtio_driver_free(VirtioDriver *d);       /* transport and device go, too */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtioDriver, virtio_driver_free)

/* ---- Registers ---- */

/* Of virtio-mmio: VIRTIO 1.2 section 4.2.2. */
guint32 virtio_driver_read(VirtioDriver *d, guint reg);
void virtio_driver_write(VirtioDriver *d, guint reg, guint32 value);
/* Of the configuration space; size 1, 2, 4 or 8. */
guint64 virtio_driver_config(VirtioDriver *d, guint offset, guint size);
void virtio_driver_set_config(VirtioDriver *d, guint offset, guint64 value, guint size);
guint8 virtio_driver_status(VirtioDriver *d);
guint64 virtio_driver_offered(VirtioDriver *d);

/* ---- Set-up, section 3.1.1 ---- */

/* Reset, ACKNOWLEDGE, DRIVER, features (the offered ones among `features`),
 * FEATURES_OK; false if the device does not take them. */
bool virtio_driver_negotiate(VirtioDriver *d, guint64 features);
/* Rings in fresh RAM; enables queue n (legacy: of the size that the device has). */
void virtio_driver_queue(VirtioDriver *d, guint n, guint16 size);
/* The same with rings wherever the test says. */
void virtio_driver_queue_at(VirtioDriver *d, guint n, guint16 size, guint64 desc, guint64 avail,
                            guint64 used);
void virtio_driver_ok(VirtioDriver *d);
/* All of it with queues 0 to n_queues - 1; fails the test if the device does. */
void virtio_driver_start(VirtioDriver *d, guint64 features, guint n_queues, guint16 size);

/* ---- Memory ---- */

/* Fresh bytes, zero; `align` is a power of two. */
guint64 virtio_driver_alloc(VirtioDriver *d, guint32 size, guint32 align);
/* Host address of what lies at addr in the driver's RAM. */
void *virtio_driver_ptr(VirtioDriver *d, guint64 addr);
/* Fresh memory with these bytes. */
guint64 virtio_driver_data(VirtioDriver *d, const void *data, guint32 size);

/* ---- Rings ---- */

void virtio_driver_set_desc(VirtioDriver *d, guint n, guint16 i, guint64 addr, guint32 len,
                            guint16 flags, guint16 next);
/* Makes head available as it is. */
void virtio_driver_publish(VirtioDriver *d, guint n, guint16 head);
/* A chain of buffers; returns its head.  Does not notify. */
guint16 virtio_driver_add(VirtioDriver *d, guint n, const VirtioBuffer *buffers, guint n_buffers);
/* The same by an indirect table. */
guint16 virtio_driver_add_indirect(VirtioDriver *d, guint n, const VirtioBuffer *buffers,
                                   guint n_buffers);
void virtio_driver_kick(VirtioDriver *d, guint n);
/* The next used chain, if there is one; ret_* may be NULL. */
bool virtio_driver_used(VirtioDriver *d, guint n, guint16 *ret_head, guint32 *ret_length);
guint16 virtio_driver_used_flags(VirtioDriver *d, guint n);
guint16 virtio_driver_avail_event(VirtioDriver *d, guint n);
void virtio_driver_set_avail_flags(VirtioDriver *d, guint n, guint16 flags);
void virtio_driver_set_used_event(VirtioDriver *d, guint n, guint16 index);

/* ---- Interrupt ---- */

/* Level of the line, and how often it rose. */
bool virtio_driver_line(VirtioDriver *d);
guint virtio_driver_edges(VirtioDriver *d);
/* Reads InterruptStatus and acknowledges all of it. */
guint32 virtio_driver_ack(VirtioDriver *d);

#endif
