/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PS/2 keyboard, after IBM's "PS/2 Hardware Interface Technical Reference",
 * Keyboards (commands from the system, scan code sets, key types of set 3), and
 * Microsoft's "Keyboard Scan Code Specification".
 *
 * Modelled: the three sets, typematic repetition, LEDs (which viewers show), the
 * queue of 16 with its overrun mark.  Not modelled: the duration of its self
 * test, and the self test's result after power-on, which would be sent before
 * any software reads it.
 *
 * A part of hw/input/i8042.c.
 */
#include "config.h"
#include "hw/input/ps2.h"

#include <string.h>

#include "hw/core/timer-state.h"
#include "hw/input/input.h"
#include "hw/input/keycodes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-input.h"
#include "qom/qapi-trace.h"

enum {                          /* commands that only keyboards have */
    CMD_SET_LEDS = 0xed,
    CMD_ECHO = 0xee,
    CMD_SCAN_SET = 0xf0,        /* argument 0: query */
    CMD_ALL_TYPEMATIC = 0xf7,   /* these and the next three: all keys of set 3 */
    CMD_ALL_MAKE_BREAK = 0xf8,
    CMD_ALL_MAKE = 0xf9,
    CMD_ALL_BOTH = 0xfa,
    CMD_KEY_TYPEMATIC = 0xfb,   /* these: the keys of set 3 that follow */
    CMD_KEY_MAKE_BREAK = 0xfc,
    CMD_KEY_MAKE = 0xfd,
};

enum {                          /* key types of set 3 */
    KEY_TYPEMATIC = 1 << 0,
    KEY_BREAK = 1 << 1,
};

enum {
    ID_0 = 0xab,
    ID_1 = 0x83,
    RATE_DEFAULT = 0x2b,        /* 500 ms, then 10.9 a second */
    LEDS = 0x07,
    OVERRUN_SET1 = 0xff,
    OVERRUN = 0x00,
    BREAK_SET1 = 0x80,
    BREAK = 0xf0,
    EXTENDED = 0xe0,
    CODES_MAX = 8,              /* of one key */
};

#define REPEAT_UNIT_NS 4170000

enum {                          /* modifiers that are down */
    MOD_SHIFT = 1 << 0,
    MOD_SHIFT_R = 1 << 1,
    MOD_CTRL = 1 << 2,
    MOD_CTRL_R = 1 << 3,
    MOD_ALT = 1 << 4,
    MOD_ALT_R = 1 << 5,
};

struct Ps2Kbd {
    Ps2Device ps2;
    bool scanning;
    guint8 set;                 /* 1, 2 or 3 */
    guint8 leds;
    guint8 rate;                /* typematic delay and rate, as the command has them */
    guint8 modifiers;
    guint8 repeat;              /* QKeyCode that is repeated; 0: none */
    guint8 types[0x100];        /* by code of set 3: KEY_* */
    Timer *timer;               /* of the next repetition */
    Clock *clock;
    InputDevice input;
};

/* ---- Codes of a key ---- */

typedef struct {
    guint8 data[CODES_MAX];
    guint n;
} Codes;

static void add(Codes *codes, guint n, const guint8 *data)
{
    memcpy(codes->data + codes->n, data, n);
    codes->n += n;
}

#define ADD(codes, ...) \
    add(codes, sizeof((const guint8[]){ __VA_ARGS__ }), (const guint8[]){ __VA_ARGS__ })

static void add_set1(Codes *codes, guint16 code, bool down)
{
    if (code > 0xff) {
        ADD(codes, EXTENDED);
    }
    ADD(codes, (code & 0xff) | (down ? 0 : BREAK_SET1));
}

static void add_set2(Codes *codes, guint16 code, bool down)
{
    if (code > 0xff) {
        ADD(codes, EXTENDED);
    }
    if (!down) {
        ADD(codes, BREAK);
    }
    ADD(codes, code & 0xff);
}

static void add_key(const Ps2Kbd *s, Codes *codes, QKeyCode key, bool down)
{
    if (s->set == 1) {
        add_set1(codes, key_codes[key].set1, down);
    } else {
        add_set2(codes, key_codes[key].set2, down);
    }
}

/* Print Screen is a shifted key on keyboards with 84 keys, so it is sent with a
 * Shift unless one is down. */
static void add_print(const Ps2Kbd *s, Codes *codes, bool down)
{
    bool alone = !(s->modifiers & (MOD_SHIFT | MOD_SHIFT_R | MOD_CTRL | MOD_CTRL_R));
    guint16 shift = s->set == 1 ? 0xe02a : 0xe012;

    if (s->modifiers & (MOD_ALT | MOD_ALT_R)) {
        add_key(s, codes, Q_KEY_CODE_SYSRQ, down);
        return;
    }
    if (alone && down) {
        s->set == 1 ? add_set1(codes, shift, true) : add_set2(codes, shift, true);
    }
    add_key(s, codes, Q_KEY_CODE_PRINT, down);
    if (alone && !down) {
        s->set == 1 ? add_set1(codes, shift, false) : add_set2(codes, shift, false);
    }
}

/* Pause sends its release together with its press, and nothing later; it was
 * Ctrl-NumLock on older keyboards, and Break is Ctrl-ScrollLock. */
static void add_pause(const Ps2Kbd *s, Codes *codes, bool down)
{
    if (!down) {
        return;
    }
    if (s->modifiers & (MOD_CTRL | MOD_CTRL_R)) {
        add_key(s, codes, Q_KEY_CODE_PAUSE, true);
        add_key(s, codes, Q_KEY_CODE_PAUSE, false);
    } else if (s->set == 1) {
        ADD(codes, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    } else {
        ADD(codes, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
    }
}

static void add_codes(const Ps2Kbd *s, Codes *codes, QKeyCode key, bool down)
{
    if (s->set == 3) {
        guint8 code = key_codes[key].set3;

        if (code && (down || (s->types[code] & KEY_BREAK))) {
            add_set2(codes, code, down);
        }
        return;
    }
    switch (key) {
    case Q_KEY_CODE_PRINT:
    case Q_KEY_CODE_SYSRQ:
        add_print(s, codes, down);
        break;
    case Q_KEY_CODE_PAUSE:
        add_pause(s, codes, down);
        break;
    case Q_KEY_CODE_LANG1:
    case Q_KEY_CODE_LANG2:
        if (down) {             /* they send no release code */
            add_set2(codes, key_codes[key].set2, true);
        }
        break;
    default:
        add_key(s, codes, key, down);
    }
}

static void send_codes(Ps2Kbd *s, QKeyCode key, bool down)
{
    Codes codes = { .n = 0 };

    add_codes(s, &codes, key, down);
    if (codes.n <= ps2_room(&s->ps2)) {
        ps2_put(&s->ps2, codes.data, codes.n);
    } else {
        ps2_put_overrun(&s->ps2, s->set == 1 ? OVERRUN_SET1 : OVERRUN);
    }
}

/* ---- Repetition ---- */

/* Bits 5 and 6 of the typematic byte: quarters of a second, minus one. */
static gint64 repeat_delay(const Ps2Kbd *s)
{
    return ((s->rate >> 5 & 3) + 1) * 250 * G_GINT64_CONSTANT(1000000);
}

/* Bits 0 to 4: (8 + A) * 2^B * 0.00417 s, A in the lower three, B above. */
static gint64 repeat_period(const Ps2Kbd *s)
{
    return (gint64)(8 + (s->rate & 7)) * (1 << (s->rate >> 3 & 3)) * REPEAT_UNIT_NS;
}

static bool repeats(const Ps2Kbd *s, QKeyCode key)
{
    if (key == Q_KEY_CODE_PAUSE || key == Q_KEY_CODE_LANG1 || key == Q_KEY_CODE_LANG2) {
        return false;
    }
    return s->set != 3 || (s->types[key_codes[key].set3] & KEY_TYPEMATIC);
}

static void stop_repeating(Ps2Kbd *s)
{
    s->repeat = Q_KEY_CODE_UNMAPPED;
    timer_cancel(s->timer);
}

static void on_timer(void *opaque, gint64 now)
{
    Ps2Kbd *s = opaque;

    /* A repetition that is not read must not cause an overrun. */
    if (ps2_room(&s->ps2) == PS2_QUEUE_SIZE) {
        send_codes(s, s->repeat, true);
    }
    timer_set_after(s->timer, repeat_period(s));
}

/* The key pressed last is repeated until it is released. */
static void note_repeat(Ps2Kbd *s, QKeyCode key, bool down)
{
    if (down && repeats(s, key)) {
        s->repeat = key;
        timer_set_after(s->timer, repeat_delay(s));
    } else if (down || key == s->repeat) {
        stop_repeating(s);
    }
}

/* ---- Keys ---- */

static guint8 modifier(QKeyCode key)
{
    switch (key) {
    case Q_KEY_CODE_SHIFT:
        return MOD_SHIFT;
    case Q_KEY_CODE_SHIFT_R:
        return MOD_SHIFT_R;
    case Q_KEY_CODE_CTRL:
        return MOD_CTRL;
    case Q_KEY_CODE_CTRL_R:
        return MOD_CTRL_R;
    case Q_KEY_CODE_ALT:
        return MOD_ALT;
    case Q_KEY_CODE_ALT_R:
        return MOD_ALT_R;
    default:
        return 0;
    }
}

static void on_key(void *opaque, const InputItem *item)
{
    Ps2Kbd *s = opaque;
    guint8 mod = modifier(item->code);

    trace_ps2_keyboard_event(s, item->value);
    machine_request_wake(machine_of(s), WAKE_REASON_OTHER);
    s->modifiers = item->value ? s->modifiers | mod : s->modifiers & ~mod;
    if (!s->scanning || item->code >= Q_KEY_CODE__MAX || !key_codes[item->code].set1) {
        return;
    }
    send_codes(s, item->code, item->value);
    note_repeat(s, item->code, item->value);
}

static const InputDeviceOps input_ops = {
    .name = "QEMU PS/2 Keyboard",
    .kinds = 1 << INPUT_EVENT_KIND_KEY,
    .event = on_key,
};

/* ---- Commands ---- */

static void set_all_types(Ps2Kbd *s, guint8 type)
{
    memset(s->types, type, sizeof(s->types));
}

static void set_defaults(Ps2Kbd *s)
{
    s->set = 2;
    s->rate = RATE_DEFAULT;
    set_all_types(s, KEY_TYPEMATIC | KEY_BREAK);
    stop_repeating(s);
    ps2_clear_queue(&s->ps2);
}

static void set_leds(Ps2Kbd *s, guint8 leds)
{
    s->leds = leds;
    input_set_leds(&s->input, leds);
}

static void reset(Ps2Kbd *s)
{
    set_defaults(s);
    set_leds(s, 0);
    s->scanning = true;
    ps2_reply(&s->ps2, PS2_ACK);
    ps2_reply(&s->ps2, PS2_BAT_OK);
}

static void scan_set(Ps2Kbd *s, guint8 value)
{
    if (value > 3) {
        ps2_reply(&s->ps2, PS2_RESEND);
        return;
    }
    ps2_reply(&s->ps2, PS2_ACK);
    if (value == 0) {
        ps2_reply(&s->ps2, s->set);
        return;
    }
    s->set = value;
    stop_repeating(s);
    ps2_clear_queue(&s->ps2);
}

/* Key types by the command for one key or for all, in the order of both. */
static guint8 key_type(guint8 command)
{
    static const guint8 types[] = {
        KEY_TYPEMATIC, KEY_BREAK, 0, KEY_TYPEMATIC | KEY_BREAK,
    };

    return types[(command - CMD_ALL_TYPEMATIC) & 3];
}

/* Handles the argument of the previous command. */
static void take_argument(Ps2Kbd *s, guint8 command, guint8 value)
{
    switch (command) {
    case CMD_SET_LEDS:
        set_leds(s, value & LEDS);
        ps2_reply(&s->ps2, PS2_ACK);
        break;
    case CMD_SCAN_SET:
        scan_set(s, value);
        break;
    case PS2_CMD_SET_RATE:
        s->rate = value & 0x7f;
        ps2_reply(&s->ps2, PS2_ACK);
        break;
    default:                    /* a key's type, until a command ends the list */
        s->types[value] = key_type(command);
        s->ps2.command = command;
        ps2_reply(&s->ps2, PS2_ACK);
    }
}

static void take_command(Ps2Kbd *s, guint8 value)
{
    switch (value) {
    case CMD_SET_LEDS:
    case CMD_SCAN_SET:
    case PS2_CMD_SET_RATE:
    case CMD_KEY_TYPEMATIC:
    case CMD_KEY_MAKE_BREAK:
    case CMD_KEY_MAKE:
        s->ps2.command = value;
        break;
    case PS2_CMD_IDENTIFY:
        ps2_reply(&s->ps2, PS2_ACK);
        ps2_reply(&s->ps2, ID_0);
        ps2_reply(&s->ps2, ID_1);
        return;
    case PS2_CMD_ENABLE:
        s->scanning = true;
        ps2_clear_queue(&s->ps2);
        break;
    case PS2_CMD_DISABLE:
    case PS2_CMD_DEFAULTS:
        set_defaults(s);
        s->scanning = value == PS2_CMD_DEFAULTS;
        break;
    case CMD_ALL_TYPEMATIC:
    case CMD_ALL_MAKE_BREAK:
    case CMD_ALL_MAKE:
    case CMD_ALL_BOTH:
        set_all_types(s, key_type(value));
        break;
    case PS2_CMD_RESET:
        reset(s);
        return;
    case CMD_ECHO:
        ps2_reply(&s->ps2, CMD_ECHO);
        return;
    case PS2_CMD_RESEND:
        ps2_reply(&s->ps2, s->ps2.last);
        return;
    default:
        ps2_reply(&s->ps2, PS2_RESEND);
        return;
    }
    ps2_reply(&s->ps2, PS2_ACK);
}

/* A command is recognised even where an argument is due. */
static void kbd_write(Ps2Device *ps2, guint8 value)
{
    Ps2Kbd *s = to_ps2_kbd(ps2);
    guint8 command = ps2->command;

    ps2->command = 0;
    if (command && value < CMD_SET_LEDS) {
        take_argument(s, command, value);
    } else {
        take_command(s, value);
    }
}

/* ---- Life ---- */

static const StateRow kbd_state[] = {
    STATE_FIELD(BOOL, Ps2Kbd, scanning, true),
    STATE_FIELD(U8, Ps2Kbd, set, 2),
    STATE_FIELD(U8, Ps2Kbd, leds, 0),
    STATE_FIELD(U8, Ps2Kbd, rate, RATE_DEFAULT),
    STATE_FIELD(U8, Ps2Kbd, modifiers, 0),
    STATE_FIELD(U8, Ps2Kbd, repeat, Q_KEY_CODE_UNMAPPED),
    STATE_ARRAY(U8, Ps2Kbd, types, KEY_TYPEMATIC | KEY_BREAK),
    STATE_CLOCK_TIMER(Ps2Kbd, timer),
    STATE_ROWS_END
};

static bool kbd_realize(Device *dev, GError **error)
{
    Ps2Kbd *s = to_ps2_kbd(dev);
    Machine *machine = machine_of(dev);

    s->clock = machine->clock;
    s->timer = timer_new(s->clock, CLOCK_KIND_VIRTUAL, 8 * REPEAT_UNIT_NS, on_timer, s);
    input_register(&s->input, machine, &input_ops, s);
    return true;
}

static void kbd_unrealize(Device *dev)
{
    Ps2Kbd *s = to_ps2_kbd(dev);

    input_unregister(&s->input);
    g_clear_pointer(&s->timer, timer_free);
}

static void kbd_reset_enter(Device *dev)
{
    Ps2Kbd *s = to_ps2_kbd(dev);

    timer_cancel(s->timer);
    set_leds(s, 0);
}

static bool kbd_state_loaded(Device *dev, GError **error)
{
    Ps2Kbd *s = to_ps2_kbd(dev);

    if (s->set < 1 || s->set > 3 || s->repeat >= Q_KEY_CODE__MAX || s->leds & ~LEDS) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a PS/2 keyboard", dev->object.name);
        return false;
    }
    set_leds(s, s->leds);
    if (s->repeat == Q_KEY_CODE_UNMAPPED) {
        stop_repeating(s);
    } else if (!timer_pending(s->timer)) {
        note_repeat(s, s->repeat, true);
    }
    return true;
}

const TypeInfo ps2_kbd_type = {
    .schema = &qmp_class_ps2_kbd,
    .size = sizeof(Ps2Kbd),
    .device = &(const DeviceOps){
        .realize = kbd_realize,
        .unrealize = kbd_unrealize,
        .reset_enter = kbd_reset_enter,
        .state = kbd_state,
        .state_loaded = kbd_state_loaded,
    },
    .kind = &(const Ps2Ops){
        .write = kbd_write,
    },
};
