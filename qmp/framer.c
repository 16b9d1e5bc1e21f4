/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The framer's state machine; see qmp/framer.h for what it promises.
 *
 * Bytes are classed by a table.  In the inside of strings and between
 * structural characters, where nearly all bytes lie, the loop is one look-up and
 * one test per byte.
 */
#include "config.h"
#include "qmp/framer.h"

#include "qmp/error.h"

/* A buffer that a large text left behind is not kept for the small ones. */
enum { KEEP_BYTES = 64 << 10 };

typedef enum {
    IDLE,                       /* between texts */
    BREAK,                      /* the same, directly after broken bytes */
    STRUCTURE,                  /* in a text, outside of strings and words */
    WORD,                       /* number, true, false, null, or rubbish */
    STRING,
    ESCAPE,                     /* after a backslash in a string */
    SKIP,                       /* after an error, to the end of the line */
} State;

typedef enum {
    OTHER,
    SPACE,                      /* space, tab, CR, LF */
    OPEN,
    CLOSE,
    PUNCTUATION,                /* comma and colon */
    QUOTE,
    BACKSLASH,
    BROKEN,                     /* never part of a JSON text */
} Class;

struct QmpFramer {
    QmpFramerLimits limits;
    State state;
    guint depth;
    guint tokens;
    gsize bytes;                /* of the present text so far */
    GString *partial;           /* what earlier pieces brought of it */
    bool deliver;               /* partial was given out and is to be emptied */
};

static const guint8 classes[256] = {
    [0x00 ... 0x08] = BROKEN, ['\t'] = SPACE, ['\n'] = SPACE, [0x0b] = BROKEN,
    [0x0c] = BROKEN, ['\r'] = SPACE, [0x0e ... 0x1f] = BROKEN, [' '] = SPACE,
    ['{'] = OPEN, ['['] = OPEN, ['}'] = CLOSE, [']'] = CLOSE,
    [','] = PUNCTUATION, [':'] = PUNCTUATION, ['"'] = QUOTE, ['\\'] = BACKSLASH,
    [0x7f] = OTHER, [0xfe] = BROKEN, [0xff] = BROKEN,
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
    return framer->state != IDLE && framer->state != BREAK && framer->state != SKIP;
}

/* Forgets the present text. */
static void drop(QmpFramer *framer, State next)
{
    framer->state = next;
    framer->depth = 0;
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

/* Broken bytes are a fresh start themselves; after others the line is skipped. */
static QmpFrame fail_byte(QmpFramer *framer, guchar byte, GError **error)
{
    gsize position = framer->bytes;
    bool idle = !qmp_framer_is_partial(framer);

    drop(framer, classes[byte] == BROKEN ? BREAK : byte == '\n' ? IDLE : SKIP);
    if (idle && byte > 0x20 && byte < 0x7f) {
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "JSON parse error: a request begins with '{', not '%c'; "
                      "the rest of the line is skipped", byte);
    } else if (idle) {
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "JSON parse error: a request begins with '{', not with byte 0x%02x", byte);
    } else {
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "JSON parse error at byte %" G_GSIZE_FORMAT ": unexpected byte 0x%02x",
                      position, byte);
    }
    return QMP_FRAME_ERROR;
}

static QmpFrame fail_limit(QmpFramer *framer, const char *what, gsize limit, GError **error)
{
    gsize position = framer->bytes;

    drop(framer, SKIP);
    qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                  "JSON text has more than %" G_GSIZE_FORMAT " %s at byte %" G_GSIZE_FORMAT
                  "; the rest of the line is skipped", limit, what, position);
    return QMP_FRAME_ERROR;
}

/* Outside of strings and words.  MORE: go on with the next byte. */
static QmpFrame take_structure(QmpFramer *framer, guchar byte, GError **error)
{
    Class class = classes[byte];

    if (class == SPACE) {
        framer->state = STRUCTURE;
        return QMP_FRAME_MORE;
    }
    if (class == BROKEN) {
        return fail_byte(framer, byte, error);
    }
    if (framer->state == WORD && (class == OTHER || class == BACKSLASH)) {
        return QMP_FRAME_MORE;
    }
    if (++framer->tokens > framer->limits.max_tokens) {
        return fail_limit(framer, "tokens", framer->limits.max_tokens, error);
    }
    switch (class) {
    case OPEN:
        framer->state = STRUCTURE;
        if (++framer->depth > framer->limits.max_depth) {
            return fail_limit(framer, "levels", framer->limits.max_depth, error);
        }
        break;
    case CLOSE:
        framer->state = STRUCTURE;
        return --framer->depth ? QMP_FRAME_MORE : QMP_FRAME_TEXT;
    case QUOTE:
        framer->state = STRING;
        break;
    case PUNCTUATION:
        framer->state = STRUCTURE;
        break;
    default:
        framer->state = WORD;
        break;
    }
    return QMP_FRAME_MORE;
}

static QmpFrame take_string(QmpFramer *framer, guchar byte, GError **error)
{
    Class class = classes[byte];

    if (class == BROKEN || byte == '\n' || byte == '\r' || byte == '\t') {
        return fail_byte(framer, byte, error);
    }
    if (framer->state == ESCAPE) {
        framer->state = STRING;
    } else if (class == BACKSLASH) {
        framer->state = ESCAPE;
    } else if (class == QUOTE) {
        framer->state = STRUCTURE;
    }
    return QMP_FRAME_MORE;
}

/* A byte of a text. */
static QmpFrame take_byte(QmpFramer *framer, guchar byte, GError **error)
{
    if (framer->bytes >= framer->limits.max_bytes) {
        return fail_limit(framer, "bytes", framer->limits.max_bytes, error);
    }
    framer->bytes++;
    if (framer->state == STRING || framer->state == ESCAPE) {
        return take_string(framer, byte, error);
    }
    return take_structure(framer, byte, error);
}

/* Passes what lies between texts; true at the first byte of one. */
static bool find_start(QmpFramer *framer, const char **data, gsize *length, GError **error)
{
    for (; *length; ++*data, --*length) {
        guchar byte = **data;

        if (framer->state == SKIP) {
            if (byte == '\n' || byte >= 0xfe) {
                framer->state = IDLE;
            }
        } else if (classes[byte] == OPEN) {
            framer->state = STRUCTURE;
            return true;
        } else if (classes[byte] == SPACE) {
            framer->state = IDLE;
        } else if (framer->state != BREAK || classes[byte] != BROKEN) {
            fail_byte(framer, byte, error);
            ++*data, --*length;
            return false;
        }
    }
    return false;
}

/* The text ends before `end`; it began at start or in an earlier piece. */
static void give_text(QmpFramer *framer, const char *start, const char *end,
                      const char **ret_text, gsize *ret_length)
{
    if (!framer->partial->len) {
        drop(framer, IDLE);
        *ret_text = start;
        *ret_length = end - start;
        return;
    }
    g_string_append_len(framer->partial, start, end - start);
    framer->state = IDLE;
    framer->deliver = true;
    *ret_text = framer->partial->str;
    *ret_length = framer->partial->len;
}

/* How many of the next bytes change nothing: the inside of a string or a word. */
static gsize plain_run(const QmpFramer *framer, const char *data, gsize length)
{
    gsize room = framer->limits.max_bytes - framer->bytes, run = 0;

    if (framer->state != STRING && framer->state != WORD) {
        return 0;
    }
    length = MIN(length, room);
    while (run < length && classes[(guchar)data[run]] == OTHER) {
        run++;
    }
    return run;
}

QmpFrame qmp_framer_next(QmpFramer *framer, const char **data, gsize *length,
                         const char **ret_text, gsize *ret_length, GError **error)
{
    const char *start;
    GError *failure = NULL;

    if (framer->deliver) {
        drop(framer, IDLE);
    }
    if (!qmp_framer_is_partial(framer) && !find_start(framer, data, length, &failure)) {
        if (!failure) {
            return QMP_FRAME_MORE;
        }
        g_propagate_error(error, failure);
        return QMP_FRAME_ERROR;
    }
    start = *data;
    while (*length) {
        gsize run = plain_run(framer, *data, *length);
        QmpFrame frame;

        *data += run;
        *length -= run;
        framer->bytes += run;
        if (!*length) {
            break;
        }
        frame = take_byte(framer, **data, error);
        ++*data;
        --*length;
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
