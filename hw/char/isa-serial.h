/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * isa-serial: a 16550A on the ISA bus.
 */
#ifndef HW_CHAR_ISA_SERIAL_H
#define HW_CHAR_ISA_SERIAL_H

#include "qom/object.h"

extern const TypeInfo isa_serial_type;

#endif
