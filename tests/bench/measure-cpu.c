/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a CPU in software costs: programs that compute (guests/), each run natively, by
 * QEMU's TCG and by vmd's `tcg`, one after the other in each round.  A sample is the
 * user and system time of the whole process less that of a guest that computes
 * nothing; sums must be equal.  The floor is the native program.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <math.h>
#include <string.h>

static const char *const programs[] = {
    "quicksort", "hash", "strings", "chase", "interpreter", "floats", "calls", "objects", "repmov",
};

enum { N_PROGRAMS = G_N_ELEMENTS(programs) };

static const char *const column_names[N_COLUMNS] = { "vmd", "QEMU", "the host" };

static bool column_runs(const Bench *bench, Column column)
{
    return column == COLUMN_VMD ? bench->vmd_tcg : column == COLUMN_FLOOR || bench->qemu;
}

/* ---- One run ---- */

static double run_native(const Bench *bench, const char *name, const char *output, GError **error)
{
    g_autofree char *file = g_strconcat(bench->programs, "/", name, ".native", NULL);
    const char *const argv[] = { file, NULL };

    return server_run_cpu(argv, bench->directory, output, error);
}

static double run_qemu(const Bench *bench, const char *image, const char *output, GError **error)
{
    g_autofree char *chardev = g_strdup_printf("file:%s", output);
    g_autofree char *log = g_build_filename(bench->directory, SERVER_LOG, NULL);
    const char *const argv[] = {
        bench->qemu, "-accel", "tcg", "-M", "pc", "-cpu", "max", "-m", "64", "-nodefaults",
        "-no-user-config", "-display", "none", "-no-reboot", "-serial", chardev, "-device",
        "isa-debug-exit,iobase=0x501,iosize=4", "-kernel", image, NULL
    };

    return server_run_cpu(argv, bench->directory, log, error);
}

static double run_vmd(const Bench *bench, const char *image, const char *output, GError **error)
{
    const char *const argv[] = { bench->vmd, NULL };
    g_autofree char *build = bench_microvm_requests(bench_accel("tcg"), image, "", output);
    g_autofree char *requests = g_strconcat(
        build, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"isa-debug-exit\","
        "\"iobase\":1281,\"iosize\":4}}\n{\"execute\":\"cont\"}\n", NULL);
    g_autoptr(Server) server = server_start(argv, bench->directory, error);

    if (!server || !client_send(server->client, requests, error) ||
        !client_wait_event(server->client, "SHUTDOWN", error))
        return -1;
    return server_wait_cpu(server, error);
}

/* Seconds; what the program printed is in the file output. */
static double run(const Bench *bench, Column column, const char *name, const char *output,
                  GError **error)
{
    g_autofree char *image = g_strconcat(bench->programs, "/", name, ".elf", NULL);
    double ns = column == COLUMN_FLOOR ? run_native(bench, name, output, error)
              : column == COLUMN_QEMU ? run_qemu(bench, image, output, error)
                                      : run_vmd(bench, image, output, error);

    return ns < 0 ? -1 : ns / 1e9;
}

/* ---- Sums ---- */

/* The program's line, "NAME 0123456789abcdef"; NULL on error. */
static char *read_sum(const char *output, const char *name, GError **error)
{
    g_autofree char *text = NULL;
    g_autofree char *start = g_strconcat(name, " ", NULL);
    const char *line;

    if (!g_file_get_contents(output, &text, NULL, error))
        return NULL;
    line = strstr(text, start);
    if (!line) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s did not print its sum", name);
        return NULL;
    }
    return g_strndup(line, strlen(start) + 16);
}

static bool check_sum(char **native, Column column, const char *output, const char *name,
                      GError **error)
{
    g_autofree char *sum = read_sum(output, name, error);

    if (!sum)
        return false;
    if (column == COLUMN_FLOOR)
        *native = g_steal_pointer(&sum);
    else if (!g_str_equal(sum, *native)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s computes '%s', %s '%s'",
                    column_names[COLUMN_FLOOR], *native, column_names[column], sum);
        return false;
    }
    return true;
}

/* ---- Rounds ---- */

/* The native one comes first: its sum is the right one. */
static const Column order[] = { COLUMN_FLOOR, COLUMN_QEMU, COLUMN_VMD };

/* Seconds of a program in each column, NAN where it does not run. */
static bool run_columns(const Bench *bench, const char *name, double seconds[N_COLUMNS],
                        GError **error)
{
    g_autofree char *output = g_build_filename(bench->directory, BENCH_OUTPUT, NULL);
    g_autofree char *native = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        Column column = order[i];

        seconds[column] = NAN;
        if (!column_runs(bench, column))
            continue;
        seconds[column] = run(bench, column, name, output, error);
        if (seconds[column] < 0 || !check_sum(&native, column, output, name, error)) {
            g_prefix_error(error, "%s on %s: ", name, column_names[column]);
            return false;
        }
    }
    return true;
}

bool measure_cpu(Bench *bench, GError **error)
{
    double empty[N_COLUMNS], seconds[N_COLUMNS], logs[N_COLUMNS] = { 0 };

    if (!bench->programs)
        return true;
    if (!run_columns(bench, "empty", empty, error))
        return false;
    for (guint i = 0; i < N_PROGRAMS; i++) {
        if (!run_columns(bench, programs[i], seconds, error))
            return false;
        for (guint c = 0; c < N_COLUMNS; c++) {
            double net = MAX(seconds[c] - empty[c], 1e-4);

            if (isnan(seconds[c]))
                continue;
            series_add(&bench->series[FIGURE_CPU_QUICKSORT + i][c], net);
            logs[c] += log(net);
        }
    }
    for (guint c = 0; c < N_COLUMNS; c++) {
        if (column_runs(bench, c))
            series_add(&bench->series[FIGURE_CPU_MEAN][c], exp(logs[c] / N_PROGRAMS));
    }
    return true;
}
