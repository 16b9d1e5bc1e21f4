/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of a guest that knows Hyper-V: Hypervisor Top Level Functional Specification,
 * chapters 2 (crash registers, reset), 3 (identity, hypercall page), 7 (virtual processors),
 * 10 (the local APIC by other registers) and 12 (timers).
 *
 * There are no hypercalls: the page has code that returns "invalid hypercall code" by itself.
 * The reference TSC page says that it is not valid, so that the guest reads the counter's
 * register, which is not slower here.
 */
#include "config.h"
#include "tcg/apic.h"
#include "tcg/dispatch.h"
#include "tcg/light.h"
#include "tcg/msr.h"
#include "tcg/system.h"
#include "tcg/tcg-accel.h"
#include "tcg/timers.h"

enum {
    LEAF_INTERFACE = 0x40000001,
    LEAF_FEATURES = 0x40000003,
    SIGNATURE = 0x31237648,     /* "Hv#1" */
    MSR_CRASH_CTL = 0x40000105,
    PAGE_ENABLED = 1,
    PAGE_OFFSET = 0xfff,
    UNITS_PER_SECOND = 10000000,        /* of the reference time: 100 ns */
};

static bool may_hyperv(const TcgState *s)
{
    return tcg_cpuid_register(s, LEAF_INTERFACE, 0, TCG_EAX) == SIGNATURE;
}

static bool has(const TcgState *s, guint bit)
{
    return may_hyperv(s) && tcg_cpuid_has(s, LEAF_FEATURES, 0, TCG_EAX, bit);
}

static bool may_runtime(const TcgState *s)
{
    return has(s, 0);
}

static bool may_time(const TcgState *s)
{
    return has(s, 1);
}

static bool may_reference_tsc(const TcgState *s)
{
    return has(s, 9);
}

static bool may_index(const TcgState *s)
{
    return has(s, 6);
}

static bool may_apic(const TcgState *s)
{
    return has(s, 4);
}

static bool may_reset(const TcgState *s)
{
    return has(s, 7);
}

static bool may_crash(const TcgState *s)
{
    return may_hyperv(s) && tcg_cpuid_has(s, LEAF_FEATURES, 0, TCG_EDX, 10);
}

static bool may_frequencies(const TcgState *s)
{
    return has(s, 11);
}

/* ---- Pages ---- */

/* Without the guest's id, the hypercall page is off. */
static bool set_os_id(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    s->msr.hv_os_id = value;
    if (!value) {
        s->msr.hv_hypercall &= ~(guint64)PAGE_ENABLED;
    }
    return true;
}

static void put(TcgState *s, guint64 value, const guint8 *bytes, guint size)
{
    if (value & PAGE_ENABLED) {
        tcg_phys_write(s, value & ~(guint64)PAGE_OFFSET, bytes, size);
    }
}

static void put_hypercall(TcgState *s)
{
    /* mov $2, %eax (HV_STATUS_INVALID_HYPERCALL_CODE); xor %edx, %edx; ret */
    static const guint8 code[8] = { 0xb8, 2, 0, 0, 0, 0x31, 0xd2, 0xc3 };

    put(s, s->msr.hv_hypercall, code, sizeof(code));
}

/* Pages that begin with a 0: the reference TSC page's sequence number, which says that it is not
 * valid; and the assist page's, which says that each interrupt needs an EOI.  Guests set an
 * assist page whether or not they may use it. */
static void put_zero(TcgState *s, guint64 value)
{
    static const guint8 zero[4];

    put(s, value, zero, sizeof(zero));
}

static bool set_hypercall(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    if (!s->msr.hv_os_id) {
        value &= ~(guint64)PAGE_ENABLED;
    }
    s->msr.hv_hypercall = value;
    put_hypercall(s);
    return true;
}

static bool set_page(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    put_zero(s, value);
    return tcg_msr_set_member(s, msr, number, value);
}

/* The page has what the accelerator put there that saved the state, perhaps another one, whose
 * hypercalls there are none of here.  The vCPU puts its own there before it runs. */
static bool load_page(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    s->hv_pages_due = true;
    return tcg_msr_set_member(s, msr, number, value);
}

void tcg_hyperv_put_pages(TcgState *s)
{
    s->hv_pages_due = false;
    put_hypercall(s);
    put_zero(s, s->msr.hv_reference_tsc);
    put_zero(s, s->msr.hv_assist);
}

/* ---- Time ---- */

/* Since the counter was 0, whatever the guest has written to it since. */
static guint64 heavy_reference_time(TcgState *s, void *argument)
{
    guint64 rate = tcg_tsc_frequency(s->vcpu->tcg);
    guint64 tsc = tcg_tsc(s) - s->tsc_adjust;

    return tsc / rate * UNITS_PER_SECOND + tsc % rate * UNITS_PER_SECOND / rate;
}

static guint64 heavy_runtime(TcgState *s, void *argument)
{
    return tcg_thread_time() / 100;
}

static guint64 heavy_tsc_rate(TcgState *s, void *argument)
{
    return tcg_tsc_frequency(s->vcpu->tcg);
}

static bool get_reference_time(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = tcg_heavy(s, heavy_reference_time, NULL);
    return true;
}

static bool get_runtime(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = tcg_heavy(s, heavy_runtime, NULL);
    return true;
}

static bool get_tsc_rate(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = tcg_heavy(s, heavy_tsc_rate, NULL);
    return true;
}

/* ---- The local APIC by other registers ---- */

enum {
    MSR_EOI = 0x40000070,
    MSR_ICR = 0x40000071,
    MSR_TPR = 0x40000072,
    MSR_X2APIC = 0x800,
    APIC_TPR = 0x08, APIC_EOI = 0x0b, APIC_ICR = 0x30, APIC_ICR_HIGH = 0x31,
};

typedef struct {
    guint reg;                  /* a register's offset in the APIC's page, / 16 */
    guint64 value;
    bool is_write;
} ApicAccess;

static void access_page(TcgVcpu *vcpu, guint reg, guint32 *value, bool is_write)
{
    tcg_apic_access(vcpu, reg * 16, value, sizeof(*value), is_write);
}

/* In xAPIC mode ICR is two registers; its lower half sends. */
static guint64 heavy_apic(TcgState *s, void *argument)
{
    ApicAccess *access = argument;
    TcgVcpu *vcpu = s->vcpu;
    guint32 low = access->value, high = access->value >> 32;

    if (tcg_apic_is_x2apic(vcpu)) {
        return tcg_apic_msr(vcpu, MSR_X2APIC + access->reg, &access->value, access->is_write);
    }
    if (access->reg == APIC_ICR) {
        access_page(vcpu, APIC_ICR_HIGH, &high, access->is_write);
    }
    access_page(vcpu, access->reg, &low, access->is_write);
    access->value = low | (access->reg == APIC_ICR ? (guint64)high << 32 : 0);
    return true;
}

static guint apic_register(guint32 number)
{
    return number == MSR_EOI ? APIC_EOI : number == MSR_ICR ? APIC_ICR : APIC_TPR;
}

static bool get_apic(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    ApicAccess access = { .reg = apic_register(number) };
    bool ok = tcg_heavy(s, heavy_apic, &access);

    *ret_value = access.value;
    return ok;
}

static bool set_apic(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    ApicAccess access = { .reg = apic_register(number), .value = value, .is_write = true };
    bool ok = tcg_heavy(s, heavy_apic, &access);

    tcg_reconsider(s);
    return ok;
}

/* ---- Reset and panic ---- */

static const guint64 CRASH_NOTIFY = 1ull << 63;

static bool set_reset(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    if (value & 1) {
        tcg_heavy(s, tcg_vcpu_ask_reset, NULL);
        tcg_reconsider(s);
    }
    return true;
}

static bool get_crash(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = s->msr.hv_crash[number - msr->first];
    return true;
}

static bool set_crash(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    s->msr.hv_crash[number - msr->first] = value;
    return true;
}

/* Reads as what it can do. */
static bool get_crash_control(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = CRASH_NOTIFY;
    return true;
}

static bool set_crash_control(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    if (value & CRASH_NOTIFY) {
        tcg_heavy(s, tcg_vcpu_panic, s->msr.hv_crash);
        tcg_reconsider(s);
    }
    return true;
}

/* ---- Identity ---- */

static bool get_index(TcgState *s, const TcgMsr *msr, guint32 number, guint64 *ret_value)
{
    *ret_value = s->vcpu->cpu->index;
    return true;
}

#define MEMBER(number, field) \
    .first = (number), .last = (number), .offset = G_STRUCT_OFFSET(TcgState, field), \
    .get = tcg_msr_get_member

static const TcgMsr msrs[] = {
    { MEMBER(TCG_MSR_HV_OS_ID, msr.hv_os_id), .set = set_os_id, .may = may_hyperv },
    { MEMBER(TCG_MSR_HV_HYPERCALL, msr.hv_hypercall), .set = set_hypercall,
      .load = load_page, .may = may_hyperv },
    { .first = 0x40000002, .last = 0x40000002, .get = get_index, .may = may_index },
    { .first = 0x40000010, .last = 0x40000010, .get = get_runtime, .may = may_runtime },
    { .first = 0x40000020, .last = 0x40000020, .get = get_reference_time, .may = may_time },
    { MEMBER(TCG_MSR_HV_REFERENCE_TSC, msr.hv_reference_tsc), .set = set_page, .load = load_page,
      .may = may_reference_tsc },
    { MEMBER(TCG_MSR_HV_ASSIST, msr.hv_assist), .set = set_page, .load = load_page,
      .may = may_hyperv },
    { .first = 0x40000022, .last = 0x40000022, .get = get_tsc_rate, .may = may_frequencies },
    { .first = 0x40000023, .last = 0x40000023, .get = tcg_msr_get_constant,
      .value = TCG_CRYSTAL_KHZ * 1000ull, .may = may_frequencies },
    { .first = 0x40000003, .last = 0x40000003, .get = tcg_msr_get_constant, .set = set_reset,
      .may = may_reset },
    { .first = MSR_EOI, .last = MSR_EOI, .set = set_apic, .may = may_apic },
    { .first = MSR_ICR, .last = MSR_TPR, .get = get_apic, .set = set_apic, .may = may_apic },
    { .first = TCG_MSR_HV_CRASH_P0, .last = TCG_MSR_HV_CRASH_P4, .get = get_crash,
      .set = set_crash, .may = may_crash },
    { .first = MSR_CRASH_CTL, .last = MSR_CRASH_CTL, .get = get_crash_control,
      .set = set_crash_control, .may = may_crash },
};

const TcgMsr *tcg_msr_find_hyperv(guint32 number)
{
    for (guint i = 0; i < G_N_ELEMENTS(msrs); i++) {
        if (number >= msrs[i].first && number <= msrs[i].last) {
            return &msrs[i];
        }
    }
    return NULL;
}
