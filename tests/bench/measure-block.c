/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a request to a virtio disk costs, and a read from a disk on virtio-scsi, counted by the guest itself: reads of 4 KiB at random
 * offsets and of 1 MiB in sequence, from nothing (null-co) and from a file on tmpfs, with
 * the queue on the main loop and on an iothread; and reads and writes of qcow2 images there:
 * one without data, a full one, and one without data over a full one.  QEMU has the same
 * backend: null-co, or a file by io_uring.
 */
#include "config.h"
#include "tests/bench/disks.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

enum {
    RANDOM = 4096, RANDOM_DEPTH = 32,
    SEQUENTIAL = 1 << 20, SEQUENTIAL_DEPTH = 16,
    FILE_SIZE = 64 << 20,
    /* The guest has so many places for requests: more would be the same ones again. */
    PLACES = 128,
};

typedef enum { DISK_NULL, DISK_FILE, DISK_FRESH, DISK_FULL, DISK_BACKED, N_DISKS } Disk;

typedef struct {
    Disk disk;
    bool iothread, scsi;
    DiskRequests requests[DISK_REQUESTS_MAX];   /* counts: long enough for a sample */
} Setting;

static const Setting settings[] = {
    { DISK_NULL, false, false,
      { { FIGURE_BLK_RANDOM_NULL, "random", RANDOM, 65536, RANDOM_DEPTH },
        { FIGURE_BLK_SEQUENTIAL_NULL, "sequential", SEQUENTIAL, 32768, SEQUENTIAL_DEPTH } } },
    { DISK_NULL, true, false,
      { { FIGURE_BLK_RANDOM_NULL_IO, "random", RANDOM, 65536, RANDOM_DEPTH },
        { FIGURE_BLK_SEQUENTIAL_NULL_IO, "sequential", SEQUENTIAL, 32768, SEQUENTIAL_DEPTH } } },
    { DISK_FILE, false, false,
      { { FIGURE_BLK_RANDOM_FILE, "random", RANDOM, 32768, RANDOM_DEPTH },
        { FIGURE_BLK_SEQUENTIAL_FILE, "sequential", SEQUENTIAL, 512, SEQUENTIAL_DEPTH } } },
    { DISK_FILE, true, false,
      { { FIGURE_BLK_RANDOM_FILE_IO, "random", RANDOM, 32768, RANDOM_DEPTH },
        { FIGURE_BLK_SEQUENTIAL_FILE_IO, "sequential", SEQUENTIAL, 512, SEQUENTIAL_DEPTH } } },
    { DISK_NULL, false, true,
      { { FIGURE_SCSI_RANDOM_NULL, "random", RANDOM, 65536, RANDOM_DEPTH },
        { FIGURE_SCSI_SEQUENTIAL_NULL, "sequential", SEQUENTIAL, 32768, SEQUENTIAL_DEPTH } } },
    { DISK_FILE, false, true,
      { { FIGURE_SCSI_RANDOM_FILE, "random", RANDOM, 32768, RANDOM_DEPTH },
        { FIGURE_SCSI_SEQUENTIAL_FILE, "sequential", SEQUENTIAL, 512, SEQUENTIAL_DEPTH } } },
    { DISK_FULL, false, false,
      { { FIGURE_QCOW2_FULL_READ, "random", RANDOM, 32768, RANDOM_DEPTH },
        { FIGURE_QCOW2_FULL_READ_1M, "sequential", SEQUENTIAL, 512, SEQUENTIAL_DEPTH },
        { FIGURE_QCOW2_FULL_WRITE, "random-write", RANDOM, 32768, RANDOM_DEPTH },
        { FIGURE_QCOW2_FULL_WRITE_1M, "sequential-write", SEQUENTIAL, 512, SEQUENTIAL_DEPTH } } },
    /* Each write needs a cluster of its own. */
    { DISK_FRESH, false, false,
      { { FIGURE_QCOW2_FRESH_WRITE, "random-write", RANDOM, PLACES, RANDOM_DEPTH } } },
    { DISK_FRESH, false, false,
      { { FIGURE_QCOW2_FRESH_WRITE_1M, "sequential-write", SEQUENTIAL, 64, SEQUENTIAL_DEPTH } } },
    { DISK_BACKED, false, false,
      { { FIGURE_QCOW2_BACKED_READ, "random", RANDOM, 32768, RANDOM_DEPTH },
        { FIGURE_QCOW2_BACKED_READ_1M, "sequential", SEQUENTIAL, 512, SEQUENTIAL_DEPTH },
        { FIGURE_QCOW2_BACKED_WRITE, "random-write", RANDOM, PLACES, RANDOM_DEPTH } } },
    { DISK_BACKED, false, false,
      { { FIGURE_QCOW2_BACKED_WRITE_1M, "sequential-write", SEQUENTIAL, 64,
          SEQUENTIAL_DEPTH } } },
};

/* ---- Images ---- */

typedef struct {
    char *file, *full, *top;    /* paths; NULL: the host has none */
} Files;

/* A file with content on tmpfs; NULL if the host has none. */
static char *make_file(void)
{
    g_autofree char *path = g_strdup("/dev/shm/vmd-bench-XXXXXX");
    g_autofree char *content = g_malloc(FILE_SIZE);
    int fd = g_mkstemp(path);

    if (fd < 0)
        return NULL;
    close(fd);
    memset(content, 0x5a, FILE_SIZE);
    if (!g_file_set_contents_full(path, content, FILE_SIZE, G_FILE_SET_CONTENTS_NONE, 0600, NULL)) {
        g_unlink(path);
        return NULL;
    }
    return g_steal_pointer(&path);
}

static bool run_tool(const char *const *argv)
{
    int status;

    return g_spawn_sync(NULL, (char **)argv, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                        G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

/* Without qemu-img there are no images. */
static Files make_files(void)
{
    Files files = { .file = make_file() };
    g_autofree char *full = g_strconcat(files.file ? files.file : "", ".full", NULL);
    const char *const convert[] = {
        "qemu-img", "convert", "-O", "qcow2", files.file, full, NULL
    };

    if (files.file && run_tool(convert)) {
        files.full = g_steal_pointer(&full);
        files.top = g_strconcat(files.file, ".top", NULL);
    }
    return files;
}

/* A new image for each machine: the first run changes it. */
static bool make_top(const Files *files, bool backed)
{
    const char *const fresh[] = { "qemu-img", "create", "-f", "qcow2", files->top, "64M", NULL };
    const char *const over[] = {
        "qemu-img", "create", "-f", "qcow2", "-b", files->full, "-F", "qcow2", files->top, NULL
    };

    return run_tool(backed ? over : fresh);
}

static void remove_files(Files *files)
{
    char *const paths[] = { files->file, files->full, files->top };

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (paths[i])
            g_unlink(paths[i]);
        g_free(paths[i]);
    }
}

/* ---- Nodes ---- */

#define FILE_NODE "\"driver\":\"file\",\"filename\":\"%s\""
#define QCOW2_NODE "\"driver\":\"qcow2\",\"file\":{" FILE_NODE "}"

static char *vmd_node(Disk disk, const Files *files)
{
    static const char name[] = "\"node-name\":\"disk\",";

    switch (disk) {
    case DISK_NULL:
        return g_strdup_printf("%s\"driver\":\"null-co\"", name);
    case DISK_FILE:
        return g_strdup_printf("%s" FILE_NODE, name, files->file);
    case DISK_BACKED:
        return g_strdup_printf("%s" QCOW2_NODE ",\"backing\":{" QCOW2_NODE "}", name, files->top,
                               files->full);
    default:
        return g_strdup_printf("%s" QCOW2_NODE, name,
                               disk == DISK_FULL ? files->full : files->top);
    }
}

static char *qemu_blockdev(Disk disk, const Files *files)
{
    switch (disk) {
    case DISK_NULL:
        return g_strdup("driver=null-co,node-name=disk");
    case DISK_FILE:
        return g_strdup_printf("driver=file,node-name=disk,aio=io_uring,filename=%s", files->file);
    case DISK_BACKED:
        return g_strdup_printf("driver=qcow2,node-name=disk,file.driver=file,file.aio=io_uring,"
                               "file.filename=%s,backing.driver=qcow2,backing.file.driver=file,"
                               "backing.file.aio=io_uring,backing.file.filename=%s", files->top,
                               files->full);
    default:
        return g_strdup_printf("driver=qcow2,node-name=disk,file.driver=file,file.aio=io_uring,"
                               "file.filename=%s", disk == DISK_FULL ? files->full : files->top);
    }
}

static bool measure_column(Bench *bench, Column column, const Setting *setting, const Files *files,
                           GError **error)
{
    g_autofree char *node = vmd_node(setting->disk, files);
    g_autofree char *blockdev = qemu_blockdev(setting->disk, files);
    const DiskMachine machine = {
        .node = node, .blockdev = blockdev, .iothread = setting->iothread,
        .scsi = setting->scsi, .requests = setting->requests,
    };

    if (!bench->runs[column])
        return true;
    if ((setting->disk == DISK_FRESH || setting->disk == DISK_BACKED) &&
        !make_top(files, setting->disk == DISK_BACKED)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "qemu-img made no image");
        return false;
    }
    return disk_machine_run(bench, column, &machine, error);
}

/* QEMU's threads for disks want ioeventfds, which its TCG has not. */
static bool is_possible(const Bench *bench, const Setting *setting, const Files *files)
{
    return (setting->disk == DISK_NULL || files->file) &&
           (setting->disk < DISK_FRESH || files->full) &&
           !(setting->iothread && bench->accel == bench_accel("tcg"));
}

bool measure_block(Bench *bench, GError **error)
{
    Files files = make_files();
    bool good = true;

    for (guint i = 0; good && i < G_N_ELEMENTS(settings); i++) {
        if (is_possible(bench, &settings[i], &files))
            good = measure_column(bench, COLUMN_VMD, &settings[i], &files, error) &&
                   measure_column(bench, COLUMN_QEMU, &settings[i], &files, error);
    }
    remove_files(&files);
    return good;
}
