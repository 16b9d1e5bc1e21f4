/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces between the light files, by file.  All of it runs on the
 * vCPU's own thread, with the guest's vector registers in the host's; see
 * tcg/state.h.  "May raise" means that the function may not return: so no lock
 * may be held, and nothing may need cleanup.
 */
#ifndef TCG_LIGHT_H
#define TCG_LIGHT_H

#include "tcg/state.h"

/* ---- thunks.S, fault.c ---- */

/* Raises an exception at s->rip: it is stored in s->exception, and the dispatcher
 * delivers it.  During the delivery of another one, the two are combined by the
 * SDM's table (vol.  3A, table 6-5). */
_Noreturn void tcg_raise(TcgState *s, guint8 vector);
_Noreturn void tcg_raise_error(TcgState *s, guint8 vector, guint32 error);
/* #PF at address, with that error code. */
_Noreturn void tcg_raise_page(TcgState *s, guint64 address, guint32 error);
/* Ends the execution of the current instruction without an exception; the
 * dispatcher continues at s->rip. */
_Noreturn void tcg_resume(TcgState *s);

/* Calls heavy code with the guest's vector registers saved. */
guint64 tcg_heavy(TcgState *s, guint64 (*f)(TcgState *s, void *argument), void *argument);
/* The same, but memory slots and code do not change before it returns (tcg/hold.c): for heavy code
 * that uses guest memory, what is known of its pages, or translated code.  It must be short and
 * wait for nothing but TcgAccel.translate. */
guint64 tcg_heavy_inside(TcgState *s, guint64 (*f)(TcgState *s, void *argument), void *argument);
/* After heavy code of a device: whether the block must be left now.  Changes of anything that the
 * block relies on (memory, code, address line 20), stop requests and interrupts have set `pending`
 * by now. */
static inline bool tcg_must_leave(const TcgState *s)
{
    return __atomic_load_n(&s->pending, __ATOMIC_RELAXED);
}
/* Writes one line to the log, at most a few times for each text. */
void tcg_log_once(TcgState *s, const char *what, guint64 value);

/* ---- exclusive.c ---- */

/* Keeps all other vCPUs out of generated and light code until tcg_exclusive_end(), which every way
 * to the dispatcher calls.  Memory may have changed when the first returns.  Meanwhile nothing may
 * be called that is heavy, except by tcg_heavy_inside(); only plain memory may be accessed. */
void tcg_exclusive_begin(TcgState *s);
void tcg_exclusive_end(TcgState *s);

/* ---- mmu.c: linear to physical ---- */

typedef enum {
    TCG_READ = 0,
    TCG_WRITE = 1 << 0,
    TCG_FETCH = 1 << 1,
    /* The privilege: by default that of CPL and EFLAGS.AC. */
    TCG_SYSTEM = 1 << 2,        /* descriptor tables, TSS, interrupt stacks of CPL 0: supervisor */
    TCG_PROBE = 1 << 3,         /* sets no A and D bits, raises nothing */
    TCG_STACK = 1 << 4,         /* through SS: a non-canonical address is #SS, not #GP */
} TcgAccess;

/* The TLB for an access with the privilege of CPL and EFLAGS.AC; that of TCG_SYSTEM
 * is TCG_TLB_KERNEL.  With SMAP off the kernel's table holds user pages as well. */
static inline guint tcg_tlb_index(guint32 mode)
{
    return (mode & TCG_MODE_CPL) == TCG_MODE_CPL ? TCG_TLB_USER :
           mode & TCG_MODE_AC ? TCG_TLB_KERNEL_AC : TCG_TLB_KERNEL;
}

typedef struct TcgPhysPage TcgPhysPage;

typedef struct {
    guint64 gpa;                /* of the byte itself */
    guint8 *page;               /* host page, or NULL: MMIO */
    TcgPhysPage *phys;          /* its record; not if page is NULL */
    guint32 flags;              /* TCG_PAGE_* of the physical page */
    /* With this access's privilege, and already dirty: may be cached for writes. */
    bool writable;
    bool global, supervisor;
    guint64 span;               /* size of the page that maps it; 0: no paging */
} TcgPage;

enum {
    TCG_PAGE_ROM = 1 << 0,      /* writes are MMIO */
    TCG_PAGE_CODE = 1 << 1,     /* has translated code */
    TCG_PAGE_LOG = 1 << 2,      /* dirty log, not dirty yet */
};

/* Walks the page tables; sets A, and D for a write.  False (with
 * s->fault_address and s->fault_error): a page fault. */
bool tcg_walk(TcgState *s, guint64 linear, TcgAccess access, TcgPage *ret_page);
/* The same without changing anything, for queries; may be called by another
 * thread while the vCPU is parked. */
bool tcg_walk_probe(TcgState *s, guint64 linear, TcgPage *ret_page);

/* ---- tlb.c ---- */

/* Walks and raises #PF, or #GP or #SS for a non-canonical address; fills the TLB if
 * generated code may access the page without C. */
void tcg_translate(TcgState *s, guint64 linear, TcgAccess access, TcgPage *ret_page);
/* Whether PAE's four pointers at that CR3 can be loaded; if not, MOV to CR3, and to
 * registers that enable PAE paging, are #GP (SDM vol. 3A, section 4.4.1). */
bool tcg_pdptes_valid(TcgState *s, guint64 cr3);

void tcg_tlb_flush(TcgState *s);            /* everything, the fetch TLB and jump caches included */
void tcg_tlb_forget(TcgState *s);           /* the next flush trusts no record of what was filled */
void tcg_tlb_flush_page(TcgState *s, guint64 linear);
void tcg_tlb_flush_local(TcgState *s);      /* CR3 was written: jumps to global pages stay */
void tcg_jumps_flush(TcgState *s);          /* only the jump caches */
/* Removes write access without C to this page, which got code or is logged again.
 * NULL: to all pages. */
void tcg_tlb_protect(TcgState *s, const guint8 *page);
static inline TcgFetchEntry *tcg_fetch_entry(TcgState *s, guint64 linear)
{
    return &s->fetch[linear >> 12 & (TCG_FETCH_TLB_SIZE - 1)];
}

/* The page of the next instruction, into s->fetch; may raise.  Returns the host's address of the
 * byte at linear, NULL if it is not memory. */
const guint8 *tcg_fetch(TcgState *s, guint64 linear, guint64 *ret_gpa);

/* ---- slow.c, access.c: memory accesses that C makes ---- */

/* size 1, 2, 4 or 8; any alignment, across pages, MMIO included.  May raise #PF,
 * #GP or #SS for addresses that are not canonical, #AC. */
guint64 tcg_load(TcgState *s, guint64 linear, guint size, TcgAccess access);
void tcg_store(TcgState *s, guint64 linear, guint64 value, guint size, TcgAccess access);
/* Raises what a store of that many bytes (up to 4096) would, and stores nothing. */
void tcg_check_store(TcgState *s, guint64 linear, guint size, TcgAccess access);
/* Blocks of bytes up to 4096: XSAVE areas and the like. */
void tcg_load_bytes(TcgState *s, guint64 linear, void *ret_bytes, guint size, TcgAccess access);
void tcg_store_bytes(TcgState *s, guint64 linear, const void *bytes, guint size, TcgAccess access);
/* The same by guest physical address, within a page: memory, or the device or local APIC
 * there.  True: heavy code ran, so no host address may be used again. */
bool tcg_phys_read(TcgState *s, guint64 gpa, void *ret_bytes, guint size);
bool tcg_phys_write(TcgState *s, guint64 gpa, const void *bytes, guint size);
/* Raises #AC if alignment is checked and the access is not aligned to its size. */
void tcg_check_alignment(TcgState *s, guint64 linear, guint size, TcgAccess access);
/* Adds the data breakpoints that lie there to s->watch_hits. */
void tcg_note_watches(TcgState *s, guint64 linear, guint size, bool is_write);
/* Where an access continues that crosses the page's end. */
guint64 tcg_next_page(const TcgState *s, guint64 linear, TcgAccess access);

/*
 * An access of generated code that missed the TLB.  tcg_access_begin() either fills the TLB, so
 * that the access can be tried again, and returns NULL; or returns the host address on which a
 * copy of the instruction should operate (the page itself, or s->bounce with the operand in it,
 * at the same offset within 64 bytes).  After the copy tcg_access_end() writes back the result
 * and drops translated code that changed.  Both are called with s->rip set; the first may raise.
 */
enum {
    TCG_ACCESS_READ = 1 << 0,   /* the instruction reads the operand */
    TCG_ACCESS_WRITE = 1 << 1,
    TCG_ACCESS_LOCKED = 1 << 2, /* atomically */
    TCG_ACCESS_STACK = 1 << 3,  /* through SS: see TCG_STACK */
};
void *tcg_access_begin(TcgState *s, guint64 linear, guint size, guint how);
/* True: the block must be left now (heavy code left work to do, or the running block may have
 * been dropped). */
bool tcg_access_end(TcgState *s);

/* ---- seg.c: segments ---- */

/* Checks offset..offset+size-1 against the segment (limit, rights, null; canonical
 * in 64-bit mode) and returns the linear address; raises #GP(0) or #SS(0). */
guint64 tcg_linear(TcgState *s, guint segment, guint64 offset, guint size, TcgAccess access);

/* Derives the rest after base, limit, attributes and selector of the segment were set.
 * The caller calls tcg_mode_update() after all segments. */
void tcg_segment_cached(TcgSegment *segment);
/* Loads a data segment register (not CS) as MOV does; may raise. */
void tcg_segment_load(TcgState *s, guint segment, guint16 selector);
/* Real and V86 mode: base is selector * 16. */
void tcg_segment_load_real(TcgState *s, guint segment, guint16 selector);

/* ---- mode.c ---- */

/* Computes s->mode; to be called after each change of its inputs. */
void tcg_mode_update(TcgState *s);
/* Writes EFLAGS, including the arithmetic flags; mask: the bits to change. */
void tcg_set_eflags(TcgState *s, guint32 eflags, guint32 mask);
/* The instruction pointer as wide as the code segment says. */
guint64 tcg_ip_mask(const TcgState *s, guint64 ip);
/* Rechecks requests at the next block's head: interrupts may be deliverable now. */
void tcg_reconsider(TcgState *s);

/* ---- except.c: delivery; called by the dispatcher, may raise ---- */

void tcg_deliver_exception(TcgState *s);    /* s->exception */
/* An external interrupt or NMI (vector 2). */
void tcg_deliver_interrupt(TcgState *s, guint8 vector);
/* tcg_raise*(): while another event is being delivered, combines it with exception (in
 * place) by the SDM's table.  False: shutdown, there is nothing to deliver. */
bool tcg_exception_combine(TcgState *s, TcgException *exception);

/* ---- insn.h has operands of instructions; op-*.c the instructions ---- */

#endif
