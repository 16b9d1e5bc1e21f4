/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other CPUs, and what CPUID tells each about its place: Intel SDM vol. 3A, section 9.4
 * (INIT and start-up IPIs), 11.6.1 (ICR) and 11.12 (x2APIC).
 */
#ifndef TESTS_GUEST_CPUS_H
#define TESTS_GUEST_CPUS_H

#include <stdint.h>

enum { CPUS_MAX = 624 };

/* Starts all other CPUs and waits until n have told what they are, this one among them.  Prints a
 * line for each, in the order of their APIC ids, and leaf: "cpuid: ID LEAF.SUBLEAF EAX EBX ECX
 * EDX".  The others are halted then. */
void cpus_print(uint64_t n);

/* Switches to x2APIC mode, which ids above 255 need, and starts the CPU with that id alone:
 * "started: ID" by what it tells itself, hexadecimal. */
void cpus_start_one(uint32_t id);

#endif
