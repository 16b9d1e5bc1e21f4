/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Near jumps, calls and returns, and leaving a block:
 *
 *  - for an address in its own page: a jump, which first points at a stub that
 *    goes to the dispatcher, and is then patched to point at the block (cache.c);
 *  - for any other: through the jump cache, which is cleared with the TLB, since
 *    the mapping of another page may change.
 */
#include "config.h"
#include "tcg/translate.h"

guint64 translate_ip(const TcgTranslation *t, guint64 ip)
{
    return t->mode & TCG_MODE_CODE64 ? ip : t->mode & TCG_MODE_CODE32 ? (guint32)ip : ip & 0xffff;
}

/* ---- Exits ---- */

/* rip in r10: to the dispatcher. */
static void emit_to_dispatcher(TcgTranslation *t)
{
    emit_jmp_state(&t->e, STATE_THUNK(TCG_THUNK_RIP));
}

/* imul r11d, r10d, constant; shr r11d, 17; and r11d, 7ff0h: see tcg_jump_index(). */
static void emit_jump_index(TcgEmit *e)
{
    emit_bytes(e, "\x45\x69\xda", 3);
    emit_32(e, TCG_JUMP_FACTOR);
    emit_bytes(e, "\x41\xc1\xeb\x11", 4);
    emit_bytes(e, "\x41\x81\xe3", 3);
    emit_32(e, (TCG_JUMP_CACHE_SIZE - 1) * sizeof(TcgJump));
}

/* opcode ..., [rsp + r11 + offset] */
static void emit_jump_entry(TcgEmit *e, bool wide, guint opcode, guint reg, gsize offset)
{
    emit_8(e, emit_rex(wide, reg, HOST_T1, HOST_RSP));
    emit_8(e, opcode);
    emit_8(e, 0x80 | (reg & 7) << 3 | 4);
    emit_8(e, (HOST_T1 & 7) << 3 | HOST_RSP);
    emit_32(e, offset);
}

/* Leaves the block for the address in r10; flags must be settled. */
static void emit_exit_indirect(TcgTranslation *t)
{
    TcgEmit *e = &t->e;
    gsize jump = STATE(jump) + tcg_jump_cache(t->mode) * sizeof(t->s->jump[0]);
    guint8 *miss[2];

    t->ended = true;
    if (t->cs_base != 0 || t->mode & TCG_MODE_STEP) {
        emit_to_dispatcher(t);
        return;
    }
    emit_jump_index(e);
    emit_jump_entry(e, true, OP_CMP, HOST_T0, jump + offsetof(TcgJump, rip));
    miss[0] = emit_jcc(e, CC_NE);
    emit_jump_entry(e, false, 0x81, 7, jump + offsetof(TcgJump, mode));
    emit_32(e, t->mode & ~(guint32)TCG_MODE_PLAIN);
    miss[1] = emit_jcc(e, CC_NE);
    emit_jump_entry(e, false, OP_MOV_LOAD, HOST_T1, jump + offsetof(TcgJump, code));
    emit_state(e, true, OP_ADD, HOST_T1, STATE(code_base));
    emit_bytes(e, "\x41\xff\xe3", 3);           /* jmp r11 */
    emit_target(e, miss[0], e->p);
    emit_target(e, miss[1], e->p);
    emit_to_dispatcher(t);
}

static bool same_page(const TcgTranslation *t, guint64 rip)
{
    return ((t->cs_base + rip) ^ (t->cs_base + t->rip)) >> 12 == 0;
}

/* The displacement of a jump that will be chained lies within eight aligned bytes, which are
 * changed by one store. */
static void align_displacement(TcgTranslation *t, guint opcode_bytes)
{
    while ((((guintptr)t->e.p + opcode_bytes) & 7) > 4) {
        emit_8(&t->e, 0x90);
    }
}

static void add_exit(TcgTranslation *t, guint8 *site, guint64 rip)
{
    TcgExit *exit = tcg_block_exit(t->cache, t->block);

    exit->site = site;
    t->exit[t->n_exits++] = (TcgExitStub){ exit, rip };
}

void emit_exit_stubs(TcgTranslation *t)
{
    TcgEmit *e = &t->e;

    for (guint i = 0; i < t->n_exits; i++) {
        TcgExit *exit = t->exit[i].exit;

        exit->stub = e->p;
        emit_target(e, exit->site, e->p);
        emit_mov_imm(e, HOST_T0, t->exit[i].rip);
        emit_mov_imm(e, HOST_T1, (guintptr)exit);
        emit_jmp_state(e, STATE_THUNK(TCG_THUNK_EXIT));
    }
}

void emit_exit(TcgTranslation *t, guint64 rip)
{
    rip = translate_ip(t, rip);
    t->ended = true;
    if (t->mode & TCG_MODE_STEP) {
        emit_mov_imm(&t->e, HOST_T0, rip);
        emit_to_dispatcher(t);
    } else if (same_page(t, rip)) {
        align_displacement(t, 1);
        add_exit(t, emit_jmp(&t->e), rip);
    } else {
        emit_mov_imm(&t->e, HOST_T0, rip);
        emit_exit_indirect(t);
    }
}

/* Leaves the block for rip if the host's flags satisfy the condition, and continues here if not. */
static void emit_exit_if(TcgTranslation *t, guint condition, guint64 rip)
{
    guint8 *over;

    rip = translate_ip(t, rip);
    if (!(t->mode & TCG_MODE_STEP) && same_page(t, rip)) {
        align_displacement(t, 2);
        add_exit(t, emit_jcc(&t->e, condition), rip);
        return;
    }
    over = emit_jcc(&t->e, condition ^ 1);
    emit_exit(t, rip);
    emit_target(&t->e, over, t->e.p);
}

/* ---- Traces ---- */

/* The jump itself is chained if nothing has to be done before. */
static void emit_exit_aside(TcgTranslation *t, guint condition, guint64 rip, guint32 live)
{
    bool save = live && t->flags == FLAGS_IN_HOST;

    rip = translate_ip(t, rip);
    if (!save && same_page(t, rip)) {
        align_displacement(t, 2);
        add_exit(t, emit_jcc(&t->e, condition), rip);
    } else {
        guint8 *site = emit_jcc(&t->e, condition);

        t->aside[t->n_aside++] = (TcgAside){ site, rip, save };
    }
}

void emit_asides(TcgTranslation *t)
{
    for (guint i = 0; i < t->n_aside; i++) {
        emit_target(&t->e, t->aside[i].site, t->e.p);
        if (t->aside[i].save_flags) {
            emit_flags_save(&t->e);
        }
        emit_exit(t, t->aside[i].rip);
    }
}

/* ---- Jumps ---- */

static guint64 target_of(const TcgTranslation *t, const TcgDecoded *d)
{
    guint64 target = insn_rip(t, d) + d->z.length + d->z.raw.imm[0].value.s;

    /* A 16-bit operand size truncates the address, except in 64-bit code, as on Intel CPUs. */
    return is_64bit(t) ? target : d->z.operand_width == 16 ? target & 0xffff : (guint32)target;
}

/* Except in 64-bit code, limits are checked by C, unless the segment is flat. */
static bool can_jump(const TcgTranslation *t, const TcgDecoded *d)
{
    return is_64bit(t) ? d->z.operand_width == 64
                       : t->mode & TCG_MODE_FLAT && t->mode & TCG_MODE_CODE32 &&
                         d->z.operand_width == 32;
}

static void load_target_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    emit_at(t, is_64bit(t), OP_MOV_LOAD, HOST_T0, address);
}

/* The target of jmp r/m or call r/m into r10. */
static void load_target(TcgTranslation *t, TcgDecoded *d)
{
    const ZydisDecodedOperand *memory = tcg_memory_operand(d);
    bool high;

    if (memory) {
        emit_ea(t, d, memory);
        emit_access(t, d, segment_of(memory), is_64bit(t) ? 8 : 4, TCG_ACCESS_READ, false,
                    load_target_body, NULL);
    } else {
        guint reg = emit_guest_reg(t, gpr_number(d->operand[0].reg.value, &high), HOST_T0);

        emit_reg(&t->e, is_64bit(t), OP_MOV_LOAD, HOST_T0, reg);
    }
}

static bool is_direct(const TcgDecoded *d)
{
    return d->operand[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

bool special_jmp(TcgTranslation *t, TcgDecoded *d)
{
    if (!can_jump(t, d)) {
        return false;
    }
    if (d->follow) {
        return true;
    }
    flags_settle(t, d->live);
    if (is_direct(d)) {
        emit_exit(t, target_of(t, d));
        return true;
    }
    load_target(t, d);
    emit_exit_indirect(t);
    return true;
}

bool special_jcc(TcgTranslation *t, TcgDecoded *d)
{
    guint condition = d->z.opcode & 15;
    guint64 next = insn_rip(t, d) + d->z.length;

    if (!can_jump(t, d)) {
        return false;
    }
    flags_load(t);
    if (d->follow) {
        bool taken = d->follow == TCG_FOLLOW_TARGET;

        emit_exit_aside(t, condition ^ taken, taken ? next : target_of(t, d), d->live_aside);
        return true;
    }
    if (d->live && t->flags == FLAGS_IN_HOST) {
        emit_flags_save(&t->e);
    }
    t->flags = FLAGS_IN_STATE;
    emit_exit_if(t, condition, target_of(t, d));
    emit_exit(t, next);
    return true;
}

/* loop and jrcxz: the host's own, over a jump. */
bool special_loop(TcgTranslation *t, TcgDecoded *d)
{
    TcgEmit *e = &t->e;
    guint8 *not_taken;

    if (!can_jump(t, d) || d->z.address_width < 32) {
        return false;
    }
    if (d->reads) {
        flags_load(t);
    }
    if (d->live && t->flags == FLAGS_IN_HOST) {
        emit_flags_save(e);
    }
    t->flags = FLAGS_IN_STATE;
    if (d->z.address_width == 32) {
        emit_8(e, 0x67);
    }
    emit_8(e, d->z.opcode);
    emit_8(e, 5);
    not_taken = emit_jmp(e);
    emit_exit(t, target_of(t, d));
    emit_target(e, not_taken, e->p);
    emit_exit(t, insn_rip(t, d) + d->z.length);
    return true;
}

/* ---- Calls and returns ---- */

static void call_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    bool wide = is_64bit(t);
    guint64 next = insn_rip(t, d) + d->z.length;
    guint scratch;

    scratch = emit_free_scratch(t, &address);
    emit_mov_imm(&t->e, scratch, wide ? next : (guint32)next);
    emit_at(t, wide, OP_MOV_STORE, scratch, address);
    emit_lea(&t->e, wide, HOST_GUEST_RSP, HOST_GUEST_RSP, wide ? -8 : -4);
}

bool special_call(TcgTranslation *t, TcgDecoded *d)
{
    guint size = is_64bit(t) ? 8 : 4;

    if (!can_jump(t, d) || !is_simple(t)) {
        return false;
    }
    flags_settle(t, d->live);
    if (!is_direct(d)) {
        load_target(t, d);
        emit_state(&t->e, true, OP_MOV_STORE, HOST_T0, STATE(spare) + 8);
    }
    if (!emit_group_stack(t, d, -8, TCG_ACCESS_WRITE, call_body, NULL)) {
        emit_lea(&t->e, is_64bit(t), HOST_T0, HOST_GUEST_RSP, -(gint32)size);
        emit_access(t, d, TCG_SS, size, TCG_ACCESS_WRITE, false, call_body, NULL);
    }
    if (is_direct(d)) {
        emit_exit(t, target_of(t, d));
    } else {
        emit_state(&t->e, true, OP_MOV_LOAD, HOST_T0, STATE(spare) + 8);
        emit_exit_indirect(t);
    }
    return true;
}

static void ret_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    bool wide = is_64bit(t);
    gint32 drop = (wide ? 8 : 4) + (d->z.raw.imm[0].size ? d->z.raw.imm[0].value.u : 0);

    load_target_body(t, d, address, argument);
    emit_lea(&t->e, wide, HOST_GUEST_RSP, HOST_GUEST_RSP, drop);
}

bool special_ret(TcgTranslation *t, TcgDecoded *d)
{
    guint size = is_64bit(t) ? 8 : 4;

    if (!can_jump(t, d) || !is_simple(t)) {
        return false;
    }
    flags_settle(t, d->live);
    if (!emit_group_stack(t, d, 0, TCG_ACCESS_READ, ret_body, NULL)) {
        emit_lea(&t->e, is_64bit(t), HOST_T0, HOST_GUEST_RSP, 0);
        emit_access(t, d, TCG_SS, size, TCG_ACCESS_READ, false, ret_body, NULL);
    }
    emit_exit_indirect(t);
    return true;
}
