/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TlsSession: the server's end of an encrypted connection, on a non-blocking socket.
 *
 * A session belongs to one thread; no function waits.
 */
#ifndef HW_TLS_TLS_SESSION_H
#define HW_TLS_TLS_SESSION_H

#include "hw/tls/tls-creds.h"

typedef struct TlsSession TlsSession;

/* fd stays the caller's; creds must outlive the session.  NULL: no memory. */
TlsSession *tls_session_new(TlsCreds *creds, int fd);
void tls_session_free(TlsSession *session);     /* accepts NULL */

typedef enum {
    TLS_HANDSHAKE_DONE,
    TLS_HANDSHAKE_GOES_ON,      /* when the socket is ready, see tls_session_wants_write() */
    TLS_HANDSHAKE_FAILED,
    TLS_HANDSHAKE_UNTRUSTED,    /* the client has no certificate that is accepted */
} TlsHandshake;

TlsHandshake tls_session_handshake(TlsSession *session);
/* What the handshake waits for. */
bool tls_session_wants_write(const TlsSession *session);
/* The name in the client's certificate, for g_free(); NULL: it has shown none. */
char *tls_session_peer_name(const TlsSession *session);

/* As recv() and send() on the socket, with errno EAGAIN or EPROTO.  A write that had to be put off
 * is finished by the next one, whose data begins with the same bytes. */
gssize tls_session_read(TlsSession *session, void *data, gsize size);
gssize tls_session_write(TlsSession *session, const void *data, gsize size);
/* Whether there is data to read without the socket. */
bool tls_session_pending(const TlsSession *session);

#endif
