/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of an x86 CPU after RESET or INIT: SDM vol. 3A, section 10.1.1 and
 * table 10-1 ("IA-32 and Intel 64 Processor States Following Power-up, Reset,
 * or INIT"), vol. 3A section 11.4.4 for the local APIC's base.
 */
#include "config.h"
#include "cpu/x86-state.h"

#include "qmp/bytes.h"

enum {
    CR0_ET = 1 << 4,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30,
    RFLAGS_FIXED = 1 << 1,
    SEGMENT_DATA_WRITABLE_ACCESSED = 3,
    SEGMENT_CODE_READABLE_ACCESSED = 11,
    SYSTEM_LDT = 2,
    SYSTEM_TSS32_BUSY = 11,
};

/* XSAVE image: SDM vol. 1, table 10-2.  The control word is FNINIT's. */
enum {
    XSAVE_FCW = 0,
    XSAVE_MXCSR = 24,
    FCW_INIT = 0x37f,
    MXCSR_INIT = 0x1f80,
};

#define APIC_BASE_ADDRESS 0xfee00000u
#define APIC_BASE_BSP     (1u << 8)
#define APIC_BASE_ENABLE  (1u << 11)
#define FIRST_SIGNATURE   0x600u        /* EDX: a family 6 processor */
#define DR6_INIT          0xffff0ff0u
#define DR7_INIT          0x400u
#define XCR0_INIT         1u            /* x87 */
#define PAT_INIT          0x0007040600070406u
#define MISC_ENABLE_INIT  1u            /* fast strings */

static X86Segment real_mode_segment(guint8 type)
{
    return (X86Segment){ .limit = 0xffff, .type = type, .s = 1, .p = 1 };
}

void x86_state_reset(X86CpuState *state, bool bsp)
{
    *state = (X86CpuState){
        .rip = 0xfff0,
        .rflags = RFLAGS_FIXED,
        .tr = { .limit = 0xffff, .type = SYSTEM_TSS32_BUSY, .p = 1 },
        .ldt = { .limit = 0xffff, .type = SYSTEM_LDT, .p = 1 },
        .gdt = { .limit = 0xffff },
        .idt = { .limit = 0xffff },
        .cr0 = CR0_ET | CR0_NW | CR0_CD,
        .apic_base = APIC_BASE_ADDRESS | APIC_BASE_ENABLE | (bsp ? APIC_BASE_BSP : 0),
        .wait_for_sipi = !bsp,
        .xcr0 = XCR0_INIT,
        .dr = { [6] = DR6_INIT, [7] = DR7_INIT },
        .msrs = { .pat = PAT_INIT, .misc_enable = MISC_ENABLE_INIT },
    };
    put_le(state->xsave + XSAVE_FCW, FCW_INIT, 2);
    put_le(state->xsave + XSAVE_MXCSR, MXCSR_INIT, 4);
    state->gpr[X86_RDX] = FIRST_SIGNATURE;
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        state->segment[i] = real_mode_segment(SEGMENT_DATA_WRITABLE_ACCESSED);
    }
    state->segment[X86_CS] = real_mode_segment(SEGMENT_CODE_READABLE_ACCESSED);
    state->segment[X86_CS].selector = 0xf000;
    state->segment[X86_CS].base = 0xffff0000;
}
