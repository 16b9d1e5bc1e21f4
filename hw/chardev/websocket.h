/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's side of the WebSocket protocol (RFC 6455), for byte streams: the handshake, and
 * frames in both directions.
 *
 * These functions know no sockets: bytes in, bytes out.  They keep no state but what the caller
 * passes, so any thread may call them, for one connection one at a time.
 *
 * What is not there: extensions, text messages (they end the connection with 1003), and the
 * client's side.
 */
#ifndef HW_CHARDEV_WEBSOCKET_H
#define HW_CHARDEV_WEBSOCKET_H

#include <glib.h>
#include <stdbool.h>

/* ---- The handshake (RFC 6455, 4.2) ---- */

/* A request that is longer is refused; QEMU's limit. */
#define WEBSOCKET_REQUEST_MAX 4096

typedef enum {
    WEBSOCKET_SHAKE_MORE,       /* the request is not complete */
    WEBSOCKET_SHAKE_DONE,
    WEBSOCKET_SHAKE_REFUSED,    /* the connection ends after the reply */
} WebSocketShake;

/*
 * Reads the client's request from the size bytes received so far, and makes the reply.
 *
 * *ret_used: DONE: the length of the request; what follows are frames already.
 * *ret_reply: DONE and REFUSED: what to send, for g_free(); a string.
 * *ret_why: REFUSED: the reason, for logs; a constant.
 *
 * A client that names subprotocols must name `binary`, the only one; it need not name any.
 */
WebSocketShake websocket_shake(const char *request, gsize size, gsize *ret_used,
                               char **ret_reply, const char **ret_why);

/* ---- Frames from the client (5.2 to 5.5) ---- */

/* Payload of a control frame. */
#define WEBSOCKET_CONTROL_MAX 125

typedef enum {
    WEBSOCKET_MORE,             /* all bytes were taken; there may be some data */
    WEBSOCKET_PING,             /* to be answered by a pong with the control payload */
    WEBSOCKET_CLOSE,            /* to be answered by a close frame with `status` */
    WEBSOCKET_BROKEN,           /* the same; the client broke the rules */
} WebSocketNews;

/* Status codes of a close frame (7.4.1). */
enum {
    WEBSOCKET_NO_STATUS = 0,    /* the frame has none */
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_UNSUPPORTED = 1003,
};

/* Where in the client's frames a connection is; all zero at its beginning. */
typedef struct {
    guint8 header[14];
    guint header_length;        /* bytes of it that are there */
    bool in_payload;
    bool in_message;            /* a fragmented message continues */
    guint64 left;               /* of the payload */
    guint mask_at;
    guint control_length;
    guint8 control[WEBSOCKET_CONTROL_MAX];      /* of the last ping or close */
    guint16 status;             /* of CLOSE and BROKEN: what to answer */
    const char *why;            /* of BROKEN: which frame came, for logs; a constant */
} WebSocketReader;

/*
 * Takes bytes of frames from data, and puts their payload in the same place: on return *ret_length
 * bytes at data are the payload, at most *size.  *size becomes the number of bytes that were taken:
 * all of them, or those up to the end of a control frame that the caller is told about.  After
 * CLOSE and BROKEN there is nothing more to read.
 */
WebSocketNews websocket_read(WebSocketReader *r, guint8 *data, gsize *size, gsize *ret_length);

/* ---- Frames to the client ---- */

#define WEBSOCKET_HEADER_MAX 10

/* The header of a binary message of length bytes; returns its own length. */
gsize websocket_put_header(guint8 header[WEBSOCKET_HEADER_MAX], guint64 length);

/* A whole control frame; returns its length. */
#define WEBSOCKET_FRAME_MAX (2 + WEBSOCKET_CONTROL_MAX)
gsize websocket_put_pong(guint8 frame[WEBSOCKET_FRAME_MAX], const WebSocketReader *r);
gsize websocket_put_close(guint8 frame[WEBSOCKET_FRAME_MAX], guint16 status);

#endif
