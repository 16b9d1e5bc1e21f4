/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What qom-list and qom-get cost in a tree of 10,000 objects, against the same
 * calls in a tree of ten; pipelined, since the latency of waking either process
 * up would hide the difference.  vmd only: QEMU takes a quarter of a minute to
 * create such a tree, and the question is whether vmd's cost grows.
 */
#include "config.h"
#include "tests/bench/bench.h"

enum {
    FEW = 10,
    MANY = 10000,
    CALLS = 10000,
};

#define QOM_LIST "{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"/objects/m5\"}}\n"
#define QOM_GET "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/objects/m5\"," \
                "\"property\":\"type\"}}\n"

typedef struct {
    double list, get;           /* ns a call */
} Cost;

/* Negative on error. */
static double cost_of(Client *client, const char *request, GError **error)
{
    gint64 start = clock_ns();

    if (!client_pipeline(client, request, CALLS, error)) {
        return -1;
    }
    return (double)(clock_ns() - start) / CALLS;
}

static bool add_objects(Client *client, guint from, guint to, GError **error)
{
    for (guint i = from; i < to; i++) {
        g_autofree char *request = g_strdup_printf(
            "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"rng-builtin\","
            "\"id\":\"m%u\"}}\n", i);

        if (!client_call(client, request, error))
            return false;
    }
    return true;
}

static bool measure_cost(Client *client, Cost *cost, GError **error)
{
    cost->list = cost_of(client, QOM_LIST, error);
    if (cost->list < 0)
        return false;
    cost->get = cost_of(client, QOM_GET, error);
    return cost->get >= 0;
}

bool measure_tree(Bench *bench, GError **error)
{
    g_autoptr(Server) server = NULL;
    Cost few, many;

    if (!bench->vmd)
        return true;
    server = bench_start_empty(bench, COLUMN_VMD, error);
    if (!server ||
        !client_call(server->client, "{\"execute\":\"qmp_capabilities\"}\n", error) ||
        !add_objects(server->client, 0, FEW, error) ||
        !measure_cost(server->client, &few, error) ||
        !add_objects(server->client, FEW, MANY, error) ||
        !measure_cost(server->client, &many, error))
        return false;
    series_add(&bench->series[FIGURE_TREE_LIST][COLUMN_VMD], many.list / 1e3);
    series_add(&bench->series[FIGURE_TREE_LIST_GROWTH][COLUMN_VMD], many.list / few.list);
    series_add(&bench->series[FIGURE_TREE_GET][COLUMN_VMD], many.get / 1e3);
    series_add(&bench->series[FIGURE_TREE_GET_GROWTH][COLUMN_VMD], many.get / few.get);
    return true;
}
