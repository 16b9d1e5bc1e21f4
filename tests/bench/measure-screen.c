/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What screens cost: a screendump of a picture that a guest (guests/picture.c) has drawn before it
 * ended, with the machine kept; and the CPU time of a guest that scrolls text by moving it.  The
 * guests run on a CPU in software: some hosts' KVM takes minutes to draw the large picture.
 */
#include "config.h"
#include "tests/bench/bench.h"

enum { DUMPS = 5 };

typedef struct {
    const char *image;
    FigureId ppm, png;
} Picture;

static const Picture pictures[] = {
    { "picture", FIGURE_DUMP_PPM, FIGURE_DUMP_PNG },
    { "picture4k", FIGURE_DUMP_4K_PPM, FIGURE_DUMP_4K_PNG },
};

/* Runs a guest to its end; the machine stays.  NULL on error. */
static Server *run_guest(const Bench *bench, Column column, const char *name, GError **error)
{
    g_autoptr(Server) server = bench_start_screen(bench, column, name, NULL, error);

    if (!server || !client_wait_event(server->client, "SHUTDOWN", error))
        return NULL;
    return g_steal_pointer(&server);
}

/* ---- Screendumps ---- */

static bool add_dump(Bench *bench, Server *server, Column column, FigureId figure,
                     const char *format, GError **error)
{
    g_autofree char *path = g_build_filename(bench->directory, "picture", NULL);
    g_autofree char *request = g_strdup_printf(
        "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"%s\",\"format\":\"%s\"}}\n",
        path, format);
    double ns = client_median_call(server->client, request, DUMPS, error);

    if (ns < 0)
        return false;
    series_add(&bench->series[figure][column], ns / 1e6);
    return true;
}

static bool measure_picture(Bench *bench, Column column, const Picture *picture, GError **error)
{
    g_autoptr(Server) server = run_guest(bench, column, picture->image, error);

    return server && add_dump(bench, server, column, picture->ppm, "ppm", error) &&
           add_dump(bench, server, column, picture->png, "png", error);
}

/* ---- Scrolling ---- */

static double guest_cpu(Bench *bench, Column column, const char *name, GError **error)
{
    g_autoptr(Server) server = run_guest(bench, column, name, error);

    return server ? server_kill_cpu(server, error) : -1;
}

static bool measure_scroll(Bench *bench, Column column, GError **error)
{
    double empty = guest_cpu(bench, column, "empty", error);
    double scroll = empty < 0 ? -1 : guest_cpu(bench, column, "scroll", error);

    if (scroll < 0)
        return false;
    series_add(&bench->series[FIGURE_SCROLL][column], MAX(scroll - empty, 1e5) / 1e9);
    return true;
}

static bool measure_column(Bench *bench, Column column, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++) {
        if (!measure_picture(bench, column, &pictures[i], error))
            return false;
    }
    return measure_scroll(bench, column, error);
}

bool measure_screen(Bench *bench, GError **error)
{
    if (!bench->programs)
        return true;
    return (!bench->vmd_tcg || measure_column(bench, COLUMN_VMD, error)) &&
           (!bench->qemu || measure_column(bench, COLUMN_QEMU, error));
}
