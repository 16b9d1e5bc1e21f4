/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class isa-i8259: an interrupt controller in the machine, for accelerators
 * that have none.  Inputs "unnamed-gpio-in[0]" to "[7]", output
 * "unnamed-gpio-out[0]": INT, wired to a CPU or to the master's input.
 */
#ifndef HW_INTC_I8259_H
#define HW_INTC_I8259_H

#include "qom/device.h"

/* The pair of INTA cycles as one chip sees it: acknowledges its highest request
 * and returns the vector.  *ret_ir is the input that it belongs to: if a slave
 * drives that, the slave provides the vector.  Machine lock held. */
guint8 i8259_acknowledge(Device *dev, guint *ret_ir);

extern const TypeInfo isa_i8259_type;

#endif
