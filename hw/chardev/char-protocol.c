/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the protocols of stream chardevs have in common; see char-protocol.h.
 */
#include "config.h"
#include "hw/chardev/char-protocol.h"

#include <event2/buffer.h>

#include "hw/chardev/websocket.h"

CharProtocol *char_protocol_new(const CharProtocolOps *ops, Chardev *chr)
{
    CharProtocol *p = g_malloc0(ops->size);

    p->ops = ops;
    p->chr = chr;
    return p;
}

void char_protocol_free(CharProtocol *p)
{
    if (p && p->ops->clear) {
        p->ops->clear(p);
    }
    g_free(p);
}

gsize char_protocol_write(CharProtocol *p, const guint8 *data, gsize size, struct evbuffer *out,
                          gsize max)
{
    const gsize room = max - MIN(max, evbuffer_get_length(out));
    /* Telnet doubles a byte at worst, and a message has a header. */
    const gsize n = room > WEBSOCKET_HEADER_MAX ? (room - WEBSOCKET_HEADER_MAX) / 2 : 0;

    size = MIN(size, n);
    p->ops->encode(p, data, size, out);
    return size;
}

void char_protocol_reply(struct evbuffer *out, const void *data, gsize size)
{
    if (evbuffer_get_length(out) + size <= CHAR_PROTOCOL_REPLIES_MAX) {
        evbuffer_add(out, data, size);
    }
}
