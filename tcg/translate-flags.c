/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the guest's arithmetic flags are.  At a block's edges they are in the
 * state; in between in the host's flags, in the state, in both, or nowhere, if
 * they are dead.
 */
#include "config.h"
#include "tcg/translate.h"

/* mov [t], rax; lahf; seto al; mov [flags], eax; mov rax, [t]: changes no flag. */
void emit_flags_save(TcgEmit *e)
{
    emit_state(e, true, OP_MOV_STORE, TCG_RAX, STATE(save_rax));
    emit_8(e, 0x9f);
    emit_bytes(e, "\x0f\x90\xc0", 3);
    emit_state(e, false, OP_MOV_STORE, TCG_RAX, STATE(flags));
    emit_state(e, true, OP_MOV_LOAD, TCG_RAX, STATE(save_rax));
}

/* OF of 7fh + 1, then the others. */
static void emit_flags_load(TcgEmit *e)
{
    emit_state(e, true, OP_MOV_STORE, TCG_RAX, STATE(save_rax));
    emit_state(e, false, OP_MOV_LOAD, TCG_RAX, STATE(flags));
    emit_bytes(e, "\x04\x7f\x9e", 3);
    emit_state(e, true, OP_MOV_LOAD, TCG_RAX, STATE(save_rax));
}

guint32 flags_live_before(const TcgDecoded *d)
{
    return d->reads | (d->live & ~d->writes);
}

/* With exact flags they are also kept if only a fault of the next instruction would show them. */
void flags_spill(TcgTranslation *t, guint32 live)
{
    if ((live || t->exact) && t->flags == FLAGS_IN_HOST) {
        emit_flags_save(&t->e);
        t->flags |= FLAGS_IN_STATE;
    }
    t->flags &= ~FLAGS_IN_HOST;
}

void flags_spill_for(TcgTranslation *t, const TcgDecoded *d)
{
    bool checked = d->group < 0 || t->group[d->group].first == (guint)(d - t->insn);

    if (checked) {
        flags_spill(t, flags_live_before(d));
    }
}

void flags_load(TcgTranslation *t)
{
    if (t->flags == FLAGS_IN_STATE) {
        emit_flags_load(&t->e);
        t->flags |= FLAGS_IN_HOST;
    }
}

void flags_settle(TcgTranslation *t, guint32 live)
{
    if (live && t->flags == FLAGS_IN_HOST) {
        emit_flags_save(&t->e);
    }
    t->flags = FLAGS_IN_STATE;
}

/* It needs the host's flags to be the guest's if it reads some, or leaves some that are read
 * later. */
void flags_prepare(TcgTranslation *t, const TcgDecoded *d)
{
    if (d->reads || (d->clobbers && d->live & ~d->writes)) {
        flags_load(t);
    }
}

void flags_after(TcgTranslation *t, const TcgDecoded *d)
{
    if (d->clobbers) {
        t->flags = FLAGS_IN_HOST;
    }
}
