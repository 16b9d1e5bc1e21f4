/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XSAVE, XSAVEOPT, XSAVEC, XRSTOR for the x87, SSE and AVX components: SDM vol. 1, chapter 13.
 * AVX is the first component after the header, so the standard and the compacted
 * layouts place it at the same offset.
 */
#include "config.h"
#include "tcg/fpu.h"
#include "tcg/ops.h"
#include "tcg/system.h"

enum {
    X87 = 1 << 0,
    SSE = 1 << 1,
    AVX = 1 << 2,
    ALL = X87 | SSE | AVX,
    HEADER_SIZE = 64,
    MXCSR_RESET = 0x1f80,
};

#define COMPACTED (1ull << 63)  /* in XCOMP_BV */

static guint64 aligned_operand(TcgState *s, const TcgInsn *insn, guint size, TcgAccess access)
{
    guint64 linear;

    if (!(s->cr4 & CR4_OSXSAVE)) {
        tcg_raise(s, TCG_UD);
    }
    if (s->cr0 & CR0_TS) {
        tcg_raise(s, TCG_NM);
    }
    linear = tcg_operand_linear(s, insn, size, access);
    if (linear & 63) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    return linear;
}

/* The requested-feature bitmap. */
static guint64 requested(const TcgState *s)
{
    return tcg_edx_eax(s) & s->xcr0;
}

/* n bytes, a multiple of 8. */
static void clear(guint8 *bytes, guint n)
{
    for (guint i = 0; i < n; i += 8) {
        tcg_put64(bytes + i, 0);
    }
}

/* Writes those of s->fpu_live's components; returns which of them are in use. */
static guint64 save_live(TcgState *s, guint64 components)
{
    clear(s->fpu_live + FPU_HEADER, HEADER_SIZE);
    __asm__ volatile("xsave64 (%0)"
                     :
                     : "r"(s->fpu_live), "a"((guint32)components), "d"(0)
                     : "memory");
    return tcg_get64(s->fpu_live + FPU_HEADER) & components;
}

/* ---- Saving ---- */

static void store_part(TcgState *s, guint64 linear, guint first, guint last)
{
    tcg_store_bytes(s, linear + first, s->fpu_live + first, last - first, TCG_WRITE);
}

static void store_components(TcgState *s, guint64 linear, guint64 components, bool mxcsr)
{
    guint n = 16 * tcg_fpu_registers(s);

    if (components & X87) {
        store_part(s, linear, 0, FPU_MXCSR);
        store_part(s, linear, FPU_ST, FPU_XMM);
    }
    if (mxcsr) {
        store_part(s, linear, FPU_MXCSR, FPU_ST);
    }
    if (components & SSE) {
        store_part(s, linear, FPU_XMM, FPU_XMM + n);
    }
    if (components & AVX) {
        store_part(s, linear, FPU_YMM, FPU_YMM + n);
    }
}

/* Checks the whole area and saves the live registers; returns its address. */
static guint64 prepare(TcgState *s, const TcgInsn *insn, guint64 components, guint64 *ret_in_use)
{
    guint size = components & AVX ? FPU_YMM + 256 : FPU_YMM;
    guint64 linear = aligned_operand(s, insn, size, TCG_WRITE);

    tcg_check_store(s, linear, size, TCG_WRITE);
    *ret_in_use = save_live(s, components);
    tcg_fpu_show_pointers(s, s->fpu_live, insn->operand_size == 8);
    return linear;
}

/* optimize: components in their initial state are left out. */
static TcgNext save(TcgState *s, const TcgInsn *insn, bool optimize)
{
    guint64 components = requested(s), in_use;
    guint64 linear = prepare(s, insn, components, &in_use);
    guint64 old = tcg_load(s, linear + FPU_HEADER, 8, TCG_READ);

    store_components(s, linear, optimize ? in_use : components, components & (SSE | AVX));
    tcg_store(s, linear + FPU_HEADER, (old & ~components) | in_use, 8, TCG_WRITE);
    return TCG_NEXT;
}

TcgNext tcg_op_xsave(TcgState *s, const TcgInsn *insn)
{
    return save(s, insn, false);
}

TcgNext tcg_op_xsaveopt(TcgState *s, const TcgInsn *insn)
{
    return save(s, insn, true);
}

TcgNext tcg_op_xsavec(TcgState *s, const TcgInsn *insn)
{
    guint64 components = requested(s), in_use;
    guint64 linear = prepare(s, insn, components, &in_use);

    if (components & SSE && tcg_get32(s->fpu_live + FPU_MXCSR) != MXCSR_RESET) {
        in_use |= SSE;
    }
    store_components(s, linear, in_use, in_use & SSE);
    tcg_store(s, linear + FPU_HEADER, in_use, 8, TCG_WRITE);
    tcg_store(s, linear + FPU_HEADER + 8, components | COMPACTED, 8, TCG_WRITE);
    return TCG_NEXT;
}

/* ---- Restoring ---- */

/* n bytes, a multiple of 8. */
static bool is_zero(const guint8 *bytes, guint n)
{
    guint64 any = 0;

    for (guint i = 0; i < n; i += 8) {
        any |= tcg_get64(bytes + i);
    }
    return any == 0;
}

/* SDM vol. 1, section 13.8. */
static bool is_header_valid(const TcgState *s, const guint8 *header)
{
    guint64 present = tcg_get64(header), compacted = tcg_get64(header + 8);

    if (!(compacted & COMPACTED)) {
        return !(present & ~s->xcr0) && is_zero(header + 8, 16);
    }
    return tcg_cpuid_has(s, TCG_CPUID_XSAVEC) && !(compacted & ~COMPACTED & ~s->xcr0) &&
           !(present & ~compacted) && is_zero(header + 16, HEADER_SIZE - 16);
}

/* MXCSR belongs to SSE, but the standard form also loads it with AVX, whether or not SSE
 * is in its initial state. */
static void load_mxcsr(TcgState *s, guint64 components, guint64 present)
{
    bool compacted = tcg_get64(s->fpu_image + FPU_HEADER + 8) & COMPACTED;
    guint32 value = tcg_get32(s->fpu_image + FPU_MXCSR);

    if (!(components & (compacted ? SSE : SSE | AVX))) {
        return;
    }
    if (compacted && !(present & SSE)) {
        value = MXCSR_RESET;
    }
    tcg_fpu_check_mxcsr(s, value, tcg_get32(s->fpu_live + FPU_MXCSR_MASK));
    tcg_put32(s->fpu_live + FPU_MXCSR, value);
}

/* n bytes of vector registers; 32-bit code does not change those that it lacks, so for it the
 * initial state is written explicitly. */
static void load_registers(TcgState *s, guint offset, bool is_present)
{
    guint n = 16 * tcg_fpu_registers(s);

    if (is_present) {
        tcg_fpu_copy(s->fpu_live, s->fpu_image, offset, offset + n);
    } else {
        clear(s->fpu_live + offset, n);
    }
}

static void load_x87(TcgState *s, const TcgInsn *insn, bool is_present)
{
    if (!is_present) {
        s->fpu_ip = s->fpu_dp = 0;
        return;
    }
    tcg_fpu_take_pointers(s, s->fpu_image, insn->operand_size == 8);
    tcg_fpu_copy(s->fpu_live, s->fpu_image, 0, FPU_MXCSR);
    tcg_fpu_copy(s->fpu_live, s->fpu_image, FPU_ST, FPU_XMM);
}

/* The guest's image into the host's registers. */
static void restore(TcgState *s, const TcgInsn *insn, guint64 components, guint64 present)
{
    guint64 loaded = present & components;

    save_live(s, ALL);
    load_mxcsr(s, components, present);
    if (components & X87) {
        load_x87(s, insn, present & X87);
    }
    if (components & SSE) {
        load_registers(s, FPU_XMM, present & SSE);
    }
    if (components & AVX) {
        load_registers(s, FPU_YMM, present & AVX);
    }
    if (!tcg_is_64bit(s)) {
        loaded |= components & (SSE | AVX);
    }
    clear(s->fpu_live + FPU_HEADER, HEADER_SIZE);
    tcg_put64(s->fpu_live + FPU_HEADER, loaded);
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(s->fpu_live), "a"((guint32)components), "d"(0)
                     : "memory");
    if ((components & (SSE | AVX)) != 0) {
        __asm__ volatile("ldmxcsr (%0)" : : "r"(s->fpu_live + FPU_MXCSR) : "memory");
    }
}

TcgNext tcg_op_xrstor(TcgState *s, const TcgInsn *insn)
{
    guint64 components = requested(s), present;
    guint64 linear = aligned_operand(s, insn, FPU_YMM, TCG_READ);

    tcg_load_bytes(s, linear, s->fpu_image, FPU_YMM, TCG_READ);
    if (!is_header_valid(s, s->fpu_image + FPU_HEADER)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    present = tcg_get64(s->fpu_image + FPU_HEADER);
    if (present & components & AVX) {
        tcg_load_bytes(s, linear + FPU_YMM, s->fpu_image + FPU_YMM, 256, TCG_READ);
    }
    restore(s, insn, components, present);
    return TCG_NEXT;
}
