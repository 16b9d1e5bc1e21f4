/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue behind machine_call(): calls of vCPUs to the main loop.
 */
#ifndef HW_MACHINE_MACHINE_CALL_H
#define HW_MACHINE_MACHINE_CALL_H

#include "hw/machine/machine.h"

struct event_base;
struct MachineCalls;

/* base may be NULL: then calls run on the caller's thread.  NULL if the event
 * cannot be made. */
struct MachineCalls *machine_calls_new(Machine *machine, struct event_base *base);
void machine_calls_free(struct MachineCalls *calls);    /* accepts NULL */

/* Called around vcpus_pause: after begin no vCPU waits for a call; end runs the
 * remaining calls.  Main thread, lock held. */
void machine_calls_pause_begin(struct MachineCalls *calls);
void machine_calls_pause_end(struct MachineCalls *calls);

#endif
