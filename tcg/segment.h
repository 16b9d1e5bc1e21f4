/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments, descriptors and stacks: the interface shared by the files that load segment
 * registers, transfer control between segments and deliver events.  Light, on the vCPU's own
 * thread.
 *
 * Sources: SDM vol. 3A, chapters 3 (segments, descriptors), 5 (protection), 6 (events) and
 * 7 (tasks).
 */
#ifndef TCG_SEGMENT_H
#define TCG_SEGMENT_H

#include "tcg/insn.h"

/* System descriptors' types: SDM vol. 3A, table 3-2. */
enum {
    SYS_TSS16 = 1, SYS_LDT = 2, SYS_TSS16_BUSY = 3, SYS_CALL16 = 4, SYS_TASK_GATE = 5,
    SYS_INT16 = 6, SYS_TRAP16 = 7, SYS_TSS32 = 9, SYS_TSS32_BUSY = 11, SYS_CALL32 = 12,
    SYS_INT32 = 14, SYS_TRAP32 = 15,
    SYS_BUSY = 2,               /* the bit that makes a TSS busy */
};

/* ---- descriptor.c ---- */

/* A descriptor in its table. */
typedef struct {
    guint64 address;            /* linear, of its first byte */
    guint32 low, high;
    guint32 upper;              /* third dword of system descriptors in IA-32e mode, else 0 */
    guint16 selector;
} TcgDescriptor;

static inline bool tcg_is_canonical(guint64 address)
{
    return (gint64)(address << 16) >> 16 == (gint64)address;
}

/* Protected mode, V86 mode not included. */
static inline bool tcg_is_protected(const TcgState *s)
{
    return (s->mode & (TCG_MODE_PROTECTED | TCG_MODE_V86)) == TCG_MODE_PROTECTED;
}

/* 64-bit or compatibility mode. */
static inline bool tcg_is_long(const TcgState *s)
{
    return s->efer & EFER_LMA;
}

/* Linear addresses of tables have 32 bits outside IA-32e mode. */
static inline guint64 tcg_table_address(const TcgState *s, guint64 address)
{
    return tcg_is_long(s) ? address : (guint32)address;
}

static inline bool tcg_selector_is_null(guint16 selector)
{
    return !(selector & ~3);
}

static inline guint tcg_descriptor_dpl(const TcgDescriptor *d)
{
    return (d->high & SEG_DPL) >> SEG_DPL_SHIFT;
}

static inline guint tcg_descriptor_type(const TcgDescriptor *d)
{
    return (d->high & SEG_TYPE) >> SEG_TYPE_SHIFT;
}

static inline bool tcg_descriptor_is_code(const TcgDescriptor *d)
{
    return (d->high & (SEG_S | SEG_CODE)) == (SEG_S | SEG_CODE);
}

static inline bool tcg_descriptor_is_conforming(const TcgDescriptor *d)
{
    return d->high & SEG_CE;
}

static inline bool tcg_descriptor_is_writable_data(const TcgDescriptor *d)
{
    return (d->high & (SEG_S | SEG_CODE | SEG_RW)) == (SEG_S | SEG_RW);
}

/* L and D together are reserved in IA-32e mode. */
static inline bool tcg_code_is_reserved(const TcgState *s, const TcgDescriptor *d)
{
    return tcg_is_long(s) && (d->high & (SEG_L | SEG_DB)) == (SEG_L | SEG_DB);
}

/* Raises vector with the selector as error code (its RPL bits clear). */
_Noreturn void tcg_raise_selector(TcgState *s, guint8 vector, guint16 selector);

/* Reads the 8 bytes of the selector's descriptor; false: beyond its table, or no LDT. */
bool tcg_descriptor_read(TcgState *s, guint16 selector, TcgDescriptor *ret_descriptor);
/* Reads it; raises vector if it is beyond the table. */
void tcg_descriptor_get(TcgState *s, guint16 selector, guint8 vector,
                        TcgDescriptor *ret_descriptor);
/* A system descriptor's second 8 bytes in IA-32e mode, into `upper`; raises vector if they are
 * beyond the table, or their type is not 0. */
void tcg_descriptor_get_upper(TcgState *s, guint8 vector, TcgDescriptor *d);
/* Sets A in the table unless it is set. */
void tcg_descriptor_accessed(TcgState *s, TcgDescriptor *d);
/* Sets or clears B of a TSS's descriptor in the table. */
void tcg_descriptor_busy(TcgState *s, TcgDescriptor *d, bool busy);
/* In bytes. */
guint32 tcg_descriptor_limit(const TcgDescriptor *d);
guint64 tcg_descriptor_base(const TcgDescriptor *d);
/* The content of a segment register after loading this descriptor. */
void tcg_descriptor_segment(const TcgDescriptor *d, guint16 selector, TcgSegment *ret_segment);

/* ---- seg.c ---- */

/* Whether offset..offset+size-1 is in the segment's limit (32-bit segments' rules). */
bool tcg_segment_covers(const TcgSegment *segment, guint64 offset, guint size);
/* A null selector in a register, through which no access is allowed. */
void tcg_segment_null(TcgSegment *segment, guint16 selector);
/* SS with a null selector at that CPL (64-bit mode). */
void tcg_stack_segment_null(TcgSegment *segment, guint cpl);
/* CS of a checked descriptor with RPL = cpl; sets A. */
void tcg_code_load(TcgState *s, TcgDescriptor *d, guint cpl);
/* Real and V86 mode: what the register would hold after loading. */
void tcg_segment_set_real(const TcgState *s, TcgSegment *segment, guint16 selector);
/* Loads ES, DS, FS or GS in protected mode; an invalid selector raises vector, an absent segment
 * #NP.  The caller updates the mode word. */
void tcg_segment_load_data(TcgState *s, guint segment, guint16 selector, guint8 vector);
/* Reads and checks the descriptor of a stack for a CPL: raises vector with the selector (not
 * present: #SS). */
void tcg_stack_descriptor(TcgState *s, guint16 selector, guint cpl, guint8 vector,
                          TcgDescriptor *ret_descriptor);
/* Before a return to a less privileged CPL: clears ES, DS, FS and GS if it must not access them. */
void tcg_segments_drop(TcgState *s, guint cpl);
/* #GP(0) if the code at ip cannot be executed: beyond CS's limit, or not canonical. */
void tcg_check_target(TcgState *s, guint64 ip);
/* The same for code that is not in CS yet. */
void tcg_check_target_in(TcgState *s, const TcgDescriptor *code, guint64 ip);

/* ---- stack.c ---- */

/*
 * A stack during pushes or pops.  The guest's stack pointer changes only at tcg_stack_commit(): a
 * fault before that leaves registers unchanged.
 */
typedef struct {
    const TcgSegment *segment;
    guint64 pointer;            /* value for the register */
    guint64 mask;               /* which of its bits address, and change */
    TcgAccess access;           /* TCG_SYSTEM or nothing */
    guint16 error;              /* of #SS */
    bool is_64bit;              /* canonical addresses instead of limits */
} TcgStack;

/* The current stack, with a stack pointer of `width` bytes. */
void tcg_stack_begin(TcgState *s, TcgStack *stack, guint width);
/* The same with the width of the mode. */
void tcg_stack_present(TcgState *s, TcgStack *stack);
/* A stack in another segment, of a code segment at cpl; is_64bit as that code is. */
void tcg_stack_other(TcgState *s, TcgStack *stack, const TcgSegment *segment, guint64 pointer,
                     guint cpl, bool is_64bit);
/* Raises the faults that pushes of so many values of that size would cause. */
void tcg_stack_check(TcgState *s, const TcgStack *stack, guint count, guint size);
void tcg_stack_push(TcgState *s, TcgStack *stack, guint64 value, guint size);
guint64 tcg_stack_pop(TcgState *s, TcgStack *stack, guint size);
/* A value above the top, without popping: offset in bytes. */
guint64 tcg_stack_peek(TcgState *s, const TcgStack *stack, guint64 offset, guint size);
/* Moves the pointer up (or down) by bytes. */
void tcg_stack_skip(TcgStack *stack, guint64 bytes);
/* Sets the guest's stack pointer. */
void tcg_stack_commit(TcgState *s, const TcgStack *stack);

/* A stack of a more privileged level, as a TSS names it. */
typedef struct {
    TcgDescriptor descriptor;   /* of SS; not in IA-32e mode */
    TcgSegment segment;
    guint64 pointer;
} TcgInnerStack;

/* The stack for cpl out of the TSS; ist: 0, or which of the interrupt stacks (IA-32e mode).
 * Raises #TS, #SS. */
void tcg_inner_stack(TcgState *s, guint cpl, guint ist, TcgInnerStack *ret_stack);
/* Loads SS from it, sets A. */
void tcg_inner_stack_load(TcgState *s, TcgInnerStack *stack);

/* ---- except.c ---- */

/* An event being delivered through the IDT. */
typedef struct {
    guint64 return_ip;
    guint32 eflags;             /* to be pushed */
    guint32 error;
    guint8 vector;
    bool has_error;
    bool software;              /* INT n, INT3, INTO: the gate's DPL is checked */
} TcgEvent;

/* INT n, INT3, INTO (software) and INT1: delivers with the return address return_ip. */
void tcg_deliver_software(TcgState *s, guint8 vector, guint64 return_ip, bool software);

/* ---- except-gate.c ---- */

/* Delivery by the IDT's gates. */
void tcg_deliver_protected(TcgState *s, const TcgEvent *event);
void tcg_deliver_long(TcgState *s, const TcgEvent *event);

/* ---- gates.c ---- */

/* A far JMP or CALL to a system descriptor, which was read: gates and tasks.  return_ip: of a
 * CALL; sets rip. */
void tcg_far_system(TcgState *s, TcgDescriptor *d, bool is_call, guint64 return_ip);

/* ---- task.c ---- */

typedef enum { TCG_TASK_JMP, TCG_TASK_CALL, TCG_TASK_IRET, TCG_TASK_EVENT } TcgTaskReason;

/* Reads and checks the descriptor of a TSS in the GDT, which must be available or busy: an
 * invalid selector raises vector, an absent TSS #NP. */
void tcg_task_find(TcgState *s, guint16 selector, bool busy, guint8 vector,
                   TcgDescriptor *ret_tss);
/* Switches to the task of a TSS that tcg_task_find() returned; return_ip and eflags: where the
 * current task continues.  Sets rip, which the caller checks after its pushes. */
void tcg_task_switch(TcgState *s, TcgDescriptor *tss, TcgTaskReason reason, guint64 return_ip,
                     guint32 eflags);
/* #DB if the new task's TSS asks for one; after the rest of the switch. */
void tcg_task_trap(TcgState *s);

#endif
