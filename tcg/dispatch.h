/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heavy code that the dispatcher (light) calls.
 */
#ifndef TCG_DISPATCH_H
#define TCG_DISPATCH_H

#include "tcg/cache.h"

typedef enum {
    TCG_WANTED_NEXT,            /* the next page */
    TCG_WANTED_PROTECTION,      /* another vCPU may write to the pages without C */
    TCG_WANTED_ROOM,            /* for code */
} TcgWanted;

/* Where the code to translate lies. */
typedef struct {
    TcgBlockKey key;
    const guint8 *next;         /* the page after that of the key, once it is needed */
    guint64 gpa, next_gpa;
    TcgWanted wanted;           /* if there is no block */
} TcgFetched;

typedef struct {
    TcgExit *exit;
    TcgBlock *to;
    bool trace;                 /* make one of it */
} TcgChaining;

/* ---- publish.c: heavy, by tcg_heavy_inside() ---- */

/* Argument: a TcgFetched; returns the block, or NULL, with what is wanted first.  If its bytes
 * changed meanwhile, the block has been dropped. */
guint64 tcg_translate_heavy(TcgState *s, void *argument);
/* Argument: a TcgChaining; returns the block to which it goes now, which may have been dropped. */
guint64 tcg_chain_heavy(TcgState *s, void *argument);

/* ---- publish.c: heavy, by tcg_heavy(): what tcg_translate_heavy() wanted ---- */

/* Argument: a TcgFetched: no TLB lets its pages be written any more. */
guint64 tcg_protect_heavy(TcgState *s, void *argument);
/* There is room for code. */
guint64 tcg_flush_heavy(TcgState *s, void *argument);

/* ---- hold.c: heavy, for tcg_exclusive_begin() and _end(), by tcg_heavy() and _inside() ---- */

guint64 tcg_exclusive_heavy(TcgState *s, void *argument);
guint64 tcg_shared_heavy(TcgState *s, void *argument);

/* ---- vcpu.c: heavy, by tcg_heavy() ---- */

/* Parks, waits (HLT), and returns what is to be delivered: a vector, or one of these. */
enum {
    TCG_EVENT_NONE = 0x100,
    TCG_EVENT_END,              /* the thread ends */
};
guint64 tcg_vcpu_service(TcgState *s, void *argument);
/* Lets the host run other threads first. */
guint64 tcg_vcpu_yield(TcgState *s, void *argument);
/* One line of debugging output. */
void tcg_vcpu_log(TcgState *s, const char *what, guint64 value);
/* A triple fault. */
guint64 tcg_vcpu_shutdown(TcgState *s, void *argument);
/* The guest asks for a reset, and executes nothing more before it. */
guint64 tcg_vcpu_ask_reset(TcgState *s, void *argument);
/* The guest has panicked; argument: ACCEL_N_CRASH crash registers. */
guint64 tcg_vcpu_panic(TcgState *s, void *argument);
/* Reports a code fetch from this linear address, where there is no memory: an internal error. */
guint64 tcg_vcpu_astray(TcgState *s, void *argument);

/* ---- thunks.S ---- */

void tcg_thread(TcgVcpu *vcpu, gsize state_size, void (*init)(TcgState *s, TcgVcpu *vcpu));
_Noreturn void tcg_abandon(TcgState *s);
extern const char tcg_thunk_exit[], tcg_thunk_rip[], tcg_thunk_loop[], tcg_thunk_helper[],
    tcg_thunk_slow[], tcg_thunk_segment[], tcg_thunk_copied[], tcg_thunk_fault[];

/* ---- dispatch.c, called by thunks.S alone ---- */

const void *tcg_dispatch(TcgState *s);
guint tcg_run_helper(TcgState *s, const TcgInsn *insn);
const void *tcg_slow(TcgState *s, guint64 linear, const TcgMemop *record);
const void *tcg_slow_segment(TcgState *s, guint64 offset, const TcgMemop *record);
const void *tcg_copied(TcgState *s, const TcgMemop *record);
void tcg_host_fault(TcgState *s);

/* ---- hold.c, called by tcg_heavy() and tcg_heavy_inside() alone ---- */

guint64 tcg_run_heavy(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument);
guint64 tcg_run_inside(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument);

#endif
