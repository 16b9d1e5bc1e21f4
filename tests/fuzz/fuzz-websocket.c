/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a WebSocket client of a VNC server: its request and its frames.  Whether their bytes
 * come at once or one by one, the same payload comes out, and the same is wrong; there is never
 * more payload than bytes; answers are whole frames.
 *
 * First byte: whether the rest is a request; else frames.
 */
#include "config.h"

#include <string.h>

#include "hw/vnc/vnc-websocket.h"
#include "tests/fuzz/fuzz.h"

static void request(const guint8 *data, gsize size)
{
    g_autoptr(GByteArray) reply = g_byte_array_new();
    const char *wrong;
    gsize used = websocket_upgrade(data, size, reply, &wrong);

    fuzz_check(used <= size && (used || (!reply->len && !wrong)));
    if (used) {
        fuzz_check(!memcmp(reply->data, wrong ? "HTTP/1.1 400 " : "HTTP/1.1 101 ", 13));
        fuzz_check(!memcmp(reply->data + reply->len - 4, "\r\n\r\n", 4));
    }
}

/* What comes out of frames that come in pieces, as text. */
static void decode(const guint8 *data, gsize size, gsize piece, GString *out)
{
    g_autoptr(GByteArray) reply = g_byte_array_new();
    g_autofree guint8 *buffer = g_malloc(MIN(size, piece) + 1);
    const char *wrong = NULL;
    Websocket ws = { 0 };

    for (gsize i = 0, n; i < size && !wrong && !ws.closed; i += n) {
        gsize kept;

        n = MIN(piece, size - i);
        memcpy(buffer, data + i, n);
        kept = websocket_decode(&ws, buffer, n, &wrong);
        fuzz_check(kept <= n);
        for (gsize j = 0; j < kept; j++) {
            g_string_append_printf(out, "%02x", buffer[j]);
        }
    }
    websocket_answer(&ws, reply);
    fuzz_check(!ws.has_pong && (!reply->len || reply->len == 2 + (gsize)reply->data[1]));
    g_string_append_printf(out, " %s %d %u", wrong ? wrong : "good", ws.closed, reply->len);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GString) whole = g_string_new(NULL), pieces = g_string_new(NULL);

    if (!size) {
        return 0;
    }
    if (data[0] & 1) {
        request(data + 1, size - 1);
        return 0;
    }
    decode(data + 1, size - 1, G_MAXSIZE, whole);
    decode(data + 1, size - 1, 1, pieces);
    fuzz_check(g_string_equal(whole, pieces));
    return 0;
}
