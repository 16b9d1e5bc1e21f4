/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control registers and XCR0: SDM vol. 3A, sections 2.5 and 2.6; vol. 2, MOV to and
 * from control registers, LMSW, SMSW, CLTS, XGETBV, XSETBV.
 */
#include "config.h"
#include "tcg/insn.h"
#include "tcg/ops.h"
#include "tcg/system.h"
#include "tcg/tcg-accel.h"

/* Writes of other bits of CR0 are ignored, except above bit 31. */
#define CR0_WRITABLE \
    ((guint64)CR0_PG | CR0_CD | CR0_NW | CR0_AM | CR0_WP | CR0_NE | CR0_TS | CR0_EM | CR0_MP | \
     CR0_PE)

/* ---- CR0 ---- */

/* The four entries that PAE paging loads into registers: SDM vol. 3A, section 4.4.1. */
static void check_pdptes(TcgState *s, guint64 cr3)
{
    if (!tcg_pdptes_valid(s, cr3)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

static bool is_pae(guint64 cr0, guint64 cr4, guint64 efer)
{
    return cr0 & CR0_PG && cr4 & CR4_PAE && !(efer & EFER_LMA);
}

static void check_cr0(TcgState *s, guint64 value)
{
    bool paging = value & CR0_PG, was_paging = s->cr0 & CR0_PG;

    if (value >> 32 || (paging && !(value & CR0_PE)) || (value & CR0_NW && !(value & CR0_CD))) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    if (paging && !was_paging && s->efer & EFER_LME &&
        (!(s->cr4 & CR4_PAE) || s->segment[TCG_CS].attributes & SEG_L)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    if (!paging && was_paging && (tcg_is_64bit(s) || s->cr4 & CR4_PCIDE)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

static void write_cr0(TcgState *s, guint64 value)
{
    guint64 efer, changed;

    check_cr0(s, value);
    value = (value & CR0_WRITABLE) | CR0_ET;
    changed = value ^ s->cr0;
    efer = s->efer & ~(guint64)EFER_LMA;
    efer |= value & CR0_PG && efer & EFER_LME ? EFER_LMA : 0;
    if (is_pae(value, s->cr4, efer) && changed & (CR0_PG | CR0_CD | CR0_NW)) {
        check_pdptes(s, s->cr3);
    }
    s->cr0 = value;
    s->efer = efer;
    if (changed & (CR0_PG | CR0_PE | CR0_WP | CR0_CD | CR0_NW)) {
        tcg_tlb_flush(s);
    }
    tcg_mode_update(s);
}

/* ---- CR3 and CR4 ---- */

static void write_cr3(TcgState *s, guint64 value)
{
    if (s->efer & EFER_LMA && value & ~(s->phys_mask | 0xfff)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    if (is_pae(s->cr0, s->cr4, s->efer)) {
        check_pdptes(s, value);
    }
    s->cr3 = value;
    tcg_tlb_flush_local(s);
}

typedef struct {
    guint32 mask;               /* bits of CR4 */
    guint32 leaf;               /* and the CPUID bit that allows them */
    guint8 reg, bit;
} Cr4Bit;

static const Cr4Bit cr4_bits[] = {
    { CR4_VME | CR4_PVI, 1, TCG_EDX, 1 },
    { CR4_TSD, 1, TCG_EDX, 4 },
    { CR4_DE, 1, TCG_EDX, 2 },
    { CR4_PSE, 1, TCG_EDX, 3 },
    { CR4_PAE, 1, TCG_EDX, 6 },
    { CR4_MCE, 1, TCG_EDX, 7 },
    { CR4_PGE, 1, TCG_EDX, 13 },
    { CR4_OSFXSR, 1, TCG_EDX, 24 },
    { CR4_OSXMMEXCPT, 1, TCG_EDX, 25 },
    { CR4_OSXSAVE, 1, TCG_ECX, 26 },
    { CR4_PCIDE, 1, TCG_ECX, 17 },
    { CR4_FSGSBASE, 7, TCG_EBX, 0 },
    { CR4_SMEP, 7, TCG_EBX, 7 },
    { CR4_SMAP, 7, TCG_EBX, 20 },
    { CR4_UMIP, 7, TCG_ECX, 2 },
};

static guint64 cr4_allowed(const TcgState *s)
{
    guint64 allowed = CR4_PCE;

    for (guint i = 0; i < G_N_ELEMENTS(cr4_bits); i++) {
        const Cr4Bit *bit = &cr4_bits[i];

        allowed |= tcg_cpuid_has(s, bit->leaf, 0, bit->reg, bit->bit) ? bit->mask : 0;
    }
    return allowed;
}

static void check_cr4(TcgState *s, guint64 value)
{
    bool sets_pcide = value & ~s->cr4 & CR4_PCIDE;

    if (value & ~cr4_allowed(s) || (s->efer & EFER_LMA && !(value & CR4_PAE)) ||
        (sets_pcide && (!(s->efer & EFER_LMA) || s->cr3 & 0xfff))) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

static void write_cr4(TcgState *s, guint64 value)
{
    guint64 changed = value ^ s->cr4;

    check_cr4(s, value);
    if (is_pae(s->cr0, value, s->efer) && changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)) {
        check_pdptes(s, s->cr3);
    }
    s->cr4 = value;
    if (changed & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP)) {
        tcg_tlb_flush(s);
    }
    tcg_mode_update(s);
}

/* ---- CR8: the local APIC's task priority ---- */

static guint64 get_tpr(TcgState *s, void *argument)
{
    return tcg_apic_tpr(s->vcpu);
}

static guint64 set_tpr(TcgState *s, void *argument)
{
    tcg_apic_set_tpr(s->vcpu, *(const guint64 *)argument);
    return 0;
}

static void write_cr8(TcgState *s, guint64 value)
{
    if (value >> 4) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_heavy(s, set_tpr, &value);
    tcg_reconsider(s);
}

/* ---- Instructions ---- */

/* Before any other check: rejects a register that does not exist. */
static void require_register(TcgState *s, guint reg)
{
    if (reg == 1 || (reg > 4 && reg != 8) || (reg == 8 && !tcg_is_64bit(s))) {
        tcg_raise(s, TCG_UD);
    }
}

TcgNext tcg_op_mov_to_cr(TcgState *s, const TcgInsn *insn)
{
    guint64 value = tcg_reg_read(s, insn->rm, tcg_is_64bit(s) ? 8 : 4, true);

    require_register(s, insn->reg);
    tcg_require_cpl0(s);
    switch (insn->reg) {
    case 0:
        write_cr0(s, value);
        break;
    case 2:
        s->cr2 = value;
        break;
    case 3:
        write_cr3(s, value);
        break;
    case 4:
        write_cr4(s, value);
        break;
    default:
        write_cr8(s, value);
        break;
    }
    tcg_serialize();
    return TCG_NEXT;
}

TcgNext tcg_op_mov_from_cr(TcgState *s, const TcgInsn *insn)
{
    guint64 value;

    require_register(s, insn->reg);
    tcg_require_cpl0(s);
    if (insn->reg == 8) {
        value = tcg_heavy(s, get_tpr, NULL);
    } else {
        value = insn->reg == 0 ? s->cr0 : insn->reg == 2 ? s->cr2 : insn->reg == 3 ? s->cr3
                                                                                   : s->cr4;
    }
    tcg_reg_write(s, insn->rm, value, tcg_is_64bit(s) ? 8 : 4, true);
    return insn->reg == 8 ? TCG_NEXT : TCG_GO_ON;
}

TcgNext tcg_op_clts(TcgState *s, const TcgInsn *insn)
{
    tcg_require_cpl0(s);
    s->cr0 &= ~(guint64)CR0_TS;
    tcg_mode_update(s);
    return TCG_NEXT;
}

/* The low four bits; it sets PE and cannot clear it. */
TcgNext tcg_op_lmsw(TcgState *s, const TcgInsn *insn)
{
    const guint64 mask = CR0_PE | CR0_MP | CR0_EM | CR0_TS;
    guint64 value;

    tcg_require_cpl0(s);
    value = tcg_rm_read(s, insn, 2) & mask;
    write_cr0(s, (s->cr0 & ~mask) | value | (s->cr0 & CR0_PE));
    return TCG_NEXT;
}

TcgNext tcg_op_smsw(TcgState *s, const TcgInsn *insn)
{
    if (s->cr4 & CR4_UMIP) {
        tcg_require_cpl0(s);
    }
    tcg_rm_write(s, insn, s->cr0, insn->has_memory ? 2 : insn->operand_size);
    return TCG_NEXT;
}

/* ---- XCR0: SDM vol. 1, section 13.3 ---- */

static void require_osxsave(TcgState *s)
{
    if (!(s->cr4 & CR4_OSXSAVE)) {
        tcg_raise(s, TCG_UD);
    }
}

/* Which state components are in use, as the host tracks them for the guest. */
static guint64 in_use(void)
{
    guint32 low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
    return low | (guint64)high << 32;
}

TcgNext tcg_op_xgetbv(TcgState *s, const TcgInsn *insn)
{
    guint32 number = s->gpr[TCG_RCX];

    require_osxsave(s);
    if (number > 1 || (number == 1 && !tcg_cpuid_has(s, TCG_CPUID_XGETBV1))) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_set_edx_eax(s, number == 0 ? s->xcr0 : s->xcr0 & in_use());
    return TCG_GO_ON;
}

TcgNext tcg_op_xsetbv(TcgState *s, const TcgInsn *insn)
{
    guint64 value = tcg_edx_eax(s);
    guint64 allowed;

    require_osxsave(s);
    tcg_require_cpl0(s);
    allowed = tcg_cpuid_register(s, 0xd, 0, TCG_EAX) |
              (guint64)tcg_cpuid_register(s, 0xd, 0, TCG_EDX) << 32;
    if ((guint32)s->gpr[TCG_RCX] != 0 || value & ~allowed || !(value & 1) || (value & 6) == 4) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    s->xcr0 = value;
    tcg_mode_update(s);
    return TCG_NEXT;
}
