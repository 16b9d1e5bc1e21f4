/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/chardev/char-protocol.c, char-telnet.c and char-websocket.c: what becomes of bytes, however
 * they are cut.
 */
#include "config.h"

#include <event2/buffer.h>
#include <string.h>

#include "hw/chardev/char-protocol.h"
#include "tests/unit/char-bench.h"

#define TELNET_WISHES "\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00"

typedef struct {
    Bench *bench;               /* its frontend hears of breaks */
    CharProtocol *protocol;
    struct evbuffer *out;
} Talk;

static void begin(Talk *t, const CharProtocolOps *ops)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr;

    t->bench = bench_new();
    chr = bench_add(t->bench, "c0", backend_new(CHARDEV_BACKEND_KIND_NULL), &error);
    g_assert_no_error(error);
    bench_attach(t->bench, chr);
    t->protocol = char_protocol_new(ops, chr);
    t->out = evbuffer_new();
    if (ops->begin) {
        ops->begin(t->protocol, t->out);
    }
}

static void end(Talk *t)
{
    evbuffer_free(t->out);
    char_protocol_free(t->protocol);
    bench_free(t->bench);
}

/* Decodes bytes in pieces; returns the input, for g_string_free(). */
static GString *decode(Talk *t, const void *bytes, gsize size, gsize piece)
{
    GString *input = g_string_new(NULL);

    for (gsize at = 0; at < size; at += piece) {
        const gsize n = MIN(piece, size - at);
        g_autofree guint8 *copy = g_memdup2((const guint8 *)bytes + at, n);
        const gsize length = t->protocol->ops->decode(t->protocol, copy, n, t->out);

        g_assert_cmpuint(length, <=, n);
        g_string_append_len(input, (char *)copy, length);
    }
    return input;
}

static void assert_out(Talk *t, const void *expect, gsize size)
{
    g_autofree guint8 *got = g_malloc(size + 1);
    const int n = evbuffer_remove(t->out, got, size + 1);

    g_assert_cmpmem(got, MAX(n, 0), expect, size);
}

#define ASSERT_OUT(t, text) assert_out(t, text, sizeof(text) - 1)

static void test_telnet_input(void)
{
    static const char bytes[] = "a\xff\xff" "b\xff\xf1" "c\xff\xf3" "d\xff\xfb\x01" "e"
                                "\xff\xfa\x1f" "x\xff\xff\xff\xf0" "f\xff\xfb\x1f" "g";

    for (gsize piece = 1; piece < sizeof(bytes); piece++) {
        Talk t;
        GString *input;

        begin(&t, &char_telnet_ops);
        ASSERT_OUT(&t, TELNET_WISHES);
        input = decode(&t, bytes, sizeof(bytes) - 1, piece);
        g_assert_cmpstr(input->str, ==, "a\xff" "bcdefg");
        /* It knows no echo and no window size of the peer's. */
        ASSERT_OUT(&t, "\xff\xfe\x01\xff\xfe\x1f");
        g_assert_true(strchr(t.bench->events->str, 'B') != NULL);
        g_string_free(input, TRUE);
        end(&t);
    }
}

static void test_telnet_output(void)
{
    static const guint8 data[] = { 'a', 0xff, 0xff, 'b', 0xff };
    Talk t;

    begin(&t, &char_telnet_ops);
    ASSERT_OUT(&t, TELNET_WISHES);
    g_assert_cmpuint(char_protocol_write(t.protocol, data, sizeof(data), t.out, 1000), ==,
                     sizeof(data));
    ASSERT_OUT(&t, "a\xff\xff\xff\xff" "b\xff\xff");
    end(&t);
}

/* Replies that nobody reads, and output, stay within bounds. */
static void test_bounds(void)
{
    g_autofree char *flood = g_malloc(3 * CHAR_PROTOCOL_REPLIES_MAX);
    Talk t;

    for (gsize i = 0; i < CHAR_PROTOCOL_REPLIES_MAX; i++) {
        memcpy(flood + 3 * i, "\xff\xfd\x63", 3);
    }
    begin(&t, &char_telnet_ops);
    g_string_free(decode(&t, flood, 3 * CHAR_PROTOCOL_REPLIES_MAX, 4096), TRUE);
    g_assert_cmpuint(evbuffer_get_length(t.out), <=, CHAR_PROTOCOL_REPLIES_MAX);
    memset(flood, 0xff, 2000);
    evbuffer_drain(t.out, evbuffer_get_length(t.out));
    g_assert_cmpuint(char_protocol_write(t.protocol, (guint8 *)flood, 2000, t.out, 1000), >, 400);
    g_assert_cmpuint(evbuffer_get_length(t.out), <=, 1000);
    g_assert_cmpuint(char_protocol_write(t.protocol, (guint8 *)flood, 2000, t.out, 1000), <, 20);
    evbuffer_add(t.out, flood, 2000);
    g_assert_cmpuint(char_protocol_write(t.protocol, (guint8 *)flood, 2000, t.out, 1000), ==, 0);
    end(&t);
}

#define REQUEST "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define REPLY "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

/* Frames may follow the request in the same piece. */
static void test_websocket(void)
{
    static const char bytes[] = REQUEST "\x82\x82\0\0\0\0ab\x89\x81\0\0\0\0p\x82\x81\0\0\0\0c"
                                "\x88\x80\0\0\0\0\x82\x81\0\0\0\0z";

    for (gsize piece = 1; piece < sizeof(bytes); piece++) {
        Talk t;
        GString *input;

        begin(&t, &char_websocket_ops);
        g_assert_false(t.protocol->open);
        input = decode(&t, bytes, sizeof(bytes) - 1, piece);
        g_assert_true(t.protocol->open);
        g_assert_true(t.protocol->ended);
        g_assert_true(g_str_has_prefix(input->str, "abc"));
        if (piece >= sizeof(bytes) - 1) {
            g_assert_cmpstr(input->str, ==, "abc");     /* nothing after a close */
            ASSERT_OUT(&t, REPLY "\x8a\x01p\x88\x00");
        }
        g_string_free(input, TRUE);
        end(&t);
    }
}

static void test_websocket_output(void)
{
    Talk t;

    begin(&t, &char_websocket_ops);
    g_assert_cmpuint(char_protocol_write(t.protocol, (const guint8 *)"abc", 3, t.out, 1000), ==, 3);
    ASSERT_OUT(&t, "\x82\x03" "abc");
    g_assert_cmpuint(char_protocol_write(t.protocol, (const guint8 *)"", 0, t.out, 1000), ==, 0);
    ASSERT_OUT(&t, "");
    end(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chardev/protocol/telnet-input", test_telnet_input);
    g_test_add_func("/chardev/protocol/telnet-output", test_telnet_output);
    g_test_add_func("/chardev/protocol/bounds", test_bounds);
    g_test_add_func("/chardev/protocol/websocket", test_websocket);
    g_test_add_func("/chardev/protocol/websocket-output", test_websocket_output);
    return g_test_run();
}
