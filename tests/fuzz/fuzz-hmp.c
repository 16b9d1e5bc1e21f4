/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the human monitor takes any line, and any answer of a daemon.
 *
 * The input is typed at the editor.  Text behind a null character is what each request is answered
 * with, if it is JSON; else they fail.  What is printed is text without control characters, and a
 * line ends.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/editor.h"
#include "client/hmp/hmp.h"
#include "tests/fuzz/fuzz.h"

enum { REQUESTS_MAX = 300 };

static void check_text(const char *text)
{
    fuzz_check(g_utf8_validate(text, -1, NULL));
    for (; *text; text++) {
        fuzz_check((guint8)*text >= ' ' || *text == '\n' || *text == '\t');
    }
}

static void carry_out(HmpLine *line, const char *answer)
{
    HmpRequest *request;

    for (guint i = 0; i < REQUESTS_MAX && (request = hmp_line_next(line)); i++) {
        fuzz_check(request->command[0] && (!request->arguments ||
                                           json_is_object(request->arguments)));
        hmp_request_free(request);
        if (answer) {
            hmp_line_reply_text(line, answer, strlen(answer));
        } else {
            hmp_line_reply_error(line, "no");
        }
    }
    check_text(hmp_line_output(line));
}

static void complete(HmpMonitor *monitor, HmpEditor *editor, const char *answer, GString *out)
{
    g_autofree char *before = hmp_editor_before_cursor(editor);
    g_autoptr(HmpLine) line = hmp_completion_new(monitor, before);

    carry_out(line, answer);
    fuzz_check(hmp_line_completed(line) <= strlen(before));
    hmp_editor_offer(editor, hmp_line_candidates(line), hmp_line_completed(line), out);
}

static void take(HmpMonitor *monitor, HmpEditor *editor, char byte, const char *answer,
                 GString *out)
{
    switch (hmp_editor_feed(editor, byte, out)) {
    case HMP_EDITOR_LINE: {
        g_autoptr(HmpLine) line = hmp_line_new(monitor, hmp_editor_text(editor));

        carry_out(line, answer);
        hmp_editor_begin(editor, out);
        break;
    }
    case HMP_EDITOR_COMPLETE:
        complete(monitor, editor, answer, out);
        break;
    case HMP_EDITOR_GOES_ON:
    case HMP_EDITOR_END:
        break;
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(HmpMonitor) monitor = hmp_monitor_new();
    g_autoptr(GString) out = g_string_new(NULL);
    HmpEditor *editor = hmp_editor_new(monitor, "> ");
    gsize end = size ? strnlen((const char *)data, size) : 0;
    g_autofree char *answer =
        end < size ? g_strndup((const char *)data + end + 1, size - end - 1) : NULL;

    for (gsize i = 0; i < end; i++) {
        take(monitor, editor, data[i], answer, out);
        g_string_truncate(out, 0);
    }
    hmp_editor_free(editor);
    return 0;
}
