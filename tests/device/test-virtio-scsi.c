/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-scsi: configuration, queues, task management, events, invalid requests; always two
 * adapters.
 */
#include "config.h"
#include "hw/virtio/virtio-scsi.h"

#include <event2/thread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/block/disk.h"
#include "hw/machine/machine-aio.h"
#include "qmp/bytes.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qom/qapi-objects-disk.h"
#include "tests/lib/scsi-driver.h"

enum {
    SIZE = 1 << 20, NEEDS_RESET = 64,
    ABORT_TASK = 0, ABORT_TASK_SET = 1, CLEAR_ACA = 2, CLEAR_TASK_SET = 3, I_T_NEXUS_RESET = 4,
    LOGICAL_UNIT_RESET = 5, QUERY_TASK = 6, QUERY_TASK_SET = 7,
    S_OK = 0, S_ABORTED = 2, S_BAD_TARGET = 3, S_RESET = 4, S_FAILURE = 9, S_SUCCEEDED = 10,
    S_REJECTED = 11, S_INCORRECT_LUN = 12,
};

typedef struct {
    Rig *rig;
    VirtioDriver *virtio[2];
    Device *hba[2], *sd[2];
    ScsiDriver s[2];
    AioContext *aio;
    char *path;
    bool io;
} Bench;

static void make_node(Bench *b, const BlockdevOptions *options)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node = block_node_new(b->rig->root, options, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(object_prepare(&node->object, &error));
    g_assert_true(object_complete(&node->object, &error));
}

/* One that takes an hour for a request, one that takes no time, and a file. */
static void make_nodes(Bench *b)
{
    const BlockdevOptions slow = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"slow",
        .u.null_co = { .size = SIZE, .latency_ns = G_GUINT64_CONSTANT(3600000000000) },
    };
    const BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"null",
        .u.null_co = { .size = SIZE, .read_zeroes = true },
    };
    BlockdevOptions file = { .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file" };
    int fd;

    make_node(b, &slow);
    make_node(b, &null);
    b->path = g_strdup("/tmp/test-virtio-scsi-XXXXXX");
    fd = g_mkstemp(b->path);
    g_assert_cmpint(ftruncate(fd, SIZE), ==, 0);
    close(fd);
    file.u.file.filename = b->path;
    make_node(b, &file);
}

static void bench_init(Bench *b, gconstpointer data)
{
    AioContext *aio = aio_context_new(NULL, NULL);

    b->io = aio_enable_io(aio, NULL);
    aio_context_free(aio);
    b->rig = rig_new();
    b->aio = machine_aio(b->rig->machine, NULL, NULL);
    make_nodes(b);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *id = g_strdup_printf("hba%u", i);
        g_autofree char *sd = g_strdup_printf("sd%u", i);
        g_autofree char *bus = g_strdup_printf("hba%u.0", i);

        b->virtio[i] = virtio_driver_new(b->rig, i);
        b->hba[i] = rig_device(b->rig, "virtio-scsi-device", id, NULL, "num_queues", "2",
                               "virtqueue_size", "128", NULL);
        b->sd[i] = rig_device(b->rig, "scsi-hd", sd, NULL, "drive", i ? "null" : "slow", "bus",
                              bus, "scsi-id", "3", "lun", "2", NULL);
        g_assert_true(b->hba[i] && b->sd[i]);
        b->s[i] = (ScsiDriver){ .virtio = b->virtio[i], .aio = b->aio, .target = 3, .lun = 2 };
        scsi_driver_start(&b->s[i], 2);
        scsi_driver_clear(&b->s[i]);
    }
}

static void bench_clear(Bench *b, gconstpointer data)
{
    for (guint i = 0; i < 2; i++) {
        if (b->hba[i]) {
            device_unmake(b->hba[i]);
        }
        virtio_driver_free(b->virtio[i]);
    }
    rig_free(b->rig);
    unlink(b->path);
    g_free(b->path);
}

/* What is ready now, and not what takes an hour. */
static void turn(Bench *b)
{
    while (aio_poll(b->aio, false)) {
        continue;
    }
}

static guint64 send_read(Bench *b, guint i, guint queue)
{
    VirtioDriver *d = b->virtio[i];
    guint64 response = scsi_send(&b->s[i], queue, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0),
                                 virtio_driver_alloc(d, 512, 512), 512, true);

    turn(b);
    return response;
}

static guint8 ask(Bench *b, ScsiDriver *s, guint32 subtype, guint64 tag)
{
    guint64 response = scsi_manage(s, subtype, tag);

    turn(b);
    return scsi_byte(s, response);
}

/* ---- Configuration ---- */

static void test_config(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->virtio[0];

    g_assert_cmpuint(virtio_driver_config(d, 0, 4), ==, 2);
    g_assert_cmpuint(virtio_driver_config(d, 4, 4), ==, 126);
    g_assert_cmpuint(virtio_driver_config(d, 8, 4), ==, 65535);
    g_assert_cmpuint(virtio_driver_config(d, 12, 4), ==, 128);
    g_assert_cmpuint(virtio_driver_config(d, 16, 4), ==, 16);
    g_assert_cmpuint(virtio_driver_config(d, 20, 4), ==, 96);
    g_assert_cmpuint(virtio_driver_config(d, 24, 4), ==, 32);
    g_assert_cmpuint(virtio_driver_config(d, 28, 4), ==, 255 << 16);
    g_assert_cmpuint(virtio_driver_config(d, 32, 4), ==, 16383);
    g_assert_cmphex(d->features & 0xf, ==, 6);
    /* Two fields can be written. */
    virtio_driver_set_config(d, 0, 7, 4);
    virtio_driver_set_config(d, 20, 18, 4);
    virtio_driver_set_config(d, 24, 16, 4);
    g_assert_cmpuint(virtio_driver_config(d, 0, 4), ==, 2);
    g_assert_cmpuint(virtio_driver_config(d, 20, 4), ==, 18);
    g_assert_cmpuint(virtio_driver_config(d, 24, 4), ==, 16);
    g_assert_cmpuint(virtio_driver_config(b->virtio[1], 20, 4), ==, 96);
    /* Other values need another driver. */
    virtio_driver_set_config(d, 24, 256, 4);
    g_assert_true(virtio_driver_status(d) & NEEDS_RESET);
    rig_assert_guest_error(b->hba[0], "invalid size of sense data or commands");
    scsi_driver_start(&b->s[0], 2);
    g_assert_cmpuint(virtio_driver_config(d, 20, 4), ==, 96);
}

/* A command that is longer than what the driver sends of it. */
static void test_short_cdb(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->virtio[1];
    guint8 header[19 + 6] = { 1, 3, 0x40, 2 };
    guint64 response = virtio_driver_alloc(d, 12 + 8, 4);

    virtio_driver_set_config(d, 24, 6, 4);
    virtio_driver_set_config(d, 20, 8, 4);
    header[19] = 0x28;
    virtio_driver_add(d, SCSI_QUEUE, (VirtioBuffer[]){
        { virtio_driver_data(d, header, sizeof(header)), sizeof(header), false },
        { response, 20, true } }, 2);
    virtio_driver_kick(d, SCSI_QUEUE);
    turn(b);
    g_assert_true(virtio_driver_used(d, SCSI_QUEUE, NULL, NULL));
    g_assert_cmphex(get_le32(virtio_driver_ptr(d, response)), ==, 8);
    g_assert_cmphex(scsi_byte(&b->s[1], response + 10), ==, 2);
    g_assert_cmphex(scsi_byte(&b->s[1], response + 14), ==, 5);
}

/* ---- Requests ---- */

static void test_queues(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->virtio[1];
    guint32 length;

    for (guint i = 0; i < 2; i++) {
        guint64 response = send_read(b, 1, SCSI_QUEUE + i);

        g_assert_cmpuint(scsi_answer(&b->s[1], response).response, ==, S_OK);
        g_assert_true(virtio_driver_used(d, SCSI_QUEUE + i, NULL, &length));
        g_assert_cmpuint(length, ==, 108 + 512);
    }
    g_assert_false(virtio_driver_used(d, SCSI_QUEUE, NULL, NULL));
}

/* Header, response and data are split in any way, in the middle of each. */
static void test_layout(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->virtio[1];
    guint8 header[51] = { 1, 3, 0x40, 2 };
    guint64 request, in = virtio_driver_alloc(d, 108 + 600, 512);

    header[19] = 0x08;
    header[23] = 1;
    request = virtio_driver_data(d, header, sizeof(header));
    memset(virtio_driver_ptr(d, in), 0xee, 708);
    virtio_driver_add_indirect(d, SCSI_QUEUE, (VirtioBuffer[]){
        { request, 3, false }, { request + 3, 20, false }, { request + 23, 28, false },
        { in, 7, true }, { in + 7, 90, true }, { in + 97, 111, true }, { in + 208, 500, true },
    }, 7);
    virtio_driver_kick(d, SCSI_QUEUE);
    turn(b);
    g_assert_true(virtio_driver_used(d, SCSI_QUEUE, NULL, NULL));
    g_assert_cmphex(get_le32(virtio_driver_ptr(d, in)), ==, 0);
    g_assert_cmphex(get_le32(virtio_driver_ptr(d, in + 4)), ==, 88);
    g_assert_cmphex(get_le32(virtio_driver_ptr(d, in + 8)), ==, 0);
    g_assert_cmphex(scsi_byte(&b->s[1], in + 107), ==, 0xee);
    g_assert_cmphex(scsi_byte(&b->s[1], in + 108), ==, 0);
    g_assert_cmphex(scsi_byte(&b->s[1], in + 108 + 511), ==, 0);
    g_assert_cmphex(scsi_byte(&b->s[1], in + 108 + 512), ==, 0xee);
}

static guint8 response_to(Bench *b, const guint8 lun[8], bool both_ways)
{
    VirtioDriver *d = b->virtio[1];
    guint8 header[51 + 512] = { 0 };
    guint64 response = virtio_driver_alloc(d, 108 + 512, 4);

    memcpy(header, lun, 8);
    virtio_driver_add(d, SCSI_QUEUE, (VirtioBuffer[]){
        { virtio_driver_data(d, header, sizeof(header)), both_ways ? sizeof(header) : 51, false },
        { response, both_ways ? 108 + 512 : 108, true } }, 2);
    virtio_driver_kick(d, SCSI_QUEUE);
    turn(b);
    g_assert_true(virtio_driver_used(d, SCSI_QUEUE, NULL, NULL));
    return scsi_byte(&b->s[1], response + 11);
}

static void test_addresses(Bench *b, gconstpointer unused)
{
    g_assert_cmpuint(response_to(b, (guint8[8]){ 1, 3, 0x40, 2 }, false), ==, S_OK);
    g_assert_cmpuint(response_to(b, (guint8[8]){ 1, 3, 0, 2 }, false), ==, S_OK);
    g_assert_cmpuint(response_to(b, (guint8[8]){ 1, 4, 0, 2 }, false), ==, S_BAD_TARGET);
    g_assert_cmpuint(response_to(b, (guint8[8]){ 0, 3, 0, 2 }, false), ==, S_BAD_TARGET);
    g_assert_cmpuint(response_to(b, (guint8[8]){ 1, 3, 0x80, 2 }, false), ==, S_BAD_TARGET);
    g_assert_cmpuint(response_to(b, (guint8[8]){ 1, 3, 0, 2, 0, 1 }, false), ==, S_BAD_TARGET);
    g_assert_cmpuint(response_to(b, (guint8[8]){ 0xc1, 1 }, false), ==, S_BAD_TARGET);
    g_assert_cmpuint(response_to(b, (guint8[8]){ 1, 3, 0, 2 }, true), ==, S_FAILURE);
}

static void broken_by(Bench *b, guint queue, guint32 out, guint32 in, const char *why)
{
    VirtioDriver *d = b->virtio[1];
    VirtioBuffer buffers[2];
    guint n = 0;

    scsi_driver_start(&b->s[1], 2);
    if (out) {
        buffers[n++] = (VirtioBuffer){ virtio_driver_alloc(d, out, 4), out, false };
    }
    if (in) {
        buffers[n++] = (VirtioBuffer){ virtio_driver_alloc(d, in, 4), in, true };
    }
    virtio_driver_add(d, queue, buffers, n);
    virtio_driver_kick(d, queue);
    turn(b);
    g_assert_true(virtio_driver_status(d) & NEEDS_RESET);
    rig_assert_guest_error(b->hba[1], why);
}

static void test_broken(Bench *b, gconstpointer unused)
{
    broken_by(b, SCSI_QUEUE, 50, 108, "shorter than its header and its response");
    broken_by(b, SCSI_QUEUE, 51, 107, "shorter than its header and its response");
    broken_by(b, 0, 3, 1, "has no type");
    broken_by(b, 0, 23, 1, "task management is too short");
    broken_by(b, 0, 24, 0, "task management is too short");
    scsi_driver_start(&b->s[1], 2);
    g_assert_cmpuint(scsi_answer(&b->s[1], send_read(b, 1, SCSI_QUEUE)).response, ==, S_OK);
}

/* ---- Task management ---- */

static void test_query(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->s[0];
    ScsiDriver none = *s;

    g_assert_cmpuint(ask(b, s, QUERY_TASK_SET, 0), ==, S_OK);
    send_read(b, 0, SCSI_QUEUE);
    g_assert_cmpuint(ask(b, s, QUERY_TASK_SET, 0), ==, S_SUCCEEDED);
    g_assert_cmpuint(ask(b, s, QUERY_TASK, s->tag), ==, S_SUCCEEDED);
    g_assert_cmpuint(ask(b, s, QUERY_TASK, s->tag + 1), ==, S_OK);
    g_assert_cmpuint(ask(b, s, CLEAR_ACA, 0), ==, S_REJECTED);
    g_assert_cmpuint(ask(b, s, 77, 0), ==, S_REJECTED);
    none.lun = 1;
    g_assert_cmpuint(ask(b, &none, QUERY_TASK_SET, 0), ==, S_INCORRECT_LUN);
    none.target = 1;
    g_assert_cmpuint(ask(b, &none, QUERY_TASK_SET, 0), ==, S_BAD_TARGET);
}

/* An hour passes. */
static void finish(Bench *b)
{
    block_front_drain(&to_disk(b->sd[0])->front);
    turn(b);
}

/* Commands that are aborted are answered first, and not before the host has done them. */
static void test_abort(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->s[0];
    guint64 first = send_read(b, 0, SCSI_QUEUE), tag = s->tag;
    guint64 second = send_read(b, 0, SCSI_QUEUE + 1);
    guint64 one, all;

    g_assert_cmpuint(ask(b, s, ABORT_TASK, 12345), ==, S_OK);
    one = scsi_manage(s, ABORT_TASK, tag);
    turn(b);
    g_assert_cmpuint(ask(b, s, QUERY_TASK, tag), ==, S_OK);
    g_assert_cmpuint(ask(b, s, QUERY_TASK_SET, 0), ==, S_SUCCEEDED);
    all = scsi_manage(s, ABORT_TASK_SET, 0);
    turn(b);
    g_assert_cmpuint(scsi_byte(s, one), ==, SCSI_PENDING);
    g_assert_cmpuint(scsi_byte(s, all), ==, SCSI_PENDING);
    g_assert_cmpuint(scsi_answer(s, first).response, ==, SCSI_PENDING);
    finish(b);
    g_assert_cmpuint(scsi_answer(s, first).response, ==, S_ABORTED);
    g_assert_cmpuint(scsi_answer(s, second).response, ==, S_ABORTED);
    g_assert_cmpuint(scsi_byte(s, one), ==, S_OK);
    g_assert_cmpuint(scsi_byte(s, all), ==, S_OK);
    g_assert_cmpuint(ask(b, s, CLEAR_TASK_SET, 0), ==, S_OK);
}

/* A disk that is being unplugged: no command reaches it, but a task that aborts its commands
 * waits for them nevertheless. */
static void test_abort_unplugged(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->s[0];
    guint64 read = send_read(b, 0, SCSI_QUEUE), abort = scsi_manage(s, ABORT_TASK_SET, 0);
    Device *sd = b->sd[0];

    turn(b);
    g_assert_true(((const BusOps *)object_kind(sd->bus))->unplug_request(sd->bus, sd, NULL));
    turn(b);
    g_assert_cmpuint(scsi_answer(s, send_read(b, 0, SCSI_QUEUE)).response, ==, S_BAD_TARGET);
    g_assert_cmpuint(ask(b, s, QUERY_TASK_SET, 0), ==, S_BAD_TARGET);
    g_assert_cmpuint(scsi_byte(s, abort), ==, SCSI_PENDING);
    finish(b);
    g_assert_cmpuint(scsi_answer(s, read).response, ==, S_ABORTED);
    g_assert_cmpuint(scsi_byte(s, abort), ==, S_OK);
}

static void test_resets(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->s[0];
    guint64 read, reset;

    for (guint i = 0; i < 2; i++) {
        read = send_read(b, 0, SCSI_QUEUE);
        reset = scsi_manage(s, i ? I_T_NEXUS_RESET : LOGICAL_UNIT_RESET, 0);
        turn(b);
        g_assert_cmpuint(scsi_byte(s, reset), ==, SCSI_PENDING);
        /* One that comes later is not aborted: it finds the news. */
        g_assert_cmphex(scsi_answer(s, send_read(b, 0, SCSI_QUEUE)).sense, ==, 0x062903);
        finish(b);
        g_assert_cmpuint(scsi_answer(s, read).response, ==, S_RESET);
        g_assert_cmpuint(scsi_byte(s, reset), ==, S_OK);
    }
    /* The other adapter's disk has noticed nothing. */
    g_assert_cmphex(scsi_answer(&b->s[1], send_read(b, 1, SCSI_QUEUE)).sense, ==, 0);
}

/* A machine is reset while a command is in flight: afterwards the guest's memory is not
 * written to. */
static void test_machine_reset(Bench *b, gconstpointer unused)
{
    guint64 read = send_read(b, 0, SCSI_QUEUE), abort = scsi_manage(&b->s[0], ABORT_TASK_SET, 0);
    guint8 *p = virtio_driver_ptr(b->virtio[0], read);

    turn(b);
    rig_reset(b->rig);
    memset(p, 0x99, 12);
    *(guint8 *)virtio_driver_ptr(b->virtio[0], abort) = 0x99;
    finish(b);
    for (guint i = 0; i < 12; i++) {
        g_assert_cmphex(p[i], ==, 0x99);
    }
    g_assert_cmphex(scsi_byte(&b->s[0], abort), ==, 0x99);
    scsi_driver_start(&b->s[0], 2);
    g_assert_cmpuint(ask(b, &b->s[0], QUERY_TASK_SET, 0), ==, S_OK);
    g_assert_cmphex(scsi_answer(&b->s[0], send_read(b, 0, SCSI_QUEUE)).sense, ==, 0x062900);
}

/* A driver may ask for notifications: it gets none. */
static void test_notifications(Bench *b, gconstpointer unused)
{
    VirtioDriver *d = b->virtio[1];

    for (guint type = 1; type < 3; type++) {
        guint8 request[16] = { type };
        guint64 response = virtio_driver_alloc(d, 5, 1);

        memset(virtio_driver_ptr(d, response), 0xee, 5);
        virtio_driver_add(d, 0, (VirtioBuffer[]){
            { virtio_driver_data(d, request, sizeof(request)), sizeof(request), false },
            { response, 5, true } }, 2);
        virtio_driver_kick(d, 0);
        turn(b);
        g_assert_true(virtio_driver_used(d, 0, NULL, NULL));
        g_assert_cmphex(get_le32(virtio_driver_ptr(d, response)), ==, 0);
        g_assert_cmphex(scsi_byte(&b->s[1], response + 4), ==, 0);
    }
}

/* ---- Plugging ---- */

static void test_plug(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->s[1];
    guint32 event, reason;
    guint target;
    Device *cd;

    rig_pci_hotplug(b->rig);
    cd = rig_device(b->rig, "scsi-cd", "cd", NULL, "bus", "hba1.0", "scsi-id", "3", NULL);
    g_assert_nonnull(cd);
    turn(b);
    g_assert_true(scsi_event(s, &event, &target, &reason));
    g_assert_cmphex(event, ==, 1);
    g_assert_cmpuint(target, ==, 3);
    g_assert_cmpuint(reason, ==, 1);
    g_assert_cmphex(scsi_answer(s, send_read(b, 1, SCSI_QUEUE)).sense, ==, 0x063f0e);
    g_assert_true(((const BusOps *)object_kind(cd->bus))->unplug_request(cd->bus, cd, NULL));
    turn(b);
    g_assert_true(scsi_event(s, &event, &target, &reason));
    g_assert_cmphex(event, ==, 1);
    g_assert_cmpuint(reason, ==, 2);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->removals, ==, 1);
    g_assert_cmpuint(ask(b, &(ScsiDriver){ .virtio = s->virtio, .target = 3, .lun = 0 },
                         QUERY_TASK_SET, 0), ==, S_INCORRECT_LUN);
    g_assert_false(scsi_event(&b->s[0], &event, &target, &reason));
}

/* Without a buffer, the next event says that some were missed. */
static void test_missed(Bench *b, gconstpointer unused)
{
    ScsiDriver *s = &b->s[1];
    VirtioDriver *d = s->virtio;
    guint32 event, reason;
    guint target, n = 0;

    rig_pci_hotplug(b->rig);
    for (guint i = 0; i < 6; i++) {
        g_autofree char *id = g_strdup_printf("cd%u", i);

        g_assert_nonnull(rig_device(b->rig, "scsi-cd", id, NULL, "bus", "hba1.0", NULL));
    }
    turn(b);
    while (scsi_event(s, &event, &target, &reason)) {
        g_assert_cmphex(event, ==, 1);
        n++;
    }
    g_assert_cmpuint(n, ==, 4);
    virtio_driver_add(d, 1, &(VirtioBuffer){ virtio_driver_alloc(d, 16, 4), 16, true }, 1);
    virtio_driver_kick(d, 1);
    turn(b);
    g_assert_true(scsi_event(s, &event, &target, &reason));
    g_assert_cmphex(event, ==, 0x80000000);
}

/* A disk goes while it has a command in flight, which is answered; the adapter stays. */
static void test_removal(Bench *b, gconstpointer unused)
{
    guint64 read = send_read(b, 0, SCSI_QUEUE);

    device_unmake(b->sd[0]);
    turn(b);
    g_assert_cmpuint(scsi_answer(&b->s[0], read).response, ==, S_OK);
    g_assert_cmpuint(scsi_answer(&b->s[0], send_read(b, 0, SCSI_QUEUE)).response, ==,
                     S_BAD_TARGET);
}

/* An adapter goes with its disk while that has a command in flight. */
static void test_adapter_removal(Bench *b, gconstpointer unused)
{
    send_read(b, 0, SCSI_QUEUE);
    device_unmake(b->hba[0]);
    b->hba[0] = NULL;
    g_assert_cmpuint(scsi_answer(&b->s[1], send_read(b, 1, SCSI_QUEUE)).response, ==, S_OK);
}

/* ---- Errors of the host ---- */

static ScsiAnswer write_beyond_limit(Bench *b, ScsiDriver *s)
{
    struct rlimit old, limit;
    guint8 data[512] = { 1 };
    ScsiAnswer answer;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){ 4096, old.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    answer = scsi_answer(s, scsi_send(s, SCSI_QUEUE, CDB(0x0a, 0, 1, 0, 1, 0),
                                      virtio_driver_data(s->virtio, data, 512), 512, false));
    scsi_poll(s);
    setrlimit(RLIMIT_FSIZE, &old);
    return answer;
}

static ScsiDriver file_disk(Bench *b, const char *werror)
{
    g_autoptr(GError) error = NULL;
    ScsiDriver s = { .virtio = b->virtio[0], .aio = b->aio, .target = 5 };

    device_unmake(b->sd[0]);
    b->sd[0] = rig_device(b->rig, "scsi-hd", "sdf", &error, "drive", "file", "bus", "hba0.0",
                          "scsi-id", "5", "werror", werror, NULL);
    g_assert_no_error(error);
    scsi_driver_clear(&s);
    return s;
}

static void test_error(Bench *b, gconstpointer unused)
{
    guint8 data[512] = { 1 };
    struct rlimit old, limit;
    ScsiAnswer answer;
    ScsiDriver s;

    if (!b->io) {
        g_test_skip("the host denies io_uring");
        return;
    }
    s = file_disk(b, "report");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){ 4096, old.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    answer = scsi_command(&s, CDB(0x0a, 0, 1, 0, 1, 0), data, 512, false);
    setrlimit(RLIMIT_FSIZE, &old);
    g_assert_cmphex(answer.sense, ==, 0x030c00);
    g_assert_cmpuint(answer.residual, ==, 512);
}

/* A request that was kept is answered when the disk goes, and dropped by a reset. */
static void test_kept(Bench *b, gconstpointer unused)
{
    ScsiDriver s;

    if (!b->io) {
        g_test_skip("the host denies io_uring");
        return;
    }
    s = file_disk(b, "stop");
    g_assert_cmpuint(write_beyond_limit(b, &s).response, ==, SCSI_PENDING);
    rig_deliver(b->rig);
    g_assert_cmpuint(b->rig->stops, ==, 1);
    g_assert_false(virtio_driver_used(b->virtio[0], SCSI_QUEUE + 1, NULL, NULL));
    rig_reset(b->rig);
    scsi_driver_start(&s, 2);
    scsi_driver_clear(&s);
    g_assert_cmpuint(write_beyond_limit(b, &s).response, ==, SCSI_PENDING);
    device_unmake(b->sd[0]);
    scsi_poll(&s);
    g_assert_true(virtio_driver_used(b->virtio[0], SCSI_QUEUE, NULL, NULL));
}

/* ---- Properties ---- */

static void refuse(Bench *b, const char *property, const char *value)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(b->rig, "scsi-cd", "x", &error, "bus", "hba0.0", property, value,
                             NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

static void test_properties(Bench *b, gconstpointer unused)
{
    g_autoptr(VirtioDriver) third = virtio_driver_new(b->rig, 2);
    g_autoptr(GError) error = NULL;
    Device *cd;

    refuse(b, "channel", "1");
    refuse(b, "scsi-id", "256");
    refuse(b, "lun", "16384");
    g_assert_null(rig_device(b->rig, "scsi-cd", "x", &error, "bus", "hba0.0", "scsi-id", "3", "lun",
                             "2", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    /* The first LUN of a target, the first target with a LUN. */
    cd = rig_device(b->rig, "scsi-cd", "a", NULL, "bus", "hba0.0", "scsi-id", "3", NULL);
    g_assert_nonnull(cd);
    g_autofree char *path = device_boot_path(cd);
    g_assert_cmpstr(path, ==, "channel@0/disk@3,0");
    cd = rig_device(b->rig, "scsi-cd", "b", NULL, "bus", "hba0.0", "lun", "2", NULL);
    g_autofree char *second = device_boot_path(cd);
    g_assert_cmpstr(second, ==, "channel@0/disk@0,2");
    g_clear_error(&error);
    g_assert_null(rig_device(b->rig, "virtio-scsi-device", "x", &error, "virtqueue_size", "100",
                             NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*f)(Bench *, gconstpointer);
    } tests[] = {
        { "/virtio-scsi/config", test_config },
        { "/virtio-scsi/short-cdb", test_short_cdb },
        { "/virtio-scsi/queues", test_queues },
        { "/virtio-scsi/layout", test_layout },
        { "/virtio-scsi/addresses", test_addresses },
        { "/virtio-scsi/broken", test_broken },
        { "/virtio-scsi/query", test_query },
        { "/virtio-scsi/abort", test_abort },
        { "/virtio-scsi/abort-unplugged", test_abort_unplugged },
        { "/virtio-scsi/resets", test_resets },
        { "/virtio-scsi/machine-reset", test_machine_reset },
        { "/virtio-scsi/notifications", test_notifications },
        { "/virtio-scsi/plug", test_plug },
        { "/virtio-scsi/missed", test_missed },
        { "/virtio-scsi/removal", test_removal },
        { "/virtio-scsi/adapter-removal", test_adapter_removal },
        { "/virtio-scsi/error", test_error },
        { "/virtio-scsi/kept", test_kept },
        { "/virtio-scsi/properties", test_properties },
    };

    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Bench, NULL, bench_init, tests[i].f, bench_clear);
    }
    return g_test_run();
}
