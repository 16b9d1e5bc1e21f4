/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI and MSI-X: registers, masks, pending bits, routes and irqfds; and that
 * notifications from one thread race with masks from another, and none is lost
 * or late.
 */
#include "config.h"
#include "hw/pci/pci.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/qapi-objects-pci.h"
#include "tests/lib/rig.h"

#define TABLE 0xe0000000u
#define PBA (TABLE + 0x800)
#define APIC 0xfee01000u
#define CONTROL(dev) ((dev)->msix_cap + PCI_MSIX_FLAGS)

typedef struct {
    Rig *rig;
    PciDevice *dev;
} Bench;

static PciDevice *make(Rig *rig, const char *id)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "pci-testdev", id, &error, NULL);

    g_assert_no_error(error);
    return to_pci_device(dev);
}

static void set(const Bench *b, guint8 reg, guint32 value, guint size)
{
    rig_pci_write(b->rig, 0, b->dev->devfn, reg, value, size);
}

static guint32 get(const Bench *b, guint8 reg, guint size)
{
    return rig_pci_read(b->rig, 0, b->dev->devfn, reg, size);
}

/* A function with n vectors, all of them programmed and masked, MSI-X on. */
static Bench bench_new(guint n)
{
    Bench b = { .rig = rig_new() };
    g_autoptr(GError) error = NULL;

    b.dev = make(b.rig, "d");
    g_assert_true(pci_msix_init_bar(b.dev, n, 2, &error));
    g_assert_no_error(error);
    set(&b, 0x18, TABLE, 4);
    set(&b, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    set(&b, CONTROL(b.dev), PCI_MSIX_FLAGS_ENABLE, 2);
    for (guint i = 0; i < n; i++) {
        address_space_write(b.rig->memory, TABLE + 16 * i, APIC, 4);
        address_space_write(b.rig->memory, TABLE + 16 * i + 8, 0x40 + i, 4);
    }
    return b;
}

static void bench_free(Bench *b)
{
    rig_free(b->rig);
}

static void mask(const Bench *b, guint vector, bool masked)
{
    address_space_write(b->rig->memory, TABLE + 16 * vector + 12, masked, 4);
}

static bool pending(const Bench *b, guint vector)
{
    return address_space_read(b->rig->memory, PBA + vector / 8, 1) >> vector % 8 & 1;
}

/* Messages that the accelerator was sent, and what its irqfds hold. */
static guint sent(const Bench *b)
{
    return b->rig->accel->msis->len;
}

static guint64 signalled(const Bench *b, guint index)
{
    eventfd_t n = 0;

    g_assert_cmpuint(index, <, b->rig->accel->irqfds->len);
    eventfd_read(g_array_index(b->rig->accel->irqfds, FakeIrqfd, index).fd, &n);
    return n;
}

static const AccelMsi *last_sent(const Bench *b)
{
    return &g_array_index(b->rig->accel->msis, AccelMsi, sent(b) - 1);
}

/* ---- MSI-X registers ---- */

static void test_msix_registers(void)
{
    Bench b = { .rig = rig_new() };
    g_autoptr(GError) error = NULL;

    b.dev = make(b.rig, "d");
    g_assert_false(pci_msix_init_bar(b.dev, 2049, 2, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_LIMIT_EXCEEDED);
    g_clear_error(&error);
    g_assert_true(pci_msix_init_bar(b.dev, 3, 2, &error));
    g_assert_false(pci_msix_init_bar(b.dev, 3, 3, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_LIMIT_EXCEEDED);
    g_assert_cmphex(get(&b, 0x40, 4), ==, 0x00020011);
    g_assert_cmphex(get(&b, 0x44, 4), ==, 0x00000002);
    g_assert_cmphex(get(&b, 0x48, 4), ==, 0x00000802);
    set(&b, 0x42, 0xffff, 2);
    g_assert_cmphex(get(&b, 0x42, 2), ==, 0xc002);
    set(&b, 0x18, TABLE, 4);
    set(&b, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(address_space_read(b.rig->memory, TABLE + 12, 4), ==, 1);
    for (guint i = 0; i < 16; i += 4) {
        address_space_write(b.rig->memory, TABLE + i, 0xfffffffe, 4);
    }
    g_assert_cmphex(address_space_read(b.rig->memory, TABLE + 8, 4), ==, 0xfffffffe);
    g_assert_cmphex(address_space_read(b.rig->memory, TABLE + 12, 4), ==, 0);
    g_assert_cmphex(address_space_read(b.rig->memory, TABLE, 8), ==, 0xfffffffefffffffe);
    address_space_write(b.rig->memory, PBA, 0xff, 8);
    g_assert_cmphex(address_space_read(b.rig->memory, PBA, 8), ==, 0);
    g_assert_cmphex(address_space_read(b.rig->memory, TABLE + 48, 4), ==, 0xffffffff);
    rig_reset(b.rig);
    set(&b, 0x18, TABLE, 4);
    set(&b, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(address_space_read(b.rig->memory, TABLE + 8, 8), ==, 0x100000000);
    rig_free(b.rig);
}

/* The most vectors that there are, in a BAR that is large enough. */
static void test_msix_many(void)
{
    Bench b = { .rig = rig_new() };
    g_autoptr(GError) error = NULL;

    b.dev = make(b.rig, "d");
    g_assert_true(pci_msix_init_bar(b.dev, 2048, 2, &error));
    g_assert_cmphex(get(&b, 0x48, 4), ==, 0x8002);
    g_assert_cmphex(region_size(b.dev->bars[2].region), ==, 0x10000);
    set(&b, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    set(&b, CONTROL(b.dev), PCI_MSIX_FLAGS_ENABLE, 2);
    pci_msix_notify(b.dev, 2047);
    pci_msix_notify(b.dev, 2048);
    g_assert_cmphex(b.dev->msix_pending[255], ==, 0x80);
    rig_free(b.rig);
}

static void test_msix_masks(void)
{
    Bench b = bench_new(4);

    pci_msix_notify(b.dev, 1);
    pci_msix_notify(b.dev, 1);
    pci_msix_notify(b.dev, 99);
    g_assert_true(pending(&b, 1));
    g_assert_cmpuint(sent(&b), ==, 0);
    mask(&b, 1, false);
    g_assert_cmpuint(sent(&b), ==, 1);
    g_assert_cmphex(last_sent(&b)->data, ==, 0x41);
    g_assert_false(pending(&b, 1));
    pci_msix_notify(b.dev, 1);
    g_assert_cmpuint(sent(&b), ==, 2);
    /* The function's mask is over all of them. */
    set(&b, CONTROL(b.dev), PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
    pci_msix_notify(b.dev, 1);
    pci_msix_notify(b.dev, 2);
    g_assert_cmpuint(sent(&b), ==, 2);
    set(&b, CONTROL(b.dev), PCI_MSIX_FLAGS_ENABLE, 2);
    g_assert_cmpuint(sent(&b), ==, 3);
    g_assert_true(pending(&b, 2));
    /* Off: nothing is sent, nothing remembered. */
    set(&b, CONTROL(b.dev), 0, 2);
    g_assert_false(pci_msix_enabled(b.dev));
    pci_msix_notify(b.dev, 1);
    set(&b, CONTROL(b.dev), PCI_MSIX_FLAGS_ENABLE, 2);
    g_assert_cmpuint(sent(&b), ==, 3);
    /* No bus master, no message. */
    set(&b, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    pci_msix_notify(b.dev, 1);
    g_assert_cmpuint(sent(&b), ==, 3);
    bench_free(&b);
}

/* ---- Routes ---- */

static void test_msix_routes(void)
{
    Bench b = bench_new(4);
    FakeAccel *accel = b.rig->accel;
    int fd;

    mask(&b, 0, false);
    g_assert_cmpuint(accel->irqfds->len, ==, 0);
    pci_msix_use(b.dev, 0);
    pci_msix_use(b.dev, 0);
    pci_msix_use(b.dev, 1);
    pci_msix_use(b.dev, 99);
    g_assert_cmpuint(accel->irqfds->len, ==, 1);
    fd = g_array_index(accel->irqfds, FakeIrqfd, 0).fd;
    g_assert_cmphex(fake_accel_irqfd_msi(accel, fd)->data, ==, 0x40);
    pci_msix_notify(b.dev, 0);
    g_assert_cmpuint(signalled(&b, 0), ==, 1);
    g_assert_cmpuint(sent(&b), ==, 0);
    /* A masked vector has no irqfd; what comes is pending, and sent by the new one. */
    mask(&b, 0, true);
    g_assert_cmpuint(accel->irqfds->len, ==, 0);
    pci_msix_notify(b.dev, 0);
    mask(&b, 0, false);
    g_assert_cmpuint(signalled(&b, 0), ==, 1);
    /* Another message while it is open. */
    address_space_write(b.rig->memory, TABLE + 8, 0x77, 4);
    g_assert_cmphex(fake_accel_irqfd_msi(accel, fd)->data, ==, 0x77);
    g_assert_cmpuint(signalled(&b, 0), ==, 0);
    /* One for RAM goes without. */
    address_space_write(b.rig->memory, TABLE, 0x1000, 4);
    g_assert_cmpuint(accel->irqfds->len, ==, 0);
    address_space_write(b.rig->memory, TABLE, APIC, 4);
    g_assert_cmpuint(accel->irqfds->len, ==, 1);
    set(&b, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    pci_msix_notify(b.dev, 0);
    g_assert_cmpuint(signalled(&b, 0), ==, 0);
    pci_msix_unuse(b.dev, 0);
    g_assert_cmpuint(accel->irqfds->len, ==, 1);
    pci_msix_unuse(b.dev, 0);
    pci_msix_unuse(b.dev, 0);
    g_assert_cmpuint(accel->irqfds->len, ==, 0);
    rig_reset(b.rig);
    bench_free(&b);
}

/* Whatever runs out, messages still come. */
static void test_msix_limits(void)
{
    Bench b = bench_new(4);
    FakeAccel *accel = b.rig->accel;

    accel->max_routes = 1;
    for (guint i = 0; i < 4; i++) {
        mask(&b, i, false);
        pci_msix_use(b.dev, i);
    }
    g_assert_cmpuint(accel->irqfds->len, ==, 1);
    pci_msix_notify(b.dev, 0);
    pci_msix_notify(b.dev, 3);
    g_assert_cmpuint(signalled(&b, 0), ==, 1);
    g_assert_cmpuint(sent(&b), ==, 1);
    g_assert_cmphex(last_sent(&b)->data, ==, 0x43);
    pci_msix_unuse(b.dev, 0);
    accel->fail_irqfd = true;
    mask(&b, 1, true);
    mask(&b, 1, false);
    pci_msix_notify(b.dev, 1);
    g_assert_cmpuint(accel->irqfds->len, ==, 0);
    g_assert_cmpuint(sent(&b), ==, 2);
    bench_free(&b);
}

static void test_msix_state(void)
{
    Bench a = bench_new(4), b = bench_new(4);
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    mask(&a, 2, false);
    pci_msix_notify(a.dev, 1);
    mask(&b, 3, false);
    pci_msix_use(b.dev, 2);
    pci_msix_use(b.dev, 3);
    address_space_write(a.rig->memory, TABLE + 2 * 16 + 8, 0x99, 4);
    device_save(&a.dev->device, state, NULL);
    g_assert_true(device_load(&b.dev->device, state->data, state->len, &error));
    g_assert_cmpuint(b.rig->accel->irqfds->len, ==, 1);
    g_assert_cmphex(fake_accel_irqfd_msi(b.rig->accel, g_array_index(b.rig->accel->irqfds,
                                                                     FakeIrqfd, 0).fd)->data,
                    ==, 0x99);
    g_assert_true(pending(&b, 1));
    mask(&b, 1, false);
    g_assert_cmpuint(sent(&b), ==, 1);
    bench_free(&a);
    bench_free(&b);
}

/* ---- Two threads ---- */

enum { ROUNDS = 4000 };

typedef struct {
    PciDevice *dev;
    gint notified;              /* atomic: notifications that have been made */
    gint end;
} Notifier;

static void *notify_all(void *opaque)
{
    Notifier *n = opaque;

    while (!g_atomic_int_get(&n->end)) {
        pci_msix_notify(n->dev, 0);
        g_atomic_int_inc(&n->notified);
        g_thread_yield();
    }
    return NULL;
}

static guint count_msis(FakeAccel *accel)
{
    guint n;

    g_mutex_lock(&accel->msi_mutex);
    n = accel->msis->len;
    g_mutex_unlock(&accel->msi_mutex);
    return n;
}

/* One thread notifies; this one masks and unmasks as a guest.  While masked,
 * no message comes, and once a notification was made, the pending bit is set
 * and unmasking sends exactly one more before others go on. */
static void race(bool irqfd)
{
    Bench b = bench_new(1);
    Notifier n = { .dev = b.dev };
    GThread *thread;

    if (irqfd) {
        pci_msix_use(b.dev, 0);
    }
    thread = g_thread_new("notify", notify_all, &n);
    for (guint i = 0; i < ROUNDS; i++) {
        int notified;
        guint quiet;

        mask(&b, 0, false);
        if (irqfd && i % 8 == 0) {
            /* The kernel takes counts as they come; nothing is left in an irqfd. */
            signalled(&b, 0);
        }
        mask(&b, 0, true);
        quiet = count_msis(b.rig->accel);
        notified = g_atomic_int_get(&n.notified);
        while (g_atomic_int_get(&n.notified) < notified + 2) {
            g_thread_yield();
        }
        g_assert_true(pending(&b, 0));
        g_assert_cmpuint(count_msis(b.rig->accel), ==, quiet);
    }
    g_atomic_int_set(&n.end, true);
    g_thread_join(thread);
    if (!irqfd) {
        guint before = sent(&b);

        mask(&b, 0, false);
        g_assert_cmpuint(sent(&b), ==, before + 1);
        g_assert_false(pending(&b, 0));
    }
    bench_free(&b);
}

static void test_race(void)
{
    race(false);
}

static void test_race_irqfd(void)
{
    race(true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/msix/registers", test_msix_registers);
    g_test_add_func("/pci/msix/many", test_msix_many);
    g_test_add_func("/pci/msix/masks", test_msix_masks);
    g_test_add_func("/pci/msix/routes", test_msix_routes);
    g_test_add_func("/pci/msix/limits", test_msix_limits);
    g_test_add_func("/pci/msix/state", test_msix_state);
    g_test_add_func("/pci/msix/race", test_race);
    g_test_add_func("/pci/msix/race-irqfd", test_race_irqfd);
    return g_test_run();
}
