/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic flags of results, in the bits of EFLAGS: SDM vol. 1, section 3.4.3.1.
 */
#ifndef TCG_FLAGS_H
#define TCG_FLAGS_H

#include "tcg/insn.h"

/* SF, ZF and PF. */
static inline guint32 tcg_flags_szp(guint64 value, guint size)
{
    guint8 low = value;

    low ^= low >> 4;
    low ^= low >> 2;
    low ^= low >> 1;
    value &= tcg_size_mask(size);
    return (value >> (8 * size - 1) ? EFLAGS_SF : 0) | (value ? 0 : EFLAGS_ZF) |
           (low & 1 ? 0 : EFLAGS_PF);
}

/* All six, of a - b. */
static inline guint32 tcg_flags_sub(guint64 a, guint64 b, guint size)
{
    guint64 value;

    a &= tcg_size_mask(size);
    b &= tcg_size_mask(size);
    value = a - b;
    return tcg_flags_szp(value, size) | (a < b ? EFLAGS_CF : 0) |
           ((a ^ b ^ value) & 0x10 ? EFLAGS_AF : 0) |
           (((a ^ b) & (a ^ value)) >> (8 * size - 1) & 1 ? EFLAGS_OF : 0);
}

#endif
