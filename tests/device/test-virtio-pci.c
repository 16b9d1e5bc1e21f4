/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/virtio/virtio-pci.c and its files: identity, BARs and capabilities as QEMU 7.2
 * shows them, the registers of VIRTIO 1.2 section 4.1.4, interrupts, and the window
 * in configuration space.  The legacy interface has a test of its own.
 */
#include "config.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <string.h>

#include "hw/machine/machine-call.h"
#include "hw/virtio/virtio-pci.h"
#include "qmp/error.h"
#include "qom/property.h"
#include "qom/qapi-objects-object.h"
#include "qom/qapi-objects-pci.h"
#include "qom/qapi-objects-virtio-pci.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/lib/virtio-driver-pci.h"

enum { COMMON = 0x0000, ISR = 0x1000, DEVICE = 0x2000, NOTIFY = 0x3000, MODERN = 4 };
enum { ALL_OK = 15 };

/* All but the event index, so that each request has an interrupt. */
#define FEATURES (~(1ull << 29))

#define add(rig, driver, id, ...)                                                         \
    ({                                                                                  \
        g_autoptr(GError) error_ = NULL;                                                \
        Device *dev_ = rig_device((rig), driver, id, &error_, ##__VA_ARGS__, NULL);  \
        g_assert_no_error(error_);                                                      \
        dev_;                                                                           \
    })

/* ---- Identity and layout ---- */

static const struct {
    const char *driver;
    guint16 id, device_class;
    guint8 number;
} functions[] = {
    { "virtio-balloon-pci", 0x1002, 0x00ff, 5 },
    { "virtio-net-pci", 0x1000, 0x0200, 1 },
    { "virtio-rng-pci", 0x1005, 0x00ff, 4 },
    { "virtio-serial-pci", 0x1003, 0x0780, 3 },
};

static void assert_identity(Rig *rig, guint i, const char *suffix, bool transitional)
{
    g_autofree char *driver = g_strconcat(functions[i].driver, suffix, NULL);
    Device *dev = add(rig, driver, "d0");
    g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);

    g_assert_cmphex(virtio_driver_pci_config(d, 0x00, 2), ==, 0x1af4);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x02, 2), ==,
                    transitional ? functions[i].id : 0x1040 + functions[i].number);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x08, 1), ==, transitional ? 0 : 1);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x09, 1), ==, 0);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x0a, 2), ==, functions[i].device_class);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x2c, 2), ==, 0x1af4);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x2e, 2), ==,
                    transitional ? functions[i].number : 0x1100);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x3d, 1), ==, 1);
    device_unmake(dev);
}

static void test_identity(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autoptr(Rig) rig = rig_new();

        assert_identity(rig, i, "", true);
        assert_identity(rig, i, "-transitional", true);
        assert_identity(rig, i, "-non-transitional", false);
    }
}

/* One capability's bytes from its type on. */
static void assert_cap(VirtioDriver *d, guint n, guint offset, const guint8 *bytes, guint length)
{
    g_assert_cmphex(virtio_driver_pci_cap(d, 9, n), ==, offset);
    g_assert_cmpuint(virtio_driver_pci_config(d, offset + 2, 1), ==, length);
    for (guint i = 0; i < length - 3; i++) {
        g_assert_cmphex(virtio_driver_pci_config(d, offset + 3 + i, 1), ==, bytes[i]);
    }
}

static void test_capabilities(void)
{
    static const guint8 common[] = { 1, 4, 0, 0, 0, 0, 0x00, 0, 0, 0, 0x10, 0, 0 };
    static const guint8 isr[] = { 3, 4, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x10, 0, 0 };
    static const guint8 device[] = { 4, 4, 0, 0, 0, 0, 0x20, 0, 0, 0, 0x10, 0, 0 };
    static const guint8 notify[] = { 2, 4, 0, 0, 0, 0, 0x30, 0, 0, 0, 0x10, 0, 0, 4, 0, 0, 0 };
    static const guint8 pages[] = { 2, 4, 0, 0, 0, 0, 0x30, 0, 0, 0, 0, 0x40, 0, 0, 0x10, 0, 0 };
    static const guint8 pio[] = { 2, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0 };
    static const guint8 window[17] = { 5 };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d =
        virtio_driver_pci(rig, 0, add(rig, "virtio-rng-pci", "a"), VIRTIO_DRIVER_MODERN);
    g_autoptr(VirtioDriver) e = virtio_driver_pci(
        rig, 1, add(rig, "virtio-rng-pci", "b", "page-per-vq", "on", "modern-pio-notify", "on"),
        VIRTIO_DRIVER_MODERN);

    g_assert_cmphex(virtio_driver_pci_config(d, 0x34, 1), ==, 0x98);
    g_assert_cmphex(virtio_driver_pci_cap(d, 0x11, 0), ==, 0x98);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x9a, 2), ==, 1);       /* two vectors */
    assert_cap(d, 0, 0x84, window, 20);
    assert_cap(d, 1, 0x70, notify, 20);
    assert_cap(d, 2, 0x60, device, 16);
    assert_cap(d, 3, 0x50, isr, 16);
    assert_cap(d, 4, 0x40, common, 16);
    g_assert_cmphex(virtio_driver_pci_cap(d, 9, 5), ==, 0);
    g_assert_cmphex(virtio_driver_pci_cap(e, 0x11, 0), ==, 0xac);
    assert_cap(e, 0, 0x98, window, 20);
    assert_cap(e, 1, 0x84, pio, 20);
    assert_cap(e, 2, 0x70, pages, 20);
}

static guint32 bar_mask(VirtioDriver *d, guint bar)
{
    guint32 old = virtio_driver_pci_config(d, 0x10 + 4 * bar, 4), mask;

    virtio_driver_pci_set_config(d, 0x10 + 4 * bar, 0xffffffff, 4);
    mask = virtio_driver_pci_config(d, 0x10 + 4 * bar, 4);
    virtio_driver_pci_set_config(d, 0x10 + 4 * bar, old, 4);
    return mask;
}

static void assert_bars(const char *driver, const char *property, const char *value,
                        const guint32 masks[6])
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = property ? add(rig, driver, "d", property, value) : add(rig, driver, "d");
    bool legacy = property && g_str_equal(property, "disable-modern");
    g_autoptr(VirtioDriver) d =
        virtio_driver_pci(rig, 0, dev, legacy ? VIRTIO_DRIVER_LEGACY : VIRTIO_DRIVER_MODERN);

    for (guint i = 0; i < 6; i++) {
        g_assert_cmphex(bar_mask(d, i), ==, masks[i]);
    }
    g_assert_cmpint(virtio_driver_pci_cap(d, 9, 0) == 0, ==, legacy);
}

static void test_bars(void)
{
    static const struct {
        const char *driver, *property, *value;
        guint32 masks[6];
    } cases[] = {
        { "virtio-rng-pci", NULL, NULL,
          { 0xffffffe1, 0xfffff000, 0, 0, 0xffffc00c, 0xffffffff } },
        { "virtio-net-pci", NULL, NULL,
          { 0xffffffe1, 0xfffff000, 0, 0, 0xffffc00c, 0xffffffff } },
        { "virtio-net-pci", "host_mtu", "1500",
          { 0xffffffc1, 0xfffff000, 0, 0, 0xffffc00c, 0xffffffff } },
        { "virtio-balloon-pci", NULL, NULL, { 0xffffffc1, 0, 0, 0, 0xffffc00c, 0xffffffff } },
        { "virtio-serial-pci", NULL, NULL,
          { 0xffffffc1, 0xfffff000, 0, 0, 0xffffc00c, 0xffffffff } },
        { "virtio-rng-pci", "vectors", "0", { 0xffffffe1, 0, 0, 0, 0xffffc00c, 0xffffffff } },
        { "virtio-rng-pci", "disable-legacy", "on",
          { 0, 0xfffff000, 0, 0, 0xffffc00c, 0xffffffff } },
        { "virtio-rng-pci", "disable-modern", "on", { 0xffffffe1, 0xfffff000, 0, 0, 0, 0 } },
        { "virtio-rng-pci", "page-per-vq", "on",
          { 0xffffffe1, 0xfffff000, 0, 0, 0xff80000c, 0xffffffff } },
        { "virtio-rng-pci", "modern-pio-notify", "on",
          { 0xffffffe1, 0xfffff000, 0xfffffffd, 0, 0xffffc00c, 0xffffffff } },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_bars(cases[i].driver, cases[i].property, cases[i].value, cases[i].masks);
    }
}

/* ---- Properties ---- */

static void assert_refused(Rig *rig, ErrorReason reason, const char *driver, const char *property,
                           const char *value, const char *other, const char *other_value)
{
    g_autoptr(GError) error = NULL;
    guint before = rig_pci(rig)->devices.length;

    g_assert_null(rig_device(rig, driver, "x", &error, property, value, other, other_value,
                             NULL));
    g_assert_true(qmp_error_is(error, reason));
    g_assert_cmpuint(rig_pci(rig)->devices.length, ==, before);
}

static void test_refused(void)
{
    g_autoptr(Rig) rig = rig_new();

    assert_refused(rig, ERROR_REASON_NOT_SUPPORTED, "virtio-rng-pci", "iommu_platform", "on", NULL,
                   NULL);
    assert_refused(rig, ERROR_REASON_INVALID_VALUE, "virtio-rng-pci", "disable-legacy", "on",
                   "disable-modern", "on");
    assert_refused(rig, ERROR_REASON_INVALID_VALUE, "virtio-rng-pci", "modern-pio-notify", "on",
                   "disable-modern", "on");
    assert_refused(rig, ERROR_REASON_OUT_OF_RANGE, "virtio-rng-pci", "vectors", "2049", NULL, NULL);
    assert_refused(rig, ERROR_REASON_OUT_OF_RANGE, "virtio-rng-pci", "period", "0", NULL, NULL);
    assert_refused(rig, ERROR_REASON_OBJECT_NOT_FOUND, "virtio-rng-pci", "rng", "nobody", NULL,
                   NULL);
    assert_refused(rig, ERROR_REASON_INVALID_VALUE, "virtio-net-pci", "rx_queue_size", "300", NULL,
                   NULL);
}

static void assert_get(Device *dev, const char *name, QmpValue *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpValue) value = object_property_get(&dev->object, name, &error);
    g_autoptr(QmpValue) e = expected;

    g_assert_no_error(error);
    g_assert_true(qmp_value_equal(value, e));
}

/* The part has what the function was given, and the function shows the part's. */
static void test_part(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *rng = add(rig, "virtio-rng-pci", "rng", "max-bytes", "100", "period", "5");
    Device *net = add(rig, "virtio-net-pci", "net");
    Device *serial = add(rig, "virtio-serial-pci", "vser", "max_ports", "3");
    Object *part = object_child(&rng->object, "virtio-backend");
    g_autoptr(QmpValue) mac = object_property_get(&net->object, "mac", NULL);
    Bus *bus = bus_find(rig->root, "vser.0", NULL, NULL);

    g_assert_cmpstr(object_class_name(part), ==, "virtio-rng-device");
    g_assert_cmpuint(virtio_rng_device_props(part)->max_bytes, ==, 100);
    assert_get(rng, "period", qmp_value_int(5));
    assert_get(rng, "vectors", qmp_value_int(2));
    assert_get(net, "vectors", qmp_value_int(4));
    assert_get(serial, "vectors", qmp_value_int(2));
    g_assert_cmpuint(strlen(mac->s), ==, 17);
    g_assert_nonnull(bus);
    g_assert_true(bus->owner == to_device(object_child(&serial->object, "virtio-backend")));
    g_assert_true(device_whole(bus->owner) == serial);
    g_assert_true(rng->bus == rig_pci(rig));
}

/* ---- Common configuration, section 4.1.4.3 ---- */

static guint32 common(VirtioDriver *d, guint offset, guint size)
{
    return virtio_driver_bar(d, MODERN, COMMON + offset, size);
}

static void set_common(VirtioDriver *d, guint offset, guint32 value, guint size)
{
    virtio_driver_set_bar(d, MODERN, COMMON + offset, value, size);
}

/* device_feature_select, device_feature, driver_feature_select, driver_feature */
static void test_features(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d =
        virtio_driver_pci(rig, 0, add(rig, "virtio-rng-pci", "a"), VIRTIO_DRIVER_MODERN);
    g_autoptr(VirtioDriver) e = virtio_driver_pci(
        rig, 1, add(rig, "virtio-rng-pci", "b", "event_idx", "off"), VIRTIO_DRIVER_MODERN);

    g_assert_cmphex(virtio_driver_offered(d), ==, 1ull << 32 | 1 << 29 | 1 << 28);
    g_assert_cmphex(virtio_driver_offered(e), ==, 1ull << 32 | 1 << 28);
    g_assert_cmphex(common(d, 0, 4), ==, 1);
    set_common(d, 0, 2, 4);
    g_assert_cmphex(common(d, 4, 4), ==, 0);
    set_common(d, 0, 0xffffffff, 4);
    g_assert_cmphex(common(d, 4, 4), ==, 0);
    g_assert_false(virtio_driver_negotiate(d, ~(1ull << 32)));
    g_assert_true(virtio_driver_negotiate(d, 1ull << 32 | 1 << 28));
    g_assert_cmphex(common(d, 8, 4), ==, 1);
    g_assert_cmphex(common(d, 12, 4), ==, 1);
    set_common(d, 8, 0, 4);
    g_assert_cmphex(common(d, 12, 4), ==, 1 << 28);
    set_common(d, 12, 0, 4);                    /* too late */
    g_assert_cmphex(common(d, 12, 4), ==, 1 << 28);
    set_common(d, 20, 0, 1);
    g_assert_cmphex(common(d, 8, 4), ==, 0);    /* a reset is the transport's, too */
    g_assert_cmphex(common(d, 12, 4), ==, 0);
}

/* num_queues, queue_select and what it selects */
static void test_queues(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d =
        virtio_driver_pci(rig, 0, add(rig, "virtio-net-pci", "a"), VIRTIO_DRIVER_MODERN);

    g_assert_cmpuint(common(d, 18, 2), ==, 3);
    g_assert_true(virtio_driver_negotiate(d, ~0ull));
    set_common(d, 22, 1, 2);
    g_assert_cmpuint(common(d, 22, 2), ==, 1);
    g_assert_cmpuint(common(d, 24, 2), ==, 256);
    set_common(d, 24, 64, 2);
    g_assert_cmpuint(common(d, 24, 2), ==, 64);
    g_assert_cmpuint(common(d, 30, 2), ==, 1);
    for (guint at = 32; at < 56; at += 4) {
        set_common(d, at, 0x10000 * at, 4);
        g_assert_cmphex(common(d, at, 4), ==, 0x10000 * at);
    }
    set_common(d, 22, 0, 2);
    g_assert_cmphex(common(d, 32, 4), ==, 0);
    g_assert_cmpuint(common(d, 24, 2), ==, 256);
    g_assert_cmpuint(common(d, 28, 2), ==, 0);
    virtio_driver_queue(d, 0, 16);
    g_assert_cmpuint(common(d, 28, 2), ==, 1);
    set_common(d, 28, 0, 2);                    /* is not how a queue is disabled */
    g_assert_cmpuint(common(d, 28, 2), ==, 1);
    set_common(d, 22, 3, 2);                    /* there is none */
    for (guint at = 24; at < 56; at += at < 32 ? 2 : 4) {
        set_common(d, at, 1, at < 32 ? 2 : 4);
        g_assert_cmphex(common(d, at, at < 32 ? 2 : 4), ==,
                        at == 26 ? 0xffff : at == 30 ? 3 : 0);
    }
}

/* An access is one of the register that begins there, with as many bits as both have
 * (iPXE reads half of device_feature); the rest of the page is empty. */
static void test_widths(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d =
        virtio_driver_pci(rig, 0, add(rig, "virtio-net-pci", "a"), VIRTIO_DRIVER_MODERN);
    guint32 offered = common(d, 4, 4);

    g_assert_cmphex(offered & 0xff00, !=, 0);
    g_assert_cmphex(common(d, 4, 2), ==, offered & 0xffff);
    g_assert_cmphex(common(d, 4, 1), ==, offered & 0xff);
    g_assert_cmphex(common(d, 6, 2), ==, 0);
    g_assert_cmphex(common(d, 16, 4), ==, 0xffff);      /* num_queues is not in it */
    g_assert_cmphex(common(d, 18, 1), ==, 3);
    set_common(d, 0, 1, 2);
    g_assert_cmphex(common(d, 0, 4), ==, 1);
    g_assert_cmphex(common(d, 4, 2) & 1, ==, 1);        /* VIRTIO_F_VERSION_1 */
    set_common(d, 20, 0x30101, 4);
    g_assert_cmphex(common(d, 20, 1), ==, 1);
    g_assert_cmphex(common(d, 20, 4), ==, 1);
    set_common(d, 22, 1, 1);
    g_assert_cmphex(common(d, 22, 2), ==, 1);
    set_common(d, 24, 0x10040, 4);
    g_assert_cmphex(common(d, 24, 2), ==, 0x40);
    g_assert_cmphex(common(d, 26, 2), ==, 0xffff);      /* queue_msix_vector is as it was */
    set_common(d, 32, 0x1234, 2);
    g_assert_cmphex(common(d, 32, 4), ==, 0x1234);
    set_common(d, 34, 1, 2);
    g_assert_cmphex(common(d, 34, 2), ==, 0);
    g_assert_cmphex(common(d, 32, 4), ==, 0x1234);
    for (guint at = 56; at < 0x1000; at += 4) {
        set_common(d, at, 0xffffffff, 4);
        g_assert_cmphex(common(d, at, 4), ==, 0);
    }
    g_assert_cmphex(common(d, NOTIFY, 4), ==, 0);
    g_assert_cmphex(common(d, ISR + 1, 1), ==, 0);
}

/* The device's own configuration, and its generation. */
static void test_config(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-net-pci", "a", "mac", "52:54:00:01:02:03");
    g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
    VirtioDevice *part = to_virtio_device(object_child(&dev->object, "virtio-backend"));

    g_assert_cmphex(virtio_driver_config(d, 0, 4), ==, 0x01005452);
    g_assert_cmphex(virtio_driver_config(d, 4, 2), ==, 0x0302);
    g_assert_cmphex(virtio_driver_config(d, 5, 1), ==, 0x03);
    g_assert_cmphex(virtio_driver_config(d, 6, 2), ==, 1);
    g_assert_cmphex(virtio_driver_config(d, 8, 4), ==, 0);
    g_assert_cmphex(virtio_driver_config(d, 0xffc, 4), ==, 0);
    virtio_driver_set_config(d, 0, 0, 4);
    virtio_driver_set_config(d, 0xffc, 0, 4);
    g_assert_true(virtio_driver_negotiate(d, ~0ull));
    virtio_driver_set_config(d, 0, 0, 4);       /* only legacy drivers may */
    g_assert_cmphex(virtio_driver_config(d, 0, 4), ==, 0x01005452);
    g_assert_cmpuint(common(d, 21, 1), ==, 0);
    virtio_config_changed(part);
    g_assert_cmpuint(common(d, 21, 1), ==, 1);
}

/* ---- Requests ---- */

/* Asks a random number generator for bytes; returns where. */
static guint64 ask(VirtioDriver *d, guint32 size)
{
    guint64 addr = virtio_driver_alloc(d, size, 1);

    virtio_driver_add(d, 0, &(VirtioBuffer){ addr, size, true }, 1);
    virtio_driver_kick(d, 0);
    return addr;
}

static void assert_answered(VirtioDriver *d, guint32 size)
{
    guint32 length;

    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, size);
}

/* INTA# and ISR status, section 4.1.4.5, of two functions on different lines. */
static void test_intx(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *first = add(rig, "virtio-rng-pci", "a"), *second = add(rig, "virtio-rng-pci", "b");
    g_autoptr(VirtioDriver) a = virtio_driver_pci(rig, 0, first, VIRTIO_DRIVER_MODERN);
    g_autoptr(VirtioDriver) b = virtio_driver_pci(rig, 1, second, VIRTIO_DRIVER_MODERN);

    virtio_driver_start(a, FEATURES, 1, 8);
    virtio_driver_start(b, FEATURES, 1, 8);
    ask(a, 64);
    assert_answered(a, 64);
    g_assert_true(virtio_driver_line(a));
    g_assert_false(virtio_driver_line(b));
    g_assert_cmphex(virtio_driver_ack(a), ==, 1);
    g_assert_false(virtio_driver_line(a));
    g_assert_cmphex(virtio_driver_ack(a), ==, 0);
    virtio_config_changed(to_virtio_device(object_child(&second->object, "virtio-backend")));
    g_assert_true(virtio_driver_line(b));
    g_assert_cmphex(virtio_driver_ack(b), ==, 3);               /* both bits, as QEMU's */
    g_assert_false(virtio_driver_line(b));
    virtio_config_changed(to_virtio_device(object_child(&second->object, "virtio-backend")));
    ask(b, 8);
    g_assert_cmphex(virtio_driver_ack(b), ==, 3);
    g_assert_cmpuint(virtio_driver_edges(b), ==, 2);
    ask(b, 8);
    g_assert_true(virtio_driver_line(b));
    virtio_driver_pci_set_config(b, PCI_COMMAND, 0x407, 2);     /* INTx off */
    g_assert_false(virtio_driver_line(b));
    virtio_driver_pci_set_config(b, PCI_COMMAND, 0x007, 2);
    g_assert_true(virtio_driver_line(b));
    set_common(b, 20, 0, 1);
    g_assert_false(virtio_driver_line(b));
    g_assert_cmphex(virtio_driver_ack(b), ==, 0);
    device_unmake(first);
    g_assert_cmphex(virtio_driver_pci_config(a, 0, 4), ==, 0xffffffff);
    virtio_driver_start(b, FEATURES, 1, 8);
    ask(b, 8);
    assert_answered(b, 8);
}

/* ---- MSI-X ---- */

static void test_msix(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-rng-pci", "a");
    g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
    VirtioDevice *part = to_virtio_device(object_child(&dev->object, "virtio-backend"));

    g_assert_cmphex(common(d, 16, 2), ==, 0xffff);
    virtio_driver_msix(d, true);
    virtio_driver_start(d, FEATURES, 1, 8);
    g_assert_cmphex(common(d, 16, 2), ==, 0);
    g_assert_cmphex(common(d, 26, 2), ==, 1);
    ask(d, 16);
    g_assert_cmphex(virtio_driver_message(d, 1), !=, 0);
    g_assert_cmphex(virtio_driver_message(d, 0), ==, 0);
    virtio_config_changed(part);
    g_assert_cmphex(virtio_driver_message(d, 0), !=, 0);
    g_assert_cmpuint(virtio_driver_edges(d), ==, 0);
    /* a masked one waits */
    virtio_driver_mask_vector(d, 1, true);
    ask(d, 16);
    g_assert_cmphex(virtio_driver_message(d, 1), ==, 0);
    virtio_driver_mask_vector(d, 1, false);
    g_assert_cmphex(virtio_driver_message(d, 1), !=, 0);
    /* none, or one that does not exist */
    set_common(d, 26, 0xffff, 2);
    ask(d, 16);
    set_common(d, 26, 2, 2);
    g_assert_cmphex(common(d, 26, 2), ==, 0xffff);
    set_common(d, 22, VIRTIO_PCI_MAX_QUEUES, 2);        /* no queue, and nothing else either */
    set_common(d, 26, 0xffff, 2);
    set_common(d, 22, 0, 2);
    g_assert_cmphex(common(d, 16, 2), !=, 0xffff);
    ask(d, 16);
    set_common(d, 16, 0x7ff, 2);
    g_assert_cmphex(common(d, 16, 2), ==, 0xffff);
    virtio_config_changed(part);
    g_assert_cmphex(virtio_driver_message(d, 0) | virtio_driver_message(d, 1), ==, 0);
    /* both may share one */
    set_common(d, 26, 0, 2);
    set_common(d, 16, 0, 2);
    ask(d, 16);
    g_assert_cmphex(virtio_driver_message(d, 0), !=, 0);
    virtio_config_changed(part);
    g_assert_cmphex(virtio_driver_message(d, 0), !=, 0);
    /* off again: what happened shows in ISR status and on the line */
    virtio_driver_msix(d, false);
    g_assert_true(virtio_driver_line(d));
    g_assert_cmphex(virtio_driver_ack(d), ==, 3);
    set_common(d, 20, 0, 1);
    g_assert_cmphex(common(d, 16, 2), ==, 0xffff);
    g_assert_cmphex(common(d, 26, 2), ==, 0xffff);
}

/* Messages for local APICs go by routes of the accelerator, one for each vector that
 * a source has. */
static void test_irqfd(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d =
        virtio_driver_pci(rig, 0, add(rig, "virtio-net-pci", "a"), VIRTIO_DRIVER_MODERN);
    GArray *irqfds = rig->accel->irqfds;

    for (guint i = 0; i < 4; i++) {
        virtio_driver_msix(d, i == 0);
        virtio_driver_set_bar(d, 1, 16 * i, 0xfee00000, 4);
        virtio_driver_set_bar(d, 1, 16 * i + 4, 0, 4);
        virtio_driver_set_bar(d, 1, 16 * i + 8, 0x40 + i, 4);
        virtio_driver_mask_vector(d, i, false);
    }
    virtio_driver_pci_set_config(d, virtio_driver_pci_cap(d, 0x11, 0) + 2, 0x8000, 2);
    g_assert_cmpuint(irqfds->len, ==, 0);
    set_common(d, 16, 0, 2);
    g_assert_cmpuint(irqfds->len, ==, 1);
    set_common(d, 22, 0, 2);
    set_common(d, 26, 3, 2);
    set_common(d, 22, 1, 2);
    set_common(d, 26, 3, 2);
    g_assert_cmpuint(irqfds->len, ==, 2);
    g_assert_cmphex(fake_accel_irqfd_msi(rig->accel, g_array_index(irqfds, FakeIrqfd, 1).fd)->data,
                    ==, 0x43);
    set_common(d, 26, 0xffff, 2);
    g_assert_cmpuint(irqfds->len, ==, 2);       /* queue 0 has it still */
    set_common(d, 22, 0, 2);
    set_common(d, 26, 0, 2);
    g_assert_cmpuint(irqfds->len, ==, 1);
    set_common(d, 20, 0, 1);
    g_assert_cmpuint(irqfds->len, ==, 0);
}

/* Without MSI-X there is no vector to have. */
static void test_no_msix(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_pci(
        rig, 0, add(rig, "virtio-rng-pci", "a", "vectors", "0"), VIRTIO_DRIVER_MODERN);

    set_common(d, 16, 0, 2);
    set_common(d, 26, 0, 2);
    g_assert_cmphex(common(d, 16, 2), ==, 0xffff);
    g_assert_cmphex(common(d, 26, 2), ==, 0xffff);
    virtio_driver_start(d, FEATURES, 1, 8);
    ask(d, 16);
    g_assert_true(virtio_driver_line(d));
}

/* ---- Notification ---- */

/* Each way to notify has an ioeventfd while the queue runs, and its own. */
static void test_ioeventfd(void)
{
    g_autoptr(Rig) rig = rig_new();
    struct event_base *base = event_base_new();
    GArray *made = rig->accel->ioeventfds;
    VirtioDriver *d, *e;

    rig->env.base = base;
    d = virtio_driver_pci(rig, 0, add(rig, "virtio-rng-pci", "a", "modern-pio-notify", "on"),
                          VIRTIO_DRIVER_MODERN);
    e = virtio_driver_pci(rig, 1, add(rig, "virtio-rng-pci", "b", "ioeventfd", "off"),
                          VIRTIO_DRIVER_MODERN);
    virtio_driver_start(e, FEATURES, 1, 8);
    g_assert_cmpuint(made->len, ==, 0);
    virtio_driver_start(d, FEATURES, 1, 8);
    g_assert_cmpuint(made->len, ==, 3);
    for (guint i = 0; i < made->len; i++) {
        const AccelIoeventfd *fd = &g_array_index(made, AccelIoeventfd, i);

        g_assert_cmpuint(fd->size, ==, 2);
        g_assert_cmpint(fd->match, ==, fd->pio);
        g_assert_cmphex(fd->value, ==, 0);
        if (!fd->pio) {
            g_assert_cmphex(fd->address & 0x3fff, ==, NOTIFY);
        }
    }
    set_common(d, 20, 0, 1);
    g_assert_cmpuint(made->len, ==, 0);
    virtio_driver_free(d);
    virtio_driver_free(e);
    rig->env.base = NULL;
    rig_free(g_steal_pointer(&rig));
    event_base_free(base);
}

static void test_notify(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_pci(
        rig, 0, add(rig, "virtio-rng-pci", "a", "modern-pio-notify", "on", "page-per-vq", "on"),
        VIRTIO_DRIVER_MODERN);

    virtio_driver_start(d, FEATURES, 1, 8);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, true }, 1);
    virtio_driver_set_bar(d, MODERN, NOTIFY + 0x1000, 1, 2);    /* no such queue */
    virtio_driver_set_bar(d, 2, 0, 1, 2);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    virtio_driver_set_bar(d, 2, 0, 0, 2);
    assert_answered(d, 8);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, true }, 1);
    virtio_driver_set_bar(d, MODERN, NOTIFY, 0, 2);
    assert_answered(d, 8);
    g_assert_cmphex(virtio_driver_bar(d, 2, 0, 4), ==, 0);
}

/* ---- The window, section 4.1.4.9 ---- */

static guint choose(VirtioDriver *d, guint8 bar, guint32 offset, guint32 length)
{
    guint cap = virtio_driver_virtio_cap(d, 5);

    virtio_driver_pci_set_config(d, cap + 4, bar, 1);
    virtio_driver_pci_set_config(d, cap + 8, offset, 4);
    virtio_driver_pci_set_config(d, cap + 12, length, 4);
    return cap + 16;
}

static guint32 look(VirtioDriver *d, guint8 bar, guint32 offset, guint32 length)
{
    return virtio_driver_pci_config(d, choose(d, bar, offset, length), 4);
}

static void poke(VirtioDriver *d, guint8 bar, guint32 offset, guint32 length, guint32 value)
{
    virtio_driver_pci_set_config(d, choose(d, bar, offset, length), value, 4);
}

static void test_window(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_pci(
        rig, 0, add(rig, "virtio-net-pci", "a", "mac", "52:54:00:01:02:03"), VIRTIO_DRIVER_MODERN);

    virtio_driver_pci_set_config(d, PCI_COMMAND, PCI_COMMAND_MASTER, 2); /* BARs are off */
    g_assert_cmphex(look(d, 4, COMMON + 18, 2), ==, 3);
    g_assert_cmphex(look(d, 4, DEVICE, 4), ==, 0x01005452);
    g_assert_cmphex(look(d, 4, DEVICE + 5, 1), ==, 0x03);
    poke(d, 4, COMMON + 20, 1, 0xffffff03);
    g_assert_cmphex(look(d, 4, COMMON + 20, 1), ==, 3);
    poke(d, 4, COMMON + 22, 2, 2);
    g_assert_cmphex(look(d, 4, COMMON + 30, 2), ==, 2);
    poke(d, 4, COMMON + 20, 1, 0);
    g_assert_cmphex(look(d, 4, COMMON + 20, 1), ==, 0);
    poke(d, 4, NOTIFY + 4, 2, 1);
    /* what may not be chosen changes nothing */
    poke(d, 4, COMMON + 20, 1, 1);
    poke(d, 0, 18, 1, 3);
    poke(d, 4, 0x4000, 4, 3);
    poke(d, 4, COMMON + 21, 2, 3);
    poke(d, 4, COMMON + 20, 3, 3);
    poke(d, 4, COMMON + 20, 0, 3);
    poke(d, 2, 0, 2, 3);
    poke(d, 4, 0xfffffffc, 4, 3);
    g_assert_cmphex(look(d, 4, COMMON + 20, 1), ==, 1);
}

/* A vCPU has the machine lock in configuration space, and what it does there may
 * be what only the main thread may do. */
typedef struct {
    VirtioDriver *d;
    guint rounds;
    gint *running;              /* atomic */
} Vcpu;

static gpointer run_vcpu(gpointer opaque)
{
    Vcpu *vcpu = opaque;
    VirtioDriver *d = vcpu->d;

    for (guint i = 0; i < vcpu->rounds; i++) {
        rig_lock(d->rig);
        poke(d, 4, COMMON + 20, 1, 3);
        virtio_driver_pci_set_config(d, PCI_COMMAND, 3, 2);
        virtio_driver_pci_set_config(d, PCI_COMMAND, 7, 2);
        poke(d, 4, COMMON + 20, 1, i & 1);
        virtio_driver_negotiate(d, FEATURES);
        virtio_driver_bar(d, MODERN, ISR, 1);
        rig_unlock(d->rig);
    }
    g_atomic_int_add(vcpu->running, -1);
    return NULL;
}

static void test_threads(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) a =
        virtio_driver_pci(rig, 0, add(rig, "virtio-rng-pci", "a"), VIRTIO_DRIVER_MODERN);
    g_autoptr(VirtioDriver) b =
        virtio_driver_pci(rig, 1, add(rig, "virtio-rng-pci", "b"), VIRTIO_DRIVER_MODERN);
    struct event_base *base = event_base_new();
    struct MachineCalls *none = rig->machine->calls;    /* the rig's own, without a loop */
    gint running = 2;
    Vcpu vcpus[2] = { { a, 200, &running }, { b, 200, &running } };
    GThread *threads[2];

    rig->machine->calls = machine_calls_new(rig->machine, base);
    for (guint i = 0; i < 2; i++) {
        threads[i] = g_thread_new("vcpu", run_vcpu, &vcpus[i]);
    }
    rig_unlock(rig);
    while (g_atomic_int_get(&running)) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        g_thread_yield();
    }
    for (guint i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
    }
    rig_lock(rig);
    machine_calls_free(rig->machine->calls);
    rig->machine->calls = none;
    event_base_free(base);
    g_assert_cmphex(virtio_driver_status(a), ==, 11);
    virtio_driver_start(b, FEATURES, 1, 8);
    ask(b, 8);
    assert_answered(b, 8);
}

/* ---- Resets, and the way out ---- */

static void test_bus_master(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d =
        virtio_driver_pci(rig, 0, add(rig, "virtio-rng-pci", "a"), VIRTIO_DRIVER_MODERN);

    virtio_driver_start(d, FEATURES, 1, 8);
    virtio_driver_pci_set_config(d, PCI_COMMAND, 7, 2);
    g_assert_cmphex(virtio_driver_status(d), ==, ALL_OK);
    virtio_driver_pci_set_config(d, PCI_COMMAND, 3, 2);
    g_assert_cmphex(virtio_driver_status(d), ==, 0);
    ask(d, 8);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-rng-pci", "a");
    g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
    VirtioPci *s = to_virtio_pci(dev);

    virtio_driver_msix(d, true);
    virtio_driver_start(d, FEATURES, 1, 8);
    ask(d, 8);
    rig_reset(rig);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x10, 4), ==, 1);
    g_assert_cmphex(virtio_driver_pci_config(d, 0x9a, 2), ==, 1);
    g_assert_cmphex(s->vectors[0], ==, 0xffff);
    g_assert_cmphex(s->isr, ==, 0);
    g_assert_false(pci_msix_enabled(&s->pci));
    g_assert_cmphex(virtio_status(virtio_bus_device(s->bus)), ==, 0);
    virtio_driver_free(g_steal_pointer(&d));
    d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
    virtio_driver_start(d, FEATURES, 1, 8);
    ask(d, 8);
    assert_answered(d, 8);
}

/* What saving takes along comes back. */
static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = add(rig, "virtio-rng-pci", "a");
    g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    virtio_driver_msix(d, true);
    set_common(d, 16, 1, 2);
    set_common(d, 22, 5, 2);
    device_save(dev, bytes, NULL);
    virtio_driver_msix(d, false);
    set_common(d, 16, 0, 2);
    set_common(d, 22, 0, 2);
    device_load(dev, bytes->data, bytes->len, &error);
    g_assert_no_error(error);
    g_assert_cmphex(common(d, 16, 2), ==, 1);
    g_assert_cmphex(common(d, 22, 2), ==, 5);
    g_assert_true(pci_msix_enabled(to_pci_device(dev)));
    virtio_config_changed(to_virtio_device(object_child(&dev->object, "virtio-backend")));
}

/* Made, used and gone, with requests in flight and after the driver broke it. */
static void test_unplug(void)
{
    g_autoptr(Rig) rig = rig_new();

    for (guint i = 0; i < 3; i++) {
        Device *dev = add(rig, "virtio-rng-pci", "a", "max-bytes", "4", "period", "1000000");
        g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);

        virtio_driver_msix(d, i == 0);
        virtio_driver_start(d, FEATURES, 1, 8);
        ask(d, 64);
        ask(d, 64);                             /* waits for the next period */
        if (i == 2) {
            virtio_driver_set_desc(d, 0, 2, 1, 8, 2, 0);
            virtio_driver_publish(d, 0, 99);
            virtio_driver_kick(d, 0);
        }
        device_unmake(dev);
        g_assert_false(virtio_driver_line(d));
        g_assert_cmpuint(rig_pci(rig)->devices.length, ==, 0);
    }
}

/* Plugged into a machine that runs, used, and ejected by the guest in the middle. */
static void test_hotplug(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = NULL;
    Device *dev;

    rig_pci_hotplug(rig);
    dev = add(rig, "virtio-rng-pci", "a");
    g_assert_cmpuint(rig->plugged, ==, 1);
    g_assert_true(dev->hotplugged);
    d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
    virtio_driver_msix(d, true);
    virtio_driver_start(d, FEATURES, 1, 8);
    ask(d, 8);
    assert_answered(d, 8);
    pci_eject(to_pci_device(dev));
    g_assert_cmphex(virtio_driver_pci_config(d, 0, 4), ==, 0xffffffff);
    ask(d, 8);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    rig_deliver(rig);
    g_assert_cmpuint(rig->removals, ==, 1);
    g_assert_null(object_resolve(rig->root, "/machine/peripheral/a", NULL));
    g_assert_cmpuint(rig_pci(rig)->devices.length, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    g_test_add_func("/virtio-pci/identity", test_identity);
    g_test_add_func("/virtio-pci/capabilities", test_capabilities);
    g_test_add_func("/virtio-pci/bars", test_bars);
    g_test_add_func("/virtio-pci/refused", test_refused);
    g_test_add_func("/virtio-pci/part", test_part);
    g_test_add_func("/virtio-pci/features", test_features);
    g_test_add_func("/virtio-pci/queues", test_queues);
    g_test_add_func("/virtio-pci/widths", test_widths);
    g_test_add_func("/virtio-pci/config", test_config);
    g_test_add_func("/virtio-pci/intx", test_intx);
    g_test_add_func("/virtio-pci/msix", test_msix);
    g_test_add_func("/virtio-pci/irqfd", test_irqfd);
    g_test_add_func("/virtio-pci/no-msix", test_no_msix);
    g_test_add_func("/virtio-pci/ioeventfd", test_ioeventfd);
    g_test_add_func("/virtio-pci/notify", test_notify);
    g_test_add_func("/virtio-pci/window", test_window);
    g_test_add_func("/virtio-pci/threads", test_threads);
    g_test_add_func("/virtio-pci/bus-master", test_bus_master);
    g_test_add_func("/virtio-pci/reset", test_reset);
    g_test_add_func("/virtio-pci/state", test_state);
    g_test_add_func("/virtio-pci/unplug", test_unplug);
    g_test_add_func("/virtio-pci/hotplug", test_hotplug);
    return g_test_run();
}
