/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/virtio/virtio-mem*.c, and the balloon's use of memory devices.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "hw/mem/device-memory.h"
#include "hw/virtio/virtio-balloon.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "qom/qapi-objects-virtio-mem.h"
#include "tests/lib/state-bytes.h"
#include "tests/lib/virtio-driver.h"

#define BASE (G_GUINT64_CONSTANT(4) << 30)
#define MIB G_GUINT64_CONSTANT(0x100000)
#define BLOCK (2 * MIB)

enum { PLUG, UNPLUG, UNPLUG_ALL, STATE };
enum { ACK, NACK, BUSY, ERROR };
enum { PLUGGED = 0x100, UNPLUGGED, MIXED };     /* ACK with this state */
enum { ADDR = 16, REGION = 24, USABLE = 32, SIZE = 40, REQUESTED = 48 };

typedef struct {
    Rig *rig;
    DeviceMemory *memory;
    VirtioDriver *d[2];
    Device *dev;
} Bench;

static Bench *bench_new(void)
{
    Bench *b = g_new0(Bench, 1);

    b->rig = rig_new();
    b->memory = device_memory_new(b->rig->machine, BASE, 1024 * MIB, 1024 * MIB, 0);
    b->d[0] = virtio_driver_new(b->rig, 0);
    b->d[1] = virtio_driver_new(b->rig, 1);
    return b;
}

static void bench_free(Bench *b)
{
    virtio_driver_free(b->d[0]);
    virtio_driver_free(b->d[1]);
    device_memory_free(b->memory);
    rig_free(b->rig);
    g_free(b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

/* A device on the next free transport, with 16 MiB of its own. */
#define add(b_, id_, ...) made(b_, id_, rig_device((b_)->rig, "virtio-mem", id_, NULL, \
    "memdev", backend(b_, id_), ##__VA_ARGS__, NULL))

static const char *backend(Bench *b, const char *id)
{
    g_autoptr(GError) error = NULL;

    rig_object(b->rig, "memory-backend-ram", id, &error, "size", "16M", NULL);
    g_assert_no_error(error);
    return id;
}

static Device *made(Bench *b, const char *id, Device *dev)
{
    g_assert_nonnull(dev);
    b->dev = dev;
    return dev;
}

/* An answer, or a state. */
static guint request(VirtioDriver *d, guint16 type, guint64 addr, guint16 blocks)
{
    guint8 bytes[24] = { (guint8)type };
    guint64 le = GUINT64_TO_LE(addr), answer = virtio_driver_alloc(d, 10, 8);
    const guint8 *got = virtio_driver_ptr(d, answer);
    guint32 length;

    memcpy(bytes + 8, &le, 8);
    bytes[16] = (guint8)blocks;
    bytes[17] = (guint8)(blocks >> 8);
    virtio_driver_add(d, 0, (VirtioBuffer[]){
        { virtio_driver_data(d, bytes, sizeof(bytes)), sizeof(bytes), false },
        { answer, 10, true } }, 2);
    virtio_driver_kick(d, 0);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    g_assert_cmpuint(length, ==, 10);
    return type == STATE && got[0] == ACK ? PLUGGED + got[8] : got[0];
}

static bool set_requested(Bench *b, const char *size)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_LENIENT };
    g_autoptr(QmpValue) value = qmp_value_str(size);

    return object_property_set(&b->dev->object, "requested-size", &input, value, NULL);
}

static void fill(Bench *b, guint64 offset, guint64 size)
{
    g_autofree guint8 *bytes = g_malloc(size);

    memset(bytes, 0x5a, size);
    g_assert_true(memory_write(b->rig->memory, BASE + offset, bytes, size));
}

static guint8 byte_at(Bench *b, guint64 offset)
{
    guint8 byte = 1;

    g_assert_true(memory_read(b->rig->memory, BASE + offset, &byte, 1));
    return byte;
}

/* ---- Configuration ---- */

static void test_two(void)
{
    g_autoptr(Bench) b = bench_new();

    add(b, "a", "requested-size", "4M");
    add(b, "b", "block-size", "4M", "requested-size", "8M", "node", "0");
    for (guint i = 0; i < 2; i++) {
        VirtioDriver *d = b->d[i];

        virtio_driver_start(d, ~0ull, 1, 8);
        g_assert_cmphex(virtio_driver_offered(d) & 3, ==, 1);
        g_assert_cmphex(virtio_driver_config(d, 0, 8), ==, BLOCK << i);
        g_assert_cmphex(virtio_driver_config(d, 8, 2), ==, 0);
        g_assert_cmphex(virtio_driver_config(d, ADDR, 8), ==, BASE + i * 16 * MIB);
        g_assert_cmphex(virtio_driver_config(d, REGION, 8), ==, 16 * MIB);
        g_assert_cmphex(virtio_driver_config(d, USABLE, 8), ==, 16 * MIB);
        g_assert_cmphex(virtio_driver_config(d, SIZE, 8), ==, 0);
        g_assert_cmphex(virtio_driver_config(d, REQUESTED, 8), ==, 4 * MIB << i);
        g_assert_cmpuint(request(d, PLUG, BASE + i * 16 * MIB, 2), ==, ACK);
        g_assert_cmphex(virtio_driver_config(d, SIZE, 8), ==, 4 * MIB << i);
    }
    g_assert_cmphex(device_memory_plugged(b->memory), ==, 12 * MIB);
}

/* Memory whose reading takes pages of the host: a driver must know. */
static void test_inaccessible(void)
{
    g_autoptr(Bench) b = bench_new();

    g_assert_nonnull(rig_object(b->rig, "memory-backend-ram", "shared", NULL, "size", "16M",
                                "share", "on", NULL));
    rig_device(b->rig, "virtio-mem", "a", NULL, "memdev", "shared", NULL);
    add(b, "b", "unplugged-inaccessible", "on");
    for (guint i = 0; i < 2; i++) {
        g_assert_cmphex(virtio_driver_offered(b->d[i]) & 3, ==, 3);
        g_assert_false(virtio_driver_negotiate(b->d[i], ~2ull));
        g_assert_true(virtio_driver_negotiate(b->d[i], ~0ull));
    }
}

static void test_resize(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->d[0];
    guint32 generation;

    add(b, "a");
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmphex(virtio_driver_config(d, USABLE, 8), ==, 0);
    g_assert_cmpuint(request(d, STATE, BASE, 1), ==, ERROR);
    virtio_driver_ack(d);
    generation = virtio_driver_read(d, 0xfc);
    g_assert_true(set_requested(b, "6M"));
    g_assert_cmphex(virtio_driver_ack(d) & 2, ==, 2);
    g_assert_cmpuint(virtio_driver_read(d, 0xfc), ==, generation + 1);
    g_assert_cmphex(virtio_driver_config(d, REQUESTED, 8), ==, 6 * MIB);
    g_assert_false(set_requested(b, "5M"));
    g_assert_false(set_requested(b, "18M"));
    g_assert_cmphex(virtio_mem_props(b->dev)->requested_size, ==, 6 * MIB);
    g_assert_cmphex(virtio_driver_ack(d), ==, 0);
    g_assert_true(set_requested(b, "6M"));              /* the same: the driver is told */
    g_assert_cmphex(virtio_driver_ack(d) & 2, ==, 2);
    g_assert_cmpuint(request(d, PLUG, BASE, 3), ==, ACK);
    g_assert_cmphex(virtio_driver_ack(d) & 2, ==, 0);   /* what it did itself needs no word */
    g_assert_true(set_requested(b, "0"));
    g_assert_cmphex(virtio_driver_config(d, USABLE, 8), ==, 16 * MIB);
    g_assert_cmpuint(request(d, UNPLUG_ALL, 0, 0), ==, ACK);
    g_assert_cmphex(virtio_driver_config(d, USABLE, 8), ==, 0);
}

/* ---- Requests ---- */

static void test_requests(void)
{
    g_autoptr(Bench) b = bench_new();
    const struct {
        guint16 type;
        guint64 offset;
        guint16 blocks;
        guint expected;
    } steps[] = {
        { STATE, 0, 8, UNPLUGGED }, { PLUG, 0, 4, NACK }, { PLUG, 0, 0, ERROR },
        { PLUG, 4096, 1, ERROR }, { PLUG, 14 * MIB, 2, ERROR }, { PLUG, 16 * MIB, 1, ERROR },
        { PLUG, -BLOCK, 1, ERROR }, { UNPLUG, 0, 1, ERROR }, { PLUG, BLOCK, 2, ACK },
        { STATE, 0, 2, MIXED }, { STATE, BLOCK, 2, PLUGGED }, { STATE, 3 * BLOCK, 5, UNPLUGGED },
        { PLUG, 2 * BLOCK, 1, ERROR }, { PLUG, 3 * BLOCK, 2, NACK }, { PLUG, 7 * BLOCK, 1, ACK },
        { PLUG, 0, 1, NACK }, { UNPLUG, 0, 3, ERROR }, { UNPLUG, 2 * BLOCK, 1, ACK },
        { STATE, 2 * BLOCK, 1, UNPLUGGED }, { UNPLUG_ALL, 0, 0, ACK }, { STATE, 0, 8, UNPLUGGED },
        { STATE, 0, 0xffff, ERROR },
    };

    add(b, "a", "requested-size", "6M");
    virtio_driver_start(b->d[0], ~0ull, 1, 8);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_test_message("step %u", i);
        g_assert_cmpuint(request(b->d[0], steps[i].type, BASE + steps[i].offset, steps[i].blocks),
                         ==, steps[i].expected);
    }
}

/* What is returned is gone, and nothing else; also many blocks, in several steps. */
static void test_discard(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->d[0];

    rig_object(b->rig, "memory-backend-memfd", "large", NULL, "size", "128M", NULL);
    made(b, "a", rig_device(b->rig, "virtio-mem", "a", NULL, "memdev", "large", "requested-size",
                            "128M", NULL));
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmpuint(request(d, PLUG, BASE, 64), ==, ACK);
    for (guint i = 0; i < 64; i++) {
        fill(b, i * BLOCK, 4096);
        fill(b, (i + 1) * BLOCK - 4096, 4096);
    }
    g_assert_cmpuint(request(d, UNPLUG, BASE + 60 * BLOCK, 1), ==, ACK);
    g_assert_cmpuint(request(d, UNPLUG, BASE + BLOCK, 50), ==, ACK);
    for (guint i = 0; i < 64; i++) {
        guint8 expected = i == 60 || (i >= 1 && i <= 50) ? 0 : 0x5a;

        g_assert_cmphex(byte_at(b, i * BLOCK), ==, expected);
        g_assert_cmphex(byte_at(b, (i + 1) * BLOCK - 1), ==, expected);
    }
    g_assert_cmpuint(request(d, UNPLUG_ALL, 0, 0), ==, ACK);
    g_assert_cmphex(byte_at(b, 0), ==, 0);
    g_assert_cmphex(byte_at(b, 128 * MIB - 1), ==, 0);
}

/* The host has no pages: the guest gets no block, and what was allocated for it goes back. */
static void test_prealloc(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->d[0];
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("vmd-mem-XXXXXX", &path, NULL);

    rig_object(b->rig, "memory-backend-file", "file", NULL, "size", "16M", "mem-path", path,
               "share", "on", NULL);
    made(b, "a", rig_device(b->rig, "virtio-mem", "a", NULL, "memdev", "file", "requested-size",
                            "16M", "prealloc", "on", NULL));
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmpuint(request(d, PLUG, BASE, 4), ==, ACK);
    g_assert_cmpint(ftruncate(fd, 12 * MIB), ==, 0);
    g_assert_cmpuint(request(d, PLUG, BASE + 4 * BLOCK, 4), ==, BUSY);
    g_assert_cmpuint(request(d, STATE, BASE + 4 * BLOCK, 4), ==, UNPLUGGED);
    g_assert_cmpuint(request(d, PLUG, BASE + 4 * BLOCK, 2), ==, ACK);
    g_assert_cmphex(virtio_driver_config(d, SIZE, 8), ==, 12 * MIB);
    close(fd);
    unlink(path);
}

static void test_broken(void)
{
    static const struct {
        guint32 out, in;
        guint8 type;
    } bad[] = { { 23, 10, PLUG }, { 24, 9, PLUG }, { 24, 10, 4 }, { 0, 10, PLUG } };
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->d[0];

    add(b, "a", "requested-size", "6M");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        guint8 bytes[24] = { bad[i].type };
        guint64 addr = virtio_driver_data(d, bytes, sizeof(bytes));
        VirtioBuffer buffers[] = {
            { addr, bad[i].out, false }, { virtio_driver_alloc(d, 16, 8), bad[i].in, true } };

        virtio_driver_start(d, ~0ull, 1, 8);
        virtio_driver_add(d, 0, buffers + !bad[i].out, 2 - !bad[i].out);
        virtio_driver_kick(d, 0);
        g_assert_cmphex(virtio_driver_status(d), ==, 79);
    }
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmpuint(request(d, PLUG, BASE, 1), ==, ACK);
}

/* ---- Reset, removal and state ---- */

static void test_reset(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->d[0];
    g_autoptr(GError) error = NULL;

    add(b, "a", "requested-size", "6M");
    g_assert_false(object_may_delete(&b->dev->object, &error));         /* it is to have some */
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmpuint(request(d, PLUG, BASE, 3), ==, ACK);
    fill(b, 0, 4096);
    g_assert_true(set_requested(b, "0"));
    virtio_driver_start(d, ~0ull, 1, 8);        /* another driver */
    g_assert_cmpuint(request(d, STATE, BASE, 3), ==, PLUGGED);
    g_assert_cmphex(byte_at(b, 0), ==, 0x5a);
    device_reset_tree(&b->rig->machine->object);        /* it wakes from sleep */
    g_assert_cmphex(byte_at(b, 0), ==, 0x5a);
    g_assert_false(object_may_delete(&b->dev->object, NULL));           /* it has some */
    machine_reset(b->rig->machine);
    g_assert_cmphex(byte_at(b, 0), ==, 0);
    g_assert_cmphex(device_memory_plugged(b->memory), ==, 0);
    g_assert_true(object_may_delete(&b->dev->object, NULL));
    device_unmake(b->dev);
    g_assert_cmpuint(b->memory->places->len, ==, 0);
}

static void test_bad_state(void)
{
    static const struct {
        const char *field;
        guint8 value;
    } bad[] = { { "addr", 0x11 }, { "block_size", 0 }, { "region_size", 0 }, { "requested", 0xff },
                { "usable", 0x21 }, { "bitmap", 0xff } };
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->d[0];

    rig_object(b->rig, "memory-backend-ram", "odd", NULL, "size", "10M", NULL);
    made(b, "a", rig_device(b->rig, "virtio-mem", "a", NULL, "memdev", "odd", "requested-size",
                            "6M", NULL));
    virtio_driver_start(d, ~0ull, 1, 8);
    g_assert_cmpuint(request(d, PLUG, BASE + BLOCK, 2), ==, ACK);
    fill(b, BLOCK, 4096);
    machine_pause(b->rig->machine);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) state = g_byte_array_new();
        g_autoptr(GError) error = NULL;

        g_assert_true(device_save(b->dev, state, &error));
        state_bytes_fill(state, bad[i].field, bad[i].value);
        g_assert_false(device_load(b->dev, state->data, state->len, &error));
        g_assert_nonnull(strstr(error->message, "the state of a virtio-mem"));
    }
    g_assert_true(machine_run(b->rig->machine, NULL));
    g_assert_cmpuint(request(d, STATE, BASE + BLOCK, 2), ==, PLUGGED);
    g_assert_cmphex(byte_at(b, BLOCK), ==, 0x5a);
}

/* ---- The balloon ---- */

/* Blocks are no part of what the balloon may ask for, but their pages can be given up. */
static void test_balloon(void)
{
    g_autoptr(Bench) b = bench_new();
    VirtioDriver *d = b->d[1];
    const guint32 pfn = BASE / 4096 + 1;

    add(b, "a", "requested-size", "6M");
    rig_device(b->rig, "virtio-balloon-device", "balloon", NULL, NULL);
    virtio_driver_start(b->d[0], ~0ull, 1, 8);
    g_assert_cmpuint(request(b->d[0], PLUG, BASE, 1), ==, ACK);
    fill(b, 0, 3 * 4096);
    virtio_driver_start(d, ~0ull, 3, 8);
    virtio_driver_add(d, 0, &(VirtioBuffer){ virtio_driver_data(d, &pfn, 4), 4, false }, 1);
    virtio_driver_kick(d, 0);
    g_assert_cmphex(byte_at(b, 4095), ==, 0x5a);
    g_assert_cmphex(byte_at(b, 4096), ==, 0);
    g_assert_cmphex(byte_at(b, 8192), ==, 0x5a);
    g_assert_cmpuint(virtio_balloon_actual(virtio_balloon_find(b->rig->machine)), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-mem/two", test_two);
    g_test_add_func("/virtio-mem/inaccessible", test_inaccessible);
    g_test_add_func("/virtio-mem/resize", test_resize);
    g_test_add_func("/virtio-mem/requests", test_requests);
    g_test_add_func("/virtio-mem/discard", test_discard);
    g_test_add_func("/virtio-mem/prealloc", test_prealloc);
    g_test_add_func("/virtio-mem/broken", test_broken);
    g_test_add_func("/virtio-mem/reset", test_reset);
    g_test_add_func("/virtio-mem/bad-state", test_bad_state);
    g_test_add_func("/virtio-mem/balloon", test_balloon);
    return g_test_run();
}
