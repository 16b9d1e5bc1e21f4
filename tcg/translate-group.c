/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups: accesses of a block whose addresses are known to be near each other, such as
 * fields of a struct or a stack frame.  The first one checks the range of all with
 * one TLB lookup and leaves the difference between host and linear address in
 * TcgState.group_delta; the others use it.
 *
 * A register has a version: a value that the block does not know, and an offset to it
 * that additions of constants change.  Accesses with the same versions of base and index
 * and offsets within MAX_SPAN are a group.  In a trace that goes round a loop several
 * times, accesses that walk through memory are.
 *
 * If the range is not in one page with the needed access, execution continues in a
 * plain block (TCG_MODE_PLAIN).  A group ends where C runs: a helper, or an access
 * that stays in the block even if it was not to memory.
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
    guint first_open;           /* earlier groups are closed */
} Tracker;

static void forget(Tracker *tracker, guint reg)
{
    tracker->reg[reg] = (Value){ tracker->next_version++, 0 };
}

/* ---- Accesses ---- */

/* The address is the sum of the values of the versions and an offset. */
typedef struct {
    guint32 version, index;
    guint8 scale;               /* 0: there is no index */
    gint64 offset;
    guint size, how;
} Access;

static bool is_near(const TcgGroup *group, const Access *access)
{
    return group->version == access->version && group->scale == access->scale &&
           (!group->scale || group->index == access->index);
}

static TcgGroup *find_open(Tracker *tracker, const Access *access)
{
    TcgTranslation *t = tracker->t;

    for (guint i = tracker->first_open; i < t->n_groups; i++) {
        TcgGroup *group = &t->group[i];
        gint64 min = MIN(group->min, access->offset);
        gint64 end = MAX(group->end, access->offset + access->size);

        if (is_near(group, access) && end - min <= MAX_SPAN) {
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

    if (!emit_fits_i32(access->offset) || !emit_fits_i32(access->offset + access->size)) {
        return;
    }
    if (!group) {
        group = &t->group[t->n_groups++];
        *group = (TcgGroup){ .first = i, .version = access->version, .index = access->index,
                             .scale = access->scale, .slot = -1,
                             .min = access->offset, .end = access->offset + access->size };
    }
    group->min = MIN(group->min, access->offset);
    group->end = MAX(group->end, access->offset + access->size);
    group->writes |= access->how & TCG_ACCESS_WRITE;
    group->n++;
    d->group = group - t->group;
    d->group_offset = access->offset;           /* from the version, until all are known */
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

static bool is_gpr_64(ZydisRegister reg)
{
    return reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15;
}

/* [base + index * scale + disp] of 64-bit addresses, with or without an index. */
static bool is_simple_operand(const TcgDecoded *d, const ZydisDecodedOperand *operand)
{
    return operand && d->z.address_width == 64 && operand->mem.type == ZYDIS_MEMOP_TYPE_MEM &&
           is_gpr_64(operand->mem.base) &&
           (operand->mem.index == ZYDIS_REGISTER_NONE || is_gpr_64(operand->mem.index)) &&
           operand->mem.segment != ZYDIS_REGISTER_FS && operand->mem.segment != ZYDIS_REGISTER_GS;
}

static Access access_of(const Tracker *tracker, const ZydisDecodedOperand *operand)
{
    const Value *base = &tracker->reg[operand->mem.base - ZYDIS_REGISTER_RAX];
    Access access = { .version = base->version, .offset = base->offset + operand->mem.disp.value };

    if (operand->mem.index != ZYDIS_REGISTER_NONE) {
        const Value *index = &tracker->reg[operand->mem.index - ZYDIS_REGISTER_RAX];

        access.index = index->version;
        access.scale = operand->mem.scale;
        access.offset += index->offset * operand->mem.scale;
    }
    access.size = operand->size / 8;
    access.how = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? TCG_ACCESS_WRITE : 0;
    return access;
}

static void note_verbatim(Tracker *tracker, guint i)
{
    const TcgDecoded *d = &tracker->t->insn[i];
    const ZydisDecodedOperand *memory = tcg_memory_operand(d);
    Access access;

    if (!is_simple_operand(d, memory) || names_high_byte(d)) {
        return;
    }
    access = access_of(tracker, memory);
    join(tracker, i, &access);
}

static void note_stack(Tracker *tracker, guint i, gint64 offset, guint how)
{
    const Value *stack = &tracker->reg[TCG_RSP];
    Access access = { .version = stack->version, .offset = stack->offset + offset, .size = 8,
                      .how = how };

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

/* add, sub, lea with a constant: what is added to the register; false: another instruction. */
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

/* Whether C may run there without leaving the block. */
static bool ends_groups(const TcgDecoded *d)
{
    return d->policy.kind == TCG_KIND_HELPER ||
           (d->policy.kind == TCG_KIND_SPECIAL && d->policy.special != special_lea &&
            (d->z.operand_width != 64 || tcg_memory_operand(d)));
}

/* ---- Slots ---- */

/* Dissolves groups of one access; gives the others slots as long as there are any. */
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
            d->alone = true;
        } else if (d->group >= 0) {
            d->group_offset -= t->group[d->group].min;
        }
    }
}

/* Registers that are loaded with what may be a pointer, or copied from one. */
static void find_pointers(TcgTranslation *t)
{
    bool high;

    for (guint i = 0; i < t->n; i++) {
        const TcgDecoded *d = &t->insn[i];
        guint to;

        if (d->z.mnemonic != ZYDIS_MNEMONIC_MOV || d->z.operand_width != 64 ||
            d->operand[0].type != ZYDIS_OPERAND_TYPE_REGISTER || !is_gpr(d->operand[0].reg.value)) {
            continue;
        }
        to = gpr_number(d->operand[0].reg.value, &high);
        if (d->operand[1].type == ZYDIS_OPERAND_TYPE_MEMORY ||
            (is_copy(d) && t->pointers >> gpr_number(d->operand[1].reg.value, &high) & 1)) {
            t->pointers |= 1u << to;
        }
    }
}

void find_groups(TcgTranslation *t)
{
    Tracker tracker = { .t = t, .next_version = 0 };

    for (guint i = 0; i < t->n; i++) {
        t->insn[i].group = -1;
        t->insn[i].alone = false;
    }
    if (t->trace) {
        find_pointers(t);
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

static void emit_load_delta(TcgTranslation *t, const TcgGroup *group)
{
    emit_state(&t->e, true, OP_MOV_LOAD, HOST_T1, STATE(group_delta) + 8 * (gsize)group->slot);
}

/* Its group, if it is in one; *ret_first: whether it is the first. */
static const TcgGroup *group_of(const TcgTranslation *t, const TcgDecoded *d, bool *ret_first)
{
    const TcgGroup *group = d->group >= 0 ? &t->group[d->group] : NULL;

    *ret_first = group && group->first == (guint)(d - t->insn);
    return group;
}

/* An access at disp from a base: the check of the first leaves the difference in r11. */
static void emit_based(TcgTranslation *t, TcgDecoded *d, const TcgGroup *group, bool first,
                       guint base, gint32 disp, guint size, guint how, TcgBody body,
                       void *argument)
{
    if (first) {
        emit_lea(&t->e, true, HOST_T0, emit_guest_reg(t, base, HOST_T0), disp - d->group_offset);
        emit_group_check(t, d, group, size, how);
        translate_note(t, d);
    } else {
        emit_load_delta(t, group);
    }
    body(t, d, (TcgAddress){ emit_guest_reg(t, base, HOST_T0), HOST_T1, disp }, argument);
}

bool emit_group_stack(TcgTranslation *t, TcgDecoded *d, gint32 disp, guint how, TcgBody body,
                      void *argument)
{
    bool first;
    const TcgGroup *group = group_of(t, d, &first);

    if (group) {
        emit_based(t, d, group, first, TCG_RSP, disp, 8, how, body, argument);
    }
    return group;
}

bool emit_group_operand(TcgTranslation *t, TcgDecoded *d, const ZydisDecodedOperand *operand,
                        guint how, TcgBody body, void *argument)
{
    bool first;
    const TcgGroup *group = group_of(t, d, &first);

    if (!group) {
        return false;
    }
    if (operand->mem.index == ZYDIS_REGISTER_NONE) {
        emit_based(t, d, group, first, operand->mem.base - ZYDIS_REGISTER_RAX,
                   operand->mem.disp.value, operand->size / 8, how, body, argument);
        return true;
    }
    if (first) {
        emit_ea(t, d, operand);
        emit_lea(&t->e, true, HOST_T0, HOST_T0, -(gint32)d->group_offset);
        emit_group_check(t, d, group, operand->size / 8, how);
        translate_note(t, d);
    }
    emit_ea(t, d, operand);
    emit_load_delta(t, group);
    body(t, d, (TcgAddress){ HOST_T0, HOST_T1, 0 }, argument);
    return true;
}
