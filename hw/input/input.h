/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: which device of a machine gets what clients press and move.
 *
 * A keyboard, mouse or tablet registers an InputDevice when it is realized.  An
 * event goes to the first device of the machine's list that takes its kind: the
 * newest one, until another one says by input_activate() that its driver has
 * switched it on.  Nothing is known here about who sends events, and about
 * whether the machine runs.
 *
 * All functions need the machine lock.
 */
#ifndef HW_INPUT_INPUT_H
#define HW_INPUT_INPUT_H

#include "hw/machine/machine.h"
#include "qmp/qapi-types-input.h"

typedef struct InputDevice InputDevice;

/* One event: key (QKeyCode, down), btn (InputButton, down), rel and abs
 * (InputAxis, how far or where). */
typedef struct {
    InputEventKind kind;
    guint code;
    gint64 value;
} InputItem;

typedef struct {
    const char *name;           /* as query-mice tells it */
    guint32 kinds;              /* of 1 << InputEventKind: what it takes */
    void (*event)(void *opaque, const InputItem *item);
    /* What came since the last sync belongs together.  May be NULL. */
    void (*sync)(void *opaque);
} InputDeviceOps;

/* Embedded in the device; all members are input.c's. */
struct InputDevice {
    const InputDeviceOps *ops;
    void *opaque;
    Machine *machine;
    GList link;                 /* in the machine's list, the first in use first */
    guint index;                /* which one it was, counted from 1 */
    bool touched;               /* had an event since the last sync */
};

/* ops and opaque must live until input_unregister(). */
void input_register(InputDevice *device, Machine *machine, const InputDeviceOps *ops,
                    void *opaque);
void input_unregister(InputDevice *device);
/* From now on device comes before the others. */
void input_activate(InputDevice *device);

/* Whether the machine has a device for events of this kind. */
bool input_handled(Machine *machine, InputEventKind kind);
/* Sends items, which belong together.  Those without a device are lost. */
void input_send(Machine *machine, const InputItem *items, guint n);

/* Presses n keys (QKeyCode) one after the other and releases them in reverse
 * order, hold ns of the machine's clock between two changes; after what such
 * calls left to do.  Without a keyboard they are lost.  Fails with
 * limit-exceeded if too many changes wait. */
bool input_send_keys(Machine *machine, const guint *keys, guint n, gint64 hold, GError **error);

/* Calls f for each device, the first in use first. */
void input_foreach(Machine *machine, void (*f)(InputDevice *device, void *data), void *data);

#endif
