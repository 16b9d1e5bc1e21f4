/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tokens of JSON; see qmp/lexer.h.
 */
#include "config.h"
#include "qmp/lexer.h"

typedef enum {
    OTHER,                      /* only in strings */
    BLANK,
    LINE,                       /* tab, CR, LF: space, but not in strings */
    BROKEN,                     /* never part of a JSON text */
    OPEN,
    CLOSE,
    PUNCTUATION,
    DOUBLE,
    SINGLE,
    BACKSLASH,
    LETTER,                     /* a to z, except for e */
    E,
    BIG_E,
    ZERO,
    DIGIT,                      /* 1 to 9 */
    MINUS,
    PLUS,
    POINT,
} Class;

static const guint8 classes[256] = {
    [0x00 ... 0x08] = BROKEN, ['\t'] = LINE, ['\n'] = LINE, [0x0b] = BROKEN,
    [0x0c] = BROKEN, ['\r'] = LINE, [0x0e ... 0x1f] = BROKEN, [' '] = BLANK,
    ['{'] = OPEN, ['['] = OPEN, ['}'] = CLOSE, [']'] = CLOSE,
    [','] = PUNCTUATION, [':'] = PUNCTUATION, ['"'] = DOUBLE, ['\''] = SINGLE,
    ['\\'] = BACKSLASH, ['a' ... 'd'] = LETTER, ['e'] = E, ['f' ... 'z'] = LETTER,
    ['E'] = BIG_E, ['0'] = ZERO, ['1' ... '9'] = DIGIT, ['-'] = MINUS, ['+'] = PLUS,
    ['.'] = POINT, [0xfe] = BROKEN, [0xff] = BROKEN,
};

static QmpLex fault(QmpLexState *state)
{
    *state = QMP_LEX_LOST;
    return QMP_LEX_FAULT;
}

static QmpLex go(QmpLexState *state, QmpLexState next)
{
    *state = next;
    return QMP_LEX_MORE;
}

/* The byte is a token, or begins one. */
static QmpLex begin(QmpLexState *state, Class class)
{
    switch (class) {
    case BLANK:
    case LINE:
        return go(state, QMP_LEX_SPACE);
    case OPEN:
        return QMP_LEX_OPEN;
    case CLOSE:
        return QMP_LEX_CLOSE;
    case PUNCTUATION:
        return QMP_LEX_PUNCTUATION;
    case DOUBLE:
        return go(state, QMP_LEX_DOUBLE);
    case SINGLE:
        return go(state, QMP_LEX_SINGLE);
    case LETTER:
    case E:
        return go(state, QMP_LEX_WORD);
    case MINUS:
        return go(state, QMP_LEX_MINUS);
    case ZERO:
        return go(state, QMP_LEX_ZERO);
    case DIGIT:
        return go(state, QMP_LEX_DIGITS);
    default:
        return fault(state);
    }
}

static QmpLex in_string(QmpLexState *state, Class class)
{
    bool single = *state == QMP_LEX_SINGLE || *state == QMP_LEX_SINGLE_ESCAPE;

    if (class == LINE || class == BROKEN) {
        return fault(state);
    }
    if (*state == QMP_LEX_DOUBLE_ESCAPE || *state == QMP_LEX_SINGLE_ESCAPE) {
        return go(state, single ? QMP_LEX_SINGLE : QMP_LEX_DOUBLE);
    }
    if (class == BACKSLASH) {
        return go(state, single ? QMP_LEX_SINGLE_ESCAPE : QMP_LEX_DOUBLE_ESCAPE);
    }
    if (class == (single ? SINGLE : DOUBLE)) {
        *state = QMP_LEX_SPACE;
        return QMP_LEX_STRING;
    }
    return QMP_LEX_MORE;
}

/* The next state in a number; SPACE: it has ended; LOST: the byte is not allowed there. */
static QmpLexState after_number(QmpLexState state, Class class)
{
    bool digit = class == ZERO || class == DIGIT, e = class == E || class == BIG_E;

    switch (state) {
    case QMP_LEX_MINUS:
        return class == ZERO ? QMP_LEX_ZERO : digit ? QMP_LEX_DIGITS : QMP_LEX_LOST;
    case QMP_LEX_ZERO:
    case QMP_LEX_DIGITS:
        if (digit) {
            return state == QMP_LEX_ZERO ? QMP_LEX_LOST : QMP_LEX_DIGITS;
        }
        return class == POINT ? QMP_LEX_POINT : e ? QMP_LEX_E : QMP_LEX_SPACE;
    case QMP_LEX_POINT:
        return digit ? QMP_LEX_FRACTION : QMP_LEX_LOST;
    case QMP_LEX_FRACTION:
        return digit ? QMP_LEX_FRACTION : e ? QMP_LEX_E : QMP_LEX_SPACE;
    case QMP_LEX_E:
        if (class == PLUS || class == MINUS) {
            return QMP_LEX_E_SIGN;
        }
        return digit ? QMP_LEX_EXPONENT : QMP_LEX_LOST;
    case QMP_LEX_E_SIGN:
        return digit ? QMP_LEX_EXPONENT : QMP_LEX_LOST;
    default:
        return digit ? QMP_LEX_EXPONENT : QMP_LEX_SPACE;
    }
}

static QmpLex in_word(QmpLexState *state, Class class)
{
    QmpLexState next;

    if (*state == QMP_LEX_WORD) {
        next = class == LETTER || class == E ? QMP_LEX_WORD : QMP_LEX_SPACE;
    } else {
        next = after_number(*state, class);
    }
    *state = next;
    return next == QMP_LEX_LOST ? QMP_LEX_FAULT : next == QMP_LEX_SPACE ? QMP_LEX_BEFORE
                                                                        : QMP_LEX_MORE;
}

static bool is_firm_ground(Class class, guchar byte)
{
    return class == OPEN || class == CLOSE || class == PUNCTUATION || class == BROKEN ||
           byte == '\n' || byte == '\r';
}

QmpLex qmp_lex(QmpLexState *state, guchar byte)
{
    Class class = classes[byte];

    if (qmp_lex_in_string(*state)) {
        return in_string(state, class);
    }
    if (qmp_lex_in_token(*state)) {
        return in_word(state, class);
    }
    if (*state == QMP_LEX_LOST) {
        if (!is_firm_ground(class, byte)) {
            return QMP_LEX_MORE;
        }
        *state = QMP_LEX_SPACE;
    }
    return begin(state, class);
}

#define BIT(class) (1U << (class))
#define BITS_OF_STRINGS ~(BIT(LINE) | BIT(BROKEN) | BIT(BACKSLASH))
#define BITS_OF_NUMBERS (BIT(ZERO) | BIT(DIGIT))

/* The classes that leave a state as it is. */
static const guint32 plain[] = {
    [QMP_LEX_SPACE] = BIT(BLANK) | BIT(LINE),
    [QMP_LEX_DOUBLE] = BITS_OF_STRINGS & ~BIT(DOUBLE),
    [QMP_LEX_SINGLE] = BITS_OF_STRINGS & ~BIT(SINGLE),
    [QMP_LEX_WORD] = BIT(LETTER) | BIT(E),
    [QMP_LEX_DIGITS] = BITS_OF_NUMBERS,
    [QMP_LEX_FRACTION] = BITS_OF_NUMBERS,
    [QMP_LEX_EXPONENT] = BITS_OF_NUMBERS,
};

gsize qmp_lex_run(QmpLexState state, const char *bytes, gsize length)
{
    const guint32 mask = plain[state];
    gsize run = 0;

    while (run < length && mask >> classes[(guchar)bytes[run]] & 1) {
        run++;
    }
    return run;
}

/* "'x'" or "byte 0x1b". */
static char *name_byte(guchar byte)
{
    return byte > 0x20 && byte < 0x7f ? g_strdup_printf("'%c'", byte)
                                      : g_strdup_printf("byte 0x%02x", byte);
}

char *qmp_lex_fault_text(QmpLexState state, guchar byte)
{
    g_autofree char *name = name_byte(byte);

    if (qmp_lex_in_string(state) && (byte == '\n' || byte == '\r')) {
        return g_strdup("a string must end on the line on which it begins");
    }
    if (qmp_lex_in_string(state)) {
        return g_strdup_printf("unexpected %s in a string", name);
    }
    if (qmp_lex_in_token(state)) {
        return g_strdup_printf("unexpected %s in a number", name);
    }
    return g_strdup_printf("unexpected %s", name);
}
