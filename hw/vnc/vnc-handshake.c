/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake of a client: version, security, password, and whether it wants the screen for
 * itself (RFC 6143, sections 7.1 to 7.3.1).  ServerInit is the library's, vnc-encoder.h.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <string.h>
#include <sys/random.h>

enum { VERSION_SIZE = 12 };
enum { SECURITY_INVALID = 0, SECURITY_NONE = 1, SECURITY_VNC = 2 };
enum { RESULT_OK = 0, RESULT_FAILED = 1 };

void vnc_handshake_begin(VncClient *c)
{
    c->phase = VNC_PHASE_VERSION;
    vnc_client_put(c, "RFB 003.008\n", VERSION_SIZE);
}

static void put_reason(VncClient *c, const char *reason)
{
    vnc_client_put32(c, strlen(reason));
    vnc_client_put(c, reason, strlen(reason));
}

/* ---- Version ---- */

/* In "003.008": 8; -1 if it is not a version of 3. */
static int parse_minor(const guint8 *text)
{
    int minor = 0;

    if (memcmp(text, "RFB 003.", 8) || text[11] != '\n') {
        return -1;
    }
    for (guint i = 8; i < 11; i++) {
        if (!g_ascii_isdigit(text[i])) {
            return -1;
        }
        minor = minor * 10 + text[i] - '0';
    }
    return minor;
}

/* Refuses it before it has chosen anything. */
static void refuse(VncClient *c, const char *reason, const char *why)
{
    if (c->minor < 7) {
        vnc_client_put32(c, SECURITY_INVALID);
    } else {
        vnc_client_put(c, "\0", 1);
    }
    put_reason(c, reason);
    vnc_client_end_after_output(c, why);
}

static void begin_challenge(VncClient *c)
{
    if (getrandom(c->challenge, sizeof(c->challenge), 0) != sizeof(c->challenge)) {
        vnc_client_end(c, "the host has no random numbers for it");
        return;
    }
    vnc_client_put(c, c->challenge, sizeof(c->challenge));
    c->phase = VNC_PHASE_RESPONSE;
}

/* Whether the connection is to be encrypted by VeNCrypt; a WebSocket is by TLS below it. */
static bool needs_vencrypt(const VncClient *c)
{
    return c->server->creds && !c->websocket;
}

static guint8 security_type(const VncClient *c)
{
    return needs_vencrypt(c) ? VNC_SECURITY_VENCRYPT
                             : c->server->needs_password ? SECURITY_VNC : SECURITY_NONE;
}

static void offer_security(VncClient *c)
{
    guint8 types[] = { 1, security_type(c) };

    if (c->minor >= 7) {
        vnc_client_put(c, types, sizeof(types));
        c->phase = VNC_PHASE_SECURITY;
        return;
    }
    if (needs_vencrypt(c)) {
        refuse(c, "Connections must be encrypted", "its version of VNC has no encryption");
        return;
    }
    vnc_client_put32(c, types[1]);
    if (c->server->needs_password) {
        begin_challenge(c);
    } else {
        c->phase = VNC_PHASE_INIT;
    }
}

static gsize take_version(VncClient *c, gint64 now)
{
    int minor;

    if (c->n_in < VERSION_SIZE) {
        return 0;
    }
    minor = parse_minor(c->in);
    if (minor < 3) {
        vnc_client_end(c, "it does not speak VNC");
        return 0;
    }
    c->minor = minor >= 8 ? 8 : minor == 7 ? 7 : 3;
    if (!vnc_guard_allows(&c->server->guard, c->info->host, now)) {
        refuse(c, "Too many wrong passwords", "it has to wait, after too many wrong passwords");
    } else {
        offer_security(c);
    }
    return VERSION_SIZE;
}

/* ---- Security ---- */

static gsize take_security(VncClient *c)
{
    if (c->n_in < 1) {
        return 0;
    }
    if (c->in[0] != security_type(c)) {
        vnc_client_end(c, "it chose a security type that was not offered");
        return 0;
    }
    if (needs_vencrypt(c)) {
        vnc_vencrypt_begin(c);
    } else {
        vnc_handshake_authenticate(c);
    }
    return 1;
}

/* VeNCrypt tells the result in each version. */
void vnc_handshake_authenticate(VncClient *c)
{
    if (c->server->needs_password) {
        begin_challenge(c);
        return;
    }
    if (c->minor >= 8 || needs_vencrypt(c)) {
        vnc_client_put32(c, RESULT_OK);
    }
    c->phase = VNC_PHASE_INIT;
}

/* The guard is asked again: there may be many clients that try at the same time. */
static gsize take_response(VncClient *c, gint64 now)
{
    VncGuard *guard = &c->server->guard;

    if (c->n_in < VNC_CHALLENGE_SIZE) {
        return 0;
    }
    if (vnc_guard_allows(guard, c->info->host, now) &&
        vnc_check_response(c->server, c->challenge, c->in)) {
        vnc_guard_right(guard, c->info->host);
        vnc_client_put32(c, RESULT_OK);
        c->phase = VNC_PHASE_INIT;
    } else {
        vnc_guard_wrong(guard, c->info->host, now);
        vnc_client_put32(c, RESULT_FAILED);
        if (c->minor >= 8) {
            put_reason(c, "Authentication failed");
        }
        vnc_client_end_after_output(c, "its password is wrong, or has expired");
    }
    return VNC_CHALLENGE_SIZE;
}

/* ---- Sharing ---- */

static guint count_entered(const VncServer *s, bool exclusive)
{
    guint n = 0;

    for (guint i = 0; i < s->clients->len; i++) {
        const VncClient *other = s->clients->pdata[i];

        n += other->entered && !other->ended && (!exclusive || other->exclusive);
    }
    return n;
}

static void end_others(VncClient *c)
{
    for (guint i = 0; i < c->server->clients->len; i++) {
        VncClient *other = c->server->clients->pdata[i];

        if (other->entered && !other->ended) {
            vnc_client_end(other, "another client wants the screen for itself");
        }
    }
}

/* NULL: it may enter. */
static const char *check_sharing(VncClient *c, bool shared)
{
    VncServer *s = c->server;

    switch (vnc_server_props(s)->share) {
    case VNC_SHARE_POLICY_FORCE_SHARED:
        if (!shared) {
            return "it wants the screen for itself, and the server has `force-shared`";
        }
        break;
    case VNC_SHARE_POLICY_ALLOW_EXCLUSIVE:
        if (!shared) {
            end_others(c);
        } else if (count_entered(s, true)) {
            return "another client has the screen for itself";
        }
        c->exclusive = !shared;
        break;
    default:
        break;
    }
    return count_entered(s, false) >= vnc_server_props(s)->connections
               ? "there are as many clients as the server takes" : NULL;
}

static gsize take_init(VncClient *c)
{
    const char *why;

    if (c->n_in < 1) {
        return 0;
    }
    why = check_sharing(c, c->in[0]);
    if (why) {
        vnc_client_end(c, why);
        return 0;
    }
    c->phase = VNC_PHASE_PICTURE;
    return 1;
}

gsize vnc_handshake(VncClient *c, gint64 now)
{
    switch (c->phase) {
    case VNC_PHASE_UPGRADE:
        return vnc_stream_take_request(c);
    case VNC_PHASE_VERSION:
        return take_version(c, now);
    case VNC_PHASE_SECURITY:
        return take_security(c);
    case VNC_PHASE_VENCRYPT:
    case VNC_PHASE_SUBTYPE:
        return vnc_vencrypt(c);
    case VNC_PHASE_RESPONSE:
        return take_response(c, now);
    case VNC_PHASE_INIT:
        return take_init(c);
    default:
        return 0;
    }
}
