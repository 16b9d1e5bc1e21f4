/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: what a WebSocket client sends.  A handshake is answered or refused, and frames give
 * the same bytes and the same end whether they come at once or one by one.
 *
 * First byte: 0: a handshake; otherwise frames.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/websocket.h"
#include "tests/fuzz/fuzz.h"

static void shake(const guint8 *data, gsize size)
{
    g_autofree char *reply = NULL;
    const char *why;
    gsize used;
    WebSocketShake result = websocket_shake((const char *)data, size, &used, &reply, &why);

    fuzz_check(used <= size);
    fuzz_check((result == WEBSOCKET_SHAKE_MORE) == !reply);
    fuzz_check((result == WEBSOCKET_SHAKE_REFUSED) == !!why);
    fuzz_check(result != WEBSOCKET_SHAKE_MORE || size < WEBSOCKET_REQUEST_MAX);
}

static GString *read_frames(const guint8 *data, gsize size, gsize piece)
{
    GString *seen = g_string_new(NULL);
    WebSocketReader r = { .left = 0 };
    WebSocketNews news = WEBSOCKET_MORE;

    while (size && news != WEBSOCKET_CLOSE && news != WEBSOCKET_BROKEN) {
        gsize n = MIN(piece, size), length;
        g_autofree guint8 *copy = g_memdup2(data, n);

        news = websocket_read(&r, copy, &n, &length);
        fuzz_check(n > 0 && length <= n && r.control_length <= WEBSOCKET_CONTROL_MAX);
        g_string_append_len(seen, (char *)copy, length);
        if (news != WEBSOCKET_MORE) {
            g_string_append_printf(seen, "[%d %u]", news, r.status);
        }
        data += n;
        size -= n;
    }
    return seen;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    GString *at_once, *one_by_one;

    if (!size || !data[0]) {
        shake(data + !!size, size - !!size);
        return 0;
    }
    at_once = read_frames(data + 1, size - 1, size);
    one_by_one = read_frames(data + 1, size - 1, 1);
    fuzz_check(g_string_equal(at_once, one_by_one));
    g_string_free(at_once, TRUE);
    g_string_free(one_by_one, TRUE);
    return 0;
}
