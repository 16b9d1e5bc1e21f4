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

#include "hw/core/zlib-library.h"
#include "hw/vnc/vnc-message.h"
#include "tests/fuzz/fuzz.h"

enum { BUFFER_SIZE = 4096 };

typedef struct {
    GString *text;              /* what has come out */
    GByteArray *cut;            /* of a clipboard */
    bool extended;
} Output;

static void on_key(void *opaque, guint32 keysym, bool down)
{
    g_string_append_printf(((Output *)opaque)->text, "key %u %d\n", keysym, down);
}

static void on_key_number(void *opaque, guint32 keysym, guint number, bool down)
{
    g_string_append_printf(((Output *)opaque)->text, "number %u %u %d\n", keysym, number, down);
}

static void on_pointer(void *opaque, guint buttons, guint x, guint y)
{
    fuzz_check(buttons <= 0xff && x <= 0xffff && y <= 0xffff);
    g_string_append_printf(((Output *)opaque)->text, "pointer %u %u %u\n", buttons, x, y);
}

static void on_features(void *opaque, guint features)
{
    g_string_append_printf(((Output *)opaque)->text, "features %u\n", features);
}

static void on_wish(void *opaque, guint width, guint height)
{
    fuzz_check(!width == !height && width <= 0xffff && height <= 0xffff);
    g_string_append_printf(((Output *)opaque)->text, "wish %u %u\n", width, height);
}

static void on_whole(void *opaque)
{
    g_string_append(((Output *)opaque)->text, "whole\n");
}

/* How a clipboard is cut does not matter, only what it is. */
static void on_cut_begin(void *opaque, bool extended)
{
    Output *out = opaque;

    out->extended = extended;
    g_byte_array_set_size(out->cut, 0);
}

static void on_cut_part(void *opaque, const guint8 *data, gsize size)
{
    Output *out = opaque;

    g_byte_array_append(out->cut, data, size);
    fuzz_check(out->cut->len <= VNC_CLIPBOARD_MAX);
}

static void note_text(Output *out, GBytes *text)
{
    gsize size;
    const char *data = g_bytes_get_data(text, &size);
    g_autoptr(GByteArray) latin1 = vnc_cut_latin1(text), packed = vnc_cut_provide(text);

    fuzz_check(size <= 2 * VNC_CLIPBOARD_MAX && g_utf8_validate(data, size, NULL));
    fuzz_check(latin1->len == 8 + (gsize)g_utf8_strlen(data, size) && packed->len > 12);
    g_string_append_printf(out->text, "text %u\n", g_bytes_hash(text));
    g_bytes_unref(text);
}

static void on_cut_end(void *opaque)
{
    Output *out = opaque;
    GBytes *text = NULL;
    const char *wrong = NULL;
    VncCutKind kind;

    if (!out->extended) {
        note_text(out, vnc_cut_from_latin1(out->cut->data, out->cut->len));
        return;
    }
    kind = vnc_cut_parse(out->cut->data, out->cut->len, &text, &wrong);
    fuzz_check(!wrong == (kind != VNC_CUT_WRONG) && !text == (kind != VNC_CUT_TEXT));
    g_string_append_printf(out->text, "cut %d %s\n", kind, wrong ? wrong : "");
    if (text) {
        note_text(out, text);
    }
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
        g_string_append_printf(((Output *)opaque)->text, "%02x ", data[i]);
    }
    g_string_append_c(((Output *)opaque)->text, '\n');
}

static const VncMessageOps ops = {
    .key = on_key,
    .key_number = on_key_number,
    .pointer = on_pointer,
    .features = on_features,
    .wish = on_wish,
    .whole = on_whole,
    .cut_begin = on_cut_begin,
    .cut_part = on_cut_part,
    .cut_end = on_cut_end,
    .pass = on_pass,
};

/* As a client's buffer does: bytes are added, and those that were used are taken out. */
static void run(const guint8 *bytes, gsize size, gsize piece, bool lossy, GString *text)
{
    Output out = { .text = text, .cut = g_byte_array_new() };
    VncParser parser = { .ops = &ops, .opaque = &out, .lossy = lossy };
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
    g_byte_array_unref(out.cut);
    g_string_append(text, wrong ? wrong : "good");
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GString) whole = g_string_new(NULL), pieces = g_string_new(NULL);

    if (!size || !zlib_load(NULL)) {
        return 0;
    }
    run(data + 1, size - 1, G_MAXSIZE, data[0] & 1, whole);
    run(data + 1, size - 1, 1, data[0] & 1, pieces);
    fuzz_check(g_string_equal(whole, pieces));
    return 0;
}
