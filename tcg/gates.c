/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Far JMP and CALL by system descriptors: call gates (SDM vol. 3A, sections 5.8.3 to 5.8.5), task
 * gates and TSSs (7.3); vol. 2, CALL and JMP.
 */
#include "config.h"
#include "tcg/segment.h"

/* A transfer by a call gate. */
typedef struct {
    const TcgDescriptor *gate;
    TcgDescriptor code;
    guint64 ip, return_ip;
    guint size;                 /* of pushed values: 2, 4, 8 */
} GateCall;

static void find_code(TcgState *s, GateCall *call, bool is_call)
{
    guint16 selector = call->gate->low >> 16;
    TcgDescriptor *code = &call->code;
    guint dpl;

    if (tcg_selector_is_null(selector)) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_descriptor_get(s, selector, TCG_GP, code);
    dpl = tcg_descriptor_dpl(code);
    if (!tcg_descriptor_is_code(code) || dpl > tcg_cpl(s) ||
        (!is_call && !tcg_descriptor_is_conforming(code) && dpl != tcg_cpl(s)) ||
        (tcg_is_long(s) && (code->high & (SEG_L | SEG_DB)) != SEG_L)) {
        tcg_raise_selector(s, TCG_GP, selector);
    }
    if (!(code->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, selector);
    }
}

static void load_code(TcgState *s, GateCall *call, guint cpl)
{
    tcg_code_load(s, &call->code, cpl);
    s->rip = call->ip;
    tcg_mode_update(s);
}

static void push_return(TcgState *s, TcgStack *stack, const GateCall *call)
{
    tcg_stack_push(s, stack, s->segment[TCG_CS].selector, call->size);
    tcg_stack_push(s, stack, call->return_ip & tcg_size_mask(call->size), call->size);
}

static void call_same_level(TcgState *s, GateCall *call)
{
    TcgStack stack;

    if (call->size == 8) {
        tcg_stack_other(s, &stack, &s->segment[TCG_SS], s->gpr[TCG_RSP], tcg_cpl(s), true);
        stack.error = 0;
    } else {
        tcg_stack_present(s, &stack);
    }
    tcg_stack_check(s, &stack, 2, call->size);
    tcg_check_target_in(s, &call->code, call->ip);
    tcg_descriptor_accessed(s, &call->code);
    push_return(s, &stack, call);
    tcg_stack_commit(s, &stack);
    load_code(s, call, tcg_cpl(s));
}

/* Copies the caller's parameters, so that the callee finds them in the same order. */
static void push_parameters(TcgState *s, TcgStack *stack, const GateCall *call, guint count)
{
    TcgStack caller;

    tcg_stack_present(s, &caller);
    while (count > 0) {
        count--;
        tcg_stack_push(s, stack, tcg_stack_peek(s, &caller, count * call->size, call->size),
                       call->size);
    }
}

static void call_inner_level(TcgState *s, GateCall *call)
{
    guint cpl = tcg_descriptor_dpl(&call->code);
    guint n_parameters = call->size == 8 ? 0 : call->gate->high & 31;
    TcgInnerStack inner;
    TcgStack stack;

    tcg_inner_stack(s, cpl, 0, &inner);
    tcg_stack_other(s, &stack, &inner.segment, inner.pointer, cpl, call->size == 8);
    tcg_stack_check(s, &stack, 4 + n_parameters, call->size);
    tcg_check_target_in(s, &call->code, call->ip);
    tcg_descriptor_accessed(s, &call->code);
    tcg_stack_push(s, &stack, s->segment[TCG_SS].selector, call->size);
    tcg_stack_push(s, &stack, s->gpr[TCG_RSP] & tcg_size_mask(call->size), call->size);
    push_parameters(s, &stack, call, n_parameters);
    push_return(s, &stack, call);
    tcg_inner_stack_load(s, &inner);
    tcg_stack_commit(s, &stack);
    load_code(s, call, cpl);
}

static void call_gate(TcgState *s, TcgDescriptor *gate, bool is_call, guint64 return_ip)
{
    GateCall call = { .gate = gate, .return_ip = return_ip };
    bool is_wide = tcg_descriptor_type(gate) & 8;

    if (tcg_is_long(s)) {
        tcg_descriptor_get_upper(s, TCG_GP, gate);
    }
    if (!(gate->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, gate->selector);
    }
    call.size = tcg_is_long(s) ? 8 : is_wide ? 4 : 2;
    call.ip = (gate->low & 0xffff) | (is_wide ? gate->high & 0xffff0000 : 0) |
              (guint64)gate->upper << 32;
    find_code(s, &call, is_call);
    if (!is_call) {
        tcg_check_target_in(s, &call.code, call.ip);
        load_code(s, &call, tcg_cpl(s));
    } else if (!tcg_descriptor_is_conforming(&call.code) &&
               tcg_descriptor_dpl(&call.code) < tcg_cpl(s)) {
        call_inner_level(s, &call);
    } else {
        call_same_level(s, &call);
    }
}

static void to_task(TcgState *s, TcgDescriptor *d, bool is_call, guint64 return_ip)
{
    TcgTaskReason reason = is_call ? TCG_TASK_CALL : TCG_TASK_JMP;
    TcgDescriptor tss = *d;

    if (tcg_descriptor_type(d) != SYS_TASK_GATE && d->selector & 4) {
        tcg_raise_selector(s, TCG_GP, d->selector);
    }
    if (!(d->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, d->selector);
    }
    if (tcg_descriptor_type(d) == SYS_TASK_GATE) {
        tcg_task_find(s, d->low >> 16, false, TCG_GP, &tss);
    }
    tcg_task_switch(s, &tss, reason, return_ip, tcg_eflags(s));
    tcg_check_target(s, s->rip);
    tcg_task_trap(s);
}

void tcg_far_system(TcgState *s, TcgDescriptor *d, bool is_call, guint64 return_ip)
{
    guint type = tcg_descriptor_type(d);
    guint dpl = tcg_descriptor_dpl(d);

    if (dpl < tcg_cpl(s) || (d->selector & 3u) > dpl || (tcg_is_long(s) && type != SYS_CALL32)) {
        tcg_raise_selector(s, TCG_GP, d->selector);
    }
    switch (type) {
    case SYS_CALL16:
    case SYS_CALL32:
        call_gate(s, d, is_call, return_ip);
        return;
    case SYS_TASK_GATE:
    case SYS_TSS16:
    case SYS_TSS32:
        to_task(s, d, is_call, return_ip);
        return;
    default:
        tcg_raise_selector(s, TCG_GP, d->selector);
    }
}
