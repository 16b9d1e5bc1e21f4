/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions as people see them: where one is now, and the tree of an address space.  Machine lock.
 */
#ifndef HW_MEMORY_REGION_TREE_H
#define HW_MEMORY_REGION_TREE_H

#include "hw/memory/memory.h"
#include "qmp/qapi-types-tree.h"

/*
 * The address space in which a region is mapped, through aliases too, and its first address there.
 * NULL: it is mapped nowhere, not enabled, or a container or an alias.  Whether another
 * region hides it does not matter.
 */
const AddressSpace *region_place(const MemoryRegion *mr, guint64 *ret_address);

/* The tree and the flat view of an address space; newly allocated. */
MemoryTreeSpace *address_space_describe(AddressSpace *as, const char *name);

#endif
