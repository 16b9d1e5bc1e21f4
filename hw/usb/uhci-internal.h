/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A controller for USB 1 with two ports, after Intel's "Universal Host Controller Interface Design
 * Guide" 1.1 (UHCI):
 *
 *   uhci.c            registers, ports, state
 *   uhci-pci.c        the PCI functions: with a bus of their own, or companions
 *   uhci-schedule.c   the schedule in guest memory, frame by frame
 *
 * Private to these files.  Machine lock held.
 */
#ifndef HW_USB_UHCI_INTERNAL_H
#define HW_USB_UHCI_INTERNAL_H

#include "hw/pci/pci.h"
#include "hw/usb/uhci.h"
#include "hw/usb/usb.h"

typedef struct Uhci Uhci;

enum { UHCI_PORTS = 2 };

enum { FRNUM_MASK = 0x7ff };

#define UHCI_FRAME G_GINT64_CONSTANT(1000000)   /* ns */

/* Registers (UHCI 2.1). */
enum { UHCI_CMD = 0x00, UHCI_STS = 0x02, UHCI_INTR = 0x04, UHCI_FRNUM = 0x06, UHCI_BASE = 0x08,
       UHCI_SOF = 0x0c, UHCI_PORT = 0x10, UHCI_SIZE = 0x20 };

enum {
    CMD_RUN = 1 << 0, CMD_RESET = 1 << 1, CMD_GLOBAL_RESET = 1 << 2, CMD_SUSPEND = 1 << 3,
    CMD_RESUME = 1 << 4, CMD_VALID = 0xff,
    STS_INTERRUPT = 1 << 0, STS_ERROR = 1 << 1, STS_RESUME = 1 << 2, STS_SYSTEM = 1 << 3,
    STS_PROCESS = 1 << 4, STS_HALTED = 1 << 5, STS_CLEARS = 0x1f,
    INTR_TIMEOUT = 1 << 0, INTR_RESUME = 1 << 1, INTR_COMPLETE = 1 << 2, INTR_SHORT = 1 << 3,
    INTR_VALID = 0xf,
};

/* Why STS_INTERRUPT is set. */
enum { WHY_COMPLETE = 1 << 0, WHY_SHORT = 1 << 1 };

typedef struct {
    UsbPort usb;
    guint16 sc;                 /* guest-visible */
} UhciPort;

struct Uhci {
    PciDevice parent;
    UhciPort ports[UHCI_PORTS];
    MemoryRegion *io;
    Timer *timer;               /* the next run of the schedule, while the controller runs */
    guint eager;                /* how many more runs come after one frame each */
    guint pause;                /* frames until the next run, after that */
    /* Guest-visible. */
    guint16 cmd, sts, intr;
    guint16 frnum;              /* the next frame to be executed, */
    gint64 since;               /* which began then, while the controller runs */
    guint32 base;
    guint8 sof;
    guint8 why;
};

/* ---- uhci.c ---- */

/* Sets bits of the status register, and the line. */
void uhci_raise(Uhci *s, guint16 sts, guint8 why);
/* The device with an address behind a port that is enabled; NULL: none. */
UsbDevice *uhci_find(const Uhci *s, guint8 address);

/* ---- uhci-schedule.c ---- */

/* CMD_RUN has been set; it is about to be cleared. */
void uhci_start(Uhci *s);
void uhci_stop(Uhci *s);
/* There may be something to do. */
void uhci_kick(Uhci *s);
/* The frame number that the guest sees. */
guint16 uhci_frame(const Uhci *s);
/* The timer: executes the frames that are over. */
void uhci_frames_over(void *opaque, gint64 now);

#endif
