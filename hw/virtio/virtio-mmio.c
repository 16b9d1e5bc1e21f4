/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory-mapped transport, register layout 2 (not legacy).
 * VIRTIO 1.2 section 4.2; made by recipes, which give its address.
 *
 * Not modelled: shared memory regions (section 4.2.2, SHM*: none exist) and reset
 * of single queues (the feature is not offered).
 *
 * Interrupts.  InterruptStatus tells the driver the reason of an interrupt, so it
 * must be set before the line rises: an irqfd alone would not suffice, and
 * together with the register would save nothing over setting the line, which any
 * thread may do.  The register and the line change together under a separate
 * mutex; the machine lock is not needed, since interrupts come from data paths,
 * and the driver reads and acknowledges each of them.  The line is high while a
 * bit is set.  If an acknowledgement leaves a bit set, the line falls and rises,
 * so that the driver is called again if the interrupt controller is
 * edge-triggered, as for the lines of an ISA bus.
 */
#include "config.h"
#include "hw/virtio/virtio-mmio.h"

#include "hw/machine/machine.h"
#include "hw/virtio/virtio-bus.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

/* Section 4.2.2 */
enum {
    MAGIC_VALUE = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    VENDOR_ID = 0x00c,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034,
    QUEUE_NUM = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    STATUS = 0x070,
    QUEUE_DESC_LOW = 0x080,
    QUEUE_DESC_HIGH = 0x084,
    QUEUE_DRIVER_LOW = 0x090,
    QUEUE_DRIVER_HIGH = 0x094,
    QUEUE_DEVICE_LOW = 0x0a0,
    QUEUE_DEVICE_HIGH = 0x0a4,
    SHM_LEN_LOW = 0x0b0,
    SHM_LEN_HIGH = 0x0b4,
    SHM_BASE_LOW = 0x0b8,
    SHM_BASE_HIGH = 0x0bc,
    CONFIG_GENERATION = 0x0fc,
    CONFIG = 0x100,
};

enum {
    MAGIC = 0x74726976,         /* "virt" */
    LAYOUT = 2,
    VENDOR = 0x20444d56,        /* "VMD " */
};

/* Bits of InterruptStatus */
enum {
    INTERRUPT_QUEUE = 1,
    INTERRUPT_CONFIG = 2 | INTERRUPT_QUEUE,     /* both, as QEMU has it */
};

struct VirtioMmio {
    Device parent;
    Machine *machine;
    MemoryRegion *region;
    Bus *bus;

    guint32 device_features_sel;
    guint32 driver_features_sel;
    guint32 queue_sel;

    GMutex interrupt_mutex;
    guint32 interrupt_status;
};

/* ---- Interrupt ---- */

static void set_line(VirtioMmio *s, bool level)
{
    machine_set_gsi(s->machine, virtio_mmio_props(s)->gsi, level);
}

static void interrupt(VirtioMmio *s, guint32 bit)
{
    trace_virtio_mmio_interrupt(s, bit);
    g_mutex_lock(&s->interrupt_mutex);
    if (!s->interrupt_status) {
        set_line(s, true);
    }
    s->interrupt_status |= bit;
    g_mutex_unlock(&s->interrupt_mutex);
}

static void acknowledge(VirtioMmio *s, guint32 bits)
{
    g_mutex_lock(&s->interrupt_mutex);
    if (s->interrupt_status & bits) {
        s->interrupt_status &= ~bits;
        set_line(s, false);
        if (s->interrupt_status) {
            set_line(s, true);
        }
    }
    g_mutex_unlock(&s->interrupt_mutex);
}

static guint32 read_interrupt_status(VirtioMmio *s)
{
    guint32 status;

    g_mutex_lock(&s->interrupt_mutex);
    status = s->interrupt_status;
    g_mutex_unlock(&s->interrupt_mutex);
    return status;
}

/* ---- What the device calls ---- */

static void queue_interrupt(void *opaque, guint n)
{
    interrupt(opaque, INTERRUPT_QUEUE);
}

static void config_interrupt(void *opaque)
{
    interrupt(opaque, INTERRUPT_CONFIG);
}

static void queue_notifier(void *opaque, guint n, int fd, bool on)
{
    VirtioMmio *s = opaque;

    if (!virtio_mmio_props(s)->ioeventfd) {
        return;
    }
    if (on) {
        region_add_ioeventfd(s->region, QUEUE_NOTIFY, 4, true, n, fd);
    } else {
        region_del_ioeventfd(s->region, QUEUE_NOTIFY, 4, true, n, fd);
    }
}

static void device_reset(void *opaque)
{
    VirtioMmio *s = opaque;

    s->device_features_sel = s->driver_features_sel = s->queue_sel = 0;
    acknowledge(s, ~0u);
}

static const VirtioTransportOps transport_ops = {
    .queue_interrupt = queue_interrupt,
    .config_interrupt = config_interrupt,
    .queue_notifier = queue_notifier,
    .reset = device_reset,
};

/* ---- Registers, machine lock held ---- */

static guint64 read_config(VirtioDevice *dev, guint64 offset, guint size)
{
    guint8 data[8] = { 0 };
    guint64 value = 0;

    virtio_config_read(dev, offset, data, size);
    for (guint i = 0; i < size; i++) {
        value |= (guint64)data[i] << 8 * i;
    }
    return value;
}

static void write_config(VirtioDevice *dev, guint64 offset, guint64 value, guint size)
{
    guint8 data[8];

    for (guint i = 0; i < size; i++) {
        data[i] = value >> 8 * i;
    }
    virtio_config_write(dev, offset, data, size);
}

/* Without a device only these exist: the driver finds DeviceID 0 and gives up. */
static guint32 read_identity(const VirtioDevice *dev, guint64 offset)
{
    switch (offset) {
    case MAGIC_VALUE:
        return MAGIC;
    case VERSION:
        return LAYOUT;
    case DEVICE_ID:
        return dev ? virtio_device_id(dev) : 0;
    case VENDOR_ID:
        return VENDOR;
    default:
        return 0;
    }
}

static guint32 read_register(VirtioMmio *s, VirtioDevice *dev, guint64 offset)
{
    switch (offset) {
    case DEVICE_FEATURES:
        return virtio_offered_features(dev, s->device_features_sel);
    case QUEUE_NUM_MAX:
        return virtio_queue_max(dev, s->queue_sel);
    case QUEUE_READY:
        return virtio_queue_enabled(dev, s->queue_sel);
    case STATUS:
        return virtio_status(dev);
    case SHM_LEN_LOW:
    case SHM_LEN_HIGH:
    case SHM_BASE_LOW:
    case SHM_BASE_HIGH:
        return ~0u;             /* length -1: no such region */
    case CONFIG_GENERATION:
        return dev->generation;
    default:
        return read_identity(dev, offset);
    }
}

static void write_area(VirtioMmio *s, VirtioDevice *dev, guint64 offset, guint32 value)
{
    VirtqArea area = offset < QUEUE_DRIVER_LOW ? VIRTQ_DESC
                   : offset < QUEUE_DEVICE_LOW ? VIRTQ_DRIVER : VIRTQ_DEVICE;

    virtio_queue_set_area(dev, s->queue_sel, area, offset & 4, value);
}

static void write_register(VirtioMmio *s, VirtioDevice *dev, guint64 offset, guint32 value)
{
    switch (offset) {
    case DEVICE_FEATURES_SEL:
        s->device_features_sel = value;
        break;
    case DRIVER_FEATURES:
        virtio_accept_features(dev, s->driver_features_sel, value);
        break;
    case DRIVER_FEATURES_SEL:
        s->driver_features_sel = value;
        break;
    case QUEUE_SEL:
        s->queue_sel = value;
        break;
    case QUEUE_NUM:
        virtio_queue_set_size(dev, s->queue_sel, value);
        break;
    case QUEUE_NOTIFY:
        virtio_queue_kick(dev, value);
        break;
    case QUEUE_READY:
        if (value & 1) {
            virtio_queue_enable(dev, s->queue_sel);
        }
        break;
    case QUEUE_DESC_LOW:
    case QUEUE_DESC_HIGH:
    case QUEUE_DRIVER_LOW:
    case QUEUE_DRIVER_HIGH:
    case QUEUE_DEVICE_LOW:
    case QUEUE_DEVICE_HIGH:
        write_area(s, dev, offset, value);
        break;
    }
}

/* ---- Accesses, any thread, without the lock ---- */

static const char *register_name(guint64 offset)
{
    static const TraceRegister names[] = {
        { MAGIC_VALUE, "MagicValue" }, { VERSION, "Version" }, { DEVICE_ID, "DeviceID" },
        { VENDOR_ID, "VendorID" }, { DEVICE_FEATURES, "DeviceFeatures" },
        { DEVICE_FEATURES_SEL, "DeviceFeaturesSel" }, { DRIVER_FEATURES, "DriverFeatures" },
        { DRIVER_FEATURES_SEL, "DriverFeaturesSel" }, { QUEUE_SEL, "QueueSel" },
        { QUEUE_NUM_MAX, "QueueNumMax" }, { QUEUE_NUM, "QueueNum" },
        { QUEUE_READY, "QueueReady" }, { QUEUE_NOTIFY, "QueueNotify" },
        { INTERRUPT_STATUS, "InterruptStatus" }, { INTERRUPT_ACK, "InterruptACK" },
        { STATUS, "Status" }, { QUEUE_DESC_LOW, "QueueDescLow" },
        { QUEUE_DESC_HIGH, "QueueDescHigh" }, { QUEUE_DRIVER_LOW, "QueueDriverLow" },
        { QUEUE_DRIVER_HIGH, "QueueDriverHigh" }, { QUEUE_DEVICE_LOW, "QueueDeviceLow" },
        { QUEUE_DEVICE_HIGH, "QueueDeviceHigh" }, { SHM_LEN_LOW, "SHMLenLow" },
        { SHM_LEN_HIGH, "SHMLenHigh" }, { SHM_BASE_LOW, "SHMBaseLow" },
        { SHM_BASE_HIGH, "SHMBaseHigh" }, { CONFIG_GENERATION, "ConfigGeneration" },
    };

    return offset >= CONFIG ? "Config"
                            : trace_register(names, G_N_ELEMENTS(names), offset, "?");
}

/* Registers have 32 bits, and drivers must not use other access sizes. */
static bool good_size(VirtioMmio *s, guint64 offset, guint size)
{
    if (offset < CONFIG && size != 4) {
        device_guest_error(&s->parent, "an access of %u bytes to a register, at 0x%x", size,
                           (guint)offset);
        return false;
    }
    return true;
}

/* Registers are 32 bits wide and take accesses of that width only; the
 * configuration takes any. */
static guint64 read_locked(VirtioMmio *s, guint64 offset, guint size)
{
    VirtioDevice *dev = virtio_bus_device(s->bus);

    if (offset >= CONFIG) {
        return dev ? read_config(dev, offset - CONFIG, size) : 0;
    }
    if (!good_size(s, offset, size)) {
        return 0;
    }
    return dev ? read_register(s, dev, offset) : read_identity(NULL, offset);
}

static guint64 read_any(VirtioMmio *s, guint64 offset, guint size)
{
    guint64 value;

    if (offset == INTERRUPT_STATUS && size == 4) {
        return read_interrupt_status(s);
    }
    machine_lock(s->machine);
    value = read_locked(s, offset, size);
    machine_unlock(s->machine);
    return value;
}

static guint64 mmio_read(void *opaque, guint64 offset, guint size)
{
    guint64 value = read_any(opaque, offset, size);

    if (trace_wanted(TRACE_VIRTIO_MMIO_READ)) {
        trace_virtio_mmio_read(opaque, register_name(offset), offset, value);
    }
    return value;
}

static void set_status(void *opaque, guint64 status)
{
    VirtioMmio *s = opaque;
    VirtioDevice *dev = virtio_bus_device(s->bus);

    if (dev) {
        virtio_set_status(dev, status);
    }
}

static void disable_queue(void *opaque, guint64 n)
{
    VirtioMmio *s = opaque;
    VirtioDevice *dev = virtio_bus_device(s->bus);

    if (dev) {
        virtio_queue_disable(dev, n);
    }
}

/* Writes that must not be done with the machine lock, or do not need it.  The
 * device changes only while no vCPU runs. */
static bool write_unlocked(VirtioMmio *s, guint64 offset, guint32 value)
{
    if (!virtio_bus_device(s->bus)) {
        return true;
    }
    if (offset == INTERRUPT_ACK) {
        acknowledge(s, value);
    } else if (offset == STATUS) {
        machine_call(s->machine, set_status, s, value);
    } else if (offset == QUEUE_READY && !(value & 1)) {
        machine_call(s->machine, disable_queue, s, s->queue_sel);
    } else {
        return false;
    }
    return true;
}

static void mmio_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    VirtioMmio *s = opaque;
    VirtioDevice *dev;

    if (trace_wanted(TRACE_VIRTIO_MMIO_WRITE)) {
        trace_virtio_mmio_write(s, register_name(offset), offset, value);
    }
    if (!good_size(s, offset, size) || (offset < CONFIG && write_unlocked(s, offset, value))) {
        return;
    }
    machine_lock(s->machine);
    dev = virtio_bus_device(s->bus);
    if (dev && offset >= CONFIG) {
        write_config(dev, offset - CONFIG, value, size);
    } else if (dev) {
        write_register(s, dev, offset, value);
    }
    machine_unlock(s->machine);
}

static const RegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 1,
    .max_size = 4,
    .lockless = true,
};

/* ---- Life ---- */

bool virtio_mmio_has_device(const VirtioMmio *s)
{
    return virtio_bus_device(s->bus) != NULL;
}

static void mmio_init(Object *obj)
{
    g_mutex_init(&to_virtio_mmio(obj)->interrupt_mutex);
}

static void mmio_finalize(Object *obj)
{
    g_mutex_clear(&to_virtio_mmio(obj)->interrupt_mutex);
}

static bool mmio_realize(Device *dev, GError **error)
{
    VirtioMmio *s = to_virtio_mmio(dev);
    const VirtioMmioProps *props = virtio_mmio_props(s);
    g_autofree char *name = g_strdup_printf("virtio-mmio-bus.%u", props->index);

    s->machine = machine_of(dev);
    s->bus = virtio_bus_new(dev, &qmp_class_virtio_mmio_bus, name, &transport_ops, s);
    s->region = region_new_io(&dev->object, "virtio-mmio", &mmio_ops, s, VIRTIO_MMIO_SIZE);
    region_add(address_space_root(s->machine->memory), props->base, s->region, 0);
    return true;
}

static void mmio_unrealize(Device *dev)
{
    VirtioMmio *s = to_virtio_mmio(dev);

    region_remove(address_space_root(s->machine->memory), s->region);
    region_free(s->region);
    s->region = NULL;
}

static const StateRow mmio_state[] = {
    STATE_FIELD(U32, VirtioMmio, device_features_sel, 0),
    STATE_FIELD(U32, VirtioMmio, driver_features_sel, 0),
    STATE_FIELD(U32, VirtioMmio, queue_sel, 0),
    STATE_FIELD_KEEP(U32, VirtioMmio, interrupt_status),
    STATE_ROWS_END
};

static bool mmio_state_loaded(Device *dev, GError **error)
{
    VirtioMmio *s = to_virtio_mmio(dev);

    set_line(s, s->interrupt_status != 0);
    return true;
}

static const ObjectOps mmio_object_ops = {
    .init = mmio_init,
    .finalize = mmio_finalize,
};

static const DeviceOps mmio_device_ops = {
    .realize = mmio_realize,
    .unrealize = mmio_unrealize,
    .state = mmio_state,
    .state_loaded = mmio_state_loaded,
};

const TypeInfo virtio_mmio_type = {
    .schema = &qmp_class_virtio_mmio,
    .size = sizeof(VirtioMmio),
    .object = &mmio_object_ops,
    .device = &mmio_device_ops,
};
