/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encrypted connections by GnuTLS, see tls-session.h.
 */
#include "config.h"
#include "hw/tls/tls-session.h"

#include <errno.h>

struct TlsSession {
    gnutls_session_t gnutls;
    bool verifies;
    bool unfinished;            /* a write */
};

TlsSession *tls_session_new(TlsCreds *creds, int fd)
{
    TlsSession *s = g_new0(TlsSession, 1);

    s->verifies = tls_creds_verifies(creds);
    if (gnutls_init(&s->gnutls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0 ||
        gnutls_priority_set(s->gnutls, tls_creds_priority(creds)) < 0 ||
        gnutls_credentials_set(s->gnutls, GNUTLS_CRD_CERTIFICATE,
                               tls_creds_certificates(creds)) < 0) {
        tls_session_free(s);
        return NULL;
    }
    gnutls_certificate_server_set_request(s->gnutls, s->verifies ? GNUTLS_CERT_REQUEST
                                                                 : GNUTLS_CERT_IGNORE);
    gnutls_transport_set_int2(s->gnutls, fd, fd);
    return s;
}

void tls_session_free(TlsSession *s)
{
    if (s) {
        g_clear_pointer(&s->gnutls, gnutls_deinit);
        g_free(s);
    }
}

/* ---- Handshake ---- */

/* A client without a certificate fails, too. */
static bool is_trusted(TlsSession *s)
{
    unsigned int problems;

    return gnutls_certificate_verify_peers2(s->gnutls, &problems) >= 0 && !problems;
}

TlsHandshake tls_session_handshake(TlsSession *s)
{
    int result;

    do {
        result = gnutls_handshake(s->gnutls);
    } while (result == GNUTLS_E_INTERRUPTED || result == GNUTLS_E_WARNING_ALERT_RECEIVED);
    if (result == GNUTLS_E_AGAIN) {
        return TLS_HANDSHAKE_GOES_ON;
    }
    if (result < 0) {
        return TLS_HANDSHAKE_FAILED;
    }
    return !s->verifies || is_trusted(s) ? TLS_HANDSHAKE_DONE : TLS_HANDSHAKE_UNTRUSTED;
}

bool tls_session_wants_write(const TlsSession *s)
{
    return gnutls_record_get_direction(s->gnutls);
}

char *tls_session_peer_name(const TlsSession *s)
{
    unsigned int n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(s->gnutls, &n);
    char name[1024];
    size_t size = sizeof(name);
    gnutls_x509_crt_t certificate;
    bool known;

    if (!chain || !n || gnutls_x509_crt_init(&certificate) < 0) {
        return NULL;
    }
    known = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0 &&
            gnutls_x509_crt_get_dn(certificate, name, &size) >= 0;
    gnutls_x509_crt_deinit(certificate);
    return known ? g_utf8_make_valid(name, -1) : NULL;
}

/* ---- Data ---- */

/* A result of the library as one of a system call. */
static gssize result_of(gssize n)
{
    if (n >= 0) {
        return n;
    }
    errno = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? EAGAIN : EPROTO;
    return -1;
}

/* A client that asks for new keys or for another handshake gets neither. */
gssize tls_session_read(TlsSession *s, void *data, gsize size)
{
    return result_of(gnutls_record_recv(s->gnutls, data, size));
}

gssize tls_session_write(TlsSession *s, const void *data, gsize size)
{
    gssize n = s->unfinished ? gnutls_record_send(s->gnutls, NULL, 0)
                             : gnutls_record_send(s->gnutls, data, size);

    s->unfinished = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED;
    return result_of(n);
}

bool tls_session_pending(const TlsSession *s)
{
    return gnutls_record_check_pending(s->gnutls);
}
