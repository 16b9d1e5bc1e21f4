/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a read from a virtio disk, and from a disk on virtio-scsi, costs, counted by the
 * guest itself: 4 KiB at random offsets and 1 MiB in sequence, from nothing (null-co) and
 * from a file on tmpfs, with the queue on the main loop and on an iothread.  QEMU has
 * the same backend: null-co, or a file by io_uring.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

enum {
    RANDOM_DEPTH = 32,
    SEQUENTIAL_DEPTH = 16,
    FILE_SIZE = 64 << 20,
};

typedef struct {
    FigureId random, sequential;
    bool file, iothread, scsi;
    guint random_reads, sequential_reads;       /* long enough for a sample */
} Setting;

static const Setting settings[] = {
    { FIGURE_BLK_RANDOM_NULL, FIGURE_BLK_SEQUENTIAL_NULL, false, false, false, 65536, 32768 },
    { FIGURE_BLK_RANDOM_NULL_IO, FIGURE_BLK_SEQUENTIAL_NULL_IO, false, true, false, 65536, 32768 },
    { FIGURE_BLK_RANDOM_FILE, FIGURE_BLK_SEQUENTIAL_FILE, true, false, false, 32768, 512 },
    { FIGURE_BLK_RANDOM_FILE_IO, FIGURE_BLK_SEQUENTIAL_FILE_IO, true, true, false, 32768, 512 },
    { FIGURE_SCSI_RANDOM_NULL, FIGURE_SCSI_SEQUENTIAL_NULL, false, false, true, 65536, 32768 },
    { FIGURE_SCSI_RANDOM_FILE, FIGURE_SCSI_SEQUENTIAL_FILE, true, false, true, 32768, 512 },
};

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

static bool add_ticks(Bench *bench, FigureId id, Column column, const char *text,
                      const char *line, guint reads, GError **error)
{
    const char *at = strstr(text, line);

    if (!at) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the guest did not say \"%s\" but: %s",
                    line, text);
        return false;
    }
    series_add(&bench->series[id][column],
               g_ascii_strtod(at + strlen(line), NULL) * bench->ns_per_tick / 1000 / reads);
    return true;
}

static const char *device(const Setting *setting)
{
    return setting->scsi ? "scsi" : "blk";
}

/* How the guest starts its line. */
static char *answer(const Setting *setting, const char *order, guint reads, guint size,
                    guint depth)
{
    return g_strdup_printf("bench: %s %s %u x %u bytes, depth %u, ", device(setting), order, reads,
                           size, depth);
}

static bool read_ticks(Bench *bench, Column column, const Setting *setting, const char *serial,
                       GError **error)
{
    g_autofree char *random = answer(setting, "random", setting->random_reads, 4096, RANDOM_DEPTH);
    g_autofree char *sequential =
        answer(setting, "sequential", setting->sequential_reads, 1 << 20, SEQUENTIAL_DEPTH);
    g_autofree char *text = NULL;

    return g_file_get_contents(serial, &text, NULL, error) &&
           add_ticks(bench, setting->random, column, text, random, setting->random_reads,
                     error) &&
           add_ticks(bench, setting->sequential, column, text, sequential,
                     setting->sequential_reads, error);
}

/* ---- The machines ---- */

static char *vmd_requests(const Bench *bench, const Setting *setting, const char *file,
                          const char *append, const char *serial)
{
    g_autofree char *build = bench_microvm_requests(bench->accel, bench->guest, append, serial);
    GString *text = g_string_new(build);

    if (setting->iothread)
        g_string_append(text, "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":"
                        "\"iothread\",\"id\":\"io0\"}}\n");
    if (setting->file)
        g_string_append_printf(text, "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":"
                               "\"file\",\"node-name\":\"disk\",\"filename\":\"%s\"}}\n", file);
    else
        g_string_append(text, "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":"
                        "\"null-co\",\"node-name\":\"disk\"}}\n");
    if (setting->scsi)
        g_string_append(text, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                        "\"virtio-scsi-device\"}}\n");
    g_string_append_printf(text, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                           "\"%s\",\"drive\":\"disk\"%s}}\n{\"execute\":\"cont\"}\n",
                           setting->scsi ? "scsi-hd" : "virtio-blk-device",
                           setting->iothread ? ",\"iothread\":\"io0\"" : "");
    return g_string_free(text, FALSE);
}

static Server *start_vmd(const Bench *bench, GError **error)
{
    const char *const argv[] = { bench->vmd, NULL };

    return server_start(argv, bench->directory, error);
}

static Server *start_qemu(const Bench *bench, const Setting *setting, const char *file,
                          const char *append, const char *serial, GError **error)
{
    g_autofree char *chardev = g_strdup_printf("file:%s", serial);
    g_autofree char *blockdev = setting->file
        ? g_strdup_printf("driver=file,node-name=disk,aio=io_uring,filename=%s", file)
        : g_strdup("driver=null-co,node-name=disk");
    const char *const argv[] = {
        bench->qemu, "-accel", bench->accel->name, "-M", "microvm", "-cpu",
        bench->accel->qemu_cpu, "-m", "64", "-S", "-no-reboot", "-serial", chardev, "-kernel", bench->guest,
        "-append", append, "-nodefaults", "-no-user-config", "-display", "none",
        "-global", "virtio-mmio.force-legacy=off", "-object", "iothread,id=io0",
        "-blockdev", blockdev, SERVER_QEMU_MONITOR, "-device",
        setting->scsi ? "virtio-scsi-device"
            : setting->iothread ? "virtio-blk-device,drive=disk,iothread=io0"
                                : "virtio-blk-device,drive=disk",
        setting->scsi ? "-device" : NULL, "scsi-hd,drive=disk", NULL
    };

    return server_start(argv, bench->directory, error);
}

static bool measure_column(Bench *bench, Column column, const Setting *setting, const char *file,
                           GError **error)
{
    g_autofree char *append =
        g_strdup_printf("bench=%s:random:4096:%u:%u bench=%s:sequential:1M:%u:%u end=reboot",
                        device(setting), setting->random_reads, RANDOM_DEPTH, device(setting),
                        setting->sequential_reads, SEQUENTIAL_DEPTH);
    g_autofree char *serial = g_build_filename(bench->directory, "serial", NULL);
    g_autofree char *requests = column == COLUMN_VMD
        ? vmd_requests(bench, setting, file, append, serial)
        : g_strdup("{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"cont\"}\n");
    g_autoptr(Server) server = column == COLUMN_VMD
        ? start_vmd(bench, error)
        : start_qemu(bench, setting, file, append, serial, error);

    return server && client_send(server->client, requests, error) &&
           client_wait_event(server->client, "SHUTDOWN", error) &&
           server_wait_cpu(server, error) >= 0 &&
           read_ticks(bench, column, setting, serial, error);
}

bool measure_block(Bench *bench, GError **error)
{
    g_autofree char *file = make_file();
    bool good = true;

    for (guint i = 0; good && i < G_N_ELEMENTS(settings); i++) {
        /* QEMU's threads for disks want ioeventfds, which its TCG has not. */
        if ((settings[i].file && !file) ||
            (settings[i].iothread && bench->accel == bench_accel("tcg")))
            continue;
        good = (!bench->runs[COLUMN_VMD] || measure_column(bench, COLUMN_VMD, &settings[i], file, error)) &&
               (!bench->runs[COLUMN_QEMU] || measure_column(bench, COLUMN_QEMU, &settings[i], file, error));
    }
    if (file)
        g_unlink(file);
    return good;
}
