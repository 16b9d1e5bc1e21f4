/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framer: cuts a stream of bytes into JSON texts.
 *
 * It knows tokens and brackets, nothing else: whether a text is valid JSON is for
 * qmp_json_parse() to decide.  A text is an object, a list, or any other token
 * outside both.  Texts may follow each other with nothing, white space, CR, LF or
 * CRLF between them, and may arrive in pieces of any size.  Each byte is examined
 * once; a text that lies in one piece is not copied.
 *
 * Errors and resynchronisation work as in QEMU:
 *
 *  - A byte that fits no token: the text so far is dropped, and everything up to
 *    the next bracket, brace, comma, colon, control character (the end of the line
 *    is    one), 0xFE or 0xFF.  A string must end on its line, so an unterminated
 *    one costs no other line.  Clients send 0xFF, which UTF-8 never has, to
 *    bring a peer that waits for the rest of a partial text into a known state.
 *  - A text that closes a bracket it did not open ends with that bracket.
 *  - A text beyond a limit is dropped, and the rest up to a newline, 0xFE or 0xFF
 *    with it: its content must not be taken for requests.
 *
 * Each of them is one error.
 */
#ifndef QMP_FRAMER_H
#define QMP_FRAMER_H

#include <glib.h>
#include <stdbool.h>

typedef struct QmpFramer QmpFramer;

/* Limits on one text.  QEMU's are 64 MiB, 2 Mi tokens and a depth of 1024; a
 * request to vmd is far smaller, and a token costs about a hundred bytes once
 * it is parsed. */
typedef struct {
    gsize max_bytes;
    guint max_depth;            /* of nested objects and lists */
    guint max_tokens;           /* brackets, commas, colons, strings, other words */
} QmpFramerLimits;

#define QMP_FRAMER_DEFAULT_BYTES  ((gsize)4 << 20)
#define QMP_FRAMER_DEFAULT_DEPTH  1024
#define QMP_FRAMER_DEFAULT_TOKENS (256 << 10)

typedef enum {
    QMP_FRAME_MORE,             /* all bytes are taken, no text is complete */
    QMP_FRAME_TEXT,
    QMP_FRAME_ERROR,
} QmpFrame;

/* limits may be NULL: the defaults. */
QmpFramer *qmp_framer_new(const QmpFramerLimits *limits);
void qmp_framer_free(QmpFramer *framer);        /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpFramer, qmp_framer_free)

/*
 * Takes bytes from *data, moving *data and *length past them, until a text is
 * complete, an error is found, or there are no more.  With QMP_FRAME_TEXT,
 * *ret_text (of *ret_length bytes, not terminated) lies in the caller's bytes or
 * in the framer; it is valid until the next call or the end of the bytes.  With
 * QMP_FRAME_ERROR, *error is set (reason syntax or limit-exceeded).
 */
QmpFrame qmp_framer_next(QmpFramer *framer, const char **data, gsize *length,
                         const char **ret_text, gsize *ret_length, GError **error);

/* True in the middle of a text. */
bool qmp_framer_is_partial(const QmpFramer *framer);

#endif
