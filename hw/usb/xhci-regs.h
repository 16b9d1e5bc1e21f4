/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers, contexts and items of rings, after "eXtensible Host Controller Interface for
 * Universal Serial Bus" 1.1 (xHCI), chapters 5 and 6.
 */
#ifndef HW_USB_XHCI_REGS_H
#define HW_USB_XHCI_REGS_H

/* Where the parts are in the BAR. */
enum {
    XHCI_CAPS = 0x00,
    XHCI_EXTENDED = 0x20,       /* capabilities (7.2): for USB 3 and USB 2 */
    XHCI_OPERATIONAL = 0x40,
    XHCI_PORTS = 0x440,
    XHCI_RUNTIME = 0x1000,
    XHCI_INTERRUPTERS = 0x1020,
    XHCI_DOORBELLS = 0x2000,
    XHCI_MSIX_TABLE = 0x3000,
    XHCI_MSIX_PENDING = 0x3800,
    XHCI_BAR_SIZE = 0x4000,
    XHCI_PORT_SIZE = 0x10,
    XHCI_INTERRUPTER_SIZE = 0x20,
    XHCI_PROTOCOL_SIZE = 0x10,
};

/* 5.3 */
enum {
    CAP_LENGTH = 0x00,
    CAP_HCSPARAMS1 = 0x04,
    CAP_HCSPARAMS2 = 0x08,
    CAP_HCSPARAMS3 = 0x0c,
    CAP_HCCPARAMS1 = 0x10,
    CAP_DBOFF = 0x14,
    CAP_RTSOFF = 0x18,
    CAP_HCCPARAMS2 = 0x1c,
};

enum {
    XHCI_VERSION = 0x0110,
    HCSPARAMS2_IST = 0xf,       /* software keeps seven frames ahead */
    HCSPARAMS2_ERST_SHIFT = 4,  /* the table of an event ring has 2^n entries at most */
    XHCI_ERST_LOG = 4,
    HCCPARAMS1_AC64 = 1 << 0,
    HCCPARAMS1_EXTENDED_SHIFT = 16,     /* in words */
};

/* 5.4 */
enum {
    OP_USBCMD = 0x00,
    OP_USBSTS = 0x04,
    OP_PAGESIZE = 0x08,
    OP_DNCTRL = 0x14,
    OP_CRCR = 0x18,
    OP_DCBAAP = 0x30,
    OP_CONFIG = 0x38,
};

enum {
    USBCMD_RUN = 1 << 0,
    USBCMD_RESET = 1 << 1,
    USBCMD_INTE = 1 << 2,
    USBCMD_HSEE = 1 << 3,
    USBCMD_LIGHT_RESET = 1 << 7,
    USBCMD_SAVE = 1 << 8,
    USBCMD_RESTORE = 1 << 9,
    USBCMD_WRAP_EVENT = 1 << 10,
    USBCMD_KEPT = USBCMD_RUN | USBCMD_INTE | USBCMD_HSEE | USBCMD_WRAP_EVENT,

    USBSTS_HALTED = 1 << 0,
    USBSTS_EVENT = 1 << 3,
    USBSTS_PORT = 1 << 4,
    USBSTS_RESTORE_ERROR = 1 << 10,
    USBSTS_ERROR = 1 << 12,
    USBSTS_CLEARS = 0x41c,      /* bits that the guest clears by writing 1 */
    USBSTS_VALID = USBSTS_HALTED | USBSTS_ERROR | USBSTS_CLEARS,

    CRCR_CYCLE = 1 << 0,
    CRCR_STOP = 1 << 1,
    CRCR_ABORT = 1 << 2,
    CRCR_RUNNING = 1 << 3,
};

/* 5.4.8 */
enum { PORT_SC = 0x00, PORT_PMSC = 0x04 };

#define PORTSC_WARM_RESET (1u << 31)
#define PORTSC_PLS(state) ((guint32)(state) << 5)

enum {
    PORTSC_CONNECTED = 1 << 0,
    PORTSC_ENABLED = 1 << 1,
    PORTSC_RESET = 1 << 4,
    PORTSC_PLS_MASK = 0xf << 5,
    PORTSC_POWER = 1 << 9,
    PORTSC_SPEED_SHIFT = 10,
    PORTSC_SPEED_MASK = 0xf << 10,
    PORTSC_LINK_WRITE = 1 << 16,
    PORTSC_CONNECT_CHANGE = 1 << 17,
    PORTSC_ENABLE_CHANGE = 1 << 18,
    PORTSC_WARM_CHANGE = 1 << 19,
    PORTSC_RESET_CHANGE = 1 << 21,
    PORTSC_LINK_CHANGE = 1 << 22,
    PORTSC_CHANGES = 0x7f << 17,
    PORTSC_WRITABLE = 3 << 14 | 7 << 25,        /* indicators, what wakes */
    PORTSC_VALID = PORTSC_CONNECTED | PORTSC_ENABLED | PORTSC_PLS_MASK | PORTSC_POWER |
                   PORTSC_SPEED_MASK | PORTSC_CHANGES | PORTSC_WRITABLE,
};

/* States of a link, and the numbers of speeds (7.2.2.1.1). */
enum { PLS_U0 = 0, PLS_U3 = 3, PLS_DISABLED = 4, PLS_RX_DETECT = 5, PLS_POLLING = 7,
       PLS_RESUME = 15 };
enum { SPEED_ID_FULL = 1, SPEED_ID_LOW = 2, SPEED_ID_HIGH = 3, SPEED_ID_SUPER = 4 };

/* 5.5 */
enum { RT_MFINDEX = 0x00 };

enum { INTR_IMAN = 0x00, INTR_IMOD = 0x04, INTR_ERSTSZ = 0x08, INTR_ERSTBA = 0x10,
       INTR_ERDP = 0x18 };

enum { IMAN_PENDING = 1 << 0, IMAN_ENABLE = 1 << 1, ERDP_BUSY = 1 << 3, ERDP_LOW = 0xf,
       IMOD_DEFAULT = 4000, ERST_ENTRY_SIZE = 16, ERST_SEGMENT_MIN = 16, ERST_SEGMENT_MAX = 4096 };

/* Contexts (6.2) of 32 bytes: words of those of a slot and of an endpoint. */
enum { CONTEXT_SIZE = 32, CONTEXT_WORDS = 8, N_CONTEXTS = 32 };

enum {
    SLOT_ROUTE_MASK = 0xfffff,          /* word 0 */
    SLOT_ENTRIES_SHIFT = 27,
    SLOT_LATENCY_MASK = 0xffff,         /* word 1 */
    SLOT_PORT_SHIFT = 16,
    SLOT_INTERRUPTER_SHIFT = 22,        /* word 2 */
    SLOT_STATE_SHIFT = 27,              /* word 3 */
};

enum { SLOT_ENABLED = 0, SLOT_DEFAULT = 1, SLOT_ADDRESSED = 2, SLOT_CONFIGURED = 3 };

enum {
    EP_STATE_MASK = 7,                  /* word 0 */
    EP_STREAMS_MASK = 0x1f << 10,
    EP_TYPE_SHIFT = 3,                  /* word 1 */
    EP_PACKET_SHIFT = 16,
};

enum { EP_DISABLED = 0, EP_RUNNING = 1, EP_HALTED = 2, EP_STOPPED = 3, EP_ERROR = 4 };
enum { EP_ISOCH_OUT = 1, EP_BULK_OUT = 2, EP_INTERRUPT_OUT = 3, EP_CONTROL = 4, EP_ISOCH_IN = 5,
       EP_BULK_IN = 6, EP_INTERRUPT_IN = 7 };

/* Items of rings (6.4): bits of the control word, and types. */
enum {
    TRB_SIZE = 16,
    TRB_CYCLE = 1 << 0,
    TRB_TOGGLE = 1 << 1,        /* Link */
    TRB_EVENT_DATA = 1 << 2,    /* transfer event */
    TRB_SHORT = 1 << 2,         /* interrupt on short packet */
    TRB_CHAIN = 1 << 4,
    TRB_IOC = 1 << 5,
    TRB_IMMEDIATE = 1 << 6,
    TRB_BLOCK = 1 << 9,         /* block the event's interrupt */
    TRB_NO_ADDRESS = 1 << 9,    /* Address Device */
    TRB_DECONFIGURE = 1 << 9,   /* Configure Endpoint */
    TRB_TYPE_SHIFT = 10,
    TRB_TYPE_MASK = 0x3f,
    TRB_IN = 1 << 16,           /* Data and Status */
    TRB_ENDPOINT_SHIFT = 16,
    TRB_SLOT_SHIFT = 24,
    TRB_LENGTH_MASK = 0x1ffff,  /* of the status word */
    TRB_INTERRUPTER_SHIFT = 22,
    TRB_CODE_SHIFT = 24,
    EVENT_LENGTH_MASK = 0xffffff,
};

enum {
    TRB_NORMAL = 1, TRB_SETUP = 2, TRB_DATA = 3, TRB_STATUS = 4, TRB_ISOCH = 5, TRB_LINK = 6,
    TRB_DATA_EVENT = 7, TRB_NOOP = 8,
    TRB_ENABLE_SLOT = 9, TRB_DISABLE_SLOT = 10, TRB_ADDRESS_DEVICE = 11, TRB_CONFIGURE = 12,
    TRB_EVALUATE = 13, TRB_RESET_ENDPOINT = 14, TRB_STOP_ENDPOINT = 15, TRB_SET_DEQUEUE = 16,
    TRB_RESET_DEVICE = 17, TRB_SET_LATENCY = 20, TRB_NOOP_COMMAND = 23,
    TRB_TRANSFER_EVENT = 32, TRB_COMMAND_EVENT = 33, TRB_PORT_EVENT = 34, TRB_HOST_EVENT = 37,
    TRB_NEC_EVENT = 48, TRB_NEC_FIRMWARE = 49,
};

/* Completion codes (6.4.5). */
enum {
    CODE_SUCCESS = 1, CODE_DATA_BUFFER = 2, CODE_BABBLE = 3, CODE_TRANSACTION = 4, CODE_TRB = 5,
    CODE_STALL = 6, CODE_BANDWIDTH = 8, CODE_NO_SLOTS = 9, CODE_SLOT_NOT_ENABLED = 11,
    CODE_ENDPOINT_NOT_ENABLED = 12, CODE_SHORT = 13, CODE_PARAMETER = 17, CODE_CONTEXT_STATE = 19,
    CODE_RING_FULL = 21, CODE_RING_STOPPED = 24, CODE_STOPPED = 26,
};

#endif
