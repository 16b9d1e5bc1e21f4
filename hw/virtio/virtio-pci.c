/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class virtio-pci: what all virtio functions have in common, without their
 * registers.  VIRTIO 1.2 sections 4.1.2 and 4.1.4; see hw/virtio/virtio-pci.h.
 *
 * The device is a part, and thus realized before the function is, and unrealized
 * after it: its queues are stopped before anything here is torn down.
 */
#include "config.h"
#include "hw/virtio/virtio-pci.h"

#include "qmp/error.h"
#include "qom/qapi-objects-virtio-mem.h"
#include "qom/qapi-objects-virtio-pci.h"

enum { MODERN_REVISION = 1 };

void virtio_pci_call(VirtioPci *s, void (*f)(void *opaque, guint64 argument), guint64 argument)
{
    object_ref(s);
    machine_unlock(s->machine);
    machine_call(s->machine, f, s, argument);
    machine_lock(s->machine);
    object_unref(s);
}

/* ---- What the device calls ---- */

static void queue_interrupt(void *opaque, guint n)
{
    VirtioPci *s = opaque;

    if (s->live) {
        virtio_pci_interrupt(s, n, VIRTIO_PCI_ISR_QUEUE);
    }
}

static void config_interrupt(void *opaque)
{
    VirtioPci *s = opaque;

    if (s->live) {
        virtio_pci_interrupt(s, VIRTIO_PCI_CONFIG_SOURCE, VIRTIO_PCI_ISR_CONFIG);
    }
}

static void set_notifier(MemoryRegion *region, guint64 offset, bool match, guint n, int fd, bool on)
{
    if (region && on) {
        region_add_ioeventfd(region, offset, 2, match, n, fd);
    } else if (region) {
        region_del_ioeventfd(region, offset, 2, match, n, fd);
    }
}

/* A driver may use any of the notification addresses. */
static void queue_notifier(void *opaque, guint n, int fd, bool on)
{
    VirtioPci *s = opaque;

    if (s->live && virtio_pci_props(s)->ioeventfd) {
        set_notifier(s->areas[VIRTIO_PCI_NOTIFY].region, (guint64)n * s->notify_multiplier, false,
                     n, fd, on);
        set_notifier(s->pio_notify, 0, true, n, fd, on);
        set_notifier(s->legacy, VIRTIO_PCI_LEGACY_NOTIFY, true, n, fd, on);
    }
}

static void driver_reset(void *opaque)
{
    VirtioPci *s = opaque;

    if (s->live) {
        s->device_feature_select = s->driver_feature_select = s->queue_select = 0;
        virtio_pci_irq_reset(s);
    }
}

static const VirtioTransportOps transport_ops = {
    .queue_per_cpu = true,
    .queue_interrupt = queue_interrupt,
    .config_interrupt = config_interrupt,
    .queue_notifier = queue_notifier,
    .reset = driver_reset,
};

/* ---- Configuration spaces ---- */

guint64 virtio_pci_read_config(VirtioDevice *dev, guint64 offset, guint size)
{
    guint8 data[4] = { 0 };

    virtio_config_read(dev, offset, data, size);
    return pci_get_long(data);
}

void virtio_pci_write_config(VirtioDevice *dev, guint64 offset, guint64 value, guint size)
{
    guint8 data[4];

    pci_set_long(data, value);
    virtio_config_write(dev, offset, data, size);
}

/* Main thread, machine lock held.  A device that runs early may have no status yet. */
static void stop_device(void *opaque, guint64 unused)
{
    VirtioDevice *dev = virtio_pci_device(opaque);

    if (dev && (virtio_status(dev) || dev->early)) {
        virtio_legacy_set_status(dev, 0);
    }
}

/* A function that is no longer a bus master must not access memory: kernels rely on
 * that when they start another kernel.  Its driver has to start over. */
static void master_changed(VirtioPci *s)
{
    bool master = pci_get_word(s->pci.config + PCI_COMMAND) & PCI_COMMAND_MASTER;
    bool lost = s->master && !master;

    s->master = master;
    if (lost) {
        virtio_pci_call(s, stop_device, 0);
    }
}

static bool touches(guint offset, guint size, guint at, guint length)
{
    return offset < at + length && at < offset + size;
}

/* The window's data is the last four bytes of its capability. */
static bool touches_window(const VirtioPci *s, guint offset, guint size)
{
    return s->window && touches(offset, size, s->window + 16, 4);
}

void virtio_pci_config_read(PciDevice *dev, guint offset, guint size)
{
    VirtioPci *s = to_virtio_pci(dev);

    if (s->live && touches_window(s, offset, size)) {
        virtio_pci_window_read(s);
    }
}

void virtio_pci_config_written(PciDevice *dev, guint offset, guint size)
{
    VirtioPci *s = to_virtio_pci(dev);

    if (!s->live) {
        return;
    }
    if (dev->msix_cap && touches(offset, size, dev->msix_cap, 4)) {
        virtio_pci_irq_update(s);
    }
    if (touches_window(s, offset, size)) {
        virtio_pci_window_written(s);
    } else if (touches(offset, size, PCI_COMMAND, 2)) {
        master_changed(s);
    }
}

/* ---- Realizing ---- */

/* A device that is newer than the legacy interface has no id for it. */
static bool check_newer(VirtioPci *s, GError **error)
{
    const VirtioPciProps *props = virtio_pci_props(s);
    const char *wrong = props->disable_legacy == ON_OFF_AUTO_OFF ? "disable-legacy"
                        : props->disable_modern ? "disable-modern" : NULL;

    if (wrong && s->pci.function->device_id >= VIRTIO_PCI_MODERN_ID) {
        qmp_error_set_at(error, wrong, ERROR_REASON_INVALID_VALUE,
                         "'%s': the device has only the modern interface", wrong);
        return false;
    }
    return true;
}

static bool check_properties(VirtioPci *s, GError **error)
{
    const VirtioPciProps *props = virtio_pci_props(s);

    if (!check_newer(s, error)) {
        return false;
    }
    s->legacy_on = props->disable_legacy != ON_OFF_AUTO_ON &&
                   s->pci.function->device_id < VIRTIO_PCI_MODERN_ID;
    s->modern_on = !props->disable_modern;
    if (!s->legacy_on && !s->modern_on) {
        qmp_error_set_at(error, "disable-modern", ERROR_REASON_INVALID_VALUE,
                         "one of 'disable-legacy' and 'disable-modern' must be off");
        return false;
    }
    if (props->modern_pio_notify && !s->modern_on) {
        qmp_error_set_at(error, "modern-pio-notify", ERROR_REASON_INVALID_VALUE,
                         "'modern-pio-notify' needs 'disable-modern' off");
        return false;
    }
    return true;
}

static bool check_queues(const VirtioDevice *dev, GError **error)
{
    guint n = virtio_n_queues(dev);

    if (n > VIRTIO_PCI_MAX_QUEUES) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "the device has %u queues, a virtio-pci takes %d", n, VIRTIO_PCI_MAX_QUEUES);
        return false;
    }
    return true;
}

/* One for each queue and one for the configuration, unless the request has the number. */
static void choose_vectors(VirtioPci *s, const VirtioDevice *dev)
{
    VirtioPciProps *props = virtio_pci_props(s);

    if (!props->has_vectors) {
        props->has_vectors = true;
        props->vectors = virtio_n_queues(dev) + 1;
    }
}

/* Section 4.1.2.1; a transitional function has its own ids. */
static void fill_header(VirtioPci *s, const VirtioDevice *dev)
{
    guint8 *config = s->pci.config;

    if (s->legacy_on) {
        pci_set_word(config + PCI_SUBSYSTEM_VENDOR_ID, s->pci.function->vendor_id);
        pci_set_word(config + PCI_SUBSYSTEM_ID, virtio_device_id(dev));
        return;
    }
    pci_set_word(config + PCI_DEVICE_ID, VIRTIO_PCI_MODERN_ID + virtio_device_id(dev));
    config[PCI_REVISION_ID] = MODERN_REVISION;
}

static void drop_region(MemoryRegion **region)
{
    if (*region) {
        region_free(*region);
        *region = NULL;
    }
}

static void drop_regions(VirtioPci *s)
{
    virtio_pci_drop_areas(s);
    drop_region(&s->modern);
    drop_region(&s->pio_notify);
    drop_region(&s->legacy);
    s->window = 0;
}

static bool add_registers(VirtioPci *s, GError **error)
{
    const VirtioPciProps *props = virtio_pci_props(s);

    if (s->modern_on) {
        virtio_pci_add_modern(s);
    }
    if (s->legacy_on) {
        virtio_pci_add_legacy(s);
    }
    if (props->vectors && !pci_msix_init_bar(&s->pci, props->vectors, s->layout->msix_bar, error)) {
        drop_regions(s);
        return false;
    }
    return true;
}

static bool virtio_pci_realize(Device *device, GError **error)
{
    VirtioPci *s = to_virtio_pci(device);
    VirtioDevice *dev = virtio_bus_device(s->bus);

    s->machine = machine_of(device);
    s->master = false;
    if (!check_properties(s, error) || !check_queues(dev, error) ||
        !virtio_pci_irq_init(s, error)) {
        return false;
    }
    choose_vectors(s, dev);
    fill_header(s, dev);
    if (!add_registers(s, error)) {
        virtio_pci_irq_done(s);
        return false;
    }
    s->live = true;
    return true;
}

static void virtio_pci_unrealize(Device *device)
{
    VirtioPci *s = to_virtio_pci(device);

    stop_device(s, 0);
    s->live = false;
    virtio_pci_irq_done(s);
    drop_regions(s);
}

/* ---- Life ---- */

static void virtio_pci_init(Object *obj)
{
    static const VirtioPciLayout layout = { .modern_bar = 4, .msix_bar = 1, .pio_bar = 2 };
    VirtioPci *s = to_virtio_pci(obj);

    s->layout = &layout;
    s->bus = virtio_bus_new(&s->pci.device, &qmp_class_virtio_pci_bus, "virtio-bus",
                            &transport_ops, s);
}

/* The device is reset, too, and resets itself. */
static void virtio_pci_reset_hold(Device *device)
{
    VirtioPci *s = to_virtio_pci(device);

    s->master = false;
    virtio_pci_irq_update(s);
}

static bool virtio_pci_state_loaded(Device *device, GError **error)
{
    VirtioPci *s = to_virtio_pci(device);

    s->master = pci_get_word(s->pci.config + PCI_COMMAND) & PCI_COMMAND_MASTER;
    virtio_pci_irq_update(s);
    return true;
}

static const StateRow virtio_pci_state[] = {
    STATE_FIELD(U32, VirtioPci, device_feature_select, 0),
    STATE_FIELD(U32, VirtioPci, driver_feature_select, 0),
    STATE_FIELD(U16, VirtioPci, queue_select, 0),
    STATE_FIELD(U32, VirtioPci, isr, 0),
    STATE_ARRAY(U16, VirtioPci, vectors, VIRTIO_PCI_NO_VECTOR),
    STATE_ROWS_END
};

static const DeviceOps virtio_pci_device_ops = {
    .realize = virtio_pci_realize,
    .unrealize = virtio_pci_unrealize,
    .reset_hold = virtio_pci_reset_hold,
    .state = virtio_pci_state,
    .state_loaded = virtio_pci_state_loaded,
};

const TypeInfo virtio_pci_type = {
    .schema = &qmp_class_virtio_pci,
    .size = sizeof(VirtioPci),
    .object = &(const ObjectOps){ .init = virtio_pci_init },
    .device = &virtio_pci_device_ops,
};

/* ---- Functions ---- */

const TypeInfo virtio_balloon_pci_type = {
    .schema = &qmp_class_virtio_balloon_pci_base, .kind = VIRTIO_PCI_FUNCTION(0x1002, 0x00ff),
};
const TypeInfo virtio_blk_pci_type = {
    .schema = &qmp_class_virtio_blk_pci_base, .kind = VIRTIO_PCI_FUNCTION(0x1001, 0x0100),
};
const TypeInfo virtio_keyboard_pci_type = {
    .schema = &qmp_class_virtio_keyboard_pci,
    .kind = VIRTIO_PCI_FUNCTION(VIRTIO_PCI_MODERN_ID + 18, 0x0900),
};
const TypeInfo virtio_mem_pci_type = {
    .schema = &qmp_class_virtio_mem_pci,
    .kind = VIRTIO_PCI_FUNCTION(VIRTIO_PCI_MODERN_ID + 24, 0x00ff),
};
const TypeInfo virtio_mouse_pci_type = {
    .schema = &qmp_class_virtio_mouse_pci,
    .kind = VIRTIO_PCI_FUNCTION(VIRTIO_PCI_MODERN_ID + 18, 0x0902),
};
const TypeInfo virtio_net_pci_type = {
    .schema = &qmp_class_virtio_net_pci_base, .kind = VIRTIO_PCI_FUNCTION(0x1000, 0x0200),
};
const TypeInfo virtio_rng_pci_type = {
    .schema = &qmp_class_virtio_rng_pci_base, .kind = VIRTIO_PCI_FUNCTION(0x1005, 0x00ff),
};
const TypeInfo virtio_scsi_pci_type = {
    .schema = &qmp_class_virtio_scsi_pci_base, .kind = VIRTIO_PCI_FUNCTION(0x1004, 0x0100),
};
const TypeInfo virtio_serial_pci_type = {
    .schema = &qmp_class_virtio_serial_pci_base, .kind = VIRTIO_PCI_FUNCTION(0x1003, 0x0780),
};
const TypeInfo virtio_tablet_pci_type = {
    .schema = &qmp_class_virtio_tablet_pci,
    .kind = VIRTIO_PCI_FUNCTION(VIRTIO_PCI_MODERN_ID + 18, 0x0980),
};
