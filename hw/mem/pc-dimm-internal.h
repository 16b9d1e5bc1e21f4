/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What classes that extend pc-dimm see of it.
 */
#ifndef HW_MEM_PC_DIMM_INTERNAL_H
#define HW_MEM_PC_DIMM_INTERNAL_H

#include "hw/backends/memory-backend.h"
#include "hw/mem/device-memory.h"
#include "hw/mem/pc-dimm.h"
#include "qom/qapi-objects-memory.h"

struct PcDimm {
    Device parent;
    MemoryPlace place;
    MemoryBackend *backend;     /* kept until the object ends; NULL: never realized */
};

/* The TypeInfo.kind of such a class. */
typedef struct {
    bool persistent;            /* what MemoryPlace has */
    /* Checks properties, and says how much of the backend the guest gets as memory; fails
     * naming the property. */
    bool (*measure)(PcDimm *dimm, const MemoryBackend *backend, guint64 *ret_size,
                    GError **error);
} PcDimmKind;

#endif
