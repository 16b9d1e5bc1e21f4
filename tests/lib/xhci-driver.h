/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for an xHCI controller on a rig, as a guest's would do it: rings, contexts, control
 * transfers; with RAM for them.  Two benches are independent.
 *
 *     g_autoptr(XhciBench) b = xhci_bench_new("qemu-xhci");
 *
 *     xhci_bench_device(b, "usb-mouse", "m", "port", "1", NULL);
 *     guint slot = xhci_open(b, 5);
 *     g_assert_cmpuint(xhci_control(b, slot, 0x8006, 0x0100, 0, 18, data), ==, CODE_SUCCESS);
 */
#ifndef TESTS_LIB_XHCI_DRIVER_H
#define TESTS_LIB_XHCI_DRIVER_H

#include "hw/usb/xhci-regs.h"
#include "tests/lib/rig.h"

#define XHCI_BENCH_RAM G_GUINT64_CONSTANT(0x2000000)
#define XHCI_BENCH_RAM_SIZE (4u << 20)
#define XHCI_BENCH_MMIO G_GUINT64_CONSTANT(0xfe000000)

enum { BENCH_RING = 64, BENCH_EVENTS = 64, BENCH_SLOTS = 8, BENCH_CONTROL = 1 };

/* Items of a ring, of which the last one links to the first. */
typedef struct {
    guint64 base;
    guint next;
    bool cycle;
} BenchRing;

typedef struct {
    guint8 type, code;
    guint slot, endpoint;
    guint64 pointer;
    guint32 length;             /* bits 0 to 23 of the status */
} BenchEvent;

typedef struct {
    Rig *rig;
    Device *hc;
    guint8 *ram;                /* at XHCI_BENCH_RAM */
    guint64 next;               /* that is free there */
    guint64 dcbaa, input, erst, events, contexts[BENCH_SLOTS + 1];
    guint event_at;
    bool event_cycle, owns_rig;
    BenchRing commands, rings[BENCH_SLOTS + 1][N_CONTEXTS];
} XhciBench;

/* A controller in slot 4, which runs, with interrupter 0. */
XhciBench *xhci_bench_new(const char *driver);
/* The same on a rig, without a controller that runs: see xhci_bench_start(). */
XhciBench *xhci_bench_on(Rig *rig, const char *driver);
void xhci_bench_free(XhciBench *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XhciBench, xhci_bench_free)
/* Places the controller, and starts it with new rings, as after a reset. */
void xhci_bench_place(XhciBench *b);
void xhci_bench_start(XhciBench *b);
/* A device, with pairs as of rig_device(). */
Device *xhci_bench_device(XhciBench *b, const char *driver, const char *id, ...)
    G_GNUC_NULL_TERMINATED;
guint64 xhci_bench_alloc(XhciBench *b, gsize size, gsize align);
void *xhci_bench_ptr(XhciBench *b, guint64 address);

guint32 xhci_get(XhciBench *b, guint offset);
void xhci_set(XhciBench *b, guint offset, guint32 value);
static inline guint xhci_port_offset(guint port)
{
    return XHCI_PORTS + (port - 1) * XHCI_PORT_SIZE;
}

/* Takes the next event off the ring; false: there is none. */
bool xhci_next_event(XhciBench *b, BenchEvent *ret);
/* Tells the controller that all events that were taken are done with. */
void xhci_events_done(XhciBench *b);
/* Writes an item; its control word without the cycle bit.  Returns its address. */
guint64 xhci_put(XhciBench *b, BenchRing *ring, guint64 parameter, guint32 status, guint32 control);
void xhci_doorbell(XhciBench *b, guint slot, guint endpoint);

/* Executes a command, and returns its code; other events before it are dropped. */
guint8 xhci_command(XhciBench *b, guint64 parameter, guint32 status, guint32 control,
                    guint *ret_slot);
/* Resets a port, and gives its device a slot and an address. */
guint xhci_open(XhciBench *b, guint port);
/* The code of Address Device for a slot and port, with an own ring. */
guint8 xhci_address(XhciBench *b, guint slot, guint port, guint32 route, guint speed);
/* A control transfer; request is bmRequestType and bRequest.  The code of its last stage, or of
 * the one that has failed, whose endpoint is then made usable again. */
guint8 xhci_control(XhciBench *b, guint slot, guint16 request, guint16 value, guint16 index,
                    guint16 length, void *data);
/* Adds an endpoint by Configure Endpoint; returns the code. */
guint8 xhci_add_endpoint(XhciBench *b, guint slot, guint endpoint, guint type, guint packet);
/* Configures the device (1), and adds endpoint 1 IN of interrupts. */
void xhci_configure_hid(XhciBench *b, guint slot);
/* Puts a transfer on the ring of an endpoint, in items of 64 KiB, and rings; returns the address
 * of the last one. */
guint64 xhci_submit(XhciBench *b, guint slot, guint endpoint, guint64 memory, guint32 size);
/* Drops events up to the next transfer event; 0: there is none. */
guint8 xhci_transfer_event(XhciBench *b, BenchEvent *ret);
/* Both; the code, and how many bytes were moved. */
guint8 xhci_transfer(XhciBench *b, guint slot, guint endpoint, void *data, guint32 size,
                     guint32 *ret_moved);

#endif
