/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the framer must give the same texts and errors whether its bytes
 * come at once or one by one, and every text that it gives is balanced.
 *
 * First byte: limits; the rest is the stream.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "qmp/framer.h"
#include "qmp/json.h"
#include "tests/fuzz/fuzz.h"

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
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
                check(length >= 2 && length <= limits->max_bytes);
                check(strchr("{[", text[0]) && strchr("}]", text[length - 1]));
                json_decref(qmp_json_parse(text, length, NULL));
                g_string_append_len(out, text, length);
            } else {
                check(error != NULL);
                g_string_append(out, error->message);
                g_clear_error(&error);
            }
            g_string_append_c(out, '\n');
        }
        check(left == 0 && !error);
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
    check(g_string_equal(whole, pieces));
    return 0;
}
