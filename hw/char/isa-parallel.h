/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IsaParallel: a parallel port; see isa-parallel.c.  Line: output "irq[0]". */
#ifndef HW_CHAR_ISA_PARALLEL_H
#define HW_CHAR_ISA_PARALLEL_H

#include "qom/device.h"

extern const TypeInfo isa_parallel_type;

#endif
