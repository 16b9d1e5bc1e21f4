/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A series of samples of one quantity, and the clock they are taken with.
 */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <glib.h>

typedef struct {
    GArray *samples;            /* of double, NULL while there are none */
} Series;

void series_add(Series *series, double sample);
void series_clear(Series *series);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Series, series_clear)
guint series_length(const Series *series);
/* The newest sample; NAN if there is none. */
double series_last(const Series *series);

/* Quantile q (0 to 1, 0.5 the median) of the samples; NAN if there are none. */
double series_quantile(const Series *series, double q);
double series_median(const Series *series);

/* CLOCK_MONOTONIC in nanoseconds. */
gint64 clock_ns(void);

/* Nanoseconds of one tick of the time stamp counter, measured over 100 ms. */
double clock_ns_per_tick(void);

#endif
