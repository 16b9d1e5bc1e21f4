/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class isa-pit: an 8254 in the machine, where the accelerator does not have one together with
 * all interrupt controllers.  Output "unnamed-gpio-out[0]" is counter 0's OUT, wired to interrupt
 * line 0, and low while input "unnamed-gpio-in[0]" is: an HPET lowers that while it has the line.
 *
 * On a PC, the gates of counters 0 and 1 are always high; counter 2's is bit 0 of port 0x61.
 */
#ifndef HW_TIMER_I8254_H
#define HW_TIMER_I8254_H

#include "qom/device.h"

/* CLK of a PC, in Hz: a twelfth of 14.31818 MHz. */
#define I8254_HZ 1193182

/* For port 0x61; dev is a realized isa-pit, counter is below 3.  Machine lock held. */

/* A gate that rises starts the counter again, or lets it go on, as its mode says. */
void i8254_set_gate(Device *dev, guint counter, bool level);
bool i8254_gate(Device *dev, guint counter);
/* Bit 1 of the port: this chip only keeps it, so that it is in the chip's state. */
void i8254_set_speaker(Device *dev, bool on);
bool i8254_speaker(Device *dev);
/* OUT as it is now, which counter 0's line may follow later. */
bool i8254_out(Device *dev, guint counter);

extern const TypeInfo isa_pit_type;

#endif
