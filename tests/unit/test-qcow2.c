/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2 images: one that the test writes byte by byte, and requests from several threads at
 * once.  What other programs make of images is in tests/system/qcow2.py.
 */
#include "config.h"

#include <errno.h>
#include <event2/thread.h>
#include <string.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "hw/block/qcow2-header.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "tests/lib/rig.h"

enum {
    CLUSTER = 4096,
    N_CLUSTERS = 1024,          /* of the disk */
    ROUNDS = 400,
    N_THREADS = 3,
};

typedef struct {
    Rig *rig;
    char *path;
} Bench;

/* ---- An image ---- */

/* Header, refcount table, its block, L1 table: a cluster each. */
static void fill_image(guint8 *image)
{
    qcow2_put32(image, 0x514649fb);
    qcow2_put32(image + 4, 3);
    qcow2_put32(image + 20, 12);
    qcow2_put64(image + 24, (guint64)N_CLUSTERS * CLUSTER);
    qcow2_put32(image + 36, 2);
    qcow2_put64(image + 40, 3 * CLUSTER);
    qcow2_put64(image + 48, CLUSTER);
    qcow2_put32(image + 56, 1);
    qcow2_put32(image + 96, 4);
    qcow2_put32(image + 100, 104);
    qcow2_put64(image + CLUSTER, 2 * CLUSTER);
    for (guint i = 0; i < 4; i++) {
        image[2 * CLUSTER + 2 * i + 1] = 1;
    }
}

static void bench_init(Bench *b, gconstpointer data)
{
    g_autofree guint8 *image = g_malloc0(4 * CLUSTER);
    int fd;

    b->rig = rig_new();
    object_container(b->rig->root, "block-nodes");
    b->path = g_strdup("/tmp/test-qcow2-XXXXXX");
    fd = g_mkstemp(b->path);
    g_assert_cmpint(fd, >=, 0);
    fill_image(image);
    g_assert_cmpint(write(fd, image, 4 * CLUSTER), ==, 4 * CLUSTER);
    close(fd);
}

static void bench_clear(Bench *b, gconstpointer data)
{
    rig_free(b->rig);
    unlink(b->path);
    g_free(b->path);
}

static BlockNode *make(Bench *b, const BlockdevOptions *options, GError **error)
{
    BlockNode *node = block_node_new(b->rig->root, options, NULL, error);

    if (!node) {
        return NULL;
    }
    if (!object_prepare(&node->object, error) || !object_complete(&node->object, error)) {
        object_destroy(&node->object);
        return NULL;
    }
    return node;
}

static BlockNode *make_image(Bench *b, GError **error)
{
    BlockdevRef ref = { .type = BLOCKDEV_REF_REFERENCE, .u.reference = (char *)"file" };
    const BlockdevOptions file = {
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = (char *)"file", .has_discard = true,
        .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP, .u.file = { .filename = b->path },
    };
    const BlockdevOptions image = {
        .driver = BLOCKDEV_DRIVER_QCOW2, .node_name = (char *)"image", .has_discard = true,
        .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP, .u.qcow2 = { .file = &ref },
    };

    g_assert_nonnull(make(b, &file, NULL));
    return make(b, &image, error);
}

static bool has_io(void)
{
    AioContext *aio = aio_context_new(NULL, NULL);
    bool ok = aio_enable_io(aio, NULL);

    aio_context_free(aio);
    if (!ok) {
        g_test_skip("the host denies io_uring");
    }
    return ok;
}

/* ---- Requests ---- */

typedef struct {
    BlockRequest block;
    bool done;
    int error;
} Request;

static void request_done(BlockRequest *block, int error)
{
    ((Request *)block)->done = true;
    ((Request *)block)->error = error;
}

static int run(AioContext *aio, BlockNode *node, BlockOp op, guint64 offset, void *data)
{
    struct iovec iov = { data, CLUSTER };
    Request request = {
        .block = { .op = op, .offset = offset, .bytes = CLUSTER, .iov = &iov, .n_iov = !!data,
                   .done = request_done },
    };

    block_submit(node, aio, &request.block);
    while (!request.done) {
        aio_poll(aio, true);
    }
    return request.error;
}

static void check(AioContext *aio, BlockNode *node, guint cluster, guint8 byte)
{
    guint8 data[CLUSTER];

    memset(data, ~byte, sizeof(data));
    g_assert_cmpint(run(aio, node, BLOCK_OP_READ, (guint64)cluster * CLUSTER, data), ==, 0);
    for (guint i = 0; i < CLUSTER; i++) {
        g_assert_cmphex(data[i], ==, byte);
    }
}

/* ---- Threads ---- */

typedef struct {
    BlockNode *node;
    guint number;
    guint8 bytes[N_CLUSTERS];   /* what should be there, in its own clusters */
} Worker;

/* Writes, discards and reads every third cluster: neighbours in tables are others'. */
static void *work(void *opaque)
{
    Worker *w = opaque;
    AioContext *aio = aio_context_new(NULL, NULL);
    g_autoptr(GRand) rand = g_rand_new_with_seed(w->number);

    g_assert_true(aio_enable_io(aio, NULL));
    for (guint i = 0; i < ROUNDS; i++) {
        guint cluster = g_rand_int_range(rand, 0, N_CLUSTERS / N_THREADS) * N_THREADS + w->number;
        bool discard = g_rand_int_range(rand, 0, 4) == 0;
        guint8 data[CLUSTER];

        w->bytes[cluster] = discard ? 0 : g_rand_int_range(rand, 1, 256);
        memset(data, w->bytes[cluster], sizeof(data));
        g_assert_cmpint(run(aio, w->node, discard ? BLOCK_OP_DISCARD : BLOCK_OP_WRITE,
                            (guint64)cluster * CLUSTER, data), ==, 0);
        if (i % 16 == 0) {
            g_assert_cmpint(run(aio, w->node, BLOCK_OP_FLUSH, 0, NULL), ==, 0);
        }
        check(aio, w->node, cluster, w->bytes[cluster]);
    }
    for (guint cluster = w->number; cluster < N_CLUSTERS; cluster += N_THREADS) {
        check(aio, w->node, cluster, w->bytes[cluster]);
    }
    while (aio_poll(aio, false)) {
        continue;
    }
    aio_context_free(aio);
    return NULL;
}

static void test_threads(Bench *b, gconstpointer data)
{
    GThread *threads[N_THREADS];
    Worker workers[N_THREADS] = { { .number = 0 } };
    g_autoptr(GError) error = NULL;
    BlockNode *node;

    if (!has_io()) {
        return;
    }
    node = make_image(b, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(block_node_size(node), ==, (guint64)N_CLUSTERS * CLUSTER);
    for (guint i = 0; i < N_THREADS; i++) {
        workers[i].node = node;
        workers[i].number = i;
        threads[i] = g_thread_new("disk", work, &workers[i]);
    }
    for (guint i = 0; i < N_THREADS; i++) {
        g_thread_join(threads[i]);
    }
}

/* ---- Who uses what ---- */

static void test_users(Bench *b, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    BlockdevRef ref = { .type = BLOCKDEV_REF_REFERENCE, .u.reference = (char *)"file" };
    const BlockdevOptions raw = {
        .driver = BLOCKDEV_DRIVER_RAW, .node_name = (char *)"raw", .u.raw = { .file = &ref },
    };
    BlockNode *node, *file;

    if (!has_io()) {
        return;
    }
    node = make_image(b, &error);
    g_assert_no_error(error);
    file = node->file;
    g_assert_null(make(b, &raw, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    g_assert_null(block_resize_begin(file, 0, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    g_assert_false(object_may_delete(&file->object, NULL));
    object_destroy(&node->object);
    g_assert_true(object_may_delete(&file->object, &error));
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_WARNING, "*begins as an image in format qcow2*");
    g_assert_nonnull(make(b, &raw, &error));
    g_test_assert_expected_messages();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    g_test_add("/qcow2/threads", Bench, NULL, bench_init, test_threads, bench_clear);
    g_test_add("/qcow2/users", Bench, NULL, bench_init, test_users, bench_clear);
    return g_test_run();
}
