/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of a WebSocket, see websocket.h.
 *
 *   byte 0     FIN, three reserved bits, opcode
 *   byte 1     MASK, length: up to 125, or 126: 2 bytes follow, 127: 8 bytes follow
 *   4 bytes    the mask, in a client's frames always
 */
#include "config.h"
#include "hw/chardev/websocket.h"

#include <string.h>

enum {
    FIN = 0x80, RESERVED = 0x70, OPCODE = 0x0f,         /* byte 0 */
    MASKED = 0x80, LENGTH = 0x7f,                       /* byte 1 */
    LENGTH_2 = 126, LENGTH_8 = 127,
};

enum {
    OP_CONTINUATION = 0x0, OP_TEXT = 0x1, OP_BINARY = 0x2,
    OP_CLOSE = 0x8, OP_PING = 0x9, OP_PONG = 0xa,
};

/* ---- From the client ---- */

static guint opcode_of(const WebSocketReader *r)
{
    return r->header[0] & OPCODE;
}

static bool is_control(const WebSocketReader *r)
{
    return opcode_of(r) & 0x8;
}

/* Length of the whole header, as far as the bytes that are there say. */
static guint header_size(const WebSocketReader *r)
{
    const guint length = r->header[1] & LENGTH;

    if (r->header_length < 2) {
        return 2;
    }
    return 2 + (length == LENGTH_2 ? 2 : length == LENGTH_8 ? 8 : 0) + 4;
}

static guint64 payload_length(const WebSocketReader *r)
{
    const guint length = r->header[1] & LENGTH;
    const guint n = length == LENGTH_2 ? 2 : length == LENGTH_8 ? 8 : 0;
    guint64 value = n ? 0 : length;

    for (guint i = 0; i < n; i++) {
        value = value << 8 | r->header[2 + i];
    }
    return value;
}

/* 5.2: the shortest form, and less than 2^63. */
static bool check_length(const WebSocketReader *r)
{
    const guint form = r->header[1] & LENGTH;
    const guint64 length = payload_length(r);

    return form == LENGTH_2 ? length > WEBSOCKET_CONTROL_MAX
         : form == LENGTH_8 ? length > G_MAXUINT16 && length <= G_MAXINT64 : true;
}

static guint16 breaks(WebSocketReader *r, guint16 status, const char *why)
{
    r->why = why;
    return status;
}

static guint16 check_control(WebSocketReader *r)
{
    return (r->header[0] & FIN) && (r->header[1] & LENGTH) <= WEBSOCKET_CONTROL_MAX
           ? 0 : breaks(r, WEBSOCKET_PROTOCOL_ERROR, "a control frame in pieces, or a long one");
}

/* The first two bytes; 0, or the status that ends the connection. */
static guint16 check_start(WebSocketReader *r)
{
    const guint opcode = opcode_of(r);

    if (r->header[0] & RESERVED) {
        return breaks(r, WEBSOCKET_PROTOCOL_ERROR, "a frame with an extension");
    }
    if (!(r->header[1] & MASKED)) {
        return breaks(r, WEBSOCKET_PROTOCOL_ERROR, "a frame without a mask");
    }
    switch (opcode) {
    case OP_TEXT:
        return breaks(r, WEBSOCKET_UNSUPPORTED, "text");
    case OP_BINARY:
    case OP_CONTINUATION:
        return r->in_message == (opcode == OP_CONTINUATION)
               ? 0 : breaks(r, WEBSOCKET_PROTOCOL_ERROR, "a frame out of place");
    case OP_CLOSE:
    case OP_PING:
    case OP_PONG:
        return check_control(r);
    default:
        return breaks(r, WEBSOCKET_PROTOCOL_ERROR, "a frame of an unknown kind");
    }
}

/* Takes bytes of the header; 0, or the status that ends the connection. */
static guint16 take_header(WebSocketReader *r, const guint8 **data, const guint8 *end)
{
    while (*data < end && r->header_length < header_size(r)) {
        guint16 status;

        r->header[r->header_length++] = *(*data)++;
        status = r->header_length == 2 ? check_start(r) : 0;
        if (status) {
            return status;
        }
    }
    if (r->header_length < 2 || r->header_length < header_size(r)) {
        return 0;
    }
    if (!check_length(r)) {
        return breaks(r, WEBSOCKET_PROTOCOL_ERROR, "a length that is not in its shortest form");
    }
    if (!is_control(r)) {
        r->in_message = !(r->header[0] & FIN);
    } else {
        r->control_length = 0;
    }
    r->in_payload = true;
    r->left = payload_length(r);
    r->mask_at = 0;
    return 0;
}

/* Takes payload, unmasked, to where it belongs; *to follows. */
static void take_payload(WebSocketReader *r, const guint8 **data, const guint8 *end, guint8 **to)
{
    const guint8 *mask = r->header + r->header_length - 4;
    const gsize n = MIN(r->left, (guint64)(end - *data));
    guint8 *out = is_control(r) ? r->control + r->control_length : *to;

    for (gsize i = 0; i < n; i++) {
        out[i] = (*data)[i] ^ mask[(r->mask_at + i) & 3];
    }
    r->mask_at = (r->mask_at + n) & 3;
    r->left -= n;
    *data += n;
    if (is_control(r)) {
        r->control_length += n;
    } else {
        *to += n;
    }
}

/* 7.4: codes that may be on the wire.  A reason must be UTF-8 (5.5.1). */
static bool check_close(const WebSocketReader *r, guint status)
{
    return ((status >= 1000 && status <= 1003) || (status >= 1007 && status <= 1011) ||
            (status >= 3000 && status <= 4999)) &&
           g_utf8_validate((const char *)r->control + 2, r->control_length - 2, NULL);
}

static WebSocketNews end_close(WebSocketReader *r)
{
    const guint status = r->control_length >= 2 ? r->control[0] << 8 | r->control[1] : 0;

    if (r->control_length == 0) {
        r->status = WEBSOCKET_NO_STATUS;
        return WEBSOCKET_CLOSE;
    }
    if (r->control_length == 1 || !check_close(r, status)) {
        r->status = breaks(r, WEBSOCKET_PROTOCOL_ERROR, "a close frame with a wrong status");
        return WEBSOCKET_BROKEN;
    }
    r->status = status;
    return WEBSOCKET_CLOSE;
}

/* The frame is complete. */
static WebSocketNews end_frame(WebSocketReader *r)
{
    r->in_payload = false;
    r->header_length = 0;
    switch (opcode_of(r)) {
    case OP_PING:
        return WEBSOCKET_PING;
    case OP_CLOSE:
        return end_close(r);
    default:
        return WEBSOCKET_MORE;  /* data, or a pong that answers nothing */
    }
}

WebSocketNews websocket_read(WebSocketReader *r, guint8 *data, gsize *size, gsize *ret_length)
{
    const guint8 *from = data, *end = data + *size;
    guint8 *to = data;
    WebSocketNews news = WEBSOCKET_MORE;

    while (news == WEBSOCKET_MORE && from < end) {
        if (!r->in_payload) {
            r->status = take_header(r, &from, end);
            news = r->status ? WEBSOCKET_BROKEN : WEBSOCKET_MORE;
        }
        if (r->in_payload) {
            take_payload(r, &from, end, &to);
            if (!r->left) {
                news = end_frame(r);
            }
        }
    }
    *size = from - data;
    *ret_length = to - data;
    return news;
}

/* ---- To the client ---- */

gsize websocket_put_header(guint8 header[WEBSOCKET_HEADER_MAX], guint64 length)
{
    const guint n = length <= WEBSOCKET_CONTROL_MAX ? 0 : length <= G_MAXUINT16 ? 2 : 8;

    header[0] = FIN | OP_BINARY;
    header[1] = n == 0 ? length : n == 2 ? LENGTH_2 : LENGTH_8;
    for (guint i = 0; i < n; i++) {
        header[2 + i] = length >> 8 * (n - 1 - i);
    }
    return 2 + n;
}

gsize websocket_put_pong(guint8 frame[WEBSOCKET_FRAME_MAX], const WebSocketReader *r)
{
    frame[0] = FIN | OP_PONG;
    frame[1] = r->control_length;
    memcpy(frame + 2, r->control, r->control_length);
    return 2 + r->control_length;
}

gsize websocket_put_close(guint8 frame[WEBSOCKET_FRAME_MAX], guint16 status)
{
    frame[0] = FIN | OP_CLOSE;
    frame[1] = status == WEBSOCKET_NO_STATUS ? 0 : 2;
    frame[2] = status >> 8;
    frame[3] = status;
    return 2 + frame[1];
}
