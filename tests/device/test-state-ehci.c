/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of EHCI controllers and companions, carried into a new process while transfers wait:
 * tests/lib/carry.h.
 */
#include "config.h"

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/lib/carry.h"
#include "tests/lib/ehci-driver.h"

static void bench_freed(gpointer bench)
{
    ehci_bench_free(bench);
}

static void make(Carry *c)
{
    EhciBench *b = ehci_bench_on(c->rig, "ich9-usb-ehci1", 2);

    c->opaque = b;
    c->opaque_free = bench_freed;
    carry_memory(c, b->ram, EHCI_BENCH_RAM_SIZE);
    carry_memory(c, &b->n, sizeof(b->n));
    ehci_bench_device(b, "usb-mouse", "mouse", "1", NULL);
    ehci_bench_device(b, "usb-kbd", "kbd", "2", "1");
    ehci_bench_device(b, "usb-tablet", "tablet", "3", NULL);
}

/* An interrupt transfer waits; the keyboard is the companion's; a port is suspended, another has
 * been given away although its device is of high speed. */
static void busy(Carry *c)
{
    EhciBench *b = c->opaque;

    ehci_bench_place(b);
    ehci_bench_start(b);
    for (guint i = 0; i < 1024; i += 8) {
        ehci_put(b, EHCI_FRAMES + 4 * i, (EHCI_BENCH_RAM + EHCI_INTERRUPTS) | EHCI_IS_QUEUE);
    }
    ehci_set(b, EHCI_INTR, 0x3f);
    ehci_enable(b, 0);
    ehci_set(b, EHCI_PORT_1 + 4, 0x3000);
    ehci_set(b, EHCI_PORT_1 + 8, 0x3000);
    ehci_control(b, 0, 0x0009, 1, 0, 0, NULL);
    ehci_td(b, EHCI_IN, EHCI_DATA, 8, EHCI_IOC);
    ehci_run_tds(b, EHCI_INTERRUPTS);
    ehci_microframes(b, 4321);
    rig_out(b->rig, EHCI_BENCH_IO + 0x20 + 16, 4, 2);
    ehci_set(b, EHCI_STS, 4);
}

static void go_on(Carry *c)
{
    EhciBench *b = c->opaque;

    carry_timers(c, 3);
    input_send(c->rig->machine, &(InputItem){ INPUT_EVENT_KIND_REL, INPUT_AXIS_X, 40 }, 1);
    carry_timers(c, 40);
    carry_note(c, "token %08x", ehci_word(b, EHCI_TDS + 8));
    carry_note(c, "report %08x", ehci_word(b, EHCI_DATA));
    for (guint reg = EHCI_CMD; reg < EHCI_PORT_1 + 24; reg += 4) {
        carry_note(c, "register %02x: %08x", reg, ehci_get(b, reg));
    }
    for (guint i = 0; i < 4; i++) {
        carry_note(c, "companion's port %u: %04x", i,
                   rig_in(c->rig, EHCI_BENCH_IO + 0x20 * (i / 2) + 16 + 2 * (i % 2), 2));
    }
    /* The tablet, which is of high speed again after this, knows its other speed. */
    ehci_set(b, EHCI_PORT_1 + 8, 0x1000);
    ehci_enable(b, 2);
    ehci_set(b, EHCI_PORT_1, 0x1000);
    b->n = 0;
    carry_note(c, "qualifier %x", ehci_control(b, 0, 0x8006, 0x0600, 0, 10, NULL) & 0xff);
    carry_note(c, "bytes %08x", ehci_word(b, EHCI_DATA + 0x1000));
    carry_lines(c);
}

int main(int argc, char **argv)
{
    static const CarryCase cases[] = {
        { "ehci", make, busy, go_on, NULL },
    };

    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
