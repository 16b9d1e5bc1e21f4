/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: Intel 82540EM, a gigabit network card on PCI (e1000-regs.h has the
 * manual's name).
 *
 *   e1000.c             the class: BARs, kicks, life
 *   e1000-registers.c   the table of registers
 *   e1000-eeprom.c      EEPROM, by EERD and bit by bit by EECD
 *   e1000-phy.c         PHY behind MDIC, and the link
 *   e1000-interrupt.c   causes, delays, throttling, the line
 *   e1000-filter.c      filtering of received frames   e1000-query.c       the
 *   same for clients   e1000-receive.c     frames to the receive ring
 *   e1000-transmit.c    frames from the transmit ring   e1000-segment.c
 *   segmentation, checksums and VLAN tags of frames sent   e1000-checksum.c
 *   Internet checksums, and those of frames received
 *
 * Threads: registers are accessed by vCPUs with the machine lock; frames are
 * handled on the main loop without it (hw/net/net.h).  `mutex` is held for every
 * access to the members below; the order is machine lock, gate, mutex.  Work of
 * the main loop for a vCPU, and work after a frame that needs the machine lock
 * (the line, timers), is done by the handler of `kick`, an eventfd.
 *
 * Private to these files, except for the type.
 */
#ifndef HW_NET_E1000_H
#define HW_NET_E1000_H

#include "hw/aio/aio.h"
#include "hw/machine/machine.h"
#include "hw/net/e1000-regs.h"
#include "hw/net/net.h"
#include "hw/pci/pci.h"

enum {
    E1000_EEPROM_WORDS = 64,
    E1000_SERIAL_BITS = 24,             /* that the port shifts after the start bit */
    E1000_TX_FRAME_MAX = 16288,         /* SDM 3.3.3; sizes are without check sequence */
    E1000_RX_FRAME_MAX = 16380,
    E1000_FRAME_MIN = 60,
    E1000_FCS = 4,
    E1000_TAG = 4,
    E1000_SEGMENT_HEADER_MAX = 255,
    E1000_RA_WORDS = 32,
    E1000_TABLE_WORDS = 128,            /* of MTA and VFTA */
};

/* A context descriptor (3.3.6), which the driver loads once for many frames. */
typedef struct {
    guint8 ipcss, ipcso, tucss, tucso;
    guint16 ipcse, tucse;
    guint32 paylen;
    guint16 mss;
    guint8 hdrlen;
    bool ip, tcp;
} E1000Context;

/* The frame that is being assembled from descriptors. */
typedef struct {
    E1000Context context;       /* for the next frames */
    guint32 done;               /* bytes of the descriptor at TDH that were read */
    guint32 size;               /* bytes in data */
    guint32 segment;            /* of a segmentation, from 0 */
    bool started;               /* a descriptor of the frame was seen */
    bool segmenting;            /* the frame is segmented as context says */
    bool bad;                   /* it is dropped at its end */
    bool ready;                 /* data is a complete frame, to be sent */
    bool ended;                 /* and the last one of its packet */
    guint8 popts;               /* TXD_POPTS_* */
    bool vlan;
    guint16 vlan_tci;
    guint8 header[E1000_SEGMENT_HEADER_MAX + 1];        /* before each segment */
    guint8 data[NET_FRAME_MAX];
} E1000Tx;

/* Bits of E1000.events besides ICR's. */
#define E1000_EVENT_RX (1u << 30)       /* RXT0, after the delays */
#define E1000_EVENT_TX (1u << 31)       /* TXDW, after the delays */

/* Units of ITR and of the delays, and the duration of link negotiation. */
enum { E1000_ITR_NS = 256, E1000_DELAY_NS = 1024, E1000_NEGOTIATION_NS = 500000000 };

typedef struct E1000 {
    PciDevice parent;
    GMutex mutex;

    /* Registers, by their names. */
    guint32 ctrl, ctrl_ext, status, eecd, eerd, fla, mdic, fcal, fcah, fct, vet;
    guint32 icr, itr, ims;
    guint32 rctl, fcrtl, fcrth, rdbal, rdbah, rdlen, rdh, rdt, rdtr, rxdctl, radv, rsrpd;
    guint32 fcttv, txcw, rxcw, tctl, tipg, aifs, ledctl, pba;
    guint32 tdbal, tdbah, tdlen, tdh, tdt, tidv, txdctl, tadv, tspmt;
    guint32 rxcsum, wuc, wufc, wus, manc, ipav;
    guint32 rx_fifo[10], tx_fifo[10];   /* RDFH and TDFH, each with what follows */
    guint32 statistics[N_STATISTICS];
    guint32 mta[E1000_TABLE_WORDS];
    guint32 ra[E1000_RA_WORDS];
    guint32 vfta[E1000_TABLE_WORDS];
    guint32 ioaddr;                     /* of the I/O BAR */

    /* EEPROM and its serial port */
    guint16 eeprom[E1000_EEPROM_WORDS];
    guint32 serial_in;                  /* bits since the start bit, which is 1 */
    guint8 serial_n_in;                 /* how many, without the start bit */
    guint16 serial_out;                 /* next bit on top */
    bool serial_do;                     /* output of the EEPROM */
    bool eeprom_writable;               /* EWEN was seen */

    /* PHY */
    guint16 phy[N_PHY_REGS];
    bool phy_link_lost;                 /* latched until PHY_STATUS is read */
    bool negotiating;
    Timer *an_timer;

    /* Interrupts */
    guint32 events;                     /* not yet causes: E1000_EVENT_*, ICR_* */
    bool asserted;                      /* the line */
    bool rx_delayed, tx_delayed;        /* a delay is running */
    gint64 rx_absolute, tx_absolute;    /* its deadlines */
    Timer *itr_timer, *rx_timer, *tx_timer;

    /* Frames */
    E1000Tx tx;
    bool rx_waits;                      /* the backend waits for more descriptors */
    bool rx_room;                       /* there are some now: notify it */
    bool filter_changed;                /* clients are to be notified */
    bool tx_wanted;                     /* the driver moved TDT */
    bool tx_blocked;                    /* the backend notifies when it takes more */
    bool running;                       /* the machine runs */
    guint8 rx_data[E1000_RX_FRAME_MAX + E1000_FCS];

    /* Host side */
    guint8 mac[6];                      /* of the property */
    Nic *nic;
    Machine *machine;
    MachineListener *listener;
    AioWatch *watch;
    int kick;                           /* eventfd */
    MemoryRegion *mmio, *io;
} E1000;

/* All functions need the mutex, and the machine lock where noted. */

/* ---- e1000.c ---- */

/* Makes the main loop transmit, notify the backend, or handle events. */
void e1000_kick(E1000 *s);
/* Resets everything except PCI's part and the PHY: CTRL.RST.  Machine lock. */
void e1000_reset_mac(E1000 *s);

/* ---- e1000-registers.c; machine lock ---- */

/* 32 bits at a multiple of 4. */
guint32 e1000_read(E1000 *s, guint32 offset);
void e1000_write(E1000 *s, guint32 offset, guint32 value);
/* Adds to a statistic, which stays at its maximum; the second one is for those
 * of 64 bits. */
void e1000_count(E1000 *s, guint statistic, guint32 n);
void e1000_count_octets(E1000 *s, guint statistic, guint32 n);
/* The six statistics of frames by size (check sequence included). */
void e1000_count_size(E1000 *s, guint first, guint32 size);

/* ---- e1000-eeprom.c ---- */

/* Fills it with its factory content. */
void e1000_fill_eeprom(E1000 *s);
guint32 e1000_read_eecd(E1000 *s);
void e1000_write_eecd(E1000 *s, guint32 value);
void e1000_write_eerd(E1000 *s, guint32 value);
/* Loads the station address into RAL0 and RAH0. */
void e1000_load_eeprom(E1000 *s);

/* ---- e1000-phy.c; machine lock ---- */

void e1000_write_mdic(E1000 *s, guint32 value);
/* Resets the PHY as at power-on, with the link state of the cable. */
void e1000_reset_phy(E1000 *s);
/* The driver resets the PHY: it negotiates again. */
void e1000_restart_phy(E1000 *s);
/* The cable's state may have changed: brings PHY and STATUS up to date. */
void e1000_update_link(E1000 *s);
/* The state came from outside. */
void e1000_phy_loaded(E1000 *s);
/* Timer: negotiation is over. */
void e1000_negotiated(void *opaque, gint64 now);
bool e1000_loops_back(const E1000 *s);

/* ---- e1000-interrupt.c ---- */

/* Records causes, or E1000_EVENT_*, for the next e1000_update_irq. */
void e1000_note(E1000 *s, guint32 events);
/* The only place that sets the line.  Machine lock. */
void e1000_update_irq(E1000 *s);
guint32 e1000_read_icr(E1000 *s);               /* machine lock */
void e1000_write_rdtr(E1000 *s, guint32 value); /* machine lock */
/* Timers of throttling and delays. */
void e1000_throttled(void *opaque, gint64 now);
void e1000_rx_delayed(void *opaque, gint64 now);
void e1000_tx_delayed(void *opaque, gint64 now);
/* After a reset: no timer runs, the line is low.  Machine lock. */
void e1000_reset_irq(E1000 *s);
/* The state came from outside.  Machine lock. */
void e1000_irq_loaded(E1000 *s);

/* ---- e1000-filter.c ---- */

typedef enum { E1000_UNWANTED, E1000_EXACT, E1000_INEXACT } E1000Match;

/* frame has at least an Ethernet header. */
E1000Match e1000_wants(const E1000 *s, const guint8 *frame, gsize size);
/* Whether it has a tag of the type in VET. */
bool e1000_is_tagged(const E1000 *s, const guint8 *frame, gsize size);

/* ---- e1000-query.c ---- */

/* NicOps; takes the mutex. */
RxFilterInfo *e1000_rx_filter(void *opaque);
/* The driver changed its filter. */
void e1000_filter_changed(E1000 *s);

/* ---- e1000-receive.c ---- */

extern const NicOps e1000_nic_ops;
/* Receives a writable frame with room for the minimum size and the check
 * sequence; false: it waits for descriptors. */
bool e1000_receive(E1000 *s, guint8 *frame, gsize size);
/* RDT was written: waiting frames may have descriptors now. */
void e1000_receive_ring_changed(E1000 *s);

/* ---- e1000-transmit.c ---- */

/* On the main loop, gate held: sends from the ring until it is empty, the
 * backend is full, or the turn is over (then it kicks). */
void e1000_transmit(E1000 *s);

/* ---- e1000-segment.c ---- */

/* Finishes the frame in tx->data: lengths and numbers of a segment, checksums,
 * tag, padding. */
void e1000_finish_frame(E1000 *s);
/* A legacy descriptor's checksum: of what is in tx->data from start on, stored at
 * offset. */
void e1000_legacy_checksum(E1000 *s, guint start, guint offset);

/* ---- e1000-checksum.c ---- */

/* The unfolded sum of big-endian words, whose complement is the Internet
 * checksum; n is at most NET_FRAME_MAX. */
guint32 e1000_sum(const guint8 *data, gsize n);
guint16 e1000_fold(guint32 sum);
/* Status and errors of a received frame, as enabled in RXCSUM. */
void e1000_check_sums(const E1000 *s, const guint8 *frame, gsize size, guint8 *ret_status,
                      guint8 *ret_errors);

extern const TypeInfo e1000_type;

#endif
