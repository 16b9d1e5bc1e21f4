/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start-up times and memory.
 */
#include "config.h"
#include "tests/bench/bench.h"

static const char *column_path(const Bench *bench, Column column)
{
    return column == COLUMN_VMD ? bench->vmd : column == COLUMN_QEMU ? bench->qemu
                                                                     : bench->libraries;
}

static bool measure_greeting_of(Bench *bench, Column column, GError **error)
{
    g_autoptr(Server) server = bench_start_empty(bench, column, error);
    gint64 greeted = clock_ns();
    double dirty;

    if (!server)
        return false;
    series_add(&bench->series[FIGURE_GREETING][column], (double)(greeted - server->started) / 1e6);
    dirty = server_private_dirty(server, error);
    if (dirty < 0)
        return false;
    series_add(&bench->series[FIGURE_DIRTY_GREETING][column], dirty);
    return true;
}

bool measure_greeting(Bench *bench, GError **error)
{
    for (Column column = COLUMN_VMD; column < N_COLUMNS; column++) {
        if (column_path(bench, column) && !measure_greeting_of(bench, column, error))
            return false;
    }
    return true;
}

/* What makes the stopped machine run to its end: in vmd's case all of it. */
static char *run_requests(const Bench *bench, Column column, const char *kernel)
{
    g_autofree char *build = column == COLUMN_VMD
        ? bench_microvm_requests(bench->accel, kernel, "", NULL)
        : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");

    return g_strconcat(build, "{\"execute\":\"cont\"}\n", NULL);
}

/* The requests wait in the socket before the process is there to read them. */
static bool measure_shutdown_of(Bench *bench, Column column, GError **error)
{
    g_autofree char *requests = run_requests(bench, column, bench->exit_guest);
    g_autoptr(Server) server =
        bench_start_microvm(bench, column, bench->exit_guest, "", NULL, error);

    if (!server || !client_send(server->client, requests, error) ||
        !client_wait_event(server->client, "SHUTDOWN", error))
        return false;
    series_add(&bench->series[FIGURE_SHUTDOWN][column],
               (double)(clock_ns() - server->started) / 1e6);
    return true;
}

static bool measure_shutdown_floor(Bench *bench, FigureId id, bool irqchip, GError **error)
{
    const char *const with[] = { bench->floor, "--irqchip", bench->exit_guest, "", NULL };
    const char *const without[] = { bench->floor, bench->exit_guest, "", NULL };
    double ns = server_time_first_byte(irqchip ? with : without, bench->directory, error);

    if (ns < 0)
        return false;
    series_add(&bench->series[id][COLUMN_FLOOR], ns / 1e6);
    return true;
}

bool measure_shutdown(Bench *bench, GError **error)
{
    for (Column column = COLUMN_VMD; column <= COLUMN_QEMU; column++) {
        if (bench->runs[column] && !measure_shutdown_of(bench, column, error))
            return false;
    }
    return !bench->runs[COLUMN_FLOOR] ||
           (measure_shutdown_floor(bench, FIGURE_SHUTDOWN, true, error) &&
            measure_shutdown_floor(bench, FIGURE_SHUTDOWN_BARE, false, error));
}

/* Reads replies until all requests of the text are answered. */
static bool build(Client *client, const char *requests, GError **error)
{
    if (!client_send(client, requests, error))
        return false;
    for (const char *c = requests; *c; c++) {
        if (*c == '\n' && !client_read_reply(client, error))
            return false;
    }
    return true;
}

static bool measure_built_of(Bench *bench, Column column, GError **error)
{
    g_autofree char *requests = column == COLUMN_VMD
        ? bench_microvm_requests(bench->accel, bench->exit_guest, "", NULL)
        : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    g_autoptr(Server) server =
        bench_start_microvm(bench, column, bench->exit_guest, "", NULL, error);
    double dirty;

    if (!server || !client_read_line(server->client, error) ||
        !build(server->client, requests, error))
        return false;
    dirty = server_private_dirty(server, error);
    if (dirty < 0)
        return false;
    series_add(&bench->series[FIGURE_DIRTY_BUILT][column], dirty);
    return true;
}

bool measure_built(Bench *bench, GError **error)
{
    for (Column column = COLUMN_VMD; column <= COLUMN_QEMU; column++) {
        if (bench->runs[column] && !measure_built_of(bench, column, error))
            return false;
    }
    return true;
}
