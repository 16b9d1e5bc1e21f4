/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schedules of an EHCI controller: transfers of queues, short packets, errors, lists that a guest
 * links in circles or into nowhere, and when the controller looks at them.
 */
#include "config.h"

#include <string.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/lib/ehci-driver.h"

enum { STATUS = 0xff, ALL = EHCI_CMD_RUN | EHCI_CMD_ASYNC | EHCI_CMD_PERIODIC };

static EhciBench *with_mouse(void)
{
    EhciBench *b = ehci_bench_new("ich9-usb-ehci1", 0);

    ehci_bench_device(b, "usb-mouse", "mouse", "1", NULL);
    ehci_enable(b, 0);
    ehci_set(b, EHCI_STS, 0x3f);
    return b;
}

static void move(EhciBench *b, int x)
{
    input_send(b->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, x }, 1);
}

/* The queue is of endpoint 1. */
static void configure(EhciBench *b)
{
    g_assert_cmphex(ehci_control(b, 0, 0x0009, 1, 0, 0, NULL) & STATUS, ==, 0);
    ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, 0, 1, 0);
    ehci_set(b, EHCI_STS, 0x3f);
}

static void test_control(void)
{
    g_autoptr(EhciBench) b = ehci_bench_new("ich9-usb-ehci1", 0);
    guint8 data[18] = { 0 };
    guint32 token;

    ehci_bench_device(b, "usb-mouse", "mouse", "1", NULL);
    ehci_set(b, EHCI_INTR, 3);
    ehci_set(b, EHCI_STS, 0x3f);
    /* The port is disabled: nobody answers. */
    token = ehci_control(b, 0, 0x8006, 0x0100, 0, 18, data);
    g_assert_cmphex(token & STATUS, ==, EHCI_HALTED | EHCI_LOST);
    g_assert_cmphex(token >> 10 & 3, ==, 0);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 3, ==, 2);
    g_assert_true(ehci_line(b));
    ehci_set(b, EHCI_STS, 0x3f);
    g_assert_false(ehci_line(b));
    ehci_enable(b, 0);
    token = ehci_control(b, 0, 0x8006, 0x0100, 0, 18, data);
    g_assert_cmphex(token & STATUS, ==, 0);
    g_assert_cmphex(get_le16(data + 8), ==, 0x0627);
    g_assert_cmphex(ehci_get(b, EHCI_STS), ==, 0xc001);
    /* The overlay is the last descriptor. */
    g_assert_cmphex(ehci_word(b, EHCI_QUEUE + 12), ==, EHCI_BENCH_RAM + EHCI_TDS + 64);
    g_assert_cmphex(ehci_word(b, EHCI_QUEUE + 24), ==, token);
    g_assert_cmphex(ehci_word(b, EHCI_TDS + 32 + 8) >> 16 & 0x7fff, ==, 0);
    g_assert_cmphex(ehci_control(b, 0, 0x0005, 9, 0, 0, NULL) & STATUS, ==, 0);
    g_assert_cmphex(ehci_control(b, 0, 0x8006, 0x0100, 0, 18, data) & STATUS, ==,
                    EHCI_HALTED | EHCI_LOST);
    g_assert_cmphex(ehci_control(b, 9, 0x8006, 0x0100, 0, 18, data) & STATUS, ==, 0);
    g_assert_cmphex(ehci_control(b, 9, 0x8006, 0x0999, 0, 18, data) & STATUS, ==, EHCI_HALTED);
}

/* A wLength that the device's buffer does not have (CVE-2020-14364): the request is stalled, and so is
 * whatever comes after it. */
static void test_setup_length(void)
{
    g_autoptr(EhciBench) b = with_mouse();
    guint8 *setup = b->ram + EHCI_DATA;

    for (guint to_host = 0; to_host < 2; to_host++) {
        static const guint8 request[8] = { 0, 5, 0, 0, 0, 0, 0xff, 0xff };

        memcpy(setup, request, 8);
        setup[0] = to_host ? 0x80 : 0;
        ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, 0, 0, 1 << 14);
        ehci_td(b, EHCI_SETUP, EHCI_DATA, 8, 0);
        g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, 0);
        for (guint i = 0; i < 4; i++) {
            ehci_td(b, i & 1 ? EHCI_IN : EHCI_OUT, EHCI_DATA, 0x4000, 0);
            g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_HALTED);
        }
    }
    g_assert_cmphex(ehci_control(b, 0, 0x8006, 0x0100, 0, 18, NULL) & STATUS, ==, 0);
}

/* A short packet ends the transfer, and goes on at the alternate descriptor. */
static void test_short(void)
{
    g_autoptr(EhciBench) b = with_mouse();
    guint32 first, second, third;

    configure(b);
    move(b, 7);
    first = ehci_td(b, EHCI_IN, EHCI_DATA, 8, 0);
    second = ehci_td(b, EHCI_IN, EHCI_DATA + 16, 8, 0);
    third = ehci_td(b, EHCI_IN, EHCI_DATA + 32, 4, EHCI_IOC);
    ehci_put(b, first + 4, EHCI_BENCH_RAM + third);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_ACTIVE);
    g_assert_cmphex(ehci_word(b, first + 8) & (0x7fff0000 | STATUS), ==, 4 << 16);
    g_assert_cmphex(ehci_word(b, second + 8) & STATUS, ==, EHCI_ACTIVE);
    g_assert_cmphex(ehci_word(b, third + 8) & STATUS, ==, EHCI_ACTIVE);
    g_assert_cmphex(ehci_word(b, EHCI_QUEUE + 12), ==, EHCI_BENCH_RAM + third);
    g_assert_cmpuint(b->ram[EHCI_DATA + 1], ==, 7);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 3, ==, 1);
    /* The toggle counts packets. */
    g_assert_cmphex(ehci_word(b, first + 8) >> 31, ==, 1);
    move(b, 9);
    ehci_microframes(b, 8);
    g_assert_cmphex(ehci_word(b, third + 8) & (0x7fff0000 | STATUS), ==, 0);
    g_assert_cmphex(ehci_word(b, third + 8) >> 31, ==, 0);
    g_assert_cmpuint(b->ram[EHCI_DATA + 33], ==, 9);
}

/* The pages of a buffer are anywhere; there are five. */
static void test_pages(void)
{
    g_autoptr(EhciBench) b = with_mouse();
    guint8 whole[18], *ram = b->ram;
    guint32 token;

    g_assert_cmphex(ehci_control(b, 0, 0x8006, 0x0100, 0, 18, whole) & STATUS, ==, 0);
    memcpy(ram + EHCI_DATA, "\x80\x06\0\1\0\0\x12\0", 8);
    ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, 0, 0, 1 << 14);
    ehci_td(b, EHCI_SETUP, EHCI_DATA, 8, 0);
    ehci_td(b, EHCI_IN, 0x10ffb, 18, 0);
    ehci_put(b, EHCI_TDS + 32 + 16, EHCI_BENCH_RAM + 0x20000);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, 0);
    g_assert_cmpmem(ram + 0x10ffb, 5, whole, 5);
    g_assert_cmpmem(ram + 0x20000, 13, whole + 5, 13);
    token = ehci_word(b, EHCI_TDS + 32 + 8);
    g_assert_cmphex(token >> 12 & 7, ==, 1);
    g_assert_cmphex(ehci_word(b, EHCI_QUEUE + 28) & 0xfff, ==, 13);
    /* The last byte of the fifth page, and the one behind it; no RAM. */
    ehci_td(b, EHCI_SETUP, EHCI_DATA, 8, 0);
    ehci_td(b, EHCI_IN, 0x10fff, 18, 4 << 12);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_HALTED | EHCI_BUFFER);
    ehci_td(b, EHCI_SETUP, EHCI_DATA, 8, 0);
    ehci_td(b, EHCI_IN, 0xff000000, 18, 0);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_HALTED | EHCI_BUFFER);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 0x1002, ==, 2);
}

/* Other errors: an invalid PID, a queue of full speed, no limit of errors. */
static void test_errors(void)
{
    g_autoptr(EhciBench) b = with_mouse();

    ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, 0, 0, 1 << 14);
    ehci_td(b, 3, EHCI_DATA, 8, 0);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_HALTED);
    rig_assert_guest_error(b->hc, "a transfer has the invalid PID code 3");
    ehci_put(b, EHCI_QUEUE + 4, ehci_word(b, EHCI_QUEUE + 4) & ~(3u << 12));
    ehci_td(b, EHCI_IN, EHCI_DATA, 8, 0);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_HALTED | EHCI_LOST);
    ehci_td(b, EHCI_IN, EHCI_DATA, 8, 0);
    ehci_put(b, EHCI_TDS + 8, ehci_word(b, EHCI_TDS + 8) & ~(3u << 10));
    ehci_run_tds(b, EHCI_QUEUE);
    g_assert_cmphex(ehci_word(b, EHCI_QUEUE + 24) & STATUS, ==, EHCI_ACTIVE | EHCI_LOST);
    /* It asks the driver not to go on (I). */
    ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, 0, 0, 1 << 14 | 1 << 7);
    ehci_td(b, EHCI_IN, EHCI_DATA, 8, 0);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_ACTIVE);
}

static void test_periodic(void)
{
    g_autoptr(EhciBench) b = with_mouse();
    guint32 first;

    configure(b);
    ehci_set(b, EHCI_CMD, EHCI_CMD_RUN | EHCI_CMD_PERIODIC);
    for (guint i = 0; i < 1024; i += 8) {
        ehci_put(b, EHCI_FRAMES + 4 * i, (EHCI_BENCH_RAM + EHCI_INTERRUPTS) | EHCI_IS_QUEUE);
    }
    first = ehci_td(b, EHCI_IN, EHCI_DATA, 4, EHCI_IOC);
    ehci_put(b, EHCI_INTERRUPTS + 16, EHCI_BENCH_RAM + first);
    ehci_microframes(b, 64);
    g_assert_cmphex(ehci_word(b, first + 8) & STATUS, ==, EHCI_ACTIVE);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 0xc001, ==, 0x4000);
    move(b, 5);
    ehci_microframes(b, 64 + 8);
    g_assert_cmphex(ehci_word(b, first + 8) & STATUS, ==, 0);
    g_assert_cmpuint(b->ram[EHCI_DATA + 1], ==, 5);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 1, ==, 1);
}

/* Isochronous transfers fail, as if nobody answered; what is linked behind them is executed. */
static void test_isochronous(void)
{
    enum { ITD = 0x3000, SITD = 0x3100, FSTN = 0x3200 };
    g_autoptr(EhciBench) b = with_mouse();

    configure(b);
    for (guint i = 0; i < 1024; i++) {
        ehci_put(b, EHCI_FRAMES + 4 * i, EHCI_BENCH_RAM + ITD);
    }
    ehci_put(b, ITD, (EHCI_BENCH_RAM + SITD) | 4);
    ehci_put(b, ITD + 4, 1u << 31 | 512 << 16 | 1 << 15);
    ehci_put(b, ITD + 8, 512 << 16);
    ehci_put(b, SITD, (EHCI_BENCH_RAM + FSTN) | 6);
    ehci_put(b, SITD + 12, 1u << 31 | 64 << 16 | 1 << 7);
    ehci_put(b, FSTN, (EHCI_BENCH_RAM + EHCI_INTERRUPTS) | EHCI_IS_QUEUE);
    move(b, 5);
    ehci_put(b, EHCI_INTERRUPTS + 16, EHCI_BENCH_RAM + ehci_td(b, EHCI_IN, EHCI_DATA, 4, 0));
    ehci_set(b, EHCI_CMD, ALL);
    ehci_microframes(b, 8);
    g_assert_cmphex(ehci_word(b, ITD + 4), ==, 1 << 28 | 1 << 15);
    g_assert_cmphex(ehci_word(b, ITD + 8), ==, 512 << 16);
    g_assert_cmphex(ehci_word(b, SITD + 12), ==, (1u << 31 | 64 << 16 | 1 << 3));
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 3, ==, 3);
    g_assert_cmphex(ehci_word(b, EHCI_TDS + 8) & STATUS, ==, 0);
}

/* ---- Hostile lists ---- */

/* A run comes to an end, however the guest links its lists. */
static void test_circles(void)
{
    g_autoptr(EhciBench) b = with_mouse();

    configure(b);
    for (guint i = 0; i < 1024; i++) {
        ehci_put(b, EHCI_FRAMES + 4 * i, (EHCI_BENCH_RAM + EHCI_INTERRUPTS) | EHCI_IS_QUEUE);
    }
    ehci_put(b, EHCI_INTERRUPTS, (EHCI_BENCH_RAM + EHCI_INTERRUPTS) | EHCI_IS_QUEUE);
    /* No head; a circle that does not lead to where it began. */
    ehci_put(b, EHCI_HEAD + 4, 0);
    ehci_put(b, EHCI_QUEUE, (EHCI_BENCH_RAM + EHCI_QUEUE) | EHCI_IS_QUEUE);
    ehci_set(b, EHCI_CMD, ALL);
    ehci_microframes(b, 16);
    g_assert_cmphex(ehci_get(b, EHCI_ASYNC), ==, EHCI_BENCH_RAM + EHCI_QUEUE);
    ehci_set(b, EHCI_CMD, ALL | EHCI_CMD_DOORBELL);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 0x20, ==, 0x20);
    /* Descriptors that follow each other in a circle: each is done once. */
    ehci_put_queue(b, EHCI_QUEUE, EHCI_HEAD, 0, 0, 1 << 14);
    ehci_td(b, EHCI_IN, EHCI_DATA, 0, 0);
    ehci_put(b, EHCI_TDS, EHCI_BENCH_RAM + EHCI_TDS);
    g_assert_cmphex(ehci_run_tds(b, EHCI_QUEUE) & STATUS, ==, EHCI_HALTED);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 0x1010, ==, 0);
}

static void bad_memory(EhciBench *b)
{
    ehci_set(b, EHCI_CMD, ALL);
    ehci_microframes(b, 8);
    g_assert_cmphex(ehci_get(b, EHCI_STS) & 0xd010, ==, 0x1010);
    g_assert_cmphex(ehci_get(b, EHCI_CMD) & 1, ==, 0);
    rig_assert_guest_error(b->hc, "the schedule cannot be read or written");
    ehci_set(b, EHCI_STS, 0x3f);
}

static void test_bad_memory(void)
{
    g_autoptr(EhciBench) b = with_mouse();

    ehci_set(b, EHCI_PERIODIC, 0xfffff000);
    bad_memory(b);
    ehci_set(b, EHCI_PERIODIC, EHCI_BENCH_RAM);
    ehci_set(b, EHCI_ASYNC, 0xffffffe0);
    bad_memory(b);
    ehci_set(b, EHCI_ASYNC, EHCI_BENCH_RAM + EHCI_HEAD);
    ehci_put(b, EHCI_QUEUE + 16, 0xffffffe0);
    bad_memory(b);
    ehci_put(b, EHCI_QUEUE + 16, EHCI_END);
    ehci_put(b, EHCI_FRAMES + 4 * 2, 0xffffffe0);
    for (guint i = 0; i < 1024; i++) {
        ehci_put(b, EHCI_FRAMES + 4 * i, 0xffffffe0 | (i % 4) << 1);
    }
    for (guint i = 0; i < 4; i++) {
        bad_memory(b);
    }
}

/* A queue that was removed is not where the controller is after the doorbell. */
static void test_doorbell(void)
{
    g_autoptr(EhciBench) b = with_mouse();

    ehci_set(b, EHCI_INTR, 0x20);
    ehci_set(b, EHCI_ASYNC, EHCI_BENCH_RAM + EHCI_QUEUE);
    ehci_set(b, EHCI_CMD, ALL | EHCI_CMD_DOORBELL);
    g_assert_true(ehci_line(b));
    g_assert_cmphex(ehci_get(b, EHCI_CMD), ==, ALL);
    g_assert_cmphex(ehci_get(b, EHCI_ASYNC), ==, EHCI_BENCH_RAM + EHCI_HEAD);
}

/* ---- Time ---- */

static guint64 firings(EhciBench *b, guint microframes)
{
    guint64 before = b->rig->firings;

    ehci_microframes(b, microframes);
    return b->rig->firings - before;
}

/* Schedules on which nothing happens are looked at less and less; a device, or a register, ends
 * that. */
static void test_pauses(void)
{
    g_autoptr(EhciBench) b = with_mouse();

    configure(b);
    g_assert_cmpuint(firings(b, 8000), >, 0);
    ehci_set(b, EHCI_CMD, EHCI_CMD_RUN);
    g_assert_cmpuint(firings(b, 80000), ==, 0);
    ehci_set(b, EHCI_CMD, EHCI_CMD_RUN | EHCI_CMD_PERIODIC);
    g_assert_cmpuint(firings(b, 256), ==, 32);
    firings(b, 8000);
    g_assert_cmpuint(firings(b, 8 * 1024), ==, 16);
    ehci_td(b, EHCI_IN, EHCI_DATA, 4, 0);
    ehci_run_tds(b, EHCI_QUEUE);
    firings(b, 8000);
    g_assert_cmpuint(firings(b, 8 * 1024), ==, 128);
    firings(b, 3);
    move(b, 5);
    ehci_microframes(b, 1);
    g_assert_cmphex(ehci_word(b, EHCI_TDS + 8) & STATUS, ==, 0);
}

#define CASE(name) { "/ehci-schedule/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(control), CASE(setup_length), CASE(short), CASE(pages), CASE(errors), CASE(periodic),
    CASE(isochronous), CASE(circles), CASE(bad_memory), CASE(doorbell), CASE(pauses),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
