/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of memory slots, between slots.c and dirty.c.
 */
#ifndef TCG_SLOTS_H
#define TCG_SLOTS_H

#include "tcg/memory.h"
#include "tcg/tcg-accel.h"

struct TcgSlots {
    GArray *slots;              /* of AccelSlot, by address */
    GArray *added, *deleted;    /* of AccelSlot, since slots_begin */
    GRWLock lock;               /* ranges and granules, for tcg_memory_written */
};

static inline AccelSlot *slot_at(GArray *slots, guint i)
{
    return &g_array_index(slots, AccelSlot, i);
}

/* The slot of that address and size, or NULL. */
AccelSlot *tcg_slot_find(GArray *slots, const AccelSlot *slot);

#endif
