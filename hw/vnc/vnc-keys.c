/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client presses and moves, as notes to the main loop.
 *
 * A client that sends characters may have another keyboard than the guest assumes, or none.  So
 * if a character needs Shift or AltGr, or must be without, and the client holds them otherwise,
 * they are pressed, or let go of, just for that key.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include "hw/input/keycodes.h"

enum { CAPS_LOCK = 4 };         /* among the LEDs */

static void send_key(VncClient *c, guint key, bool down)
{
    vnc_post(c->server, &(VncNote){ .kind = VNC_NOTE_KEY, .key = key, .down = down });
}

/* A key that is let go of without having been pressed is nothing. */
static void set_key(VncClient *c, guint key, bool down)
{
    if (key != Q_KEY_CODE_UNMAPPED && (down || c->held[key])) {
        c->held[key] = down;
        send_key(c, key, down);
    }
}

void vnc_keys_release(VncClient *c)
{
    for (guint key = 0; key < Q_KEY_CODE__MAX; key++) {
        set_key(c, key, false);
    }
    if (c->buttons) {
        vnc_post(c->server, &(VncNote){ .kind = VNC_NOTE_POINTER, .relative = true,
                                        .old_buttons = c->buttons });
    }
}

/* ---- Characters ---- */

/* The combination of modifiers (VncModifier) that the client holds. */
static guint held_modifiers(const VncClient *c)
{
    return (c->held[Q_KEY_CODE_SHIFT] || c->held[Q_KEY_CODE_SHIFT_R] ? VNC_SHIFT : 0) |
           (c->held[Q_KEY_CODE_ALT_R] ? VNC_ALTGR : 0);
}

/* That with which the guest makes the character of the key. */
static guint wanted_modifiers(const VncClient *c, const VncKey *key)
{
    bool caps = key->letter && g_atomic_int_get(&c->server->leds) & CAPS_LOCK;
    guint held = held_modifiers(c), flip = caps ? VNC_SHIFT : 0;

    if (key->combinations & 1 << (held ^ flip)) {
        return held;
    }
    for (guint i = 0; i < VNC_COMBINATIONS; i++) {
        if (key->combinations & 1 << i) {
            return i ^ flip;
        }
    }
    return held;
}

static bool is_modifier(guint key)
{
    return key == Q_KEY_CODE_SHIFT || key == Q_KEY_CODE_SHIFT_R || key == Q_KEY_CODE_ALT_R;
}

/* Presses or lets go of what differs between two combinations. */
static void change_modifiers(VncClient *c, guint from, guint to)
{
    if ((from ^ to) & VNC_SHIFT) {
        guint held = c->held[Q_KEY_CODE_SHIFT_R] && !c->held[Q_KEY_CODE_SHIFT]
                     ? Q_KEY_CODE_SHIFT_R : Q_KEY_CODE_SHIFT;

        send_key(c, held, to & VNC_SHIFT);
    }
    if ((from ^ to) & VNC_ALTGR) {
        send_key(c, Q_KEY_CODE_ALT_R, to & VNC_ALTGR);
    }
}

static void on_key(void *opaque, guint32 keysym, bool down)
{
    VncClient *c = opaque;
    const VncKey *key = vnc_keymap_find(c->server->keymap, keysym);
    guint held = held_modifiers(c), wanted;

    if (!key) {
        return;
    }
    wanted = down && !is_modifier(key->key) ? wanted_modifiers(c, key) : held;
    change_modifiers(c, held, wanted);
    set_key(c, key->key, down);
    change_modifiers(c, wanted, held);
}

/* ---- Keys ---- */

static void on_key_number(void *opaque, guint32 keysym, guint number, bool down)
{
    VncClient *c = opaque;
    guint key = key_code_by_number((number & 0x7f) | (number & 0xff80 ? 0x80 : 0));

    if (number && key != Q_KEY_CODE_UNMAPPED) {
        set_key(c, key, down);
    } else {
        on_key(c, keysym, down);
    }
}

/* ---- Pointer ---- */

/* Where movements are none, in a message that has them. */
enum { NO_MOTION = 0x7fff };

/* A guest that takes only movements gets the way from the last position. */
static void on_pointer(void *opaque, guint buttons, guint x, guint y)
{
    VncClient *c = opaque;
    bool absolute = g_atomic_int_get(&c->server->absolute);
    VncNote note = { .kind = VNC_NOTE_POINTER, .relative = !absolute, .buttons = buttons,
                     .old_buttons = c->buttons, .x = x, .y = y };

    if (!absolute && c->features & VNC_FEATURE_MOTION) {
        note.x = (int)x - NO_MOTION;
        note.y = (int)y - NO_MOTION;
    } else {
        if (!absolute) {
            note.x = c->x >= 0 ? (int)x - c->x : 0;
            note.y = c->y >= 0 ? (int)y - c->y : 0;
        }
        c->x = x;
        c->y = y;
    }
    c->buttons = buttons;
    vnc_post(c->server, &note);
}

/* ---- The others ---- */

static void on_features(void *opaque, guint features)
{
    VncClient *c = opaque;

    c->features = features;
    vnc_encoder_set_features(c->encoder, features);
}

static void on_wish(void *opaque, guint width, guint height)
{
    VncClient *c = opaque;
    VncSizeAnswer answer = VNC_SIZE_FORWARDED;

    if (!g_atomic_int_get(&c->server->resizable)) {
        answer = VNC_SIZE_PROHIBITED;
    } else if (!width || !height) {
        answer = VNC_SIZE_INVALID;
    } else {
        vnc_post(c->server, &(VncNote){ .kind = VNC_NOTE_WISH, .x = width, .y = height });
    }
    vnc_encoder_answer(c->encoder, answer);
}

static void on_whole(void *opaque)
{
    VncClient *c = opaque;

    vnc_encoder_answer(c->encoder, 0);
}

static void on_cut_begin(void *opaque, bool extended)
{
    vnc_clipboard_begin(opaque, extended);
}

static void on_cut_part(void *opaque, const guint8 *data, gsize size)
{
    vnc_clipboard_add(opaque, data, size);
}

static void on_cut_end(void *opaque)
{
    vnc_clipboard_end(opaque);
}

static void on_pass(void *opaque, const guint8 *data, gsize size)
{
    VncClient *c = opaque;

    g_byte_array_append(c->to_library, data, size);
}

const VncMessageOps vnc_message_ops = {
    .key = on_key,
    .key_number = on_key_number,
    .pointer = on_pointer,
    .features = on_features,
    .wish = on_wish,
    .whole = on_whole,
    .cut_begin = on_cut_begin,
    .cut_part = on_cut_part,
    .cut_end = on_cut_end,
    .pass = on_pass,
};
