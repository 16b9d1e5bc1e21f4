/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for an EHCI controller on a rig, as a guest's would do it, with RAM for its lists.  Two
 * benches are independent.
 *
 *     g_autoptr(EhciBench) b = ehci_bench_new("ich9-usb-ehci1", 0);
 *
 *     ehci_bench_device(b, "usb-mouse", "m", "1", NULL);
 *     ehci_enable(b, 0);
 *     g_assert_cmphex(ehci_control(b, 0, 0x8006, 0x0100, 0, 18, data) & 0xff, ==, 0);
 */
#ifndef TESTS_LIB_EHCI_DRIVER_H
#define TESTS_LIB_EHCI_DRIVER_H

#include "hw/usb/usb.h"
#include "tests/lib/rig.h"

#define EHCI_BENCH_RAM G_GUINT64_CONSTANT(0x1000000)
#define EHCI_BENCH_MMIO G_GUINT64_CONSTANT(0xfe000000)

enum { EHCI_BENCH_RAM_SIZE = 1 << 20, EHCI_BENCH_IO = 0xc000, EHCI_DEVFN = PCI_DEVFN(3, 7) };

/* Offsets of registers. */
enum { EHCI_CMD = 0x20, EHCI_STS = 0x24, EHCI_INTR = 0x28, EHCI_FRINDEX = 0x2c,
       EHCI_PERIODIC = 0x34, EHCI_ASYNC = 0x38, EHCI_CONFIG = 0x60, EHCI_PORT_1 = 0x64 };
enum { EHCI_CMD_RUN = 1, EHCI_CMD_RESET = 2, EHCI_CMD_PERIODIC = 0x10, EHCI_CMD_ASYNC = 0x20,
       EHCI_CMD_DOORBELL = 0x40 };

/* Where in the RAM things are: the frame list, the circle's head, a queue in it, one of interrupts,
 * descriptors, data. */
enum { EHCI_FRAMES = 0, EHCI_HEAD = 0x1000, EHCI_QUEUE = 0x1080, EHCI_INTERRUPTS = 0x1100,
       EHCI_TDS = 0x2000, EHCI_DATA = 0x8000 };

/* Of a descriptor's token. */
enum { EHCI_LOST = 1 << 3, EHCI_BABBLE = 1 << 4, EHCI_BUFFER = 1 << 5, EHCI_HALTED = 1 << 6,
       EHCI_ACTIVE = 1 << 7, EHCI_IOC = 1 << 15 };
enum { EHCI_OUT, EHCI_IN, EHCI_SETUP };
enum { EHCI_END = 1, EHCI_IS_QUEUE = 2 };

typedef struct {
    Rig *rig;
    Device *hc;
    guint8 *ram;
    guint n;                    /* descriptors since the last run */
    guint n_companions;
    bool owns_rig;
} EhciBench;

/* A controller that runs, whose ports are its own, and which has that many companions of two ports
 * each; the asynchronous schedule runs, and has an empty queue besides the head. */
EhciBench *ehci_bench_new(const char *driver, guint n_companions);
/* The same on a rig, without a controller that runs: see ehci_bench_start(). */
EhciBench *ehci_bench_on(Rig *rig, const char *driver, guint n_companions);
void ehci_bench_free(EhciBench *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EhciBench, ehci_bench_free)
/* Places the functions, and starts the controller, as after a reset. */
void ehci_bench_place(EhciBench *b);
void ehci_bench_start(EhciBench *b);
/* A device in a port of its bus; usb_version NULL: its class's default, or it has none. */
Device *ehci_bench_device(EhciBench *b, const char *driver, const char *id, const char *port,
                          const char *usb_version);

guint32 ehci_get(EhciBench *b, guint reg);
void ehci_set(EhciBench *b, guint reg, guint32 value);
/* The level of its interrupt. */
bool ehci_line(EhciBench *b);
/* Lets time pass. */
void ehci_microframes(EhciBench *b, guint n);

guint32 ehci_word(EhciBench *b, guint32 offset);
void ehci_put(EhciBench *b, guint32 offset, guint32 value);
/* Writes a queue's head, without descriptors, of an endpoint of high speed. */
void ehci_put_queue(EhciBench *b, guint32 offset, guint32 link, guint8 address, guint8 endpoint,
                    guint32 flags);
/* Writes a descriptor that follows the one before; returns its offset. */
guint32 ehci_td(EhciBench *b, guint pid, guint32 buffer, guint16 size, guint32 flags);
/* Puts the descriptors since the last time on the queue at an offset, lets a frame pass, and
 * returns the token of the first one that is not done, or else of the last one. */
guint32 ehci_run_tds(EhciBench *b, guint32 queue);
/* Resets a port. */
void ehci_enable(EhciBench *b, guint port);
/* A control transfer with a device of high speed; as of ehci_run_tds(). */
guint32 ehci_control(EhciBench *b, guint8 address, guint16 request, guint16 value, guint16 index,
                     guint16 length, void *data);

#endif
