/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VeNCrypt, version 0.2: the security type with which a connection becomes an encrypted one, before
 * a password is asked for inside it.  (It is described with the other extensions of RFC 6143's
 * protocol in the community's rfbproto document.)
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

enum { VERSION_MAJOR = 0, VERSION_MINOR = 2 };
enum { SUBTYPE_X509_NONE = 260, SUBTYPE_X509_VNC = 261 };

static void put8(VncClient *c, guint8 value)
{
    vnc_client_put(c, &value, 1);
}

static guint32 subtype(const VncServer *s)
{
    return s->needs_password ? SUBTYPE_X509_VNC : SUBTYPE_X509_NONE;
}

void vnc_vencrypt_begin(VncClient *c)
{
    put8(c, VERSION_MAJOR);
    put8(c, VERSION_MINOR);
    c->phase = VNC_PHASE_VENCRYPT;
}

static gsize take_version(VncClient *c)
{
    if (c->n_in < 2) {
        return 0;
    }
    if (c->in[0] != VERSION_MAJOR || c->in[1] != VERSION_MINOR) {
        put8(c, 1);
        vnc_client_end_after_output(c, "it has another version of VeNCrypt");
    } else {
        put8(c, 0);
        put8(c, 1);             /* the number of subtypes */
        vnc_client_put32(c, subtype(c->server));
        c->phase = VNC_PHASE_SUBTYPE;
    }
    return 2;
}

/* What comes after the subtype is TLS's, which reads the socket itself. */
static gsize take_subtype(VncClient *c)
{
    if (c->n_in < 4) {
        return 0;
    }
    if (((guint32)c->in[0] << 24 | c->in[1] << 16 | c->in[2] << 8 | c->in[3]) !=
        subtype(c->server)) {
        put8(c, 0);
        vnc_client_end_after_output(c, "it chose a security type that was not offered");
        return 4;
    }
    c->tls = tls_session_new(c->server->creds, c->fd);
    if (c->n_in > 4 || !c->tls) {
        vnc_client_end(c, c->tls ? "it began to encrypt too early" : "there is no memory for it");
        return 0;
    }
    put8(c, 1);
    c->phase = VNC_PHASE_TLS;
    return 4;
}

gsize vnc_vencrypt(VncClient *c)
{
    return c->phase == VNC_PHASE_VENCRYPT ? take_version(c) : take_subtype(c);
}

void vnc_vencrypt_go_on(VncClient *c)
{
    switch (tls_session_handshake(c->tls)) {
    case TLS_HANDSHAKE_DONE:
        c->info->x509_dname = tls_session_peer_name(c->tls);
        if (c->listener->websocket) {
            c->phase = VNC_PHASE_UPGRADE;
        } else {
            vnc_handshake_authenticate(c);
        }
        break;
    case TLS_HANDSHAKE_FAILED:
        vnc_client_end(c, "it could not agree on TLS");
        break;
    case TLS_HANDSHAKE_UNTRUSTED:
        vnc_client_end(c, "it has no certificate that is accepted");
        break;
    default:
        break;
    }
}
