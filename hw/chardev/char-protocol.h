/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CharProtocol: what a stream chardev speaks on a connection other than plain bytes.  A CharFd that
 * has one passes it all input, and sends only what it makes of the output.
 *
 *   telnet      RFC 854, with the options that QEMU asks for: the client sends each key at once,
 *               shows nothing of its own, and is 8-bit clean
 *   websocket   binary messages (websocket.h)
 *
 * One protocol belongs to one connection.  Threads: as CharFd.
 */
#ifndef HW_CHARDEV_CHAR_PROTOCOL_H
#define HW_CHARDEV_CHAR_PROTOCOL_H

#include "hw/chardev/char.h"

struct evbuffer;
typedef struct CharProtocol CharProtocol;

typedef struct {
    gsize size;
    /* The connection is there: adds what is said first to out.  May be NULL. */
    void (*begin)(CharProtocol *p, struct evbuffer *out);
    /* Turns size bytes of the peer's into input, in place; returns its length, at most size.
     * Replies are added to out. */
    gsize (*decode)(CharProtocol *p, guint8 *data, gsize size, struct evbuffer *out);
    /* Adds output to out. */
    void (*encode)(CharProtocol *p, const guint8 *data, gsize size, struct evbuffer *out);
    void (*clear)(CharProtocol *p);             /* may be NULL */
} CharProtocolOps;

struct CharProtocol {
    const CharProtocolOps *ops;
    Chardev *chr;
    bool open;                  /* the handshake, if there is one, is over */
    bool ended;                 /* nothing more is read from the peer */
};

extern const CharProtocolOps char_telnet_ops;
extern const CharProtocolOps char_websocket_ops;

CharProtocol *char_protocol_new(const CharProtocolOps *ops, Chardev *chr);
void char_protocol_free(CharProtocol *p);       /* accepts NULL */

/* Adds as much output to out as leaves its length within max; returns how much. */
gsize char_protocol_write(CharProtocol *p, const guint8 *data, gsize size, struct evbuffer *out,
                          gsize max);

/* Replies that a peer does not read are not kept beyond this. */
#define CHAR_PROTOCOL_REPLIES_MAX (64 * 1024)

/* Adds a reply to out, unless it is full. */
void char_protocol_reply(struct evbuffer *out, const void *data, gsize size);

#endif
