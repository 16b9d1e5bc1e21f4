/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flat memory and a machine: see the header.
 */
#include "config.h"
#include "tests/lib/tcg-standin-seg.h"

#include <stdlib.h>
#include <string.h>

static Standin *standin_of(TcgState *s)
{
    return (Standin *)s;
}

/* ---- The rest of the CPU ---- */

static _Noreturn void raise_it(TcgState *s, TcgException exception)
{
    Standin *standin = standin_of(s);

    exception.pending = true;
    s->exception = exception;
    if (!tcg_exception_combine(s, &s->exception)) {
        standin->shutdown = true;
        s->exception.pending = false;
    }
    longjmp(standin->raised, 1);
}

void tcg_raise(TcgState *s, guint8 vector)
{
    raise_it(s, (TcgException){ .vector = vector });
}

void tcg_raise_error(TcgState *s, guint8 vector, guint32 error)
{
    raise_it(s, (TcgException){ .vector = vector, .has_error = true, .error = error });
}

void tcg_raise_page(TcgState *s, guint64 address, guint32 error)
{
    raise_it(s, (TcgException){ .vector = TCG_PF, .has_error = true, .error = error,
                                .address = address });
}

static guint8 *memory_at(TcgState *s, guint64 linear, guint size, bool is_write)
{
    Standin *standin = standin_of(s);
    guint64 last = linear + size - 1;

    if (last >= STANDIN_MEMORY || linear >> 12 == standin->hole >> 12 ||
        last >> 12 == standin->hole >> 12) {
        tcg_raise_page(s, linear, is_write ? 2 : 0);
    }
    return standin->memory + linear;
}

guint64 tcg_load(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    guint64 value = 0;

    memcpy(&value, memory_at(s, linear, size, false), size);
    return value;
}

void tcg_store(TcgState *s, guint64 linear, guint64 value, guint size, TcgAccess access)
{
    memcpy(memory_at(s, linear, size, true), &value, size);
}

void tcg_check_store(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    memory_at(s, linear, size, true);
}

void tcg_tlb_flush(TcgState *s)
{
    standin_of(s)->n_flushes++;
}

/* ---- Running ---- */

typedef struct {
    TcgHelper helper;
    const TcgInsn *insn;
} Call;

int standin_try(Standin *standin, void (*f)(Standin *standin, gpointer data), gpointer data)
{
    if (setjmp(standin->raised)) {
        return standin->shutdown ? -2 : standin->state.exception.vector;
    }
    f(standin, data);
    return -1;
}

static void call_helper(Standin *standin, gpointer data)
{
    const Call *call = data;
    TcgNext next = call->helper(&standin->state, call->insn);

    /* As the dispatcher would go on. */
    if (next != TCG_LEAVE) {
        standin->state.rip = tcg_next_ip(&standin->state, call->insn);
    }
}

int standin_run(Standin *standin, TcgHelper helper, const TcgInsn *insn)
{
    Call call = { helper, insn };

    standin->state.exception.pending = false;
    return standin_try(standin, call_helper, &call);
}

static void deliver_exception(Standin *standin, gpointer data)
{
    tcg_deliver_exception(&standin->state);
}

static void deliver_interrupt(Standin *standin, gpointer data)
{
    tcg_deliver_interrupt(&standin->state, GPOINTER_TO_UINT(data));
}

static void deliver_what_is_pending(Standin *standin)
{
    while (standin->state.exception.pending) {
        standin_try(standin, deliver_exception, NULL);
    }
}

void standin_except(Standin *standin, guint8 vector, bool has_error, guint32 error)
{
    standin->state.exception = (TcgException){
        .vector = vector, .pending = true, .has_error = has_error, .error = error,
    };
    deliver_what_is_pending(standin);
}

void standin_interrupt(Standin *standin, guint8 vector)
{
    standin_try(standin, deliver_interrupt, GUINT_TO_POINTER(vector));
    deliver_what_is_pending(standin);
}

TcgInsn standin_insn(const Standin *standin)
{
    const TcgState *s = &standin->state;
    guint size = tcg_is_64bit(s) ? 8 : s->mode & TCG_MODE_CODE32 ? 4 : 2;

    return (TcgInsn){
        .rip = s->rip, .length = 2, .operand_size = size, .address_size = size,
        .stack_size = tcg_is_64bit(s) ? 8 : s->mode & TCG_MODE_STACK32 ? 4 : 2,
        .rm = TCG_NO_REG, .base = TCG_NO_REG, .index = TCG_NO_REG, .scale = 1,
        .segment = TCG_DS,
    };
}

/* ---- Memory ---- */

guint64 standin_peek(const Standin *standin, guint64 address, guint size)
{
    guint64 value = 0;

    memcpy(&value, standin->memory + address, size);
    return value;
}

void standin_poke(Standin *standin, guint64 address, guint64 value, guint size)
{
    memcpy(standin->memory + address, &value, size);
}

void standin_descriptor(Standin *standin, guint16 selector, guint32 base, guint32 limit,
                        guint32 attributes)
{
    guint64 address = (selector & 4 ? STANDIN_LDT : STANDIN_GDT) + (selector & ~7u);
    guint32 shown = attributes & SEG_G ? limit >> 12 : limit;

    standin_poke(standin, address, (shown & 0xffff) | base << 16, 4);
    standin_poke(standin, address + 4,
                 (base >> 16 & 0xff) | attributes | (shown & 0xf0000) | (base & 0xff000000), 4);
}

static void poke_gate(Standin *standin, guint64 address, guint type, guint dpl, guint16 target,
                      guint64 offset, guint low_bits)
{
    standin_poke(standin, address, (offset & 0xffff) | (guint32)target << 16, 4);
    standin_poke(standin, address + 4,
                 (offset & 0xffff0000) | SEG_P | dpl << SEG_DPL_SHIFT | type << 8 | low_bits, 4);
    if (standin->state.efer & EFER_LMA) {
        standin_poke(standin, address + 8, offset >> 32, 8);
    }
}

void standin_gate(Standin *standin, guint16 selector, guint type, guint dpl, guint16 target,
                  guint64 offset, guint count)
{
    poke_gate(standin, STANDIN_GDT + selector, type, dpl, target, offset, count);
}

void standin_idt(Standin *standin, guint8 vector, guint type, guint dpl, guint16 target,
                 guint64 offset, guint ist)
{
    guint size = standin->state.efer & EFER_LMA ? 16 : 8;

    poke_gate(standin, STANDIN_IDT + vector * size, type, dpl, target, offset, ist);
}

/* ---- The machine ---- */

#define DPL(n) ((n) << SEG_DPL_SHIFT)
#define SYSTEM(type) ((type) << SEG_TYPE_SHIFT | SEG_P)

enum {
    DATA = SEG_P | SEG_S | SEG_RW,
    CODE = SEG_P | SEG_S | SEG_CODE | SEG_RW,
    FLAT = SEG_G | SEG_DB,
};

static void fill_gdt(Standin *standin)
{
    bool is_long = standin->state.efer & EFER_LMA;
    guint32 code = CODE | SEG_G | (is_long ? SEG_L : SEG_DB);
    const struct {
        guint16 selector;
        guint32 base, limit, attributes;
    } rows[] = {
        { SEL_CODE, 0, ~0u, code },
        { SEL_DATA, 0, ~0u, DATA | FLAT },
        { SEL_CODE3, 0, ~0u, code | DPL(3) },
        { SEL_DATA3, 0, ~0u, DATA | FLAT | DPL(3) },
        { SEL_CODE16, 0x10000, 0xffff, CODE },
        { SEL_DATA16, 0x8000, 0xffff, DATA },
        { SEL_CONFORMING, 0, ~0u, code | SEG_CE },
        { SEL_EXECUTE_ONLY, 0, ~0u, (code | DPL(3)) & ~SEG_RW },
        { SEL_READ_ONLY3, 0, ~0u, (DATA | FLAT | DPL(3)) & ~SEG_RW },
        { SEL_ABSENT_DATA, 0, ~0u, (DATA | FLAT) & ~SEG_P },
        { SEL_EXPAND_DOWN, 0, 0xfff, DATA | SEG_CE | SEG_DB },
        { SEL_EXPAND_DOWN16, 0, 0xfff, DATA | SEG_CE },
        { SEL_TSS, STANDIN_TSS, 0x67, SYSTEM(SYS_TSS32_BUSY) },
        { SEL_LDT, STANDIN_LDT, 0xff, SYSTEM(SYS_LDT) },
        { SEL_TSS32, STANDIN_TSS32, 0x67, SYSTEM(SYS_TSS32) },
        { SEL_ABSENT_TSS, STANDIN_TSS32, 0x67, SYSTEM(SYS_TSS32) & ~SEG_P },
        { SEL_TSS16, STANDIN_TSS16, 0x2b, SYSTEM(SYS_TSS16) },
        { SEL_ABSENT_CODE, 0, ~0u, code & ~SEG_P },
        { SEL_COMPAT, 0, ~0u, CODE | FLAT },
        { SEL_COMPAT3, 0, ~0u, CODE | FLAT | DPL(3) },
        { SEL_RESERVED, 0, ~0u, CODE | FLAT | SEG_L },
        { SEL_DATA1, 0, ~0u, DATA | FLAT | DPL(1) },
        { SEL_DATA2, 0, ~0u, DATA | FLAT | DPL(2) },
        { SEL_CONFORMING3, 0, ~0u, code | SEG_CE | DPL(3) },
        { SEL_SMALL_CODE, 0, 0xfff, CODE | SEG_DB },
        { SEL_IN_LDT, 0, ~0u, DATA | FLAT },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        standin_descriptor(standin, rows[i].selector, rows[i].base, rows[i].limit,
                           rows[i].attributes);
    }
    standin_gate(standin, SEL_CALL_GATE, SYS_CALL32, 3, SEL_CODE, STANDIN_TARGET,
                 is_long ? 0 : 2);
    standin_gate(standin, SEL_ABSENT_GATE, SYS_CALL32, 3, SEL_CODE, STANDIN_TARGET, 0);
    standin->memory[STANDIN_GDT + SEL_ABSENT_GATE + 5] &= 0x7f;
    if (!is_long) {
        standin_gate(standin, SEL_CALL_GATE16, SYS_CALL16, 3, SEL_CODE16, 0x2340, 2);
        standin_gate(standin, SEL_TASK_GATE, SYS_TASK_GATE, 3, SEL_TSS32, 0, 0);
    }
}

static void fill_tss(Standin *standin)
{
    static const guint32 tops[] = { STANDIN_STACK0, STANDIN_STACK1, STANDIN_STACK2 };
    static const guint16 segments[] = { SEL_DATA, SEL_DATA1 | 1, SEL_DATA2 | 2 };
    bool is_long = standin->state.efer & EFER_LMA;

    for (guint i = 0; i < G_N_ELEMENTS(tops); i++) {
        standin_poke(standin, STANDIN_TSS + 4 + 8 * i, tops[i], is_long ? 8 : 4);
        if (!is_long) {
            standin_poke(standin, STANDIN_TSS + 8 + 8 * i, segments[i], 2);
        }
    }
    if (is_long) {
        standin_poke(standin, STANDIN_TSS + 36, STANDIN_IST1, 8);
    }
}

static void load(Standin *standin, TcgSegment *segment, guint16 selector)
{
    TcgDescriptor d = { .selector = selector };

    d.low = standin_peek(standin, STANDIN_GDT + (selector & ~7u), 4);
    d.high = standin_peek(standin, STANDIN_GDT + (selector & ~7u) + 4, 4);
    tcg_descriptor_segment(&d, selector, segment);
}

static void enter_protected(Standin *standin, StandinMode mode, guint cpl)
{
    TcgState *s = &standin->state;
    bool is_64bit = mode == STANDIN_64BIT;
    guint16 data = cpl == 3 ? SEL_DATA3 : cpl == 2 ? SEL_DATA2 : cpl == 1 ? SEL_DATA1 : SEL_DATA;
    guint16 code = mode != STANDIN_COMPATIBILITY ? (cpl == 3 ? SEL_CODE3 : SEL_CODE)
                                                 : cpl == 3 ? SEL_COMPAT3 : SEL_COMPAT;

    s->cr0 |= CR0_PE;
    s->efer = is_64bit || mode == STANDIN_COMPATIBILITY ? EFER_LME | EFER_LMA : 0;
    fill_gdt(standin);
    fill_tss(standin);
    s->gdt = (TcgTable){ .base = STANDIN_GDT, .limit = SEL_LIMIT };
    s->idt = (TcgTable){ .base = STANDIN_IDT, .limit = 0xfff };
    for (guint i = 0; i < TCG_N_SEGMENTS; i++) {
        load(standin, &s->segment[i], data | cpl);
    }
    load(standin, &s->segment[TCG_CS], code | cpl);
    load(standin, &s->tr, SEL_TSS);
    tcg_segment_null(&s->ldt, 0);
}

static void enter_real(Standin *standin)
{
    TcgState *s = &standin->state;

    for (guint i = 0; i < TCG_N_SEGMENTS; i++) {
        s->segment[i].unusable = 1;
        tcg_segment_set_real(s, &s->segment[i], 0);
    }
    tcg_segment_set_real(s, &s->segment[TCG_CS], STANDIN_RIP >> 4);
    s->idt = (TcgTable){ .base = 0, .limit = 0x3ff };
    s->rip = 0x10;
}

Standin *standin_new(StandinMode mode, guint cpl)
{
    Standin *standin = aligned_alloc(64, (sizeof(Standin) + 63) & ~63ul);
    TcgState *s = &standin->state;

    memset(standin, 0, sizeof(*standin));
    standin->hole = ~0ull;
    s->delivering = -1;
    s->eflags = EFLAGS_FIXED | EFLAGS_IF;
    s->cr0 = CR0_ET;
    s->rip = STANDIN_RIP;
    s->gpr[TCG_RSP] = STANDIN_STACK;
    if (mode != STANDIN_REAL) {
        enter_protected(standin, mode, cpl);
    }
    if (mode == STANDIN_V86) {
        s->eflags |= EFLAGS_VM | EFLAGS_IOPL;
    }
    if (mode == STANDIN_V86 || mode == STANDIN_REAL) {
        TcgTable idt = s->idt;

        enter_real(standin);
        s->idt = mode == STANDIN_V86 ? idt : s->idt;
    }
    tcg_mode_update(s);
    return standin;
}

void standin_free(Standin *standin)
{
    free(standin);
}
