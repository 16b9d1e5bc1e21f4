/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slices of tables in memory: see qcow2-cache.h.  The number of a slice selects a set, and the
 * slice is in one of the set's ways; the least recently used slice makes room.
 */
#include "config.h"
#include "hw/block/qcow2-cache.h"

#include <string.h>

void qcow2_cache_init(Qcow2Cache *cache, gsize slice_size, guint64 memory, guint64 wanted)
{
    guint64 slices = MIN(memory / slice_size, wanted);

    *cache = (Qcow2Cache){ .slice_size = slice_size };
    cache->n_sets = MAX((slices + QCOW2_CACHE_WAYS - 1) / QCOW2_CACHE_WAYS, 2);
    cache->slices = g_new0(Qcow2Slice, (gsize)cache->n_sets * QCOW2_CACHE_WAYS);
}

void qcow2_cache_clear(Qcow2Cache *cache)
{
    for (gsize i = 0; i < (gsize)cache->n_sets * QCOW2_CACHE_WAYS; i++) {
        g_free(cache->slices[i].data);
    }
    g_clear_pointer(&cache->slices, g_free);
    cache->n_sets = cache->n_dirty = 0;
}

static Qcow2Slice *set_of(Qcow2Cache *cache, guint64 number)
{
    return cache->slices + number % cache->n_sets * QCOW2_CACHE_WAYS;
}

Qcow2Slice *qcow2_cache_find(Qcow2Cache *cache, guint64 number)
{
    Qcow2Slice *set = set_of(cache, number);

    for (guint i = 0; i < QCOW2_CACHE_WAYS; i++) {
        if (set[i].valid && set[i].number == number) {
            set[i].used = ++cache->clock;
            return &set[i];
        }
    }
    return NULL;
}

Qcow2Slice *qcow2_cache_place(Qcow2Cache *cache, guint64 number)
{
    Qcow2Slice *set = set_of(cache, number), *oldest = set;

    for (guint i = 0; i < QCOW2_CACHE_WAYS; i++) {
        if (!set[i].valid) {
            return &set[i];
        }
        if (set[i].used < oldest->used) {
            oldest = &set[i];
        }
    }
    return oldest;
}

void qcow2_cache_put(Qcow2Cache *cache, Qcow2Slice *place, guint64 number, const void *data)
{
    if (!place->data) {
        place->data = g_malloc(cache->slice_size);
    }
    memcpy(place->data, data, cache->slice_size);
    place->number = number;
    place->valid = true;
    place->used = ++cache->clock;
}

void qcow2_cache_set_dirty(Qcow2Cache *cache, Qcow2Slice *slice, bool dirty)
{
    if (slice->dirty != dirty) {
        slice->dirty = dirty;
        cache->n_dirty += dirty ? 1 : -1;
    }
}

Qcow2Slice *qcow2_cache_next_dirty(Qcow2Cache *cache, guint *index)
{
    if (!cache->n_dirty) {
        return NULL;
    }
    for (; *index < cache->n_sets * QCOW2_CACHE_WAYS; (*index)++) {
        if (cache->slices[*index].dirty) {
            return &cache->slices[*index];
        }
    }
    return NULL;
}
