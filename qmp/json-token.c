/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens of a whole text; see qmp/json-token.h.
 */
#include "config.h"
#include "qmp/json-token.h"

#include "qmp/lexer.h"

/* The kind of a word or number that ended in this state. */
static JsonTokenKind word_kind(QmpLexState state)
{
    return state == QMP_LEX_WORD ? JSON_TOKEN_WORD : JSON_TOKEN_NUMBER;
}

/* The token at the end of the text, by the lexer's state there. */
static JsonToken at_end(QmpLexState state, gsize start, gsize end, char **ret_what)
{
    QmpLexState after = state;

    if (!qmp_lex_in_token(state)) {
        return (JsonToken){ JSON_TOKEN_END, end, end };
    }
    if (qmp_lex(&after, ' ') == QMP_LEX_BEFORE) {
        return (JsonToken){ word_kind(state), start, end };
    }
    if (ret_what) {
        *ret_what = g_strdup(qmp_lex_in_string(state) ? "a string is not terminated"
                                                      : "a number is incomplete");
    }
    return (JsonToken){ JSON_TOKEN_FAULT, start, end };
}

JsonToken json_token_next(const char *text, gsize length, gsize from, char **ret_what)
{
    QmpLexState state = QMP_LEX_SPACE, before;
    gsize start = from;

    for (gsize i = from; i < length; i++) {
        before = state;
        if (!qmp_lex_in_token(before)) {
            start = i;
        }
        switch (qmp_lex(&state, text[i])) {
        case QMP_LEX_MORE:
            break;
        case QMP_LEX_OPEN:
        case QMP_LEX_CLOSE:
        case QMP_LEX_PUNCTUATION:
            return (JsonToken){ JSON_TOKEN_CHAR, i, i + 1 };
        case QMP_LEX_STRING:
            return (JsonToken){ JSON_TOKEN_STRING, start, i + 1 };
        case QMP_LEX_BEFORE:
            return (JsonToken){ word_kind(before), start, i };
        case QMP_LEX_FAULT:
            if (ret_what) {
                *ret_what = qmp_lex_fault_text(before, text[i]);
            }
            return (JsonToken){ JSON_TOKEN_FAULT, start, i };
        }
    }
    return at_end(state, start, length, ret_what);
}
