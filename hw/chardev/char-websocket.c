/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WebSocket on a chardev's connection: a handshake, then each piece of output is a binary message.
 * The protocol itself is in websocket.h.
 */
#include "config.h"
#include "hw/chardev/char-protocol.h"

#include <event2/buffer.h>
#include <string.h>

#include "hw/chardev/websocket.h"

typedef struct {
    CharProtocol parent;
    GByteArray *request;        /* the handshake as far as it has come, or NULL */
    WebSocketReader reader;
} CharWebsocket;

/* Returns how many bytes of data remain after the handshake, at its beginning. */
static gsize take_request(CharWebsocket *w, guint8 *data, gsize size, struct evbuffer *out)
{
    g_autofree char *reply = NULL;
    const char *why;
    WebSocketShake shake;
    gsize used, left = 0;

    if (!w->request) {
        w->request = g_byte_array_new();
    }
    g_byte_array_append(w->request, data, size);
    shake = websocket_shake((const char *)w->request->data, w->request->len, &used, &reply, &why);
    if (shake == WEBSOCKET_SHAKE_MORE) {
        return 0;
    }
    evbuffer_add(out, reply, strlen(reply));
    if (shake == WEBSOCKET_SHAKE_DONE) {
        w->parent.open = true;
        left = w->request->len - used;
        memmove(data, w->request->data + used, left);
    } else {
        w->parent.ended = true;
        g_message("chardev '%s': refused a WebSocket client: %s", w->parent.chr->object.name, why);
    }
    g_clear_pointer(&w->request, g_byte_array_unref);
    return left;
}

static void reply_to(CharWebsocket *w, WebSocketNews news, struct evbuffer *out)
{
    guint8 frame[WEBSOCKET_FRAME_MAX];

    if (news == WEBSOCKET_PING) {
        char_protocol_reply(out, frame, websocket_put_pong(frame, &w->reader));
    } else if (news != WEBSOCKET_MORE) {
        evbuffer_add(out, frame, websocket_put_close(frame, w->reader.status));
        w->parent.ended = true;
    }
}

static gsize websocket_decode(CharProtocol *p, guint8 *data, gsize size, struct evbuffer *out)
{
    CharWebsocket *w = (CharWebsocket *)p;
    guint8 *from = data, *to = data, *end;

    if (!p->open) {
        size = take_request(w, data, size, out);
    }
    end = data + size;
    while (from < end && !p->ended) {
        gsize taken = end - from, length;
        const WebSocketNews news = websocket_read(&w->reader, from, &taken, &length);

        memmove(to, from, length);
        to += length;
        from += taken;
        reply_to(w, news, out);
    }
    return to - data;
}

static void websocket_encode(CharProtocol *p, const guint8 *data, gsize size,
                             struct evbuffer *out)
{
    guint8 header[WEBSOCKET_HEADER_MAX];

    if (size) {
        evbuffer_add(out, header, websocket_put_header(header, size));
        evbuffer_add(out, data, size);
    }
}

static void websocket_clear(CharProtocol *p)
{
    CharWebsocket *w = (CharWebsocket *)p;

    if (w->request) {
        g_byte_array_unref(w->request);
    }
}

const CharProtocolOps char_websocket_ops = {
    .size = sizeof(CharWebsocket),
    .decode = websocket_decode,
    .encode = websocket_encode,
    .clear = websocket_clear,
};
