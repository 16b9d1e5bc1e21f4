/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WebSocket (RFC 6455), a server's side: the request with which a connection becomes one, and
 * frames.
 *
 * It is strict: what the RFC forbids, or is of no use here (texts, extensions), ends the client.
 * Payload is handed on as it comes, so a frame of any length needs no memory.
 *
 * No thread, no lock: all functions work on their arguments only.
 */
#ifndef HW_VNC_VNC_WEBSOCKET_H
#define HW_VNC_VNC_WEBSOCKET_H

#include <glib.h>
#include <stdbool.h>

enum {
    WEBSOCKET_HEADER_MAX = 14,
    WEBSOCKET_CONTROL_MAX = 125,        /* bytes of payload in a control frame */
};

typedef struct {
    guint8 header[WEBSOCKET_HEADER_MAX];
    guint n_header;             /* bytes of it that are there */
    bool in_payload;            /* the header is complete */
    guint64 left;               /* bytes of payload that are to come */
    guint8 masked;              /* index in the mask of the next one */
    bool in_message;            /* of several frames, whose last one is to come */
    guint n_control;
    guint8 control[WEBSOCKET_CONTROL_MAX];      /* payload of the frame, if it is for control */
    bool has_pong;              /* a ping is to be answered: the last one */
    guint n_pong;
    guint8 pong[WEBSOCKET_CONTROL_MAX];
    bool closed;                /* the client has said that it leaves */
} Websocket;

/*
 * A request, which ends in an empty line: what is answered is appended to reply.  Returns how many
 * bytes it has; 0: more are needed.  *ret_wrong: NULL, or why the client must be ended after the
 * answer ("it ..."), a static text.
 */
gsize websocket_upgrade(const guint8 *data, gsize size, GByteArray *reply, const char **ret_wrong);

/*
 * Takes the frames out of data: what remains at its beginning is payload, whose size is returned.
 * *ret_wrong: NULL, or what is wrong with the client ("it sent ..."), a static text.  After a
 * frame that closes, the rest is ignored.
 */
gsize websocket_decode(Websocket *ws, guint8 *data, gsize size, const char **ret_wrong);

/* Appends a frame with binary data. */
void websocket_encode(GByteArray *out, const void *data, gsize size);
/* Appends the answer to the last ping, if there is one to be sent. */
void websocket_answer(Websocket *ws, GByteArray *out);
/* Appends the frame with which the server leaves. */
void websocket_close(GByteArray *out);

#endif
