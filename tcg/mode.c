/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mode word, and EFLAGS beyond the arithmetic ones.
 */
#include "config.h"
#include "tcg/insn.h"

static bool is_flat_data(const TcgSegment *segment)
{
    return segment->base == 0 && segment->end_read == 1ull << 32 &&
           segment->end_write == 1ull << 32;
}

static bool is_flat(const TcgState *s)
{
    const TcgSegment *cs = &s->segment[TCG_CS];

    return cs->base == 0 && cs->limit == 0xffffffff && is_flat_data(&s->segment[TCG_DS]) &&
           is_flat_data(&s->segment[TCG_ES]) && is_flat_data(&s->segment[TCG_SS]);
}

static guint32 code_mode(const TcgState *s)
{
    guint32 cs = s->segment[TCG_CS].attributes;
    guint32 stack = s->segment[TCG_SS].attributes & SEG_DB ? TCG_MODE_STACK32 : 0;

    if (s->efer & EFER_LMA && cs & SEG_L) {
        return TCG_MODE_CODE64 | TCG_MODE_FLAT;
    }
    return (cs & SEG_DB ? TCG_MODE_CODE32 : 0) | stack | (is_flat(s) ? TCG_MODE_FLAT : 0);
}

/* SDM vol. 3A, sections 2.5 and 13.1: which of these are enabled. */
static guint32 vector_mode(const TcgState *s)
{
    bool ts = s->cr0 & CR0_TS;
    guint32 mode = ts && s->cr0 & CR0_MP ? 0 : TCG_MODE_WAIT;

    if (!ts && !(s->cr0 & CR0_EM)) {
        mode |= TCG_MODE_X87 | (s->cr4 & CR4_OSFXSR ? TCG_MODE_SSE : 0);
    }
    if (!ts && s->cr4 & CR4_OSXSAVE && (s->xcr0 & 6) == 6 && s->cr0 & CR0_PE &&
        !(s->eflags & EFLAGS_VM)) {
        mode |= TCG_MODE_AVX;
    }
    return mode;
}

static guint32 privilege_mode(const TcgState *s, guint cpl)
{
    bool v86 = s->eflags & EFLAGS_VM;
    guint32 mode = cpl << TCG_MODE_CPL_SHIFT | (s->cr0 & CR0_PE ? TCG_MODE_PROTECTED : 0);

    mode |= v86 ? TCG_MODE_V86 : 0;
    if (cpl < 3 && s->cr4 & CR4_SMAP && s->eflags & EFLAGS_AC) {
        mode |= TCG_MODE_AC;
    }
    if (cpl == 3 && s->cr0 & CR0_AM && s->eflags & EFLAGS_AC) {
        mode |= TCG_MODE_ALIGN;
    }
    if (!v86 && cpl <= (s->eflags & EFLAGS_IOPL) >> 12) {
        mode |= TCG_MODE_IOPL;
    }
    return mode;
}

static guint present_cpl(const TcgState *s)
{
    if (!(s->cr0 & CR0_PE)) {
        return 0;
    }
    return s->eflags & EFLAGS_VM ? 3
                                 : (s->segment[TCG_SS].attributes & SEG_DPL) >> SEG_DPL_SHIFT;
}

void tcg_mode_update(TcgState *s)
{
    guint32 mode = code_mode(s) | vector_mode(s) | privilege_mode(s, present_cpl(s));

    if (s->eflags & (EFLAGS_TF | EFLAGS_RF) || s->dr[7] & 0xff) {
        mode |= TCG_MODE_STEP;
    }
    s->mode = mode;
}

void tcg_set_eflags(TcgState *s, guint32 eflags, guint32 mask)
{
    guint32 value = (tcg_eflags(s) & ~mask) | (eflags & mask);
    bool enabled = value & ~s->eflags & EFLAGS_IF;

    s->eflags = (value & ~(guint32)EFLAGS_ARITHMETIC) | EFLAGS_FIXED;
    tcg_set_arithmetic(s, value);
    tcg_mode_update(s);
    if (enabled) {
        tcg_reconsider(s);
    }
}

guint64 tcg_ip_mask(const TcgState *s, guint64 ip)
{
    return s->mode & TCG_MODE_CODE64 ? ip : s->mode & TCG_MODE_CODE32 ? (guint32)ip : ip & 0xffff;
}

void tcg_reconsider(TcgState *s)
{
    __atomic_store_n(&s->pending, 1, __ATOMIC_RELAXED);
}
