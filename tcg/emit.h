/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host instructions as bytes: the few that translation needs besides the guest's
 * own.  Encodings: SDM vol. 2A, chapter 2.  Heavy code.
 *
 * Registers are numbers 0 to 15.  "State" operands are [rsp + offset].
 */
#ifndef TCG_EMIT_H
#define TCG_EMIT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "tcg/state.h"

enum {
    HOST_RSP = 4, HOST_GUEST_RSP = 9, HOST_T0 = 10, HOST_T1 = 11,
};

/* Output buffer; without room bytes are counted but not written. */
typedef struct {
    guint8 *start, *p, *end;
} TcgEmit;

static inline bool emit_overflowed(const TcgEmit *e)
{
    return e->p > e->end;
}

static inline void emit_bytes(TcgEmit *e, const void *bytes, gsize n)
{
    if (e->p + n <= e->end) {
        memcpy(e->p, bytes, n);
    }
    e->p += n;
}

static inline void emit_8(TcgEmit *e, guint8 byte)
{
    if (e->p < e->end) {
        *e->p = byte;
    }
    e->p++;
}

static inline void emit_32(TcgEmit *e, guint32 value)
{
    emit_bytes(e, &value, sizeof(value));
}

static inline void emit_64(TcgEmit *e, guint64 value)
{
    emit_bytes(e, &value, sizeof(value));
}

static inline bool emit_fits_i32(gint64 value)
{
    return value == (gint32)value;
}

/* REX of a register operand, index and base. */
static inline guint8 emit_rex(bool wide, guint reg, guint index, guint base)
{
    return 0x40 | wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3;
}

/* opcode reg, [rsp + offset]; opcode is one byte, or two as 0x0fXX. */
void emit_state(TcgEmit *e, bool wide, guint opcode, guint reg, gsize offset);
/* opcode reg, rm */
void emit_reg(TcgEmit *e, bool wide, guint opcode, guint reg, guint rm);
/* opcode reg, [base + disp], any base but rsp and r12; or [base + index] */
void emit_mem(TcgEmit *e, bool wide, guint opcode, guint reg, guint base, gint32 disp);
void emit_mem_index(TcgEmit *e, bool wide, guint opcode, guint reg, guint base, guint index,
                    gint32 disp);
void emit_lea(TcgEmit *e, bool wide, guint reg, guint base, gint32 disp);
/* mov reg, value, in the shortest form */
void emit_mov_imm(TcgEmit *e, guint reg, guint64 value);
/* jmp [rsp + offset], call [rsp + offset] */
void emit_jmp_state(TcgEmit *e, gsize offset);
void emit_call_state(TcgEmit *e, gsize offset);
/*
 * A jump with a 32-bit displacement, to be set by emit_target(): returns the
 * displacement's address.
 */
guint8 *emit_jmp(TcgEmit *e);
guint8 *emit_jcc(TcgEmit *e, guint condition);
/* Sets the target of the jump at site: the current position, or a given one. */
void emit_target(TcgEmit *e, guint8 *site, const guint8 *target);

#define STATE(member) offsetof(TcgState, member)
#define STATE_GPR(n) (offsetof(TcgState, gpr) + 8 * (n))
#define STATE_SEGMENT(n, member) \
    (offsetof(TcgState, segment) + (n) * sizeof(TcgSegment) + offsetof(TcgSegment, member))
#define STATE_THUNK(n) (offsetof(TcgState, thunk) + 8 * (n))

/* Opcodes. */
enum {
    OP_ADD = 0x03, OP_OR = 0x0b, OP_XOR = 0x33, OP_CMP = 0x3b, OP_MOV_STORE = 0x89,
    OP_MOV_LOAD = 0x8b,
    OP_LEA = 0x8d, OP_MOVZX16 = 0x0fb7,
};

enum { CC_AE = 3, CC_E = 4, CC_NE = 5, CC_A = 7, CC_S = 8 };

#endif
