/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A series of samples of one quantity, and the clock they are taken with.
 */
#include "config.h"
#include "tests/bench/series.h"

#include <math.h>
#include <time.h>

void series_add(Series *series, double sample)
{
    if (!series->samples)
        series->samples = g_array_new(FALSE, FALSE, sizeof(double));
    g_array_append_val(series->samples, sample);
}

void series_clear(Series *series)
{
    g_clear_pointer(&series->samples, g_array_unref);
}

guint series_length(const Series *series)
{
    return series->samples ? series->samples->len : 0;
}

double series_last(const Series *series)
{
    guint n = series_length(series);

    return n ? g_array_index(series->samples, double, n - 1) : NAN;
}

static gint compare_doubles(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double series_quantile(const Series *series, double q)
{
    g_autoptr(GArray) sorted = NULL;
    double position;
    guint below;

    if (series_length(series) == 0)
        return NAN;
    sorted = g_array_copy(series->samples);
    g_array_sort(sorted, compare_doubles);
    position = q * (sorted->len - 1);
    below = (guint)position;
    if (below + 1 >= sorted->len)
        return g_array_index(sorted, double, sorted->len - 1);
    return g_array_index(sorted, double, below) * (1 - (position - below)) +
           g_array_index(sorted, double, below + 1) * (position - below);
}

double series_median(const Series *series)
{
    return series_quantile(series, 0.5);
}

gint64 clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

double clock_ns_per_tick(void)
{
    gint64 start = clock_ns(), end;
    guint64 ticks = __builtin_ia32_rdtsc();

    g_usleep(100000);
    ticks = __builtin_ia32_rdtsc() - ticks;
    end = clock_ns();
    return (double)(end - start) / (double)ticks;
}
