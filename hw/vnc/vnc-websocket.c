/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of WebSocket, see vnc-websocket.h; the request is in vnc-upgrade.c.
 */
#include "config.h"
#include "hw/vnc/vnc-websocket.h"

#include <string.h>

#include "qmp/bytes.h"

/* Section 5.2. */
enum { FIN = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f };
enum { LENGTH_16 = 126, LENGTH_64 = 127 };
enum { CONTINUATION = 0, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };
enum { MASK_SIZE = 4 };
enum { STATUS_NORMAL = 1000 };          /* section 7.4.1 */

/* ---- Headers ---- */

static guint length_size(const guint8 *header)
{
    guint length = header[1] & LENGTH;

    return length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;
}

/* Of a header whose first two bytes are there. */
static guint header_size(const guint8 *header)
{
    return 2 + length_size(header) + MASK_SIZE;
}

static bool is_control(const Websocket *ws)
{
    return ws->header[0] & 8;
}

/* NULL: there may be such a frame now.  The first two bytes are there. */
static const char *check_start(const Websocket *ws)
{
    guint opcode = ws->header[0] & OPCODE;

    if (ws->header[0] & RESERVED) {
        return "it sent a WebSocket frame with an extension";
    }
    if (!(ws->header[1] & MASKED)) {
        return "it sent a WebSocket frame without a mask";
    }
    if (is_control(ws)) {
        return opcode > PONG || !(ws->header[0] & FIN) ||
               (ws->header[1] & LENGTH) > WEBSOCKET_CONTROL_MAX
                   ? "it sent a WebSocket frame for control that is none" : NULL;
    }
    return opcode != (ws->in_message ? CONTINUATION : BINARY)
               ? "it sent a WebSocket frame that is not binary, or out of place" : NULL;
}

/* The shortest form of a length is the only one. */
static bool take_length(Websocket *ws)
{
    const guint8 *p = ws->header + 2;

    switch (length_size(ws->header)) {
    case 2:
        ws->left = get_be16(p);
        return ws->left >= LENGTH_16;
    case 8:
        ws->left = get_be64(p);
        return ws->left > G_MAXUINT16 && ws->left <= G_MAXINT64;
    default:
        ws->left = ws->header[1] & LENGTH;
        return true;
    }
}

/* Takes one byte of a header. */
static const char *take_header(Websocket *ws, guint8 byte)
{
    const char *wrong = NULL;

    ws->header[ws->n_header++] = byte;
    if (ws->n_header == 2) {
        wrong = check_start(ws);
    } else if (ws->n_header > 2 && ws->n_header == header_size(ws->header)) {
        ws->in_payload = true;
        ws->masked = ws->n_control = 0;
        if (!take_length(ws)) {
            wrong = "it sent a WebSocket frame with a length that is not in its shortest form";
        }
    }
    return wrong;
}

/* ---- Payload ---- */

static void unmask(Websocket *ws, guint8 *to, const guint8 *from, gsize size)
{
    const guint8 *mask = ws->header + ws->n_header - MASK_SIZE;

    for (gsize i = 0; i < size; i++) {
        to[i] = from[i] ^ mask[ws->masked];
        ws->masked = (ws->masked + 1) % MASK_SIZE;
    }
    ws->left -= size;
}

/* The frame is complete. */
static void end_frame(Websocket *ws)
{
    switch (ws->header[0] & OPCODE) {
    case CLOSE:
        ws->closed = true;
        break;
    case PING:
        ws->has_pong = true;
        ws->n_pong = ws->n_control;
        memcpy(ws->pong, ws->control, ws->n_control);
        break;
    case PONG:
        break;
    default:
        ws->in_message = !(ws->header[0] & FIN);
        break;
    }
    ws->n_header = 0;
    ws->in_payload = false;
}

gsize websocket_decode(Websocket *ws, guint8 *data, gsize size, const char **ret_wrong)
{
    gsize at = 0, kept = 0;

    *ret_wrong = NULL;
    while (at < size && !*ret_wrong && !ws->closed) {
        gsize n = MIN(ws->left, size - at);

        if (!ws->in_payload) {
            *ret_wrong = take_header(ws, data[at++]);
        } else if (is_control(ws)) {
            unmask(ws, ws->control + ws->n_control, data + at, n);
            ws->n_control += n;
            at += n;
        } else {
            unmask(ws, data + kept, data + at, n);
            kept += n;
            at += n;
        }
        if (ws->in_payload && !ws->left && !*ret_wrong) {
            end_frame(ws);
        }
    }
    return kept;
}

/* ---- To the client ---- */

static void add_frame(GByteArray *out, guint opcode, const void *data, gsize size)
{
    guint8 header[2 + 8] = { FIN | opcode };
    gsize n = 2;

    if (size < LENGTH_16) {
        header[1] = size;
    } else if (size <= G_MAXUINT16) {
        header[1] = LENGTH_16;
        put_be(header + n, size, 2);
        n += 2;
    } else {
        header[1] = LENGTH_64;
        put_be(header + n, size, 8);
        n += 8;
    }
    g_byte_array_append(out, header, n);
    g_byte_array_append(out, data, size);
}

void websocket_encode(GByteArray *out, const void *data, gsize size)
{
    add_frame(out, BINARY, data, size);
}

void websocket_answer(Websocket *ws, GByteArray *out)
{
    if (ws->has_pong) {
        ws->has_pong = false;
        add_frame(out, PONG, ws->pong, ws->n_pong);
    }
}

void websocket_close(GByteArray *out)
{
    guint8 status[2];

    put_be(status, STATUS_NORMAL, sizeof(status));
    add_frame(out, CLOSE, status, sizeof(status));
}
