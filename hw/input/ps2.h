/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ps2Device: what a PS/2 keyboard and a PS/2 mouse have in common.
 *
 * It sends bytes to its host (hw/input/i8042.c) from two queues: answers to the
 * host, which are sent first and which the next byte from the host cuts short,
 * and events (key codes, movements).  Its line "irq[0]" is high while it has
 * something to send.  A byte from the host is a command or the argument of the
 * previous command; the class's Ps2Ops handle both.
 *
 * The speed of the wire is not modelled: a byte is available as soon as it is
 * needed.
 *
 * All functions need the machine lock.
 */
#ifndef HW_INPUT_PS2_H
#define HW_INPUT_PS2_H

#include "hw/core/irq.h"
#include "qom/device.h"

#define PS2_QUEUE_SIZE 16       /* for events */
#define PS2_REPLY_SIZE 8

enum {                          /* answers of both kinds */
    PS2_ACK = 0xfa,
    PS2_BAT_OK = 0xaa,          /* the self test found nothing */
    PS2_RESEND = 0xfe,
};

enum {                          /* commands that both kinds have */
    PS2_CMD_IDENTIFY = 0xf2,
    PS2_CMD_SET_RATE = 0xf3,
    PS2_CMD_ENABLE = 0xf4,
    PS2_CMD_DISABLE = 0xf5,     /* the keyboard takes its defaults with it */
    PS2_CMD_DEFAULTS = 0xf6,
    PS2_CMD_RESEND = 0xfe,
    PS2_CMD_RESET = 0xff,
};

typedef struct Ps2Device {
    Device parent;
    guint8 replies[PS2_REPLY_SIZE];
    guint32 reply_head, reply_count;
    guint8 queue[PS2_QUEUE_SIZE + 1];   /* one more for the overrun mark */
    guint32 queue_head, queue_count;
    guint8 last;                /* byte that was sent last, for RESEND */
    guint8 command;             /* whose argument comes next; 0: none */
    Irq *irq;
} Ps2Device;

/* The TypeInfo.kind of the classes. */
typedef struct {
    /* A byte from the host; answers by ps2_reply(). */
    void (*write)(Ps2Device *s, guint8 value);
    /* The host took a byte, and may have made room.  May be NULL. */
    void (*taken)(Ps2Device *s);
} Ps2Ops;

/* The host's side.  Reading from a device with nothing to send returns the last
 * byte again. */
bool ps2_has_data(const Ps2Device *s);
guint8 ps2_read(Ps2Device *s);
void ps2_write(Ps2Device *s, guint8 value);

/* For the classes.  A reply that does not fit in PS2_REPLY_SIZE is truncated. */
void ps2_reply(Ps2Device *s, guint8 value);
/* Room in the queue for events; and puts n bytes into it, which must fit. */
guint ps2_room(const Ps2Device *s);
void ps2_put(Ps2Device *s, const guint8 *data, guint n);
/* Adds the overrun mark of a keyboard after the last entry; no-op if it is
 * there. */
void ps2_put_overrun(Ps2Device *s, guint8 mark);
void ps2_clear_queue(Ps2Device *s);

extern const TypeInfo ps2_device_type;
extern const TypeInfo ps2_kbd_type;
extern const TypeInfo ps2_mouse_type;

#endif
