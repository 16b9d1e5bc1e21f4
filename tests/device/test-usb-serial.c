/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usb-serial: bytes both ways, packets with their headers, a chardev that takes nothing for a while,
 * breaks, requests.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/char.h"
#include "qom/qapi-objects-char.h"
#include "tests/lib/xhci-driver.h"

enum { P_2 = 5, IN = 3, OUT = 4, LINES = 0xb1, EMPTY = 0x60 };

/* What the host takes of the guest's bytes. */
typedef struct {
    CharOps ops;                /* first: how it is found from a Chardev */
    GString *paper;
    gsize room;
} Host;

typedef struct {
    XhciBench *b;
    Chardev *chr;
    Host host;
    guint slot;
} Port;

static gsize host_write(Chardev *chr, const guint8 *data, gsize size)
{
    Host *host = (Host *)chr->ops;
    gsize n = MIN(size, host->room);

    host->room -= n;
    g_string_append_len(host->paper, (const char *)data, n);
    return n;
}

static void open_port(Port *p)
{
    p->b = xhci_bench_new("qemu-xhci");
    p->host = (Host){ .ops.write = host_write, .paper = g_string_new(NULL), .room = G_MAXSIZE };
    p->chr = to_chardev(rig_object(p->b->rig, "chardev-null", "c", NULL, NULL));
    g_assert_nonnull(p->chr);
    p->chr->ops = &p->host.ops;
    xhci_bench_device(p->b, "usb-serial", "port", "chardev", "c", NULL);
    p->slot = xhci_open(p->b, P_2);
    g_assert_cmpuint(xhci_control(p->b, p->slot, 0x0009, 1, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_add_endpoint(p->b, p->slot, IN, EP_BULK_IN, 64), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_add_endpoint(p->b, p->slot, OUT, EP_BULK_OUT, 64), ==, CODE_SUCCESS);
}

static void close_port(Port *p)
{
    p->chr->ops = object_kind(p->chr);
    g_string_free(p->host.paper, true);
    xhci_bench_free(p->b);
}

/* The first packet tells the lines. */
static void take_lines(Port *p)
{
    guint8 data[64] = { 0 };
    guint32 moved;

    g_assert_cmpuint(xhci_transfer(p->b, p->slot, IN, data, 64, &moved), ==, CODE_SHORT);
    g_assert_cmpuint(moved, ==, 2);
    g_assert_cmphex(data[0], ==, LINES);
    g_assert_cmphex(data[1], ==, EMPTY);
}

static void test_bytes(void)
{
    guint8 data[512] = { 0 };
    guint32 moved;
    guint64 memory;
    BenchEvent event;
    Port p;

    open_port(&p);
    take_lines(&p);
    memory = xhci_bench_alloc(p.b, 64, 8);
    xhci_submit(p.b, p.slot, IN, memory, 64);
    g_assert_cmpuint(xhci_transfer_event(p.b, &event), ==, 0);
    char_receive(p.chr, (const guint8 *)"hello", 5);
    g_assert_cmpuint(xhci_transfer_event(p.b, &event), ==, CODE_SHORT);
    g_assert_cmpuint(event.length, ==, 64 - 7);
    g_assert_cmpmem((guint8 *)xhci_bench_ptr(p.b, memory) + 2, 5, "hello", 5);
    g_assert_cmpuint(xhci_transfer(p.b, p.slot, OUT, (void *)"world", 5, &moved), ==, CODE_SUCCESS);
    g_assert_cmpstr(p.host.paper->str, ==, "world");
    /* A transfer of several packets, each with its header. */
    for (guint i = 0; i < 100; i++) {
        data[i] = i;
    }
    char_receive(p.chr, data, 100);
    g_assert_cmpuint(xhci_transfer(p.b, p.slot, IN, data, 512, &moved), ==, CODE_SHORT);
    g_assert_cmpuint(moved, ==, 104);
    g_assert_cmphex(data[64], ==, LINES);
    g_assert_cmpuint(data[2], ==, 0);
    g_assert_cmpuint(data[63], ==, 61);
    g_assert_cmpuint(data[66], ==, 62);
    g_assert_cmpuint(data[103], ==, 99);
    close_port(&p);
}

/* A chardev that takes little: the transfer goes on when it takes more, and nothing is lost. */
static void test_slow(void)
{
    guint64 memory;
    BenchEvent event;
    guint8 *text;
    Port p;

    open_port(&p);
    take_lines(&p);
    memory = xhci_bench_alloc(p.b, 2000, 8);
    text = xhci_bench_ptr(p.b, memory);
    for (guint i = 0; i < 2000; i++) {
        text[i] = 'a' + i % 26;
    }
    p.host.room = 100;
    xhci_submit(p.b, p.slot, OUT, memory, 2000);
    g_assert_cmpuint(xhci_transfer_event(p.b, &event), ==, 0);
    g_assert_cmpuint(p.host.paper->len, ==, 100);
    for (guint i = 0; i < 19; i++) {
        p.host.room = 100;
        char_writable(p.chr);
    }
    g_assert_cmpuint(xhci_transfer_event(p.b, &event), ==, CODE_SUCCESS);
    p.host.room = G_MAXSIZE;
    char_writable(p.chr);
    g_assert_cmpmem(p.host.paper->str, p.host.paper->len, text, 2000);
    /* What comes from the host waits there. */
    g_assert_cmpuint(char_can_receive(p.chr), ==, 512);
    char_receive(p.chr, text, 512);
    g_assert_cmpuint(char_can_receive(p.chr), ==, 0);
    g_assert_cmpuint(xhci_control(p.b, p.slot, 0x4000, 1, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(char_can_receive(p.chr), ==, 512);
    close_port(&p);
}

static void test_requests(void)
{
    guint8 data[64] = { 0 };
    guint32 moved;
    Port p;

    open_port(&p);
    take_lines(&p);
    g_assert_cmpuint(xhci_control(p.b, p.slot, 0xc005, 0, 0, 2, data), ==, CODE_SUCCESS);
    g_assert_cmphex(data[0], ==, LINES);
    g_assert_cmpuint(xhci_control(p.b, p.slot, 0xc00a, 0, 0, 1, data), ==, CODE_SUCCESS);
    g_assert_cmpuint(data[0], ==, 16);
    g_assert_cmpuint(xhci_control(p.b, p.slot, 0x4009, 5, 0, 0, NULL), ==, CODE_SUCCESS);
    xhci_control(p.b, p.slot, 0xc00a, 0, 0, 1, data);
    g_assert_cmpuint(data[0], ==, 5);
    g_assert_cmpuint(xhci_control(p.b, p.slot, 0x4003, 0x001a, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_control(p.b, p.slot, 0x40ff, 0, 0, 0, NULL), ==, CODE_STALL);
    char_event(p.chr, CHAR_EVENT_BREAK);
    g_assert_cmpuint(xhci_transfer(p.b, p.slot, IN, data, 64, &moved), ==, CODE_SHORT);
    g_assert_cmphex(data[1], ==, EMPTY | 0x10);
    char_event(p.chr, CHAR_EVENT_CLOSED);
    g_assert_cmpuint(xhci_transfer(p.b, p.slot, IN, data, 64, &moved), ==, CODE_SHORT);
    g_assert_cmphex(data[0], ==, 1);
    g_assert_cmphex(data[1], ==, EMPTY);
    close_port(&p);
}

#define CASE(name) { "/usb-serial/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(bytes), CASE(slow), CASE(requests),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
