/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaky buckets: see leaky-bucket.h.
 */
#include "config.h"
#include "hw/block/leaky-bucket.h"

#define NS_PER_SECOND 1e9

/* Without a burst rate, the amount of a tenth of a second may come together. */
#define MOMENT 0.1

void leaky_bucket_leak(LeakyBucket *bucket, gint64 elapsed)
{
    double seconds = MAX(elapsed, 0) / NS_PER_SECOND;

    bucket->level = MAX(bucket->level - bucket->average * seconds, 0);
    bucket->burst_level = MAX(bucket->burst_level - bucket->burst * seconds, 0);
}

static double wait_for(double level, double rim, double rate)
{
    return level > rim ? (level - rim) / rate * NS_PER_SECOND : 0;
}

gint64 leaky_bucket_wait(const LeakyBucket *bucket)
{
    double rim = bucket->burst > 0 ? bucket->burst * bucket->burst_length
                                   : bucket->average * MOMENT;
    double wait;

    if (bucket->average <= 0) {
        return 0;
    }
    wait = wait_for(bucket->level, rim, bucket->average);
    if (bucket->burst > 0 && bucket->burst_length > 1) {
        double burst = wait_for(bucket->burst_level, bucket->burst * MOMENT, bucket->burst);

        wait = MAX(wait, burst);
    }
    return (gint64)MIN(wait, (double)(G_MAXINT64 / 4));
}

void leaky_bucket_pour(LeakyBucket *bucket, double units)
{
    if (bucket->average > 0) {
        bucket->level += units;
        bucket->burst_level += units;
    }
}
