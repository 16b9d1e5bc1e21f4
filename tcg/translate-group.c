/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups: accesses of a block whose addresses are known to be near each other, such as
 * fields of a struct or a stack frame.  The first one checks the range of all in one
 * look at the TLB and leaves the difference between host and linear address in
 * TcgState.group_delta; the others use it.
 *
 * A register has a version: a value that the block does not know, and an offset to it
 * that additions of constants change.  Accesses with the same version and offsets
 * within MAX_SPAN are a group.
 *
 * If the range does not lie in one page that may be accessed so, the block goes on in
 * a plain one (TCG_MODE_PLAIN).  A group ends where C runs: a helper, or an access
 * that does not leave the block when it was no memory.
 */
#include "config.h"
#include "tcg/translate.h"

enum { MAX_SPAN = 256, N_REGS = 16 };

typedef struct {
    guint32 version;
    gint64 offset;
} Value;

typedef struct {
    TcgTranslation *t;
    Value reg[N_REGS];
    guint32 next_version;
    guint first_open;           /* groups before it take no more */
} Tracker;

static void forget(Tracker *tracker, guint reg)
{
    tracker->reg[reg] = (Value){ tracker->next_version++, 0 };
}

/* ---- Accesses ---- */

typedef struct {
    Value at;
    guint size, how;
} Access;

static TcgGroup *find_open(Tracker *tracker, const Access *access)
{
    TcgTranslation *t = tracker->t;

    for (guint i = tracker->first_open; i < t->n_groups; i++) {
        TcgGroup *group = &t->group[i];
        gint64 min = MIN(group->min, access->at.offset);
        gint64 end = MAX(group->end, access->at.offset + access->size);

        if (group->version == access->at.version && end - min <= MAX_SPAN) {
            return group;
        }
    }
    return NULL;
}

static void join(Tracker *tracker, guint i, const Access *access)
{
    TcgTranslation *t = tracker->t;
    TcgDecoded *d = &t->insn[i];
    TcgGroup *group = find_open(tracker, access);

    if (!emit_fits_i32(access->at.offset)) {
        return;
    }
    if (!group) {
        group = &t->group[t->n_groups++];
        *group = (TcgGroup){ .first = i, .version = access->at.version, .slot = -1,
                             .min = access->at.offset, .end = access->at.offset + access->size };
    }
    group->min = MIN(group->min, access->at.offset);
    group->end = MAX(group->end, access->at.offset + access->size);
    group->writes |= access->how & TCG_ACCESS_WRITE;
    group->n++;
    d->group = group - t->group;
    d->group_offset = access->at.offset;        /* from the version, until all are known */
}

static bool names_high_byte(const TcgDecoded *d)
{
    for (guint i = 0; i < d->z.operand_count_visible; i++) {
        bool high = false;

        if (d->operand[i].type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(d->operand[i].reg.value)) {
            gpr_number(d->operand[i].reg.value, &high);
        }
        if (high) {
            return true;
        }
    }
    return false;
}

/* [base + disp] and nothing else, of 64-bit addresses. */
static bool is_simple_operand(const TcgDecoded *d, const ZydisDecodedOperand *operand)
{
    return operand && d->z.address_width == 64 && operand->mem.index == ZYDIS_REGISTER_NONE &&
           operand->mem.base >= ZYDIS_REGISTER_RAX && operand->mem.base <= ZYDIS_REGISTER_R15 &&
           operand->mem.segment != ZYDIS_REGISTER_FS && operand->mem.segment != ZYDIS_REGISTER_GS;
}

static void note_verbatim(Tracker *tracker, guint i)
{
    const TcgDecoded *d = &tracker->t->insn[i];
    const ZydisDecodedOperand *memory = tcg_memory_operand(d);
    Access access;

    if (!is_simple_operand(d, memory) || names_high_byte(d)) {
        return;
    }
    access.at = tracker->reg[memory->mem.base - ZYDIS_REGISTER_RAX];
    access.at.offset += memory->mem.disp.value;
    access.size = memory->size / 8;
    access.how = memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? TCG_ACCESS_WRITE : 0;
    join(tracker, i, &access);
}

static void note_stack(Tracker *tracker, guint i, gint64 offset, guint how)
{
    Access access = { tracker->reg[TCG_RSP], 8, how };

    access.at.offset += offset;
    join(tracker, i, &access);
}

static bool is_special(const TcgDecoded *d, TcgSpecial special)
{
    return d->policy.kind == TCG_KIND_SPECIAL && d->policy.special == special &&
           d->z.operand_width == 64;
}

static void note_access(Tracker *tracker, guint i)
{
    const TcgDecoded *d = &tracker->t->insn[i];

    if (d->policy.kind == TCG_KIND_VERBATIM) {
        note_verbatim(tracker, i);
    } else if (is_special(d, special_push) && !tcg_memory_operand(d)) {
        note_stack(tracker, i, -8, TCG_ACCESS_WRITE);
    } else if (is_special(d, special_pop) || is_special(d, special_ret)) {
        note_stack(tracker, i, 0, TCG_ACCESS_READ);
    } else if (is_special(d, special_call) && !tcg_memory_operand(d)) {
        note_stack(tracker, i, -8, TCG_ACCESS_WRITE);
    }
}

/* ---- Registers ---- */

/* add, sub, lea with a constant: what the register moves by; false: it is something else. */
static bool is_addition(const TcgDecoded *d, guint *ret_reg, gint64 *ret_by)
{
    const ZydisDecodedOperand *to = &d->operand[0], *by = &d->operand[1];
    bool high;

    if (d->z.operand_width != 64 || to->type != ZYDIS_OPERAND_TYPE_REGISTER ||
        !is_gpr(to->reg.value)) {
        return false;
    }
    *ret_reg = gpr_number(to->reg.value, &high);
    switch (d->z.mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
        *ret_by = d->z.mnemonic == ZYDIS_MNEMONIC_ADD ? by->imm.value.s : -by->imm.value.s;
        return by->type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    case ZYDIS_MNEMONIC_INC:
    case ZYDIS_MNEMONIC_DEC:
        *ret_by = d->z.mnemonic == ZYDIS_MNEMONIC_INC ? 1 : -1;
        return true;
    case ZYDIS_MNEMONIC_LEA:
        *ret_by = by->mem.disp.value;
        return d->z.address_width == 64 && by->mem.base == to->reg.value &&
               by->mem.index == ZYDIS_REGISTER_NONE;
    default:
        return false;
    }
}

static bool is_copy(const TcgDecoded *d)
{
    return d->z.mnemonic == ZYDIS_MNEMONIC_MOV && d->z.operand_width == 64 &&
           d->operand[0].type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(d->operand[0].reg.value) &&
           d->operand[1].type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(d->operand[1].reg.value);
}

static void forget_written(Tracker *tracker, const TcgDecoded *d)
{
    for (guint i = 0; i < d->z.operand_count; i++) {
        const ZydisDecodedOperand *operand = &d->operand[i];
        bool high;

        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(operand->reg.value) &&
            operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) {
            guint reg = gpr_number(operand->reg.value, &high);

            forget(tracker, high ? reg - 4 : reg);
        }
    }
}

static void follow_registers(Tracker *tracker, const TcgDecoded *d)
{
    Value stack = tracker->reg[TCG_RSP];
    guint reg;
    gint64 by;
    bool high;

    if (is_addition(d, &reg, &by)) {
        tracker->reg[reg].offset += by;
    } else if (is_copy(d)) {
        tracker->reg[gpr_number(d->operand[0].reg.value, &high)] =
            tracker->reg[gpr_number(d->operand[1].reg.value, &high)];
    } else {
        forget_written(tracker, d);
        if (is_special(d, special_push) || is_special(d, special_pop)) {
            tracker->reg[TCG_RSP] = stack;
            tracker->reg[TCG_RSP].offset += d->policy.special == special_push ? -8 : 8;
            if (d->operand[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
                d->operand[0].reg.value == ZYDIS_REGISTER_RSP) {
                forget(tracker, TCG_RSP);
            }
        }
    }
}

/* Whether C may run there and the block goes on. */
static bool ends_groups(const TcgDecoded *d)
{
    return d->policy.kind == TCG_KIND_HELPER ||
           (d->policy.kind == TCG_KIND_SPECIAL && d->policy.special != special_lea &&
            (d->z.operand_width != 64 || tcg_memory_operand(d)));
}

/* ---- Slots ---- */

/* Groups of one access are none; the others have a slot as long as there are some. */
static void give_slots(TcgTranslation *t)
{
    gint8 n = 0;

    for (guint i = 0; i < t->n_groups; i++) {
        if (t->group[i].n > 1 && n < TCG_N_GROUPS) {
            t->group[i].slot = n++;
        }
    }
    for (guint i = 0; i < t->n; i++) {
        TcgDecoded *d = &t->insn[i];

        if (d->group >= 0 && t->group[d->group].slot < 0) {
            d->group = -1;
        } else if (d->group >= 0) {
            d->group_offset -= t->group[d->group].min;
        }
    }
}

void find_groups(TcgTranslation *t)
{
    Tracker tracker = { .t = t, .next_version = 0 };

    for (guint i = 0; i < t->n; i++) {
        t->insn[i].group = -1;
    }
    if (!is_64bit(t) || t->mode & (TCG_MODE_PLAIN | TCG_MODE_STEP | TCG_MODE_ALIGN) ||
        t->block->next_page) {
        return;
    }
    for (guint reg = 0; reg < N_REGS; reg++) {
        forget(&tracker, reg);
    }
    for (guint i = 0; i < t->n; i++) {
        if (ends_groups(&t->insn[i])) {
            tracker.first_open = t->n_groups;
        } else {
            note_access(&tracker, i);
        }
        follow_registers(&tracker, &t->insn[i]);
    }
    give_slots(t);
}

/* ---- Code ---- */

TcgAddress emit_group_address(TcgTranslation *t, const TcgDecoded *d, guint base, gint32 disp)
{
    return (TcgAddress){ emit_guest_reg(t, base, HOST_T0), HOST_T1, disp };
}

bool emit_group_access(TcgTranslation *t, TcgDecoded *d, ZydisRegister base, gint32 disp,
                       guint size, guint how, TcgBody body, void *argument)
{
    const TcgGroup *group = d->group >= 0 ? &t->group[d->group] : NULL;
    guint reg = base - ZYDIS_REGISTER_RAX;

    if (!group) {
        return false;
    }
    if (group->first == (guint)(d - t->insn)) {
        emit_lea(&t->e, true, HOST_T0, emit_guest_reg(t, reg, HOST_T0), disp - d->group_offset);
        emit_group_check(t, d, group, size, how);
        translate_note(t, d);
    } else {
        emit_state(&t->e, true, OP_MOV_LOAD, HOST_T1,
                   STATE(group_delta) + 8 * (gsize)group->slot);
    }
    body(t, d, emit_group_address(t, d, reg, disp), argument);
    return true;
}
