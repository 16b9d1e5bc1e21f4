/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What requests cost: vmd and QEMU without a machine, and a bare echo server.
 */
#include "config.h"
#include "tests/bench/bench.h"

#define QUERY_STATUS "{\"execute\":\"query-status\"}\n"

enum {
    WARM_UP = 200,
    ROUND_TRIPS = 2000,
    PIPELINED = 10000,
    SCHEMA_CALLS = 5,
    OBJECTS = 1000,
    OBJECTS_AT_END = 50,
};

static bool measure_status(Bench *bench, Column column, Client *client, GError **error)
{
    double ns = client_median_call(client, QUERY_STATUS, WARM_UP, error);
    gint64 start;

    if (ns < 0 || (ns = client_median_call(client, QUERY_STATUS, ROUND_TRIPS, error)) < 0)
        return false;
    series_add(&bench->series[FIGURE_STATUS][column], ns / 1e3);
    start = clock_ns();
    if (!client_pipeline(client, QUERY_STATUS, PIPELINED, error))
        return false;
    series_add(&bench->series[FIGURE_PIPELINE][column], (double)(clock_ns() - start) / 1e6);
    return true;
}

static bool measure_schema(Bench *bench, Column column, Client *client, GError **error)
{
    const char *request = "{\"execute\":\"query-qmp-schema\"}\n";
    double ns = client_median_call(client, request, 1, error);

    if (ns < 0 || (ns = client_median_call(client, request, SCHEMA_CALLS, error)) < 0)
        return false;
    series_add(&bench->series[FIGURE_SCHEMA][column], ns / 1e6);
    return true;
}

static bool add_object(Client *client, guint i, Series *series, GError **error)
{
    g_autofree char *request = g_strdup_printf(
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"m%u\",\"size\":4096}}\n", i);
    gint64 start = clock_ns();

    if (!client_call(client, request, error))
        return false;
    series_add(series, (double)(clock_ns() - start) / 1e3);
    return true;
}

static bool measure_object_add(Bench *bench, Column column, Client *client, GError **error)
{
    g_auto(Series) first = { NULL }, last = { NULL }, between = { NULL };
    double first_us, last_us;

    for (guint i = 0; i < OBJECTS; i++) {
        Series *series = i < OBJECTS_AT_END ? &first
            : i >= OBJECTS - OBJECTS_AT_END ? &last : &between;

        if (!add_object(client, i, series, error))
            return false;
    }
    first_us = series_median(&first);
    last_us = series_median(&last);
    series_add(&bench->series[FIGURE_ADD_FIRST][column], first_us);
    series_add(&bench->series[FIGURE_ADD_LAST][column], last_us);
    series_add(&bench->series[FIGURE_ADD_GROWTH][column], last_us / first_us);
    return true;
}

static bool measure_protocol_of(Bench *bench, Column column, GError **error)
{
    g_autoptr(Server) server = bench_start_empty(bench, column, error);

    return server &&
           client_call(server->client, "{\"execute\":\"qmp_capabilities\"}\n", error) &&
           measure_status(bench, column, server->client, error) &&
           measure_schema(bench, column, server->client, error) &&
           measure_object_add(bench, column, server->client, error);
}

static bool measure_echo(Bench *bench, GError **error)
{
    const char *const argv[] = { bench->echo, NULL };
    g_autoptr(Server) server = server_start(argv, bench->directory, error);

    return server && client_read_line(server->client, error) &&
           measure_status(bench, COLUMN_FLOOR, server->client, error);
}

bool measure_protocol(Bench *bench, GError **error)
{
    if (bench->vmd && !measure_protocol_of(bench, COLUMN_VMD, error))
        return false;
    if (bench->qemu && !measure_protocol_of(bench, COLUMN_QEMU, error))
        return false;
    return measure_echo(bench, error);
}
