/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lexer: finds where the tokens of JSON begin and end, byte by byte.
 *
 * Strings stand in double or single quotes, as QEMU's peers are used to; a
 * backslash escapes the byte after it.  The lexer checks neither the content of
 * strings nor whether a word is one of JSON's three.
 *
 * After a byte that fits nowhere it resynchronises as QEMU's does: it skips
 * everything up to a bracket, brace, comma or colon, a control character other
 * than tab, or one of the bytes 0xFE and 0xFF.  The end of a line is such a
 * character, so an unterminated string costs at most its own line.
 *
 * All functions are pure.
 */
#ifndef QMP_LEXER_H
#define QMP_LEXER_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    QMP_LEX_SPACE,              /* between tokens: the state to begin with */
    QMP_LEX_LOST,               /* after a fault */
    QMP_LEX_DOUBLE,             /* in a string */
    QMP_LEX_DOUBLE_ESCAPE,      /* after a backslash in it */
    QMP_LEX_SINGLE,
    QMP_LEX_SINGLE_ESCAPE,
    QMP_LEX_WORD,
    QMP_LEX_MINUS,              /* numbers, by what was seen last */
    QMP_LEX_ZERO,
    QMP_LEX_DIGITS,
    QMP_LEX_POINT,
    QMP_LEX_FRACTION,
    QMP_LEX_E,
    QMP_LEX_E_SIGN,
    QMP_LEX_EXPONENT,
} QmpLexState;

typedef enum {
    QMP_LEX_MORE,               /* within a token, or between two */
    QMP_LEX_OPEN,               /* the byte is a token: { or [ */
    QMP_LEX_CLOSE,
    QMP_LEX_PUNCTUATION,        /* comma or colon */
    QMP_LEX_STRING,             /* a string ends with the byte */
    QMP_LEX_BEFORE,             /* a word or number ended before it: give it again */
    QMP_LEX_FAULT,              /* it fits nowhere */
} QmpLex;

/* Takes one byte. */
QmpLex qmp_lex(QmpLexState *state, guchar byte);

/*
 * How many of the bytes are plain content of a string, a word or a gap, and do
 * not change the state.
 */
gsize qmp_lex_run(QmpLexState state, const char *bytes, gsize length);

static inline bool qmp_lex_in_string(QmpLexState state)
{
    return state >= QMP_LEX_DOUBLE && state <= QMP_LEX_SINGLE_ESCAPE;
}

/* In the middle of a token. */
static inline bool qmp_lex_in_token(QmpLexState state)
{
    return state >= QMP_LEX_DOUBLE;
}

/* What is wrong with a byte that is a fault in this state.  Free with g_free(). */
char *qmp_lex_fault_text(QmpLexState state, guchar byte);

#endif
