/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind hw/machine/machine.h share:
 *
 *   machine.c           class, life, look-ups
 *   machine-run.c       run, pause, reset, listeners
 *   machine-requests.c  requests from any thread
 *   machine-call.c      calls of vCPUs to the main loop
 *   machine-gsi.c       interrupts of data paths
 *   machine-acks.c      ends and acknowledgements of interrupts
 *   service.c           services of subsystems   accel-host.c        functions
 *   that the accelerator calls
 */
#ifndef HW_MACHINE_MACHINE_INTERNAL_H
#define HW_MACHINE_MACHINE_INTERNAL_H

#include "hw/machine/machine.h"

struct event_base;

/* opaque is the Machine. */
extern const AccelHost machine_accel_host;

GArray *machine_services_new(void);
/* Frees all services, the last one first. */
void machine_free_services(Machine *machine);

/* base may be NULL.  NULL if the event cannot be made. */
struct MachineRequests *machine_requests_new(Machine *machine, struct event_base *base);
/* Drops what was not delivered; accepts NULL. */
void machine_requests_free(struct MachineRequests *requests);

/* The chips that are notified of ends and acknowledgements of interrupts. */
struct MachineAcks *machine_acks_new(void);
void machine_acks_free(struct MachineAcks *acks);       /* accepts NULL */
void machine_tell_eoi(Machine *machine, guint8 vector);
int machine_intack(Machine *machine);                   /* a vector, or -1 */

/* The same for GSIs that wait for the main loop. */
struct MachineGsis *machine_gsis_new(Machine *machine, struct event_base *base);
void machine_gsis_free(struct MachineGsis *gsis);

#endif
