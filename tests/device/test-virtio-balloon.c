/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/virtio/virtio-balloon.c.  The machine's RAM is that of the test's driver, so
 * that the test sees the balloon's pages become zero.
 */
#include "config.h"

#include <string.h>

#include "hw/virtio/virtio-balloon.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "qom/qapi-objects-virtio.h"
#include "tests/lib/virtio-driver.h"

enum { PAGE = 4096, INFLATE = 0, DEFLATE = 1, STATS = 2, REPORTING = 3 };

#define SECOND G_GINT64_CONSTANT(1000000000)

typedef struct {
    Rig *rig;
    VirtioDriver *d;
    Device *dev;
    VirtioBalloon *balloon;
} Bench;

static Bench *bench_new(const char *property)
{
    Bench *b = g_new0(Bench, 1);
    g_autoptr(GError) error = NULL;

    b->rig = rig_new();
    b->d = virtio_driver_new(b->rig, 0);
    b->rig->machine->ram = b->d->region;
    b->rig->machine->ram_size = VIRTIO_DRIVER_RAM;
    b->dev = rig_device(b->rig, "virtio-balloon-device", "b", &error, property, "on", NULL);
    g_assert_no_error(error);
    b->balloon = virtio_balloon_find(b->rig->machine);
    g_assert_true(to_virtio_balloon(b->dev) == b->balloon);
    return b;
}

static void bench_free(Bench *b)
{
    b->rig->machine->ram = NULL;
    virtio_driver_free(b->d);
    rig_free(b->rig);
    g_free(b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

/* Page n of the driver's RAM, filled. */
static guint8 *fill_page(Bench *b, guint n)
{
    return memset(b->d->ram + n * PAGE, 0x5a, PAGE);
}

static guint32 pfn(Bench *b, guint n)
{
    return b->d->ram_base / PAGE + n;
}

static void send_pfns(Bench *b, guint queue, const guint32 *pfns, guint n)
{
    guint64 addr = virtio_driver_data(b->d, pfns, 4 * n);

    virtio_driver_add(b->d, queue, &(VirtioBuffer){ addr, 4 * n, false }, 1);
    virtio_driver_kick(b->d, queue);
    g_assert_true(virtio_driver_used(b->d, queue, NULL, NULL));
}

static void test_inflate(void)
{
    g_autoptr(Bench) b = bench_new("deflate-on-oom");
    const guint32 pfns[] = {
        pfn(b, 1000), pfn(b, 999), pfn(b, 998), pfn(b, 500), pfn(b, 501), pfn(b, 700),
        0, 0xffffffff, pfn(b, 1024),
    };
    guint8 *const kept[] = { fill_page(b, 1001), fill_page(b, 997), fill_page(b, 499),
                             fill_page(b, 502), fill_page(b, 1023) };
    guint8 *const gone[] = { fill_page(b, 1000), fill_page(b, 999), fill_page(b, 998),
                             fill_page(b, 500), fill_page(b, 501), fill_page(b, 700) };

    virtio_driver_start(b->d, ~0ull, 3, 8);
    g_assert_true(b->d->features & 1 << 2);
    send_pfns(b, INFLATE, pfns, G_N_ELEMENTS(pfns));
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_assert_cmphex(kept[i][0], ==, 0x5a);
        g_assert_cmphex(kept[i][PAGE - 1], ==, 0x5a);
    }
    for (guint i = 0; i < G_N_ELEMENTS(gone); i++) {
        g_assert_cmphex(gone[i][0], ==, 0);
        g_assert_cmphex(gone[i][PAGE - 1], ==, 0);
    }
    fill_page(b, 500);
    send_pfns(b, DEFLATE, pfns, G_N_ELEMENTS(pfns));
    g_assert_cmphex(gone[3][0], ==, 0x5a);
}

static void test_too_many(void)
{
    g_autoptr(Bench) b = bench_new("deflate-on-oom");

    virtio_driver_start(b->d, ~0ull, 3, 8);
    virtio_driver_add(b->d, INFLATE,
                      &(VirtioBuffer){ virtio_driver_alloc(b->d, 1 << 20, 4), 1 << 20, false }, 1);
    virtio_driver_kick(b->d, INFLATE);
    g_assert_cmphex(virtio_driver_status(b->d), ==, 79);
}

static void test_target(void)
{
    g_autoptr(Bench) b = bench_new("deflate-on-oom");
    guint32 generation;

    virtio_driver_start(b->d, ~0ull, 3, 8);
    generation = virtio_driver_read(b->d, 0xfc);
    g_assert_cmpuint(virtio_balloon_actual(b->balloon), ==, VIRTIO_DRIVER_RAM);
    virtio_balloon_set_target(b->balloon, VIRTIO_DRIVER_RAM - 10 * PAGE);
    g_assert_cmpuint(virtio_driver_config(b->d, 0, 4), ==, 10);
    g_assert_cmpuint(virtio_driver_read(b->d, 0xfc), ==, generation + 1);
    g_assert_cmphex(virtio_driver_ack(b->d), ==, 3);
    virtio_driver_set_config(b->d, 4, 7, 4);
    g_assert_cmpuint(virtio_balloon_actual(b->balloon), ==, VIRTIO_DRIVER_RAM - 7 * PAGE);
    virtio_driver_set_config(b->d, 4, 0xffffffff, 4);           /* more than there is */
    g_assert_cmpuint(virtio_balloon_actual(b->balloon), ==, 0);
    virtio_balloon_set_target(b->balloon, G_MAXINT64);
    g_assert_cmpuint(virtio_driver_config(b->d, 0, 4), ==, 0);
    rig_reset(b->rig);
    g_assert_cmpuint(virtio_balloon_actual(b->balloon), ==, VIRTIO_DRIVER_RAM);
}

static void set_interval(Bench *b, const char *seconds, bool good)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_LENIENT };
    g_autoptr(QmpValue) value = qmp_value_str(seconds);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(object_property_set(&b->dev->object, "guest-stats-polling-interval", &input,
                                        value, &error), ==, good);
}

/* Gives the device a buffer with statistics: free memory and a tag that it does
 * not know. */
static void send_stats(Bench *b, guint64 free_memory)
{
    guint8 stats[23] = { 4, 0, [10] = 99, 0, 1, 2, 3 };

    memcpy(stats + 2, &free_memory, 8);
    virtio_driver_add(b->d, STATS, &(VirtioBuffer){ virtio_driver_data(b->d, stats, 23), 23,
                                                    false }, 1);
    virtio_driver_kick(b->d, STATS);
}

static void test_stats(void)
{
    g_autoptr(Bench) b = bench_new("deflate-on-oom");
    const BalloonGuestStats *said = virtio_balloon_device_props(b->dev)->guest_stats;

    virtio_driver_start(b->d, ~0ull, 3, 8);
    g_assert_cmpint(said->last_update, ==, 0);
    g_assert_cmphex(said->stats->stat_free_memory, ==, G_MAXUINT64);
    set_interval(b, "-1", false);
    set_interval(b, "2", true);
    send_stats(b, 12345);
    g_assert_cmpuint(said->stats->stat_free_memory, ==, 12345);
    g_assert_cmphex(said->stats->stat_swap_in, ==, G_MAXUINT64);
    g_assert_cmpint(said->last_update, ==, CLOCK_TEST_EPOCH / SECOND);
    g_assert_false(virtio_driver_used(b->d, STATS, NULL, NULL));
    clock_advance(b->rig->clock, 2 * SECOND - 1);
    g_assert_false(virtio_driver_used(b->d, STATS, NULL, NULL));
    clock_advance(b->rig->clock, 2 * SECOND);
    g_assert_true(virtio_driver_used(b->d, STATS, NULL, NULL));
    clock_advance(b->rig->clock, 4 * SECOND);           /* the driver is slow */
    send_stats(b, 1);
    send_stats(b, 2);                                   /* or sends twice */
    g_assert_cmpuint(said->stats->stat_free_memory, ==, 2);
    g_assert_true(virtio_driver_used(b->d, STATS, NULL, NULL));
    clock_advance(b->rig->clock, 6 * SECOND);
    g_assert_true(virtio_driver_used(b->d, STATS, NULL, NULL));
    set_interval(b, "0", true);
    g_assert_cmpint(clock_deadline(b->rig->clock), ==, -1);
    send_stats(b, 3);
    rig_reset(b->rig);                                  /* the buffer is forgotten */
    set_interval(b, "1", true);
    clock_advance(b->rig->clock, 9 * SECOND);
}

static void test_reporting(void)
{
    g_autoptr(Bench) b = bench_new("free-page-reporting");
    guint8 *first = fill_page(b, 800), *second = fill_page(b, 801), *edge = fill_page(b, 900);

    virtio_driver_start(b->d, ~0ull, 4, 8);
    g_assert_true(b->d->features & 1 << 5);
    virtio_driver_add(b->d, REPORTING, (VirtioBuffer[]){
        { b->d->ram_base + 800 * PAGE, 2 * PAGE, true },
        { b->d->ram_base + 900 * PAGE + 1, PAGE - 1, true },
    }, 2);
    virtio_driver_kick(b->d, REPORTING);
    g_assert_true(virtio_driver_used(b->d, REPORTING, NULL, NULL));
    g_assert_cmphex(first[0], ==, 0);
    g_assert_cmphex(second[PAGE - 1], ==, 0);
    g_assert_cmphex(edge[PAGE - 1], ==, 0x5a);          /* no whole page */
}

static void test_alone(void)
{
    g_autoptr(Bench) b = bench_new("deflate-on-oom");
    g_autoptr(VirtioDriver) other = virtio_driver_new(b->rig, 1);
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(b->rig, "virtio-balloon-device", "c", &error, NULL));
    g_assert_nonnull(strstr(error->message, "/machine/peripheral/b"));
    g_assert_cmpuint(virtio_driver_read(other, 8), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-balloon/inflate", test_inflate);
    g_test_add_func("/virtio-balloon/too-many", test_too_many);
    g_test_add_func("/virtio-balloon/target", test_target);
    g_test_add_func("/virtio-balloon/stats", test_stats);
    g_test_add_func("/virtio-balloon/reporting", test_reporting);
    g_test_add_func("/virtio-balloon/alone", test_alone);
    return g_test_run();
}
