/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CLI, STI and PUSHF where no check is needed: kernels use them often.
 */
#include "config.h"
#include "tcg/translate.h"

/* op dword [rsp + offset], imm32: /n of opcode 81h */
static void emit_state_imm(TcgEmit *e, guint n, gsize offset, guint32 value)
{
    emit_state(e, false, 0x81, n, offset);
    emit_32(e, value);
}

enum { N_OR = 1, N_AND = 4, N_CMP = 7 };

bool special_cli(TcgTranslation *t, TcgDecoded *d)
{
    if (!(t->mode & TCG_MODE_IOPL)) {
        return false;
    }
    flags_spill(t, flags_live_before(d));
    emit_state_imm(&t->e, N_AND, STATE(eflags), ~(guint32)EFLAGS_IF);
    return true;
}

/* Interrupts are enabled after one more instruction, with which decode_block() ends the block:
 * the next block checks `pending`. */
bool special_sti(TcgTranslation *t, TcgDecoded *d)
{
    guint8 *none;

    if (!(t->mode & TCG_MODE_IOPL) || t->mode & TCG_MODE_STEP || t->n != d - t->insn + 2u) {
        return false;
    }
    flags_spill(t, flags_live_before(d));
    emit_state_imm(&t->e, N_OR, STATE(eflags), EFLAGS_IF);
    emit_state_imm(&t->e, N_CMP, STATE(requests), 0);
    none = emit_jcc(&t->e, CC_E);
    emit_state(&t->e, false, 0xc7, 0, STATE(pending));
    emit_32(&t->e, 1);
    emit_target(&t->e, none, t->e.p);
    return true;
}

/* The arithmetic flags from the host's, the others from the state: pushfq; pop r11; and; or. */
static void emit_eflags(TcgTranslation *t)
{
    emit_bytes(&t->e, "\x9c\x41\x5b", 3);
    emit_bytes(&t->e, "\x41\x81\xe3", 3);
    emit_32(&t->e, EFLAGS_ARITHMETIC);
    emit_state(&t->e, false, OP_OR, HOST_T1, STATE(eflags));
    emit_state(&t->e, true, OP_MOV_STORE, HOST_T1, STATE(spare));
}

bool special_pushf(TcgTranslation *t, TcgDecoded *d)
{
    /* RF and VM, which are not pushed, are set only in these modes. */
    if (t->mode & (TCG_MODE_V86 | TCG_MODE_STEP) || !is_stack_wide(t, d)) {
        return false;
    }
    flags_load(t);
    if (d->live && t->flags == FLAGS_IN_HOST) {
        emit_flags_save(&t->e);
        t->flags |= FLAGS_IN_STATE;
    }
    emit_eflags(t);
    t->flags &= ~(guint)FLAGS_IN_HOST;
    emit_push_spare(t, d);
    return true;
}
