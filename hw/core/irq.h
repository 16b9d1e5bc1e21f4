/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt and gpio lines: Irq objects from an output to any number of
 * inputs.  A device names its lines; a recipe's `connect` wires them.
 *
 * Lines are children of their device, called "NAME[N]" ("irq[0]").  A line
 * remembers its level, so a wire that is added later carries it immediately.
 * Wires are removed with either of their ends.
 *
 * All functions need the machine lock.
 */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include "qom/device.h"

typedef struct Irq Irq;
/* n: the line's number under its name.  Called at each change of level. */
typedef void (*IrqHandler)(void *opaque, guint n, bool level);

/* n input lines, owned by owner; handler is called with the machine lock held. */
void gpio_in_new(Object *owner, const char *name, guint n, IrqHandler handler, void *opaque);
/* n output lines, owned by owner; the first one is gpio(owner, name, 0). */
void gpio_out_new(Object *owner, const char *name, guint n);
/* A line of owner by name and number, or NULL. */
Irq *gpio(Object *owner, const char *name, guint n);

/* Sets an output (or drives an input directly, as one more source).  Only a
 * changed level calls handlers. */
void irq_set(Irq *irq, bool level);
static inline void irq_pulse(Irq *irq) { irq_set(irq, true); irq_set(irq, false); }
bool irq_level(const Irq *irq);

/* Wires an output to an input, inverted or not; an output may have many sinks,
 * an input many sources (its level is their OR).  A line in the middle (a
 * bridge's) may be both. */
void irq_connect(Irq *from, Irq *to, bool invert);
/* Removes one wire; no-op if there is none. */
void irq_disconnect(Irq *from, Irq *to);

/* Calls f at each change of level, before the line's own handler: for tests.  A
 * line has at most one observer, identified by opaque; false if it has another
 * one.  f NULL removes opaque's observer. */
bool irq_observe(Irq *irq, IrqHandler f, void *opaque);
/* Whether it is a device's input (gpio_in_new). */
bool irq_is_input(const Irq *irq);

/* PartsWire for recipes: "NAME.GPIO[N]" is a line of parent's child NAME,
 * "GPIO[N]" one of parent itself.  Fails with object-not-found. */
bool irq_wire(Object *parent, const char *from, const char *to, GError **error);

extern const TypeInfo irq_type;

#endif
