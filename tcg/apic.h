/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC of a vCPU in software: SDM vol. 3A, chapter 11.
 *
 * Heavy code.  Registers are accessed by the vCPU's own thread; messages, lines and
 * NMIs come from any thread.  Its own lock guards it all; nothing is called in it.
 */
#ifndef TCG_APIC_H
#define TCG_APIC_H

#include <glib.h>
#include <stdbool.h>

typedef struct TcgVcpu TcgVcpu;
typedef struct TcgAccel TcgAccel;

typedef struct {
    GMutex lock;
    guint32 id;                 /* initial APIC id */
    guint64 base;               /* IA32_APIC_BASE */
    guint32 irr[8], isr[8], tmr[8];
    guint32 tpr, ldr, dfr, svr, esr, esr_latched;
    guint32 lvt[7];             /* CMCI, timer, thermal, performance, LINT0, LINT1, error */
    guint64 icr;
    guint32 initial_count, divide;
    guint64 timer_start;        /* host time in ns when the count began */
    guint64 tsc_deadline;
    gint64 deadline;            /* host time in ns when the timer fires; G_MAXINT64: never */
} TcgApic;

void tcg_apic_init(TcgVcpu *vcpu);
void tcg_apic_done(TcgVcpu *vcpu);
/* Power-on or RESET: all; init: INIT leaves id and base. */
void tcg_apic_reset(TcgVcpu *vcpu, bool init);

/* Whether gpa lies in the APIC's page as IA32_APIC_BASE places it, in xAPIC mode.
 * Light. */
bool tcg_apic_at(const TcgVcpu *vcpu, guint64 gpa);
/* An access in that page. */
void tcg_apic_access(TcgVcpu *vcpu, guint offset, void *data, guint size, bool is_write);
/* IA32_APIC_BASE, x2APIC registers (0x800 to 0x8ff), IA32_TSC_DEADLINE; false: #GP. */
bool tcg_apic_msr(TcgVcpu *vcpu, guint32 msr, guint64 *value, bool is_write);
/* CR8. */
guint8 tcg_apic_tpr(const TcgVcpu *vcpu);
void tcg_apic_set_tpr(TcgVcpu *vcpu, guint8 cr8);

/* The vector to deliver now, which goes from request to service; -1: none.  A vCPU
 * whose interrupts are enabled asks. */
int tcg_apic_take(TcgVcpu *vcpu);
/* Whether one waits that TPR lets through: for HLT and for a pending bit.  Also an ExtINT. */
bool tcg_apic_pending(TcgVcpu *vcpu);
/* Whether LINT0 takes the PIC's interrupts to this CPU. */
bool tcg_apic_accepts_extint(TcgVcpu *vcpu);

/* An interrupt message (MSI, I/O APIC); any thread.  False: nobody is addressed. */
bool tcg_apic_message(TcgAccel *tcg, guint64 address, guint32 data);
/* LINT1's NMI from outside; any thread. */
void tcg_apic_nmi(TcgVcpu *vcpu);

/* The virtual clock stops and goes on with the vCPUs: timers keep what is left. */
void tcg_apic_stop_time(TcgVcpu *vcpu);
void tcg_apic_start_time(TcgVcpu *vcpu);

#endif
