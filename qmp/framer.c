/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The framer's counters; see qmp/framer.h for what it promises.
 *
 * The lexer says where tokens end.  Here they are counted, and the brackets show
 * where a text ends.
 */
#include "config.h"
#include "qmp/framer.h"

#include "qmp/error.h"
#include "qmp/lexer.h"

/* A buffer that grew beyond this for a large text is not kept for the next ones. */
enum { KEEP_BYTES = 64 << 10 };

struct QmpFramer {
    QmpFramerLimits limits;
    QmpLexState lex;
    bool skip;                  /* after a text beyond a limit: to the end of the line */
    int braces;                 /* that are open; below 0: one more was closed */
    int brackets;
    guint tokens;
    gsize bytes;                /* of the present text so far; 0: between texts */
    GString *partial;           /* what earlier pieces brought of it */
    bool deliver;               /* partial was given out and is to be emptied */
};

QmpFramer *qmp_framer_new(const QmpFramerLimits *limits)
{
    static const QmpFramerLimits defaults = {
        .max_bytes = QMP_FRAMER_DEFAULT_BYTES,
        .max_depth = QMP_FRAMER_DEFAULT_DEPTH,
        .max_tokens = QMP_FRAMER_DEFAULT_TOKENS,
    };
    QmpFramer *framer = g_new0(QmpFramer, 1);

    framer->limits = limits ? *limits : defaults;
    framer->partial = g_string_new(NULL);
    return framer;
}

void qmp_framer_free(QmpFramer *framer)
{
    if (framer) {
        g_string_free(framer->partial, TRUE);
        g_free(framer);
    }
}

bool qmp_framer_is_partial(const QmpFramer *framer)
{
    return framer->bytes && !framer->deliver;
}

/* Forgets the present text. */
static void drop(QmpFramer *framer)
{
    framer->braces = framer->brackets = 0;
    framer->tokens = 0;
    framer->bytes = 0;
    framer->deliver = false;
    if (framer->partial->allocated_len > KEEP_BYTES) {
        g_string_free(framer->partial, TRUE);
        framer->partial = g_string_new(NULL);
    } else {
        g_string_truncate(framer->partial, 0);
    }
}

/* A byte that fits no token. */
static QmpFrame fail_byte(QmpFramer *framer, QmpLexState before, guchar byte, GError **error)
{
    g_autofree char *what = qmp_lex_fault_text(before, byte);
    gsize position = framer->bytes;

    drop(framer);
    if (position > 1) {
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "JSON parse error at byte %" G_GSIZE_FORMAT ": %s", position, what);
    } else {
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "JSON parse error: %s; a request begins with '{'", what);
    }
    return QMP_FRAME_ERROR;
}

static QmpFrame fail_limit(QmpFramer *framer, const char *what, gsize limit, GError **error)
{
    gsize position = framer->bytes;

    drop(framer);
    framer->lex = QMP_LEX_SPACE;
    framer->skip = true;
    qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                  "JSON text has more than %" G_GSIZE_FORMAT " %s at byte %" G_GSIZE_FORMAT
                  "; the rest of the line is skipped", limit, what, position);
    return QMP_FRAME_ERROR;
}

static void count_bracket(QmpFramer *framer, guchar byte)
{
    framer->braces += (byte == '{') - (byte == '}');
    framer->brackets += (byte == '[') - (byte == ']');
}

/* A text ends when all brackets are closed, or one too many. */
static bool is_complete(const QmpFramer *framer)
{
    return framer->braces < 0 || framer->brackets < 0 || (!framer->braces && !framer->brackets);
}

/* A token has ended.  MORE: the text goes on. */
static QmpFrame end_token(QmpFramer *framer, GError **error)
{
    guint depth = MAX(framer->braces, 0) + MAX(framer->brackets, 0);

    if (++framer->tokens > framer->limits.max_tokens) {
        return fail_limit(framer, "tokens", framer->limits.max_tokens, error);
    }
    if (depth > framer->limits.max_depth) {
        return fail_limit(framer, "levels", framer->limits.max_depth, error);
    }
    return is_complete(framer) ? QMP_FRAME_TEXT : QMP_FRAME_MORE;
}

/* A byte of a text; *ret_taken is false if it belongs to what follows. */
static QmpFrame take_byte(QmpFramer *framer, guchar byte, bool *ret_taken, GError **error)
{
    QmpLexState before = framer->lex;
    QmpLex what = qmp_lex(&framer->lex, byte);

    *ret_taken = what != QMP_LEX_BEFORE;
    if (!*ret_taken) {
        return end_token(framer, error);
    }
    if (framer->bytes >= framer->limits.max_bytes) {
        return fail_limit(framer, "bytes", framer->limits.max_bytes, error);
    }
    framer->bytes++;
    if (what == QMP_LEX_MORE) {
        return QMP_FRAME_MORE;
    }
    if (what == QMP_LEX_FAULT) {
        return fail_byte(framer, before, byte, error);
    }
    count_bracket(framer, byte);
    return end_token(framer, error);
}

/* Skips what is between texts; true at the first byte of a text. */
static bool find_start(QmpFramer *framer, const char **data, gsize *length)
{
    for (; *length; ++*data, --*length) {
        QmpLexState state = framer->lex;
        guchar byte = **data;

        if (framer->skip) {
            framer->skip = byte != '\n' && byte < 0xfe;
        } else if (qmp_lex(&state, byte) == QMP_LEX_MORE && !qmp_lex_in_token(state)) {
            framer->lex = state;
        } else {
            return true;
        }
    }
    return false;
}

/* The text ends before `end`; it began at start or in an earlier piece. */
static void give_text(QmpFramer *framer, const char *start, const char *end,
                      const char **ret_text, gsize *ret_length)
{
    if (!framer->partial->len) {
        drop(framer);
        *ret_text = start;
        *ret_length = end - start;
        return;
    }
    g_string_append_len(framer->partial, start, end - start);
    framer->deliver = true;
    *ret_text = framer->partial->str;
    *ret_length = framer->partial->len;
}

/* How many of the next bytes change nothing. */
static gsize plain_run(const QmpFramer *framer, const char *data, gsize length)
{
    gsize room = framer->limits.max_bytes - framer->bytes;

    return qmp_lex_run(framer->lex, data, MIN(length, room));
}

QmpFrame qmp_framer_next(QmpFramer *framer, const char **data, gsize *length,
                         const char **ret_text, gsize *ret_length, GError **error)
{
    const char *start;

    if (framer->deliver) {
        drop(framer);
    }
    if (!framer->bytes && !find_start(framer, data, length)) {
        return QMP_FRAME_MORE;
    }
    start = *data;
    while (*length) {
        gsize run = plain_run(framer, *data, *length);
        QmpFrame frame;
        bool taken;

        *data += run;
        *length -= run;
        framer->bytes += run;
        if (!*length) {
            break;
        }
        frame = take_byte(framer, **data, &taken, error);
        *data += taken;
        *length -= taken;
        if (frame == QMP_FRAME_TEXT) {
            give_text(framer, start, *data, ret_text, ret_length);
        }
        if (frame != QMP_FRAME_MORE) {
            return frame;
        }
    }
    g_string_append_len(framer->partial, start, *data - start);
    return QMP_FRAME_MORE;
}
