/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for the class e1000, for tests: cards on a PCI bus of a rig, their
 * registers through both BARs, rings in a piece of RAM, and the network at the
 * other end of a datagram socket.
 *
 *     g_autoptr(E1000Bench) b = e1000_bench_new();
 *     E1000Driver *d = e1000_driver_new(b, "mac", "52:54:00:12:34:56", NULL);
 *
 *     e1000_driver_start(d, RCTL_BAM);
 *     e1000_driver_send(d, frame, 60, TXD_RS);
 *     g_assert_cmpint(e1000_driver_net_receive(d, buf, sizeof(buf)), ==, 60);
 *
 * The test's thread has the machine lock, but while the loop turns.
 */
#ifndef TESTS_LIB_E1000_DRIVER_H
#define TESTS_LIB_E1000_DRIVER_H

#include "hw/net/e1000-regs.h"
#include "hw/net/net.h"
#include "hw/pci/pci.h"
#include "tests/lib/rig.h"

struct event_base;

enum {
    E1000_DRIVER_RING = 16,             /* descriptors of either ring, to begin with */
    E1000_DRIVER_BUFFER = 2048,
    E1000_CARDS = 2,
};

typedef struct E1000Driver E1000Driver;

typedef struct {
    Rig *rig;
    struct event_base *base;
    MemoryRegion *ram;
    guint8 *host;                       /* RAM as the test sees it */
    guint64 next;                       /* free RAM from here on */
    E1000Driver *cards[E1000_CARDS];
    guint n_cards;
} E1000Bench;

struct E1000Driver {
    E1000Bench *bench;
    Device *dev;
    NetBackend *net;
    int fd;                             /* the network */
    guint64 mmio;                       /* where the BARs are */
    guint16 io;
    guint64 rx_ring, tx_ring;
    guint rx_size, tx_size, rx_next, tx_next;   /* descriptors */
};

E1000Bench *e1000_bench_new(void);
void e1000_bench_free(E1000Bench *bench);       /* accepts NULL; and its cards */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(E1000Bench, e1000_bench_free)

/* A card with a network, BARs placed, bus mastering on, machine running.  Pairs of
 * property and text follow, ended by NULL. */
E1000Driver *e1000_driver_new(E1000Bench *bench, ...) G_GNUC_NULL_TERMINATED;

/* Zeroed RAM; its address in the guest, and where the test finds an address. */
guint64 e1000_bench_alloc(E1000Bench *bench, gsize size);
void *e1000_bench_ptr(E1000Bench *bench, guint64 address);
/* Lets the loop run, without the lock, until nothing is left to do. */
void e1000_bench_turn(E1000Bench *bench);
/* What is ready, once. */
void e1000_bench_turn_once(E1000Bench *bench);
/* Moves time on. */
void e1000_bench_wait(E1000Bench *bench, gint64 ns);

guint32 e1000_driver_read(E1000Driver *d, guint reg);
void e1000_driver_write(E1000Driver *d, guint reg, guint32 value);
guint16 e1000_driver_read_phy(E1000Driver *d, guint reg);
void e1000_driver_write_phy(E1000Driver *d, guint reg, guint16 value);
bool e1000_driver_line(E1000Driver *d);         /* INTx of the card */

/* Gives both rings to the card, the receive ring's buffers too (all but one), and
 * switches both on; rctl besides RCTL_EN. */
void e1000_driver_start(E1000Driver *d, guint32 rctl);

/* The next received descriptor, in pieces as it is: false if it is not done.  With
 * buf, its bytes go there.  The buffer goes back to the card. */
typedef struct {
    guint16 length, checksum, special;
    guint8 status, errors;
} E1000Received;
bool e1000_driver_receive(E1000Driver *d, E1000Received *ret, void *buf);

/* Adds a descriptor; tail: and tells the card.  Returns its address. */
guint64 e1000_driver_add(E1000Driver *d, guint64 buffer, guint32 lower, guint32 upper, bool tail);
/* A frame in one legacy descriptor, end of packet, with further bits of `lower`. */
guint64 e1000_driver_send(E1000Driver *d, const void *frame, gsize size, guint32 lower);
bool e1000_driver_done(E1000Driver *d, guint64 descriptor);     /* DD is set */

/* The network's side: a frame to the card; one from it, -1: none. */
void e1000_driver_net_send(E1000Driver *d, const void *frame, gsize size);
gssize e1000_driver_net_receive(E1000Driver *d, void *buf, gsize size);

#endif
