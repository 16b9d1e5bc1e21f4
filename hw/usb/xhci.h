/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A controller for USB 2 and USB 3, after xHCI 1.1:
 *
 *   xhci.c            the PCI function, life, state
 *   xhci-mmio.c       registers
 *   xhci-port.c       ports: devices that come and go, resets, states of the link
 *   xhci-event.c      event rings, interrupters and their moderation
 *   xhci-command.c    the command ring
 *   xhci-context.c    commands on slots, and the guest's contexts
 *   xhci-endpoint.c   commands on an endpoint
 *   xhci-transfer.c   transfer rings: from items to packets
 *   xhci-report.c     from a transfer's result to its events
 *
 * A doorbell makes the controller work at once, on the guest's thread, as long as devices answer
 * and a budget lasts; the rest is left to a timer.  A transfer that got NAK stays where it is on
 * its ring until the device is ready.
 *
 * Not modelled: isochronous endpoints (refused), streams, virtualization, the debug capability,
 * bandwidth, scratchpads, saving and restoring by the guest's driver: restoring reports an error,
 * and the driver then begins as after a reset.
 *
 * Private to these files, except for the types.  Machine lock held.
 */
#ifndef HW_USB_XHCI_H
#define HW_USB_XHCI_H

#include "hw/pci/pci.h"
#include "hw/usb/usb.h"
#include "hw/usb/xhci-regs.h"

typedef struct Xhci Xhci;

enum {
    XHCI_MAX_USB_PORTS = 15,
    XHCI_MAX_PORTS = 2 * XHCI_MAX_USB_PORTS,
    XHCI_MAX_SLOTS = 64,
    XHCI_MAX_INTRS = 16,
    XHCI_N_ENDPOINTS = 31,      /* the one with device context index i is at i - 1 */
    XHCI_CONTROL = 1,           /* that index of endpoint 0 */
};

/* How long waits what was left when a budget was used up: a microframe, in ns. */
#define XHCI_PAUSE G_GINT64_CONSTANT(125000)

/* Where the controller is on a ring. */
typedef struct {
    guint64 at;
    bool cycle;
} XhciRing;

typedef struct {
    guint64 at;                 /* its address */
    guint64 parameter;
    guint32 status, control;
} XhciTrb;

typedef struct {
    guint8 state;               /* EP_* */
    guint8 type;
    bool active;                /* its doorbell has been rung, and its ring was not found empty */
    XhciRing ring;
    guint32 done;               /* bytes of the ring's first transfer that have been moved */
} XhciEndpoint;

typedef struct {
    bool enabled;
    guint8 state;               /* SLOT_* */
    guint8 port;                /* number of the root port, from 1; 0: none yet */
    guint32 route;              /* the ports of hubs after that */
    guint64 context;            /* of the device, in guest memory */
    bool attached;              /* the device that it was made for is still there: */
    XhciEndpoint endpoints[XHCI_N_ENDPOINTS];
    UsbDevice *dev;
    guint32 kicked;             /* bits of context indices to be looked at */
} XhciSlot;

typedef struct {
    Xhci *xhci;
    guint number;               /* of the register set, from 1 */
    guint32 sc, pmsc;
} XhciPort;

typedef struct {
    guint32 iman, imod, erstsz;
    guint64 erstba, erdp;
    /* Where the next event goes: entry of the table, its segment, and item of that. */
    guint64 segment;
    guint32 size, entry, item;
    bool cycle;
    bool full;                  /* until software has made room */
    bool waits;                 /* an interrupt waits until the next one may be sent: */
    gint64 next;
} XhciIntr;

/* A transfer, while it is handled. */
typedef struct {
    GArray *trbs;               /* of XhciTrb */
    guint8 slot, endpoint;      /* numbers; endpoint is the context index */
    guint32 size;               /* bytes of all */
    guint32 done;               /* that have been moved */
    bool in;
} XhciTransfer;

struct Xhci {
    PciDevice parent;
    UsbBus *bus;
    guint n_usb_ports, n_ports, p2, p3, n_intrs;
    UsbPort usb_ports[XHCI_MAX_USB_PORTS];
    XhciPort ports[XHCI_MAX_PORTS];     /* USB 3, then USB 2 */
    MemoryRegion *bar, *mmio;
    Timer *moderation;          /* until the first interrupt that waits may be sent */
    Timer *work;                /* what was left when the budget was used up */
    XhciTransfer transfer;
    bool working;
    /* Guest-visible. */
    guint32 usbcmd, usbsts, dnctrl, config;
    guint64 dcbaap;
    XhciRing commands;
    bool commands_run;
    bool blocked;               /* something waits for room in an event ring */
    XhciIntr intrs[XHCI_MAX_INTRS];
    XhciSlot *slots;            /* slot i is at i - 1; as many as the guest has enabled */
    guint32 n_slots;
};

/* Bits of the registers allow work. */
static inline bool xhci_runs(const Xhci *s)
{
    return s->usbcmd & USBCMD_RUN && !(s->usbsts & (USBSTS_HALTED | USBSTS_ERROR));
}

static inline guint xhci_type(const XhciTrb *trb)
{
    return trb->control >> TRB_TYPE_SHIFT & TRB_TYPE_MASK;
}

/* ---- xhci.c ---- */

/* A fatal error, until the guest resets the controller: what is wrong is logged. */
void xhci_die(Xhci *s, const char *what);
/* The registers as after a reset of the controller. */
void xhci_reset(Xhci *s);

/* ---- xhci-mmio.c ---- */

extern const RegionOps xhci_mmio_ops;

/* ---- xhci-port.c ---- */

extern const UsbPortOps xhci_port_ops;

guint32 xhci_port_read(const XhciPort *port, guint offset);
void xhci_port_write(XhciPort *port, guint offset, guint32 value);
/* After a reset: devices that are plugged in have just come. */
void xhci_ports_reset(Xhci *s);

/* ---- xhci-event.c ---- */

typedef struct {
    guint64 pointer;
    guint32 status;             /* length; the code is added */
    guint32 control;            /* without the cycle bit */
    guint8 code;
} XhciEvent;

void xhci_event(Xhci *s, guint interrupter, const XhciEvent *event);
/* Whether an interrupter's ring has room for an event. */
bool xhci_has_room(Xhci *s, guint interrupter);
guint32 xhci_intr_read(Xhci *s, guint n, guint offset);
void xhci_intr_write(Xhci *s, guint n, guint offset, guint32 value);
/* Lines and messages follow the registers. */
void xhci_update_irq(Xhci *s);
void xhci_intrs_reset(Xhci *s);
/* The timer of TimerCallback, and setting it again, after interrupters changed. */
void xhci_moderation_over(void *opaque, gint64 now);
void xhci_moderate(Xhci *s);

/* ---- xhci-command.c ---- */

void xhci_command_write(Xhci *s, guint32 value, bool high);
guint32 xhci_command_read(const Xhci *s);
/* Executes what is on the command ring. */
void xhci_run_commands(Xhci *s);

/* ---- xhci-context.c: completion codes ---- */

/* Slot 0 is none. */
XhciSlot *xhci_slot(Xhci *s, guint number);
guint8 xhci_enable_slot(Xhci *s, guint *ret_slot);
guint8 xhci_disable_slot(Xhci *s, guint slot);
guint8 xhci_address_device(Xhci *s, guint slot, guint64 input, bool no_address);
guint8 xhci_configure(Xhci *s, guint slot, guint64 input, bool deconfigure);
guint8 xhci_evaluate(Xhci *s, guint slot, guint64 input);
guint8 xhci_reset_device(Xhci *s, guint slot);
/* Changes an endpoint's state, in guest memory as well. */
void xhci_set_endpoint_state(Xhci *s, guint slot, guint endpoint, guint8 state);
/* For UsbBusOps.gone. */
void xhci_forget_device(void *opaque, UsbDevice *dev);
/* Finds the slots' devices after state was loaded; false: a slot is impossible. */
bool xhci_slots_loaded(Xhci *s);

/* ---- xhci-endpoint.c: completion codes ---- */

guint8 xhci_reset_endpoint(Xhci *s, guint slot, guint endpoint);
guint8 xhci_stop_endpoint(Xhci *s, guint slot, guint endpoint);
guint8 xhci_set_dequeue(Xhci *s, guint slot, guint endpoint, guint64 pointer, guint stream);

/* ---- xhci-transfer.c ---- */

/* Reads the item at ring, and moves ring behind it; link items are followed.  False: there is
 * none (yet), or it cannot be read, which *ret_bad says. */
bool xhci_fetch(Xhci *s, XhciRing *ring, XhciTrb *ret, bool *ret_bad);
/* The guest rings an endpoint's doorbell. */
void xhci_ring(Xhci *s, guint slot, guint endpoint);
/* For UsbBusOps.ready. */
void xhci_ready(void *opaque, UsbDevice *dev, guint8 endpoint);
/* Looks again at all active endpoints: there is room for events, or state was loaded. */
void xhci_kick_all(Xhci *s);
/* TimerCallback: what is left. */
void xhci_work(void *opaque, gint64 now);
/* The endpoint is about to be stopped: a transfer in progress is reported. */
void xhci_report_stopped(Xhci *s, guint slot, guint endpoint);

/* ---- xhci-report.c ---- */

/* Sends the events of a transfer that ended with this code: CODE_SUCCESS stands for a short
 * packet, too. */
void xhci_report(Xhci *s, const XhciTransfer *t, guint8 code);
/* Bytes of data of an item. */
guint32 xhci_trb_length(const XhciTrb *trb);

extern const TypeInfo nec_usb_xhci_type;
extern const TypeInfo pci_xhci_type;
extern const TypeInfo qemu_xhci_type;

#endif
