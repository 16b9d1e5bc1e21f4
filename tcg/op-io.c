/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IN, OUT, INS, OUTS: SDM vol. 1, chapter 19; vol. 2, by name.  Devices are heavy code.
 */
#include "config.h"
#include "tcg/ioeventfd.h"
#include "tcg/ops.h"
#include "tcg/string.h"
#include "tcg/tcg-accel.h"

enum {
    TSS_BUSY_32 = 11,
    TSS_FREE_32 = 9,
    TSS_MAP_BASE = 102,         /* the member with the offset of the I/O map */
    OPCODE_WIDE = 1 << 0,       /* not a byte */
    OPCODE_DX = 1 << 3,         /* IN and OUT: the port is in DX */
};

/* ---- Permission ---- */

static bool is_allowed(TcgState *s, guint16 port, guint size)
{
    guint type = (s->tr.attributes & SEG_TYPE) >> SEG_TYPE_SHIFT;
    guint64 offset;
    guint16 bits;

    if ((type != TSS_BUSY_32 && type != TSS_FREE_32) || s->tr.limit < TSS_MAP_BASE + 1) {
        return false;
    }
    offset = tcg_load(s, s->tr.base + TSS_MAP_BASE, 2, TCG_SYSTEM) + port / 8;
    if (offset + 1 > s->tr.limit) {
        return false;
    }
    bits = tcg_load(s, s->tr.base + offset, 2, TCG_SYSTEM);
    return !(bits >> (port & 7) & ((1u << size) - 1));
}

static void require_port(TcgState *s, guint16 port, guint size)
{
    bool free = !(s->mode & TCG_MODE_PROTECTED) ||
                (!(s->eflags & EFLAGS_VM) && tcg_cpl(s) <= (s->eflags & EFLAGS_IOPL) >> 12);

    if (!free && !is_allowed(s, port, size)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
}

/* ---- The access ---- */

typedef struct {
    guint16 port;
    void *data;
    guint size, count;
    bool is_write;
} Request;

static guint64 heavy_access(TcgState *s, void *argument)
{
    const Request *r = argument;
    const Accel *accel = &s->vcpu->tcg->accel;

    if (r->is_write && r->count == 1 &&
        tcg_ioeventfd_hit(s->vcpu->tcg, true, r->port, r->data, r->size)) {
        return 0;
    }
    accel->host->pio(accel->host_opaque, r->port, r->data, r->size, r->count, r->is_write);
    return 0;
}

static void access_port(TcgState *s, guint16 port, void *data, guint size, guint count,
                        bool is_write)
{
    Request request = { .port = port, .data = data, .size = size, .count = count,
                        .is_write = is_write };

    tcg_heavy(s, heavy_access, &request);
}

static guint io_size(const TcgInsn *insn)
{
    return !(insn->opcode & OPCODE_WIDE) ? 1 : insn->operand_size == 2 ? 2 : 4;
}

/* ---- IN, OUT ---- */

static guint16 checked_port(TcgState *s, const TcgInsn *insn)
{
    guint16 port = insn->opcode & OPCODE_DX ? s->gpr[TCG_RDX] : (guint8)insn->imm;

    require_port(s, port, io_size(insn));
    return port;
}

static TcgNext go_on(const TcgState *s)
{
    return tcg_must_leave(s) ? TCG_NEXT : TCG_GO_ON;
}

TcgNext tcg_op_in(TcgState *s, const TcgInsn *insn)
{
    guint16 port = checked_port(s, insn);
    guint32 value = 0;

    access_port(s, port, &value, io_size(insn), 1, false);
    tcg_reg_write(s, TCG_RAX, value, io_size(insn), true);
    return go_on(s);
}

TcgNext tcg_op_out(TcgState *s, const TcgInsn *insn)
{
    guint16 port = checked_port(s, insn);
    guint32 value = s->gpr[TCG_RAX];

    access_port(s, port, &value, io_size(insn), 1, true);
    return go_on(s);
}

/* ---- INS, OUTS ---- */

/* A batch is the elements in one page, upward; else one element. */
static guint64 batch(TcgState *s, const TcgInsn *insn, TcgStringOperand *operand, guint64 count)
{
    guint64 offset = s->gpr[operand->reg] & tcg_size_mask(insn->address_size);
    guint64 n;

    operand->linear = tcg_linear(s, operand->segment, offset, insn->operand_size, operand->access);
    if (count == 1 || tcg_string_down(s) || s->mode & (TCG_MODE_STEP | TCG_MODE_ALIGN)) {
        return 1;
    }
    n = tcg_string_span(s, insn, operand, count);
    return n > 0 ? n : 1;
}

/* The block is left after each batch: devices may have made requests. */
static TcgNext done(TcgState *s, const TcgInsn *insn, guint reg, guint64 n, guint64 count)
{
    tcg_string_advance(s, insn, reg, n);
    tcg_string_counted(s, insn, n);
    return n < count ? TCG_LEAVE : TCG_NEXT;
}

/* Checks that memory can be written before the device is read. */
TcgNext tcg_op_ins(TcgState *s, const TcgInsn *insn)
{
    TcgStringOperand to = { .reg = TCG_RDI, .segment = TCG_ES, .access = TCG_WRITE };
    guint64 count = tcg_string_count(s, insn), n;
    guint16 port = s->gpr[TCG_RDX];
    guint size = insn->operand_size;
    guint8 data[4096];

    require_port(s, port, size);
    if (count == 0) {
        return TCG_NEXT;
    }
    n = batch(s, insn, &to, count);
    tcg_check_store(s, to.linear, n * size, TCG_WRITE);
    access_port(s, port, data, size, n, false);
    tcg_store_bytes(s, to.linear, data, n * size, TCG_WRITE);
    return done(s, insn, TCG_RDI, n, count);
}

TcgNext tcg_op_outs(TcgState *s, const TcgInsn *insn)
{
    TcgStringOperand from = { .reg = TCG_RSI, .segment = insn->segment, .access = TCG_READ };
    guint64 count = tcg_string_count(s, insn), n;
    guint16 port = s->gpr[TCG_RDX];
    guint size = insn->operand_size;
    guint8 data[4096];

    require_port(s, port, size);
    if (count == 0) {
        return TCG_NEXT;
    }
    n = batch(s, insn, &from, count);
    tcg_load_bytes(s, from.linear, data, n * size, TCG_READ);
    access_port(s, port, data, size, n, true);
    return done(s, insn, TCG_RSI, n, count);
}
