/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC of a vCPU in software: SDM vol. 3A, chapter 11.
 *
 *   apic.c          life, acceptance        apic-timer.c    its timer
 *   apic-registers.c                        apic-message.c  destinations, interprocessor
 *   apic-light.c    functions for light code                    interrupts, messages,
 *   pins
 *
 * Heavy code, except for those marked as light.  Registers are accessed by the vCPU's
 * own thread; messages, lines and NMIs come from any thread.  A separate lock guards
 * everything; no function is called with it held.  Nothing takes the machine lock,
 * except for AccelHost.eoi at the end of a level-triggered interrupt.
 *
 * Times are nanoseconds of the host's monotonic clock (tcg/host-clock.h).
 */
#ifndef TCG_APIC_H
#define TCG_APIC_H

#include <glib.h>
#include <stdbool.h>

typedef struct TcgVcpu TcgVcpu;
typedef struct TcgAccel TcgAccel;

/* The crystal frequency of the timers, as in CPUID. */
enum { TCG_CRYSTAL_KHZ = 1000000 };

enum { TCG_LVT_TIMER, TCG_LVT_THERMAL, TCG_LVT_PERFORMANCE, TCG_LVT_LINT0, TCG_LVT_LINT1,
       TCG_LVT_ERROR, TCG_N_LVT };

typedef struct {
    GMutex lock;
    guint32 id;                 /* initial APIC id */
    bool is_bsp;
    bool has_x2apic, has_tsc_deadline;  /* from the guest's CPUID */
    guint64 base;               /* IA32_APIC_BASE; read without the lock */
    guint32 irr[8], isr[8], tmr[8];
    guint32 tpr;                /* read without the lock */
    guint32 ldr, dfr, svr;
    guint32 esr, errors;        /* its value when read; errors since the last write */
    guint32 lvt[TCG_N_LVT];
    guint64 icr;
    guint32 initial_count, divide;
    bool counting;              /* the count has not come to 0 */
    gint64 timer_start;         /* when the current count began */
    guint64 tsc_deadline;       /* 0: none */
    gint64 deadline;            /* atomic: when the timer fires; G_MAXINT64: never */
    gint64 stopped_at;          /* when time was stopped; -1: it runs */
    int watched;                /* atomic: timers.c fires its timer */
    int ready;                  /* atomic: the vector to deliver next, or -1 */
    int takes_extint;           /* atomic: LINT0 lets the PIC's interrupts through */
} TcgApic;

/* The vCPU's id and CPUID are known.  Machine lock. */
void tcg_apic_init(TcgVcpu *vcpu);
/* From now on messages reach it, and its timer runs; its state exists. */
void tcg_apic_list(TcgVcpu *vcpu);
/*
 * From now on only its own thread can access it; to be called before that
 * thread and the vCPU's state end.
 */
void tcg_apic_unlist(TcgVcpu *vcpu);
void tcg_apic_done(TcgVcpu *vcpu);
/* Power-on or RESET: all; init: INIT leaves id and base. */
void tcg_apic_reset(TcgVcpu *vcpu, bool init);

/* IA32_APIC_BASE as the machine sees and sets it: any value is accepted. */
guint64 tcg_apic_base(TcgVcpu *vcpu);
void tcg_apic_set_base(TcgVcpu *vcpu, guint64 base);

/* Whether gpa lies in the APIC's page as IA32_APIC_BASE places it, in xAPIC mode.
 * Light. */
bool tcg_apic_at(const TcgVcpu *vcpu, guint64 gpa);
/* Whether it is in x2APIC mode.  Light. */
bool tcg_apic_is_x2apic(const TcgVcpu *vcpu);
/* An access in that page; offset within it. */
void tcg_apic_access(TcgVcpu *vcpu, guint offset, void *data, guint size, bool is_write);
/* IA32_APIC_BASE, x2APIC registers (0x800 to 0x8ff), IA32_TSC_DEADLINE; false: #GP. */
bool tcg_apic_msr(TcgVcpu *vcpu, guint32 msr, guint64 *value, bool is_write);
/* CR8.  Reading is light. */
guint8 tcg_apic_tpr(const TcgVcpu *vcpu);
void tcg_apic_set_tpr(TcgVcpu *vcpu, guint8 cr8);

/* The vector to deliver now, which goes from request to service; -1: none.  Called
 * by a vCPU whose interrupts are enabled.  (With the PICs:
 * tcg_interrupt_take().) */
int tcg_apic_take(TcgVcpu *vcpu);
/* Whether an interrupt above TPR, or an ExtINT, is pending: for HLT and for a pending bit. */
bool tcg_apic_pending(TcgVcpu *vcpu);
/* Whether LINT0 passes the PIC's interrupts to this CPU. */
bool tcg_apic_accepts_extint(TcgVcpu *vcpu);

/* An interrupt message (MSI, I/O APIC); any thread.  False: no APIC is addressed. */
bool tcg_apic_message(TcgAccel *tcg, guint64 address, guint32 data);
/* LINT1's NMI from outside; any thread. */
void tcg_apic_nmi(TcgVcpu *vcpu);
/* LINT0 rises: the PIC has an interrupt; any thread. */
void tcg_apic_lint0(TcgVcpu *vcpu);

/* When the timer fires next, G_MAXINT64 for never; any thread. */
gint64 tcg_apic_deadline(const TcgVcpu *vcpu);
/* Sets the rest of the current period of a counting timer. */
void tcg_apic_set_count(TcgVcpu *vcpu, guint32 count);
/* Fires the timer if it is due at now; true if an interrupt above TPR is pending. Any
 * thread; does not signal the vCPU. */
bool tcg_apic_expire(TcgVcpu *vcpu, gint64 now);

/* The virtual clock stops and continues with the vCPUs: timers keep their remaining time. */
void tcg_apic_stop_time(TcgVcpu *vcpu);
void tcg_apic_start_time(TcgVcpu *vcpu);

#endif
