/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a second CPU in software costs the first: programs that compute run once on one CPU, and
 * then on two at once, each in memory of its own (guests/pair.c).  A sample is the time of twice
 * the work by two over that of the work by one, each less that of a guest that computes nothing,
 * as the geometric mean of the programs.  The floor is the same with processes of this host.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <math.h>

static const char *const programs[] = { "quicksort", "hash", "objects" };

static char *vmd_requests(const char *image, guint cpus)
{
    const BenchAccel *accel = bench_accel("tcg");
    GString *text = g_string_new(NULL);

    g_string_append_printf(
        text,
        "{\"execute\":\"qmp_capabilities\"}\n"
        "{\"execute\":\"set-action\",\"arguments\":{\"reboot\":\"shutdown\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-accel\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"ram\",\"size\":201326592}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"microvm-machine\","
        "\"memory-backend\":\"ram\",\"kernel\":\"%s\"}}\n", accel->name, image);
    for (guint i = 0; i < cpus; i++)
        g_string_append_printf(text, "{\"execute\":\"device_add\",\"arguments\":{%s}}\n",
                               accel->vmd_cpu);
    g_string_append(text, "{\"execute\":\"cont\"}\n");
    return g_string_free(text, FALSE);
}

static Server *start(const Bench *bench, Column column, const char *image, guint cpus,
                     GError **error)
{
    const char *const vmd[] = { bench->vmd, NULL };
    g_autofree char *smp = g_strdup_printf("%u", cpus);
    const char *const qemu[] = {
        bench->qemu, "-accel", "tcg", "-M", "pc", "-cpu", "max", "-smp", smp, "-m", "192",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel", image,
        SERVER_QEMU_MONITOR, NULL
    };
    g_autofree char *requests = column == COLUMN_VMD
        ? vmd_requests(image, cpus) : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    g_autoptr(Server) server =
        server_start(column == COLUMN_VMD ? vmd : qemu, bench->directory, error);

    if (!server || !client_send(server->client, requests, error))
        return NULL;
    return g_steal_pointer(&server);
}

/* Seconds from the start of the process to the end of its guest; negative on error. */
static double run_guest(const Bench *bench, Column column, const char *name, guint cpus,
                        GError **error)
{
    g_autofree char *image = g_strconcat(bench->programs, "/", name,
                                         cpus > 1 ? ".pair.elf" : ".elf", NULL);
    g_autoptr(Server) server = start(bench, column, image, cpus, error);

    if (!server || !client_wait_event(server->client, "SHUTDOWN", error))
        return -1;
    return (double)(clock_ns() - server->started) / 1e9;
}

static double run_native(const Bench *bench, const char *name, guint processes, GError **error)
{
    g_autofree char *file = g_strconcat(bench->programs, "/", name, ".native", NULL);
    const char *const argv[] = { file, NULL };
    double ns = server_run_several(argv, bench->directory, processes, error);

    return ns < 0 ? -1 : ns / 1e9;
}

static double run(const Bench *bench, Column column, const char *name, guint n, GError **error)
{
    double seconds = column == COLUMN_FLOOR ? run_native(bench, name, n, error)
                                            : run_guest(bench, column, name, n, error);

    if (seconds < 0)
        g_prefix_error(error, "%s, %u at once: ", name, n);
    return seconds;
}

static bool measure_column(Bench *bench, Column column, GError **error)
{
    double nothing[2], logs = 0;

    for (guint n = 1; n <= 2; n++) {
        nothing[n - 1] = run(bench, column, "empty", n, error);
        if (nothing[n - 1] < 0)
            return false;
    }
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        double one = run(bench, column, programs[i], 1, error);
        double two = one < 0 ? -1 : run(bench, column, programs[i], 2, error);

        if (two < 0)
            return false;
        logs += log(MAX(two - nothing[1], 1e-4) / MAX(one - nothing[0], 1e-4));
    }
    series_add(&bench->series[FIGURE_SMP_PAIR][column], exp(logs / G_N_ELEMENTS(programs)));
    return true;
}

bool measure_smp(Bench *bench, GError **error)
{
    if (!bench->programs)
        return true;
    return measure_column(bench, COLUMN_FLOOR, error) &&
           (!bench->qemu || measure_column(bench, COLUMN_QEMU, error)) &&
           (!bench->vmd_tcg || measure_column(bench, COLUMN_VMD, error));
}
