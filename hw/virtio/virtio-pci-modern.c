/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of virtio-pci in BAR 4 (or another one), the capabilities that locate them, and
 * the window to them in config space.  VIRTIO 1.2 sections 4.1.4.3 to 4.1.4.7 and
 * 4.1.4.9.
 *
 * Not modelled: shared memory (section 4.1.4.7: no device has any), notification
 * data, and reset of single queues; neither feature is offered.
 */
#include "config.h"
#include "hw/virtio/virtio-pci.h"
#include "qom/qapi-objects-virtio-pci.h"
#include "qom/qapi-trace.h"

enum {
    AREA = 0x1000,              /* of registers, but for the notifications */
    NOTIFY_STEP = 4,            /* notify_off_multiplier */
    QUEUE_PAGE = 0x1000,        /* the same with page-per-vq */
    PIO_SIZE = 4,
};

/* Section 4.1.4: struct virtio_pci_cap, and what follows it. */
enum {
    CAP_LENGTH = 2,
    CAP_TYPE = 3,
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_SIZE = 12,
    CAP_BYTES = 16,
    CAP_NOTIFY_MULTIPLIER = 16,
    CAP_WINDOW_DATA = 16,
    CAP_BYTES_MORE = 20,
    CAP_VENDOR = 9,             /* PCI's id of all of them */
};

enum {
    TYPE_COMMON = 1,
    TYPE_NOTIFY = 2,
    TYPE_ISR = 3,
    TYPE_DEVICE = 4,
    TYPE_WINDOW = 5,
};

/* Section 4.1.4.3: struct virtio_pci_common_cfg */
enum {
    DEVICE_FEATURE_SELECT = 0,  /* 32 bits */
    DEVICE_FEATURE = 4,         /* 32 */
    DRIVER_FEATURE_SELECT = 8,  /* 32 */
    DRIVER_FEATURE = 12,        /* 32 */
    CONFIG_MSIX_VECTOR = 16,    /* 16 */
    NUM_QUEUES = 18,            /* 16 */
    DEVICE_STATUS = 20,         /* 8 */
    CONFIG_GENERATION = 21,     /* 8 */
    QUEUE_SELECT = 22,          /* 16 */
    QUEUE_SIZE = 24,            /* 16 */
    QUEUE_MSIX_VECTOR = 26,     /* 16 */
    QUEUE_ENABLE = 28,          /* 16 */
    QUEUE_NOTIFY_OFF = 30,      /* 16 */
    QUEUE_DESC = 32,            /* 64, as two of 32, like the next two */
    QUEUE_DRIVER = 40,
    QUEUE_DEVICE = 48,
    QUEUE_END = 56,
};

/* ---- Common configuration, machine lock held ---- */

/* A driver must access a register with its width (section 4.1.3.1), but some read
 * half of DEVICE_FEATURE.  So an access that begins at a register is an access to
 * that register, with the smaller of both widths. */

static guint32 only(guint32 value, guint size)
{
    return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

static guint width_at(guint64 offset)
{
    if (offset == DEVICE_STATUS || offset == CONFIG_GENERATION) {
        return 1;
    }
    return offset < CONFIG_MSIX_VECTOR || offset >= QUEUE_DESC ? 4 : 2;
}

static bool is_area(guint64 offset)
{
    return offset >= QUEUE_DESC && offset < QUEUE_END && offset % 4 == 0;
}

static VirtqArea area_at(guint64 offset)
{
    return offset < QUEUE_DRIVER ? VIRTQ_DESC : offset < QUEUE_DEVICE ? VIRTQ_DRIVER
                                                                      : VIRTQ_DEVICE;
}

/* Registers of the queue that is selected. */
static guint32 read_queue(VirtioPci *s, VirtioDevice *dev, guint64 offset)
{
    guint n = s->queue_select;

    if (is_area(offset)) {
        return virtio_queue_area(dev, n, area_at(offset)) >> (offset & 4 ? 32 : 0);
    }
    switch (offset) {
    case QUEUE_SIZE:
        return virtio_queue_size(dev, n);
    case QUEUE_MSIX_VECTOR:
        return n < virtio_n_queues(dev) ? s->vectors[n] : VIRTIO_PCI_NO_VECTOR;
    case QUEUE_ENABLE:
        return virtio_queue_enabled(dev, n);
    case QUEUE_NOTIFY_OFF:
        return n;
    default:
        return 0;
    }
}

static guint32 read_common(VirtioPci *s, VirtioDevice *dev, guint64 offset)
{
    switch (offset) {
    case DEVICE_FEATURE_SELECT:
        return s->device_feature_select;
    case DEVICE_FEATURE:
        return virtio_offered_features(dev, s->device_feature_select);
    case DRIVER_FEATURE_SELECT:
        return s->driver_feature_select;
    case DRIVER_FEATURE:
        return virtio_accepted_features(dev, s->driver_feature_select);
    case CONFIG_MSIX_VECTOR:
        return s->vectors[VIRTIO_PCI_CONFIG_SOURCE];
    case NUM_QUEUES:
        return virtio_n_queues(dev);
    case DEVICE_STATUS:
        return virtio_status(dev);
    case CONFIG_GENERATION:
        return dev->generation & 0xff;
    case QUEUE_SELECT:
        return s->queue_select;
    default:
        return read_queue(s, dev, offset);
    }
}

static void write_queue(VirtioPci *s, VirtioDevice *dev, guint64 offset, guint32 value)
{
    guint n = s->queue_select;

    if (is_area(offset)) {
        virtio_queue_set_area(dev, n, area_at(offset), offset & 4, value);
        return;
    }
    switch (offset) {
    case QUEUE_SIZE:
        virtio_queue_set_size(dev, n, value);
        break;
    case QUEUE_MSIX_VECTOR:
        virtio_pci_set_queue_vector(s, n, value);
        break;
    case QUEUE_ENABLE:
        if (value == 1) {       /* a driver must not write 0 */
            virtio_queue_enable(dev, n);
        }
        break;
    }
}

static void write_common(VirtioPci *s, VirtioDevice *dev, guint64 offset, guint32 value)
{
    switch (offset) {
    case DEVICE_FEATURE_SELECT:
        s->device_feature_select = value;
        break;
    case DRIVER_FEATURE_SELECT:
        s->driver_feature_select = value;
        break;
    case DRIVER_FEATURE:
        virtio_accept_features(dev, s->driver_feature_select, value);
        break;
    case CONFIG_MSIX_VECTOR:
        virtio_pci_set_vector(s, VIRTIO_PCI_CONFIG_SOURCE, value);
        break;
    case QUEUE_SELECT:
        s->queue_select = value;
        break;
    default:
        write_queue(s, dev, offset, value);
        break;
    }
}

/* ---- Accesses ---- */

static const char *register_name(guint64 offset)
{
    static const TraceRegister names[] = {
        { DEVICE_FEATURE_SELECT, "device_feature_select" }, { DEVICE_FEATURE, "device_feature" },
        { DRIVER_FEATURE_SELECT, "driver_feature_select" }, { DRIVER_FEATURE, "driver_feature" },
        { CONFIG_MSIX_VECTOR, "config_msix_vector" }, { NUM_QUEUES, "num_queues" },
        { DEVICE_STATUS, "device_status" }, { CONFIG_GENERATION, "config_generation" },
        { QUEUE_SELECT, "queue_select" }, { QUEUE_SIZE, "queue_size" },
        { QUEUE_MSIX_VECTOR, "queue_msix_vector" }, { QUEUE_ENABLE, "queue_enable" },
        { QUEUE_NOTIFY_OFF, "queue_notify_off" }, { QUEUE_DESC, "queue_desc" },
        { QUEUE_DESC + 4, "queue_desc+4" }, { QUEUE_DRIVER, "queue_driver" },
        { QUEUE_DRIVER + 4, "queue_driver+4" }, { QUEUE_DEVICE, "queue_device" },
        { QUEUE_DEVICE + 4, "queue_device+4" },
    };

    return trace_register(names, G_N_ELEMENTS(names), offset, "?");
}

static guint32 read_traced(VirtioPci *s, guint64 offset, guint size)
{
    VirtioDevice *dev = virtio_pci_device(s);
    guint32 value = only(dev ? read_common(s, dev, offset) : 0, size);

    if (trace_wanted(TRACE_VIRTIO_PCI_COMMON_READ)) {
        trace_virtio_pci_common_read(s, register_name(offset), value);
    }
    return value;
}

/* The bits of it that reach the register. */
static guint32 traced_write(VirtioPci *s, guint64 offset, guint64 value, guint size)
{
    guint32 bits = only(value, MIN(size, width_at(offset)));

    if (trace_wanted(TRACE_VIRTIO_PCI_COMMON_WRITE)) {
        trace_virtio_pci_common_write(s, register_name(offset), bits);
    }
    return bits;
}

static void write_present(VirtioPci *s, guint64 offset, guint32 bits)
{
    VirtioDevice *dev = virtio_pci_device(s);

    if (dev) {
        write_common(s, dev, offset, bits);
    }
}

/* Main thread, machine lock held. */
static void set_status(void *opaque, guint64 status)
{
    VirtioDevice *dev = virtio_pci_device(opaque);

    if (dev) {
        virtio_set_status(dev, status);
    }
}

/* Without the lock. */
static guint64 common_read(void *opaque, guint64 offset, guint size)
{
    VirtioPci *s = opaque;
    guint32 value;

    machine_lock(s->machine);
    value = read_traced(s, offset, size);
    machine_unlock(s->machine);
    return value;
}

static void common_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    VirtioPci *s = opaque;
    guint32 bits = traced_write(s, offset, value, size);

    if (offset == DEVICE_STATUS) {
        machine_call(s->machine, set_status, s, bits);
        return;
    }
    machine_lock(s->machine);
    write_present(s, offset, bits);
    machine_unlock(s->machine);
}

static guint64 isr_read(void *opaque, guint64 offset, guint size)
{
    return offset ? 0 : virtio_pci_take_isr(opaque);
}

static guint64 device_read(void *opaque, guint64 offset, guint size)
{
    VirtioDevice *dev = virtio_pci_device(opaque);

    return dev ? virtio_pci_read_config(dev, offset, size) : 0;
}

static void device_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    VirtioDevice *dev = virtio_pci_device(opaque);

    if (dev) {
        virtio_pci_write_config(dev, offset, value, size);
    }
}

static guint64 nothing_read(void *opaque, guint64 offset, guint size)
{
    return 0;
}

/* The address of the write selects the queue, and so does the value. */
static void notify_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    VirtioPci *s = opaque;
    VirtioDevice *dev = virtio_pci_device(s);

    if (dev) {
        virtio_queue_kick(dev, offset / s->notify_multiplier);
    }
}

static void pio_notify_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    VirtioDevice *dev = virtio_pci_device(opaque);

    if (dev && !offset) {
        virtio_queue_kick(dev, value & 0xffff);
    }
}

static const RegionOps common_ops = {
    .read = common_read, .write = common_write, .min_size = 1, .max_size = 4, .lockless = true,
};
static const RegionOps isr_ops = { .read = isr_read, .min_size = 1, .max_size = 4 };
static const RegionOps device_ops = {
    .read = device_read, .write = device_write, .min_size = 1, .max_size = 4,
};
static const RegionOps notify_ops = {
    .read = nothing_read, .write = notify_write, .min_size = 1, .max_size = 4,
};
static const RegionOps pio_notify_ops = {
    .read = nothing_read, .write = pio_notify_write, .min_size = 1, .max_size = 4,
};

/* ---- The window (section 4.1.4.9) ---- */

typedef struct {
    const RegionOps *ops;
    guint64 offset;
    guint size;
} Access;

static const RegionOps *const all_ops[VIRTIO_PCI_N_AREAS] = {
    [VIRTIO_PCI_COMMON] = &common_ops,
    [VIRTIO_PCI_ISR] = &isr_ops,
    [VIRTIO_PCI_DEVICE] = &device_ops,
    [VIRTIO_PCI_NOTIFY] = &notify_ops,
};

/* NULL: there is no register of ours. */
static const RegionOps *area_ops(const VirtioPci *s, guint32 *offset)
{
    for (guint i = 0; i < VIRTIO_PCI_N_AREAS; i++) {
        const VirtioPciArea *area = &s->areas[i];

        if (*offset >= area->offset && *offset - area->offset < area->size) {
            *offset -= area->offset;
            return all_ops[i];
        }
    }
    return NULL;
}

/* The driver's choice; false if it is invalid. */
static bool chosen(const VirtioPci *s, Access *ret)
{
    const guint8 *cap = s->pci.config + s->window;
    guint32 offset = pci_get_long(cap + CAP_OFFSET), size = pci_get_long(cap + CAP_SIZE);
    const MemoryRegion *bar = cap[CAP_BAR] == s->layout->modern_bar ? s->modern
                            : cap[CAP_BAR] == s->layout->pio_bar ? s->pio_notify : NULL;

    if (!bar || (size != 1 && size != 2 && size != 4) || offset % size ||
        offset >= region_size(bar)) {
        return false;
    }
    ret->ops = bar == s->modern ? area_ops(s, &offset) : &pio_notify_ops;
    ret->offset = offset;
    ret->size = size;
    return ret->ops;
}

void virtio_pci_window_read(VirtioPci *s)
{
    Access access;

    guint32 value;

    if (chosen(s, &access)) {
        value = access.ops == &common_ops ? read_traced(s, access.offset, access.size)
                                          : access.ops->read(s, access.offset, access.size);
        pci_set_long(s->pci.config + s->window + CAP_WINDOW_DATA, value);
    }
}

static void write_by_window(VirtioPci *s, guint64 offset, guint64 value, guint size)
{
    guint32 bits = traced_write(s, offset, value, size);

    if (offset == DEVICE_STATUS) {
        virtio_pci_call(s, set_status, bits);
    } else {
        write_present(s, offset, bits);
    }
}

void virtio_pci_window_written(VirtioPci *s)
{
    Access access;
    guint32 value;

    if (!chosen(s, &access)) {
        return;
    }
    value = only(pci_get_long(s->pci.config + s->window + CAP_WINDOW_DATA), access.size);
    if (access.ops == &common_ops) {
        write_by_window(s, access.offset, value, access.size);
    } else if (access.ops->write) {
        access.ops->write(s, access.offset, value, access.size);
    }
}

/* ---- Making ---- */

static guint8 *add_cap(VirtioPci *s, guint bytes, guint8 type, guint8 bar, guint32 offset,
                       guint32 size)
{
    guint8 *cap = s->pci.config + pci_add_capability(&s->pci, CAP_VENDOR, bytes);

    cap[CAP_LENGTH] = bytes;
    cap[CAP_TYPE] = type;
    cap[CAP_BAR] = bar;
    pci_set_long(cap + CAP_OFFSET, offset);
    pci_set_long(cap + CAP_SIZE, size);
    return cap;
}

/* The areas are in the order of their numbers, up to the BAR's end if others are before them. */
static void place_areas(VirtioPci *s)
{
    const VirtioPciProps *props = virtio_pci_props(s);
    bool small = s->layout->room && !props->page_per_vq;        /* there is no other room */
    guint32 offset = 0, size;

    for (guint i = 0; i < VIRTIO_PCI_N_AREAS; i++) {
        s->areas[i].size = small && i <= VIRTIO_PCI_ISR ? AREA / 2 : AREA;
    }
    s->areas[VIRTIO_PCI_NOTIFY].size = VIRTIO_PCI_MAX_QUEUES * s->notify_multiplier;
    size = 1u << g_bit_storage(3 * AREA + s->areas[VIRTIO_PCI_NOTIFY].size - 1);
    s->modern = region_new_container(&s->pci.device.object, "virtio-pci-modern", size);
    for (guint i = 0; s->layout->room && i < VIRTIO_PCI_N_AREAS; i++) {
        size -= s->areas[i].size;
        offset = size;
    }
    for (guint i = 0; i < VIRTIO_PCI_N_AREAS; i++) {
        s->areas[i].offset = offset;
        offset += s->areas[i].size;
    }
}

static void add_areas(VirtioPci *s)
{
    static const char *const names[VIRTIO_PCI_N_AREAS] = {
        "virtio-pci-common", "virtio-pci-isr", "virtio-pci-device", "virtio-pci-notify",
    };

    for (guint i = 0; i < VIRTIO_PCI_N_AREAS; i++) {
        VirtioPciArea *area = &s->areas[i];

        area->region = region_new_io(&s->pci.device.object, names[i], all_ops[i], s, area->size);
        region_add(s->modern, area->offset, area->region, 0);
    }
}

void virtio_pci_drop_areas(VirtioPci *s)
{
    for (guint i = 0; i < VIRTIO_PCI_N_AREAS; i++) {
        MemoryRegion *region = g_steal_pointer(&s->areas[i].region);

        if (region) {
            region_remove(s->modern, region);
            region_free(region);
        }
    }
}

static void add_window(VirtioPci *s)
{
    guint8 *cap = add_cap(s, CAP_BYTES_MORE, TYPE_WINDOW, 0, 0, 0);
    guint8 *writable;

    s->window = cap - s->pci.config;
    writable = s->pci.writable + s->window;
    writable[CAP_BAR] = 0xff;
    pci_set_long(writable + CAP_OFFSET, 0xffffffff);
    pci_set_long(writable + CAP_SIZE, 0xffffffff);
    pci_set_long(writable + CAP_WINDOW_DATA, 0xffffffff);
}

static void add_capabilities(VirtioPci *s)
{
    static const guint8 types[VIRTIO_PCI_N_AREAS] = {
        TYPE_COMMON, TYPE_ISR, TYPE_DEVICE, TYPE_NOTIFY,
    };
    guint8 *cap = NULL;

    for (guint i = 0; i < VIRTIO_PCI_N_AREAS; i++) {
        cap = add_cap(s, i == VIRTIO_PCI_NOTIFY ? CAP_BYTES_MORE : CAP_BYTES, types[i],
                      s->layout->modern_bar, s->areas[i].offset, s->areas[i].size);
    }
    pci_set_long(cap + CAP_NOTIFY_MULTIPLIER, s->notify_multiplier);
    if (s->pio_notify) {
        cap = add_cap(s, CAP_BYTES_MORE, TYPE_NOTIFY, s->layout->pio_bar, 0, PIO_SIZE);
        pci_set_long(cap + CAP_NOTIFY_MULTIPLIER, 0);
    }
    add_window(s);
}

void virtio_pci_add_modern(VirtioPci *s)
{
    const VirtioPciProps *props = virtio_pci_props(s);

    s->notify_multiplier = props->page_per_vq ? QUEUE_PAGE : NOTIFY_STEP;
    place_areas(s);
    add_areas(s);
    pci_add_bar(&s->pci, s->layout->modern_bar, PCI_BAR_MEM64 | PCI_BAR_PREFETCH, s->modern);
    if (props->modern_pio_notify) {
        s->pio_notify = region_new_io(&s->pci.device.object, "virtio-pci-notify-pio",
                                      &pio_notify_ops, s, PIO_SIZE);
        pci_add_bar(&s->pci, s->layout->pio_bar, PCI_BAR_IO, s->pio_notify);
    }
    add_capabilities(s);
}
