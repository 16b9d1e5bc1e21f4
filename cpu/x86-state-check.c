/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register values that no x86 CPU can have, however it was programmed: SDM vol.  3A,
 * sections 2.5 (control registers), 2.3 (RFLAGS), 3.4.5 (segments), 18.2 (debug registers);
 * vol.  1, sections 10.2.3 (MXCSR) and 13.3 (XCR0).  An instruction that loads such a
 * value would fault; a host that executes for the guest must not.
 */
#include "config.h"
#include "cpu/x86-state.h"

#include <string.h>

#define CR0_PE          (G_GUINT64_CONSTANT(1) << 0)
#define CR0_NW          (G_GUINT64_CONSTANT(1) << 29)
#define CR0_CD          (G_GUINT64_CONSTANT(1) << 30)
#define CR0_PG          (G_GUINT64_CONSTANT(1) << 31)
#define CR4_PAE         (G_GUINT64_CONSTANT(1) << 5)
#define CR4_KNOWN       G_GUINT64_CONSTANT(0x111ffffff)
#define EFER_LME        (G_GUINT64_CONSTANT(1) << 8)
#define EFER_LMA        (G_GUINT64_CONSTANT(1) << 10)
#define RFLAGS_FIXED    G_GUINT64_CONSTANT(2)
#define RFLAGS_KNOWN    G_GUINT64_CONSTANT(0x3f7fd7)
#define UPPER_HALF      (~G_GUINT64_CONSTANT(0xffffffff))

enum { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4, XSAVE_MXCSR = 24, MXCSR_RESERVED = 16 };

static bool segment_ok(const X86Segment *segment)
{
    return segment->type <= 15 && segment->dpl <= 3 && segment->s <= 1 && segment->p <= 1 &&
           segment->avl <= 1 && segment->l <= 1 && segment->db <= 1 && segment->g <= 1;
}

static bool segments_ok(const X86CpuState *state)
{
    bool ok = segment_ok(&state->tr) && segment_ok(&state->ldt);

    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        ok = ok && segment_ok(&state->segment[i]);
    }
    return ok;
}

static bool cr0_ok(guint64 cr0)
{
    return !(cr0 & UPPER_HALF) && (!(cr0 & CR0_PG) || cr0 & CR0_PE) &&
           (!(cr0 & CR0_NW) || cr0 & CR0_CD);
}

/* Long mode is active exactly if it is enabled and paging is on. */
static bool efer_ok(const X86CpuState *state)
{
    bool active = state->efer & EFER_LMA;

    return active == (state->efer & EFER_LME && state->cr0 & CR0_PG) &&
           (!active || state->cr4 & CR4_PAE);
}

static bool xcr0_ok(guint64 xcr0)
{
    return xcr0 & XCR0_X87 && (!(xcr0 & XCR0_AVX) || xcr0 & XCR0_SSE);
}

static bool mxcsr_ok(const X86CpuState *state)
{
    guint32 mxcsr;

    memcpy(&mxcsr, state->xsave + XSAVE_MXCSR, sizeof(mxcsr));
    return !(GUINT32_FROM_LE(mxcsr) >> MXCSR_RESERVED);
}

const char *x86_state_wrong(const X86CpuState *state)
{
    const struct {
        const char *what;
        bool ok;
    } checks[] = {
        { "a segment register", segments_ok(state) },
        { "rflags", !(state->rflags & ~RFLAGS_KNOWN) && state->rflags & RFLAGS_FIXED },
        { "cr0", cr0_ok(state->cr0) },
        { "cr4", !(state->cr4 & ~CR4_KNOWN) },
        { "cr8", state->cr8 <= 15 },
        { "efer", efer_ok(state) },
        { "xcr0", xcr0_ok(state->xcr0) },
        { "mxcsr", mxcsr_ok(state) },
        { "dr6", !(state->dr[6] & UPPER_HALF) },
        { "dr7", !(state->dr[7] & UPPER_HALF) },
    };

    for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (!checks[i].ok) {
            return checks[i].what;
        }
    }
    return NULL;
}
