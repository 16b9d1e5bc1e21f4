/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VNC client costs: a screen that changes as a whole all the time (guests/frames.h), in
 * encodings that both programs have; and a still one, with a client and without.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <unistd.h>

#include "tests/bench/viewer.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

enum { IDLE_SECONDS = 3 };

typedef struct {
    const char *image;
    guint width, height;
    ViewerEncoding encoding;
    FigureId time;              /* CPU time is the next one */
} Watch;

static const Watch watches[] = {
    { "frames", 1024, 768, VIEWER_RAW, FIGURE_VNC_RAW },
    { "frames", 1024, 768, VIEWER_TIGHT, FIGURE_VNC_TIGHT },
    { "frames", 1024, 768, VIEWER_ZRLE, FIGURE_VNC_ZRLE },
    { "frames4k", 3840, 2160, VIEWER_RAW, FIGURE_VNC_4K_RAW },
    { "frames4k", 3840, 2160, VIEWER_TIGHT, FIGURE_VNC_4K_TIGHT },
    { "frames4k", 3840, 2160, VIEWER_ZRLE, FIGURE_VNC_4K_ZRLE },
};

/* QEMU shows no more of a large picture. */
enum { QEMU_MAX_WIDTH = 2560 };

/* The path of a VNC server's socket; nothing is there. */
static char *new_path(const Bench *bench)
{
    char *path = g_build_filename(bench->directory, "vnc", NULL);

    unlink(path);
    return path;
}

static bool measure_changes(Bench *bench, Column column, const Watch *watch, GError **error)
{
    g_autofree char *path = new_path(bench);
    g_autoptr(Server) server = bench_start_screen(bench, column, watch->image, path, error);
    guint width = MIN(watch->width, QEMU_MAX_WIDTH);
    g_autoptr(Viewer) viewer =
        server ? viewer_new(path, watch->encoding, width, error) : NULL;
    double before, after, screens;
    guint64 pixels;
    gint64 ns;

    /* The guest draws in the first second. */
    if (!viewer || !viewer_watch(viewer, 2 * SECOND, &pixels, &ns, error))
        return false;
    before = server_cpu(server, error);
    if (before < 0 || !viewer_watch(viewer, 3 * SECOND, &pixels, &ns, error))
        return false;
    after = server_cpu(server, error);
    if (after < 0)
        return false;
    screens = (double)pixels / ((double)watch->width * watch->height);
    series_add(&bench->series[watch->time][column], (double)ns / screens / 1e6);
    series_add(&bench->series[watch->time + 1][column], (after - before) / screens / 1e6);
    return true;
}

/* Adds wake-ups, and CPU time unless cpu is N_FIGURES. */
static bool add_idle(Bench *bench, Server *server, Column column, FigureId sleeps, FigureId cpu,
                     GError **error)
{
    double before = server_sleeps(server, error), after, cpu_before, cpu_after;

    cpu_before = server_cpu(server, error);
    sleep(IDLE_SECONDS);
    cpu_after = server_cpu(server, error);
    after = server_sleeps(server, error);
    if (before < 0 || after < 0 || cpu_before < 0 || cpu_after < 0)
        return false;
    series_add(&bench->series[sleeps][column], (after - before) / IDLE_SECONDS);
    if (cpu != N_FIGURES)
        series_add(&bench->series[cpu][column], (cpu_after - cpu_before) / IDLE_SECONDS / 1e6);
    return true;
}

static bool measure_idle(Bench *bench, Column column, GError **error)
{
    g_autofree char *path = new_path(bench);
    g_autoptr(Server) server = bench_start_screen(bench, column, "still", path, error);
    g_autoptr(Viewer) viewer = server ? viewer_new(path, VIEWER_RAW, 1024, error) : NULL;

    if (!viewer || !viewer_ask(viewer, error))
        return false;
    sleep(1);
    if (!add_idle(bench, server, column, FIGURE_VNC_IDLE, FIGURE_VNC_IDLE_CPU, error))
        return false;
    g_clear_pointer(&viewer, viewer_free);
    sleep(1);
    return add_idle(bench, server, column, FIGURE_VNC_UNWATCHED, N_FIGURES, error);
}

static bool measure_column(Bench *bench, Column column, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(watches); i++) {
        if (!measure_changes(bench, column, &watches[i], error))
            return false;
    }
    return measure_idle(bench, column, error);
}

bool measure_vnc(Bench *bench, GError **error)
{
    if (!bench->programs)
        return true;
    return (!bench->vmd_tcg || measure_column(bench, COLUMN_VMD, error)) &&
           (!bench->qemu || measure_column(bench, COLUMN_QEMU, error));
}
