/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block nodes without a machine, for tests that compare images with other programs:
 *
 *     disk-io [--read-only] [--lazy] [--direct] [--small] [--data FILE] FORMAT:FILE...
 *
 * The first FILE is the disk, each next one is the backing node of the one before.
 * Requests come from stdin, one a line, numbered from 1, and run side by side; answers are
 * lines "NUMBER ok" or "NUMBER ERROR":
 *
 *     write OFFSET BYTES BYTE     with pieces of that byte
 *     zero|unmap|discard OFFSET BYTES
 *     flush
 *     resize BYTES                answers when it is done
 *     dump FILE SEED              writes the disk to FILE, read in pieces of any size
 *     wait                        answers when all before it have
 */
#include "config.h"

#include <errno.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/block/block.h"
#include "qmp/qapi-types-block.h"
#include "tests/lib/rig.h"

enum { FORMATS_MAX = 16, PIECE_MAX = 1 << 20, IN_FLIGHT_MAX = 64 };

typedef struct {
    Rig *rig;
    AioContext *aio;
    BlockNode *disk;
    guint in_flight;
} Bench;

typedef struct {
    BlockRequest block;
    struct iovec iov[3];
    guint number;
    Bench *bench;
    guint8 *data;
} Request;

/* ---- Nodes ---- */

static gboolean read_only, lazy, direct, small;
static char *data_file;

static void die(const char *what, GError *error)
{
    fprintf(stderr, "disk-io: %s: %s\n", what, error ? error->message : "failed");
    exit(2);
}

static BlockNode *make(Bench *b, const BlockdevOptions *options, BlockNode *const *below)
{
    GError *error = NULL;
    BlockNode *node = block_node_new(b->rig->root, options, below, &error);

    if (!node || !object_prepare(&node->object, &error) ||
        !object_complete(&node->object, &error)) {
        die(options->node_name, error);
    }
    return node;
}

static BlockNode *make_file(Bench *b, const char *path, bool writable)
{
    static guint count;
    g_autofree char *name = g_strdup_printf("file%u", count++);
    const BlockdevOptions options = {
        .driver = BLOCKDEV_DRIVER_FILE, .node_name = name, .has_discard = true,
        .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP, .has_read_only = true, .read_only = !writable,
        .cache = &(BlockdevCacheOptions){ .has_direct = true, .direct = direct },
        .u.file = { .filename = (char *)path, .locking = ON_OFF_AUTO_OFF },
    };

    return make(b, &options, NULL);
}

/* A definition in options only says that there is a node in below. */
static BlockdevRef *some_node(void)
{
    static BlockdevOptions definition = { .driver = BLOCKDEV_DRIVER_NULL_CO };
    static BlockdevRef ref = { .type = BLOCKDEV_REF_DEFINITION, .u.definition = &definition };

    return &ref;
}

static BlockNode *make_format(Bench *b, const char *spec, BlockNode *backing, bool top)
{
    static guint count;
    g_autofree char *name = g_strdup_printf("disk%u", count++);
    const char *path = strchr(spec, ':') + 1;
    bool writable = top && !read_only;
    BlockNode *below[N_BLOCK_SLOTS] = { make_file(b, path, writable), backing, NULL };
    BlockdevRefOrNull ref = { .type = BLOCKDEV_REF_OR_NULL_NULL };
    BlockdevOptions options = {
        .node_name = name, .has_discard = true, .discard = BLOCKDEV_DISCARD_OPTIONS_UNMAP,
        .has_read_only = true, .read_only = !writable,
    };

    if (g_str_has_prefix(spec, "raw:")) {
        options.driver = BLOCKDEV_DRIVER_RAW;
        options.u.raw.file = some_node();
        return make(b, &options, below);
    }
    options.driver = BLOCKDEV_DRIVER_QCOW2;
    options.u.qcow2.file = some_node();
    options.u.qcow2.backing = &ref;
    if (backing) {
        ref.type = BLOCKDEV_REF_OR_NULL_DEFINITION;
        ref.u.definition = some_node()->u.definition;
    }
    if (small) {
        options.u.qcow2.has_l2_cache_size = options.u.qcow2.has_refcount_cache_size = true;
        options.u.qcow2.l2_cache_size = options.u.qcow2.refcount_cache_size = 64 << 10;
    }
    if (lazy && top) {
        options.u.qcow2.has_lazy_refcounts = options.u.qcow2.lazy_refcounts = true;
    }
    if (data_file && top) {
        below[BLOCK_DATA_FILE] = make_file(b, data_file, writable);
        options.u.qcow2.data_file = some_node();
    }
    return make(b, &options, below);
}

/* ---- Requests ---- */

static void answer(guint number, int error)
{
    printf("%u %s\n", number, error ? g_strerror(error) : "ok");
    fflush(stdout);
}

static void request_done(BlockRequest *block, int error)
{
    Request *request = (Request *)block;

    answer(request->number, error);
    request->bench->in_flight--;
    free(request->data);
    g_free(request);
}

/* In up to three buffers of no particular size. */
static void set_buffers(Request *request, guint64 bytes)
{
    guint align = request->bench->disk->alignment;
    guint64 first = bytes / 3 / align * align;

    if (posix_memalign((void **)&request->data, 4096, MAX(bytes, 1)) != 0) {
        die("no memory", NULL);
    }
    request->iov[0] = (struct iovec){ request->data, first };
    request->iov[1] = (struct iovec){ request->data + first, bytes - first };
    request->block.iov = first ? request->iov : request->iov + 1;
    request->block.n_iov = first ? 2 : 1;
}

static void wait_for(Bench *b, guint most)
{
    while (b->in_flight > most) {
        aio_poll(b->aio, true);
    }
}

static void start(Bench *b, guint number, BlockOp op, guint flags, guint64 offset, guint64 bytes,
                  int byte)
{
    Request *request = g_new0(Request, 1);

    wait_for(b, IN_FLIGHT_MAX - 1);
    request->bench = b;
    request->number = number;
    request->block = (BlockRequest){
        .op = op, .flags = flags, .offset = offset, .bytes = bytes, .done = request_done,
    };
    if (op == BLOCK_OP_WRITE) {
        set_buffers(request, bytes);
        memset(request->data, byte, bytes);
    }
    b->in_flight++;
    block_submit(b->disk, b->aio, &request->block);
}

/* ---- Dumping ---- */

typedef struct {
    BlockRequest block;
    bool done;
    int error;
} Read;

static void read_done(BlockRequest *block, int error)
{
    ((Read *)block)->done = true;
    ((Read *)block)->error = error;
}

static int read_piece(Bench *b, guint64 offset, void *data, gsize bytes)
{
    struct iovec iov = { data, bytes };
    Read request = {
        .block = { .op = BLOCK_OP_READ, .offset = offset, .bytes = bytes, .iov = &iov,
                   .n_iov = 1, .done = read_done },
    };

    block_submit(b->disk, b->aio, &request.block);
    while (!request.done) {
        aio_poll(b->aio, true);
    }
    return request.error;
}

static int dump(Bench *b, const char *path, guint32 seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    guint64 size = block_node_size(b->disk);
    guint align = MAX(b->disk->alignment, 512);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), error = 0;
    void *data;

    if (fd < 0 || posix_memalign(&data, 4096, PIECE_MAX) != 0) {
        die(path, NULL);
    }
    for (guint64 at = 0; at < size && !error;) {
        guint64 bytes = (guint64)align << g_rand_int_range(rand, 0, 11);

        bytes = MIN(MIN(bytes, PIECE_MAX), size - at);
        memset(data, 0xee, bytes);
        error = read_piece(b, at, data, bytes);
        if (!error && pwrite(fd, data, bytes, at) != (gssize)bytes) {
            error = errno;
        }
        at += bytes;
    }
    free(data);
    close(fd);
    return error;
}

static int resize(Bench *b, guint64 size)
{
    GError *error = NULL;
    BlockNode *lowest = block_resize_begin(b->disk, size, &error);
    bool ok = lowest && block_resize(lowest, size, &error);

    if (lowest) {
        block_resize_end(lowest);
    }
    if (!ok) {
        fprintf(stderr, "disk-io: %s\n", error->message);
        g_error_free(error);
    }
    return ok ? 0 : EIO;
}

/* ---- Commands ---- */

static void command(Bench *b, guint number, char **words)
{
    guint n = g_strv_length(words);
    guint64 first = n > 1 ? g_ascii_strtoull(words[1], NULL, 0) : 0;
    guint64 second = n > 2 ? g_ascii_strtoull(words[2], NULL, 0) : 0;

    if (g_str_equal(words[0], "write") && n == 4) {
        start(b, number, BLOCK_OP_WRITE, 0, first, second, g_ascii_strtoull(words[3], NULL, 0));
    } else if (g_str_equal(words[0], "zero")) {
        start(b, number, BLOCK_OP_WRITE_ZEROES, 0, first, second, 0);
    } else if (g_str_equal(words[0], "unmap")) {
        start(b, number, BLOCK_OP_WRITE_ZEROES, BLOCK_MAY_UNMAP, first, second, 0);
    } else if (g_str_equal(words[0], "discard")) {
        start(b, number, BLOCK_OP_DISCARD, 0, first, second, 0);
    } else if (g_str_equal(words[0], "flush")) {
        start(b, number, BLOCK_OP_FLUSH, 0, 0, 0, 0);
    } else if (g_str_equal(words[0], "dump") && n == 3) {
        wait_for(b, 0);
        answer(number, dump(b, words[1], second));
    } else if (g_str_equal(words[0], "resize")) {
        wait_for(b, 0);
        answer(number, resize(b, first));
    } else if (g_str_equal(words[0], "wait")) {
        wait_for(b, 0);
        answer(number, 0);
    } else {
        die(words[0], NULL);
    }
}

static void run(Bench *b)
{
    char line[4096];

    for (guint number = 1; fgets(line, sizeof(line), stdin); number++) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);

        command(b, number, words);
        while (aio_poll(b->aio, false)) {
            continue;
        }
    }
    wait_for(b, 0);
}

static const GOptionEntry entries[] = {
    { "read-only", 0, 0, G_OPTION_ARG_NONE, &read_only, "Open nothing for writing", NULL },
    { "lazy", 0, 0, G_OPTION_ARG_NONE, &lazy, "With lazy-refcounts", NULL },
    { "direct", 0, 0, G_OPTION_ARG_NONE, &direct, "With cache.direct", NULL },
    { "small", 0, 0, G_OPTION_ARG_NONE, &small, "With little memory for tables", NULL },
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &data_file, "The external data file", "FILE" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) options = g_option_context_new("FORMAT:FILE...");
    GError *error = NULL;
    Bench b = { .in_flight = 0 };

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc < 2) {
        die("arguments", error);
    }
    evthread_use_pthreads();
    b.rig = rig_new();
    b.aio = aio_context_new(NULL, NULL);
    if (!aio_enable_io(b.aio, &error)) {
        die("io_uring", error);
    }
    object_container(b.rig->root, "block-nodes");
    for (int i = argc - 1; i > 0; i--) {
        b.disk = make_format(&b, argv[i], b.disk, i == 1);
    }
    answer(0, 0);
    run(&b);
    rig_free(b.rig);
    aio_context_free(b.aio);
    return 0;
}
