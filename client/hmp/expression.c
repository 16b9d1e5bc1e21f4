/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer expressions, as QEMU's monitor has them: C's operators, without spaces around an
 * expression's end, and `$NAME` for a register.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/line.h"

enum { DEPTH_MAX = 64 };

typedef struct {
    const HmpLine *line;
    const char *text;
    const char *why;            /* it is wrong */
    int depth;
} Parser;

static guint64 sum(Parser *p);

static void skip(Parser *p)
{
    while (g_ascii_isspace(*p->text)) {
        p->text++;
    }
}

static guint64 fail(Parser *p, const char *why)
{
    if (!p->why) {
        p->why = why;
    }
    return 0;
}

static guint64 take_register(Parser *p)
{
    const char *name = ++p->text;
    gsize n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    const GArray *registers = p->line->registers;

    p->text += n;
    for (guint i = 0; registers && i < registers->len; i++) {
        const HmpRegister *r = &g_array_index(registers, HmpRegister, i);

        if (strlen(r->name) == n && strncmp(r->name, name, n) == 0) {
            return r->value;
        }
    }
    return fail(p, "unknown register");
}

static guint64 take_literal(Parser *p)
{
    char *end;
    guint64 value;

    if (p->text[0] == '\'' && p->text[1] && p->text[2] == '\'') {
        p->text += 3;
        return (guint8)p->text[-2];
    }
    value = g_ascii_isdigit(*p->text) ? g_ascii_strtoull(p->text, &end, 0) : 0;
    if (!g_ascii_isdigit(*p->text)) {
        return fail(p, *p->text ? "invalid char in expression" : "unexpected end of expression");
    }
    p->text = end;
    return value;
}

static guint64 unary(Parser *p)
{
    guint64 value;
    char c;

    skip(p);
    c = *p->text;
    if (++p->depth > DEPTH_MAX) {
        return fail(p, "expression is nested too deeply");
    }
    if (c == '+' || c == '-' || c == '~') {
        p->text++;
        value = unary(p);
        value = c == '-' ? -value : c == '~' ? ~value : value;
    } else if (c == '(') {
        p->text++;
        value = sum(p);
        skip(p);
        if (*p->text != ')') {
            return fail(p, "')' expected");
        }
        p->text++;
    } else {
        value = c == '$' ? take_register(p) : take_literal(p);
    }
    p->depth--;
    return value;
}

static guint64 apply(Parser *p, char op, guint64 a, guint64 b)
{
    switch (op) {
    case '*':
        return a * b;
    case '/':
    case '%':
        if (!b || ((gint64)a == G_MININT64 && (gint64)b == -1)) {
            return fail(p, "division by zero");
        }
        return op == '/' ? (gint64)a / (gint64)b : (gint64)a % (gint64)b;
    case '&':
        return a & b;
    case '|':
        return a | b;
    case '^':
        return a ^ b;
    case '+':
        return a + b;
    default:
        return a - b;
    }
}

/* A slash that begins a path is the next argument's: `memsave 0 100 /tmp/file`. */
static bool is_operator(const char *text, const char *operators)
{
    return *text && strchr(operators, *text) &&
           (*text != '/' || !(g_ascii_isalpha(text[1]) || strchr("._~", text[1])));
}

/* Operands of one level of precedence, and the operators between them. */
static guint64 chain(Parser *p, const char *operators, guint64 (*operand)(Parser *p))
{
    guint64 value = operand(p);

    for (;;) {
        char op;

        skip(p);
        if (p->why || !is_operator(p->text, operators)) {
            return value;
        }
        op = *p->text++;
        value = apply(p, op, value, operand(p));
    }
}

static guint64 product(Parser *p)
{
    return chain(p, "*/%", unary);
}

static guint64 logic(Parser *p)
{
    return chain(p, "&|^", product);
}

/* As in QEMU, + and - bind less than &, | and ^. */
static guint64 sum(Parser *p)
{
    return chain(p, "+-", logic);
}

const char *hmp_expression(const HmpLine *line, const char **text, gint64 *ret)
{
    Parser parser = { .line = line, .text = *text };
    guint64 value = sum(&parser);

    if (!parser.why) {
        *ret = value;
        *text = parser.text;
    }
    return parser.why;
}

bool hmp_names_registers(const char *text)
{
    return strchr(text, '$') != NULL;
}
