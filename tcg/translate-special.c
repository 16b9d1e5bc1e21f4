/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions whose host form differs: the address calculation, the stack, and
 * those that C executes.
 */
#include "config.h"
#include "tcg/translate.h"

#include "tcg/ops.h"

/* ---- Helpers ---- */

static void note_rip(TcgTranslation *t, const TcgDecoded *d, TcgHelper op)
{
    TcgInsn *insn = tcg_block_insn(t->cache);

    tcg_insn_from_decoded(d, t->mode, insn_rip(t, d), insn);
    insn->helper = op;
    emit_mov_imm(&t->e, HOST_T1, (guintptr)insn);
}

void translate_helper(TcgTranslation *t, TcgDecoded *d, TcgHelper op, bool ends)
{
    flags_settle(t, ~0u);
    note_rip(t, d, op);
    emit_call_state(&t->e, STATE_THUNK(TCG_THUNK_HELPER));
    t->flags = FLAGS_IN_STATE;
    if (ends) {
        emit_exit(t, insn_rip(t, d) + d->z.length);
    }
}

/* cmp byte [rsp + x87_used], 0 */
void emit_x87_check(TcgTranslation *t)
{
    guint8 *used;

    emit_bytes(&t->e, "\x80\xbc\x24", 3);
    emit_32(&t->e, STATE(x87_used));
    emit_8(&t->e, 0);
    used = emit_jcc(&t->e, CC_NE);
    translate_helper(t, &t->insn[0], tcg_op_first_x87, false);
    emit_target(&t->e, used, t->e.p);
}

/* mov dword [rsp + avx_used], 1 */
void emit_avx_mark(TcgTranslation *t)
{
    emit_state(&t->e, false, 0xc7, 0, STATE(avx_used));
    emit_32(&t->e, 1);
}

/* ---- LEA ---- */

bool special_lea(TcgTranslation *t, TcgDecoded *d)
{
    bool high;
    guint guest = gpr_number(d->operand[0].reg.value, &high), size = d->z.operand_width;
    guint host = host_of(guest);

    emit_ea(t, d, &d->operand[1]);
    if (size == 16) {
        /* The upper bits of the register are preserved. */
        if (lives_in_state(guest)) {
            emit_8(&t->e, 0x66);
            emit_state(&t->e, false, OP_MOV_STORE, HOST_T0, STATE_GPR(guest));
        } else {
            emit_8(&t->e, 0x66);
            emit_reg(&t->e, false, OP_MOV_LOAD, host, HOST_T0);
        }
        return true;
    }
    if (lives_in_state(guest)) {
        if (size == 32) {
            emit_reg(&t->e, false, OP_MOV_LOAD, HOST_T0, HOST_T0);
        }
        emit_state(&t->e, true, OP_MOV_STORE, HOST_T0, STATE_GPR(guest));
    } else {
        emit_reg(&t->e, size == 64, OP_MOV_LOAD, host, HOST_T0);
    }
    return true;
}

/* ---- The stack, with a 32 or 64-bit pointer and a flat segment ---- */

static guint stack_bytes(const TcgTranslation *t)
{
    return is_64bit(t) ? 8 : 4;
}

/* Only as wide as the stack pointer: 16-bit pushes are C's. */
bool is_stack_wide(const TcgTranslation *t, const TcgDecoded *d)
{
    return is_simple(t) && d->z.operand_width == 8 * stack_bytes(t);
}

static void move_stack_pointer(TcgTranslation *t, gint32 by)
{
    emit_lea(&t->e, is_64bit(t), HOST_GUEST_RSP, HOST_GUEST_RSP, by);
}

/* A scratch register beside the address: r10 beside a group's, else r11, for which [r11 + r10]
 * becomes [r10]. */
guint emit_free_scratch(TcgTranslation *t, TcgAddress *address)
{
    if (address->index == HOST_T1 && address->base != HOST_T0) {
        return HOST_T0;
    }
    if (address->index != TCG_NO_REG) {
        emit_at(t, true, OP_LEA, HOST_T0, *address);
        *address = (TcgAddress){ HOST_T0, TCG_NO_REG, 0 };
    }
    return HOST_T1;
}

/* Stores the register, or the spare one with the pushed value. */
static void push_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    const ZydisDecodedOperand *operand = &d->operand[0];
    bool high;
    guint scratch = emit_free_scratch(t, &address), value = scratch;

    if (d->policy.special == special_pushf) {
        emit_state(&t->e, true, OP_MOV_LOAD, scratch, STATE(spare));
    } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        value = emit_guest_reg(t, gpr_number(operand->reg.value, &high), scratch);
    } else if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        emit_mov_imm(&t->e, scratch, d->z.raw.imm[0].value.s);
    } else {
        emit_state(&t->e, true, OP_MOV_LOAD, scratch, STATE(spare));
    }
    emit_at(t, is_64bit(t), OP_MOV_STORE, value, address);
    move_stack_pointer(t, -(gint32)stack_bytes(t));
}

/* Loads the memory operand into spare[0]. */
static void load_spare_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    emit_at(t, is_64bit(t), OP_MOV_LOAD, HOST_T1, address);
    emit_state(&t->e, true, OP_MOV_STORE, HOST_T1, STATE(spare));
}

static void load_operand(TcgTranslation *t, TcgDecoded *d, const ZydisDecodedOperand *operand)
{
    emit_ea(t, d, operand);
    emit_access(t, d, segment_of(operand), stack_bytes(t), TCG_ACCESS_READ, false,
                load_spare_body, NULL);
}

void emit_push_spare(TcgTranslation *t, TcgDecoded *d)
{
    guint size = stack_bytes(t);

    emit_lea(&t->e, is_64bit(t), HOST_T0, HOST_GUEST_RSP, -(gint32)size);
    emit_access(t, d, TCG_SS, size, TCG_ACCESS_WRITE, true, push_body, NULL);
}

bool special_push(TcgTranslation *t, TcgDecoded *d)
{
    guint size = stack_bytes(t);
    const ZydisDecodedOperand *memory = tcg_memory_operand(d);

    if (!is_stack_wide(t, d)) {
        return false;
    }
    flags_spill_for(t, d);
    if (memory) {
        load_operand(t, d, memory);
    } else if (emit_group_stack(t, d, -8, TCG_ACCESS_WRITE, push_body,
                                 NULL)) {
        return true;
    }
    emit_lea(&t->e, is_64bit(t), HOST_T0, HOST_GUEST_RSP, -(gint32)size);
    emit_access(t, d, TCG_SS, size, TCG_ACCESS_WRITE, true, push_body, NULL);
    return true;
}

static void pop_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    bool wide = is_64bit(t), high;
    guint guest = gpr_number(d->operand[0].reg.value, &high);

    if (lives_in_state(guest)) {
        emit_at(t, wide, OP_MOV_LOAD, HOST_T1, address);
        emit_state(&t->e, true, OP_MOV_STORE, HOST_T1, STATE_GPR(guest));
    } else {
        emit_at(t, wide, OP_MOV_LOAD, host_of(guest), address);
    }
    if (guest != TCG_RSP) {
        move_stack_pointer(t, stack_bytes(t));
    }
}

bool special_pop(TcgTranslation *t, TcgDecoded *d)
{
    if (!is_stack_wide(t, d) || d->operand[0].type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return false;
    }
    flags_spill_for(t, d);
    if (emit_group_stack(t, d, 0, TCG_ACCESS_READ, pop_body, NULL)) {
        return true;
    }
    emit_lea(&t->e, is_64bit(t), HOST_T0, HOST_GUEST_RSP, 0);
    emit_access(t, d, TCG_SS, stack_bytes(t), TCG_ACCESS_READ, true, pop_body, NULL);
    return true;
}

static void leave_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    bool wide = is_64bit(t);

    emit_at(t, wide, OP_MOV_LOAD, HOST_T1, address);
    emit_lea(&t->e, wide, HOST_GUEST_RSP, TCG_RBP, stack_bytes(t));
    emit_reg(&t->e, wide, OP_MOV_LOAD, TCG_RBP, HOST_T1);
}

bool special_leave(TcgTranslation *t, TcgDecoded *d)
{
    if (!is_stack_wide(t, d)) {
        return false;
    }
    flags_spill(t, flags_live_before(d));
    emit_lea(&t->e, is_64bit(t), HOST_T0, TCG_RBP, 0);
    emit_access(t, d, TCG_SS, stack_bytes(t), TCG_ACCESS_READ, true, leave_body, NULL);
    return true;
}
