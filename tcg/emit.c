/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host instructions as bytes; see emit.h.
 */
#include "config.h"
#include "tcg/emit.h"

static void emit_opcode(TcgEmit *e, guint opcode)
{
    if (opcode > 0xff) {
        emit_8(e, opcode >> 8);
    }
    emit_8(e, opcode);
}

static void emit_rex_if(TcgEmit *e, guint8 rex)
{
    if (rex != 0x40) {
        emit_8(e, rex);
    }
}

static bool is_i8(gint64 value)
{
    return value == (gint8)value;
}

static void emit_disp(TcgEmit *e, gint32 disp, bool small)
{
    if (small) {
        emit_8(e, disp);
    } else {
        emit_32(e, disp);
    }
}

void emit_state(TcgEmit *e, bool wide, guint opcode, guint reg, gsize offset)
{
    bool small = is_i8(offset);

    emit_rex_if(e, emit_rex(wide, reg, 0, 0));
    emit_opcode(e, opcode);
    emit_8(e, (small ? 0x40 : 0x80) | (reg & 7) << 3 | 4);
    emit_8(e, 0x24);
    emit_disp(e, offset, small);
}

void emit_reg(TcgEmit *e, bool wide, guint opcode, guint reg, guint rm)
{
    emit_rex_if(e, emit_rex(wide, reg, 0, rm));
    emit_opcode(e, opcode);
    emit_8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

void emit_mem(TcgEmit *e, bool wide, guint opcode, guint reg, guint base, gint32 disp)
{
    bool none = disp == 0 && (base & 7) != 5, small = is_i8(disp);

    emit_rex_if(e, emit_rex(wide, reg, 0, base));
    emit_opcode(e, opcode);
    emit_8(e, (none ? 0 : small ? 0x40 : 0x80) | (reg & 7) << 3 | (base & 7));
    if ((base & 7) == 4) {
        emit_8(e, 0x24);
    }
    if (!none) {
        emit_disp(e, disp, small);
    }
}

void emit_mem_index(TcgEmit *e, bool wide, guint opcode, guint reg, guint base, guint index,
                    gint32 disp)
{
    bool none = disp == 0 && (base & 7) != 5, small = is_i8(disp);

    emit_rex_if(e, emit_rex(wide, reg, index, base));
    emit_opcode(e, opcode);
    emit_8(e, (none ? 0 : small ? 0x40 : 0x80) | (reg & 7) << 3 | 4);
    emit_8(e, (index & 7) << 3 | (base & 7));
    if (!none) {
        emit_disp(e, disp, small);
    }
}

void emit_lea(TcgEmit *e, bool wide, guint reg, guint base, gint32 disp)
{
    emit_mem(e, wide, OP_LEA, reg, base, disp);
}

void emit_mov_imm(TcgEmit *e, guint reg, guint64 value)
{
    if (value == (guint32)value) {
        emit_rex_if(e, emit_rex(false, 0, 0, reg));
        emit_8(e, 0xb8 | (reg & 7));
        emit_32(e, value);
    } else if (emit_fits_i32(value)) {
        emit_8(e, emit_rex(true, 0, 0, reg));
        emit_8(e, 0xc7);
        emit_8(e, 0xc0 | (reg & 7));
        emit_32(e, value);
    } else {
        emit_8(e, emit_rex(true, 0, 0, reg));
        emit_8(e, 0xb8 | (reg & 7));
        emit_64(e, value);
    }
}

void emit_jmp_state(TcgEmit *e, gsize offset)
{
    emit_state(e, false, 0xff, 4, offset);
}

void emit_call_state(TcgEmit *e, gsize offset)
{
    emit_state(e, false, 0xff, 2, offset);
}

guint8 *emit_jmp(TcgEmit *e)
{
    emit_8(e, 0xe9);
    emit_32(e, 0);
    return e->p - 4;
}

guint8 *emit_jcc(TcgEmit *e, guint condition)
{
    emit_8(e, 0x0f);
    emit_8(e, 0x80 | condition);
    emit_32(e, 0);
    return e->p - 4;
}

void emit_target(TcgEmit *e, guint8 *site, const guint8 *target)
{
    gint32 displacement = target - (site + 4);

    if (site + 4 <= e->end) {
        memcpy(site, &displacement, sizeof(displacement));
    }
}
