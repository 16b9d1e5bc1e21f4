/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of tests/lib/virtio-driver.h.
 */
#include "config.h"
#include "tests/lib/virtio-driver.h"

#include <string.h>
#include <sys/mman.h>

enum {
    REGISTERS = 0xfeb00000,
    STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8,
    DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4,
    DESC_SIZE = 16,
};

/* ---- Making ---- */

static void map_ram(VirtioDriver *d, guint index)
{
    Object *machine = &d->rig->machine->object;

    d->ram_base = (index + 1) * G_GUINT64_CONSTANT(16) << 20;
    d->next = d->ram_base;
    d->ram = mmap(NULL, VIRTIO_DRIVER_RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    g_assert_true(d->ram != MAP_FAILED);
    d->region = region_new_ram(machine, "driver-ram", d->ram, VIRTIO_DRIVER_RAM);
    region_add(address_space_root(d->rig->memory), d->ram_base, d->region, 0);
}

static void run(Rig *rig)
{
    g_autoptr(GError) error = NULL;

    machine_run(rig->machine, &error);
    g_assert_no_error(error);
}

VirtioDriver *virtio_driver_new_on(Rig *rig, guint index, const VirtioDriverOps *ops,
                                   void *opaque)
{
    VirtioDriver *d = g_new0(VirtioDriver, 1);

    d->rig = rig;
    d->ops = ops;
    d->opaque = opaque;
    map_ram(d, index);
    run(rig);
    return d;
}

void virtio_driver_free(VirtioDriver *d)
{
    if (d) {
        g_clear_pointer(&d->transport, device_unmake);
        g_clear_pointer(&d->opaque, g_free);
        region_remove(address_space_root(d->rig->memory), d->region);
        region_free(d->region);
        munmap(d->ram, VIRTIO_DRIVER_RAM);
        g_free(d);
    }
}

/* ---- Registers ---- */

guint32 virtio_driver_read(VirtioDriver *d, guint reg)
{
    return address_space_read(d->rig->memory, d->base + reg, 4);
}

void virtio_driver_write(VirtioDriver *d, guint reg, guint32 value)
{
    address_space_write(d->rig->memory, d->base + reg, value, 4);
}

static guint64 mmio_config(VirtioDriver *d, guint offset, guint size)
{
    return address_space_read(d->rig->memory, d->base + 0x100 + offset, size);
}

static void mmio_set_config(VirtioDriver *d, guint offset, guint64 value, guint size)
{
    address_space_write(d->rig->memory, d->base + 0x100 + offset, value, size);
}

static guint8 mmio_status(VirtioDriver *d)
{
    return virtio_driver_read(d, 0x70);
}

static void mmio_set_status(VirtioDriver *d, guint8 status)
{
    virtio_driver_write(d, 0x70, status);
}

static guint64 mmio_offered(VirtioDriver *d)
{
    guint64 low;

    virtio_driver_write(d, 0x14, 0);
    low = virtio_driver_read(d, 0x10);
    virtio_driver_write(d, 0x14, 1);
    return low | (guint64)virtio_driver_read(d, 0x10) << 32;
}

static void mmio_accept(VirtioDriver *d, guint64 features)
{
    virtio_driver_write(d, 0x24, 0);
    virtio_driver_write(d, 0x20, features);
    virtio_driver_write(d, 0x24, 1);
    virtio_driver_write(d, 0x20, features >> 32);
}

static void mmio_set_queue(VirtioDriver *d, guint n, VirtioDriverQueue *queue)
{
    virtio_driver_write(d, 0x30, n);
    virtio_driver_write(d, 0x38, queue->size);
    virtio_driver_write(d, 0x80, queue->desc);
    virtio_driver_write(d, 0x84, queue->desc >> 32);
    virtio_driver_write(d, 0x90, queue->avail);
    virtio_driver_write(d, 0x94, queue->avail >> 32);
    virtio_driver_write(d, 0xa0, queue->used);
    virtio_driver_write(d, 0xa4, queue->used >> 32);
    virtio_driver_write(d, 0x44, 1);
}

static void mmio_kick(VirtioDriver *d, guint n)
{
    virtio_driver_write(d, 0x50, n);
}

static bool mmio_line(VirtioDriver *d)
{
    return d->rig->accel->gsi[d->gsi];
}

static guint mmio_edges(VirtioDriver *d)
{
    return d->rig->accel->gsi_edges[d->gsi];
}

static guint32 mmio_ack(VirtioDriver *d)
{
    guint32 status = virtio_driver_read(d, 0x60);

    virtio_driver_write(d, 0x64, status);
    return status;
}

static const VirtioDriverOps mmio_driver_ops = {
    .status = mmio_status, .set_status = mmio_set_status, .offered = mmio_offered,
    .accept = mmio_accept, .set_queue = mmio_set_queue, .kick = mmio_kick, .config = mmio_config,
    .set_config = mmio_set_config, .line = mmio_line, .edges = mmio_edges, .ack = mmio_ack,
};

VirtioDriver *virtio_driver_new(Rig *rig, guint index)
{
    VirtioDriver *d = virtio_driver_new_on(rig, index, &mmio_driver_ops, NULL);
    g_autofree char *number = g_strdup_printf("%u", index);
    g_autofree char *id = g_strdup_printf("transport%u", index);
    g_autofree char *base = NULL, *gsi = NULL;
    g_autoptr(GError) error = NULL;

    d->base = REGISTERS + index * 0x200;
    d->gsi = 5 + index;
    base = g_strdup_printf("%" G_GUINT64_FORMAT, d->base);
    gsi = g_strdup_printf("%u", d->gsi);
    d->transport = rig_device(rig, "virtio-mmio", id, &error, "index", number, "base", base, "gsi",
                              gsi, NULL);
    g_assert_no_error(error);
    return d;
}

/* ---- Any transport ---- */

guint64 virtio_driver_config(VirtioDriver *d, guint offset, guint size)
{
    return d->ops->config(d, offset, size);
}

void virtio_driver_set_config(VirtioDriver *d, guint offset, guint64 value, guint size)
{
    d->ops->set_config(d, offset, value, size);
}

guint8 virtio_driver_status(VirtioDriver *d)
{
    return d->ops->status(d);
}

guint64 virtio_driver_offered(VirtioDriver *d)
{
    return d->ops->offered(d);
}

/* ---- Set-up ---- */

bool virtio_driver_negotiate(VirtioDriver *d, guint64 features)
{
    memset(d->queues, 0, sizeof(d->queues));
    d->ops->set_status(d, 0);
    d->ops->set_status(d, STATUS_ACKNOWLEDGE);
    d->ops->set_status(d, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    d->features = features & virtio_driver_offered(d);
    d->ops->accept(d, d->features);
    if (d->ops->legacy) {
        return true;
    }
    d->ops->set_status(d, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return virtio_driver_status(d) & STATUS_FEATURES_OK;
}

void virtio_driver_queue_at(VirtioDriver *d, guint n, guint16 size, guint64 desc, guint64 avail,
                            guint64 used)
{
    d->queues[n] = (VirtioDriverQueue){
        .size = size, .desc = desc, .avail = avail, .used = used,
    };
    d->ops->set_queue(d, n, &d->queues[n]);
}

void virtio_driver_queue(VirtioDriver *d, guint n, guint16 size)
{
    guint64 desc = virtio_driver_alloc(d, size * DESC_SIZE, 16);
    guint64 avail = virtio_driver_alloc(d, 6 + 2 * size, 2);
    guint64 used = virtio_driver_alloc(d, 6 + 8 * size, 4);

    virtio_driver_queue_at(d, n, size, desc, avail, used);
}

static guint8 all_ok(const VirtioDriver *d)
{
    return STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK |
           (d->ops->legacy ? 0 : STATUS_FEATURES_OK);
}

void virtio_driver_ok(VirtioDriver *d)
{
    d->ops->set_status(d, all_ok(d));
}

void virtio_driver_start(VirtioDriver *d, guint64 features, guint n_queues, guint16 size)
{
    g_assert_true(virtio_driver_negotiate(d, features));
    for (guint i = 0; i < n_queues; i++) {
        virtio_driver_queue(d, i, size);
    }
    virtio_driver_ok(d);
    g_assert_cmphex(virtio_driver_status(d), ==, all_ok(d));
}

/* ---- Memory ---- */

guint64 virtio_driver_alloc(VirtioDriver *d, guint32 size, guint32 align)
{
    guint64 addr = (d->next + align - 1) & -(guint64)align;

    g_assert_cmpuint(addr + size - d->ram_base, <=, VIRTIO_DRIVER_RAM);
    d->next = addr + size;
    memset(virtio_driver_ptr(d, addr), 0, size);
    return addr;
}

void *virtio_driver_ptr(VirtioDriver *d, guint64 addr)
{
    g_assert_cmpuint(addr - d->ram_base, <=, VIRTIO_DRIVER_RAM);
    return d->ram + (addr - d->ram_base);
}

guint64 virtio_driver_data(VirtioDriver *d, const void *data, guint32 size)
{
    guint64 addr = virtio_driver_alloc(d, size, 1);

    memcpy(virtio_driver_ptr(d, addr), data, size);
    return addr;
}

static void store(VirtioDriver *d, guint64 addr, guint64 value, guint size)
{
    value = GUINT64_TO_LE(value);
    memcpy(virtio_driver_ptr(d, addr), &value, size);
}

static guint64 load(VirtioDriver *d, guint64 addr, guint size)
{
    guint64 value = 0;

    memcpy(&value, virtio_driver_ptr(d, addr), size);
    return GUINT64_FROM_LE(value);
}

/* ---- Rings ---- */

static void store_desc(VirtioDriver *d, guint64 at, guint64 addr, guint32 len, guint16 flags,
                       guint16 next)
{
    store(d, at, addr, 8);
    store(d, at + 8, len, 4);
    store(d, at + 12, flags, 2);
    store(d, at + 14, next, 2);
}

void virtio_driver_set_desc(VirtioDriver *d, guint n, guint16 i, guint64 addr, guint32 len,
                            guint16 flags, guint16 next)
{
    store_desc(d, d->queues[n].desc + i * DESC_SIZE, addr, len, flags, next);
}

void virtio_driver_publish(VirtioDriver *d, guint n, guint16 head)
{
    VirtioDriverQueue *q = &d->queues[n];

    store(d, q->avail + 4 + 2 * (q->avail_idx % q->size), head, 2);
    store(d, q->avail + 2, ++q->avail_idx, 2);
}

static guint16 take_desc(VirtioDriverQueue *q)
{
    guint16 i = q->next_desc;

    q->next_desc = (q->next_desc + 1) % q->size;
    return i;
}

guint16 virtio_driver_add(VirtioDriver *d, guint n, const VirtioBuffer *buffers, guint n_buffers)
{
    VirtioDriverQueue *q = &d->queues[n];
    guint16 head = q->next_desc;

    for (guint i = 0; i < n_buffers; i++) {
        bool last = i == n_buffers - 1;
        guint16 this = take_desc(q);

        virtio_driver_set_desc(d, n, this, buffers[i].addr, buffers[i].len,
                               (buffers[i].write ? DESC_WRITE : 0) | (last ? 0 : DESC_NEXT),
                               last ? 0 : q->next_desc);
    }
    virtio_driver_publish(d, n, head);
    return head;
}

guint16 virtio_driver_add_indirect(VirtioDriver *d, guint n, const VirtioBuffer *buffers,
                                   guint n_buffers)
{
    guint64 table = virtio_driver_alloc(d, n_buffers * DESC_SIZE, 16);
    guint16 head = take_desc(&d->queues[n]);

    for (guint i = 0; i < n_buffers; i++) {
        bool last = i == n_buffers - 1;

        store_desc(d, table + i * DESC_SIZE, buffers[i].addr, buffers[i].len,
                   (buffers[i].write ? DESC_WRITE : 0) | (last ? 0 : DESC_NEXT), i + 1);
    }
    virtio_driver_set_desc(d, n, head, table, n_buffers * DESC_SIZE, DESC_INDIRECT, 0);
    virtio_driver_publish(d, n, head);
    return head;
}

void virtio_driver_kick(VirtioDriver *d, guint n)
{
    d->ops->kick(d, n);
}

bool virtio_driver_used(VirtioDriver *d, guint n, guint16 *ret_head, guint32 *ret_length)
{
    VirtioDriverQueue *q = &d->queues[n];
    guint64 elem = q->used + 4 + 8 * (q->used_idx % q->size);

    if ((guint16)load(d, q->used + 2, 2) == q->used_idx) {
        return false;
    }
    q->used_idx++;
    if (ret_head) {
        *ret_head = load(d, elem, 4);
    }
    if (ret_length) {
        *ret_length = load(d, elem + 4, 4);
    }
    return true;
}

guint16 virtio_driver_used_flags(VirtioDriver *d, guint n)
{
    return load(d, d->queues[n].used, 2);
}

guint16 virtio_driver_avail_event(VirtioDriver *d, guint n)
{
    return load(d, d->queues[n].used + 4 + 8 * d->queues[n].size, 2);
}

void virtio_driver_set_avail_flags(VirtioDriver *d, guint n, guint16 flags)
{
    store(d, d->queues[n].avail, flags, 2);
}

void virtio_driver_set_used_event(VirtioDriver *d, guint n, guint16 index)
{
    store(d, d->queues[n].avail + 4 + 2 * d->queues[n].size, index, 2);
}

/* ---- Interrupt ---- */

bool virtio_driver_line(VirtioDriver *d)
{
    return d->ops->line(d);
}

guint virtio_driver_edges(VirtioDriver *d)
{
    return d->ops->edges(d);
}

guint32 virtio_driver_ack(VirtioDriver *d)
{
    return d->ops->ack(d);
}
