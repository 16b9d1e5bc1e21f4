/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: messages of a VNC client.  Whether their bytes come at once or one by one, the same
 * comes out; what is passed to the library is whole messages of three kinds, and what is kept for
 * later is shorter than the buffer.
 *
 * First byte: whether inexact pictures are allowed; the rest is what the client sends.
 */
#include "config.h"

#include <string.h>

#include "hw/vnc/vnc-message.h"
#include "tests/fuzz/fuzz.h"

enum { BUFFER_SIZE = 4096 };

static void on_key(void *opaque, guint32 keysym, bool down)
{
    g_string_append_printf(opaque, "key %u %d\n", keysym, down);
}

static void on_key_number(void *opaque, guint32 keysym, guint number, bool down)
{
    g_string_append_printf(opaque, "number %u %u %d\n", keysym, number, down);
}

static void on_pointer(void *opaque, guint buttons, guint x, guint y)
{
    fuzz_check(buttons <= 0xff && x <= 0xffff && y <= 0xffff);
    g_string_append_printf(opaque, "pointer %u %u %u\n", buttons, x, y);
}

static void on_features(void *opaque, guint features)
{
    g_string_append_printf(opaque, "features %u\n", features);
}

static void on_wish(void *opaque, guint width, guint height)
{
    fuzz_check(!width == !height && width <= 0xffff && height <= 0xffff);
    g_string_append_printf(opaque, "wish %u %u\n", width, height);
}

static void on_whole(void *opaque)
{
    g_string_append(opaque, "whole\n");
}

static void on_pass(void *opaque, const guint8 *data, gsize size)
{
    switch (data[0]) {
    case 0:
        fuzz_check(size == 20 && (data[4] == 8 || data[4] == 16 || data[4] == 32));
        break;
    case 2:
        fuzz_check(size == 4 + 4u * (data[2] << 8 | data[3]) && size <= VNC_MESSAGE_MAX);
        break;
    default:
        fuzz_check(data[0] == 3 && size == 10);
        break;
    }
    for (gsize i = 0; i < size; i++) {
        g_string_append_printf(opaque, "%02x ", data[i]);
    }
    g_string_append_c(opaque, '\n');
}

static const VncMessageOps ops = {
    .key = on_key,
    .key_number = on_key_number,
    .pointer = on_pointer,
    .features = on_features,
    .wish = on_wish,
    .whole = on_whole,
    .pass = on_pass,
};

/* As a client's buffer does: bytes are added, and those that were used are taken out. */
static void run(const guint8 *bytes, gsize size, gsize piece, bool lossy, GString *out)
{
    VncParser parser = { .ops = &ops, .opaque = out, .lossy = lossy };
    guint8 buffer[BUFFER_SIZE];
    const char *wrong = NULL;
    gsize n = 0;

    for (gsize i = 0, got; i < size && !wrong; i += got) {
        gsize used;

        got = MIN(MIN(piece, size - i), BUFFER_SIZE - n);
        memcpy(buffer + n, bytes + i, got);
        n += got;
        used = vnc_parse(&parser, buffer, n, &wrong);
        fuzz_check(used <= n);
        n -= used;
        memmove(buffer, buffer + used, n);
        fuzz_check(wrong || n < VNC_MESSAGE_MAX);
    }
    g_string_append(out, wrong ? wrong : "good");
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GString) whole = g_string_new(NULL), pieces = g_string_new(NULL);

    if (!size) {
        return 0;
    }
    run(data + 1, size - 1, G_MAXSIZE, data[0] & 1, whole);
    run(data + 1, size - 1, 1, data[0] & 1, pieces);
    fuzz_check(g_string_equal(whole, pieces));
    return 0;
}
