/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of the x87, SSE and AVX registers: SDM vol. 1, sections 10.5 and 13.4.  The guest's
 * registers are in the host's while light code runs; see tcg/state.h.
 */
#ifndef TCG_FPU_H
#define TCG_FPU_H

#include "tcg/light.h"

/* Offsets in an image of FXSAVE or XSAVE. */
enum {
    FPU_FIP = 8,                /* last x87 instruction */
    FPU_FDP = 16,               /* and its operand */
    FPU_MXCSR = 24,
    FPU_MXCSR_MASK = 28,
    FPU_ST = 32,
    FPU_XMM = 160,
    FPU_LEGACY_SIZE = 512,
    FPU_HEADER = 512,           /* XSTATE_BV, XCOMP_BV, zeros */
    FPU_YMM = 576,              /* upper halves */
};

static inline guint32 tcg_get32(const guint8 *bytes)
{
    guint32 value;

    __builtin_memcpy(&value, bytes, 4);
    return value;
}

static inline guint64 tcg_get64(const guint8 *bytes)
{
    guint64 value;

    __builtin_memcpy(&value, bytes, 8);
    return value;
}

static inline void tcg_put32(guint8 *bytes, guint32 value)
{
    __builtin_memcpy(bytes, &value, 4);
}

static inline void tcg_put64(guint8 *bytes, guint64 value)
{
    __builtin_memcpy(bytes, &value, 8);
}

/* Replaces the host's pointers by the guest's in an image made by the host: those that the
 * guest loaded last, or zeros after another x87 instruction.  wide: REX.W. */
static inline void tcg_fpu_show_pointers(const TcgState *s, guint8 *image, bool wide)
{
    guint64 ip = tcg_get64(image + FPU_FIP), dp = tcg_get64(image + FPU_FDP);

    ip = ip == s->fpu_ip ? ip : 0;
    dp = dp == s->fpu_dp ? dp : 0;
    tcg_put64(image + FPU_FIP, wide ? ip : (guint32)ip);
    tcg_put64(image + FPU_FDP, wide ? dp : (guint32)dp);
}

/* The inverse, before the host loads a guest's image. */
static inline void tcg_fpu_take_pointers(TcgState *s, guint8 *image, bool wide)
{
    guint64 ip = tcg_get64(image + FPU_FIP), dp = tcg_get64(image + FPU_FDP);

    s->fpu_ip = wide ? ip : (guint32)ip;
    s->fpu_dp = wide ? dp : (guint32)dp;
    tcg_put64(image + FPU_FIP, s->fpu_ip);
    tcg_put64(image + FPU_FDP, s->fpu_dp);
}

/* Bytes first to last - 1; both are multiples of 8. */
static inline void tcg_fpu_copy(guint8 *to, const guint8 *from, guint first, guint last)
{
    for (guint i = first; i < last; i += 8) {
        tcg_put64(to + i, tcg_get64(from + i));
    }
}

/* An unmasked x87 exception is raised by the next x87 or MMX instruction, which is this one.
 * Without this check, C that accesses those registers would get the host's signal. */
static inline void tcg_fpu_wait(TcgState *s)
{
    guint16 status;

    __asm__ volatile("fnstsw %0" : "=a"(status));
    if (status & 1 << 7) {
        tcg_raise(s, TCG_MF);
    }
}

/* How many XMM registers code of this mode has. */
static inline guint tcg_fpu_registers(const TcgState *s)
{
    return tcg_is_64bit(s) ? 16 : 8;
}

/* Reserved bits of MXCSR: #GP.  mask is the host's; 0 means the default mask. */
static inline void tcg_fpu_check_mxcsr(TcgState *s, guint32 mxcsr, guint32 mask)
{
    if (mxcsr & ~(mask ? mask : 0xffbf)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

#endif
