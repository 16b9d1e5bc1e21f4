/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PS/2 mouse, after IBM's "PS/2 Hardware Interface Technical Reference",
 * Mouse (commands, status bytes, data packet), with Microsoft's two extensions:
 * a wheel after the sample rates 200, 100, 80 (identity 3), then five buttons
 * after 200, 200, 80 (identity 4).
 *
 * Modelled: stream, remote and wrap mode, scaling, resolution and sample rate as
 * settings that are reported back.  Not modelled: the effect of sample rate and
 * resolution on movements (a packet is sent as soon as it fits, and steps are the
 * client's), and horizontal wheels.
 *
 * A part of hw/input/i8042.c.
 */
#include "config.h"
#include "hw/input/ps2.h"

#include "hw/input/input.h"
#include "qmp/error.h"
#include "qom/qapi-objects-input.h"

enum {                          /* commands that only mice have */
    CMD_SCALING_1_1 = 0xe6,
    CMD_SCALING_2_1 = 0xe7,
    CMD_SET_RESOLUTION = 0xe8,
    CMD_STATUS = 0xe9,
    CMD_STREAM = 0xea,
    CMD_READ_DATA = 0xeb,
    CMD_WRAP_OFF = 0xec,
    CMD_WRAP = 0xee,
    CMD_REMOTE = 0xf0,
};

enum {                          /* first status byte, beside the buttons */
    STATUS_REMOTE = 1 << 6,
    STATUS_ENABLED = 1 << 5,
    STATUS_SCALING = 1 << 4,
};

enum {                          /* first byte of a packet: buttons, then */
    PACKET_LEFT = 1 << 0,
    PACKET_RIGHT = 1 << 1,
    PACKET_MIDDLE = 1 << 2,
    PACKET_ALWAYS = 1 << 3,
    PACKET_X_SIGN = 1 << 4,
    PACKET_Y_SIGN = 1 << 5,
    PACKET_BUTTONS = PACKET_LEFT | PACKET_RIGHT | PACKET_MIDDLE,
    /* Stored like these; the fourth byte of identity 4 has them in bits 4 and 5. */
    BUTTON_SIDE = 1 << 4,
    BUTTON_EXTRA = 1 << 5,
    BUTTONS = PACKET_BUTTONS | BUTTON_SIDE | BUTTON_EXTRA,
};

enum {
    ID_STANDARD = 0,
    ID_WHEEL = 3,
    ID_BUTTONS = 4,
    RATE_DEFAULT = 100,
    RESOLUTION_DEFAULT = 2,     /* 4 counts a millimetre */
    STEP_MAX = 255,             /* of one packet: eight bits and a sign */
    WHEEL_MAX = 7,
    FAR = 0x10000,              /* movements beyond this are lost */
};

struct Ps2Mouse {
    Ps2Device ps2;
    guint8 id;
    guint8 rate;                /* samples a second */
    guint8 resolution;          /* as the command has it */
    bool scaling;               /* 2:1 */
    bool enabled;               /* stream mode sends */
    bool remote, wrap;
    guint8 knock[2];            /* the two previous sample rates */
    guint8 buttons;             /* that are down */
    guint8 said;                /* buttons of the previous packet */
    guint32 dx, dy, dz;         /* signed: not sent yet; to the right, up, to the user */
    InputDevice input;
};

/* ---- Packets ---- */

static gint32 limited(guint32 *from, gint32 limit)
{
    gint32 step = CLAMP((gint32)*from, -limit, limit);

    *from -= step;
    return step;
}

static guint packet_size(const Ps2Mouse *s)
{
    return s->id == ID_STANDARD ? 3 : 4;
}

/* Scaling 2:1, the table of command 0xe7: small movements stay small. */
static gint32 scaled(gint32 step)
{
    static const guint8 small[] = { 0, 1, 1, 3, 6, 9 };
    guint size = ABS(step), to = size < G_N_ELEMENTS(small) ? small[size] : 2 * size;

    return step < 0 ? -(gint32)to : (gint32)to;
}

/* Builds the next packet from unsent movement, as far as it fits.  Scaling applies only
 * in stream mode. */
static void make_packet(Ps2Mouse *s, guint8 packet[4], bool scales)
{
    gint32 limit = scales ? STEP_MAX / 2 : STEP_MAX;
    gint32 x = limited(&s->dx, limit), y = limited(&s->dy, limit);
    gint32 dx = scales ? scaled(x) : x, dy = scales ? scaled(y) : y;
    gint32 dz = limited(&s->dz, WHEEL_MAX);

    packet[0] = PACKET_ALWAYS | (s->buttons & PACKET_BUTTONS) |
                (dx < 0 ? PACKET_X_SIGN : 0) | (dy < 0 ? PACKET_Y_SIGN : 0);
    packet[1] = dx;
    packet[2] = dy;
    packet[3] = dz;
    if (s->id == ID_BUTTONS) {
        packet[3] = (dz & 0x0f) | (s->buttons & (BUTTON_SIDE | BUTTON_EXTRA));
    }
    s->said = s->buttons;
}

static bool has_news(const Ps2Mouse *s)
{
    return s->dx || s->dy || s->dz || s->buttons != s->said;
}

/* Stream mode: sends new events as long as the queue has room; the rest follows
 * with the next event, or when the host has read a packet. */
static void stream(Ps2Mouse *s)
{
    guint8 packet[4];

    if (!s->enabled || s->remote || s->wrap) {
        return;
    }
    while (has_news(s) && ps2_room(&s->ps2) >= packet_size(s)) {
        make_packet(s, packet, s->scaling);
        ps2_put(&s->ps2, packet, packet_size(s));
    }
}

static void forget_movement(Ps2Mouse *s)
{
    s->dx = s->dy = s->dz = 0;
    s->said = s->buttons;
}

/* ---- Input ---- */

static void move(guint32 *to, gint64 by)
{
    *to = CLAMP((gint32)*to + by, -FAR, FAR);
}

static void press(Ps2Mouse *s, guint8 button, bool down)
{
    s->buttons = down ? s->buttons | button : s->buttons & ~button;
}

static void on_button(Ps2Mouse *s, InputButton button, bool down)
{
    switch (button) {
    case INPUT_BUTTON_LEFT:
        press(s, PACKET_LEFT, down);
        break;
    case INPUT_BUTTON_RIGHT:
        press(s, PACKET_RIGHT, down);
        break;
    case INPUT_BUTTON_MIDDLE:
        press(s, PACKET_MIDDLE, down);
        break;
    case INPUT_BUTTON_SIDE:
        press(s, BUTTON_SIDE, down);
        break;
    case INPUT_BUTTON_EXTRA:
        press(s, BUTTON_EXTRA, down);
        break;
    case INPUT_BUTTON_WHEEL_UP:
        move(&s->dz, down && s->id != ID_STANDARD ? -1 : 0);
        break;
    case INPUT_BUTTON_WHEEL_DOWN:
        move(&s->dz, down && s->id != ID_STANDARD ? 1 : 0);
        break;
    default:
        break;                  /* it has no such wheel */
    }
}

static void on_event(void *opaque, const InputItem *item)
{
    Ps2Mouse *s = opaque;

    if (item->kind == INPUT_EVENT_KIND_BTN) {
        machine_request_wake(machine_of(s), WAKE_REASON_OTHER);
        on_button(s, item->code, item->value);
    } else if (s->enabled || s->remote) {
        /* Down is positive on a screen, and negative on this wire. */
        gint64 by = CLAMP(item->value, -FAR, FAR);

        item->code == INPUT_AXIS_X ? move(&s->dx, by) : move(&s->dy, -by);
    }
}

static void on_sync(void *opaque)
{
    stream(opaque);
}

static const InputDeviceOps input_ops = {
    .name = "QEMU PS/2 Mouse",
    .kinds = 1 << INPUT_EVENT_KIND_BTN | 1 << INPUT_EVENT_KIND_REL,
    .event = on_event,
    .sync = on_sync,
};

/* ---- Commands ---- */

static void set_defaults(Ps2Mouse *s)
{
    s->rate = RATE_DEFAULT;
    s->resolution = RESOLUTION_DEFAULT;
    s->scaling = s->enabled = s->remote = s->wrap = false;
    forget_movement(s);
    ps2_clear_queue(&s->ps2);
}

static void reset(Ps2Mouse *s)
{
    set_defaults(s);
    s->id = ID_STANDARD;
    s->knock[0] = s->knock[1] = 0;
    ps2_reply(&s->ps2, PS2_ACK);
    ps2_reply(&s->ps2, PS2_BAT_OK);
    ps2_reply(&s->ps2, s->id);
}

static void reply_status(Ps2Mouse *s)
{
    guint8 buttons = (s->buttons & PACKET_LEFT ? 1 << 2 : 0) |
                     (s->buttons & PACKET_MIDDLE ? 1 << 1 : 0) |
                     (s->buttons & PACKET_RIGHT ? 1 << 0 : 0);

    ps2_reply(&s->ps2, PS2_ACK);
    ps2_reply(&s->ps2, buttons | (s->remote ? STATUS_REMOTE : 0) |
                       (s->enabled ? STATUS_ENABLED : 0) | (s->scaling ? STATUS_SCALING : 0));
    ps2_reply(&s->ps2, s->resolution);
    ps2_reply(&s->ps2, s->rate);
}

static void reply_data(Ps2Mouse *s)
{
    guint8 packet[4];

    make_packet(s, packet, false);
    ps2_reply(&s->ps2, PS2_ACK);
    for (guint i = 0; i < packet_size(s); i++) {
        ps2_reply(&s->ps2, packet[i]);
    }
}

/* A driver that supports longer packets identifies itself by three sample rates. */
static void set_rate(Ps2Mouse *s, guint8 rate)
{
    if (s->knock[0] == 200 && s->knock[1] == 100 && rate == 80) {
        s->id = ID_WHEEL;
    } else if (s->knock[0] == 200 && s->knock[1] == 200 && rate == 80) {
        s->id = ID_BUTTONS;
    }
    s->knock[0] = s->knock[1];
    s->knock[1] = rate;
    s->rate = rate;
}

static void take_argument(Ps2Mouse *s, guint8 command, guint8 value)
{
    if (command == PS2_CMD_SET_RATE) {
        set_rate(s, value);
    } else {
        s->resolution = value & 3;
    }
    ps2_reply(&s->ps2, PS2_ACK);
}

/* Commands that are acknowledged and have an effect. */
static bool set_mode(Ps2Mouse *s, guint8 value)
{
    switch (value) {
    case CMD_SCALING_1_1:
    case CMD_SCALING_2_1:
        s->scaling = value == CMD_SCALING_2_1;
        return true;
    case CMD_SET_RESOLUTION:
    case PS2_CMD_SET_RATE:
        s->ps2.command = value;
        return true;
    case CMD_STREAM:
    case CMD_REMOTE:
        s->remote = value == CMD_REMOTE;
        forget_movement(s);
        return true;
    case CMD_WRAP:
        s->wrap = true;
        return true;
    case CMD_WRAP_OFF:
        return true;
    case PS2_CMD_ENABLE:
        s->enabled = true;
        forget_movement(s);
        input_activate(&s->input);
        return true;
    case PS2_CMD_DISABLE:
        s->enabled = false;
        return true;
    case PS2_CMD_DEFAULTS:
        set_defaults(s);
        return true;
    default:
        return false;
    }
}

static void take_command(Ps2Mouse *s, guint8 value)
{
    if (set_mode(s, value)) {
        ps2_reply(&s->ps2, PS2_ACK);
        return;
    }
    switch (value) {
    case CMD_STATUS:
        reply_status(s);
        break;
    case CMD_READ_DATA:
        reply_data(s);
        break;
    case PS2_CMD_IDENTIFY:
        ps2_reply(&s->ps2, PS2_ACK);
        ps2_reply(&s->ps2, s->id);
        break;
    case PS2_CMD_RESEND:
        ps2_reply(&s->ps2, s->ps2.last);
        break;
    case PS2_CMD_RESET:
        reset(s);
        break;
    default:
        ps2_reply(&s->ps2, PS2_RESEND);
    }
}

/* In wrap mode every byte is echoed except those that end it. */
static void take_wrapped(Ps2Mouse *s, guint8 value)
{
    if (value == PS2_CMD_RESET) {
        reset(s);
    } else if (value == CMD_WRAP_OFF) {
        s->wrap = false;
        forget_movement(s);
        ps2_reply(&s->ps2, PS2_ACK);
    } else {
        ps2_reply(&s->ps2, value);
    }
}

static void mouse_write(Ps2Device *ps2, guint8 value)
{
    Ps2Mouse *s = to_ps2_mouse(ps2);
    guint8 command = ps2->command;

    ps2->command = 0;
    if (s->wrap) {
        take_wrapped(s, value);
    } else if (command && value < CMD_SCALING_1_1) {
        take_argument(s, command, value);
    } else {
        take_command(s, value);
    }
}

static void mouse_taken(Ps2Device *ps2)
{
    stream(to_ps2_mouse(ps2));
}

/* ---- Life ---- */

static const StateRow mouse_state[] = {
    STATE_FIELD(U8, Ps2Mouse, id, ID_STANDARD),
    STATE_FIELD(U8, Ps2Mouse, rate, RATE_DEFAULT),
    STATE_FIELD(U8, Ps2Mouse, resolution, RESOLUTION_DEFAULT),
    STATE_FIELD(BOOL, Ps2Mouse, scaling, false),
    STATE_FIELD(BOOL, Ps2Mouse, enabled, false),
    STATE_FIELD(BOOL, Ps2Mouse, remote, false),
    STATE_FIELD(BOOL, Ps2Mouse, wrap, false),
    STATE_ARRAY(U8, Ps2Mouse, knock, 0),
    STATE_FIELD(U8, Ps2Mouse, buttons, 0),
    STATE_FIELD(U8, Ps2Mouse, said, 0),
    STATE_FIELD(U32, Ps2Mouse, dx, 0),
    STATE_FIELD(U32, Ps2Mouse, dy, 0),
    STATE_FIELD(U32, Ps2Mouse, dz, 0),
    STATE_ROWS_END
};

static bool mouse_realize(Device *dev, GError **error)
{
    Ps2Mouse *s = to_ps2_mouse(dev);

    input_register(&s->input, machine_of(dev), &input_ops, s);
    return true;
}

static void mouse_unrealize(Device *dev)
{
    input_unregister(&to_ps2_mouse(dev)->input);
}

static bool near(guint32 steps)
{
    return (gint32)steps >= -FAR && (gint32)steps <= FAR;
}

static bool mouse_state_loaded(Device *dev, GError **error)
{
    const Ps2Mouse *s = to_ps2_mouse(dev);

    if ((s->id != ID_STANDARD && s->id != ID_WHEEL && s->id != ID_BUTTONS) ||
        (s->buttons | s->said) & ~BUTTONS || s->resolution > 3 || !near(s->dx) || !near(s->dy) ||
        !near(s->dz)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a PS/2 mouse", dev->object.name);
        return false;
    }
    return true;
}

const TypeInfo ps2_mouse_type = {
    .schema = &qmp_class_ps2_mouse,
    .size = sizeof(Ps2Mouse),
    .device = &(const DeviceOps){
        .realize = mouse_realize,
        .unrealize = mouse_unrealize,
        .state = mouse_state,
        .state_loaded = mouse_state_loaded,
    },
    .kind = &(const Ps2Ops){
        .write = mouse_write,
        .taken = mouse_taken,
    },
};
