/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MOVS, STOS, LODS: SDM vol. 2, by name, and REP.
 *
 * Repeated ones work by pieces that lie in one page at either side, with the host's own
 * instruction of the same element size: so elements that overlap come out as they would.
 * What is no plain memory goes element by element.  Registers are current after each piece,
 * so that a fault or an interrupt finds them as the manual says.
 */
#include "tcg/op-sys.h"
#include "tcg/string.h"
#include "tcg/tlb.h"

/* ---- Pieces ---- */

/* Elements that fit below a bound, from offset upward. */
static guint64 fitting(guint64 offset, guint64 end, guint size)
{
    return offset < end ? (end - offset) / size : 0;
}

/* As far as the segment reaches, outside of 64-bit mode; offsets wrap at the address size. */
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

/* Where the present element is on the host, if it is plain memory that may be accessed so. */
static guint8 *host_memory(TcgState *s, const TcgStringOperand *operand)
{
    guint8 *host = tcg_tlb_find(s, operand->linear, 1, operand->access);
    bool is_write = operand->access & TCG_WRITE;
    TcgPage page;

    if (host) {
        return host;
    }
    if (!tcg_walk(s, operand->linear, operand->access, &page) || !page.page ||
        (is_write && page.flags & (TCG_PAGE_ROM | TCG_PAGE_CODE | TCG_PAGE_LOG))) {
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
    if (count > 1 && !(s->mode & (TCG_MODE_STEP | TCG_MODE_ALIGN))) {
        operand->n = tcg_string_span(s, insn, operand, count);
        operand->host = operand->n > 0 ? host_memory(s, operand) : NULL;
    }
}

/* The host's direction flag is clear but for the piece itself. */
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

static void copy_piece(guint8 *to, const guint8 *from, guint64 n, guint size, bool down)
{
    const guint64 value = 0;

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

/* One piece or element; returns how many elements it did. */
static guint64 move(TcgState *s, const TcgInsn *insn, guint64 count)
{
    TcgStringOperand from = { .reg = TCG_RSI, .segment = insn->segment, .access = TCG_READ };
    TcgStringOperand to = { .reg = TCG_RDI, .segment = TCG_ES, .access = TCG_WRITE };
    guint size = insn->operand_size;
    guint64 n;

    tcg_string_reach(s, insn, &from, count);
    tcg_string_reach(s, insn, &to, count);
    if (!from.host || !to.host) {
        tcg_store(s, to.linear, tcg_load(s, from.linear, size, TCG_READ), size, TCG_WRITE);
        return 1;
    }
    n = from.n < to.n ? from.n : to.n;
    copy_piece(to.host, from.host, n, size, tcg_string_down(s));
    return n;
}

static guint64 fill(TcgState *s, const TcgInsn *insn, guint64 count)
{
    TcgStringOperand to = { .reg = TCG_RDI, .segment = TCG_ES, .access = TCG_WRITE };

    tcg_string_reach(s, insn, &to, count);
    if (!to.host) {
        tcg_store(s, to.linear, s->gpr[TCG_RAX], insn->operand_size, TCG_WRITE);
        return 1;
    }
    fill_piece(to.host, s->gpr[TCG_RAX], to.n, insn->operand_size, tcg_string_down(s));
    return to.n;
}

static guint64 load(TcgState *s, const TcgInsn *insn)
{
    TcgStringOperand from = { .reg = TCG_RSI, .segment = insn->segment, .access = TCG_READ };

    tcg_string_reach(s, insn, &from, 1);
    tcg_reg_write(s, TCG_RAX, tcg_load(s, from.linear, insn->operand_size, TCG_READ),
                  insn->operand_size, true);
    return 1;
}

TcgNext tcg_op_movs(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);

    while (count > 0) {
        guint64 n = move(s, insn, count);

        tcg_string_advance(s, insn, TCG_RSI, n);
        tcg_string_advance(s, insn, TCG_RDI, n);
        tcg_string_counted(s, insn, n);
        count -= n;
        if (count > 0 && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return TCG_NEXT;
}

TcgNext tcg_op_stos(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);

    while (count > 0) {
        guint64 n = fill(s, insn, count);

        tcg_string_advance(s, insn, TCG_RDI, n);
        tcg_string_counted(s, insn, n);
        count -= n;
        if (count > 0 && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return TCG_NEXT;
}

TcgNext tcg_op_lods(TcgState *s, const TcgInsn *insn)
{
    guint64 count = tcg_string_count(s, insn);

    while (count > 0) {
        guint64 n = load(s, insn);

        tcg_string_advance(s, insn, TCG_RSI, n);
        tcg_string_counted(s, insn, n);
        count -= n;
        if (count > 0 && tcg_string_interrupted(s)) {
            return TCG_LEAVE;
        }
    }
    return TCG_NEXT;
}
