/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processor of a PC of kind pc-i440fx sees: RAM as memory of its own,
 * everything else by way of the machine (tests/softcpu/link.h).
 *
 * RAM is the file of the machine's memory backend, shared with it.  What of it is
 * seen below 1 MiB is up to the host bridge, whose PAM registers are read again
 * whenever the guest has written to them; so the machine's own registers are under
 * test, and not a copy of them.
 */
#ifndef TESTS_SOFTCPU_BUS_H
#define TESTS_SOFTCPU_BUS_H

#include "tests/softcpu/link.h"

typedef struct Bus Bus;

Bus *bus_new(Link *link, const char *ram_path);

/* Sizes are 1, 2 and 4. */
guint32 bus_read(Bus *bus, guint32 addr, guint size);
void bus_write(Bus *bus, guint32 addr, guint32 value, guint size);
/* So many bytes from addr on; they may be put into copy. */
const guint8 *bus_peek(Bus *bus, guint32 addr, guint8 *copy, guint size);
guint32 bus_in(Bus *bus, guint16 port, guint size);
void bus_out(Bus *bus, guint16 port, guint32 value, guint size);

/* Interrupt acknowledge: the vector of the highest request, as the controllers have
 * been set up.  It is taken by their poll command, which does to them what an
 * acknowledge cycle does. */
guint8 bus_acknowledge(Bus *bus);

#endif
