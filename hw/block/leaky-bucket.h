/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaky buckets: how long a request has to wait so that rates stay within
 * limits.  Time is a parameter.
 *
 * A request pours its units into the bucket, which leaks at the average rate.
 * While the bucket is not over-full, requests pass immediately; else they wait
 * until the units before them have leaked down to its rim.  So each request
 * knows its turn as soon as it arrives, and no queue is needed.
 *
 * A second bucket, for bursts longer than a moment, leaks at the burst rate.
 */
#ifndef HW_BLOCK_LEAKY_BUCKET_H
#define HW_BLOCK_LEAKY_BUCKET_H

#include <glib.h>

typedef struct {
    double average;             /* units a second; 0: no limit */
    double burst;               /* units a second in bursts; 0: none allowed */
    double burst_length;        /* seconds, at least 1 */
    double level, burst_level;  /* units */
} LeakyBucket;

/* Leaks the amount for elapsed ns. */
void leaky_bucket_leak(LeakyBucket *bucket, gint64 elapsed);
/* How many ns a request has to wait that comes now. */
gint64 leaky_bucket_wait(const LeakyBucket *bucket);
/* Adds units; without a limit, nothing is recorded. */
void leaky_bucket_pour(LeakyBucket *bucket, double units);

#endif
