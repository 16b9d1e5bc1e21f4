/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of exceptions and interrupts: common code of all modes, and real mode.
 *
 * Guest-visible registers do not change before everything that can fault is done; a fault on
 * the way raises an exception, and tcg_exception_combine() combines the two.
 *
 * Sources: SDM vol. 3A, chapter 6, section 20.1.4 (real mode), 17.2 (debug registers); vol. 2,
 * INT n.
 */
#include "config.h"
#include "tcg/segment.h"

/* SDM vol. 3A, table 6-4. */
enum { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE, CLASS_DOUBLE };

enum {
    DR6_CAUSES = 0xe00f,        /* BT, BS, BD, B3 to B0 */
    DR6_MATCHES = 0xf,
    DR6_FIXED = 0xffff0ff0,
    DR7_GD = 1 << 13,
    ERROR_EXT = 1 << 0,
    ERROR_IDT = 1 << 1,
};

static guint8 exception_class(guint8 vector)
{
    switch (vector) {
    case TCG_DE:
    case TCG_TS:
    case TCG_NP:
    case TCG_SS_FAULT:
    case TCG_GP:
        return CLASS_CONTRIBUTORY;
    case TCG_PF:
        return CLASS_PAGE;
    case TCG_DF:
        return CLASS_DOUBLE;
    default:
        return CLASS_BENIGN;
    }
}

/* SDM vol. 3A, table 6-5. */
static bool makes_double_fault(guint8 first, guint8 second)
{
    return (first == CLASS_CONTRIBUTORY && second == CLASS_CONTRIBUTORY) ||
           (first == CLASS_PAGE && (second == CLASS_CONTRIBUTORY || second == CLASS_PAGE));
}

bool tcg_exception_combine(TcgState *s, TcgException *exception)
{
    guint8 second = exception_class(exception->vector);

    if (s->delivering < 0) {
        return true;
    }
    s->delivering = -1;
    if (s->delivering_class == CLASS_DOUBLE && second != CLASS_BENIGN) {
        return false;
    }
    if (makes_double_fault(s->delivering_class, second)) {
        if (second == CLASS_PAGE) {
            s->cr2 = exception->address;
        }
        exception->vector = TCG_DF;
        exception->has_error = true;
        exception->error = 0;
        return true;
    }
    if (s->delivering_external && exception->vector >= TCG_TS && exception->vector <= TCG_GP) {
        exception->error |= ERROR_EXT;
    }
    return true;
}

/* Faults, whose handlers may return to the instruction: RF keeps an instruction breakpoint from
 * hitting again (SDM vol.  3A, section 17.3.1.1).  #DB is left out: its RF does not
 * change. */
static bool is_fault(guint8 vector)
{
    static const guint32 faults = 1u << TCG_DE | 1u << TCG_BR | 1u << TCG_UD | 1u << TCG_NM |
                                  1u << TCG_TS | 1u << TCG_NP | 1u << TCG_SS_FAULT |
                                  1u << TCG_GP | 1u << TCG_PF | 1u << TCG_MF | 1u << TCG_AC |
                                  1u << TCG_XM;

    return vector < 32 && faults >> vector & 1;
}

/* Real-mode delivery, by a table of far pointers at base: also for V86 mode's INT n
 * with redirection. */
static void deliver_real(TcgState *s, const TcgEvent *event, guint64 base)
{
    guint64 entry = tcg_load(s, base + 4 * event->vector, 4, TCG_SYSTEM);
    TcgSegment code = s->segment[TCG_CS];
    guint16 ip = entry;
    TcgStack stack;

    tcg_segment_set_real(s, &code, entry >> 16);
    tcg_stack_present(s, &stack);
    tcg_stack_check(s, &stack, 3, 2);
    if (ip > code.limit) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_stack_push(s, &stack, event->eflags & 0xffff, 2);
    tcg_stack_push(s, &stack, s->segment[TCG_CS].selector, 2);
    tcg_stack_push(s, &stack, event->return_ip & 0xffff, 2);
    tcg_stack_commit(s, &stack);
    s->segment[TCG_CS] = code;
    s->rip = ip;
}

static void deliver_by_ivt(TcgState *s, const TcgEvent *event)
{
    if (4u * event->vector + 3 > s->idt.limit) {
        tcg_raise_error(s, TCG_GP, event->vector * 8 | ERROR_IDT);
    }
    deliver_real(s, event, s->idt.base);
    tcg_set_eflags(s, 0, EFLAGS_IF | EFLAGS_TF | EFLAGS_AC | EFLAGS_RF);
}

static void deliver(TcgState *s, const TcgEvent *event, guint8 class)
{
    s->delivering = event->vector;
    s->delivering_class = class;
    s->delivering_external = !event->software;
    s->halted = false;
    if (!(s->cr0 & CR0_PE)) {
        deliver_by_ivt(s, event);
    } else if (tcg_is_long(s)) {
        tcg_deliver_long(s, event);
    } else {
        tcg_deliver_protected(s, event);
    }
    s->delivering = -1;
    /* The handler's first instruction is no longer the one after STI or MOV SS. */
    s->shadow = 0;
    s->shadow_debug = false;
    /* TF is clear: INT n does not trap (SDM vol. 3B, section 18.3.1.4), and RF is the frame's. */
    s->step_trap = 0;
    s->step_resume = 0;
}

/* SDM vol. 3A, section 17.2.3: B0 to B3 are replaced, the others stay until software clears
 * them. */
static void note_debug_causes(TcgState *s, guint64 causes)
{
    s->dr[6] = (s->dr[6] & ~(guint64)DR6_MATCHES) | (causes & DR6_CAUSES) | DR6_FIXED;
    s->dr[7] &= ~(guint64)DR7_GD;
}

void tcg_deliver_exception(TcgState *s)
{
    const TcgException exception = s->exception;
    TcgEvent event = {
        .vector = exception.vector,
        .has_error = exception.has_error,
        .error = exception.error,
        .return_ip = s->rip,
        .eflags = tcg_eflags(s) | (is_fault(exception.vector) ? EFLAGS_RF : 0),
    };

    s->exception.pending = false;
    if (exception.vector == TCG_PF) {
        s->cr2 = exception.address;
    } else if (exception.vector == TCG_DB) {
        note_debug_causes(s, exception.address);
    }
    deliver(s, &event, exception_class(exception.vector));
}

void tcg_deliver_interrupt(TcgState *s, guint8 vector)
{
    TcgEvent event = {
        .vector = vector,
        .return_ip = s->rip,
        .eflags = tcg_eflags(s),
    };

    if (vector == TCG_NMI) {
        s->nmi_masked = true;
    }
    deliver(s, &event, CLASS_BENIGN);
}

void tcg_deliver_software(TcgState *s, guint8 vector, guint64 return_ip, bool software)
{
    TcgEvent event = {
        .vector = vector,
        .software = software,
        .return_ip = return_ip,
        /* The instruction has begun, which clears RF. */
        .eflags = tcg_eflags(s) & ~(guint32)EFLAGS_RF,
    };

    deliver(s, &event, CLASS_BENIGN);
}
