/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the heavy files of tcg/ share: the accelerator object and a vCPU.
 * Private to tcg/; other code uses cpu/accel.h.
 *
 * Locks, outermost first: the machine lock; TcgAccel.translate; the locks of
 * interrupts.c, timers.c and ioeventfd.c; TcgAccel.run.lock and TcgApic.lock,
 * which are innermost.
 */
#ifndef TCG_TCG_ACCEL_H
#define TCG_TCG_ACCEL_H

#include "cpu/cpu.h"
#include "tcg/apic.h"
#include "tcg/state.h"

typedef struct TcgAccel TcgAccel;
typedef struct TcgCache TcgCache;
typedef struct TcgMemory TcgMemory;
typedef struct TcgTimers TcgTimers;
typedef struct TcgInterrupts TcgInterrupts;
typedef struct TcgVcpu TcgVcpu;
typedef struct TcgIoeventfds TcgIoeventfds;

/* The machine's virtual time and the host's time stamp counter at one moment. */
typedef struct {
    gint64 time;
    guint64 tsc;
} TcgMoment;

/* Running; see vcpu.c for pausing, hold.c for holding. */
typedef struct {
    GMutex lock;
    GCond left;                 /* a vCPU parked, or left generated code while hold was set */
    GCond go;                   /* stop, quit, hold or a request of a vCPU changed */
    bool hold;                  /* atomic: no vCPU may run, memory or code changes */
    bool gather;                /* atomic: vCPUs stay in the dispatcher, code memory is reused */
    int n_vcpus;                /* atomic: those in TcgAccel.vcpus */
    TcgVcpu *owner;             /* atomic: the one that may run although hold is set */
    TcgMoment stopped;          /* when the last vCPU parked */
    guint64 tsc_offset;         /* by which the counters of all vCPUs differ from the host's */
    bool barrier_shared;        /* qom/barrier.h */
} TcgRunControl;

struct TcgAccel {
    Accel accel;
    TcgCache *cache;            /* cache.c: code memory and blocks */
    TcgMemory *memory;          /* slots.c: physical pages */
    TcgTimers *timers;          /* timers.c: deadlines of local APICs */
    TcgInterrupts *interrupts;  /* interrupts.c: receivers of messages, and routes */
    TcgIoeventfds *ioeventfds;  /* ioeventfd.c */
    GPtrArray *vcpus;           /* of TcgVcpu */
    TcgRunControl run;
    GMutex translate;
    int extint;                 /* atomic: the PIC's line */
    int a20;                    /* atomic: the line of address line 20 */
    guint64 tsc_frequency;      /* of the host's TSC, in Hz */
};

struct TcgVcpu {
    TcgAccel *tcg;
    Cpu *cpu;
    TcgState *state;            /* on its thread's stack */
    TcgApic apic;
    GThread *thread;
    GCond wake;                 /* with run.lock: HLT waits for it */
    int in_run;                 /* atomic: in generated or light code */
    int away;                   /* atomic: between two blocks, and uses no translated code */
    guint code_generation;      /* of TcgCache, of which it knows jumps */
    int waiting;                /* atomic: in HLT */
    guint8 sipi_vector;         /* atomic: of TCG_REQUEST_SIPI */
    guint turn;                 /* atomic: odd while it is in heavy code for the guest */
    guint seen_turn;
    bool stop, parked, quit;    /* under run.lock */
};

/* Whether there is no second vCPU.  Any thread; true may become false at any time, but the new
 * vCPU has run nothing before. */
static inline bool tcg_is_alone(const TcgAccel *tcg)
{
    return __atomic_load_n(&tcg->run.n_vcpus, __ATOMIC_ACQUIRE) <= 1;
}

static inline void tcg_next_turn(TcgVcpu *vcpu)
{
    __atomic_store_n(&vcpu->turn, vcpu->turn + 1, __ATOMIC_RELAXED);
}

/* ---- vcpu.c ---- */

/* Sets TCG_REQUEST_* and makes the vCPU check them: it leaves generated code at the next
 * block, or wakes up if it is halted.  Any thread, with any lock held except
 * run.lock. */
void tcg_vcpu_request(TcgVcpu *vcpu, guint32 requests);
/* Makes its thread end, and waits for that; gives up the machine lock meanwhile if it has to. */
void tcg_vcpu_end(TcgVcpu *vcpu);

/* ---- counters.c ---- */

/* Whether all are, which are in TcgAccel.vcpus; run.lock held. */
bool tcg_vcpus_parked(const TcgAccel *tcg);
/* A vCPU is about to park: counters stop if it is the last one.  And all start again, if all are
 * parked.  With run.lock held. */
void tcg_counters_stop(TcgAccel *tcg);
void tcg_counters_start(TcgAccel *tcg);
/* The host's time stamp counter; while all vCPUs are parked, what it is for them.  Any thread,
 * without run.lock. */
guint64 tcg_counters_now(TcgAccel *tcg);

/* ---- hold.c ---- */

void tcg_run_control_init(TcgRunControl *control);
/* Enters light code from heavy code, in which its thread begins; waits while vCPUs are held. */
void tcg_vcpu_enter(TcgVcpu *vcpu);

/* Keeps all vCPUs out of generated and light code until tcg_vcpus_release(), and waits until
 * no other thread holds them.  Any thread, on a vCPU's own in heavy code; any lock may be
 * held except translate and run.lock.  The holder may take only translate and the locks of
 * slots.c. */
void tcg_vcpus_hold(TcgAccel *tcg);
void tcg_vcpus_release(TcgAccel *tcg);
/* Calls f for the state of each vCPU, under run.lock; by the holder, who thereby may change what
 * else only the vCPU's light code changes. */
void tcg_vcpus_each(TcgAccel *tcg, void (*f)(TcgState *s, const void *argument),
                    const void *argument);

/* The vCPU is between two blocks from now on, and waits at most here or for tcg_vcpus_hold(); and
 * it goes on, which waits while vCPUs are gathered.  Its own thread, in heavy code. */
void tcg_vcpu_away(TcgVcpu *vcpu);
void tcg_vcpu_back(TcgVcpu *vcpu);
/* Waits until all vCPUs are away, and keeps them there until tcg_vcpus_disperse().  The thread of
 * that vCPU, in heavy code that the dispatcher called, with no lock held. */
void tcg_vcpus_gather(TcgVcpu *vcpu);
void tcg_vcpus_disperse(TcgVcpu *vcpu);

/* ---- AccelOps by file; described in cpu/accel.h ---- */

void tcg_slots_begin(Accel *accel);
void tcg_slot_add(Accel *accel, const AccelSlot *slot);
void tcg_slot_del(Accel *accel, const AccelSlot *slot);
bool tcg_slots_commit(Accel *accel, GError **error);
guint tcg_slots_max(Accel *accel);
bool tcg_dirty_log(Accel *accel, const AccelSlot *slot, guint8 *ret_bitmap, GError **error);
void tcg_memory_written(Accel *accel, guint64 gpa, guint64 size);

/* interrupts.c */
AccelIrqchip tcg_irqchip(Accel *accel);
void tcg_set_gsi(Accel *accel, guint gsi, bool level);
void tcg_set_extint(Accel *accel, bool level);
void tcg_set_a20(Accel *accel, bool enabled);
int tcg_msi_route_add(Accel *accel, const AccelMsi *msi, GError **error);
bool tcg_msi_route_update(Accel *accel, guint gsi, const AccelMsi *msi, GError **error);
void tcg_msi_route_del(Accel *accel, guint gsi);
bool tcg_msi_send(Accel *accel, const AccelMsi *msi);
bool tcg_vcpu_nmi(Accel *accel, Cpu *cpu, GError **error);

/* ioeventfd.c */
bool tcg_ioeventfd_add(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error);
void tcg_ioeventfd_del(Accel *accel, const AccelIoeventfd *ioeventfd);

/* vcpu.c, vcpu-life.c, vcpu-state.c */
bool tcg_vcpu_create(Accel *accel, Cpu *cpu, GError **error);
void tcg_vcpu_destroy(Accel *accel, Cpu *cpu);
void tcg_vcpus_resume(Accel *accel);
void tcg_vcpus_stop(Accel *accel);
void tcg_vcpus_pause(Accel *accel);
bool tcg_vcpus_progress(Accel *accel);
bool tcg_vcpu_get(Accel *accel, Cpu *cpu, X86CpuState *ret_state, GError **error);
bool tcg_vcpu_set(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error);
bool tcg_vcpu_reset(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error);
void tcg_cpuid_supported(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4]);
guint64 tcg_msr_supported(Accel *accel, guint32 msr);

/* Carries out an INIT and a SIPI that were requested; on the vCPU's own thread, or parked. */
void tcg_vcpu_take_start(TcgVcpu *vcpu);

/* ---- vcpu-extra.c: of X86CpuState all but general and system registers; parked ---- */

bool tcg_extra_load(TcgVcpu *vcpu, const X86CpuState *state, GError **error);
void tcg_extra_store(TcgVcpu *vcpu, X86CpuState *ret_state);

/* ---- slots.c ---- */

/* It is freed after all vCPUs. */
TcgMemory *tcg_memory_new(void);
void tcg_memory_free(TcgMemory *memory);

/* ---- cache.c, for slots.c ---- */

typedef struct TcgPhysPage TcgPhysPage;

/* Drops all translated code of a page, and its TCG_PAGE_CODE; machine lock held, vCPUs held. */
void tcg_cache_drop_page(TcgAccel *tcg, TcgPhysPage *page);
/* Drops the blocks that have bytes in the range, which may span pages and gaps; any
 * thread, with any lock held except translate and run.lock. */
void tcg_cache_drop_range(TcgAccel *tcg, guint64 gpa, guint64 size);

#endif
