/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Common code of string instructions: SDM vol.  1, section 7.3.9; vol.  2, REP.
 * Light.
 */
#ifndef TCG_STRING_H
#define TCG_STRING_H

#include "tcg/insn.h"

/* One operand of a string instruction: its register runs up or down. */
typedef struct {
    guint reg;                  /* TCG_RSI or TCG_RDI */
    guint segment;
    TcgAccess access;
    /* By tcg_string_reach(): */
    guint64 linear;             /* of the current element */
    guint8 *host;               /* its host address, or NULL: element by element */
    guint64 n;                  /* how many elements from it on are in this host page */
} TcgStringOperand;

static inline bool tcg_string_down(const TcgState *s)
{
    return s->eflags & EFLAGS_DF;
}

static inline bool tcg_string_repeats(const TcgInsn *insn)
{
    return insn->rep || insn->repne;
}

/* How many elements are left: rCX, or one. */
static inline guint64 tcg_string_count(const TcgState *s, const TcgInsn *insn)
{
    return tcg_string_repeats(insn) ? s->gpr[TCG_RCX] & tcg_size_mask(insn->address_size) : 1;
}

/* Moves an operand's register by n elements. */
static inline void tcg_string_advance(TcgState *s, const TcgInsn *insn, guint reg, guint64 n)
{
    guint64 by = n * insn->operand_size;

    tcg_reg_write(s, reg, s->gpr[reg] + (tcg_string_down(s) ? -by : by), insn->address_size, true);
}

/* Takes n elements off rCX. */
static inline void tcg_string_counted(TcgState *s, const TcgInsn *insn, guint64 n)
{
    if (tcg_string_repeats(insn)) {
        tcg_reg_write(s, TCG_RCX, s->gpr[TCG_RCX] - n, insn->address_size, true);
    }
}

/* The result: plain memory neither changes translations nor runs heavy code. */
static inline TcgNext tcg_string_done(bool was_plain)
{
    return was_plain ? TCG_GO_ON : TCG_NEXT;
}

/* Whether to stop although elements remain: rip stays, and the instruction continues later. */
static inline bool tcg_string_interrupted(const TcgState *s)
{
    return __atomic_load_n(&s->pending, __ATOMIC_RELAXED) || s->mode & TCG_MODE_STEP;
}

/* How many elements from the current one on are in one page and within the segment,
 * upward or downward by DF, at most count.  0: the current one is not entirely. */
guint64 tcg_string_span(const TcgState *s, const TcgInsn *insn, const TcgStringOperand *operand,
                        guint64 count);
/* Fills in the rest of an operand; raises the faults of an access to the current element. */
void tcg_string_reach(TcgState *s, const TcgInsn *insn, TcgStringOperand *operand, guint64 count);

#endif
