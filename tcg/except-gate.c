/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of events by the IDT's gates: SDM vol. 3A, sections 6.11 to 6.14; 20.3.1 (from V86
 * mode); vol. 2, INT n.
 */
#include "config.h"
#include "tcg/segment.h"

enum { ERROR_IDT = 1 << 1 };

/* The destination of an event. */
typedef struct {
    TcgDescriptor gate, code;
    TcgInnerStack inner;
    guint64 ip;
    guint cpl;
    bool changes_stack;         /* inner is in use */
} Handler;

static _Noreturn void raise_vector(TcgState *s, guint8 fault, const TcgEvent *event)
{
    tcg_raise_error(s, fault, event->vector * 8 | ERROR_IDT);
}

static bool is_gate(const TcgState *s, const TcgDescriptor *gate)
{
    if (gate->high & SEG_S) {
        return false;
    }
    switch (tcg_descriptor_type(gate)) {
    case SYS_INT32:
    case SYS_TRAP32:
        return true;
    case SYS_TASK_GATE:
    case SYS_INT16:
    case SYS_TRAP16:
        return !tcg_is_long(s);
    default:
        return false;
    }
}

static void read_gate(TcgState *s, const TcgEvent *event, TcgDescriptor *gate)
{
    guint size = tcg_is_long(s) ? 16 : 8;
    guint offset = event->vector * size;
    guint64 value;

    if (offset + size - 1 > s->idt.limit) {
        raise_vector(s, TCG_GP, event);
    }
    gate->address = tcg_table_address(s, s->idt.base + offset);
    value = tcg_load(s, gate->address, 8, TCG_SYSTEM);
    gate->low = value;
    gate->high = value >> 32;
    gate->upper = size == 16 ? tcg_load(s, gate->address + 8, 4, TCG_SYSTEM) : 0;
    gate->selector = gate->low >> 16;
    if (!is_gate(s, gate) || (event->software && tcg_descriptor_dpl(gate) < tcg_cpl(s))) {
        raise_vector(s, TCG_GP, event);
    }
    if (!(gate->high & SEG_P)) {
        raise_vector(s, TCG_NP, event);
    }
}

/* The handler's code segment and privilege. */
static void find_code(TcgState *s, Handler *handler)
{
    guint16 selector = handler->gate.selector;
    TcgDescriptor *code = &handler->code;

    if (tcg_selector_is_null(selector)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_descriptor_get(s, selector, TCG_GP, code);
    if (!tcg_descriptor_is_code(code) || tcg_descriptor_dpl(code) > tcg_cpl(s)) {
        tcg_raise_selector(s, TCG_GP, selector);
    }
    if (!(code->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, selector);
    }
    if (tcg_is_long(s) && (code->high & (SEG_L | SEG_DB)) != SEG_L) {
        tcg_raise_selector(s, TCG_GP, selector);
    }
    handler->cpl = tcg_descriptor_is_conforming(code) ? tcg_cpl(s) : tcg_descriptor_dpl(code);
    if (s->eflags & EFLAGS_VM && handler->cpl != 0) {
        tcg_raise_selector(s, TCG_GP, selector);
    }
}

static void load_code_and_flags(TcgState *s, Handler *handler)
{
    bool is_interrupt_gate = !(tcg_descriptor_type(&handler->gate) & 1);

    tcg_code_load(s, &handler->code, handler->cpl);
    s->rip = handler->ip;
    tcg_set_eflags(s, 0, EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM |
                   (is_interrupt_gate ? EFLAGS_IF : 0));
}

/* ---- Protected mode ---- */

/* The segments that a handler of V86 mode's events finds on its stack. */
static const guint8 v86_segments[] = { TCG_GS, TCG_FS, TCG_DS, TCG_ES };

static void push_frame(TcgState *s, TcgStack *stack, const TcgEvent *event,
                       const Handler *handler, guint size)
{
    bool v86 = s->eflags & EFLAGS_VM;

    for (guint i = 0; v86 && i < G_N_ELEMENTS(v86_segments); i++) {
        tcg_stack_push(s, stack, s->segment[v86_segments[i]].selector, size);
    }
    if (handler->changes_stack) {
        tcg_stack_push(s, stack, s->segment[TCG_SS].selector, size);
        tcg_stack_push(s, stack, s->gpr[TCG_RSP] & tcg_size_mask(size), size);
    }
    tcg_stack_push(s, stack, event->eflags & tcg_size_mask(size), size);
    tcg_stack_push(s, stack, s->segment[TCG_CS].selector, size);
    tcg_stack_push(s, stack, event->return_ip & tcg_size_mask(size), size);
    if (event->has_error) {
        tcg_stack_push(s, stack, event->error & tcg_size_mask(size), size);
    }
}

static guint frame_count(const TcgState *s, const TcgEvent *event, const Handler *handler)
{
    return 3 + event->has_error + (handler->changes_stack ? 2 : 0) +
           (s->eflags & EFLAGS_VM ? G_N_ELEMENTS(v86_segments) : 0);
}

static void enter_protected(TcgState *s, const TcgEvent *event, Handler *handler)
{
    guint size = tcg_descriptor_type(&handler->gate) & 8 ? 4 : 2;
    bool v86 = s->eflags & EFLAGS_VM;
    TcgStack stack;

    if (handler->changes_stack) {
        tcg_inner_stack(s, handler->cpl, 0, &handler->inner);
        tcg_stack_other(s, &stack, &handler->inner.segment, handler->inner.pointer,
                        handler->cpl, false);
    } else {
        tcg_stack_present(s, &stack);
    }
    tcg_stack_check(s, &stack, frame_count(s, event, handler), size);
    tcg_check_target_in(s, &handler->code, handler->ip);
    tcg_descriptor_accessed(s, &handler->code);
    push_frame(s, &stack, event, handler, size);
    if (handler->changes_stack) {
        tcg_inner_stack_load(s, &handler->inner);
    }
    tcg_stack_commit(s, &stack);
    for (guint i = 0; v86 && i < G_N_ELEMENTS(v86_segments); i++) {
        tcg_segment_null(&s->segment[v86_segments[i]], 0);
    }
    load_code_and_flags(s, handler);
}

static void deliver_to_task(TcgState *s, const TcgEvent *event, const TcgDescriptor *gate)
{
    TcgDescriptor tss;
    TcgStack stack;
    guint size;

    tcg_task_find(s, gate->selector, false, TCG_GP, &tss);
    tcg_task_switch(s, &tss, TCG_TASK_EVENT, event->return_ip, event->eflags);
    if (event->has_error) {
        size = s->tr.attributes & 8 << SEG_TYPE_SHIFT ? 4 : 2;
        tcg_stack_present(s, &stack);
        tcg_stack_push(s, &stack, event->error & tcg_size_mask(size), size);
        tcg_stack_commit(s, &stack);
    }
    tcg_check_target(s, s->rip);
    tcg_task_trap(s);
}

void tcg_deliver_protected(TcgState *s, const TcgEvent *event)
{
    Handler handler;
    TcgDescriptor *gate = &handler.gate;

    read_gate(s, event, gate);
    if (tcg_descriptor_type(gate) == SYS_TASK_GATE) {
        deliver_to_task(s, event, gate);
        return;
    }
    find_code(s, &handler);
    handler.ip = (gate->low & 0xffff) |
                 (tcg_descriptor_type(gate) & 8 ? gate->high & 0xffff0000 : 0);
    handler.changes_stack = handler.cpl != tcg_cpl(s);
    enter_protected(s, event, &handler);
}

/* ---- IA-32e mode: SDM vol. 3A, section 6.14 ---- */

static void push_frame_long(TcgState *s, TcgStack *stack, const TcgEvent *event)
{
    tcg_stack_push(s, stack, s->segment[TCG_SS].selector, 8);
    tcg_stack_push(s, stack, s->gpr[TCG_RSP], 8);
    tcg_stack_push(s, stack, event->eflags, 8);
    tcg_stack_push(s, stack, s->segment[TCG_CS].selector, 8);
    tcg_stack_push(s, stack, event->return_ip, 8);
    if (event->has_error) {
        tcg_stack_push(s, stack, event->error, 8);
    }
}

void tcg_deliver_long(TcgState *s, const TcgEvent *event)
{
    Handler handler;
    TcgStack stack;
    guint ist;

    read_gate(s, event, &handler.gate);
    find_code(s, &handler);
    handler.ip = (handler.gate.low & 0xffff) | (handler.gate.high & 0xffff0000) |
                 (guint64)handler.gate.upper << 32;
    handler.changes_stack = handler.cpl != tcg_cpl(s);
    ist = handler.gate.high & 7;
    handler.inner.pointer = s->gpr[TCG_RSP];
    if (handler.changes_stack || ist) {
        tcg_inner_stack(s, handler.cpl, ist, &handler.inner);
    }
    tcg_stack_other(s, &stack, &s->segment[TCG_SS], handler.inner.pointer & ~15ull,
                    handler.cpl, true);
    stack.error = 0;
    tcg_stack_check(s, &stack, 5 + event->has_error, 8);
    tcg_check_target_in(s, &handler.code, handler.ip);
    tcg_descriptor_accessed(s, &handler.code);
    push_frame_long(s, &stack, event);
    if (handler.changes_stack) {
        tcg_inner_stack_load(s, &handler.inner);
    }
    tcg_stack_commit(s, &stack);
    load_code_and_flags(s, &handler);
}
