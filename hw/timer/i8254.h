/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class isa-pit: an interval timer in the machine, for accelerators that have
 * none.  Output "unnamed-gpio-out[0]" is counter 0's, wired to interrupt line
 * 0; input "unnamed-gpio-in[0]" falls when an HPET takes over that line, and
 * rises when the HPET releases it.
 *
 * Counters 0 and 1 have their gates high; counter 2's is port 0x61's.  Machine
 * lock held.
 */
#ifndef HW_TIMER_I8254_H
#define HW_TIMER_I8254_H

#include "qom/device.h"

/* CLK of a PC, in Hz: a twelfth of 14.31818 MHz. */
#define I8254_HZ 1193182

void i8254_set_gate(Device *dev, guint counter, bool level);
bool i8254_gate(Device *dev, guint counter);
/* Sets whether the speaker is on, from port 0x61. */
void i8254_set_speaker(Device *dev, bool on);
bool i8254_speaker(Device *dev);
bool i8254_out(Device *dev, guint counter);

extern const TypeInfo isa_pit_type;

#endif
