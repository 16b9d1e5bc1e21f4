/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uart16550: a 16550A, embedded by the devices that put it on a bus
 * (hw/char/isa-serial.c).  The embedding device maps eight byte-wide registers
 * to uart16550_read() and uart16550_write(), owns the line `irq`, lists
 * UART16550_STATE() among its state rows and calls the life-cycle functions.
 *
 * All functions need the machine lock.
 */
#ifndef HW_CHAR_UART16550_H
#define HW_CHAR_UART16550_H

#include "hw/chardev/char.h"
#include "hw/core/irq.h"
#include "hw/core/timer-state.h"

#define UART16550_PORTS 8
#define UART16550_FIFO_SIZE 16

typedef struct {
    /* Registers, section 8 of the data sheet. */
    guint8 ier, fcr, lcr, mcr, lsr, msr, scr, dll, dlm;
    bool lcr_written;           /* since the reset: its word length is valid */
    /* Receiver FIFO: characters with the LSR error bits that came with them.
     * In 16450 mode only one is used. */
    guint8 recv[UART16550_FIFO_SIZE];
    guint8 recv_errors[UART16550_FIFO_SIZE];
    guint8 recv_head, recv_count;
    /* Transmitter FIFO: characters that the backend did not take yet. */
    guint8 xmit[UART16550_FIFO_SIZE];
    guint8 xmit_head, xmit_count;
    bool thre_pending;          /* THRE interrupt: not yet seen in IIR */
    bool timeout_pending;       /* character timeout interrupt */
    /* Host side and wiring. */
    Chardev *chr;               /* or NULL */
    Clock *clock;
    Timer *timeout;
    guint32 baudbase;           /* bits per second with divisor 1 */
    struct Machine *sleeper;    /* woken by received input, if it sleeps; or NULL */
    Irq *irq;
} Uart16550;

/* State rows of the Uart16550 `member_` of device struct `type_`. */
#define UART16550_STATE(type_, member_) \
    STATE_FIELD(U8, type_, member_.ier, 0x00), \
    STATE_FIELD(U8, type_, member_.fcr, 0x00), \
    STATE_FIELD(U8, type_, member_.lcr, 0x00), \
    STATE_FIELD(BOOL, type_, member_.lcr_written, false), \
    STATE_FIELD(U8, type_, member_.mcr, 0x00), \
    STATE_FIELD(U8, type_, member_.lsr, UART16550_LSR_RESET), \
    STATE_FIELD(U8, type_, member_.msr, UART16550_MSR_RESET), \
    STATE_FIELD(U8, type_, member_.scr, 0x00), \
    STATE_FIELD(U8, type_, member_.dll, UART16550_DLL_RESET), \
    STATE_FIELD(U8, type_, member_.dlm, 0x00), \
    STATE_ARRAY(U8, type_, member_.recv, 0x00), \
    STATE_ARRAY(U8, type_, member_.recv_errors, 0x00), \
    STATE_FIELD(U8, type_, member_.recv_head, 0), \
    STATE_FIELD(U8, type_, member_.recv_count, 0), \
    STATE_ARRAY(U8, type_, member_.xmit, 0x00), \
    STATE_FIELD(U8, type_, member_.xmit_head, 0), \
    STATE_FIELD(U8, type_, member_.xmit_count, 0), \
    STATE_FIELD(BOOL, type_, member_.thre_pending, false), \
    STATE_FIELD(BOOL, type_, member_.timeout_pending, false), \
    STATE_CLOCK_TIMER(type_, member_.timeout)

#define UART16550_LSR_RESET 0x60        /* THRE, TEMT */
#define UART16550_MSR_RESET 0xb0        /* CTS, DSR, DCD: connected */
#define UART16550_DLL_RESET 12          /* 9600 baud, as firmware leaves it */

/* Starts using chr (may be NULL), clock and irq; state rows must be at their
 * reset values.  Cannot fail.  uart16550_unrealize is its mirror. */
void uart16550_realize(Uart16550 *s, Chardev *chr, Clock *clock, Irq *irq, guint32 baudbase);
void uart16550_unrealize(Uart16550 *s);

/* Reset phases of the embedding device, after the rows got their reset values. */
void uart16550_reset_hold(Uart16550 *s);
void uart16550_reset_exit(Uart16550 *s);

/* To be called after the rows were loaded: false if they have a state that no chip can have. */
bool uart16550_state_loaded(Uart16550 *s);

/* Register accesses; offset is 0 to 7. */
/* The register's name, which depends on DLAB and on the direction. */
const char *uart16550_register(const Uart16550 *s, guint offset, bool is_write);
guint8 uart16550_read(Uart16550 *s, guint offset);
void uart16550_write(Uart16550 *s, guint offset, guint8 value);

#endif
