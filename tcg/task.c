/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks and the switch between them: SDM vol. 3A, chapter 7.
 *
 * Up to the point where the new task's TSS has been read, a fault belongs to the old task,
 * which is not changed; after that, to the new one (section 7.3, table 7-1).
 */
#include "config.h"
#include "tcg/segment.h"

enum {
    TSS16_SIZE = 0x2c, TSS32_SIZE = 0x68,
    TSS32_CR3 = 0x1c, TSS32_EIP = 0x20, TSS32_EFLAGS = 0x24, TSS32_GPR = 0x28,
    TSS32_SEGMENTS = 0x48, TSS32_LDT = 0x60, TSS32_TRAP = 0x64,
    TSS16_IP = 0x0e, TSS16_FLAGS = 0x10, TSS16_GPR = 0x12, TSS16_SEGMENTS = 0x22,
    TSS16_LDT = 0x2a,
    DR6_BT = 1 << 15,
    /* L0 to L3 and LE: breakpoints of one task. */
    DR7_LOCAL = 0x155,
};

/* The state of a task in a TSS. */
typedef struct {
    guint32 cr3, ip, eflags;
    guint32 gpr[8];
    guint16 selector[TCG_N_SEGMENTS];
    guint16 ldt;
} Task;

static inline bool is_wide(guint32 attributes)
{
    return attributes & 8 << SEG_TYPE_SHIFT;
}

/* ES, CS, SS, DS; FS and GS only in a 32-bit TSS. */
static inline guint n_selectors(bool wide)
{
    return wide ? TCG_N_SEGMENTS : TCG_FS;
}

static guint64 tss_load(TcgState *s, guint64 base, guint offset, guint size)
{
    return tcg_load(s, (guint32)(base + offset), size, TCG_SYSTEM);
}

static void tss_store(TcgState *s, guint64 base, guint offset, guint64 value, guint size)
{
    tcg_store(s, (guint32)(base + offset), value, size, TCG_WRITE | TCG_SYSTEM);
}

void tcg_task_find(TcgState *s, guint16 selector, bool busy, guint8 vector,
                   TcgDescriptor *ret_tss)
{
    guint type;

    if (selector & 4) {
        tcg_raise_selector(s, vector, selector);
    }
    tcg_descriptor_get(s, selector, vector, ret_tss);
    type = tcg_descriptor_type(ret_tss);
    if (ret_tss->high & SEG_S || (type & ~(guint)(8 | SYS_BUSY)) != SYS_TSS16 ||
        !(type & SYS_BUSY) != !busy) {
        tcg_raise_selector(s, vector, selector);
    }
    if (!(ret_tss->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, selector);
    }
}

static void read_task(TcgState *s, guint64 base, bool wide, Task *ret_task)
{
    guint size = wide ? 4 : 2;
    guint gpr = wide ? TSS32_GPR : TSS16_GPR;
    guint segments = wide ? TSS32_SEGMENTS : TSS16_SEGMENTS;

    ret_task->cr3 = wide ? tss_load(s, base, TSS32_CR3, 4) : 0;
    ret_task->ip = tss_load(s, base, wide ? TSS32_EIP : TSS16_IP, size);
    ret_task->eflags = tss_load(s, base, wide ? TSS32_EFLAGS : TSS16_FLAGS, size);
    for (guint i = 0; i < 8; i++) {
        ret_task->gpr[i] = tss_load(s, base, gpr + i * size, size);
    }
    for (guint i = 0; i < TCG_N_SEGMENTS; i++) {
        ret_task->selector[i] =
            i < n_selectors(wide) ? tss_load(s, base, segments + i * size, 2) : 0;
    }
    ret_task->ldt = tss_load(s, base, wide ? TSS32_LDT : TSS16_LDT, 2);
}

/* Saves the TSS except for its static fields (stacks of inner levels, CR3, LDT). */
static void save_task(TcgState *s, guint32 ip, guint32 eflags)
{
    bool wide = is_wide(s->tr.attributes);
    guint size = wide ? 4 : 2;
    guint gpr = wide ? TSS32_GPR : TSS16_GPR;
    guint segments = wide ? TSS32_SEGMENTS : TSS16_SEGMENTS;
    guint64 base = s->tr.base;

    tss_store(s, base, wide ? TSS32_EIP : TSS16_IP, ip, size);
    tss_store(s, base, wide ? TSS32_EFLAGS : TSS16_FLAGS, eflags, size);
    for (guint i = 0; i < 8; i++) {
        tss_store(s, base, gpr + i * size, s->gpr[i], size);
    }
    for (guint i = 0; i < n_selectors(wide); i++) {
        tss_store(s, base, segments + i * size, s->segment[i].selector, 2);
    }
}

/* The old task's TSS is no longer busy. */
static void leave_busy(TcgState *s)
{
    TcgDescriptor old;

    if (tcg_descriptor_read(s, s->tr.selector, &old)) {
        tcg_descriptor_busy(s, &old, false);
    }
}

/* Raises the faults of reading and writing the two TSSs, as far as they can be predicted. */
static void check_tasks(TcgState *s, const TcgDescriptor *tss, bool wide)
{
    guint old_size = is_wide(s->tr.attributes) ? TSS32_SIZE : TSS16_SIZE;

    if (tcg_descriptor_limit(tss) < (wide ? TSS32_SIZE : TSS16_SIZE) - 1u) {
        tcg_raise_selector(s, TCG_TS, tss->selector);
    }
    if (s->tr.limit < old_size - 1) {
        tcg_raise_selector(s, TCG_TS, s->tr.selector);
    }
    tcg_check_store(s, (guint32)s->tr.base, old_size, TCG_WRITE | TCG_SYSTEM);
}

/* ---- Into the new task ---- */

/* Registers that need no checks; segment registers get only their selectors. */
static void load_registers(TcgState *s, const Task *task, bool wide)
{
    guint cpl = task->eflags & EFLAGS_VM ? 3 : task->selector[TCG_CS] & 3;

    if (wide && s->cr0 & CR0_PG && s->cr3 != task->cr3) {
        s->cr3 = task->cr3;
        tcg_tlb_flush(s);
    }
    for (guint i = 0; i < 8; i++) {
        s->gpr[i] = wide ? task->gpr[i] : (s->gpr[i] & 0xffff0000) | task->gpr[i];
    }
    for (guint i = 0; i < TCG_N_SEGMENTS; i++) {
        tcg_segment_null(&s->segment[i], task->selector[i]);
    }
    s->segment[TCG_SS].attributes = cpl << SEG_DPL_SHIFT;
    s->rip = task->ip;
    s->cr0 |= CR0_TS;
    s->dr[7] &= ~(guint64)DR7_LOCAL;
    tcg_segment_null(&s->ldt, task->ldt);
    tcg_set_eflags(s, task->eflags, ~0u);
}

static void load_ldt(TcgState *s, guint16 selector)
{
    TcgDescriptor d;

    if (tcg_selector_is_null(selector)) {
        return;
    }
    if (selector & 4) {
        tcg_raise_selector(s, TCG_TS, selector);
    }
    tcg_descriptor_get(s, selector, TCG_TS, &d);
    if (d.high & SEG_S || tcg_descriptor_type(&d) != SYS_LDT || !(d.high & SEG_P)) {
        tcg_raise_selector(s, TCG_TS, selector);
    }
    tcg_descriptor_segment(&d, selector, &s->ldt);
}

static void find_code(TcgState *s, guint16 selector, TcgDescriptor *ret_code)
{
    guint cpl = selector & 3, dpl;

    tcg_descriptor_get(s, selector, TCG_TS, ret_code);
    dpl = tcg_descriptor_dpl(ret_code);
    if (tcg_selector_is_null(selector) || !tcg_descriptor_is_code(ret_code) ||
        (tcg_descriptor_is_conforming(ret_code) ? dpl > cpl : dpl != cpl)) {
        tcg_raise_selector(s, TCG_TS, selector);
    }
    if (!(ret_code->high & SEG_P)) {
        tcg_raise_selector(s, TCG_NP, selector);
    }
}

static void load_segments_protected(TcgState *s, const Task *task)
{
    static const guint8 data[] = { TCG_DS, TCG_ES, TCG_FS, TCG_GS };
    guint16 stack = task->selector[TCG_SS];
    TcgDescriptor d;

    find_code(s, task->selector[TCG_CS], &d);
    tcg_code_load(s, &d, d.selector & 3);
    tcg_mode_update(s);
    if (tcg_selector_is_null(stack)) {
        tcg_raise_selector(s, TCG_TS, stack);
    }
    tcg_stack_descriptor(s, stack, tcg_cpl(s), TCG_TS, &d);
    tcg_descriptor_accessed(s, &d);
    tcg_descriptor_segment(&d, stack, &s->segment[TCG_SS]);
    tcg_mode_update(s);
    for (guint i = 0; i < G_N_ELEMENTS(data); i++) {
        tcg_segment_load_data(s, data[i], task->selector[data[i]], TCG_TS);
        tcg_mode_update(s);
    }
}

static void load_segments_v86(TcgState *s, const Task *task)
{
    for (guint i = 0; i < TCG_N_SEGMENTS; i++) {
        tcg_segment_set_real(s, &s->segment[i], task->selector[i]);
    }
    tcg_mode_update(s);
}

static void enter_task(TcgState *s, const TcgDescriptor *tss, const Task *task)
{
    tcg_descriptor_segment(tss, tss->selector, &s->tr);
    load_registers(s, task, is_wide(tss->high));
    load_ldt(s, task->ldt);
    if (task->eflags & EFLAGS_VM) {
        load_segments_v86(s, task);
    } else {
        load_segments_protected(s, task);
    }
}

void tcg_task_switch(TcgState *s, TcgDescriptor *tss, TcgTaskReason reason, guint64 return_ip,
                     guint32 eflags)
{
    bool nested = reason == TCG_TASK_CALL || reason == TCG_TASK_EVENT;
    guint64 base = tcg_descriptor_base(tss);
    guint16 old = s->tr.selector;
    bool wide = is_wide(tss->high);
    Task task;

    check_tasks(s, tss, wide);
    read_task(s, base, wide, &task);
    if (nested) {
        tcg_check_store(s, (guint32)base, 2, TCG_WRITE | TCG_SYSTEM);
        task.eflags |= EFLAGS_NT;
    } else {
        leave_busy(s);
    }
    if (reason != TCG_TASK_IRET) {
        tcg_descriptor_busy(s, tss, true);
    }
    save_task(s, return_ip, reason == TCG_TASK_IRET ? eflags & ~(guint32)EFLAGS_NT : eflags);
    if (nested) {
        tss_store(s, base, 0, old, 2);
    }
    enter_task(s, tss, &task);
}

void tcg_task_trap(TcgState *s)
{
    if (is_wide(s->tr.attributes) && tss_load(s, s->tr.base, TSS32_TRAP, 2) & 1) {
        s->exception = (TcgException){ .vector = TCG_DB, .pending = true, .address = DR6_BT };
    }
}
