/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A distribution's kernel by a CPU in software: from the process's start to the first
 * words of the shell that is its init, and the CPU time that this takes.  Kernel and
 * initramfs are those that docs/examples/debian makes.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/bench/fifo.h"

#define READY "GUEST: ready"
#define APPEND "console=ttyS0 quiet panic=-1"

enum { READY_WAIT_MS = 120000 };

typedef struct {
    FigureId wall, cpu;         /* N_FIGURES: not shown */
    const char *vmd, *qemu;     /* the machine, as each names it */
    guint cpus;
} Setting;

static const Setting settings[] = {
    { FIGURE_LINUX_PC, FIGURE_LINUX_PC_CPU, "pc-i440fx-7.2", "pc-i440fx-7.2", 1 },
    { FIGURE_LINUX_MICROVM, FIGURE_LINUX_MICROVM_CPU, "microvm", "microvm,acpi=off", 1 },
    { FIGURE_LINUX_TWO, N_FIGURES, "pc-i440fx-7.2", "pc-i440fx-7.2", 2 },
    { FIGURE_LINUX_EIGHT, N_FIGURES, "pc-i440fx-7.2", "pc-i440fx-7.2", 8 },
};

static Server *start_qemu(const Bench *bench, const Setting *setting, const char *fifo,
                          GError **error)
{
    g_autofree char *chardev = g_strdup_printf("file:%s", fifo);
    g_autofree char *cpus = g_strdup_printf("%u", setting->cpus);
    g_autofree char *kernel = g_build_filename(bench->linux_folder, "linux", NULL);
    g_autofree char *initrd = g_build_filename(bench->linux_folder, "initrd", NULL);
    const char *const argv[] = {
        bench->qemu, "-accel", "tcg", "-M", setting->qemu, "-cpu", "max", "-smp", cpus, "-m", "256",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", chardev,
        "-kernel", kernel, "-initrd", initrd, "-append", APPEND, SERVER_QEMU_MONITOR, NULL
    };

    return server_start(argv, bench->directory, error);
}

static char *vmd_requests(const Bench *bench, const Setting *setting, const char *fifo)
{
    const BenchAccel *accel = bench_accel("tcg");

    GString *text = g_string_new(NULL);

    g_string_append_printf(
        text,
        "{\"execute\":\"qmp_capabilities\"}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-accel\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"ram\",\"size\":268435456}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-machine\","
        "\"memory-backend\":\"ram\",\"kernel\":\"%s/linux\",\"initrd\":\"%s/initrd\","
        "\"append\":\"" APPEND "\"}}\n"
        "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"serial\",\"backend\":"
        "{\"type\":\"file\",\"data\":{\"out\":\"%s\",\"append\":true}}}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"isa-serial\","
        "\"chardev\":\"serial\"}}\n", accel->name, setting->vmd, bench->linux_folder,
        bench->linux_folder, fifo);
    for (guint i = 0; i < setting->cpus; i++)
        g_string_append_printf(text, "{\"execute\":\"device_add\",\"arguments\":{%s}}\n",
                               accel->vmd_cpu);
    g_string_append(text, "{\"execute\":\"cont\"}\n");
    return g_string_free(text, FALSE);
}

static Server *start_vmd(const Bench *bench, const Setting *setting, const char *fifo,
                         GError **error)
{
    const char *const argv[] = { bench->vmd, NULL };
    g_autofree char *requests = vmd_requests(bench, setting, fifo);
    g_autoptr(Server) server = server_start(argv, bench->directory, error);

    if (!server || !client_send(server->client, requests, error))
        return NULL;
    return g_steal_pointer(&server);
}

static bool time_boot(Bench *bench, Column column, const Setting *setting, const char *fifo, int fd,
                      GError **error)
{
    g_autoptr(Server) server = column == COLUMN_VMD ? start_vmd(bench, setting, fifo, error)
                                                    : start_qemu(bench, setting, fifo, error);
    double wall, cpu;

    if (!server || !fifo_wait(fd, READY, READY_WAIT_MS, error))
        return false;
    wall = (double)(clock_ns() - server->started);
    cpu = server_kill_cpu(server, error);
    if (cpu < 0)
        return false;
    series_add(&bench->series[setting->wall][column], wall / 1e9);
    if (setting->cpu != N_FIGURES)
        series_add(&bench->series[setting->cpu][column], cpu / 1e9);
    return true;
}

static bool measure_column(Bench *bench, Column column, const Setting *setting, GError **error)
{
    g_autofree char *fifo = g_build_filename(bench->directory, BENCH_FIFO, NULL);
    int fd = fifo_open(fifo, error);
    bool good = fd >= 0 && time_boot(bench, column, setting, fifo, fd, error);

    if (fd >= 0)
        close(fd);
    g_unlink(fifo);
    return good;
}

static void add_ratio(Bench *bench, Column column)
{
    const Series *one = &bench->series[FIGURE_LINUX_PC][column];
    const Series *eight = &bench->series[FIGURE_LINUX_EIGHT][column];

    if (series_length(one))
        series_add(&bench->series[FIGURE_LINUX_EIGHT_RATIO][column],
                   series_last(eight) / series_last(one));
}

bool measure_linux(Bench *bench, GError **error)
{
    bool good = true;

    for (guint i = 0; bench->linux_folder && good && i < G_N_ELEMENTS(settings); i++) {
        good = (!bench->vmd_tcg || measure_column(bench, COLUMN_VMD, &settings[i], error)) &&
               (!bench->qemu || measure_column(bench, COLUMN_QEMU, &settings[i], error));
    }
    for (guint c = 0; good && c < N_COLUMNS; c++)
        add_ratio(bench, c);
    return good;
}
