/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A controller for USB 2 with six ports, after Intel's "Enhanced Host Controller Interface
 * Specification for Universal Serial Bus" 1.0 (EHCI):
 *
 *   ehci.c            the PCI functions, life, state
 *   ehci-mmio.c       registers, interrupts
 *   ehci-port.c       ports, and who owns them
 *   ehci-schedule.c   when the schedules run, and the way through their lists
 *   ehci-queue.c      a queue: transfers and their packets
 *
 * A device that is not of high speed belongs to a companion, a controller for USB 1 that joined the
 * bus (usb_companion_join()): its driver gives the port away.
 *
 * Private to these files.  Machine lock held.
 */
#ifndef HW_USB_EHCI_INTERNAL_H
#define HW_USB_EHCI_INTERNAL_H

#include "hw/pci/pci.h"
#include "hw/usb/ehci.h"
#include "hw/usb/usb.h"

typedef struct Ehci Ehci;

enum { EHCI_PORTS = 6, EHCI_SIZE = 0x1000 };

#define EHCI_MICROFRAME G_GINT64_CONSTANT(125000)   /* ns */

/* USBCMD (EHCI 2.3.1); the frame list has 1024 entries always. */
enum {
    CMD_RUN = 1 << 0, CMD_RESET = 1 << 1, CMD_PERIODIC = 1 << 4, CMD_ASYNC = 1 << 5,
    CMD_DOORBELL = 1 << 6, CMD_THRESHOLD = 0xff << 16,
    CMD_KEPT = CMD_RUN | CMD_PERIODIC | CMD_ASYNC | CMD_THRESHOLD,
    CMD_DEFAULT = 8 << 16,
};

/* USBSTS (2.3.2); the first six are enabled by the same bits of USBINTR. */
enum {
    STS_INTERRUPT = 1 << 0, STS_ERROR = 1 << 1, STS_PORT = 1 << 2, STS_ROLLOVER = 1 << 3,
    STS_SYSTEM = 1 << 4, STS_DOORBELL = 1 << 5, STS_HALTED = 1 << 12, STS_PERIODIC = 1 << 14,
    STS_ASYNC = 1 << 15,
    STS_CLEARS = 0x3f,
};

/* FRINDEX counts microframes; the frame list's entries are those of its frames. */
enum { FRINDEX_MASK = 0x3fff, FRINDEX_ROLLOVER = 0x2000, FRAME_MASK = 0x7ff, LIST_MASK = 0x3ff };

/* PORTSC (2.3.9) */
enum {
    SC_CONNECTED = 1 << 0, SC_CONNECT_CHANGE = 1 << 1, SC_ENABLED = 1 << 2,
    SC_ENABLE_CHANGE = 1 << 3, SC_OVERCURRENT_CHANGE = 1 << 5, SC_RESUME = 1 << 6,
    SC_SUSPENDED = 1 << 7, SC_RESET = 1 << 8, SC_K = 1 << 10, SC_J = 2 << 10, SC_POWER = 1 << 12,
    SC_OWNER = 1 << 13, SC_TEST = 0xf << 16, SC_WAKES = 7 << 20,
    SC_CLEARS = SC_CONNECT_CHANGE | SC_ENABLE_CHANGE | SC_OVERCURRENT_CHANGE,
    SC_LINE = SC_K | SC_J,
    SC_STORED = SC_TEST | SC_WAKES,
    SC_STATE = SC_CONNECTED | SC_ENABLED | SC_RESUME | SC_SUSPENDED | SC_RESET | SC_LINE,
    SC_VALID = SC_STATE | SC_CONNECT_CHANGE | SC_ENABLE_CHANGE | SC_POWER | SC_OWNER | SC_STORED,
};

/* Links of the lists in guest memory (3.5, 3.6). */
enum { LINK_END = 1 << 0, LINK_TYPE = 3 << 1, LINK_ITD = 0 << 1, LINK_QUEUE = 1 << 1,
       LINK_SITD = 2 << 1, LINK_FSTN = 3 << 1 };
#define LINK_ADDRESS (~(guint32)0x1f)

typedef struct {
    UsbPort usb;
    guint32 sc;                 /* guest-visible */
} EhciPort;

struct Ehci {
    PciDevice parent;
    UsbBus *bus;
    EhciPort ports[EHCI_PORTS];
    MemoryRegion *mmio;
    Timer *timer;               /* when the schedules run next */
    guint eager;                /* how often they run again before they slow down */
    guint pause;                /* microframes between two runs, after that */
    /* Guest-visible. */
    guint32 cmd, sts, intr, periodic, async;
    bool configured;            /* CONFIGFLAG */
    guint32 frindex;            /* while it runs: at the time `since` */
    gint64 since;
    guint32 frame;              /* the last one whose list was executed */
};

/* What a run of a schedule may still do. */
typedef struct {
    guint items;                /* of lists, and transfers */
    gint64 bytes;
    bool moved;                 /* a transfer has gone on */
} EhciBudget;

/* ---- ehci.c ---- */

/* What HCRESET does, and a reset of the machine. */
void ehci_reset(Ehci *s);

/* ---- ehci-mmio.c ---- */

extern const RegionOps ehci_mmio_ops;

/* Sets bits of the status register, and the line. */
void ehci_raise(Ehci *s, guint32 sts);
void ehci_update_irq(Ehci *s);

/* ---- ehci-port.c ---- */

extern const UsbPortOps ehci_port_ops;

void ehci_ports_reset(Ehci *s);
void ehci_port_write(EhciPort *port, guint32 value);
/* CONFIGFLAG has changed: all ports are the controller's, or the companions'. */
void ehci_ports_configure(Ehci *s);
/* Gives devices back to their owners after a state was loaded; neither notices. */
void ehci_ports_loaded(Ehci *s);
/* The device of high speed with an address behind a port that is enabled; NULL: none. */
UsbDevice *ehci_find(const Ehci *s, guint8 address);

/* ---- ehci-schedule.c ---- */

/* Brings FRINDEX up to now. */
void ehci_sync(Ehci *s);
/* Sets the command register, whose value is valid, and starts or stops schedules by it. */
void ehci_set_command(Ehci *s, guint32 value);
/* There may be something to do: the schedules run soon, if they do. */
void ehci_kick(Ehci *s);
/* The end of a pause. */
void ehci_run(void *opaque, gint64 now);
/* No removed queue is where the controller is in the asynchronous list (4.8.2). */
void ehci_doorbell(Ehci *s);

/* Words of the schedule; false: they cannot be accessed, and the controller has stopped. */
bool ehci_read(Ehci *s, guint32 at, guint32 *ret, guint n);
bool ehci_write(Ehci *s, guint32 at, const guint32 *words, guint n);

/* ---- ehci-queue.c ---- */

enum { EHCI_QUEUE_LINK, EHCI_QUEUE_ENDPOINT, EHCI_QUEUE_USE, EHCI_QUEUE_CURRENT,
       EHCI_QUEUE_OVERLAY, EHCI_QUEUE_WORDS = EHCI_QUEUE_OVERLAY + 8 };
enum { EHCI_QUEUE_HEAD = 1 << 15, EHCI_QUEUE_SLOTS = 0xff };    /* ENDPOINT; USE: S-mask */

/* Executes transfers of the queue at an address, whose words have been read: at most `most`. */
void ehci_run_queue(Ehci *s, EhciBudget *budget, guint32 at, guint32 words[EHCI_QUEUE_WORDS],
                    guint most);

#endif
