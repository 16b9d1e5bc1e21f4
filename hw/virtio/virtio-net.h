/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net-device: a network card.  VIRTIO 1.2 section 5.1.
 *
 *   virtio-net.c          the class: features, configuration, life
 *   virtio-net-data.c     frames between queues and backend
 *   virtio-net-control.c  the control queue, and the filter of received frames
 *
 * Queues: receive 0, transmit 0, receive 1, transmit 1, ..., control.  The control
 * queue is the one after those that the driver may use, which depends on whether
 * it negotiated several pairs (section 5.1.2).
 *
 * Threads: everything except the configuration space runs on the main loop; the
 * gate of the backend (hw/net/net.h) is held.  Private to these files, except
 * for the type.
 */
#ifndef HW_VIRTIO_VIRTIO_NET_H
#define HW_VIRTIO_VIRTIO_NET_H

#include "hw/net/net.h"
#include "hw/virtio/transport.h"
#include "hw/virtio/virtio.h"

typedef struct RxFilterInfo RxFilterInfo;
typedef struct VirtioNetDeviceProps VirtioNetDeviceProps;

/* Section 5.1.3 */
enum {
    VIRTIO_NET_F_CSUM = 0,
    VIRTIO_NET_F_GUEST_CSUM = 1,
    VIRTIO_NET_F_CTRL_GUEST_OFFLOADS = 2,
    VIRTIO_NET_F_MTU = 3,
    VIRTIO_NET_F_MAC = 5,
    VIRTIO_NET_F_GUEST_TSO4 = 7,
    VIRTIO_NET_F_GUEST_TSO6 = 8,
    VIRTIO_NET_F_GUEST_ECN = 9,
    VIRTIO_NET_F_GUEST_UFO = 10,
    VIRTIO_NET_F_HOST_TSO4 = 11,
    VIRTIO_NET_F_HOST_TSO6 = 12,
    VIRTIO_NET_F_HOST_ECN = 13,
    VIRTIO_NET_F_HOST_UFO = 14,
    VIRTIO_NET_F_MRG_RXBUF = 15,
    VIRTIO_NET_F_STATUS = 16,
    VIRTIO_NET_F_CTRL_VQ = 17,
    VIRTIO_NET_F_CTRL_RX = 18,
    VIRTIO_NET_F_CTRL_VLAN = 19,
    VIRTIO_NET_F_CTRL_RX_EXTRA = 20,
    VIRTIO_NET_F_MQ = 22,
    VIRTIO_NET_F_CTRL_MAC_ADDR = 23,
    VIRTIO_NET_F_SPEED_DUPLEX = 63,
};

enum {
    MAC_TABLE_SIZE = 64,
    VLANS = 4096,
};

/* Which frames the driver accepts. */
typedef struct {
    bool promisc, allmulti, alluni, nomulti, nouni, nobcast;
    guint8 mac[6];              /* the card's, as the driver may have changed it */
    guint8 macs[MAC_TABLE_SIZE][6];     /* n_uni of them, then n_multi */
    guint n_uni, n_multi;
    bool uni_overflow, multi_overflow;  /* more than the table holds: accept all */
    guint32 vlans[VLANS / 32];
} NetRxFilter;

/* A chain of the transmit queue. */
typedef struct {
    VirtqElement element;
    NetHdr hdr;
    struct iovec *iov;          /* of the element, after the header */
    guint n_iov;
    guint32 size;               /* of the frame; 0: none, only to be returned */
} NetTx;

typedef struct VirtioNet VirtioNet;

typedef struct {
    VirtioNet *net;
    VirtQueue *rx, *tx;
    VirtqElement **rx_elements; /* for one frame: as many as rx has descriptors */
    guint32 *rx_written;
    NetTx *pending[NET_BATCH];  /* popped, not taken by the backend yet */
    guint n_pending;
    bool blocked;               /* the backend notifies when it takes more */
    guint8 *bounce;             /* for a frame of too many pieces; made when needed */
    AioRequest again;           /* continues with tx in a later turn */
    bool again_queued;
} NetPair;

struct VirtioNet {
    VirtioDevice parent;
    Nic *nic;
    NetPair *pairs;
    guint max_pairs;
    guint used_pairs;           /* that the driver chose */
    bool running;               /* between start and stop */
    guint8 mac[6];              /* of the property */
    NetRxFilter filter;
    bool offloads_known;        /* it was started with them since its reset */
    guint offloads;             /* NET_OFFLOAD_* of frames for the guest */
};

/* Bytes before each frame: legacy drivers have n_buffers, the last member, only if
 * they negotiated mergeable buffers (section 5.1.6.1). */
static inline gsize virtio_net_header(const VirtioNet *s)
{
    bool whole = !virtio_is_legacy(&s->parent) ||
                 virtio_has_feature(&s->parent, VIRTIO_NET_F_MRG_RXBUF);

    return whole ? sizeof(NetHdr) : offsetof(NetHdr, n_buffers);
}

/* ---- virtio-net-data.c ---- */

/* The Nic's callbacks. */
extern const NicOps virtio_net_nic_ops;
/* Queue handlers. */
void virtio_net_handle_rx(NetPair *pair);
void virtio_net_handle_tx(NetPair *pair);
/* Cancels queued turns of a pair. */
void virtio_net_cancel(NetPair *pair);
void virtio_net_init_pair(VirtioNet *s, NetPair *pair);

/* ---- virtio-net-control.c ---- */

void virtio_net_handle_control(VirtioNet *s, VirtQueue *queue);
void virtio_net_reset_filter(VirtioNet *s);
/* The driver's features are known. */
void virtio_net_start_filter(VirtioNet *s);
bool virtio_net_wants(const VirtioNet *s, const NetFrame *frame);
/* Tells the backend which offloads frames may use. */
void virtio_net_set_offloads(VirtioNet *s, guint offloads);

/* ---- virtio-net-query.c ---- */

/* NicOps.rx_filter. */
RxFilterInfo *virtio_net_rx_filter(void *opaque);

extern const TypeInfo virtio_net_type;

#endif
