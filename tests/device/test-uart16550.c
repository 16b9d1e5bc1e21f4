/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/char/uart16550.c on the ISA bus: each register paragraph of the PC16550D
 * data sheet a case, in its order; then interrupts, FIFOs, back-pressure, reset
 * and two ports.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/char.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"
#include "qom/qapi-objects-device.h"
#include "tests/lib/rig.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };
enum { THR = RBR, DLL = RBR, DLM = IER, FCR = IIR };

#define COM1 0x3f8
#define COM2 0x2f8
#define CHAR_TIME 1041666       /* ns of ten bits at 9600 baud */

/* One serial port; its backend is a Host. */
typedef struct {
    Rig *rig;
    Device *dev;
    Chardev *chr;
    guint16 base;
    guint irq;
} Port;

/* ---- A backend whose host takes what the test says ---- */

typedef struct {
    CharOps ops;                /* first: how it is found from a Chardev */
    GString *sent;
    gsize room;
} Host;

static Host *host_of(const Chardev *chr)
{
    return (Host *)chr->ops;
}

static gsize host_write(Chardev *chr, const guint8 *data, gsize size)
{
    Host *host = host_of(chr);
    gsize n = MIN(size, host->room);

    host->room -= n;
    g_string_append_len(host->sent, (const char *)data, n);
    return n;
}

static char *host_filename(Chardev *chr)
{
    return g_strdup("host");
}

static Host *host_new(void)
{
    Host *host = g_new0(Host, 1);

    host->ops = (CharOps) { .write = host_write, .filename = host_filename };
    host->sent = g_string_new(NULL);
    host->room = G_MAXSIZE;
    return host;
}

static const char *sent(const Port *p)
{
    return host_of(p->chr)->sent->str;
}

static void set_room(const Port *p, gsize room)
{
    host_of(p->chr)->room = room;
}

static Port port_new(Rig *rig, const char *id, guint16 base, guint irq)
{
    g_autofree char *iobase = g_strdup_printf("%u", base);
    g_autofree char *line = g_strdup_printf("%u", irq);
    g_autofree char *chardev = g_strconcat("c-", id, NULL);
    g_autoptr(GError) error = NULL;
    Port p = { .rig = rig, .base = base, .irq = irq };

    p.chr = to_chardev(rig_object(rig, "chardev-null", chardev, &error, NULL));
    g_assert_no_error(error);
    p.chr->ops = &host_new()->ops;
    p.dev = rig_device(rig, "isa-serial", id, &error, "iobase", iobase, "irq", line, "chardev",
                       chardev, NULL);
    g_assert_no_error(error);
    return p;
}

static Port com1_new(Rig *rig)
{
    return port_new(rig, "com1", COM1, 4);
}

static void port_done(Port *p)
{
    Host *host = host_of(p->chr);

    p->chr->ops = object_kind(p->chr);
    g_string_free(host->sent, true);
    g_free(host);
}

static guint8 in(const Port *p, guint reg)
{
    return rig_in(p->rig, p->base + reg, 1);
}

static void out(const Port *p, guint reg, guint8 value)
{
    rig_out(p->rig, p->base + reg, value, 1);
}

/* Sends text to the guest as the backend does, no more than it takes. */
static gsize feed(const Port *p, const char *text)
{
    gsize n = MIN(strlen(text), char_can_receive(p->chr));

    char_receive(p->chr, (const guint8 *)text, n);
    return n;
}

static void wait_ns(const Port *p, gint64 ns)
{
    clock_advance(p->rig->clock, clock_now(p->rig->clock, CLOCK_KIND_VIRTUAL) + ns);
}

#define assert_line(p, level) g_assert_cmpint(rig_irq_level((p)->rig, (p)->irq), ==, level)

/* ---- Registers, section 8 ---- */

static void test_reset_values(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    g_assert_cmphex(in(&p, IER), ==, 0x00);
    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    g_assert_cmphex(in(&p, LCR), ==, 0x00);
    g_assert_cmphex(in(&p, MCR), ==, 0x00);
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    g_assert_cmphex(in(&p, MSR), ==, 0xb0);
    assert_line(&p, false);
    port_done(&p);
}

/* 8.1, 8.2: line control and the divisor latch behind bit 7. */
static void test_lcr(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, IER, 0x0f);
    out(&p, LCR, 0x83);
    out(&p, DLL, 0x34);
    out(&p, DLM, 0x12);
    g_assert_cmphex(in(&p, DLL), ==, 0x34);
    g_assert_cmphex(in(&p, DLM), ==, 0x12);
    out(&p, LCR, 0x7f);
    g_assert_cmphex(in(&p, LCR), ==, 0x7f);
    g_assert_cmphex(in(&p, IER), ==, 0x0f);
    g_assert_cmpstr(sent(&p), ==, "");
    out(&p, LCR, 0x80);
    g_assert_cmphex(in(&p, DLM), ==, 0x12);
    port_done(&p);
}

/* 8.1: five to eight data bits, in both directions and in loopback; all eight as long
 * as nobody has said. */
static void test_word_length(void)
{
    static const guint8 words[] = { 0x1f, 0x3f, 0x7f, 0xff };
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    for (guint wls = 0; wls < 4; wls++) {
        char wanted[] = { words[wls] & 0xd5, words[wls], '\0' };

        rig_reset(rig);
        feed(&p, "\xaa");
        g_assert_cmphex(in(&p, RBR), ==, 0xaa);
        out(&p, RBR, 0xea);
        g_assert_cmpstr(sent(&p), ==, "\xea");
        g_string_truncate(host_of(p.chr)->sent, 0);
        out(&p, LCR, wls);
        feed(&p, "\xff");
        g_assert_cmphex(in(&p, RBR), ==, words[wls]);
        out(&p, RBR, 0xd5);
        out(&p, RBR, 0xff);
        g_assert_cmpstr(sent(&p), ==, wanted);
        g_string_truncate(host_of(p.chr)->sent, 0);
        out(&p, MCR, 0x10);
        out(&p, RBR, 0xff);
        g_assert_cmphex(in(&p, RBR), ==, words[wls]);
        out(&p, RBR, 0x55);
        g_assert_cmphex(in(&p, RBR), ==, (words[wls] & 0x55));
    }
    port_done(&p);
}

/* 8.1, bit 2: two stop bits, with five data bits one and a half; and parity. */
static void test_character_time(void)
{
    static const struct { guint8 lcr; guint halves; } cases[] = {
        { 0x00, 14 }, { 0x04, 15 }, { 0x0c, 17 }, { 0x03, 20 }, { 0x07, 22 }, { 0x0f, 24 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Rig) rig = rig_new();
        Port p = com1_new(rig);
        /* Four characters at 9600 baud. */
        gint64 timeout = 4 * (cases[i].halves * G_GINT64_CONSTANT(500000000) / 9600);

        out(&p, LCR, cases[i].lcr);
        out(&p, FCR, 0xc1);
        out(&p, IER, 0x01);
        feed(&p, "a");
        wait_ns(&p, timeout - 10);
        assert_line(&p, false);
        wait_ns(&p, 20);
        assert_line(&p, true);
        port_done(&p);
    }
}

/* 8.3: data ready and the error bits, which reading clears. */
static void test_lsr(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    g_assert_cmpuint(feed(&p, "ab"), ==, 1);    /* one holding register */
    g_assert_cmphex(in(&p, LSR), ==, 0x61);
    g_assert_cmphex(in(&p, RBR), ==, 'a');
    g_assert_cmphex(in(&p, LSR), ==, 0x60);

    char_event(p.chr, CHAR_EVENT_BREAK);
    g_assert_cmphex(in(&p, LSR), ==, 0x71);
    g_assert_cmphex(in(&p, LSR), ==, 0x61);
    g_assert_cmphex(in(&p, RBR), ==, 0x00);

    feed(&p, "c");
    char_event(p.chr, CHAR_EVENT_BREAK);        /* comes on top: overrun */
    g_assert_cmphex(in(&p, LSR), ==, 0x73);
    g_assert_cmphex(in(&p, RBR), ==, 0x00);

    out(&p, LSR, 0xff);                         /* for reading only */
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    port_done(&p);
}

/* 8.3, FIFO mode: an error shows when its character is at the top; bit 7 while
 * there is one anywhere. */
static void test_lsr_fifo_errors(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, FCR, 0x01);
    feed(&p, "a");
    char_event(p.chr, CHAR_EVENT_BREAK);
    feed(&p, "b");
    char_event(p.chr, CHAR_EVENT_BREAK);
    g_assert_cmphex(in(&p, LSR), ==, 0xe1);
    in(&p, RBR);
    g_assert_cmphex(in(&p, LSR), ==, 0xf1);     /* the break, and another to come */
    g_assert_cmphex(in(&p, LSR), ==, 0xe1);
    in(&p, RBR);
    in(&p, RBR);
    g_assert_cmphex(in(&p, LSR), ==, 0xf1);
    g_assert_cmphex(in(&p, LSR), ==, 0x61);     /* none left */
    out(&p, FCR, 0x03);
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    port_done(&p);
}

/* 8.4: switching the FIFOs clears them; the other bits need bit 0. */
static void test_fcr(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    out(&p, FCR, 0xc0);
    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    out(&p, FCR, 0x01);
    g_assert_cmphex(in(&p, IIR), ==, 0xc1);
    g_assert_cmpuint(feed(&p, "0123456789abcdefgh"), ==, 16);
    g_assert_cmpuint(char_can_receive(p.chr), ==, 0);
    out(&p, FCR, 0x03);
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    feed(&p, "xy");
    out(&p, FCR, 0x00);
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    port_done(&p);
}

/* 8.4: the trigger levels 1, 4, 8, 14, and falling below them. */
static void test_trigger(void)
{
    static const struct {
        guint8 fcr;
        guint level;
    } cases[] = { { 0x01, 1 }, { 0x41, 4 }, { 0x81, 8 }, { 0xc1, 14 } };
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, IER, 0x01);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        out(&p, FCR, cases[i].fcr | 0x02);
        for (guint n = 1; n < cases[i].level; n++) {
            feed(&p, "x");
            assert_line(&p, false);
        }
        feed(&p, "x");
        assert_line(&p, true);
        g_assert_cmphex(in(&p, IIR), ==, 0xc4);
        in(&p, RBR);
        assert_line(&p, false);
        g_assert_cmphex(in(&p, IIR), ==, 0xc1);
    }
    port_done(&p);
}

/* 8.5: the sources from the highest priority down, each cleared as table III
 * says. */
static void test_iir_priorities(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, MCR, 0x10);                         /* loop: modem lines fall, deltas rise */
    out(&p, MCR, 0x00);
    out(&p, IER, 0x0f);
    char_event(p.chr, CHAR_EVENT_BREAK);
    g_assert_cmphex(in(&p, IIR), ==, 0x06);
    in(&p, LSR);
    g_assert_cmphex(in(&p, IIR), ==, 0x04);
    in(&p, RBR);
    g_assert_cmphex(in(&p, IIR), ==, 0x02);
    g_assert_cmphex(in(&p, IIR), ==, 0x00);     /* THRE was cleared by reading it */
    assert_line(&p, true);
    in(&p, MSR);
    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    assert_line(&p, false);
    port_done(&p);
}

/* 8.5: THRE is cleared by reading IIR only if it was what IIR showed. */
static void test_iir_thre_hidden(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, IER, 0x03);
    feed(&p, "a");
    g_assert_cmphex(in(&p, IIR), ==, 0x04);
    in(&p, RBR);
    g_assert_cmphex(in(&p, IIR), ==, 0x02);
    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    port_done(&p);
}

/* 8.5, 8.6: THRE comes by enabling it while empty, and after each character. */
static void test_thre(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);
    guint edges;

    out(&p, IER, 0x02);
    assert_line(&p, true);
    g_assert_cmphex(in(&p, IIR), ==, 0x02);
    assert_line(&p, false);
    out(&p, IER, 0x02);                         /* was enabled already */
    assert_line(&p, false);
    out(&p, IER, 0x00);
    out(&p, IER, 0x02);
    assert_line(&p, true);
    edges = rig_irq_edges(rig, p.irq);
    out(&p, THR, 'a');                          /* falls, and rises again at once */
    assert_line(&p, true);
    g_assert_cmpuint(rig_irq_edges(rig, p.irq), ==, edges + 1);
    g_assert_cmphex(in(&p, IIR), ==, 0x02);
    assert_line(&p, false);
    g_assert_cmpstr(sent(&p), ==, "a");
    port_done(&p);
}

/* 8.6: each source has its own bit, and the upper four are zero. */
static void test_ier(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, IER, 0xff);
    g_assert_cmphex(in(&p, IER), ==, 0x0f);
    in(&p, IIR);
    out(&p, IER, 0x00);
    char_event(p.chr, CHAR_EVENT_BREAK);
    assert_line(&p, false);
    out(&p, IER, 0x01);
    g_assert_cmphex(in(&p, IIR), ==, 0x04);
    out(&p, IER, 0x04);
    g_assert_cmphex(in(&p, IIR), ==, 0x06);
    out(&p, IER, 0x08);
    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    port_done(&p);
}

/* 8.7: five bits; loopback joins outputs and inputs, and sends to itself. */
static void test_mcr_loop(void)
{
    static const struct {
        guint8 mcr, msr;
    } cases[] = { { 0x10, 0x00 }, { 0x11, 0x20 }, { 0x12, 0x10 }, { 0x14, 0x40 }, { 0x18, 0x80 } };
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, MCR, 0xff);
    g_assert_cmphex(in(&p, MCR), ==, 0x1f);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        out(&p, MCR, cases[i].mcr);
        g_assert_cmphex(in(&p, MSR) & 0xf0, ==, cases[i].msr);
    }
    out(&p, THR, 0xa5);
    g_assert_cmphex(in(&p, LSR), ==, 0x61);
    g_assert_cmphex(in(&p, RBR), ==, 0xa5);
    g_assert_cmpstr(sent(&p), ==, "");
    g_assert_cmpuint(char_can_receive(p.chr), ==, 0);
    out(&p, MCR, 0x00);
    g_assert_cmpuint(char_can_receive(p.chr), ==, 1);
    g_assert_cmphex(in(&p, MSR) & 0xf0, ==, 0xb0);
    port_done(&p);
}

/* 8.3, 8.7: seventeen characters in a loop overrun the FIFO, which stays. */
static void test_overrun(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, FCR, 0x01);
    out(&p, MCR, 0x10);
    for (guint i = 0; i < 17; i++) {
        out(&p, THR, 'a' + i);
    }
    g_assert_cmphex(in(&p, LSR), ==, 0x63);
    for (guint i = 0; i < 16; i++) {
        g_assert_cmphex(in(&p, RBR), ==, 'a' + i);
    }
    g_assert_cmphex(in(&p, LSR), ==, 0x60);

    out(&p, FCR, 0x00);                         /* 16450: the newer one wins */
    out(&p, THR, '1');
    out(&p, THR, '2');
    g_assert_cmphex(in(&p, LSR), ==, 0x63);
    g_assert_cmphex(in(&p, RBR), ==, '2');
    port_done(&p);
}

/* 8.8: deltas, cleared by reading; of RI only its end. */
static void test_msr(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, MCR, 0x10);
    g_assert_cmphex(in(&p, MSR), ==, 0x0b);     /* CTS, DSR, DCD fell */
    g_assert_cmphex(in(&p, MSR), ==, 0x00);
    out(&p, MCR, 0x14);
    g_assert_cmphex(in(&p, MSR), ==, 0x40);     /* RI begins: no delta */
    out(&p, MCR, 0x10);
    g_assert_cmphex(in(&p, MSR), ==, 0x04);
    out(&p, IER, 0x08);
    assert_line(&p, false);
    out(&p, MCR, 0x12);
    assert_line(&p, true);
    g_assert_cmphex(in(&p, IIR), ==, 0x00);
    g_assert_cmphex(in(&p, MSR), ==, 0x11);
    assert_line(&p, false);
    out(&p, MSR, 0xff);                         /* for reading only */
    g_assert_cmphex(in(&p, MSR), ==, 0x10);
    port_done(&p);
}

/* 8.9 */
static void test_scr(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    for (guint value = 0; value < 0x100; value += 0x55) {
        out(&p, SCR, value);
        g_assert_cmphex(in(&p, SCR), ==, value);
    }
    port_done(&p);
}

/* 8.10.1: four character times after the last character or read. */
static void test_timeout(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, LCR, 0x03);                         /* 8N1, divisor 12 */
    out(&p, FCR, 0xc1);
    out(&p, IER, 0x01);
    feed(&p, "ab");
    wait_ns(&p, 3 * CHAR_TIME);
    feed(&p, "c");                              /* starts over */
    wait_ns(&p, 4 * CHAR_TIME - 1000);
    assert_line(&p, false);
    wait_ns(&p, 2000);
    assert_line(&p, true);
    g_assert_cmphex(in(&p, IIR), ==, 0xcc);
    g_assert_cmphex(in(&p, IIR), ==, 0xcc);     /* reading IIR does not clear it */
    g_assert_cmphex(in(&p, RBR), ==, 'a');
    assert_line(&p, false);
    wait_ns(&p, 4 * CHAR_TIME + 1000);
    assert_line(&p, true);
    in(&p, RBR);
    in(&p, RBR);
    wait_ns(&p, 10 * CHAR_TIME);                /* nothing left, no timeout */
    assert_line(&p, false);
    port_done(&p);
}

/* The timeout follows the divisor, and divisor 0 does not divide. */
static void test_timeout_speed(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, LCR, 0x83);
    out(&p, DLL, 1);
    out(&p, LCR, 0x03);
    out(&p, FCR, 0xc1);
    out(&p, IER, 0x01);
    feed(&p, "a");
    wait_ns(&p, 4 * CHAR_TIME / 12 + 1000);
    assert_line(&p, true);
    out(&p, LCR, 0x83);
    out(&p, DLL, 0);
    out(&p, LCR, 0x03);
    in(&p, RBR);
    feed(&p, "a");
    wait_ns(&p, CHAR_TIME);
    assert_line(&p, true);
    port_done(&p);
}

/* ---- Backend ---- */

/* What the host does not take stays in the FIFO; a seventeenth is lost. */
static void test_back_pressure(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    set_room(&p, 2);
    out(&p, FCR, 0x01);
    out(&p, IER, 0x02);
    in(&p, IIR);
    for (guint i = 0; i < 19; i++) {
        out(&p, THR, 'a' + i);
    }
    g_assert_cmpstr(sent(&p), ==, "ab");
    g_assert_cmphex(in(&p, LSR), ==, 0x00);
    assert_line(&p, false);
    set_room(&p, 10);
    char_writable(p.chr);
    g_assert_cmphex(in(&p, LSR), ==, 0x00);
    assert_line(&p, false);
    set_room(&p, 100);
    char_writable(p.chr);
    g_assert_cmpstr(sent(&p), ==, "abcdefghijklmnopqr");
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    assert_line(&p, true);
    port_done(&p);
}

static void test_transmitter_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    set_room(&p, 0);
    out(&p, FCR, 0x01);
    out(&p, THR, 'x');
    g_assert_cmphex(in(&p, LSR), ==, 0x00);
    out(&p, FCR, 0x05);
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    set_room(&p, 100);
    char_writable(p.chr);
    out(&p, THR, 'y');
    g_assert_cmpstr(sent(&p), ==, "y");
    port_done(&p);
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = com1_new(rig);

    out(&p, FCR, 0x01);
    out(&p, IER, 0x03);
    out(&p, SCR, 0x5a);
    out(&p, MCR, 0x0b);
    feed(&p, "abc");
    assert_line(&p, true);
    rig_reset(rig);
    assert_line(&p, false);
    g_assert_cmphex(in(&p, IIR), ==, 0x01);
    g_assert_cmphex(in(&p, IER), ==, 0x00);
    g_assert_cmphex(in(&p, MCR), ==, 0x00);
    g_assert_cmphex(in(&p, LSR), ==, 0x60);
    g_assert_cmphex(in(&p, MSR), ==, 0xb0);
    wait_ns(&p, 100 * CHAR_TIME);
    assert_line(&p, false);
    port_done(&p);
}

/* ---- Ports ---- */

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port a = com1_new(rig), b = port_new(rig, "com2", COM2, 3);

    out(&a, SCR, 0x11);
    out(&b, SCR, 0x22);
    g_assert_cmphex(in(&a, SCR), ==, 0x11);
    out(&a, IER, 0x01);
    out(&b, IER, 0x01);
    feed(&b, "b");
    assert_line(&a, false);
    assert_line(&b, true);
    feed(&a, "a");
    g_assert_cmphex(in(&a, RBR), ==, 'a');
    assert_line(&a, false);
    g_assert_cmphex(in(&b, RBR), ==, 'b');
    out(&a, THR, '1');
    out(&b, THR, '2');
    g_assert_cmpstr(sent(&a), ==, "1");
    g_assert_cmpstr(sent(&b), ==, "2");
    device_unmake(a.dev);
    g_assert_cmphex(rig_in(rig, COM1 + SCR, 1), ==, 0xff);
    g_assert_cmphex(in(&b, SCR), ==, 0x22);
    port_done(&a);
    port_done(&b);
}

static void assert_place(Device *dev, guint index, guint iobase, guint irq)
{
    const IsaSerialProps *props = isa_serial_props(dev);

    g_assert_true(props->has_index && props->has_iobase && props->has_irq);
    g_assert_cmpuint(props->index, ==, index);
    g_assert_cmphex(props->iobase, ==, iobase);
    g_assert_cmpuint(props->irq, ==, irq);
}

/* What is left open is the first free port, written back. */
static void test_choice(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *com2 = rig_device(rig, "isa-serial", "b", &error, "index", "1", NULL);

    assert_place(com2, 1, 0x2f8, 3);
    assert_place(rig_device(rig, "isa-serial", "a", &error, NULL), 0, 0x3f8, 4);
    assert_place(rig_device(rig, "isa-serial", "c", &error, NULL), 2, 0x3e8, 4);
    assert_place(rig_device(rig, "isa-serial", "d", &error, "irq", "7", NULL), 3, 0x2e8, 7);
    g_assert_null(rig_device(rig, "isa-serial", "e", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_BUS_FULL));
    g_clear_error(&error);
    device_unmake(com2);
    assert_place(rig_device(rig, "isa-serial", "e", &error, "iobase", "0x2f8", NULL), 1, 0x2f8, 3);
    g_assert_null(rig_device(rig, "isa-serial", "f", &error, "iobase", "0x1000", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_PROPERTY_MISSING));
    g_clear_error(&error);
    g_assert_null(rig_device(rig, "isa-serial", "f", &error, "index", "0", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
}

/* Without a backend everything goes nowhere. */
static void test_no_chardev(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "isa-serial", "a", &error, NULL);
    g_assert_no_error(error);
    rig_out(rig, COM1, 'x', 1);
    g_assert_cmphex(rig_in(rig, COM1 + LSR, 1), ==, 0x60);
    g_assert_cmphex(rig_in(rig, COM1, 1), ==, 0x00);
}

#define CASE(name) { "/uart16550/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(reset_values), CASE(lcr), CASE(word_length),
    CASE(character_time), CASE(lsr), CASE(lsr_fifo_errors), CASE(fcr), CASE(trigger),
    CASE(iir_priorities), CASE(iir_thre_hidden), CASE(thre), CASE(ier), CASE(mcr_loop),
    CASE(overrun), CASE(msr), CASE(scr), CASE(timeout), CASE(timeout_speed), CASE(back_pressure),
    CASE(transmitter_reset), CASE(reset), CASE(two), CASE(choice), CASE(no_chardev),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
