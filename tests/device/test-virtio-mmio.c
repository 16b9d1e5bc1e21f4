/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/virtio/virtio-mmio.c, register by register (VIRTIO 1.2 section 4.2.2), with
 * an entropy device and a balloon behind two transports.
 */
#include "config.h"

#include <event2/event.h>
#include <string.h>
#include <sys/eventfd.h>

#include "hw/virtio/transport.h"
#include "qom/qapi-objects-object.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/lib/virtio-driver.h"

typedef struct {
    Rig *rig;
    VirtioDriver *rng, *balloon;
} Bench;

static void add_device(Rig *rig, const char *driver, const char *id)
{
    g_autoptr(GError) error = NULL;

    rig_device(rig, driver, id, &error, NULL);
    g_assert_no_error(error);
}

static Bench *bench_new(void)
{
    Bench *b = g_new0(Bench, 1);

    b->rig = rig_new();
    b->rng = virtio_driver_new(b->rig, 0);
    b->balloon = virtio_driver_new(b->rig, 1);
    add_device(b->rig, "virtio-rng-device", "rng");
    add_device(b->rig, "virtio-balloon-device", "balloon");
    return b;
}

static void bench_free(Bench *b)
{
    virtio_driver_free(b->balloon);
    virtio_driver_free(b->rng);
    rig_free(b->rig);
    g_free(b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static void test_identity(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(VirtioDriver) empty = virtio_driver_new(b->rig, 2);

    g_assert_cmphex(virtio_driver_read(b->rng, 0x00), ==, 0x74726976);
    g_assert_cmphex(virtio_driver_read(b->rng, 0x04), ==, 2);
    g_assert_cmphex(virtio_driver_read(b->rng, 0x08), ==, 4);
    g_assert_cmphex(virtio_driver_read(b->balloon, 0x08), ==, 5);
    g_assert_cmphex(virtio_driver_read(b->rng, 0x0c), !=, 0);
    g_assert_cmphex(virtio_driver_read(empty, 0x00), ==, 0x74726976);
    g_assert_cmphex(virtio_driver_read(empty, 0x04), ==, 2);
    g_assert_cmphex(virtio_driver_read(empty, 0x08), ==, 0);
    for (guint reg = 0x10; reg < 0x200; reg += 4) {
        virtio_driver_write(empty, reg, 0xffffffff);
        g_assert_cmphex(virtio_driver_read(empty, reg), ==, 0);
    }
}

static void test_bus(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    Bus *bus = bus_find(b->rig->root, "virtio-mmio-bus.1", NULL, NULL);

    g_assert_nonnull(bus);
    g_assert_cmpuint(bus->devices.length, ==, 1);
    g_assert_null(bus_find(b->rig->root, NULL, &qmp_class_virtio_rng_device, &error));
    g_assert_nonnull(error);
    device_unmake(bus->devices.head->data);
    g_assert_cmphex(virtio_driver_read(b->balloon, 0x08), ==, 0);
    add_device(b->rig, "virtio-rng-device", "again");
    g_assert_cmphex(virtio_driver_read(b->balloon, 0x08), ==, 4);
    virtio_driver_start(b->balloon, ~0ull, 1, 8);
}

/* DeviceFeatures, DeviceFeaturesSel, DriverFeatures, DriverFeaturesSel, and the
 * FEATURES_OK that follows. */
static void test_features(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->rng;

    g_assert_cmphex(virtio_driver_offered(d), ==, 1ull << 32 | 1 << 29 | 1 << 28);
    virtio_driver_write(d, 0x14, 2);
    g_assert_cmphex(virtio_driver_read(d, 0x10), ==, 0);
    virtio_driver_write(d, 0x14, 0xffffffff);
    g_assert_cmphex(virtio_driver_read(d, 0x10), ==, 0);
    g_assert_cmphex(virtio_driver_offered(b->balloon), ==, 1ull << 32 | 1 << 29 | 1 << 28 | 2);

    g_assert_true(virtio_driver_negotiate(d, ~0ull));
    g_assert_false(virtio_driver_negotiate(d, ~(1ull << 32)));  /* no VERSION_1 */
    g_assert_cmphex(virtio_driver_status(d), ==, 3);
    virtio_driver_write(d, 0x70, 0);
    virtio_driver_write(d, 0x70, 3);
    virtio_driver_write(d, 0x24, 1);
    virtio_driver_write(d, 0x20, 3);                            /* not offered */
    virtio_driver_write(d, 0x70, 11);
    g_assert_cmphex(virtio_driver_status(d), ==, 3);

    /* Features are not negotiated again while the device runs, or after that. */
    virtio_driver_start(d, ~0ull, 1, 8);
    virtio_driver_write(d, 0x70, 7);
    virtio_driver_write(d, 0x24, 0);
    virtio_driver_write(d, 0x20, 0);
    virtio_driver_write(d, 0x70, 15);
    g_assert_cmphex(virtio_driver_status(d) & 8, ==, 0);
    virtio_driver_start(d, ~0ull, 1, 8);
    virtio_driver_write(d, 0x70, 3);
    virtio_driver_write(d, 0x70, 11);
    g_assert_cmphex(virtio_driver_status(d) & 8, ==, 0);
    virtio_driver_start(d, ~0ull, 1, 8);
}

static gpointer write_status(gpointer opaque)
{
    VirtioDriver *d = opaque;

    rig_lock(d->rig);
    virtio_driver_write(d, 0x70, 0);
    rig_unlock(d->rig);
    return NULL;
}

/* A vCPU's write of the status comes when the device has gone. */
static void test_status_too_late(void)
{
    g_autoptr(Bench) b = bench_new();
    Device *dev = bus_find(b->rig->root, "virtio-mmio-bus.0", NULL, NULL)->devices.head->data;
    GThread *thread = g_thread_new("vcpu", write_status, b->rng);

    g_usleep(50000);            /* it waits for the machine lock, most likely */
    device_unmake(dev);
    rig_unlock(b->rig);
    g_thread_join(thread);
    rig_lock(b->rig);
    g_assert_cmphex(virtio_driver_read(b->rng, 0x08), ==, 0);
}

static void test_properties(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);

    rig_device(rig, "virtio-rng-device", "r", NULL, "event_idx", "off", "indirect_desc", "off",
               NULL);
    g_assert_cmphex(virtio_driver_offered(d), ==, 1ull << 32);
}

static void test_queue(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->rng;

    g_assert_cmpuint(virtio_driver_read(d, 0x34), ==, 8);
    virtio_driver_write(d, 0x30, 1);
    g_assert_cmpuint(virtio_driver_read(d, 0x34), ==, 0);
    virtio_driver_write(d, 0x44, 1);
    g_assert_cmpuint(virtio_driver_read(d, 0x44), ==, 0);
    virtio_driver_write(d, 0x30, 0xffffffff);
    g_assert_cmpuint(virtio_driver_read(d, 0x34), ==, 0);
    virtio_driver_kick(d, 77);

    g_assert_true(virtio_driver_negotiate(d, ~0ull));
    virtio_driver_queue(d, 0, 8);
    g_assert_cmpuint(virtio_driver_read(d, 0x44), ==, 1);
    virtio_driver_write(d, 0x38, 4);            /* too late */
    virtio_driver_write(d, 0x84, 0xdead);
    virtio_driver_write(d, 0x44, 0);
    g_assert_cmpuint(virtio_driver_read(d, 0x44), ==, 0);
    g_assert_cmphex(virtio_driver_status(d), ==, 11);
    virtio_driver_queue(d, 0, 4);
    g_assert_cmpuint(virtio_driver_read(d, 0x44), ==, 1);
}

/* One buffer through the device: QueueNotify, used ring, InterruptStatus,
 * InterruptACK. */
static void test_interrupt(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->rng;
    guint32 length;

    virtio_driver_start(d, ~0ull, 1, 8);
    virtio_driver_start(b->balloon, ~0ull, 3, 8);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 64, 1), 64, true }, 1);
    g_assert_false(virtio_driver_line(d));
    virtio_driver_kick(d, 0);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 64);
    g_assert_cmphex(virtio_driver_read(d, 0x60), ==, 1);
    g_assert_true(virtio_driver_line(d));
    g_assert_cmphex(virtio_driver_read(b->balloon, 0x60), ==, 0);
    g_assert_false(virtio_driver_line(b->balloon));
    virtio_driver_write(d, 0x64, 2);
    g_assert_true(virtio_driver_line(d));
    virtio_driver_write(d, 0x64, 1);
    g_assert_false(virtio_driver_line(d));
    g_assert_cmphex(virtio_driver_read(d, 0x60), ==, 0);
}

/* An interrupt that comes while another is handled is a new edge. */
static void test_edges(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->rng;
    VirtioDevice *dev = to_bus(d->transport->buses->pdata[0])->devices.head->data;
    guint edges;

    virtio_driver_start(d, ~0ull, 1, 8);
    edges = virtio_driver_edges(d);
    virtio_config_changed(dev);
    g_assert_cmpuint(virtio_driver_edges(d), ==, edges + 1);
    g_assert_cmphex(virtio_driver_read(d, 0x60), ==, 3);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 4, 1), 4, true }, 1);
    virtio_driver_kick(d, 0);
    g_assert_cmphex(virtio_driver_read(d, 0x60), ==, 3);
    g_assert_cmpuint(virtio_driver_edges(d), ==, edges + 1);
    virtio_driver_write(d, 0x64, 2);
    g_assert_true(virtio_driver_line(d));
    g_assert_cmpuint(virtio_driver_edges(d), ==, edges + 2);
    virtio_driver_write(d, 0x64, 1);
    g_assert_false(virtio_driver_line(d));
}

static void test_status(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->rng;

    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmphex(virtio_driver_status(d), ==, 15);
    virtio_driver_add(d, 0, &(VirtioBuffer){ 0, 4, true }, 1);  /* no RAM */
    virtio_driver_kick(d, 0);
    g_assert_cmphex(virtio_driver_status(d), ==, 79);
    g_assert_cmphex(virtio_driver_read(d, 0x60), ==, 3);
    virtio_driver_write(d, 0x70, 15);           /* only a reset takes it away */
    g_assert_cmphex(virtio_driver_status(d), ==, 79);
    virtio_driver_write(d, 0x70, 128 | 15);
    g_assert_cmphex(virtio_driver_status(d), ==, 128 | 79);
    virtio_driver_write(d, 0x70, 0);
    g_assert_cmphex(virtio_driver_status(d), ==, 0);
    g_assert_cmphex(virtio_driver_read(d, 0x60), ==, 0);
    g_assert_false(virtio_driver_line(d));
    g_assert_cmpuint(virtio_driver_read(d, 0x44), ==, 0);
    virtio_driver_write(d, 0x70, 7);            /* DRIVER_OK without FEATURES_OK */
    g_assert_cmphex(virtio_driver_status(d), ==, 71);
}

static void test_config(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->balloon;
    Device *dev = to_bus(d->transport->buses->pdata[0])->devices.head->data;
    guint32 generation = virtio_driver_read(d, 0xfc);

    virtio_driver_set_config(d, 4, 0x11223344, 4);
    g_assert_cmphex(virtio_driver_config(d, 4, 4), ==, 0x11223344);
    g_assert_cmphex(virtio_driver_config(d, 5, 1), ==, 0x33);
    g_assert_cmphex(virtio_driver_config(d, 6, 2), ==, 0x1122);
    g_assert_cmphex(virtio_driver_config(d, 0, 8), ==, 0x1122334400000000);
    virtio_driver_set_config(d, 7, 0xaa, 1);
    g_assert_cmphex(virtio_driver_config(d, 4, 4), ==, 0xaa223344);
    virtio_driver_set_config(d, 0, 0xffffffff, 4);              /* not the driver's */
    g_assert_cmphex(virtio_driver_config(d, 0, 4), ==, 0);
    g_assert_cmphex(virtio_driver_config(d, 8, 4), ==, 0);      /* behind its end */
    g_assert_cmphex(virtio_driver_config(d, 0xfc, 4), ==, 0);
    virtio_driver_set_config(d, 6, 0xffffffff, 4);
    g_assert_cmpuint(virtio_driver_read(d, 0xfc), ==, generation);
    virtio_config_changed(to_virtio_device(dev));
    g_assert_cmpuint(virtio_driver_read(d, 0xfc), ==, generation + 1);
    g_assert_false(virtio_driver_line(d));                      /* no driver yet */
}

/* SHMSel and its registers: there are no such regions. */
static void test_shared_memory(void)
{
    g_autoptr(Bench) b = bench_new();

    virtio_driver_write(b->rng, 0xac, 1);
    for (guint reg = 0xb0; reg <= 0xbc; reg += 4) {
        g_assert_cmphex(virtio_driver_read(b->rng, reg), ==, 0xffffffff);
    }
}

/* Registers take aligned accesses of 32 bits only; reserved ones are zero. */
static void test_widths(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->rng;

    g_assert_cmphex(address_space_read(b->rig->memory, d->base, 1), ==, 0);
    g_assert_cmphex(address_space_read(b->rig->memory, d->base + 2, 2), ==, 0);
    g_assert_cmphex(address_space_read(b->rig->memory, d->base, 8), ==, 0x274726976);
    virtio_driver_write(d, 0x70, 3);
    address_space_write(b->rig->memory, d->base + 0x70, 0, 1);
    g_assert_cmphex(virtio_driver_status(d), ==, 3);
    for (guint reg = 0xc0; reg < 0xfc; reg += 4) {
        virtio_driver_write(d, reg, 0xffffffff);
        g_assert_cmphex(virtio_driver_read(d, reg), ==, 0);
    }
}

static void test_reset(void)
{
    g_autoptr(Bench) b = bench_new();

    virtio_driver_start(b->rng, ~0ull, 1, 8);
    virtio_driver_start(b->balloon, ~0ull, 3, 8);
    virtio_driver_write(b->rng, 0x30, 5);
    rig_reset(b->rig);
    g_assert_cmphex(virtio_driver_status(b->rng), ==, 0);
    g_assert_cmphex(virtio_driver_status(b->balloon), ==, 0);
    g_assert_cmpuint(virtio_driver_read(b->rng, 0x34), ==, 8);  /* QueueSel is 0 */
    virtio_driver_start(b->rng, ~0ull, 1, 8);
}

/* What the driver asks while the machine stands still is done when it goes on. */
static void test_stop(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->rng;

    virtio_driver_start(d, ~0ull, 1, 8);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, true }, 1);
    machine_pause(b->rig->machine);
    virtio_driver_kick(d, 0);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    machine_run(b->rig->machine, NULL);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    g_assert_cmphex(virtio_driver_status(d), ==, 15);
}

static void turn(Bench *b)
{
    rig_unlock(b->rig);
    event_base_loop(b->rig->env.base, EVLOOP_NONBLOCK);
    rig_lock(b->rig);
}

/* With a loop: the accelerator signals the queue's descriptor by itself while the
 * device runs, and the register does the same. */
static void test_ioeventfd(void)
{
    g_autoptr(Bench) b = bench_new();
    struct event_base *base = b->rig->env.base = event_base_new();
    GArray *ioeventfds = b->rig->accel->ioeventfds;
    VirtioDriver *d = b->rng;
    const AccelIoeventfd *e;

    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmpuint(ioeventfds->len, ==, 1);
    e = &g_array_index(ioeventfds, AccelIoeventfd, 0);
    g_assert_cmphex(e->address, ==, d->base + 0x50);
    g_assert_true(!e->pio && e->size == 4 && e->match && e->value == 0);
    turn(b);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, true }, 1);
    turn(b);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    eventfd_write(e->fd, 1);
    turn(b);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    machine_pause(b->rig->machine);
    g_assert_cmpuint(ioeventfds->len, ==, 0);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, true }, 1);
    virtio_driver_kick(d, 0);
    turn(b);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    machine_run(b->rig->machine, NULL);
    g_assert_cmpuint(ioeventfds->len, ==, 1);
    turn(b);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    rig_reset(b->rig);
    g_assert_cmpuint(ioeventfds->len, ==, 0);

    virtio_mmio_props(d->transport)->ioeventfd = false;
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmpuint(ioeventfds->len, ==, 0);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, true }, 1);
    virtio_driver_kick(d, 0);
    turn(b);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    rig_reset(b->rig);
    b->rig->env.base = NULL;
    event_base_free(base);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-mmio/identity", test_identity);
    g_test_add_func("/virtio-mmio/bus", test_bus);
    g_test_add_func("/virtio-mmio/features", test_features);
    g_test_add_func("/virtio-mmio/status-too-late", test_status_too_late);
    g_test_add_func("/virtio-mmio/properties", test_properties);
    g_test_add_func("/virtio-mmio/queue", test_queue);
    g_test_add_func("/virtio-mmio/interrupt", test_interrupt);
    g_test_add_func("/virtio-mmio/edges", test_edges);
    g_test_add_func("/virtio-mmio/status", test_status);
    g_test_add_func("/virtio-mmio/config", test_config);
    g_test_add_func("/virtio-mmio/shared-memory", test_shared_memory);
    g_test_add_func("/virtio-mmio/widths", test_widths);
    g_test_add_func("/virtio-mmio/reset", test_reset);
    g_test_add_func("/virtio-mmio/stop", test_stop);
    g_test_add_func("/virtio-mmio/ioeventfd", test_ioeventfd);
    return g_test_run();
}
