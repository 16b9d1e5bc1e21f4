/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block nodes on files: requests, limits of files, locks, and who may use what.
 */
#include "config.h"
#include "hw/block/block.h"

#include <event2/thread.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/block/file-lock.h"
#include "hw/block/leaky-bucket.h"
#include "hw/block/throttle-group.h"
#include "qmp/error.h"
#include "qmp/qapi-types-block.h"
#include "qmp/value.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "qom/qapi-objects-block.h"
#include "tests/lib/rig.h"

enum { SIZE = 1 << 20 };

typedef struct {
    Rig *rig;
    AioContext *aio;
    char *folder;
    bool io;                    /* the host has io_uring */
} Bench;

static void bench_init(Bench *b, gconstpointer data)
{
    b->rig = rig_new();
    b->aio = aio_context_new(NULL, NULL);
    b->io = aio_enable_io(b->aio, NULL);
    b->folder = g_dir_make_tmp("test-hw-block-XXXXXX", NULL);
    object_container(b->rig->root, "block-nodes");
}

static void bench_clear(Bench *b, gconstpointer data)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", b->folder);

    rig_free(b->rig);
    aio_context_free(b->aio);
    g_assert_cmpint(system(command), ==, 0);
    g_free(b->folder);
}

static char *make_file(const Bench *b, const char *name, gsize size)
{
    char *path = g_build_filename(b->folder, name, NULL);
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    g_assert_cmpint(ftruncate(fd, size), ==, 0);
    close(fd);
    return path;
}

static BlockNode *make(const Bench *b, const BlockdevOptions *options, GError **error)
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

static BlockdevOptions file_options(char *name, char *path)
{
    return (BlockdevOptions){
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = name,
        .u.file = { .filename = path, .locking = ON_OFF_AUTO_AUTO },
    };
}

static BlockNode *make_file_node(const Bench *b, char *name, gsize size)
{
    g_autofree char *path = make_file(b, name, size);
    BlockdevOptions options = file_options(name, path);
    g_autoptr(GError) error = NULL;
    BlockNode *node = make(b, &options, &error);

    g_assert_no_error(error);
    return node;
}

/* ---- Requests ---- */

typedef struct {
    BlockRequest block;
    bool done;
    int error;
} Request;

static void request_done(BlockRequest *block, int error)
{
    Request *request = (Request *)block;

    g_assert_false(request->done);
    request->done = true;
    request->error = error;
}

/* Runs one request over vectors to its end; returns its error. */
static int run_vectors(const Bench *b, BlockNode *node, BlockOp op, guint flags, guint64 offset,
                       guint64 bytes, struct iovec *iov, guint n)
{
    Request request = {
        .block = { .op = op, .flags = flags, .offset = offset, .bytes = bytes, .iov = iov,
                   .n_iov = n, .done = request_done },
    };
    g_autofree struct iovec *before = g_memdup2(iov, n * sizeof(*iov));

    block_submit(node, b->aio, &request.block);
    while (!request.done) {
        aio_poll(b->aio, true);
    }
    if (n) {
        g_assert_cmpmem(iov, n * sizeof(*iov), before, n * sizeof(*iov));
    }
    return request.error;
}

static int run(const Bench *b, BlockNode *node, BlockOp op, guint64 offset, void *data, gsize size)
{
    struct iovec iov = { data, size };

    return run_vectors(b, node, op, 0, offset, size, data ? &iov : NULL, data ? 1 : 0);
}

static void check_bytes(const Bench *b, BlockNode *node, guint64 offset, guint8 byte, gsize size)
{
    g_autofree guint8 *data = g_malloc(size);

    memset(data, ~byte, size);
    g_assert_cmpint(run(b, node, BLOCK_OP_READ, offset, data, size), ==, 0);
    for (gsize i = 0; i < size; i++) {
        g_assert_cmphex(data[i], ==, byte);
    }
}

static void fill(const Bench *b, BlockNode *node, guint64 offset, guint8 byte, gsize size)
{
    g_autofree guint8 *data = g_malloc(size);

    memset(data, byte, size);
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE, offset, data, size), ==, 0);
}

static bool need_io(const Bench *b)
{
    if (!b->io) {
        g_test_skip("the host denies io_uring");
    }
    return b->io;
}

static void test_file(Bench *b, gconstpointer data)
{
    BlockNode *node = make_file_node(b, (char *)"f", SIZE);
    guint8 byte = 0;

    if (!need_io(b)) {
        return;
    }
    fill(b, node, 4096, 0x5a, 8192);
    check_bytes(b, node, 4096, 0x5a, 8192);
    check_bytes(b, node, 0, 0, 4096);
    g_assert_cmpuint(node->highest_write, ==, 12288);
    g_assert_cmpint(run(b, node, BLOCK_OP_FLUSH, 0, NULL, 0), ==, 0);
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE_ZEROES, 4096, NULL, 4096), ==, 0);
    check_bytes(b, node, 4096, 0, 4096);
    check_bytes(b, node, 8192, 0x5a, 4096);
    /* From the disk, not from the page cache. */
    {
        g_autofree char *path = block_node_filename(node);
        int fd = open(path, O_RDONLY);

        fsync(fd);
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        check_bytes(b, node, 8192, 0x5a, 4096);
        close(fd);
    }
    /* Out of range, and at the very end of all numbers. */
    g_assert_cmpint(run(b, node, BLOCK_OP_READ, SIZE, &byte, 1), ==, EIO);
    g_assert_cmpint(run(b, node, BLOCK_OP_READ, SIZE - 1, &byte, 1), ==, 0);
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE, G_MAXUINT64, &byte, 1), ==, EIO);
    g_assert_cmpint(run(b, node, BLOCK_OP_DISCARD, 0, NULL, G_MAXUINT64), ==, EIO);
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE_ZEROES, 1, NULL, G_MAXUINT64), ==, EIO);
    /* Nothing is discarded unless it shall be. */
    g_assert_cmpint(run(b, node, BLOCK_OP_DISCARD, 8192, NULL, 4096), ==, 0);
    check_bytes(b, node, 8192, 0x5a, 4096);
}

/* More vectors than the kernel takes at once, and what it gives back in parts. */
static void test_vectors(Bench *b, gconstpointer data)
{
    enum { N = 3000 };
    BlockNode *node = make_file_node(b, (char *)"f", SIZE);
    g_autofree guint8 *bytes = g_malloc(N * 7), *copy = g_malloc0(N * 7);
    g_autofree struct iovec *iov = g_new(struct iovec, N);

    if (!need_io(b)) {
        return;
    }
    for (guint i = 0; i < N; i++) {
        memset(bytes + i * 7, i, 7);
        iov[i] = (struct iovec){ bytes + i * 7, 7 };
    }
    g_assert_cmpint(run_vectors(b, node, BLOCK_OP_WRITE, BLOCK_FUA, 3, N * 7, iov, N), ==, 0);
    for (guint i = 0; i < N; i++) {
        iov[i].iov_base = copy + i * 7;
    }
    g_assert_cmpint(run_vectors(b, node, BLOCK_OP_READ, 0, 3, N * 7, iov, N), ==, 0);
    g_assert_cmpmem(bytes, N * 7, copy, N * 7);
    /* A file that became shorter under us reads as zeros behind its end. */
    {
        g_autofree char *path = block_node_filename(node);

        g_assert_cmpint(truncate(path, 3 + 10), ==, 0);
    }
    memset(copy, 1, N * 7);
    g_assert_cmpint(run_vectors(b, node, BLOCK_OP_READ, 0, 3, N * 7, iov, N), ==, 0);
    g_assert_cmpmem(bytes, 10, copy, 10);
    for (guint i = 10; i < N * 7; i++) {
        g_assert_cmphex(copy[i], ==, 0);
    }
}

static void test_direct(Bench *b, gconstpointer data)
{
    g_autofree char *path = make_file(b, "f", SIZE);
    BlockdevCacheOptions cache = { .has_direct = true, .direct = true };
    BlockdevOptions options = file_options((char *)"f", path);
    g_autofree guint8 *block = NULL;
    g_autoptr(GError) error = NULL;
    struct iovec iov[3];
    BlockNode *node;

    options.cache = &cache;
    node = make(b, &options, &error);
    if (!node || !b->io) {
        g_test_skip("no direct I/O here");
        return;
    }
    g_assert_cmpuint(node->alignment, >=, 1);
    /* Buffers at odd addresses, of odd sizes, are copied. */
    block = g_malloc0(8192 + 1);
    memset(block + 1, 0x77, 8192);
    iov[0] = (struct iovec){ block + 1, 1001 };
    iov[1] = (struct iovec){ block + 1002, 3 };
    iov[2] = (struct iovec){ block + 1005, 8192 - 1004 };
    g_assert_cmpint(run_vectors(b, node, BLOCK_OP_WRITE, 0, 4096, 8192, iov, 3), ==, 0);
    memset(block, 0, 8193);
    g_assert_cmpint(run_vectors(b, node, BLOCK_OP_READ, 0, 4096, 8192, iov, 3), ==, 0);
    for (guint i = 1; i <= 8192; i++) {
        g_assert_cmphex(block[i], ==, 0x77);
    }
    if (node->alignment > 1) {
        g_assert_cmpint(run(b, node, BLOCK_OP_READ, 1, block, 16), ==, EIO);
    }
}

static void test_read_only(Bench *b, gconstpointer data)
{
    g_autofree char *path = make_file(b, "f", SIZE);
    BlockdevOptions options = file_options((char *)"f", path);
    BlockdevOptionsRaw *raw;
    BlockdevRef ref = { .type = BLOCKDEV_REF_REFERENCE, .u.reference = (char *)"f" };
    BlockdevOptions above = { .driver = BLOCKDEV_DRIVER_RAW, .node_name = (char *)"r" };
    g_autoptr(GError) error = NULL;
    BlockNode *node;
    guint8 byte = 0;

    options.has_read_only = options.read_only = true;
    node = make(b, &options, NULL);
    g_assert_nonnull(node);
    g_assert_true(node->read_only);
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE, 0, &byte, 1), ==, EROFS);
    raw = &above.u.raw;
    raw->file = &ref;
    g_assert_null(make(b, &above, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    above.auto_read_only = true;
    node = make(b, &above, NULL);
    g_assert_nonnull(node);
    g_assert_true(node->read_only);
}

static void test_limit(Bench *b, gconstpointer data)
{
    BlockNode *node = make_file_node(b, (char *)"f", SIZE);
    g_autofree guint8 *bytes = g_malloc0(65536);
    struct rlimit limit, old;

    if (!need_io(b)) {
        return;
    }
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){ 8192, old.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE, 16384, bytes, 4096), ==, EFBIG);
    /* The part that fits does not make it a success. */
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE, 4096, bytes, 65536), ==, EFBIG);
    setrlimit(RLIMIT_FSIZE, &old);
    g_assert_cmpint(run(b, node, BLOCK_OP_WRITE, 4096, bytes, 65536), ==, 0);
}

static guint64 allocated(BlockNode *node)
{
    return block_node_actual_size(node);
}

static void test_zeros(Bench *b, gconstpointer data)
{
    g_autofree char *path = make_file(b, "f", SIZE);
    BlockdevOptions options = file_options((char *)"f", path);
    BlockNode *node;

    options.has_discard = true;
    options.discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP;
    options.detect_zeroes = BLOCKDEV_DETECT_ZEROES_OPTIONS_UNMAP;
    node = make(b, &options, NULL);
    g_assert_nonnull(node);
    if (!need_io(b)) {
        return;
    }
    fill(b, node, 0, 1, SIZE);
    g_assert_cmpint(run(b, node, BLOCK_OP_FLUSH, 0, NULL, 0), ==, 0);
    g_assert_cmpuint(allocated(node), >=, SIZE);
    fill(b, node, 0, 0, SIZE / 2);
    check_bytes(b, node, 0, 0, SIZE / 2);
    g_assert_cmpuint(allocated(node), <=, SIZE / 2 + 65536);
    g_assert_cmpint(run(b, node, BLOCK_OP_DISCARD, SIZE / 2, NULL, SIZE / 4), ==, 0);
    g_assert_cmpuint(allocated(node), <=, SIZE / 4 + 65536);
    check_bytes(b, node, SIZE / 4 * 3, 1, SIZE / 4);
}

/* tmpfs has no quick way to write zeros that stay allocated. */
static void test_slow_zeros(Bench *b, gconstpointer data)
{
    char path[] = "/dev/shm/test-hw-block-XXXXXX";
    int fd = g_mkstemp(path);
    BlockdevOptions options = file_options((char *)"shm", path);
    BlockNode *node;

    if (fd < 0 || !b->io) {
        g_test_skip("no /dev/shm, or no io_uring");
        return;
    }
    g_assert_cmpint(ftruncate(fd, 4 << 20), ==, 0);
    node = make(b, &options, NULL);
    g_assert_nonnull(node);
    fill(b, node, 0, 0xff, 4 << 20);
    for (guint i = 0; i < 2; i++) {
        fill(b, node, 512, 0xff, 3 << 20);
        g_assert_cmpint(run(b, node, BLOCK_OP_WRITE_ZEROES, 512, NULL, 3 << 20), ==, 0);
        check_bytes(b, node, 0, 0xff, 512);
        check_bytes(b, node, 512, 0, 3 << 20);
        check_bytes(b, node, 512 + (3 << 20), 0xff, 4096);
    }
    unlink(path);
    close(fd);
}

/* ---- Filters ---- */

static void test_raw(Bench *b, gconstpointer data)
{
    BlockNode *file = make_file_node(b, (char *)"f", SIZE);
    BlockdevRef ref = { .type = BLOCKDEV_REF_REFERENCE, .u.reference = (char *)"f" };
    BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_RAW, .node_name = (char *)"r",
        .u.raw = { .file = &ref, .offset = 8192, .has_size = true, .size = 4096 },
    };
    g_autoptr(GError) error = NULL;
    BlockNode *node = make(b, &options, &error);
    guint8 byte = 9;

    g_assert_no_error(error);
    g_assert_cmpuint(block_node_size(node), ==, 4096);
    /* The node below has its user. */
    options.node_name = (char *)"r2";
    g_assert_null(make(b, &options, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_clear_error(&error);
    g_assert_false(object_may_delete(&file->object, &error));
    if (b->io) {
        fill(b, node, 0, 3, 4096);
        check_bytes(b, file, 8192, 3, 4096);
        check_bytes(b, file, 0, 0, 8192);
        g_assert_cmpint(run(b, node, BLOCK_OP_WRITE, 4096, &byte, 1), ==, EIO);
    }
    object_destroy(&node->object);
    g_assert_true(object_may_delete(&file->object, NULL));
}

static void test_resize(Bench *b, gconstpointer data)
{
    BlockNode *file = make_file_node(b, (char *)"f", SIZE);
    BlockdevRef ref = { .type = BLOCKDEV_REF_REFERENCE, .u.reference = (char *)"f" };
    BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_RAW, .node_name = (char *)"r", .u.raw.file = &ref,
    };
    BlockNode *node = make(b, &options, NULL);

    g_assert_true(block_resize_begin(node, 4096, NULL) == file);
    /* Requests beyond the new end are refused even before the file becomes shorter. */
    g_assert_cmpuint(block_node_size(node), ==, 4096);
    g_assert_null(block_resize_begin(node, 8192, NULL));
    g_assert_false(object_may_delete(&node->object, NULL));
    g_assert_true(block_resize(file, 4096, NULL));
    block_resize_end(file);
    g_assert_cmpuint(block_node_size(node), ==, 4096);
    g_assert_true(block_resize_begin(node, SIZE, NULL) == file);
    g_assert_cmpuint(block_node_size(node), ==, 4096);
    g_assert_true(block_resize(file, SIZE, NULL));
    block_resize_end(file);
    g_assert_cmpuint(block_node_size(node), ==, SIZE);
    g_assert_true(object_may_delete(&node->object, NULL));
}

/* ---- Locks ---- */

/* Whether another process gets the lock. */
static bool other_locks(const char *path, bool writable)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int fd = open(path, writable ? O_RDWR : O_RDONLY);

        _exit(fd >= 0 && file_lock(fd, path, writable, NULL) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_locks(Bench *b, gconstpointer data)
{
    g_autofree char *path = make_file(b, "f", SIZE);
    BlockdevOptions options = file_options((char *)"f", path);
    g_autoptr(GError) error = NULL;
    BlockNode *node = make(b, &options, NULL);

    g_assert_false(other_locks(path, true));
    g_assert_false(other_locks(path, false));
    options.node_name = (char *)"g";
    g_assert_null(make(b, &options, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    options.u.file.locking = ON_OFF_AUTO_OFF;
    g_assert_nonnull(make(b, &options, NULL));
    object_destroy(&node->object);
    g_assert_true(other_locks(path, true));
    options = file_options((char *)"h", path);
    options.has_read_only = options.read_only = true;
    g_assert_nonnull(make(b, &options, NULL));
    g_assert_false(other_locks(path, true));
    g_assert_true(other_locks(path, false));
}

/* ---- Users ---- */

static void test_users(Bench *b, gconstpointer data)
{
    BlockNode *node = make_file_node(b, (char *)"f", SIZE);
    Object *one = object_container(b->rig->root, "one"), *two = object_container(b->rig->root, "two");
    BlockUser first = { .object = one, .share = true }, second = { .object = two };
    g_autoptr(GError) error = NULL;

    g_assert_true(block_node_use(node, &first, NULL));
    g_assert_false(block_node_use(node, &second, &error));
    g_assert_nonnull(strstr(error->message, "/one"));
    second.share = true;
    g_assert_true(block_node_use(node, &second, NULL));
    block_node_unuse(node, one);
    second.object = one;
    second.share = false;
    g_assert_false(block_node_use(node, &second, NULL));
    block_node_unuse(node, two);
    g_assert_true(block_node_use(node, &second, NULL));
    block_node_unuse(node, one);
}

/* ---- Limits ---- */

#define SECOND G_GINT64_CONSTANT(1000000000)

static void test_bucket(void)
{
    LeakyBucket bucket = { .average = 100, .burst_length = 1 };
    gint64 wait = 0;

    /* A tenth of a second's worth goes at once, then one each 10 ms. */
    for (guint i = 0; i <= 10; i++) {
        g_assert_cmpint(leaky_bucket_wait(&bucket), ==, 0);
        leaky_bucket_pour(&bucket, 1);
    }
    for (guint i = 0; i < 50; i++) {
        wait = leaky_bucket_wait(&bucket);
        g_assert_cmpint(ABS(wait - (i + 1) * SECOND / 100), <, 1000);
        leaky_bucket_pour(&bucket, 1);
    }
    leaky_bucket_leak(&bucket, wait + SECOND / 100);
    g_assert_cmpint(leaky_bucket_wait(&bucket), <, 1000);
    leaky_bucket_leak(&bucket, 100 * SECOND);
    g_assert_cmpint(bucket.level, ==, 0);
    leaky_bucket_leak(&bucket, -SECOND);
    g_assert_cmpint(bucket.level, ==, 0);
}

static void test_burst(void)
{
    LeakyBucket bucket = { .average = 100, .burst = 1000, .burst_length = 2 };
    guint passed = 0;

    /* For two seconds 1000 a second, then 100. */
    for (guint tick = 0; tick < 400; tick++) {
        while (leaky_bucket_wait(&bucket) == 0) {
            leaky_bucket_pour(&bucket, 1);
            passed++;
        }
        leaky_bucket_leak(&bucket, SECOND / 100);
        if (tick == 199) {
            g_assert_cmpuint(passed, >=, 1900);
            g_assert_cmpuint(passed, <=, 2300);
        }
    }
    g_assert_cmpuint(passed, >=, 2200);
    g_assert_cmpuint(passed, <=, 2700);
}

static void test_group(Bench *b, gconstpointer data)
{
    Object *obj = rig_object(b->rig, "throttle-group", "g", NULL, NULL);
    ThrottleGroup *group = to_throttle_group(obj);
    ThrottleGroupProps *props = throttle_group_props(obj);
    gint64 now = SECOND, when = 0;

    g_assert_cmpint(throttle_group_admit(group, true, 1 << 30, now), ==, now);
    props->limits = g_new0(ThrottleLimits, 1);
    props->limits->bps_write = 1000000;
    props->limits->iops_read = 10;
    props->limits->iops_size = 4096;
    g_assert_true(object_is_a(obj, &qmp_class_throttle_group));
    {
        static const TypeInfo *info;
        const QmpMember *member = qmp_class_member(&qmp_class_throttle_group, "limits");
        g_autoptr(GError) error = NULL;

        info = object_type_info(&qmp_class_throttle_group);
        g_assert_true(info->object->changed(obj, member, NULL));
        props->limits->bps_total = 5;
        g_assert_false(info->object->changed(obj, member, &error));
        g_assert_nonnull(strstr(error->message, "bps-write"));
        props->limits->bps_total = 0;
    }
    /* Twenty writes of 100 kB at 1 MB a second, the first two at once. */
    for (guint i = 0; i < 20; i++) {
        when = throttle_group_admit(group, true, 100000, now);
    }
    g_assert_cmpint(ABS(when - now - SECOND * 18 / 10), <, 1000);
    /* Reads do not wait for writes; a large one counts as several. */
    g_assert_cmpint(throttle_group_admit(group, false, 8192, now), ==, now);
    when = throttle_group_admit(group, false, 4096, now);
    g_assert_cmpint(ABS(when - now - SECOND / 10), <, 1000);
    when = throttle_group_admit(group, false, 4096, now + SECOND);
    g_assert_cmpint(when, ==, now + SECOND);
}

static void test_throttle(Bench *b, gconstpointer data)
{
    Object *group = rig_object(b->rig, "throttle-group", "g", NULL, NULL);
    BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"n", .u.null_co.size = SIZE,
    };
    BlockdevRef ref = { .type = BLOCKDEV_REF_REFERENCE, .u.reference = (char *)"n" };
    BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_THROTTLE, .node_name = (char *)"t",
        .u.throttle = { .throttle_group.path = (char *)"g", .file = &ref },
    };
    ThrottleGroupProps *props = throttle_group_props(group);
    BlockNode *node;
    gint64 start;

    props->limits = g_new0(ThrottleLimits, 1);
    props->limits->iops_total = 100;
    g_assert_true(object_type_info(&qmp_class_throttle_group)->object->changed(group, NULL, NULL));
    g_assert_nonnull(make(b, &null, NULL));
    node = make(b, &options, NULL);
    g_assert_nonnull(node);
    g_assert_false(object_may_delete(group, NULL));
    start = g_get_monotonic_time();
    for (guint i = 0; i < 20; i++) {
        guint8 byte;

        g_assert_cmpint(run(b, node, BLOCK_OP_READ, 0, &byte, 1), ==, 0);
    }
    /* Eleven at once, nine more at 100 a second. */
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 70000);
}

/* A thread that sends reads to a node. */
typedef struct {
    BlockNode *node;
    gint stop, n_done;          /* atomic */
} Sender;

static void sender_done(BlockRequest *request, int error)
{
    g_assert_cmpint(error, ==, 0);
}

static void *sender_run(void *opaque)
{
    Sender *sender = opaque;
    AioContext *aio = aio_context_new(NULL, NULL);
    guint8 sector[BLOCK_SECTOR_SIZE];
    struct iovec iov = { sector, sizeof(sector) };

    while (!g_atomic_int_get(&sender->stop)) {
        BlockRequest request = {
            .op = BLOCK_OP_READ, .bytes = sizeof(sector), .iov = &iov, .n_iov = 1,
            .done = sender_done,
        };

        block_submit(sender->node, aio, &request);
        g_atomic_int_inc(&sender->n_done);
    }
    aio_context_free(aio);
    return NULL;
}

static void set_io_limits(BlockNode *node, const char *name)
{
    const QmpInput input = { .ops = &qmp_value_input };
    g_autoptr(QmpValue) value = qmp_value_str(name);

    g_assert_true(object_property_set(&node->object, "io-limits", &input, value, NULL));
}

/* A group goes as soon as its limits are taken away, whichever threads sent requests. */
static void test_limits_go(Bench *b, gconstpointer data)
{
    const BlockdevOptions null = {
        .driver = BLOCKDEV_DRIVER_NULL_CO, .node_name = (char *)"n", .u.null_co.size = SIZE,
    };
    const ThrottleLimits limits = { .iops_total = G_MAXINT64 / SECOND };
    Sender sender = { .node = make(b, &null, NULL) };
    GThread *threads[3];

    object_container(b->rig->root, "objects");
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new("sender", sender_run, &sender);
    }
    for (guint i = 0; i < 10000 || g_atomic_int_get(&sender.n_done) < 1000; i++) {
        ThrottleGroup *group = throttle_group_make(b->rig->root, "g", &limits, NULL);

        set_io_limits(sender.node, "g");
        set_io_limits(sender.node, "");
        throttle_group_leave(group);
    }
    g_atomic_int_set(&sender.stop, true);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_thread_join(threads[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*f)(Bench *, gconstpointer);
    } tests[] = {
        { "/block/file", test_file },
        { "/block/vectors", test_vectors },
        { "/block/direct", test_direct },
        { "/block/read-only", test_read_only },
        { "/block/limit", test_limit },
        { "/block/zeros", test_zeros },
        { "/block/slow-zeros", test_slow_zeros },
        { "/block/raw", test_raw },
        { "/block/resize", test_resize },
        { "/block/locks", test_locks },
        { "/block/users", test_users },
        { "/block/throttle-group", test_group },
        { "/block/throttle", test_throttle },
        { "/block/limits-go", test_limits_go },
    };

    g_test_init(&argc, &argv, NULL);
    evthread_use_pthreads();
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Bench, NULL, bench_init,
                   tests[i].f, bench_clear);
    }
    g_test_add_func("/block/bucket", test_bucket);
    g_test_add_func("/block/burst", test_burst);
    return g_test_run();
}
