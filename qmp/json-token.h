/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tokens of a complete JSON text, by qmp/lexer.h.
 */
#ifndef QMP_JSON_TOKEN_H
#define QMP_JSON_TOKEN_H

#include <glib.h>

typedef enum {
    JSON_TOKEN_END,             /* of the text */
    JSON_TOKEN_CHAR,            /* a bracket, brace, comma or colon */
    JSON_TOKEN_STRING,
    JSON_TOKEN_NUMBER,
    JSON_TOKEN_WORD,
    JSON_TOKEN_FAULT,           /* `end` is the offending byte */
} JsonTokenKind;

typedef struct {
    JsonTokenKind kind;
    gsize start;
    gsize end;                  /* one past its last byte */
} JsonToken;

/* The token after byte `from`.  With a fault, *ret_what (if not NULL) says what
 * it is; free with g_free(). */
JsonToken json_token_next(const char *text, gsize length, gsize from, char **ret_what);

#endif
