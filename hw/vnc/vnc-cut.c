/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of clipboards, see vnc-cut.h.
 */
#include "config.h"
#include "hw/vnc/vnc-cut.h"

#include <string.h>

#include "hw/core/zlib-library.h"
#include "qmp/bytes.h"

enum { SERVER_CUT_TEXT = 3 };

/* Flags of an extended message: formats, of which only texts are known here, and actions. */
enum {
    FORMAT_TEXT = 1 << 0,
    ACTION_CAPABILITIES = 1 << 24,
    ACTION_REQUEST = 1 << 25,
    ACTION_PEEK = 1 << 26,
    ACTION_NOTIFY = 1 << 27,
    ACTION_PROVIDE = 1 << 28,
};

/* Bytes that are inflated at once. */
enum { STEP = 16384 };

static void add32(GByteArray *bytes, guint32 value)
{
    value = GUINT32_TO_BE(value);
    g_byte_array_append(bytes, (const guint8 *)&value, sizeof(value));
}

/* ---- From a client ---- */

/* Takes text; lines may end in CR LF. */
static GBytes *to_text(GString *text)
{
    gsize size;

    g_string_replace(text, "\r\n", "\n", 0);
    size = text->len;
    return g_bytes_new_take(g_string_free(text, false), size);
}

GBytes *vnc_cut_from_latin1(const guint8 *data, gsize size)
{
    GString *text = g_string_sized_new(size);

    for (gsize i = 0; i < size; i++) {
        if (data[i]) {
            g_string_append_unichar(text, data[i]);
        }
    }
    return to_text(text);
}

/* Inflates exactly n bytes, as much as there is of them; false: it cannot be inflated. */
static bool inflate_bytes(z_stream *stream, guint8 *to, gsize n)
{
    stream->next_out = to;
    stream->avail_out = n;
    while (stream->avail_out) {
        int ret = inflate(stream, Z_SYNC_FLUSH);

        if (ret == Z_STREAM_END) {
            break;
        }
        if (ret != Z_OK) {
            return false;
        }
    }
    return !stream->avail_out;
}

/* The text follows its size; what memory it takes depends on what has really come. */
static const char *inflate_text(z_stream *stream, GString *text)
{
    guint8 size_bytes[4], step[STEP];
    gsize size, n;

    if (!inflate_bytes(stream, size_bytes, sizeof(size_bytes))) {
        return "it sent a clipboard that is not compressed as it should be";
    }
    size = get_be32(size_bytes);
    if (size > VNC_CLIPBOARD_MAX) {
        return "it sent a clipboard of more than 1 MiB";
    }
    for (; size; size -= n) {
        n = MIN(size, sizeof(step));
        if (!inflate_bytes(stream, step, n)) {
            return "it sent a clipboard that is not compressed as it should be";
        }
        g_string_append_len(text, (const char *)step, n);
    }
    return NULL;
}

static VncCutKind take_text(const guint8 *data, gsize size, GBytes **ret_text,
                            const char **ret_wrong)
{
    z_stream stream = { .next_in = (Bytef *)data, .avail_in = size };
    GString *text = g_string_new(NULL);

    if (inflateInit(&stream) == Z_OK) {
        *ret_wrong = inflate_text(&stream, text);
        inflateEnd(&stream);
    } else {
        *ret_wrong = "there is no memory for its clipboard";
    }
    if (text->len && !text->str[text->len - 1]) {
        g_string_truncate(text, text->len - 1);
    }
    if (!*ret_wrong && !g_utf8_validate(text->str, text->len, NULL)) {
        *ret_wrong = "it sent a clipboard that is not in UTF-8";
    }
    if (*ret_wrong) {
        g_string_free(text, true);
        return VNC_CUT_WRONG;
    }
    *ret_text = to_text(text);
    return VNC_CUT_TEXT;
}

VncCutKind vnc_cut_parse(const guint8 *data, gsize size, GBytes **ret_text, const char **ret_wrong)
{
    guint32 flags;

    if (size < 4) {
        *ret_wrong = "it sent a part of a clipboard's message";
        return VNC_CUT_WRONG;
    }
    flags = get_be32(data);
    if (flags & ACTION_CAPABILITIES) {
        return VNC_CUT_NOTHING;
    }
    if (flags & ACTION_PEEK) {
        return VNC_CUT_PEEK;
    }
    if (!(flags & FORMAT_TEXT)) {
        return VNC_CUT_NOTHING;
    }
    if (flags & ACTION_PROVIDE) {
        return take_text(data + 4, size - 4, ret_text, ret_wrong);
    }
    return flags & ACTION_REQUEST ? VNC_CUT_REQUEST
                                  : flags & ACTION_NOTIFY ? VNC_CUT_NOTIFY : VNC_CUT_NOTHING;
}

/* ---- To a client ---- */

/* A message of n bytes, which are added. */
static GByteArray *begin(gint32 n)
{
    GByteArray *message = g_byte_array_new();

    add32(message, (guint32)SERVER_CUT_TEXT << 24);
    add32(message, n);
    return message;
}

GByteArray *vnc_cut_latin1(GBytes *text)
{
    gsize size;
    const char *p = g_bytes_get_data(text, &size), *end = p + size;
    GByteArray *message = begin(g_utf8_strlen(p, size));

    for (; p < end; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        guint8 byte = c < 256 ? c : '?';

        g_byte_array_append(message, &byte, 1);
    }
    return message;
}

/* An extended message has a length below 0. */
static GByteArray *begin_extended(guint32 flags, gsize n)
{
    GByteArray *message = begin(-(gint32)(4 + n));

    add32(message, flags);
    return message;
}

/* Lines end in CR LF, and the text in a null character. */
static GByteArray *to_lines(GBytes *text)
{
    gsize size;
    const char *data = g_bytes_get_data(text, &size);
    g_autoptr(GString) lines = g_string_new_len(data, size);
    GByteArray *bytes = g_byte_array_new();

    g_string_replace(lines, "\n", "\r\n", 0);
    add32(bytes, lines->len + 1);
    return g_byte_array_append(bytes, (const guint8 *)lines->str, lines->len + 1);
}

GByteArray *vnc_cut_provide(GBytes *text)
{
    g_autoptr(GByteArray) lines = to_lines(text);
    uLongf size = compressBound(lines->len);
    g_autofree guint8 *packed = g_malloc(size);
    GByteArray *message;

    if (compress(packed, &size, lines->data, lines->len) != Z_OK) {
        return vnc_cut_message(VNC_CUT_NOTIFY, false);
    }
    message = begin_extended(ACTION_PROVIDE | FORMAT_TEXT, size);
    return g_byte_array_append(message, packed, size);
}

GByteArray *vnc_cut_message(VncCutKind kind, bool is_there)
{
    return begin_extended((kind == VNC_CUT_REQUEST ? ACTION_REQUEST : ACTION_NOTIFY) |
                          (is_there ? FORMAT_TEXT : 0), 0);
}

/* A text comes when it was asked for: what may come without that is of no bytes. */
GByteArray *vnc_cut_capabilities(void)
{
    GByteArray *message = begin_extended(ACTION_CAPABILITIES | ACTION_REQUEST | ACTION_PEEK |
                                         ACTION_NOTIFY | ACTION_PROVIDE | FORMAT_TEXT, 4);

    add32(message, 0);
    return message;
}
