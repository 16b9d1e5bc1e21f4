/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers of memory types (SDM vol.  3A, sections 12.11 and 12.12), which are
 * stored without effect, and of machine checks (vol.  3B, section 16.3), which do not occur.
 */
#include "config.h"
#include "tcg/msr.h"
#include "tcg/system.h"

enum {
    N_VARIABLE = 8,
    MTRR_CAP = N_VARIABLE | 1 << 8 | 1 << 10,   /* fixed ranges, write combining */
    MTRR_ENABLES = 3 << 10,     /* in MTRR_DEF_TYPE: all, the fixed ranges */
    MCG_CAP = TCG_N_BANKS | 1 << 8 | 1 << 24,   /* MCG_CTL, recovery */
    BANK_CTL = 0, BANK_STATUS = 1,
};

#define PAT_RESET 0x0007040600070406ull

/* ---- Memory types ---- */

/* UC, WC, WT, WP, WB. */
static bool is_type(guint8 type)
{
    return type < 7 && type != 2 && type != 3;
}

static bool are_types(guint64 value, bool with_uc_minus)
{
    for (guint i = 0; i < 8; i++) {
        guint8 type = value >> 8 * i;

        if (!is_type(type) && !(with_uc_minus && type == 7)) {
            return false;
        }
    }
    return true;
}

static bool set_pat(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    return are_types(value, true) && tcg_msr_set_member(s, msr, number, value);
}

static bool set_fixed(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    return are_types(value, false) && tcg_msr_set_member(s, msr, number, value);
}

/* A base has a type, a mask has the valid bit: SDM vol. 3A, section 12.11.2.3. */
static bool set_variable(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    bool is_mask = number & 1;
    guint64 reserved = ~(s->phys_mask | 0xfff) | (is_mask ? 0x7ff : 0xf00);

    if (value & reserved || (!is_mask && !is_type(value))) {
        return false;
    }
    return tcg_msr_set_member(s, msr, number, value);
}

static bool set_default(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    if (value & ~(guint64)(MTRR_ENABLES | 0xff) || !is_type(value)) {
        return false;
    }
    return tcg_msr_set_member(s, msr, number, value);
}

static bool may_mtrr(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_MTRR);
}

static bool may_pat(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_PAT);
}

/* ---- Machine checks ---- */

static bool may_mca(const TcgState *s)
{
    return tcg_cpuid_has(s, TCG_CPUID_MCA);
}

static bool is_all_or_none(guint64 value)
{
    return value == 0 || value == ~0ull;
}

static bool set_mcg_ctl(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    return is_all_or_none(value) && tcg_msr_set_member(s, msr, number, value);
}

/* Systems leave out bits 0 and 10 of CTL because of old errors; STATUS can only be cleared. */
static bool set_bank(TcgState *s, const TcgMsr *msr, guint32 number, guint64 value)
{
    guint which = number & 3;

    if ((which == BANK_CTL && value != 0 && (value | 1 << 10 | 1) != ~0ull) ||
        (which == BANK_STATUS && value != 0)) {
        return false;
    }
    return tcg_msr_set_member(s, msr, number, value);
}

/* The processors of the P5 family had these two. */
static bool is_old_mca(guint32 number)
{
    return number == 0 || number == 1;
}

/* ---- The table ---- */

#define MEMBERS(from, to, field) \
    .first = (from), .last = (to), .offset = G_STRUCT_OFFSET(TcgState, field), \
    .get = tcg_msr_get_member

static const TcgMsr msrs[] = {
    { MEMBERS(0x277, 0x277, pat), .set = set_pat, .may = may_pat },
    { .first = 0xfe, .last = 0xfe, .get = tcg_msr_get_constant, .value = MTRR_CAP,
      .may = may_mtrr },
    { MEMBERS(0x200, 0x200 + 2 * N_VARIABLE - 1, msr.mtrr_variable), .set = set_variable,
      .may = may_mtrr },
    /* Ranges of 64, 16 and 4 KiB. */
    { MEMBERS(0x250, 0x250, msr.mtrr_fixed[0]), .set = set_fixed, .may = may_mtrr },
    { MEMBERS(0x258, 0x259, msr.mtrr_fixed[1]), .set = set_fixed, .may = may_mtrr },
    { MEMBERS(0x268, 0x26f, msr.mtrr_fixed[3]), .set = set_fixed, .may = may_mtrr },
    { MEMBERS(0x2ff, 0x2ff, msr.mtrr_default), .set = set_default, .may = may_mtrr },
    { .first = 0x179, .last = 0x179, .get = tcg_msr_get_constant, .value = MCG_CAP,
      .may = may_mca },
    { MEMBERS(0x17a, 0x17a, mcg_status), .set = tcg_msr_set_member, .may = may_mca },
    { MEMBERS(0x17b, 0x17b, msr.mcg_ctl), .set = set_mcg_ctl, .may = may_mca },
    { MEMBERS(0x400, 0x400 + 4 * TCG_N_BANKS - 1, msr.bank), .set = set_bank, .may = may_mca },
};

static const TcgMsr old_mca = { .first = 0, .last = 1, .get = tcg_msr_get_constant,
                                .set = tcg_msr_ignore };

const TcgMsr *tcg_msr_find_memory(guint32 number)
{
    for (guint i = 0; i < G_N_ELEMENTS(msrs); i++) {
        if (number >= msrs[i].first && number <= msrs[i].last) {
            return &msrs[i];
        }
    }
    return is_old_mca(number) ? &old_mca : NULL;
}

void tcg_msr_reset(TcgState *s)
{
    guint8 *bytes = (guint8 *)&s->msr;

    for (guint i = 0; i < sizeof(s->msr); i++) {
        bytes[i] = 0;
    }
    s->msr.hwcr = HWCR_TSC_AT_P0;
    s->pat = PAT_RESET;
    s->misc_enable = MSR_MISC_ENABLE_RESET;
    s->mcg_status = 0;
    s->star = s->lstar = s->cstar = s->sfmask = s->kernel_gs_base = 0;
    s->sysenter_cs = s->sysenter_esp = s->sysenter_eip = 0;
    s->tsc_aux = 0;
    s->tsc_offset -= s->tsc_adjust;     /* the counter loses what the guest added */
    s->tsc_adjust = 0;
}
