/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port92: system control port A; see port92.c.  Line: output "a20[0]". */
#ifndef HW_MISC_PORT92_H
#define HW_MISC_PORT92_H

#include "qom/device.h"

extern const TypeInfo port92_type;

#endif
