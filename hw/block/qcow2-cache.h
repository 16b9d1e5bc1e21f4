/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded cache of slices of an image's tables.  A slice is found by its number; the caller
 * knows where it is in the file.
 *
 * Lookups need the image's mutex.  Only the image's worker changes the contents.
 */
#ifndef HW_BLOCK_QCOW2_CACHE_H
#define HW_BLOCK_QCOW2_CACHE_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    guint64 number;
    guint8 *data;               /* as in the file; NULL: never used */
    guint64 used;               /* when it was last looked up */
    bool valid, dirty;
} Qcow2Slice;

typedef struct {
    gsize slice_size;
    guint n_sets;
    Qcow2Slice *slices;         /* n_sets times QCOW2_CACHE_WAYS */
    guint64 clock;
    guint n_dirty;
} Qcow2Cache;

enum { QCOW2_CACHE_WAYS = 4 };

/* Takes at most `memory` bytes, and has room for at most `wanted` slices, but always for some;
 * memory is allocated as slices are added. */
void qcow2_cache_init(Qcow2Cache *cache, gsize slice_size, guint64 memory, guint64 wanted);
void qcow2_cache_clear(Qcow2Cache *cache);

/* The slice of that number, or NULL. */
Qcow2Slice *qcow2_cache_find(Qcow2Cache *cache, guint64 number);
/* The place that this slice would take, whose old contents may be dirty. */
Qcow2Slice *qcow2_cache_place(Qcow2Cache *cache, guint64 number);
/* Puts data (slice_size bytes, copied) in a place that is not dirty. */
void qcow2_cache_put(Qcow2Cache *cache, Qcow2Slice *place, guint64 number, const void *data);
void qcow2_cache_set_dirty(Qcow2Cache *cache, Qcow2Slice *slice, bool dirty);
/* The first dirty slice from that index on, with its index; NULL: none. */
Qcow2Slice *qcow2_cache_next_dirty(Qcow2Cache *cache, guint *index);

#endif
