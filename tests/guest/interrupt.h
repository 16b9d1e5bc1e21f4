/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions, and one external interrupt line by either controller.
 */
#ifndef GUEST_INTERRUPT_H
#define GUEST_INTERRUPT_H

#include <stdint.h>

typedef enum {
    INTERRUPT_IOAPIC,
    INTERRUPT_PIC,
} InterruptController;

/* Loads an IDT in which every exception prints itself and ends the machine. */
void interrupt_init(void);

/* Has handler called for ISA interrupt line irq (0 to 15), with interrupts off,
 * after which the controller is told of the end.  One line per guest. */
void interrupt_connect(InterruptController controller, uint8_t irq, void (*handler)(void));

/* Called by interrupt-entry.S. */
void interrupt_dispatch(void);

typedef struct {
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
} ExceptionFrame;

void exception_dispatch(const ExceptionFrame *frame) __attribute__((noreturn));

#endif
