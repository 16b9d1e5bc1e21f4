/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The actions that the command line can request before the guest ends.
 */
#ifndef GUEST_ACTIONS_H
#define GUEST_ACTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/boot-info.h"
#include "tests/guest/interrupt.h"

/* count byte writes to a port.  Prints the time stamp counter's ticks. */
void action_bench_pio(uint64_t count, uint16_t port);

/* count 32-bit reads at an address below 4 GiB.  Prints the ticks. */
void action_bench_mmio(uint64_t count, uint64_t address);

/* Writes one word into each page of size bytes of free RAM. */
void action_dirty(const BootInfo *info, uint64_t size);

/* Answers each line from the serial port, received by interrupt, with
 * "echo: LINE", until the line "quit". */
void action_echo(InterruptController controller);

#endif
