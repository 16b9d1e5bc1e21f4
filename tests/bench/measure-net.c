/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a frame costs on its way through a virtio network card, a socket backend
 * and back, counted by the guest itself.  The backend is a datagram socket that
 * sends to its own address, for vmd and QEMU alike, so that no third process takes
 * part.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <glib/gstdio.h>
#include <string.h>

enum { DEPTH = 64, FRAMES = 65536 };

typedef struct {
    FigureId figure;
    guint size;
} Setting;

static const Setting settings[] = {
    { FIGURE_NET_SMALL, 60 },
    { FIGURE_NET_LARGE, 1514 },
};

static bool read_ticks(Bench *bench, Column column, const Setting *setting, const char *serial,
                       GError **error)
{
    g_autofree char *line = g_strdup_printf("bench: net %u x %u bytes, depth %u, ", FRAMES,
                                            setting->size, DEPTH);
    g_autofree char *text = NULL;
    const char *at;

    if (!g_file_get_contents(serial, &text, NULL, error))
        return false;
    at = strstr(text, line);
    if (!at) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the guest did not say \"%s\" but: %s",
                    line, text);
        return false;
    }
    series_add(&bench->series[setting->figure][column],
               g_ascii_strtod(at + strlen(line), NULL) * bench->ns_per_tick / 1000 / FRAMES);
    return true;
}

/* ---- The machines ---- */

static char *vmd_requests(const Bench *bench, const char *path, const char *append,
                          const char *serial)
{
    g_autofree char *build = bench_microvm_requests(bench->accel, bench->guest, append, serial);

    return g_strdup_printf("%s{\"execute\":\"netdev_add\",\"arguments\":{\"type\":\"dgram\","
                           "\"id\":\"net0\",\"local\":{\"type\":\"unix\",\"path\":\"%s\"},"
                           "\"remote\":{\"type\":\"unix\",\"path\":\"%s\"}}}\n"
                           "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                           "\"virtio-net-device\",\"netdev\":\"net0\"}}\n{\"execute\":\"cont\"}\n",
                           build, path, path);
}

static Server *start_vmd(const Bench *bench, GError **error)
{
    const char *const argv[] = { bench->vmd, NULL };

    return server_start(argv, bench->directory, error);
}

static Server *start_qemu(const Bench *bench, const char *path, const char *append,
                          const char *serial, GError **error)
{
    g_autofree char *chardev = g_strdup_printf("file:%s", serial);
    g_autofree char *netdev = g_strdup_printf("dgram,id=net0,local.type=unix,local.path=%s,"
                                              "remote.type=unix,remote.path=%s", path, path);
    const char *const argv[] = {
        bench->qemu, "-accel", bench->accel->name, "-M", "microvm", "-cpu",
        bench->accel->qemu_cpu, "-m", "64", "-S", "-no-reboot", "-serial", chardev, "-kernel", bench->guest,
        "-append", append, "-nodefaults", "-no-user-config", "-display", "none",
        "-global", "virtio-mmio.force-legacy=off", "-netdev", netdev,
        "-device", "virtio-net-device,netdev=net0", SERVER_QEMU_MONITOR, NULL
    };

    return server_start(argv, bench->directory, error);
}

static bool measure_column(Bench *bench, Column column, const Setting *setting, GError **error)
{
    g_autofree char *append = g_strdup_printf("bench=net:%u:%u:%u end=reboot", setting->size,
                                              FRAMES, DEPTH);
    g_autofree char *serial = g_build_filename(bench->directory, "serial", NULL);
    g_autofree char *path = g_build_filename(bench->directory, "net", NULL);
    g_autofree char *requests = column == COLUMN_VMD
        ? vmd_requests(bench, path, append, serial)
        : g_strdup("{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"cont\"}\n");
    g_autoptr(Server) server = column == COLUMN_VMD
        ? start_vmd(bench, error) : start_qemu(bench, path, append, serial, error);
    bool good = server && client_send(server->client, requests, error) &&
                client_wait_event(server->client, "SHUTDOWN", error) &&
                server_wait_cpu(server, error) >= 0 &&
                read_ticks(bench, column, setting, serial, error);

    g_unlink(path);
    return good;
}

bool measure_net(Bench *bench, GError **error)
{
    bool good = true;

    for (guint i = 0; good && i < G_N_ELEMENTS(settings); i++) {
        good = (!bench->runs[COLUMN_VMD] || measure_column(bench, COLUMN_VMD, &settings[i], error)) &&
               (!bench->runs[COLUMN_QEMU] || measure_column(bench, COLUMN_QEMU, &settings[i], error));
    }
    return good;
}
