/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See region-tree.h.
 */
#include "config.h"
#include "hw/memory/region-tree.h"

#include "hw/memory/memory-internal.h"

/* An alias of an alias of an alias ... leads nowhere that matters. */
enum { ALIASES_MAX = 8 };

static const AddressSpace *place_of(const MemoryRegion *mr, guint64 at, guint depth,
                                    guint64 *ret_address)
{
    const AddressSpace *as = NULL;

    while (mr->container && mr->enabled) {
        at += mr->offset;
        mr = mr->container;
    }
    if (mr->as && mr->enabled) {
        *ret_address = at;
        return mr->as;
    }
    for (guint i = 0; mr->enabled && mr->aliases && i < mr->aliases->len && !as &&
         depth < ALIASES_MAX; i++) {
        const MemoryRegion *alias = mr->aliases->pdata[i];

        if (at - alias->target_offset < alias->size) {
            as = place_of(alias, at - alias->target_offset, depth + 1, ret_address);
        }
    }
    return as;
}

const AddressSpace *region_place(const MemoryRegion *mr, guint64 *ret_address)
{
    const bool answers = mr->kind != REGION_CONTAINER && mr->kind != REGION_ALIAS;

    return answers ? place_of(mr, 0, 0, ret_address) : NULL;
}

/* ---- Trees ---- */

static const char *kind_name(const MemoryRegion *mr)
{
    switch (mr->kind) {
    case REGION_CONTAINER:
        return "container";
    case REGION_IO:
        return "i/o";
    case REGION_RAM:
        return mr->readonly ? "rom" : "ram";
    case REGION_ROM_DEVICE:
        return "romd";
    case REGION_ALIAS:
        return "alias";
    }
    return "";
}

static MemoryTreeRegion *describe(const MemoryRegion *mr, guint64 address)
{
    MemoryTreeRegion *info = g_new0(MemoryTreeRegion, 1);

    info->name = g_strdup(mr->object.name);
    info->kind = g_strdup(kind_name(mr));
    info->address = address;
    info->last = address + mr->size - 1;
    info->priority = mr->priority;
    info->enabled = mr->enabled;
    if (mr->target) {
        info->target = g_strdup(mr->target->object.name);
        info->has_offset = true;
        info->offset = mr->target_offset;
    }
    return info;
}

static MemoryTreeRegion *describe_tree(const MemoryRegion *mr, guint64 address)
{
    MemoryTreeRegion *info = describe(mr, address);
    guint n = mr->subregions ? mr->subregions->len : 0;

    info->regions.items = g_new0(MemoryTreeRegion *, n);
    for (guint i = 0; i < n; i++) {
        const MemoryRegion *sub = mr->subregions->pdata[i];

        info->regions.items[info->regions.n++] = describe_tree(sub, address + sub->offset);
    }
    return info;
}

MemoryTreeSpace *address_space_describe(AddressSpace *as, const char *name)
{
    MemoryTreeSpace *space = g_new0(MemoryTreeSpace, 1);
    guint n;
    const FlatRange *ranges = address_space_ranges(as, &n);

    space->name = g_strdup(name);
    space->root = describe_tree(as->root, 0);
    space->view.items = g_new0(MemoryTreeRegion *, n);
    for (guint i = 0; i < n; i++) {
        MemoryTreeRegion *range = describe(ranges[i].mr, ranges[i].start);

        range->last = ranges[i].start + ranges[i].size - 1;
        space->view.items[space->view.n++] = range;
    }
    return space;
}
