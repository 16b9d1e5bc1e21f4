/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/chardev/websocket*.c: handshakes and frames, good ones and those that RFC 6455 forbids.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/websocket.h"

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define REST "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" \
             "Sec-WebSocket-Version: 13\r\n"
#define HOST "Host: h\r\n"
#define GOOD "GET / HTTP/1.1\r\n" HOST REST KEY

/* ---- Handshakes ---- */

static void check_refused(const char *request, const char *status)
{
    g_autofree char *reply = NULL, *start = g_strdup_printf("HTTP/1.1 %s ", status);
    const char *why;
    gsize used;

    g_test_message("%s", request);
    g_assert_cmpint(websocket_shake(request, strlen(request), &used, &reply, &why), ==,
                    WEBSOCKET_SHAKE_REFUSED);
    g_assert_true(g_str_has_prefix(reply, start));
    g_assert_true(g_str_has_suffix(reply, "\r\n\r\n"));
    g_assert_nonnull(why);
}

/* The RFC's own example (1.3), in pieces of each size. */
static void test_shake(void)
{
    static const char request[] = GOOD "Sec-WebSocket-Protocol: chat, binary\r\n\r\n\x82";
    const gsize whole = strlen(request) - 1;

    for (gsize size = 0; size <= whole + 1; size++) {
        g_autofree char *reply = NULL;
        const char *why;
        gsize used;
        WebSocketShake shake = websocket_shake(request, size, &used, &reply, &why);

        if (size < whole) {
            g_assert_cmpint(shake, ==, WEBSOCKET_SHAKE_MORE);
            g_assert_null(reply);
            continue;
        }
        g_assert_cmpint(shake, ==, WEBSOCKET_SHAKE_DONE);
        g_assert_cmpuint(used, ==, whole);
        g_assert_cmpstr(reply, ==, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                        "Sec-WebSocket-Protocol: binary\r\n\r\n");
    }
}

static void test_shake_spellings(void)
{
    static const char *const good[] = {
        GOOD "\r\n",
        "GET /a?b HTTP/1.1\r\nhost:h\r\nUPGRADE:  h2c , WebSocket \r\nconnection: upgrade\r\n"
        "Sec-WebSocket-Version:13\r\n" KEY "Cookie: a=b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST KEY "Upgrade: x\r\nUpgrade: websocket\r\n"
        "Connection: close\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *reply = NULL;
        const char *why;
        gsize used;

        g_assert_cmpint(websocket_shake(good[i], strlen(good[i]), &used, &reply, &why), ==,
                        WEBSOCKET_SHAKE_DONE);
        g_assert_null(strstr(reply, "Protocol:"));
    }
}

static void test_shake_refused(void)
{
    g_autofree char *padding = g_strnfill(WEBSOCKET_REQUEST_MAX, 'x');
    g_autofree char *endless = g_strconcat(GOOD "X: ", padding, NULL);
    g_autofree char *long_one = g_strconcat(GOOD "X: ", padding, "\r\n\r\n", NULL);

    check_refused("POST / HTTP/1.1\r\n" HOST REST KEY "\r\n", "400");
    check_refused("GET / HTTP/1.0\r\n" HOST REST KEY "\r\n", "400");
    check_refused("GET /\r\n" HOST REST KEY "\r\n", "400");
    check_refused("\r\n\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" REST KEY "\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST REST "\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST REST KEY KEY "\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST HOST REST KEY "\r\n", "400");
    check_refused(GOOD "no colon\r\n\r\n", "400");
    check_refused(GOOD " folded: line\r\n\r\n", "400");
    check_refused(GOOD "space : before\r\n\r\n", "400");
    check_refused(GOOD ": empty\r\n\r\n", "400");
    check_refused(GOOD "X: a\nb\r\n\r\n", "400");
    check_refused(GOOD "Sec-WebSocket-Protocol: chat, Binary\r\n\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST REST "Sec-WebSocket-Key: short\r\n\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST REST
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZT==x\r\n\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST KEY "Upgrade: websocket2\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\n\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST KEY "Upgrade: websocket\r\nConnection: Up\r\n"
                  "Sec-WebSocket-Version: 13\r\n\r\n", "400");
    check_refused("GET / HTTP/1.1\r\n" HOST KEY "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 8\r\n\r\n", "400");
    check_refused(endless, "431");
    check_refused(long_one, "431");
}

/* A string function would see only what is before a zero byte. */
static void test_shake_zero(void)
{
    static const char request[] = GOOD "X: \0 y\r\n\r\n";
    g_autofree char *reply = NULL;
    const char *why;
    gsize used;

    g_assert_cmpint(websocket_shake(request, sizeof(request) - 1, &used, &reply, &why), ==,
                    WEBSOCKET_SHAKE_REFUSED);
}

/* ---- Frames ---- */

/* A client's frame: the payload masked with 1, 2, 3, 4. */
static void put_frame(GByteArray *to, guint8 first, const void *payload, guint64 length)
{
    guint8 header[WEBSOCKET_HEADER_MAX];
    const gsize n = websocket_put_header(header, length);
    static const guint8 mask[4] = { 1, 2, 3, 4 };

    header[0] = first;
    header[1] |= 0x80;
    g_byte_array_append(to, header, n);
    g_byte_array_append(to, mask, 4);
    for (gsize i = 0; i < length; i++) {
        guint8 byte = ((const guint8 *)payload)[i] ^ mask[i & 3];

        g_byte_array_append(to, &byte, 1);
    }
}

/* Reads all frames in pieces; what they were, as text. */
static char *read_frames(const GByteArray *frames, gsize piece)
{
    GString *seen = g_string_new(NULL);
    WebSocketReader r = { .left = 0 };
    WebSocketNews news = WEBSOCKET_MORE;
    gsize at = 0;

    while (at < frames->len && news != WEBSOCKET_CLOSE && news != WEBSOCKET_BROKEN) {
        gsize size = MIN(piece, frames->len - at), length;
        g_autofree guint8 *data = g_memdup2(frames->data + at, size);

        news = websocket_read(&r, data, &size, &length);
        g_assert_cmpuint(length, <=, size);
        g_assert_cmpuint(size, >, 0);
        g_string_append_len(seen, (char *)data, length);
        at += size;
        if (news == WEBSOCKET_PING) {
            g_string_append_printf(seen, "[ping %.*s]", (int)r.control_length, r.control);
        } else if (news != WEBSOCKET_MORE) {
            g_string_append_printf(seen, "[%s %u]", news == WEBSOCKET_CLOSE ? "close" : "broken",
                                   r.status);
        }
    }
    return g_string_free(seen, FALSE);
}

static void check_frames(const GByteArray *frames, const char *expected)
{
    const gsize pieces[] = { 1, 2, 3, 5, 7, 64, 1000000 };

    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autofree char *seen = read_frames(frames, pieces[i]);

        g_assert_cmpstr(seen, ==, expected);
    }
}

static void test_frames(void)
{
    g_autoptr(GByteArray) frames = g_byte_array_new();

    put_frame(frames, 0x82, "hello", 5);
    put_frame(frames, 0x82, "", 0);
    put_frame(frames, 0x02, " in", 3);          /* a message in three pieces, */
    put_frame(frames, 0x89, "p", 1);            /* with a ping in it */
    put_frame(frames, 0x00, " three", 6);
    put_frame(frames, 0x8a, "pong", 4);
    put_frame(frames, 0x80, " pieces", 7);
    put_frame(frames, 0x89, "", 0);
    put_frame(frames, 0x88, "\x03\xe9" "bye", 5);
    put_frame(frames, 0x82, "never seen", 10);
    check_frames(frames, "hello in[ping p] three pieces[ping ][close 1001]");
}

static void test_lengths(void)
{
    static const gsize lengths[] = { 125, 126, 65535, 65536 };

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GByteArray) frames = g_byte_array_new();
        g_autofree char *text = g_strnfill(lengths[i], 'a');

        put_frame(frames, 0x82, text, lengths[i]);
        check_frames(frames, text);
    }
}

typedef struct {
    const char *name;
    guint8 bytes[12];
    gsize length;
    const char *expected;
} Broken;

static const Broken broken[] = {
    { "not masked", { 0x82, 0x01, 'a' }, 3, "[broken 1002]" },
    { "reserved bit", { 0xc2, 0x80 }, 2, "[broken 1002]" },
    { "text", { 0x81, 0x80 }, 2, "[broken 1003]" },
    { "opcode 3", { 0x83, 0x80 }, 2, "[broken 1002]" },
    { "opcode 15", { 0x8f, 0x80 }, 2, "[broken 1002]" },
    { "nothing to continue", { 0x80, 0x80 }, 2, "[broken 1002]" },
    { "message in a message", { 0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80 }, 8, "[broken 1002]" },
    { "ping in pieces", { 0x09, 0x80 }, 2, "[broken 1002]" },
    { "long ping", { 0x89, 0xfe }, 2, "[broken 1002]" },
    { "2 bytes for 125", { 0x82, 0xfe, 0, 125, 0, 0, 0, 0 }, 8, "[broken 1002]" },
    { "8 bytes for 65535", { 0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 10, "" },
    { "close with one byte", { 0x88, 0x81, 0, 0, 0, 0, 3 }, 7, "[broken 1002]" },
    { "close with 1005", { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed }, 8, "[broken 1002]" },
    { "close with 999", { 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe7 }, 8, "[broken 1002]" },
    { "reason is not UTF-8", { 0x88, 0x83, 0, 0, 0, 0, 0x03, 0xe8, 0xff }, 9, "[broken 1002]" },
    { "close without a status", { 0x88, 0x80, 0, 0, 0, 0 }, 6, "[close 0]" },
};

static void test_broken(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GByteArray) frames = g_byte_array_new();

        g_test_message("%s", broken[i].name);
        g_byte_array_append(frames, broken[i].bytes, broken[i].length);
        check_frames(frames, broken[i].expected);
    }
}

/* The length is judged when the header is complete. */
static void test_long_lengths(void)
{
    static const guint8 short_one[] = { 0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0 };
    static const guint8 negative[] = { 0x82, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    static const guint8 huge[] = { 0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0, 0, 0, 0, 'a', 'b' };
    g_autoptr(GByteArray) first = g_byte_array_append(g_byte_array_new(), short_one,
                                                      sizeof(short_one));
    g_autoptr(GByteArray) second = g_byte_array_append(g_byte_array_new(), negative,
                                                       sizeof(negative));
    g_autoptr(GByteArray) third = g_byte_array_append(g_byte_array_new(), huge, sizeof(huge));

    check_frames(first, "[broken 1002]");
    check_frames(second, "[broken 1002]");
    check_frames(third, "ab");
}

static void test_replies(void)
{
    guint8 frame[WEBSOCKET_FRAME_MAX];
    WebSocketReader r = { .control_length = 2, .control = "hi" };

    g_assert_cmpuint(websocket_put_pong(frame, &r), ==, 4);
    g_assert_cmpmem(frame, 4, "\x8a\x02hi", 4);
    g_assert_cmpuint(websocket_put_close(frame, WEBSOCKET_NORMAL), ==, 4);
    g_assert_cmpmem(frame, 4, "\x88\x02\x03\xe8", 4);
    g_assert_cmpuint(websocket_put_close(frame, WEBSOCKET_NO_STATUS), ==, 2);
    g_assert_cmpmem(frame, 2, "\x88\x00", 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/websocket/shake", test_shake);
    g_test_add_func("/websocket/shake/spellings", test_shake_spellings);
    g_test_add_func("/websocket/shake/refused", test_shake_refused);
    g_test_add_func("/websocket/shake/zero", test_shake_zero);
    g_test_add_func("/websocket/frames", test_frames);
    g_test_add_func("/websocket/lengths", test_lengths);
    g_test_add_func("/websocket/broken", test_broken);
    g_test_add_func("/websocket/long-lengths", test_long_lengths);
    g_test_add_func("/websocket/replies", test_replies);
    return g_test_run();
}
