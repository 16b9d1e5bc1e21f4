/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nvdimm: a memory module that keeps its content; see nvdimm.c.  Machine lock held. */
#ifndef HW_MEM_NVDIMM_H
#define HW_MEM_NVDIMM_H

#include "qom/device.h"

/* Where the guest keeps its labels, beside the memory. */
typedef struct {
    guint8 *data;
    guint64 size;               /* 0: there are none */
    bool writable;
} NvdimmLabels;

/* Of a realized nvdimm; valid until it is unrealized. */
NvdimmLabels nvdimm_labels(Device *dev);

extern const TypeInfo nvdimm_type;

#endif
