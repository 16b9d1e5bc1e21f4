/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request with which a connection becomes a WebSocket (RFC 6455, section 4.2); see
 * vnc-websocket.h.
 */
#include "config.h"
#include "hw/vnc/vnc-websocket.h"

#include <string.h>

/* Hashed with the client's key, so that no other kind of server answers like this. */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum { KEY_BYTES = 16, SHA1_BYTES = 20 };

/* Headers that there may be once only. */
typedef enum {
    HEADER_HOST, HEADER_UPGRADE, HEADER_CONNECTION, HEADER_KEY, HEADER_VERSION, HEADER_PROTOCOL,
    HEADER__MAX,
} Header;

static const char names[HEADER__MAX][24] = {
    "Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
};

typedef struct {
    char *values[HEADER__MAX];  /* of the request's text */
} Request;

/* ---- The text of a request ---- */

/* Cuts off a line; NULL: there is none. */
static char *next_line(char **text)
{
    char *line = *text, *end = strstr(line, "\r\n");

    if (!end || end == line) {
        return NULL;
    }
    *end = '\0';
    *text = end + 2;
    return line;
}

static bool is_printable(const char *text)
{
    for (; *text; text++) {
        if ((guchar)*text < ' ' && *text != '\t') {
            return false;
        }
    }
    return true;
}

/* False: it is no header, or one that was there before. */
static bool take_header(Request *request, char *line)
{
    char *colon = strchr(line, ':');

    if (!colon || colon == line || !is_printable(line) ||
        strcspn(line, " \t:") != (gsize)(colon - line)) {
        return false;
    }
    *colon = '\0';
    for (guint i = 0; i < HEADER__MAX; i++) {
        if (!g_ascii_strcasecmp(line, names[i])) {
            if (request->values[i]) {
                return false;
            }
            request->values[i] = g_strstrip(colon + 1);
        }
    }
    return true;
}

static bool is_get(const char *line)
{
    const char *path = line + strlen("GET "), *end;

    if (!g_str_has_prefix(line, "GET ") || path[0] != '/') {
        return false;
    }
    end = strchr(path, ' ');
    return end && !strcmp(end, " HTTP/1.1");
}

/* Whether a list, separated by commas, has a word. */
static bool has_word(const char *list, const char *word, bool any_case)
{
    g_auto(GStrv) words = g_strsplit(list ? list : "", ",", -1);

    for (guint i = 0; words[i]; i++) {
        const char *other = g_strstrip(words[i]);

        if (any_case ? !g_ascii_strcasecmp(other, word) : !strcmp(other, word)) {
            return true;
        }
    }
    return false;
}

static bool is_key(const char *key)
{
    gsize size = 0;
    g_autofree guchar *bytes = NULL;

    if (!key || strlen(key) != (KEY_BYTES + 2) / 3 * 4) {
        return false;
    }
    bytes = g_base64_decode(key, &size);
    return size == KEY_BYTES;
}

/* NULL: it asks for a WebSocket. */
static const char *check(char *text, Request *request)
{
    char *line = next_line(&text);

    if (!line || !is_get(line)) {
        return "it sent no request for a WebSocket";
    }
    while ((line = next_line(&text))) {
        if (!take_header(request, line)) {
            return "it sent a request with a wrong header";
        }
    }
    if (!request->values[HEADER_HOST] ||
        !has_word(request->values[HEADER_UPGRADE], "websocket", true) ||
        !has_word(request->values[HEADER_CONNECTION], "upgrade", true) ||
        !is_key(request->values[HEADER_KEY])) {
        return "it sent no request for a WebSocket";
    }
    if (g_strcmp0(request->values[HEADER_VERSION], "13")) {
        return "it has another version of WebSocket";
    }
    return request->values[HEADER_PROTOCOL] &&
           !has_word(request->values[HEADER_PROTOCOL], "binary", false)
               ? "it has no binary WebSocket" : NULL;
}

/* ---- Answers ---- */

static void add_text(GByteArray *reply, const char *text)
{
    g_byte_array_append(reply, (const guint8 *)text, strlen(text));
}

static char *accept_key(const char *key)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[SHA1_BYTES];
    gsize size = sizeof(digest);

    g_checksum_update(sum, (const guchar *)key, -1);
    g_checksum_update(sum, (const guchar *)GUID, -1);
    g_checksum_get_digest(sum, digest, &size);
    return g_base64_encode(digest, size);
}

static void add_answer(GByteArray *reply, const Request *request, const char *wrong)
{
    g_autofree char *accept = NULL;

    if (wrong) {
        add_text(reply, "HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n"
                        "Connection: close\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    accept = accept_key(request->values[HEADER_KEY]);
    add_text(reply, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
    add_text(reply, accept);
    add_text(reply, request->values[HEADER_PROTOCOL]
                        ? "\r\nSec-WebSocket-Protocol: binary\r\n\r\n" : "\r\n\r\n");
}

gsize websocket_upgrade(const guint8 *data, gsize size, GByteArray *reply, const char **ret_wrong)
{
    const guint8 *end = memmem(data, size, "\r\n\r\n", 4);
    gsize used = end ? end + 4 - data : 0;
    g_autofree char *text = NULL;
    Request request = { 0 };

    *ret_wrong = NULL;
    if (!end) {
        return 0;
    }
    text = g_strndup((const char *)data, used);
    *ret_wrong = strlen(text) == used ? check(text, &request)
                                      : "it sent a request with a wrong header";
    add_answer(reply, &request, *ret_wrong);
    return used;
}
