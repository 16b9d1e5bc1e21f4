/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways for the guest to end its machine.
 */
#ifndef GUEST_MACHINE_END_H
#define GUEST_MACHINE_END_H

#include <stdint.h>

/* Value for isa-debug-exit after an exception or a wrong boot protocol. */
enum { MACHINE_END_FAILED = 0x7e };

/* Writes value to isa-debug-exit at port 0x501, in one access of the smallest
 * size that holds it; a machine without that device is reset instead. */
void machine_exit(uint32_t value) __attribute__((noreturn));

/* Triple fault. */
void machine_reboot(void) __attribute__((noreturn));

/* Interrupts off, hlt. */
void machine_halt(void) __attribute__((noreturn));

/* Runs forever, without an exit. */
void machine_loop(void) __attribute__((noreturn));

#endif
