/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A translation alone; see the header.  What is marked LIGHT runs while the guest's
 * vectors are in the host's registers.
 */
#include "config.h"
#include "tests/lib/tcg-rig.h"

#include <string.h>

#include "tcg/dispatch.h"
#include "tcg/signals.h"
#include "tcg/tcg-accel.h"
#include "tcg/translate.h"

#define LIGHT __attribute__((target("general-regs-only")))

static Run result;
static const Run *begin;
static const RigOptions *how;
static TcgAccel tcg;
static TcgVcpu vcpu;
static TcgBlock *block;
static guint8 data_pages[RUN_DATA_SIZE] __attribute__((aligned(4096)));
static guint8 code_page[4096] __attribute__((aligned(4096)));
static guint dispatches;
static struct {
    guint64 linear;
    guint size, how;
} access_now;

/* ---- The state ---- */

static void load_segments(TcgState *s)
{
    for (guint i = 0; i < TCG_N_SEGMENTS; i++) {
        s->segment[i].base = i == TCG_FS ? begin->fs_base : how->base;
        s->segment[i].limit = how->limit;
        s->segment[i].end_read = s->segment[i].end_write = (guint64)how->limit + 1;
    }
}

static void load_state(TcgState *s)
{
    memcpy(s->gpr, begin->gpr, sizeof(s->gpr));
    memcpy(s->vector, begin->vector, sizeof(s->vector));
    s->x87_used = s->avx_used = 1;      /* all that is not as after a reset */
    tcg_set_arithmetic(s, begin->flags);
    s->mode = how->mode;
    s->cr4 = CR4_OSXMMEXCPT;
    load_segments(s);
}

static void init_state(TcgState *s, TcgVcpu *v)
{
    memset(s, 0, offsetof(TcgState, jump));
    memset(s->tlb, 0, sizeof(s->tlb));
    for (guint i = 0; i < TCG_N_TLBS; i++) {
        s->tlb[i][0].tag_read = s->tlb[i][0].tag_write = 0x1000;
    }
    for (guint i = 0; i < sizeof(s->site_tag) / 8; i++) {
        (&s->site_tag[0][0][0])[i] = TCG_NO_SITE;
    }
    for (guint i = 0; i < TCG_N_JUMP_CACHES * TCG_JUMP_CACHE_SIZE; i++) {
        s->jump[i / TCG_JUMP_CACHE_SIZE][i % TCG_JUMP_CACHE_SIZE].mode = TCG_JUMP_NONE;
    }
    s->thunk[TCG_THUNK_LOOP] = tcg_thunk_loop;
    s->thunk[TCG_THUNK_EXIT] = tcg_thunk_exit;
    s->thunk[TCG_THUNK_RIP] = tcg_thunk_rip;
    s->thunk[TCG_THUNK_HELPER] = tcg_thunk_helper;
    s->thunk[TCG_THUNK_SLOW] = tcg_thunk_slow;
    s->thunk[TCG_THUNK_SEGMENT] = tcg_thunk_segment;
    s->thunk[TCG_THUNK_COPIED] = tcg_thunk_copied;
    s->vcpu = v;
    s->code_base = (guintptr)tcg.cache->execute;
    s->xsave_mask = tcg_host_xsave_mask();
    s->sees_in_use = tcg_host_sees_in_use();
    load_state(s);
    tcg_signals_thread(s, tcg.cache->size);
    dispatches = 0;
}

static LIGHT __attribute__((noinline)) void store_vectors(void)
{
    __asm__ volatile ("xsave64 %0" : "=m"(result.vector) : "a"(7), "d"(0) : "memory");
    __asm__ volatile ("fninit; ldmxcsr %0" : : "m"((guint32){ 0x1f80 }));
}

/* ---- In place of dispatch.c ---- */

static __attribute__((noinline)) void store_rest(const TcgState *s)
{
    memcpy(result.gpr, s->gpr, sizeof(s->gpr));
    result.rip = s->rip;
    result.flags = tcg_eflags(s) & EFLAGS_ARITHMETIC;
}

LIGHT const void *tcg_dispatch(TcgState *s)
{
    if (dispatches++ == 0) {
        return tcg.cache->execute + block->code;
    }
    store_vectors();
    store_rest(s);
    return NULL;
}

LIGHT guint tcg_run_helper(TcgState *s, const TcgInsn *insn)
{
    s->rip = insn->rip;
    return 1;
}

LIGHT static const void *at(const TcgMemop *record, gint32 offset)
{
    return (const guint8 *)record + offset;
}

LIGHT static _Noreturn void refuse(TcgState *s, const TcgMemop *record, int vector)
{
    s->rip = record->rip;
    result.fault = vector;
    tcg_abandon(s);
}

LIGHT static bool is_canonical(guint64 linear)
{
    return (guint64)((gint64)(linear << 16) >> 16) == linear;
}

LIGHT const void *tcg_slow(TcgState *s, guint64 linear, const TcgMemop *record)
{
    TcgTlbEntry *entry = &s->tlb[tcg_tlb_index(s->mode)][linear >> 12 & (TCG_TLB_SIZE - 1)];
    guint64 offset = linear - RUN_DATA;

    if (!is_canonical(linear) || !is_canonical(linear + record->size - 1)) {
        refuse(s, record, record->how & TCG_ACCESS_STACK ? TCG_SS_FAULT : TCG_GP);
    }
    if (offset >= RUN_DATA_SIZE || offset + record->size > RUN_DATA_SIZE) {
        refuse(s, record, TCG_PF);
    }
    if ((linear & 0xfff) + record->size <= 4096 && !how->bounce) {
        s->scratch = linear;
        *entry = (TcgTlbEntry){
            .tag_read = linear & ~0xfffull, .tag_write = linear & ~0xfffull,
            .page = data_pages + (offset & ~0xfffull),
            .delta = (guintptr)data_pages - RUN_DATA,
        };
        return at(record, record->checked);
    }
    access_now.linear = linear;
    access_now.size = record->size;
    access_now.how = record->how;
    s->scratch = (guintptr)(s->bounce + (linear & 63));
    for (guint i = 0; i < record->size; i++) {
        s->bounce[(linear & 63) + i] = data_pages[offset + i];
    }
    return at(record, record->copy);
}

LIGHT const void *tcg_slow_segment(TcgState *s, guint64 offset, const TcgMemop *record)
{
    const TcgSegment *segment = &s->segment[record->segment];

    if (offset + record->size - 1 > segment->limit) {
        refuse(s, record, record->segment == TCG_SS ? TCG_SS_FAULT : TCG_GP);
    }
    return tcg_slow(s, (guint32)(segment->base + offset), record);
}

LIGHT const void *tcg_copied(TcgState *s, const TcgMemop *record)
{
    for (guint i = 0; access_now.how & TCG_ACCESS_WRITE && i < access_now.size; i++) {
        data_pages[access_now.linear - RUN_DATA + i] = s->bounce[(access_now.linear & 63) + i];
    }
    if (record->flags_in_host) {
        s->flags = s->copy_flags;
    }
    return at(record, record->cont);
}

LIGHT void tcg_host_fault(TcgState *s)
{
    guint host = s->fault_rip - s->code_base - block->code;
    const TcgNote *note = block->notes;

    for (guint i = 0; i < block->n_notes && block->notes[i].host <= host; i++) {
        note = &block->notes[i];
    }
    s->rip = block->key.rip + note->guest;
    if (note->flags_in_host) {
        tcg_set_arithmetic(s, s->fault_flags);
    }
    result.fault = s->fault_vector;
}

/* ---- In place of vcpu.c; none of it is called ---- */

guint64 tcg_run_heavy(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument)
{
    return f(s, argument);
}

guint64 tcg_run_inside(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument)
{
    return f(s, argument);
}

void tcg_vcpu_log(TcgState *s, const char *what, guint64 value)
{
}

guint64 tcg_vcpu_yield(TcgState *s, void *argument)
{
    return 0;
}

guint64 tcg_vcpu_shutdown(TcgState *s, void *argument)
{
    return 0;
}

guint64 tcg_vcpu_ask_reset(TcgState *s, void *argument)
{
    return 0;
}

guint64 tcg_vcpu_panic(TcgState *s, void *argument)
{
    return 0;
}

void tcg_vcpu_request(TcgVcpu *v, guint32 requests)
{
}

void tcg_vcpus_hold(TcgAccel *accel)
{
}

void tcg_vcpus_release(TcgAccel *accel)
{
}

guint64 tcg_exclusive_heavy(TcgState *s, void *argument)
{
    return 0;
}

guint64 tcg_shared_heavy(TcgState *s, void *argument)
{
    return 0;
}

/* ---- A run ---- */

static TcgTranslateResult translate(void)
{
    TcgBlockKey key = {
        .page = code_page, .mode = how->mode | TCG_MODE_PLAIN,      /* no groups: their way through C
                                                                      is not in this rig */
        .cs_base = how->mode & TCG_MODE_CODE64 ? 0 : how->base,
    };

    key.rip = (how->mode & TCG_MODE_CODE64 ? RUN_CODE : 0) + RUN_CODE_OFFSET;
    tcg.cache->exact_flags = how->exact;
    return tcg_translate_block(tcg.cache, NULL, &key, code_page + RUN_CODE_OFFSET,
                               4096 - RUN_CODE_OFFSET, NULL, how->trace, &block);
}

const Run *rig_run(const Run *start, const guint8 *code, guint length, const RigOptions *options)
{
    TcgTranslateResult translated;

    begin = start;
    how = options;
    result.fault = RUN_NO_FAULT;
    memcpy(data_pages, start->data, RUN_DATA_SIZE);
    memset(code_page, 0xcc, sizeof(code_page));
    memcpy(code_page + RUN_CODE_OFFSET, code, length);
    translated = translate();
    if (translated == TCG_TRANSLATE_FULL) {
        tcg_cache_flush(tcg.cache);
        translated = translate();
    }
    if (translated != TCG_TRANSLATED) {
        return NULL;
    }
    tcg_thread(&vcpu, sizeof(TcgState), init_state);
    memcpy(result.data, data_pages, RUN_DATA_SIZE);
    return &result;
}

void rig_open(void)
{
    g_assert_true(tcg_decoder_load(NULL));
    g_mutex_init(&tcg.translate);
    tcg.cache = tcg_cache_new(&tcg, 4, false, NULL);
    g_assert_nonnull(tcg.cache);
    vcpu.tcg = &tcg;
}
