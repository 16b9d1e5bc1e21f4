/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text on the first serial port, a 16550 at port 0x3f8, by polling.
 *
 * Without a UART the reads give 0xff, which reads as "ready": output is lost,
 * nothing hangs.
 */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

enum { CONSOLE_IRQ = 4 };

/* 115200 8N1, FIFOs on, interrupts off. */
void console_init(void);

/* As printf, of which there are %c %s %u %x, l, a width and leading zeroes.
 * A newline goes out as CR LF. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Raises CONSOLE_IRQ for received characters. */
void console_enable_receive_interrupt(void);

/* Takes a received character; false if there is none. */
bool console_receive(char *ret_character);

#endif
