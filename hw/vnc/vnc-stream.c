/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes between a client and its socket: TLS is below all, if there is any, and WebSocket's
 * frames are inside it.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <errno.h>
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

/* ---- From the client ---- */

/* n bytes have come behind those of `in`. */
static void take_frames(VncClient *c, gsize n)
{
    const char *wrong;

    c->n_in += websocket_decode(c->websocket, c->in + c->n_in, n, &wrong);
    if (wrong) {
        vnc_client_end(c, wrong);
    } else if (c->websocket->closed) {
        websocket_close(c->out);
        vnc_client_end_after_output(c, "");
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

void vnc_client_put(VncClient *c, const void *data, gsize size)
{
    begin_output(c);
    if (c->websocket) {
        websocket_encode(c->out, data, size);
    } else {
        g_byte_array_append(c->out, data, size);
    }
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
    if (c->websocket && c->websocket->has_pong && vnc_stream_waiting(c) <= VNC_OUT_MAX / 2) {
        begin_output(c);
        websocket_answer(c->websocket, c->out);
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
    const char *wrong;
    gsize used, rest;

    begin_output(c);
    used = websocket_upgrade(c->in, c->n_in, c->out, &wrong);
    rest = c->n_in - used;
    if (wrong) {
        vnc_client_end_after_output(c, wrong);
    } else if (used) {
        c->websocket = g_new0(Websocket, 1);
        vnc_handshake_begin(c);
        c->n_in = used;
        take_frames(c, rest);
    } else if (c->n_in == VNC_IN_MAX) {
        vnc_client_end(c, "it sent a request that is too long");
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
