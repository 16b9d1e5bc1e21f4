/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: routes key and pointer events of clients to a machine's devices.
 *
 * A keyboard, mouse or tablet registers an InputDevice when it is realized.  An
 * event goes to the first device of the machine's list that takes its kind: the
 * newest one, until another one reports by input_activate() that its driver has
 * enabled it.  This code depends neither on the sender of events nor on whether
 * the machine runs.
 *
 * All functions need the machine lock.
 */
#ifndef HW_INPUT_INPUT_H
#define HW_INPUT_INPUT_H

#include "hw/machine/machine.h"
#include "qmp/qapi-types-input.h"

typedef struct InputDevice InputDevice;

/* One event: key (QKeyCode, down), btn (InputButton, down), rel and abs
 * (InputAxis, distance or position). */
typedef struct {
    InputEventKind kind;
    guint code;
    gint64 value;
} InputItem;

typedef struct {
    const char *name;           /* the name in query-mice */
    guint32 kinds;              /* of 1 << InputEventKind: what it takes */
    void (*event)(void *opaque, const InputItem *item);
    /* The events since the last sync belong together.  May be NULL. */
    void (*sync)(void *opaque);
} InputDeviceOps;

/* Embedded in the device; only input.c uses its members. */
struct InputDevice {
    const InputDeviceOps *ops;
    void *opaque;
    Machine *machine;
    GList link;                 /* in the machine's list, in order of use */
    guint index;                /* sequence number, from 1 */
    bool touched;               /* had an event since the last sync */
    guint leds;                 /* of a keyboard: INPUT_LED_ bits that are on */
};

/* The LEDs of a keyboard. */
enum { INPUT_LED_SCROLL_LOCK = 1, INPUT_LED_NUM_LOCK = 2, INPUT_LED_CAPS_LOCK = 4 };

/* Code that shows them: changed() is called when they, or the devices and their order, may have
 * changed.  Embedded in its owner. */
typedef struct {
    void (*changed)(void *opaque);
    void *opaque;
} InputObserver;

/* ops and opaque must live until input_unregister(). */
void input_register(InputDevice *device, Machine *machine, const InputDeviceOps *ops,
                    void *opaque);
void input_unregister(InputDevice *device);
/* Moves device before the others. */
void input_activate(InputDevice *device);

/* The guest has set the LEDs of a keyboard. */
void input_set_leds(InputDevice *device, guint leds);
/* Those of the keyboard that gets keys; 0 without one. */
guint input_leds(Machine *machine);
void input_observe(Machine *machine, InputObserver *observer);
/* A no-op if the machine does not know it. */
void input_unobserve(Machine *machine, InputObserver *observer);

/* Whether the machine has a device for events of this kind. */
bool input_handled(Machine *machine, InputEventKind kind);
/* Sends items, which belong together.  Those without a device are lost. */
void input_send(Machine *machine, const InputItem *items, guint n);

/* Presses n keys (QKeyCode) one after the other and releases them in reverse
 * order, with hold ns of the machine's clock between two changes; queued after
 * earlier calls.  Without a keyboard they are lost.  Fails with limit-exceeded
 * if too many changes wait. */
bool input_send_keys(Machine *machine, const guint *keys, guint n, gint64 hold, GError **error);

/* Calls f for each device, the first in use first. */
void input_foreach(Machine *machine, void (*f)(InputDevice *device, void *data), void *data);

#endif
