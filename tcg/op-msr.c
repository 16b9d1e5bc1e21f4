/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDMSR and WRMSR: SDM vol. 4; AMD APM vol. 2, appendix A.
 *
 * A table by number, frequently used ones first.  Registers that are neither there nor in
 * the table of those without effect that firmware and kernels access do not exist: #GP.
 */
#include "config.h"
#include "tcg/msr.h"
#include "tcg/ops.h"
#include "tcg/system.h"
#include "tcg/tcg-accel.h"

/* ---- Registers that are members of the state ---- */

static guint64 *member(TcgState *s, const TcgMsr *msr, guint32 number)
{
    return (guint64 *)(void *)((guint8 *)s + msr->offset) + (number - msr->first);
}

bool tcg_msr_get_member(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = *member(s, msr, number);
    return true;
}

bool tcg_msr_set_member(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    if (value & msr->reserved) {
        return false;
    }
    *member(s, msr, number) = value;
    return true;
}

static bool set_canonical(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    return tcg_is_canonical(value) && tcg_msr_set_member(s, msr, number, value);
}

bool tcg_msr_get_constant(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = msr->value;
    return true;
}

bool tcg_msr_ignore(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    return true;
}

/* ---- The local APIC's ---- */

typedef struct {
    guint32 number;
    guint64 value;
    bool is_write;
} ApicMsr;

static guint64 heavy_apic_msr(TcgState *s, void *argument)
{
    ApicMsr *request = argument;

    return tcg_apic_msr(s->vcpu, request->number, &request->value, request->is_write);
}

static bool get_apic(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    ApicMsr request = { .number = number };
    bool ok = tcg_heavy(s, heavy_apic_msr, &request);

    *ret_value = request.value;
    return ok;
}

static bool set_apic(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    ApicMsr request = { .number = number, .value = value, .is_write = true };

    if (!tcg_heavy(s, heavy_apic_msr, &request)) {
        return false;
    }
    if (number == MSR_APIC_BASE) {
        tcg_tlb_flush(s);       /* its page has moved, or is disabled */
    }
    tcg_reconsider(s);
    return true;
}

/* ---- Time ---- */

static bool get_tsc(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = tcg_tsc(s);
    return true;
}

/* TSC_ADJUST accumulates differences; an armed deadline is now at another time of the host. */
static void move_tsc(TcgState *s, guint64 difference)
{
    ApicMsr request = { .number = MSR_TSC_DEADLINE };

    s->tsc_offset += difference;
    s->tsc_adjust += difference;
    if (difference != 0 && tcg_heavy(s, heavy_apic_msr, &request) && request.value != 0) {
        request.is_write = true;
        tcg_heavy(s, heavy_apic_msr, &request);
    }
}

static bool set_tsc(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    move_tsc(s, value - tcg_tsc(s));
    return true;
}

static bool set_tsc_adjust(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    move_tsc(s, value - s->tsc_adjust);
    return true;
}

static bool may_tsc_aux(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_RDTSCP) || tcg_cpuid_has(s, TCG_CPUID_RDPID);
}

static bool may_tsc_adjust(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_TSC_ADJUST);
}

/* ---- EFER: SDM vol. 3A, section 2.2.1 ---- */

static guint64 efer_allowed(const TcgState *s)
{
    return (tcg_cpuid_has(s, TCG_CPUID_SYSCALL) ? EFER_SCE : 0) |
           (tcg_cpuid_has(s, TCG_CPUID_LM) ? EFER_LME | EFER_LMA : 0) |
           (tcg_cpuid_has(s, TCG_CPUID_NX) ? EFER_NXE : 0) |
           (tcg_cpuid_has(s, TCG_CPUID_AUTO_IBRS) ? EFER_AUTO_IBRS : 0);
}

/* LMA follows LME and paging; writes to it are ignored. */
static bool set_efer(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    guint64 changed;

    if (value & ~efer_allowed(s)) {
        return false;
    }
    value = (value & ~(guint64)EFER_LMA) | (s->efer & EFER_LMA);
    changed = value ^ s->efer;
    if (changed & EFER_LME && s->cr0 & CR0_PG) {
        return false;
    }
    s->efer = value;
    if (changed & EFER_NXE) {
        tcg_tlb_flush(s);
    }
    tcg_mode_update(s);
    return true;
}

/* ---- What speculates: nothing does across a guest's boundary here ---- */

static bool may_arch_capabilities(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_ARCH_CAPABILITIES);
}

/* What the CPU was made with. */
static bool get_arch_capabilities(TcgState *s, const TcgMsr *msr, guint32 number,
                                  guint64 *ret_value)
{
    const GArray *msrs = s->vcpu->cpu->msrs;

    *ret_value = 0;
    for (guint i = 0; msrs && i < msrs->len; i++) {
        const CpuMsr *described = &((const CpuMsr *)(const void *)msrs->data)[i];

        *ret_value = described->index == number ? described->value : *ret_value;
    }
    return true;
}

static bool may_spec_ctrl(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_SPEC_CTRL) || tcg_cpuid_has(s, TCG_CPUID_AMD_IBRS);
}

static bool may_pred_cmd(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_SPEC_CTRL) || tcg_cpuid_has(s, TCG_CPUID_AMD_IBPB);
}

static bool may_flush_cmd(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_FLUSH_L1D);
}

/* Commands: bit 0, and nothing to read. */
static bool set_command(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    return !(value & ~1ull);
}

/* ---- Identity ---- */

static bool get_microcode(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = tcg_cpuid_is_amd(s) ? 0x01000065 : 1ull << 32;
    return true;
}

/* Branch records and branch single-stepping do not exist: the bits stay 0. */
static bool set_debug_control(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    if (value & 2) {
        tcg_log_once(s, "guest asks to step by branches (DEBUGCTL), which does not exist", value);
    }
    return !(value & ~3ull);
}

/* ---- The table ---- */

#define MEMBER(number, field) \
    .first = (number), .last = (number), .offset = G_STRUCT_OFFSET(TcgState, field), \
    .get = tcg_msr_get_member

static const TcgMsr msrs[] = {
    { .first = 0x800, .last = 0x8ff, .get = get_apic, .set = set_apic },
    { .first = MSR_TSC_DEADLINE, .last = MSR_TSC_DEADLINE, .get = get_apic, .set = set_apic },
    { MEMBER(0xc0000100, segment[TCG_FS].base), .set = set_canonical },
    { MEMBER(0xc0000101, segment[TCG_GS].base), .set = set_canonical },
    { MEMBER(0xc0000102, kernel_gs_base), .set = set_canonical },
    { MEMBER(0x48, msr.spec_ctrl), .set = tcg_msr_set_member, .reserved = ~7ull,
      .may = may_spec_ctrl },
    { .first = 0x49, .last = 0x49, .set = set_command, .may = may_pred_cmd },
    { .first = MSR_TSC, .last = MSR_TSC, .get = get_tsc, .set = set_tsc },
    { MEMBER(0x3b, tsc_adjust), .set = set_tsc_adjust, .may = may_tsc_adjust },
    { .first = MSR_APIC_BASE, .last = MSR_APIC_BASE, .get = get_apic, .set = set_apic },
    { MEMBER(0xc0000080, efer), .set = set_efer },
    { MEMBER(0xc0000081, star), .set = tcg_msr_set_member },
    { MEMBER(0xc0000082, lstar), .set = set_canonical },
    { MEMBER(0xc0000083, cstar), .set = set_canonical },
    { MEMBER(0xc0000084, sfmask), .set = tcg_msr_set_member, .reserved = ~0xffffffffull },
    { MEMBER(0xc0000103, tsc_aux), .set = tcg_msr_set_member, .reserved = ~0xffffffffull,
      .may = may_tsc_aux },
    { MEMBER(0x174, sysenter_cs), .set = tcg_msr_set_member, .reserved = ~0xffffffffull },
    { MEMBER(0x175, sysenter_esp), .set = set_canonical },
    { MEMBER(0x176, sysenter_eip), .set = set_canonical },
    { MEMBER(0x1a0, misc_enable), .set = tcg_msr_set_member },
    { .first = 0x8b, .last = 0x8b, .get = get_microcode, .set = tcg_msr_ignore },
    { .first = 0x79, .last = 0x79, .set = tcg_msr_ignore },     /* a microcode update */
    { .first = MSR_ARCH_CAPABILITIES, .last = MSR_ARCH_CAPABILITIES,
      .get = get_arch_capabilities, .may = may_arch_capabilities },
    { .first = 0x10b, .last = 0x10b, .set = set_command, .may = may_flush_cmd },
    { .first = 0x1d9, .last = 0x1d9, .get = tcg_msr_get_constant, .set = set_debug_control },
    { .first = 0xce, .last = 0xce, .get = tcg_msr_get_constant },       /* PLATFORM_INFO */
    { .first = 0x9e, .last = 0x9e, .get = tcg_msr_get_constant, .value = 0x30000 },     /* SMBASE */
    { .first = 0x3a, .last = 0x3a, .get = tcg_msr_get_constant, .value = 1 }, /* FEATURE_CONTROL:
                                                                                 locked, all off */
    { MEMBER(0xc0010015, msr.hwcr), .set = tcg_msr_set_member },
    { .first = 0xc0011029, .last = 0xc0011029, .get = tcg_msr_get_constant, .set = tcg_msr_ignore,
      .value = 2 },             /* DE_CFG: LFENCE serializes */
};

/* Read as zero and ignore writes, as in other hypervisors: firmware and kernels access
 * them without checking for them. */
static const struct {
    guint32 first, last;
} ignored[] = {
    { 0x17, 0x17 },             /* PLATFORM_ID */
    { 0x2a, 0x2a },             /* EBL_CR_POWERON */
    { 0x34, 0x34 },             /* SMI_COUNT */
    { 0xc1, 0xc8 },             /* performance counters, and their event selectors */
    { 0x186, 0x18d },
    { 0xcd, 0xcd },             /* FSB_FREQ */
    { 0xe2, 0xe2 },             /* package C-state control */
    { 0x198, 0x19c },           /* PERF_STATUS, PERF_CTL, clock modulation, thermal */
    { 0x1ad, 0x1ad },           /* TURBO_RATIO_LIMIT */
    { 0x1c9, 0x1c9 },           /* last branches */
    { 0x1db, 0x1de },
    { 0x1fc, 0x1fc },           /* POWER_CTL */
    { 0x345, 0x345 },           /* PERF_CAPABILITIES */
    { 0x606, 0x606 },           /* energy: units, package, cores, graphics, memory */
    { 0x611, 0x611 },
    { 0x619, 0x619 },
    { 0x639, 0x639 },
    { 0x641, 0x641 },
    { 0xc0010000, 0xc0010007 }, /* AMD: performance counters */
    { 0xc0010010, 0xc0010010 }, /* SYSCFG */
    { 0xc001001f, 0xc001001f }, /* NB_CFG */
    { 0xc0010020, 0xc0010020 }, /* microcode update */
    { 0xc0010041, 0xc0010042 }, /* FIDVID */
    { 0xc0010055, 0xc0010055 }, /* interrupt pending message */
    { 0xc0010058, 0xc0010058 }, /* MMIO configuration base */
    { 0xc0010061, 0xc0010064 }, /* P-states */
    { 0xc0010071, 0xc0010071 },
    { 0xc0010112, 0xc0010114 }, /* TSEG, VM_CR */
    { 0xc0010140, 0xc0010141 }, /* OS-visible workarounds */
    { 0xc0010200, 0xc001020b }, /* more performance counters */
    { 0xc0011021, 0xc0011023 }, /* configuration of units */
    { 0xc001102a, 0xc001102a },
};

static const TcgMsr ignored_msr = { .get = tcg_msr_get_constant, .set = tcg_msr_ignore };

static const TcgMsr *find(guint32 number)
{
    const TcgMsr *memory = tcg_msr_find_memory(number);

    for (guint i = 0; i < G_N_ELEMENTS(msrs); i++) {
        if (number >= msrs[i].first && number <= msrs[i].last) {
            return &msrs[i];
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(ignored); i++) {
        if (number >= ignored[i].first && number <= ignored[i].last) {
            return &ignored_msr;
        }
    }
    return memory ? memory : tcg_msr_find_hyperv(number);
}

bool tcg_msr_peek(TcgState *s, guint32 number, guint64 *ret_value)
{
    const TcgMsr *msr = find(number);

    return msr && msr->get && !(msr->may && !msr->may(s)) && msr->get(s, msr, number, ret_value);
}

static bool set(TcgState *s, guint32 number, guint64 value)
{
    const TcgMsr *msr = find(number);

    return msr && msr->set && !(msr->may && !msr->may(s)) && msr->set(s, msr, number, value);
}

bool tcg_msr_load(TcgState *s, guint32 number, guint64 value)
{
    const TcgMsr *msr = find(number);

    if (!msr || !msr->load) {
        return set(s, number, value);
    }
    return !(msr->may && !msr->may(s)) && msr->load(s, msr, number, value);
}

bool tcg_msr_is_constant(const TcgState *s, guint32 number)
{
    const TcgMsr *msr = find(number);

    return msr && msr->get && !msr->set && !(msr->may && !msr->may(s));
}

/* ---- Instructions ---- */

static _Noreturn void refuse(TcgState *s, guint32 number, bool is_write)
{
    if (!find(number)) {
        tcg_log_once(s, is_write ? "guest writes a model-specific register that does not exist"
                                 : "guest reads a model-specific register that does not exist",
                     number);
    }
    tcg_raise_error(s, TCG_GP, 0);
}

TcgNext tcg_op_rdmsr(TcgState *s, const TcgInsn *insn)
{
    guint32 number = s->gpr[TCG_RCX];
    guint64 value = 0;

    tcg_require_cpl0(s);
    if (!tcg_msr_peek(s, number, &value)) {
        refuse(s, number, false);
    }
    tcg_set_edx_eax(s, value);
    return TCG_NEXT;
}

TcgNext tcg_op_wrmsr(TcgState *s, const TcgInsn *insn)
{
    guint32 number = s->gpr[TCG_RCX];

    tcg_require_cpl0(s);
    if (!set(s, number, tcg_edx_eax(s))) {
        refuse(s, number, true);
    }
    tcg_serialize();
    return TCG_NEXT;
}
