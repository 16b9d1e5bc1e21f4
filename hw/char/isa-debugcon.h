/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * isa-debugcon: a port whose bytes go to a character backend.
 */
#ifndef HW_CHAR_ISA_DEBUGCON_H
#define HW_CHAR_ISA_DEBUGCON_H

#include "qom/object.h"

extern const TypeInfo isa_debugcon_type;

#endif
