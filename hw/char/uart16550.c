/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 16550A universal asynchronous receiver/transmitter, after National
 * Semiconductor's (now TI's) data sheet "PC16550D Universal Asynchronous
 * Receiver/Transmitter with FIFOs", June 1995: section 8.0 registers, 8.4
 * FIFO control, 8.5 interrupts, table I reset values.
 *
 * Modelled: both FIFOs, trigger levels and character timeout, the interrupt
 * priorities with the rules that set and clear each source, line errors by
 * character, overrun, break reception, loopback, modem status with its deltas.
 *
 * Different from the chip: until LCR is written, characters have eight bits, not the
 * five of its reset value, so that guests that rely on firmware to set it also print
 * without firmware.
 *
 * Not modelled: the speed of transmission (a character is gone as soon as the
 * backend has taken it, so the transmitter's shift register is always empty),
 * parity on a line that has no errors, sending a break, DMA mode 1's pins, OUT2 as
 * a gate of the interrupt, and the factory test writes to LSR.
 * Modem inputs CTS, DSR and DCD are always active except in loopback.
 *
 * A device embeds it (hw/char/isa-serial.c); the backend is hw/chardev/char.h.
 */
#include "config.h"
#include "hw/char/uart16550.h"

#include <string.h>

#include "hw/machine/machine.h"

enum {
    REG_RBR = 0,                /* 8.0: read; write is THR; DLL with DLAB */
    REG_IER = 1,                /* 8.6; DLM with DLAB */
    REG_IIR = 2,                /* 8.5; write is FCR, 8.4 */
    REG_LCR = 3,                /* 8.1 */
    REG_MCR = 4,                /* 8.7 */
    REG_LSR = 5,                /* 8.3 */
    REG_MSR = 6,                /* 8.8 */
    REG_SCR = 7,                /* 8.9 */
};

enum {                          /* 8.6 IER */
    IER_ERBFI = 0x01,           /* received data, character timeout */
    IER_ETBEI = 0x02,           /* transmitter holding register empty */
    IER_ELSI = 0x04,            /* receiver line status */
    IER_EDSSI = 0x08,           /* modem status */
    IER_MASK = 0x0f,
};

enum {                          /* 8.5 IIR, table III */
    IIR_MODEM = 0x00,
    IIR_NONE = 0x01,
    IIR_THRE = 0x02,
    IIR_DATA = 0x04,
    IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0c,
    IIR_FIFOS = 0xc0,           /* while the FIFOs are on */
};

enum {                          /* 8.4 FCR */
    FCR_ENABLE = 0x01,
    FCR_RESET_RECV = 0x02,      /* clears itself */
    FCR_RESET_XMIT = 0x04,      /* clears itself */
    FCR_DMA = 0x08,
    FCR_TRIGGER = 0xc0,
    FCR_KEPT = FCR_ENABLE | FCR_DMA | FCR_TRIGGER,
};

enum {                          /* 8.1 LCR */
    LCR_WLS = 0x03,             /* word length minus 5 */
    LCR_STB = 0x04,
    LCR_PEN = 0x08,
    LCR_DLAB = 0x80,
};

enum {                          /* 8.7 MCR */
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOP = 0x10,
    MCR_MASK = 0x1f,
};

enum {                          /* 8.3 LSR */
    LSR_DR = 0x01,
    LSR_OE = 0x02,
    LSR_PE = 0x04,
    LSR_FE = 0x08,
    LSR_BI = 0x10,
    LSR_THRE = 0x20,
    LSR_TEMT = 0x40,
    LSR_FIFO_ERROR = 0x80,
    LSR_ERRORS = LSR_OE | LSR_PE | LSR_FE | LSR_BI,
};

enum {                          /* 8.8 MSR */
    MSR_DCTS = 0x01,
    MSR_DDSR = 0x02,
    MSR_TERI = 0x04,
    MSR_DDCD = 0x08,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80,
    MSR_DELTAS = 0x0f,
};

#define TIMEOUT_FLOOR_NS 1000

/* ---- Helpers ---- */

static bool fifos_on(const Uart16550 *s)
{
    return s->fcr & FCR_ENABLE;
}

static guint fifo_size(const Uart16550 *s)
{
    return fifos_on(s) ? UART16550_FIFO_SIZE : 1;
}

static guint trigger_level(const Uart16550 *s)
{
    static const guint8 levels[] = { 1, 4, 8, 14 };

    return fifos_on(s) ? levels[s->fcr >> 6] : 1;
}

static guint word_length(const Uart16550 *s)
{
    return 5 + (s->lcr & LCR_WLS);
}

/* The bits of a character that are on the line. */
static guint8 word(const Uart16550 *s, guint8 value)
{
    return s->lcr_written ? value & ((1u << word_length(s)) - 1) : value;
}

/* Start bit, data, parity and stop bits of one character, in nanoseconds.  The second
 * stop bit of five data bits is half of one. */
static gint64 character_time(const Uart16550 *s)
{
    guint divisor = MAX(1, s->dlm << 8 | s->dll);
    guint stop_halves = !(s->lcr & LCR_STB) ? 2 : word_length(s) == 5 ? 3 : 4;
    guint halves = 2 * (1 + word_length(s) + (s->lcr & LCR_PEN ? 1 : 0)) + stop_halves;

    return (gint64)halves * divisor * 500000000 / s->baudbase;
}

static bool errors_in_fifo(const Uart16550 *s)
{
    for (guint i = 0; i < s->recv_count; i++) {
        if (s->recv_errors[(s->recv_head + i) % UART16550_FIFO_SIZE]) {
            return true;
        }
    }
    return false;
}

/* 8.5: the pending source of the highest priority. */
static guint8 highest_interrupt(const Uart16550 *s)
{
    if ((s->ier & IER_ELSI) && (s->lsr & LSR_ERRORS)) {
        return IIR_LINE;
    }
    if ((s->ier & IER_ERBFI) && s->timeout_pending) {
        return IIR_TIMEOUT;
    }
    if ((s->ier & IER_ERBFI) && s->recv_count >= trigger_level(s)) {
        return IIR_DATA;
    }
    if ((s->ier & IER_ETBEI) && s->thre_pending) {
        return IIR_THRE;
    }
    if ((s->ier & IER_EDSSI) && (s->msr & MSR_DELTAS)) {
        return IIR_MODEM;
    }
    return IIR_NONE;
}

/* The only place that sets the line. */
static void update_irq(Uart16550 *s)
{
    irq_set(s->irq, highest_interrupt(s) != IIR_NONE);
}

/* ---- Receiver ---- */

/* 8.4, FIFO interrupt mode: four character times after the last character was
 * received or read. */
static void restart_timeout(Uart16550 *s)
{
    s->timeout_pending = false;
    if (fifos_on(s) && s->recv_count > 0) {
        timer_set_after(s->timeout, 4 * character_time(s));
    } else {
        timer_cancel(s->timeout);
    }
}

static void on_timeout(void *opaque, gint64 now)
{
    Uart16550 *s = opaque;

    s->timeout_pending = s->recv_count > 0;
    update_irq(s);
}

/* The errors of the character at the top become visible with it. */
static void reveal_top(Uart16550 *s)
{
    s->lsr &= ~LSR_DR;
    if (s->recv_count > 0) {
        s->lsr |= LSR_DR | s->recv_errors[s->recv_head];
    }
}

/* A character from the line or the loop, with its errors. */
static void receive_character(Uart16550 *s, guint8 value, guint8 errors)
{
    guint at;

    if (s->recv_count == fifo_size(s)) {
        s->lsr |= LSR_OE;
        if (fifos_on(s)) {
            return;             /* 8.3: the FIFO is not changed */
        }
        s->recv_count = 0;
    }
    at = (s->recv_head + s->recv_count++) % UART16550_FIFO_SIZE;
    s->recv[at] = word(s, value);
    s->recv_errors[at] = errors;
    if (errors && fifos_on(s)) {
        s->lsr |= LSR_FIFO_ERROR;
    }
    if (s->recv_count == 1) {
        reveal_top(s);
    }
    restart_timeout(s);
}

static void clear_receiver(Uart16550 *s)
{
    s->recv_head = s->recv_count = 0;
    s->lsr &= ~(LSR_DR | LSR_FIFO_ERROR);
    restart_timeout(s);
}

/* ---- Transmitter ---- */

static void set_transmitter_empty(Uart16550 *s)
{
    if (!(s->lsr & LSR_THRE)) {
        s->lsr |= LSR_THRE | LSR_TEMT;
        s->thre_pending = true;
    }
}

static void clear_transmitter(Uart16550 *s)
{
    s->xmit_head = s->xmit_count = 0;
    set_transmitter_empty(s);
}

/* Sends what the backend takes now; the rest waits for its `writable`. */
static void transmit(Uart16550 *s)
{
    while (s->xmit_count > 0) {
        guint n = MIN(s->xmit_count, UART16550_FIFO_SIZE - s->xmit_head);

        n = char_write(s->chr, s->xmit + s->xmit_head, n);
        if (n == 0) {
            return;
        }
        s->xmit_head = (s->xmit_head + n) % UART16550_FIFO_SIZE;
        s->xmit_count -= n;
    }
    set_transmitter_empty(s);
}

/* 8.7, loopback: what is sent is received. */
static void transmit_to_self(Uart16550 *s)
{
    while (s->xmit_count > 0) {
        receive_character(s, s->xmit[s->xmit_head], 0);
        s->xmit_head = (s->xmit_head + 1) % UART16550_FIFO_SIZE;
        s->xmit_count--;
    }
    set_transmitter_empty(s);
}

/* ---- Host side ---- */

static gsize host_can_receive(void *opaque)
{
    const Uart16550 *s = opaque;

    return s->mcr & MCR_LOOP ? 0 : fifo_size(s) - MIN(s->recv_count, fifo_size(s));
}

static void host_receive(void *opaque, const guint8 *data, gsize size)
{
    Uart16550 *s = opaque;

    for (gsize i = 0; i < size; i++) {
        receive_character(s, data[i], 0);
    }
    update_irq(s);
    if (s->sleeper) {
        machine_request_wake(s->sleeper, WAKE_REASON_OTHER);
    }
}

static void host_event(void *opaque, CharEvent event)
{
    Uart16550 *s = opaque;

    if (event == CHAR_EVENT_BREAK && !(s->mcr & MCR_LOOP)) {
        receive_character(s, 0x00, LSR_BI);
        update_irq(s);
    }
}

static void host_writable(void *opaque)
{
    Uart16550 *s = opaque;

    if (s->xmit_count > 0 && !(s->mcr & MCR_LOOP)) {
        transmit(s);
        update_irq(s);
    }
}

static const CharFrontOps front_ops = {
    .can_receive = host_can_receive,
    .receive = host_receive,
    .event = host_event,
    .writable = host_writable,
};

/* ---- Registers ---- */

static guint8 read_rbr(Uart16550 *s)
{
    guint8 value = s->recv[s->recv_head];

    if (s->recv_count == 0) {
        return value;
    }
    s->recv_head = (s->recv_head + 1) % UART16550_FIFO_SIZE;
    s->recv_count--;
    reveal_top(s);
    restart_timeout(s);
    update_irq(s);
    if (!(s->mcr & MCR_LOOP)) {
        char_accept_input(s->chr);
    }
    return value;
}

static void write_thr(Uart16550 *s, guint8 value)
{
    guint at;

    if (s->xmit_count == fifo_size(s)) {
        if (fifos_on(s)) {
            return;             /* it does not fit, and is lost */
        }
        s->xmit_count = 0;
    }
    at = (s->xmit_head + s->xmit_count++) % UART16550_FIFO_SIZE;
    s->xmit[at] = word(s, value);
    s->lsr &= ~(LSR_THRE | LSR_TEMT);
    s->thre_pending = false;
    update_irq(s);              /* the line falls before it may rise again */
    if (s->mcr & MCR_LOOP) {
        transmit_to_self(s);
    } else {
        transmit(s);
    }
    update_irq(s);
}

static void write_ier(Uart16550 *s, guint8 value)
{
    /* 8.5: enabling the interrupt of an empty transmitter raises it. */
    if ((value & ~s->ier & IER_ETBEI) && (s->lsr & LSR_THRE)) {
        s->thre_pending = true;
    }
    s->ier = value & IER_MASK;
    update_irq(s);
}

static guint8 read_iir(Uart16550 *s)
{
    guint8 value = highest_interrupt(s);

    if (value == IIR_THRE) {
        s->thre_pending = false;
        update_irq(s);
    }
    return value | (fifos_on(s) ? IIR_FIFOS : 0);
}

static void write_fcr(Uart16550 *s, guint8 value)
{
    bool switched = (value ^ s->fcr) & FCR_ENABLE;

    if (switched || (value & FCR_ENABLE && value & FCR_RESET_RECV)) {
        clear_receiver(s);
    }
    if (switched || (value & FCR_ENABLE && value & FCR_RESET_XMIT)) {
        clear_transmitter(s);
    }
    /* Without the enable bit the others are not programmed. */
    s->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    update_irq(s);
    char_accept_input(s->chr);
}

/* 8.7: in loopback the outputs drive the modem inputs. */
static guint8 modem_inputs(const Uart16550 *s)
{
    if (!(s->mcr & MCR_LOOP)) {
        return MSR_CTS | MSR_DSR | MSR_DCD;
    }
    return (s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) |
           (s->mcr & MCR_OUT1 ? MSR_RI : 0) | (s->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

/* Any change is noted in a delta; of RI, only its end. */
static void update_msr(Uart16550 *s)
{
    guint8 now = modem_inputs(s);
    guint8 changed = (now ^ s->msr) & ~MSR_DELTAS;

    if (now & MSR_RI) {
        changed &= ~MSR_RI;
    }
    s->msr = now | (s->msr & MSR_DELTAS) | changed >> 4;
}

static void write_mcr(Uart16550 *s, guint8 value)
{
    bool left_loop = (s->mcr & ~value) & MCR_LOOP;

    s->mcr = value & MCR_MASK;
    update_msr(s);
    if (s->xmit_count > 0) {
        s->mcr & MCR_LOOP ? transmit_to_self(s) : transmit(s);
    }
    update_irq(s);
    if (left_loop) {
        char_accept_input(s->chr);
    }
}

static guint8 read_lsr(Uart16550 *s)
{
    guint8 value = s->lsr;

    s->lsr &= ~LSR_ERRORS;
    if (s->recv_count > 0) {
        s->recv_errors[s->recv_head] = 0;       /* read */
    }
    if (!errors_in_fifo(s)) {
        s->lsr &= ~LSR_FIFO_ERROR;
    }
    update_irq(s);
    return value;
}

static guint8 read_msr(Uart16550 *s)
{
    guint8 value = s->msr;

    s->msr &= ~MSR_DELTAS;
    update_irq(s);
    return value;
}

const char *uart16550_register(const Uart16550 *s, guint offset, bool is_write)
{
    static const char names[][4] = { "RBR", "IER", "IIR", "LCR", "MCR", "LSR", "MSR", "SCR" };

    if (s->lcr & LCR_DLAB && offset <= REG_IER) {
        return offset ? "DLM" : "DLL";
    }
    if (is_write && (offset == REG_RBR || offset == REG_IIR)) {
        return offset ? "FCR" : "THR";
    }
    return offset < G_N_ELEMENTS(names) ? names[offset] : "?";
}

guint8 uart16550_read(Uart16550 *s, guint offset)
{
    bool dlab = s->lcr & LCR_DLAB;

    switch (offset) {
    case REG_RBR:
        return dlab ? s->dll : read_rbr(s);
    case REG_IER:
        return dlab ? s->dlm : s->ier;
    case REG_IIR:
        return read_iir(s);
    case REG_LCR:
        return s->lcr;
    case REG_MCR:
        return s->mcr;
    case REG_LSR:
        return read_lsr(s);
    case REG_MSR:
        return read_msr(s);
    case REG_SCR:
        return s->scr;
    default:
        return 0xff;
    }
}

void uart16550_write(Uart16550 *s, guint offset, guint8 value)
{
    bool dlab = s->lcr & LCR_DLAB;

    switch (offset) {
    case REG_RBR:
        dlab ? (void)(s->dll = value) : write_thr(s, value);
        break;
    case REG_IER:
        dlab ? (void)(s->dlm = value) : write_ier(s, value);
        break;
    case REG_IIR:
        write_fcr(s, value);
        break;
    case REG_LCR:
        s->lcr = value;
        s->lcr_written = true;
        break;
    case REG_MCR:
        write_mcr(s, value);
        break;
    case REG_SCR:
        s->scr = value;
        break;
    default:
        break;                  /* LSR and MSR are read-only */
    }
}

/* ---- Life ---- */

void uart16550_realize(Uart16550 *s, Chardev *chr, Clock *clock, Irq *irq, guint32 baudbase)
{
    s->clock = clock;
    s->irq = irq;
    s->baudbase = baudbase;
    s->timeout = timer_new(clock, CLOCK_KIND_VIRTUAL, TIMEOUT_FLOOR_NS, on_timeout, s);
    s->chr = chr;
    if (chr) {
        char_attach(chr, &front_ops, s);
    }
}

void uart16550_unrealize(Uart16550 *s)
{
    if (s->chr) {
        char_detach(s->chr, s);
    }
    s->chr = NULL;
    irq_set(s->irq, false);
    g_clear_pointer(&s->timeout, timer_free);
}

void uart16550_reset_hold(Uart16550 *s)
{
    update_irq(s);
}

void uart16550_reset_exit(Uart16550 *s)
{
    char_accept_input(s->chr);
}

bool uart16550_state_loaded(Uart16550 *s)
{
    if (s->recv_head >= UART16550_FIFO_SIZE || s->recv_count > fifo_size(s) ||
        s->xmit_head >= UART16550_FIFO_SIZE || s->xmit_count > fifo_size(s)) {
        return false;
    }
    if (s->xmit_count > 0 && !(s->mcr & MCR_LOOP)) {
        transmit(s);
    }
    update_irq(s);
    return true;
}
