/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MOVS, STOS, LODS: SDM vol. 2, by name, and REP.
 *
 * Repeated ones work in pieces within one page on either side, with the host's own
 * instruction of the same element size, so overlapping elements give the right result.
 * Other than plain memory is accessed element by element.  Registers are updated after each
 * piece, so that a fault or an interrupt finds them in the architectural state.
 */
#include "config.h"
#include "tcg/memory.h"
#include "tcg/ops.h"
#include "tcg/string.h"
#include "tcg/tlb.h"

/* ---- Pieces ---- */

/* Elements that fit below a bound, from offset upward. */
static guint64 fitting(guint64 offset, guint64 end, guint size)
{
    return offset < end ? (end - offset) / size : 0;
}

/* As far as the segment reaches, outside 64-bit mode; offsets wrap at the address size. */
static guint64 segment_end(const TcgState *s, const TcgInsn *insn, const TcgStringOperand *operand)
{
    const TcgSegment *segment = &s->segment[operand->segment];
    guint64 end = operand->access & TCG_WRITE ? segment->end_write : segment->end_read;
    guint64 wrap = tcg_size_mask(insn->address_size) + 1;

    if (tcg_is_64bit(s)) {
        return insn->address_size == 8 ? ~0ull : wrap;
    }
    return end < wrap ? end : wrap;
}

guint64 tcg_string_span(const TcgState *s, const TcgInsn *insn, const TcgStringOperand *operand,
                        guint64 count)
{
    guint64 offset = s->gpr[operand->reg] & tcg_size_mask(insn->address_size);
    guint64 in_page = operand->linear & 0xfff;
    guint64 end = segment_end(s, insn, operand);
    guint size = insn->operand_size;
    guint64 n = fitting(in_page, 4096, size), within = fitting(offset, end, size);

    n = n < within ? n : within;
    if (n > 0 && tcg_string_down(s)) {
        guint64 below = in_page < offset ? in_page : offset;

        n = below / size + 1;
    }
    return n < count ? n : count;
}

/* The host address of the current element, if it is plain memory with the needed access. */
static guint8 *host_memory(TcgState *s, const TcgStringOperand *operand)
{
    guint8 *host = tcg_tlb_find(s, operand->linear, 1, operand->access);
    bool is_write = operand->access & TCG_WRITE;
    TcgPage page;

    if (host) {
        return host;
    }
    if (!tcg_walk(s, operand->linear, operand->access, &page) || !page.page ||
        (is_write && (page.flags || tcg_page_claim(s, page.phys)))) {
        return NULL;
    }
    return page.page + (operand->linear & 0xfff);
}

void tcg_string_reach(TcgState *s, const TcgInsn *insn, TcgStringOperand *operand, guint64 count)
{
    guint64 offset = s->gpr[operand->reg] & tcg_size_mask(insn->address_size);

    operand->linear = tcg_linear(s, operand->segment, offset, insn->operand_size, operand->access);
    operand->n = 0;
    operand->host = NULL;
    if (!(s->mode & (TCG_MODE_STEP | TCG_MODE_ALIGN))) {
        operand->n = tcg_string_span(s, insn, operand, count);
        operand->host = operand->n > 0 ? host_memory(s, operand) : NULL;
    }
}

/* The host's direction flag is clear except for the piece itself. */
#define REPEAT(what) \
    do { \
        if (down) { \
            __asm__ volatile("std; rep " what "; cld" \
                             : "+S"(from), "+D"(to), "+c"(n) \
                             : "a"(value) \
                             : "memory", "cc"); \
        } else { \
            __asm__ volatile("rep " what \
                             : "+S"(from), "+D"(to), "+c"(n) \
                             : "a"(value) \
                             : "memory"); \
        } \
    } while (0)

static void copy_one(guint8 *to, const guint8 *from, guint size)
{
    switch (size) {
    case 1:
        *to = *from;
        break;
    case 2:
        __builtin_memcpy(to, from, 2);
        break;
    case 4:
        __builtin_memcpy(to, from, 4);
        break;
    default:
        __builtin_memcpy(to, from, 8);
        break;
    }
}

static void copy_piece(guint8 *to, const guint8 *from, guint64 n, guint size, bool down)
{
    const guint64 value = 0;

    if (n == 1) {
        copy_one(to, from, size);
        return;
    }
    switch (size) {
    case 1:
        REPEAT("movsb");
        break;
    case 2:
        REPEAT("movsw");
        break;
    case 4:
        REPEAT("movsl");
        break;
    default:
        REPEAT("movsq");
        break;
    }
}

static void fill_piece(guint8 *to, guint64 value, guint64 n, guint size, bool down)
{
    const guint8 *from = NULL;

    if (n == 1) {
        copy_one(to, (const guint8 *)&value, size);
        return;
    }
    switch (size) {
    case 1:
        REPEAT("stosb");
        break;
    case 2:
        REPEAT("stosw");
        break;
    case 4:
        REPEAT("stosl");
        break;
    default:
        REPEAT("stosq");
        break;
    }
}

/* ---- Instructions ---- */

/* How far a repeated instruction got. */
typedef struct {
    guint64 n;                  /* elements of this piece */
    bool plain;                 /* only plain memory was accessed */
} Progress;

/* One piece or element. */
static void move(TcgState *s, const TcgInsn *insn, guint64 count, Progress *p)
{
    TcgStringOperand from = { .reg = TCG_RSI, .segment = insn->segment, .access = TCG_READ };
    TcgStringOperand to = { .reg = TCG_RDI, .segment = TCG_ES, .access = TCG_WRITE };
    guint size = insn->operand_size;

    tcg_string_reach(s, insn, &from, count);
    tcg_string_reach(s, insn, &to, count);
    if (!from.host || !to.host) {
        tcg_store(s, to.linear, tcg_load(s, from.linear, size, TCG_READ), size, TCG_WRITE);
        *p = (Progress){ .n = 1 };
        return;
    }
    p->n = from.n < to.n ? from.n : to.n;
    copy_piece(to.host, from.host, p->n, size, tcg_string_down(s));
}

static void fill(TcgState *s, const TcgInsn *insn, guint64 count, Progress *p)
{
    TcgStringOperand to = { .reg = TCG_RDI, .segment = TCG_ES, .access = TCG_WRITE };

    tcg_string_reach(s, insn, &to, count);
    if (!to.host) {
        tcg_store(s, to.linear, s->gpr[TCG_RAX], insn->operand_size, TCG_WRITE);
        *p = (Progress){ .n = 1 };
        return;
    }
    p->n = to.n;
    fill_piece(to.host, s->gpr[TCG_RAX], p->n, insn->operand_size, tcg_string_down(s));
}

static void load(TcgState *s, const TcgInsn *insn, Progress *p)
{
    TcgStringOperand from = { .reg = TCG_RSI, .segment = insn->segment, .access = TCG_READ };
    guint64 value = 0;

    tcg_string_reach(s, insn, &from, 1);
    p->n = 1;
    if (from.host) {
        copy_one((guint8 *)&value, from.host, insn->operand_size);
    } else {
        p->plain = false;
        value = tcg_load(s, from.linear, insn->operand_size, TCG_READ);
    }
    tcg_reg_write(s, TCG_RAX, value, insn->operand_size, true);
}

TcgNext tcg_op_movs(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);
    Progress p = { .plain = true };

    while (count > 0) {
        move(s, insn, count, &p);
        tcg_string_advance(s, insn, TCG_RSI, p.n);
        tcg_string_advance(s, insn, TCG_RDI, p.n);
        tcg_string_counted(s, insn, p.n);
        count -= p.n;
        if (count > 0 && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return tcg_string_done(p.plain);
}

TcgNext tcg_op_stos(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);
    Progress p = { .plain = true };

    while (count > 0) {
        fill(s, insn, count, &p);
        tcg_string_advance(s, insn, TCG_RDI, p.n);
        tcg_string_counted(s, insn, p.n);
        count -= p.n;
        if (count > 0 && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return tcg_string_done(p.plain);
}

TcgNext tcg_op_lods(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);
    Progress p = { .plain = true };

    while (count > 0) {
        load(s, insn, &p);
        tcg_string_advance(s, insn, TCG_RSI, p.n);
        tcg_string_counted(s, insn, p.n);
        count -= p.n;
        if (count > 0 && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return tcg_string_done(p.plain);
}
