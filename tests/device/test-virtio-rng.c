/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/virtio/virtio-rng.c and its backends.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/state-bytes.h"
#include "tests/lib/virtio-driver.h"

enum { MS = 1000000 };

static guint count_zeros(const guint8 *p, gsize n)
{
    guint zeros = 0;

    for (gsize i = 0; i < n; i++) {
        zeros += p[i] == 0;
    }
    return zeros;
}

/* Asks for size bytes in one buffer; returns where they are to come. */
static guint64 ask(VirtioDriver *d, guint32 size)
{
    guint64 addr = virtio_driver_alloc(d, size, 1);

    virtio_driver_add(d, 0, &(VirtioBuffer){ addr, size, true }, 1);
    virtio_driver_kick(d, 0);
    return addr;
}

static void check_bytes(VirtioDriver *d)
{
    guint64 addr = ask(d, 1024);
    guint32 length;

    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 1024);
    g_assert_cmpuint(count_zeros(virtio_driver_ptr(d, addr), 1024), <, 100);
}

/* Two instances: one with a backend of its own, one with a given one. */
static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) a = virtio_driver_new(rig, 0);
    g_autoptr(VirtioDriver) b = virtio_driver_new(rig, 1);
    g_autoptr(GError) error = NULL;
    Device *first = rig_device(rig, "virtio-rng-device", "a", &error, NULL);

    g_assert_no_error(error);
    g_assert_nonnull(object_child(&first->object, "default-backend"));
    rig_object(rig, "rng-random", "source", &error, NULL);
    g_assert_no_error(error);
    rig_device(rig, "virtio-rng-device", "b", &error, "rng", "source", NULL);
    g_assert_no_error(error);
    virtio_driver_start(a, ~0ull, 1, 8);
    virtio_driver_start(b, ~0ull, 1, 8);
    check_bytes(a);
    check_bytes(b);
    device_unmake(first);
    g_assert_cmpuint(virtio_driver_read(a, 8), ==, 0);
    check_bytes(b);
}

/* State whose rings lead nowhere, or that another device made, is refused; the device goes on
 * as before, with the chain that was out. */
static void test_bad_state(void)
{
    static const struct {
        const char *field;
        guint8 value;
        const char *why;
    } bad[] = {
        { "features", 0xff, "does not offer here" },
        { "accepted", 0xff, NULL },             /* which the driver may write as it likes */
        { "queues/area", 0xee, "a queue's ring is not aligned or not RAM" },
        { "queues/num", 3, "a queue's size is not a power of two, or too large" },
        { "status", 0xff, "the status is invalid" },
    };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "virtio-rng-device", "a", &error, "max-bytes", "4", "period",
                             "1000", NULL);

    g_assert_no_error(error);
    virtio_driver_start(d, ~0ull, 1, 8);
    ask(d, 4);
    ask(d, 4);                                  /* waits for the next period */
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
    machine_pause(rig->machine);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) state = g_byte_array_new();
        bool taken;

        g_assert_true(device_save(dev, state, &error));
        state_bytes_fill(state, bad[i].field, bad[i].value);
        taken = device_load(dev, state->data, state->len, &error);
        g_assert_cmpint(taken, ==, !bad[i].why);
        g_assert_true(taken || strstr(error->message, bad[i].why));
        g_clear_error(&error);
    }
    g_assert_true(machine_run(rig->machine, NULL));
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    clock_advance(rig->clock, 2000000000);
    g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
}

static void test_missing_file(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_object(rig, "rng-random", "source", &error, "filename", "/nonexistent",
                             NULL));
    g_assert_nonnull(strstr(error->message, "/nonexistent"));
}

/* More than one request's worth comes in a part; buffers to read are given back. */
static void test_sizes(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
    guint32 length;

    rig_device(rig, "virtio-rng-device", "a", NULL, NULL);
    virtio_driver_start(d, ~0ull, 1, 8);
    ask(d, 65536);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, >, 0);
    g_assert_cmpuint(length, <=, 65536);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, false }, 1);
    virtio_driver_kick(d, 0);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 0);
    g_assert_cmphex(virtio_driver_status(d), ==, 15);
}

/* max-bytes in each period. */
static void test_rate(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
    guint32 length;

    rig_device(rig, "virtio-rng-device", "a", NULL, "max-bytes", "100", "period", "1000", NULL);
    virtio_driver_start(d, ~0ull, 1, 8);
    ask(d, 64);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 64);
    ask(d, 64);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 36);
    ask(d, 64);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    clock_advance(rig->clock, 999 * MS);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    clock_advance(rig->clock, 1000 * MS);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 64);
    g_assert_cmpint(clock_deadline(rig->clock), ==, (gint64)2000 * MS);
}

/* A source that has nothing yet: the chain is out over a stop, and forgotten by a
 * reset. */
static void test_waiting(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(VirtioDriver) d = virtio_driver_new(rig, 0);
    g_autofree char *folder = g_dir_make_tmp("vmd-rng-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);
    guint32 length;
    int fd;

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    fd = open(fifo, O_RDWR | O_NONBLOCK);
    rig_object(rig, "rng-random", "source", NULL, "filename", fifo, NULL);
    rig_device(rig, "virtio-rng-device", "a", NULL, "rng", "source", NULL);
    virtio_driver_start(d, ~0ull, 1, 8);
    ask(d, 8);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    machine_pause(rig->machine);
    g_assert_cmpint(write(fd, "abcdefgh", 8), ==, 8);
    machine_run(rig->machine, NULL);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 8);
    ask(d, 8);
    rig_reset(rig);
    g_assert_cmpint(write(fd, "ijklmnop", 8), ==, 8);
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_false(virtio_driver_used(d, 0, NULL, NULL));
    g_assert_cmpmem(virtio_driver_ptr(d, ask(d, 8)), 8, "ijklmnop", 8);
    close(fd);
    unlink(fifo);
    rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-rng/two", test_two);
    g_test_add_func("/virtio-rng/bad-state", test_bad_state);
    g_test_add_func("/virtio-rng/missing-file", test_missing_file);
    g_test_add_func("/virtio-rng/sizes", test_sizes);
    g_test_add_func("/virtio-rng/rate", test_rate);
    g_test_add_func("/virtio-rng/waiting", test_waiting);
    return g_test_run();
}
