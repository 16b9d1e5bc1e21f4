/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flattening: from a tree of regions to a sorted list of ranges that do not
 * overlap.
 *
 * Regions are visited in the order of visibility (higher priority first), and
 * each fills what is still free of its extent.  Positions are 128-bit numbers,
 * because an alias may begin below 0 of the space that shows it, and sizes go
 * up to 2^64.
 */
#include "config.h"
#include "hw/memory/memory-internal.h"

typedef __int128 Place;

/* Where a region may be visible. */
typedef struct {
    guint64 first, last;
    bool readonly;
} Clip;

/* ---- Building ---- */

/* Inserts first..last of mr, whose offset 0 is at base, before index i. */
static void insert_piece(GArray *ranges, guint i, MemoryRegion *mr, Place base, guint64 first,
                         guint64 last, bool readonly)
{
    const FlatRange range = {
        .start = first,
        .size = last - first + 1,
        .mr = mr,
        .offset = (guint64)(first - base),
        .readonly = readonly,
    };

    g_array_insert_val(ranges, i, range);
}

/* Fills the free parts of clip with mr. */
static void fill_gaps(GArray *ranges, MemoryRegion *mr, Place base, const Clip *clip)
{
    guint64 first = clip->first;

    for (guint i = 0; i < ranges->len; i++) {
        const FlatRange range = g_array_index(ranges, FlatRange, i);

        if (range_last(&range) < first) {
            continue;
        }
        if (range.start > clip->last) {
            insert_piece(ranges, i, mr, base, first, clip->last, clip->readonly);
            return;
        }
        if (range.start > first) {
            insert_piece(ranges, i, mr, base, first, range.start - 1, clip->readonly);
            i++;
        }
        if (range_last(&range) >= clip->last) {
            return;
        }
        first = range_last(&range) + 1;
    }
    insert_piece(ranges, ranges->len, mr, base, first, clip->last, clip->readonly);
}

/* Renders mr with its offset 0 at base, as far as it is within clip. */
static void render(GArray *ranges, MemoryRegion *mr, Place base, Clip clip)
{
    Place last = base + size_last(mr->size);

    if (!mr->enabled || last < (Place)clip.first || base > (Place)clip.last) {
        return;
    }
    clip.first = MAX(base, (Place)clip.first);
    clip.last = MIN(last, (Place)clip.last);
    clip.readonly |= mr->readonly;
    for (guint i = 0; i < mr->subregions->len; i++) {
        MemoryRegion *sub = g_ptr_array_index(mr->subregions, i);

        render(ranges, sub, base + sub->offset, clip);
    }
    if (mr->kind == REGION_ALIAS) {
        render(ranges, mr->target, base - mr->target_offset, clip);
    } else if (mr->kind != REGION_CONTAINER) {
        fill_gaps(ranges, mr, base, &clip);
    }
}

static bool ranges_join(const FlatRange *a, const FlatRange *b)
{
    return a->mr == b->mr && a->readonly == b->readonly && range_last(a) + 1 == b->start &&
           a->offset + a->size == b->offset;
}

/* Joins neighbours that show one contiguous part of one region. */
static void join_ranges(GArray *ranges)
{
    for (guint i = 1; i < ranges->len;) {
        FlatRange *a = &g_array_index(ranges, FlatRange, i - 1);
        const FlatRange *b = &g_array_index(ranges, FlatRange, i);

        if (ranges_join(a, b)) {
            a->size += b->size;
            g_array_remove_index(ranges, i);
        } else {
            i++;
        }
    }
}

static void note_lockless(FlatView *view)
{
    view->lockless_first = G_MAXUINT64;
    for (guint i = 0; i < view->ranges->len; i++) {
        const FlatRange *range = &g_array_index(view->ranges, FlatRange, i);

        if (range->mr->ops && range->mr->ops->lockless) {
            view->lockless_first = MIN(view->lockless_first, range->start);
            view->lockless_last = range_last(range);
        }
    }
}

FlatView *flatview_new(MemoryRegion *root)
{
    FlatView *view = g_new0(FlatView, 1);

    g_atomic_ref_count_init(&view->refs);
    view->ranges = g_array_new(false, false, sizeof(FlatRange));
    render(view->ranges, root, 0, (Clip){ .first = 0, .last = size_last(root->size) });
    join_ranges(view->ranges);
    for (guint i = 0; i < view->ranges->len; i++) {
        MemoryRegion *mr = g_array_index(view->ranges, FlatRange, i).mr;

        view->logged |= mr->logs > 0;
        object_ref(mr);
        object_ref(mr->owner);
    }
    note_lockless(view);
    return view;
}

FlatView *flatview_ref(FlatView *view)
{
    g_atomic_ref_count_inc(&view->refs);
    return view;
}

void flatview_unref(FlatView *view)
{
    if (!g_atomic_ref_count_dec(&view->refs)) {
        return;
    }
    for (guint i = 0; i < view->ranges->len; i++) {
        MemoryRegion *mr = g_array_index(view->ranges, FlatRange, i).mr;
        Object *owner = mr->owner;

        object_unref(mr);
        object_unref(owner);
    }
    g_array_unref(view->ranges);
    g_free(view);
}

/* ---- Searching ---- */

/* Whether exactly the first n ranges begin at or below addr. */
static bool is_place(const FlatView *view, guint n, guint64 addr)
{
    const FlatRange *ranges = (const FlatRange *)view->ranges->data;

    return (n == 0 || ranges[n - 1].start <= addr) &&
           (n == view->ranges->len || addr < ranges[n].start);
}

/* How many ranges begin at or below addr. */
static guint find_place(FlatView *view, guint64 addr)
{
    const FlatRange *ranges = (const FlatRange *)view->ranges->data;
    guint low = 0, high = view->ranges->len;
    guint hint = __atomic_load_n(&view->hint, __ATOMIC_RELAXED);

    if (G_LIKELY(is_place(view, hint, addr))) {
        return hint;
    }
    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (addr < ranges[middle].start) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    __atomic_store_n(&view->hint, low, __ATOMIC_RELAXED);
    return low;
}

const FlatRange *flatview_find(FlatView *view, guint64 addr, guint64 *ret_last)
{
    const FlatRange *ranges = (const FlatRange *)view->ranges->data;
    guint place = find_place(view, addr);
    const FlatRange *range = place ? &ranges[place - 1] : NULL;

    range = range && addr <= range_last(range) ? range : NULL;
    if (ret_last) {
        *ret_last = range ? range_last(range)
                  : place < view->ranges->len ? ranges[place].start - 1 : G_MAXUINT64;
    }
    return range;
}
