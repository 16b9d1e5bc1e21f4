/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the framer must give the same texts and errors whether its bytes
 * come at once or one by one; a text that the parser refuses has words for why,
 * and one that it takes is an object, a list or a single word.
 *
 * First byte: limits; the rest is the stream.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "qmp/framer.h"
#include "qmp/json.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    json_t *json = qmp_json_parse(text, length, &error);

    fuzz_check(!json == !!error);
    if (error) {
        fuzz_check(g_str_has_prefix(error->message, "JSON parse error at byte "));
        /* No slip that only jansson sees. */
        fuzz_check(!g_str_has_suffix(error->message, " cannot be read"));
    } else {
        fuzz_check(!json_is_object(json) == (text[0] != '{'));
        fuzz_check(!json_is_array(json) == (text[0] != '['));
    }
    json_decref(json);
}

static void run(const QmpFramerLimits *limits, const char *bytes, gsize size, gsize piece,
                GString *out)
{
    g_autoptr(QmpFramer) framer = qmp_framer_new(limits);

    for (gsize i = 0; i < size; i += piece) {
        const char *data = bytes + i, *text = NULL;
        gsize left = MIN(piece, size - i), length = 0;
        g_autoptr(GError) error = NULL;
        QmpFrame frame;

        while ((frame = qmp_framer_next(framer, &data, &left, &text, &length, &error))) {
            if (frame == QMP_FRAME_TEXT) {
                fuzz_check(length >= 1 && length <= limits->max_bytes);
                fuzz_check(!g_ascii_isspace(text[0]) && !g_ascii_isspace(text[length - 1]));
                check_text(text, length);
                g_string_append_len(out, text, length);
            } else {
                fuzz_check(error != NULL);
                g_string_append(out, error->message);
                g_clear_error(&error);
            }
            g_string_append_c(out, '\n');
        }
        fuzz_check(left == 0 && !error);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GString) whole = g_string_new(NULL), pieces = g_string_new(NULL);
    QmpFramerLimits limits;

    if (!size) {
        return 0;
    }
    limits.max_bytes = data[0] & 1 ? 32 : 4096;
    limits.max_depth = data[0] & 2 ? 4 : 64;
    limits.max_tokens = data[0] & 4 ? 8 : 1024;
    run(&limits, (const char *)data + 1, size - 1, size, whole);
    run(&limits, (const char *)data + 1, size - 1, 1, pieces);
    fuzz_check(g_string_equal(whole, pieces));
    return 0;
}
