/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes between a client and its socket: TLS is below all, if there is any, and WebSocket's
 * frames are inside it.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- The socket, or TLS ---- */

/* While TLS is agreed on, the socket is its own. */
static bool is_encrypted(const VncClient *c)
{
    return c->tls && c->phase != VNC_PHASE_TLS;
}

static gssize receive(VncClient *c, void *data, gsize size)
{
    return is_encrypted(c) ? tls_session_read(c->tls, data, size)
                           : recv(c->fd, data, size, MSG_DONTWAIT);
}

static gssize transmit(VncClient *c, const void *data, gsize size)
{
    return is_encrypted(c) ? tls_session_write(c->tls, data, size)
                           : send(c->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool vnc_stream_pending(const VncClient *c)
{
    return is_encrypted(c) && tls_session_pending(c->tls);
}

/* ---- What waits to be sent ---- */

gsize vnc_stream_waiting(const VncClient *c)
{
    return c->out->len - c->sent;
}

/* Something is put into the output: if nothing is in it, its time begins. */
static void begin_output(VncClient *c)
{
    if (!vnc_stream_waiting(c)) {
        c->taken = g_get_monotonic_time();
    }
}

/* ---- From the client ---- */

/* The frame that ends a connection, and the end. */
static void close_frames(VncClient *c, const char *why)
{
    guint8 frame[WEBSOCKET_FRAME_MAX];
    g_autofree char *wrong = why ? g_strdup_printf("it sent %s", why) : g_strdup("");

    begin_output(c);
    g_byte_array_append(c->out, frame, websocket_put_close(frame, c->websocket->reader.status));
    vnc_client_end_after_output(c, wrong);
}

/* n bytes have come behind those of `in`: what remains of them there is payload. */
static void take_frames(VncClient *c, gsize n)
{
    VncWebSocket *ws = c->websocket;
    guint8 *from = c->in + c->n_in, *to = from;
    WebSocketNews news = WEBSOCKET_MORE;

    for (gsize taken, kept; n && news != WEBSOCKET_CLOSE && news != WEBSOCKET_BROKEN; n -= taken) {
        taken = n;
        news = websocket_read(&ws->reader, from, &taken, &kept);
        memmove(to, from, kept);
        from += taken;
        to += kept;
        if (news == WEBSOCKET_PING) {
            ws->n_pong = websocket_put_pong(ws->pong, &ws->reader);
        }
    }
    c->n_in = to - c->in;
    if (news == WEBSOCKET_CLOSE || news == WEBSOCKET_BROKEN) {
        close_frames(c, news == WEBSOCKET_BROKEN ? ws->reader.why : NULL);
    }
}

bool vnc_stream_read(VncClient *c)
{
    gssize n = receive(c, c->in + c->n_in, VNC_IN_MAX - c->n_in);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        vnc_client_end(c, "");
    }
    if (n > 0 && c->websocket) {
        take_frames(c, n);
    } else if (n > 0) {
        c->n_in += n;
    }
    return n > 0;
}

/* ---- To the client ---- */

void vnc_client_put(VncClient *c, const void *data, gsize size)
{
    guint8 header[WEBSOCKET_HEADER_MAX];

    begin_output(c);
    if (c->websocket) {
        g_byte_array_append(c->out, header, websocket_put_header(header, size));
    }
    g_byte_array_append(c->out, data, size);
}

void vnc_client_put32(VncClient *c, guint32 value)
{
    value = GUINT32_TO_BE(value);
    vnc_client_put(c, &value, sizeof(value));
}

/* Takes out of the output what was sent, if it is all, or much: with TLS, which takes a record at a
 * time, there may always be something that waits. */
static void drop_sent(VncClient *c)
{
    if (!vnc_stream_waiting(c) || c->sent >= VNC_OUT_MAX) {
        g_byte_array_remove_range(c->out, 0, c->sent);
        c->sent = 0;
    }
}

bool vnc_stream_write(VncClient *c)
{
    gssize n = transmit(c, c->out->data + c->sent, vnc_stream_waiting(c));

    if (n > 0) {
        c->sent += n;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        vnc_client_end(c, "");
    }
    drop_sent(c);
    return n > 0;
}

/* A client that sends pings and takes nothing has one answer waiting. */
void vnc_stream_answer(VncClient *c)
{
    VncWebSocket *ws = c->websocket;

    if (ws && ws->n_pong && vnc_stream_waiting(c) <= VNC_OUT_MAX / 2) {
        begin_output(c);
        g_byte_array_append(c->out, ws->pong, ws->n_pong);
        ws->n_pong = 0;
    }
}

/* ---- WebSocket ---- */

void vnc_stream_upgrade(VncClient *c)
{
    c->phase = VNC_PHASE_UPGRADE;
    if (c->server->creds) {
        c->tls = tls_session_new(c->server->creds, c->fd);
        c->phase = VNC_PHASE_TLS;
        if (!c->tls) {
            vnc_client_end(c, "there is no memory for it");
        }
    }
}

/* What comes with the request is in frames already. */
gsize vnc_stream_take_request(VncClient *c)
{
    g_autofree char *reply = NULL;
    const char *why;
    gsize used, rest;
    WebSocketShake shake = websocket_shake((const char *)c->in, c->n_in, &used, &reply, &why);

    if (reply) {
        begin_output(c);
        g_byte_array_append(c->out, (const guint8 *)reply, strlen(reply));
    }
    if (shake == WEBSOCKET_SHAKE_REFUSED) {
        g_autofree char *wrong = g_strdup_printf("it sent no request for a WebSocket: %s", why);

        vnc_client_end_after_output(c, wrong);
    } else if (shake == WEBSOCKET_SHAKE_DONE) {
        rest = c->n_in - used;
        c->websocket = g_new0(VncWebSocket, 1);
        vnc_handshake_begin(c);
        c->n_in = used;
        take_frames(c, rest);
    }
    return used;
}

/* ---- Its end ---- */

void vnc_stream_close(VncClient *c)
{
    tls_session_free(c->tls);
    close(c->fd);
    g_free(c->websocket);
}
