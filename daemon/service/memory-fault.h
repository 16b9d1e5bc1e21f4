/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory faults: guest memory lost on the host ends the daemon, with an
 * exit record that names it.  (What KVM's vCPUs touch is an INTERNAL_ERROR.)
 *
 * Any thread that touches such memory gets SIGBUS, be it a vCPU in generated code, a
 * device or the main loop, and whatever locks it holds.  It never goes on; a thread of its
 * own ends the process without them.
 */
#ifndef DAEMON_SERVICE_MEMORY_FAULT_H
#define DAEMON_SERVICE_MEMORY_FAULT_H

/* Ends the process; on a thread of its own, while others run on and hold what locks they may.
 * message says whose memory it was. */
typedef void MemoryFaultEnd(void *opaque, const char *message);

/* From now on, for all threads.  opaque stays. */
void memory_fault_watch(MemoryFaultEnd *end, void *opaque);

#endif
