/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys and pointers of clients, on the main loop, for the guest.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

/* The highest position on an axis of the pointer. */
enum { AXIS_MAX = 0x7fff };

/* Buttons by their bits in VNC's messages. */
static const guint8 buttons[] = {
    INPUT_BUTTON_LEFT, INPUT_BUTTON_MIDDLE, INPUT_BUTTON_RIGHT, INPUT_BUTTON_WHEEL_UP,
    INPUT_BUTTON_WHEEL_DOWN, INPUT_BUTTON_WHEEL_LEFT, INPUT_BUTTON_WHEEL_RIGHT,
};

enum { ITEMS_MAX = 2 + G_N_ELEMENTS(buttons) };

static void send_key(VncServer *s, const VncNote *note)
{
    const InputItem item = { .kind = INPUT_EVENT_KIND_KEY, .code = note->key,
                             .value = note->down };

    input_send(s->machine, &item, 1);
}

static gint64 on_axis(int position, guint size)
{
    return size > 1 ? MIN((gint64)position * AXIS_MAX / (size - 1), AXIS_MAX) : 0;
}

/* Adds where the pointer is, or how it moved; returns the number of items. */
static guint add_place(const VncServer *s, const VncNote *note, InputItem *items)
{
    if (note->relative && !note->x && !note->y) {
        return 0;
    }
    items[0] = items[1] = (InputItem){
        .kind = note->relative ? INPUT_EVENT_KIND_REL : INPUT_EVENT_KIND_ABS,
    };
    items[0].code = INPUT_AXIS_X;
    items[1].code = INPUT_AXIS_Y;
    items[0].value = note->relative ? note->x : on_axis(note->x, s->picture.width);
    items[1].value = note->relative ? note->y : on_axis(note->y, s->picture.height);
    return 2;
}

static void send_pointer(VncServer *s, const VncNote *note)
{
    InputItem items[ITEMS_MAX];
    guint n = add_place(s, note, items), changed = note->buttons ^ note->old_buttons;

    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if (changed & 1 << i) {
            items[n++] = (InputItem){ .kind = INPUT_EVENT_KIND_BTN, .code = buttons[i],
                                      .value = note->buttons >> i & 1 };
        }
    }
    input_send(s->machine, items, n);
}

/* A guest that sleeps is woken by its devices, which see no input while it does. */
void vnc_input_note(VncServer *s, const VncNote *note)
{
    console_hurry(s->machine);
    if (!s->machine->running) {
        if (note->kind == VNC_NOTE_KEY && note->down) {
            machine_request_wake(s->machine, WAKE_REASON_OTHER);
        }
    } else if (note->kind == VNC_NOTE_KEY) {
        send_key(s, note);
    } else {
        send_pointer(s, note);
    }
}

void vnc_input_changed(void *opaque)
{
    VncServer *s = opaque;

    g_atomic_int_set(&s->leds, input_leds(s->machine));
    g_atomic_int_set(&s->absolute, input_handled(s->machine, INPUT_EVENT_KIND_ABS));
    if (s->n_entered) {
        vnc_wake(s->wake_fd);
    }
}
