/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of interrupts into the accelerator, and the table of their receivers.
 * Messages, routes and event descriptors work from any thread without the machine
 * lock.
 */
#ifndef TCG_INTERRUPTS_H
#define TCG_INTERRUPTS_H

#include "tcg/tcg-accel.h"

enum { TCG_N_PINS = 24 };       /* GSIs of the machine's I/O APIC */

struct TcgInterrupts {
    GRWLock lock;               /* readers: messages in delivery; then TcgApic.lock */
    GPtrArray *vcpus;           /* of TcgVcpu, with their local APICs */
    GArray *routes;             /* by GSI */
};

/* Creates tcg->interrupts, ioeventfds and timers; fails with host-error. */
bool tcg_interrupts_open(TcgAccel *tcg, GError **error);
void tcg_interrupts_close(TcgAccel *tcg);       /* no vCPU is left; after a failure, too */

/* For tcg_apic_list() and tcg_apic_unlist(). */
void tcg_interrupts_add(TcgVcpu *vcpu);
void tcg_interrupts_remove(TcgVcpu *vcpu);

/* The vector of the interrupt to deliver now, by the PICs or the local APIC; -1: none.
 * The vCPU's own thread, interrupts enabled, no lock held: takes the machine lock for
 * the PICs. */
int tcg_interrupt_take(TcgVcpu *vcpu);

/* The value for TcgState.a20_mask. */
guint64 tcg_a20_mask(TcgAccel *tcg);

#endif
