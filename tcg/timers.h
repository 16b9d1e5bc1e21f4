/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer thread: fires the timers of local APICs whose vCPUs are running, and so
 * cannot check themselves.  It sleeps until the earliest deadline; a halted or
 * parked vCPU itself waits until tcg_apic_deadline(), and is not watched meanwhile,
 * so that an idle machine wakes no second thread.  Never takes the machine lock.
 *
 * Also determines the rate of the host's time stamp counter, which is that of
 * the guest's.
 *
 * None of this is called with TcgAccel.run.lock or a TcgApic.lock held.
 */
#ifndef TCG_TIMERS_H
#define TCG_TIMERS_H

#include "tcg/tcg-accel.h"

/* Starts the thread.  NULL with host-error if it cannot be created. */
TcgTimers *tcg_timers_new(GError **error);
void tcg_timers_free(TcgTimers *timers);        /* accepts NULL; no vCPU is left */

/* For tcg_apic_list() and tcg_apic_unlist(). */
void tcg_timers_add(TcgVcpu *vcpu);
void tcg_timers_remove(TcgVcpu *vcpu);

/* The vCPU begins to run (true), or is about to be halted or parked; its own thread.
 * Cheap.  Watched by default. */
void tcg_timers_watch(TcgVcpu *vcpu, bool watch);
/* Its APIC's deadline has changed. */
void tcg_timers_changed(TcgVcpu *vcpu);

/* The frequency of the host's time stamp counter in Hz; the first call determines it, from
 * the processor or a hypervisor (CPUID 0x15, 0x40000010), or from the clocks since
 * tcg_timers_new().  Does not wait. */
guint64 tcg_tsc_frequency(TcgAccel *tcg);

/* The time that the calling thread has run, in nanoseconds. */
guint64 tcg_thread_time(void);

#endif
