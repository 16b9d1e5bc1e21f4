/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telnet on a chardev's connection (RFC 854), as QEMU's: the peer is told once what is wanted, and
 * what it answers changes nothing.  Beyond QEMU, output bytes of 255 are doubled, commands have the
 * length that the RFC gives them, and options that the peer proposes itself are declined, which
 * the RFC demands.
 */
#include "config.h"
#include "hw/chardev/char-protocol.h"

#include <event2/buffer.h>
#include <string.h>

enum {
    SE = 240, BREAK = 243, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255,
};
enum { OPTION_BINARY = 0, OPTION_ECHO = 1, OPTION_NO_GO_AHEAD = 3 };

typedef enum {
    STATE_DATA,
    STATE_IAC,                  /* after IAC */
    STATE_OPTION,               /* after IAC WILL and the like */
    STATE_SUB,                  /* between IAC SB and IAC SE */
    STATE_SUB_IAC,              /* after an IAC there */
} TelnetState;

typedef struct {
    CharProtocol parent;
    TelnetState state;
    guint8 verb;                /* OPTION: WILL, WONT, DO or DONT */
} CharTelnet;

static void telnet_begin(CharProtocol *p, struct evbuffer *out)
{
    static const guint8 wishes[] = {
        IAC, WILL, OPTION_ECHO, IAC, WILL, OPTION_NO_GO_AHEAD,
        IAC, WILL, OPTION_BINARY, IAC, DO, OPTION_BINARY,
    };

    evbuffer_add(out, wishes, sizeof(wishes));
    p->open = true;
}

/* Options that were proposed by this side; their answers are no proposals. */
static bool is_ours(guint8 verb, guint8 option)
{
    return option == OPTION_BINARY ||
           (verb == DO && (option == OPTION_ECHO || option == OPTION_NO_GO_AHEAD));
}

static void take_option(const CharTelnet *t, guint8 option, struct evbuffer *out)
{
    const guint8 reply[] = { IAC, t->verb == WILL ? DONT : WONT, option };

    if ((t->verb == WILL || t->verb == DO) && !is_ours(t->verb, option)) {
        char_protocol_reply(out, reply, sizeof(reply));
    }
}

/* The byte after IAC; returns whether it is data. */
static bool take_command(CharTelnet *t, guint8 byte)
{
    t->state = STATE_DATA;
    switch (byte) {
    case IAC:
        return true;
    case BREAK:
        char_event(t->parent.chr, CHAR_EVENT_BREAK);
        return false;
    case SB:
        t->state = STATE_SUB;
        return false;
    case WILL:
    case WONT:
    case DO:
    case DONT:
        t->state = STATE_OPTION;
        t->verb = byte;
        return false;
    default:
        return false;
    }
}

/* Returns whether the byte is data. */
static bool take_byte(CharTelnet *t, guint8 byte, struct evbuffer *out)
{
    switch (t->state) {
    case STATE_DATA:
        t->state = byte == IAC ? STATE_IAC : STATE_DATA;
        return byte != IAC;
    case STATE_IAC:
        return take_command(t, byte);
    case STATE_OPTION:
        take_option(t, byte, out);
        t->state = STATE_DATA;
        return false;
    case STATE_SUB:
        t->state = byte == IAC ? STATE_SUB_IAC : STATE_SUB;
        return false;
    case STATE_SUB_IAC:
        t->state = byte == SE ? STATE_DATA : STATE_SUB;
        return false;
    }
    return false;
}

static gsize telnet_decode(CharProtocol *p, guint8 *data, gsize size, struct evbuffer *out)
{
    CharTelnet *t = (CharTelnet *)p;
    gsize n = 0;

    for (gsize i = 0; i < size; i++) {
        if (take_byte(t, data[i], out)) {
            data[n++] = data[i];
        }
    }
    return n;
}

static void telnet_encode(CharProtocol *p, const guint8 *data, gsize size, struct evbuffer *out)
{
    static const guint8 doubled = IAC;
    const guint8 *end = data + size, *next;

    for (; data < end; data = next) {
        const guint8 *iac = memchr(data, IAC, end - data);

        next = iac ? iac + 1 : end;
        evbuffer_add(out, data, next - data);
        if (iac) {
            evbuffer_add(out, &doubled, 1);
        }
    }
}

const CharProtocolOps char_telnet_ops = {
    .size = sizeof(CharTelnet),
    .begin = telnet_begin,
    .decode = telnet_decode,
    .encode = telnet_encode,
};
