/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory faults: guest memory lost on the host ends the daemon, with an
 * exit record that names it.  (Accesses by KVM's vCPUs cause an
 * INTERNAL_ERROR.)
 *
 * Any thread that touches such memory gets SIGBUS, be it a vCPU in generated code, a
 * device or the main loop, and whatever locks it holds.  It never continues; a separate
 * thread ends the process without those locks.
 */
#ifndef DAEMON_SERVICE_MEMORY_FAULT_H
#define DAEMON_SERVICE_MEMORY_FAULT_H

/* Ends the process; runs on a separate thread, while others keep running and may hold any
 * lock. message names the memory. */
typedef void MemoryFaultEnd(void *opaque, const char *message);

/* Watches from now on, for all threads.  opaque must stay valid. */
void memory_fault_watch(MemoryFaultEnd *end, void *opaque);

#endif
