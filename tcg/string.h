/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What string instructions share: SDM vol. 1, section 7.3.9; vol. 2, REP.  Light.
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
    guint64 linear;             /* of the present element */
    guint8 *host;               /* and where it is on the host, or NULL: element by element */
    guint64 n;                  /* that many elements from it on are in this page of the host */
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

/* What comes after it: plain memory neither changes what is translated nor runs heavy code. */
static inline TcgNext tcg_string_done(bool was_plain)
{
    return was_plain ? TCG_GO_ON : TCG_NEXT;
}

/* Whether it has to be left though elements remain: rip stays, and it goes on later. */
static inline bool tcg_string_interrupted(const TcgState *s)
{
    return __atomic_load_n(&s->pending, __ATOMIC_RELAXED) || s->mode & TCG_MODE_STEP;
}

/* Elements from the present one on that lie in one page and within the segment, upward or
 * downward as DF says, at most count.  0: the present one does not, as a whole. */
guint64 tcg_string_span(const TcgState *s, const TcgInsn *insn, const TcgStringOperand *operand,
                        guint64 count);
/* Fills in the rest of an operand; raises what an access to the present element raises. */
void tcg_string_reach(TcgState *s, const TcgInsn *insn, TcgStringOperand *operand, guint64 count);

#endif
