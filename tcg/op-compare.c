/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CMPS and SCAS: SDM vol. 2, by name, and REPE, REPNE.  By pieces as in op-string.c.
 */
#include "config.h"
#include "tcg/flags.h"
#include "tcg/ops.h"
#include "tcg/string.h"

/* A relaxed load from host memory, which others may write meanwhile. */
static guint64 peek(const guint8 *host, guint size)
{
    guint16 two;
    guint32 four;
    guint64 eight;

    switch (size) {
    case 1:
        return *(const volatile guint8 *)host;
    case 2:
        __builtin_memcpy(&two, host, 2);
        return two;
    case 4:
        __builtin_memcpy(&four, host, 4);
        return four;
    default:
        __builtin_memcpy(&eight, host, 8);
        return eight;
    }
}

/* Whether the repetition ends after elements of these values. */
static bool ends(const TcgInsn *insn, guint64 a, guint64 b)
{
    return insn->repne ? a == b : a != b;
}

typedef struct {
    guint64 a, b;               /* the last two that were compared */
    guint64 n;                  /* elements done */
    bool ended;
    bool plain;                 /* only plain memory was accessed */
} Comparison;

/* The host's own instruction, with the direction flag set for the piece only. */
#define COMPARE(repeat, what) \
    do { \
        if (down) { \
            __asm__ volatile("std; " repeat " " what "; cld" \
                             : "+S"(a_host), "+D"(b_host), "+c"(n) \
                             : "a"(a) \
                             : "memory", "cc"); \
        } else { \
            __asm__ volatile(repeat " " what \
                             : "+S"(a_host), "+D"(b_host), "+c"(n) \
                             : "a"(a) \
                             : "memory", "cc"); \
        } \
    } while (0)

#define COMPARE_SIZES(repeat, what) \
    switch (size) { \
    case 1: \
        COMPARE(repeat, what "b"); \
        break; \
    case 2: \
        COMPARE(repeat, what "w"); \
        break; \
    case 4: \
        COMPARE(repeat, what "l"); \
        break; \
    default: \
        COMPARE(repeat, what "q"); \
        break; \
    }

/* How many of n elements are compared until one ends the repetition, or all. */
static guint64 compare_strings(const TcgInsn *insn, const guint8 *a_host, const guint8 *b_host,
                               guint64 n, bool down)
{
    const guint64 all = n, a = 0;
    guint size = insn->operand_size;

    if (insn->repne) {
        COMPARE_SIZES("repne", "cmps")
    } else {
        COMPARE_SIZES("repe", "cmps")
    }
    return all - n;
}

static guint64 scan_string(const TcgInsn *insn, guint64 a, const guint8 *b_host, guint64 n,
                           bool down)
{
    const guint8 *a_host = NULL;
    const guint64 all = n;
    guint size = insn->operand_size;

    if (insn->repne) {
        COMPARE_SIZES("repne", "scas")
    } else {
        COMPARE_SIZES("repe", "scas")
    }
    return all - n;
}

/* Elements of two pieces, or of a constant and one (a_host NULL). */
static void compare_piece(const TcgState *s, const TcgInsn *insn, const guint8 *a_host,
                          const guint8 *b_host, guint64 n, Comparison *c)
{
    guint size = insn->operand_size;
    bool down = tcg_string_down(s);
    gint64 last;

    if (n > 1) {
        n = a_host ? compare_strings(insn, a_host, b_host, n, down)
                   : scan_string(insn, c->a, b_host, n, down);
    }
    last = (gint64)(n - 1) * (down ? -(gint64)size : (gint64)size);
    c->n = n;
    c->a = a_host ? peek(a_host + last, size) : c->a;
    c->b = peek(b_host + last, size);
    c->ended = ends(insn, c->a, c->b);
}

static void compare_element(const TcgInsn *insn, Comparison *c, guint64 a, guint64 b)
{
    c->a = a;
    c->b = b;
    c->n = 1;
    c->plain = false;
    c->ended = ends(insn, a, b);
}

static void set_flags(TcgState *s, const TcgInsn *insn, const Comparison *c)
{
    tcg_set_arithmetic(s, tcg_flags_sub(c->a, c->b, insn->operand_size));
}

static void compare(TcgState *s, const TcgInsn *insn, guint64 count, Comparison *c)
{
    TcgStringOperand a = { .reg = TCG_RSI, .segment = insn->segment, .access = TCG_READ };
    TcgStringOperand b = { .reg = TCG_RDI, .segment = TCG_ES, .access = TCG_READ };
    guint size = insn->operand_size;

    tcg_string_reach(s, insn, &a, count);
    tcg_string_reach(s, insn, &b, count);
    if (a.host && b.host) {
        compare_piece(s, insn, a.host, b.host, a.n < b.n ? a.n : b.n, c);
    } else {
        guint64 value = tcg_load(s, a.linear, size, TCG_READ);

        compare_element(insn, c, value, tcg_load(s, b.linear, size, TCG_READ));
    }
}

TcgNext tcg_op_cmps(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);
    Comparison c = { .plain = true };

    while (count > 0 && !c.ended) {
        compare(s, insn, count, &c);
        tcg_string_advance(s, insn, TCG_RSI, c.n);
        tcg_string_advance(s, insn, TCG_RDI, c.n);
        tcg_string_counted(s, insn, c.n);
        set_flags(s, insn, &c);
        count -= c.n;
        if (count > 0 && !c.ended && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return tcg_string_done(c.plain);
}

static void scan(TcgState *s, const TcgInsn *insn, guint64 count, Comparison *c)
{
    TcgStringOperand b = { .reg = TCG_RDI, .segment = TCG_ES, .access = TCG_READ };
    guint size = insn->operand_size;

    tcg_string_reach(s, insn, &b, count);
    if (b.host) {
        compare_piece(s, insn, NULL, b.host, b.n, c);
    } else {
        compare_element(insn, c, c->a, tcg_load(s, b.linear, size, TCG_READ));
    }
}

TcgNext tcg_op_scas(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);
    Comparison c = { .a = tcg_reg_read(s, TCG_RAX, insn->operand_size, true), .plain = true };

    while (count > 0 && !c.ended) {
        scan(s, insn, count, &c);
        tcg_string_advance(s, insn, TCG_RDI, c.n);
        tcg_string_counted(s, insn, c.n);
        set_flags(s, insn, &c);
        count -= c.n;
        if (count > 0 && !c.ended && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return tcg_string_done(c.plain);
}
