/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatcher: runs between two blocks.  It handles events first, then finds or
 * translates the block at s->rip.  Light code; thunks.S calls it.
 */
#include "config.h"
#include "tcg/cache.h"
#include "tcg/dispatch.h"
#include "tcg/insn.h"
#include "tcg/msr.h"
#include "tcg/tcg-accel.h"
#include "tcg/tlb.h"

enum {
    DR6_BS = 1 << 14,
    N_BREAKPOINTS = 4,
    HOT_TURNS = 16,             /* turns after which a loop becomes a trace */
};

/* ---- What generated code calls ---- */

guint tcg_run_helper(TcgState *s, const TcgInsn *insn)
{
    TcgNext next;

    s->rip = insn->rip;
    next = insn->helper(s, insn);
    if (next == TCG_NEXT) {
        s->rip = tcg_ip_mask(s, insn->rip + insn->length);
    }
    return next != TCG_GO_ON;
}

static const void *at_record(const TcgMemop *record, gint32 offset)
{
    return (const guint8 *)record + offset;
}

/* The first access of a group: looks its page up, and repeats the check of the group's range, which
 * may be entirely within that page.  If it is not, a plain block continues from here. */
static const void *slow_group(TcgState *s, guint64 linear, const TcgMemop *record)
{
    guint how = record->how & TCG_ACCESS_WRITE ? TCG_WRITE : TCG_READ;
    guint whole = record->group_writes ? TCG_WRITE : TCG_READ;
    TcgPage page;
    guint64 gpa;

    if (!tcg_tlb_find_device(s, linear + record->offset, how, &gpa)) {
        tcg_translate(s, linear + record->offset, how, &page);
        if (tcg_tlb_find(s, linear, record->span, whole)) {
            s->scratch = linear;
            return at_record(record, record->checked);
        }
    }
    s->plain = 1;
    return NULL;
}

const void *tcg_slow(TcgState *s, guint64 linear, const TcgMemop *record)
{
    void *host;

    if (record->span) {
        s->rip = record->rip;
        return slow_group(s, linear, record);
    }
    s->rip = record->rip;
    host = tcg_access_begin(s, linear, record->size, record->how);
    s->scratch = host ? (guintptr)host : linear;
    return at_record(record, host ? record->copy : record->checked);
}

const void *tcg_slow_segment(TcgState *s, guint64 offset, const TcgMemop *record)
{
    TcgAccess access = record->how & TCG_ACCESS_WRITE ? TCG_WRITE : TCG_READ;

    s->rip = record->rip;
    return tcg_slow(s, tcg_linear(s, record->segment, offset, record->size, access), record);
}

const void *tcg_copied(TcgState *s, const TcgMemop *record)
{
    bool leave;

    if (record->flags_in_host) {
        s->flags = s->copy_flags;
    }
    leave = tcg_access_end(s);
    if (!leave || !record->may_leave) {
        return at_record(record, record->cont);
    }
    s->rip = tcg_ip_mask(s, record->rip + record->length);
    return NULL;
}

/* ---- Host faults in generated code ---- */

static const TcgBlock *block_of(const TcgCache *cache, guint32 code)
{
    guint first = 0, n = __atomic_load_n(&cache->n_blocks, __ATOMIC_ACQUIRE);

    while (n > 1) {
        guint half = n / 2;

        if (cache->by_code[first + half]->code <= code) {
            first += half;
            n -= half;
        } else {
            n = half;
        }
    }
    return cache->by_code[first];
}

static const TcgNote *note_of(const TcgBlock *block, guint host)
{
    const TcgNote *note = block->notes;

    for (guint i = 0; i < block->n_notes && block->notes[i].host <= host; i++) {
        note = &block->notes[i];
    }
    return note;
}

void tcg_host_fault(TcgState *s)
{
    guint32 code = s->fault_rip - s->code_base;
    const TcgBlock *block = block_of(s->vcpu->tcg->cache, code);
    const TcgNote *note = note_of(block, code - block->code);

    s->rip = block->key.rip + note->guest;
    if (note->flags_in_host) {
        tcg_set_arithmetic(s, s->fault_flags);
    }
    if (s->fault_vector == TCG_GP) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    tcg_raise(s, s->fault_vector == TCG_XM && !(s->cr4 & CR4_OSXMMEXCPT) ? TCG_UD
                                                                        : s->fault_vector);
}

/* ---- Single steps and breakpoints ---- */

static void raise_debug(TcgState *s, guint64 dr6)
{
    s->exception = (TcgException){ .vector = TCG_DB, .pending = true, .address = dr6 };
}

/* Called when an instruction has ended; at 0, interrupts and #DB are enabled again. */
static void count_shadow(TcgState *s)
{
    if (s->shadow && --s->shadow == 0) {
        s->shadow_debug = false;
        tcg_reconsider(s);
    }
}

/* Traps after a single step and data breakpoint hits (SDM vol. 3B, sections 18.2.4,
 * 18.3.1.4). */
static void end_step(TcgState *s)
{
    guint64 dr6 = (s->step_trap ? DR6_BS : 0) | s->watch_hits;

    s->stepped = 0;
    count_shadow(s);
    if (s->exception.pending) {
        return;
    }
    if (s->step_resume) {
        s->eflags &= ~(guint32)EFLAGS_RF;
        tcg_mode_update(s);
    }
    if (dr6 && !s->shadow_debug) {
        s->watch_hits = 0;
        raise_debug(s, dr6);
    }
}

/* Instruction breakpoints: SDM vol. 3B, section 18.2.4. */
static guint32 hit_breakpoints(const TcgState *s, guint64 linear)
{
    guint32 hit = 0;

    for (guint i = 0; i < N_BREAKPOINTS; i++) {
        bool enabled = s->dr[7] >> 2 * i & 3, execute = !(s->dr[7] >> (16 + 4 * i) & 3);

        hit |= enabled && execute && s->dr[i] == linear ? 1u << i : 0;
    }
    return hit;
}

/* ---- Blocks ---- */

static guint64 linear_rip(TcgState *s)
{
    const TcgSegment *cs = &s->segment[TCG_CS];

    if (tcg_is_64bit(s)) {
        if ((guint64)((gint64)(s->rip << 16) >> 16) != s->rip) {
            tcg_raise_error(s, TCG_GP, 0);
        }
        return s->rip;
    }
    if (s->rip > cs->limit) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    return (guint32)(cs->base + s->rip);
}

static bool same_key(const TcgBlockKey *a, const TcgBlockKey *b)
{
    return a->page == b->page && a->rip == b->rip && a->cs_base == b->cs_base && a->mode == b->mode;
}

static TcgBlock *lookup(const TcgCache *cache, const TcgBlockKey *key)
{
    TcgBlock *block = __atomic_load_n(&cache->hash[tcg_hash_index(key)], __ATOMIC_ACQUIRE);

    while (block && !same_key(&block->key, key)) {
        block = block->next;
    }
    return block;
}

/*
 * The page after that of linear; the latter is at `page` in host memory.  Page tables may lie in a
 * device, and while it answers, memory may be removed: then this function does not return.
 */
static const guint8 *page_after(TcgState *s, guint64 linear, const guint8 *page, guint64 *ret_gpa)
{
    const guint8 *after = tcg_fetch(s, (linear | 0xfff) + 1, ret_gpa);
    const TcgFetchEntry *entry = tcg_fetch_entry(s, linear);

    if (entry->tag >> 12 != linear >> 12 || entry->page != page) {
        tcg_resume(s);
    }
    return after;
}

/* A code fetch outside RAM and ROM: the guest is lost, and this is reported as an internal error,
 * as on KVM.  Otherwise the guest would read ones and reset itself again and again. */
static _Noreturn void fetch_failed(TcgState *s, guint64 linear)
{
    tcg_heavy(s, tcg_vcpu_astray, &linear);
    tcg_resume(s);
}

static TcgBlock *translate(TcgState *s, guint64 linear, TcgFetched *fetched)
{
    TcgBlock *block;

    block = (TcgBlock *)(guintptr)tcg_heavy_inside(s, tcg_translate_heavy, fetched);
    if (!block && fetched->wanted == TCG_WANTED_NEXT) {
        /* Its one instruction ends in the next page, which may fault. */
        fetched->next = page_after(s, linear, fetched->key.page, &fetched->next_gpa);
        if (!fetched->next) {
            fetch_failed(s, (linear | 0xfff) + 1);
        }
        block = (TcgBlock *)(guintptr)tcg_heavy_inside(s, tcg_translate_heavy, fetched);
    }
    if (!block) {
        /* Memory may change until the other vCPUs are out of the way, so look again. */
        tcg_heavy(s, fetched->wanted == TCG_WANTED_ROOM ? tcg_flush_heavy : tcg_protect_heavy,
                  fetched);
        tcg_resume(s);
    }
    return block;
}

static TcgBlock *find_block(TcgState *s)
{
    guint64 linear = linear_rip(s), gpa;
    const guint8 *bytes;
    TcgFetched fetched;
    TcgBlock *block;

    if (s->dr[7] & 0xff && !(s->eflags & EFLAGS_RF) && !s->shadow_debug &&
        hit_breakpoints(s, linear)) {
        raise_debug(s, hit_breakpoints(s, linear));
        tcg_resume(s);
    }
    bytes = tcg_fetch(s, linear, &gpa);
    if (!bytes) {
        fetch_failed(s, linear);
    }
    fetched.key = (TcgBlockKey){
        .page = bytes - (linear & 0xfff),
        .rip = s->rip,
        .cs_base = tcg_is_64bit(s) ? 0 : s->segment[TCG_CS].base,
        .mode = s->mode | (s->shadow ? TCG_MODE_STEP : 0) | (s->plain ? TCG_MODE_PLAIN : 0),
    };
    s->plain = 0;
    block = lookup(s->vcpu->tcg->cache, &fetched.key);
    if (block && block->next_page &&
        page_after(s, linear, fetched.key.page, &fetched.next_gpa) != block->next_page) {
        block = NULL;
    }
    if (block) {
        return block;
    }
    fetched.gpa = gpa;
    fetched.next = NULL;
    return translate(s, linear, &fetched);
}

static void remember(TcgState *s, const TcgBlock *block)
{
    guint cache = tcg_jump_cache(block->key.mode);
    TcgJump *jump = &s->jump[cache][tcg_jump_index(block->key.rip)];
    guint64 linear = block->key.rip;

    if (block->key.cs_base || block->next_page ||
        block->key.mode & (TCG_MODE_STEP | TCG_MODE_PLAIN)) {
        return;
    }
    s->jumps_clean[cache] = false;
    if (cache == TCG_JUMPS_KERNEL && !tcg_fetch_entry(s, linear)->global) {
        s->kernel_jumps_local = true;
    }
    *jump = (TcgJump){ block->key.rip, block->code, block->key.mode };
}

/* Whether an exit jumps back, to a block that can become a trace. */
static bool closes_loop(const TcgExit *exit, const TcgBlock *to)
{
    return to->key.mode & TCG_MODE_CODE64 && !(to->key.mode & TCG_MODE_PLAIN) && !to->trace &&
           !to->next_page && to->key.rip <= exit->from->key.rip;
}

/* Chains the jump, and returns the block to which it goes from now on.  A jump that closes a loop
 * is not chained until it was taken often enough for a trace to pay off. */
static TcgBlock *chain_to(TcgState *s, TcgExit *exit, TcgBlock *block)
{
    TcgChaining chaining = { exit, block, closes_loop(exit, block) };

    if (chaining.trace && __atomic_load_n(&exit->turns, __ATOMIC_RELAXED) < HOT_TURNS) {
        __atomic_fetch_add(&exit->turns, 1, __ATOMIC_RELAXED);
        return block;
    }
    return (TcgBlock *)(guintptr)tcg_heavy_inside(s, tcg_chain_heavy, &chaining);
}

/* A shortcut for blocks that generated code would find by itself: the dispatcher runs after each
 * access to a device.  NULL: search for the block, which may have been dropped. */
static const void *remembered_code(const TcgState *s)
{
    const TcgJump *jump = &s->jump[tcg_jump_cache(s->mode)][tcg_jump_index(s->rip)];
    const guint8 *code = (const guint8 *)(guintptr)s->code_base + jump->code;

    if (jump->rip != s->rip || jump->mode != s->mode || s->chain || s->shadow || s->plain ||
        s->dr[7] & 0xff || (!tcg_is_64bit(s) && s->segment[TCG_CS].base)) {
        return NULL;
    }
    return tcg_entry_is_closed(code) ? NULL : code;
}

/* Called from time to time, between blocks: x87 and AVX registers may be in their initial state
 * again. */
static void look_at_used(TcgState *s)
{
    guint32 in_use, high;

    if ((s->x87_used || s->avx_used) && s->sees_in_use) {
        __asm__ volatile("xgetbv" : "=a"(in_use), "=d"(high) : "c"(1));
        s->x87_used &= in_use & 1;
        s->avx_used &= in_use >> 2 & 1;
    }
}

static const void *find_code(TcgState *s)
{
    TcgBlock *block = find_block(s);
    TcgExit *chain = s->chain;

    look_at_used(s);
    /* Checked only now: translation may have flushed the cache, and with it the exit's block. */
    s->chain = NULL;
    if (chain && !(block->key.mode & TCG_MODE_STEP)) {
        block = chain_to(s, chain, block);
    }
    remember(s, block);
    s->step_trap = s->eflags & EFLAGS_TF && block->key.mode & TCG_MODE_STEP;
    s->step_resume = s->eflags & EFLAGS_RF && block->key.mode & TCG_MODE_STEP;
    return (const guint8 *)(guintptr)s->code_base + block->code;
}

/* ---- Events ---- */

static void forget(TcgState *s)
{
    if (s->forget == TCG_FORGET_ALL) {
        tcg_tlb_forget(s);
    }
    if (s->forget != TCG_FORGET_NOTHING) {
        tcg_tlb_flush(s);
        s->forget = TCG_FORGET_NOTHING;
    }
}

/* Handles requests; false: the thread ends. */
static bool service(TcgState *s)
{
    guint64 event = tcg_heavy(s, tcg_vcpu_service, NULL);

    s->chain = NULL;
    forget(s);
    if (event == TCG_EVENT_END) {
        return false;
    }
    if (s->hv_pages_due) {
        tcg_hyperv_put_pages(s);
    }
    if (event != TCG_EVENT_NONE) {
        tcg_deliver_interrupt(s, event);
    }
    return true;
}

static bool has_events(const TcgState *s)
{
    return s->halted || s->wait_for_sipi ||
           (!s->shadow && __atomic_load_n(&s->pending, __ATOMIC_RELAXED));
}

const void *tcg_dispatch(TcgState *s)
{
    const void *code;

    if (G_UNLIKELY(s->exclusive)) {
        tcg_exclusive_end(s);   /* the instruction was left by an exception */
    }
    if (s->stepped) {
        end_step(s);
    } else if (s->shadow > 1) {
        /* A longer block ended with STI or MOV SS, which is not the instruction to wait for. */
        count_shadow(s);
    }
    while (s->exception.pending || has_events(s)) {
        if (s->exception.pending) {
            s->chain = NULL;
            tcg_deliver_exception(s);
        } else if (!service(s)) {
            return NULL;
        }
    }
    code = remembered_code(s);
    return code ? code : find_code(s);
}
