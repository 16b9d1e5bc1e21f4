/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake of a WebSocket, see websocket.h.  It is one HTTP/1.1 request, of which only the
 * headers that RFC 6455, 4.2.1 names are looked at.
 */
#include "config.h"
#include "hw/chardev/websocket.h"

#include <string.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define PROTOCOL "binary"
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define KEY_LENGTH 24           /* 16 bytes in base64 */

typedef struct {
    const char *name;
    bool is_list;               /* of tokens: several headers of this name are one list */
} Wanted;

enum { HOST, UPGRADE, CONNECTION, KEY, VERSION, PROTOCOLS, N_WANTED };

static const Wanted wanted[N_WANTED] = {
    [HOST] = { "Host", false },
    [UPGRADE] = { "Upgrade", true },
    [CONNECTION] = { "Connection", true },
    [KEY] = { "Sec-WebSocket-Key", false },
    [VERSION] = { "Sec-WebSocket-Version", false },
    [PROTOCOLS] = { "Sec-WebSocket-Protocol", true },
};

/* ---- Headers ---- */

static bool is_token_char(char c)
{
    return g_ascii_isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Keeps the header's value if it is wanted; false: it may not be there twice. */
static bool keep_header(char *values[N_WANTED], const char *name, const char *value)
{
    for (guint i = 0; i < N_WANTED; i++) {
        g_autofree char *before = NULL;

        if (g_ascii_strcasecmp(name, wanted[i].name)) {
            continue;
        }
        if (values[i] && !wanted[i].is_list) {
            return false;
        }
        before = g_steal_pointer(&values[i]);
        values[i] = before ? g_strconcat(before, ",", value, NULL) : g_strdup(value);
    }
    return true;
}

/* "Name: value".  No space before the colon, and no continued lines (RFC 9112, 5). */
static bool read_header(char *values[N_WANTED], char *line)
{
    char *colon = strchr(line, ':');

    if (!colon || colon == line) {
        return false;
    }
    for (const char *p = line; p < colon; p++) {
        if (!is_token_char(*p)) {
            return false;
        }
    }
    for (const char *p = colon + 1; *p; p++) {
        if (g_ascii_iscntrl(*p) && *p != '\t') {
            return false;
        }
    }
    *colon = '\0';
    return keep_header(values, line, g_strstrip(colon + 1));
}

static bool read_headers(char *values[N_WANTED], char **lines)
{
    for (; *lines; lines++) {
        if (!read_header(values, *lines)) {
            return false;
        }
    }
    return true;
}

/* Whether a list has the token; tokens of Upgrade and Connection ignore case. */
static bool list_has(const char *list, const char *token, bool ignore_case)
{
    g_auto(GStrv) items = g_strsplit(list, ",", -1);

    for (char **item = items; *item; item++) {
        g_strstrip(*item);
        if (ignore_case ? !g_ascii_strcasecmp(*item, token) : !strcmp(*item, token)) {
            return true;
        }
    }
    return false;
}

static bool is_key(const char *key)
{
    g_autofree guchar *bytes = NULL;
    gsize length = 0;

    if (strlen(key) != KEY_LENGTH || strspn(key, BASE64) != KEY_LENGTH - 2 ||
        strcmp(key + KEY_LENGTH - 2, "==")) {
        return false;
    }
    bytes = g_base64_decode(key, &length);
    return length == 16;
}

/* ---- The request ---- */

/* "GET PATH HTTP/1.1": any path, as there is only one thing here. */
static const char *check_request_line(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line ? line : "", " ", -1);

    if (g_strv_length(words) != 3 || !*words[1]) {
        return "the request line is not METHOD PATH VERSION";
    }
    if (strcmp(words[0], "GET")) {
        return "the method is not GET";
    }
    return strcmp(words[2], "HTTP/1.1") ? "the version is not HTTP/1.1" : NULL;
}

static const char *check_headers(char *const values[N_WANTED])
{
    for (guint i = 0; i < N_WANTED; i++) {
        if (!values[i] && i != PROTOCOLS) {
            return "a header is missing: Host, Upgrade, Connection, Sec-WebSocket-Key or "
                   "Sec-WebSocket-Version";
        }
    }
    if (!list_has(values[UPGRADE], "websocket", true)) {
        return "the upgrade is not to websocket";
    }
    if (!list_has(values[CONNECTION], "Upgrade", true)) {
        return "Connection does not name Upgrade";
    }
    if (strcmp(values[VERSION], "13")) {
        return "the WebSocket version is not 13";
    }
    if (!is_key(values[KEY])) {
        return "Sec-WebSocket-Key is not 16 bytes in base64";
    }
    if (values[PROTOCOLS] && !list_has(values[PROTOCOLS], PROTOCOL, false)) {
        return "the only subprotocol is '" PROTOCOL "'";
    }
    return NULL;
}

/* ---- Replies ---- */

/* 4.2.2: the SHA-1 of the key and a constant. */
static char *accept_value(const char *key)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[20];
    gsize length = sizeof(digest);

    g_checksum_update(sum, (const guchar *)key, -1);
    g_checksum_update(sum, (const guchar *)GUID, -1);
    g_checksum_get_digest(sum, digest, &length);
    return g_base64_encode(digest, length);
}

static char *welcome(char *const values[N_WANTED])
{
    g_autofree char *accept = accept_value(values[KEY]);

    return g_strdup_printf("HTTP/1.1 101 Switching Protocols\r\n"
                           "Upgrade: websocket\r\n"
                           "Connection: Upgrade\r\n"
                           "Sec-WebSocket-Accept: %s\r\n"
                           "%s\r\n", accept,
                           values[PROTOCOLS] ? "Sec-WebSocket-Protocol: " PROTOCOL "\r\n" : "");
}

/* 4.4: a client with another version is told which one there is. */
static char *refusal(const char *status)
{
    return g_strdup_printf("HTTP/1.1 %s\r\n"
                           "Sec-WebSocket-Version: 13\r\n"
                           "Connection: close\r\n"
                           "Content-Length: 0\r\n"
                           "\r\n", status);
}

/* The reply to a whole request of length bytes, which ends in an empty line. */
static WebSocketShake answer(const char *request, gsize length, char **ret_reply,
                             const char **ret_why)
{
    g_autofree char *text = g_strndup(request, length - strlen("\r\n\r\n"));
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    char *values[N_WANTED] = { NULL };
    const char *why = "the request has a zero byte";

    if (!memchr(request, '\0', length)) {
        why = check_request_line(lines[0]);
    }
    if (!why) {     /* then there is a first line */
        why = read_headers(values, lines + 1) ? check_headers(values)
                                              : "a header is malformed, or there twice";
    }
    *ret_reply = why ? refusal("400 Bad Request") : welcome(values);
    *ret_why = why;
    for (guint i = 0; i < N_WANTED; i++) {
        g_free(values[i]);
    }
    return why ? WEBSOCKET_SHAKE_REFUSED : WEBSOCKET_SHAKE_DONE;
}

WebSocketShake websocket_shake(const char *request, gsize size, gsize *ret_used,
                               char **ret_reply, const char **ret_why)
{
    const gsize looked_at = MIN(size, WEBSOCKET_REQUEST_MAX);
    const char *end = size ? memmem(request, looked_at, "\r\n\r\n", strlen("\r\n\r\n")) : NULL;

    *ret_used = 0;
    *ret_reply = NULL;
    *ret_why = NULL;
    if (end) {
        *ret_used = end + strlen("\r\n\r\n") - request;
        return answer(request, *ret_used, ret_reply, ret_why);
    }
    if (size < WEBSOCKET_REQUEST_MAX) {
        return WEBSOCKET_SHAKE_MORE;
    }
    *ret_why = "the request is too long";
    *ret_reply = refusal("431 Request Header Fields Too Large");
    return WEBSOCKET_SHAKE_REFUSED;
}
