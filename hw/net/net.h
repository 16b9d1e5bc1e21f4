/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks: frames between a network card (Nic) and the host's side of it
 * (NetBackend, an object of class `netdev`).  One of each forms a pair.
 *
 * Frames are passed in batches, by reference: the receiver of a batch copies
 * what it keeps, and returns how many of the frames it took.  The rest stays
 * with the sender, in order, until the receiver signals that it can take more
 * (net_writable, nic_ready); a sender therefore keeps a bounded number of
 * frames, and no frame needs an allocation.
 *
 * Threads: a pair lives on the main loop, and its callbacks run without the
 * machine lock.  A backend with its own thread passes frames through a ring
 * (net-ring.h).  Code that changes a pair (a device's start and stop, set_link,
 * filters) excludes the data path by the pair's gate, a mutex that is taken
 * once per callback of the loop, never per frame:
 *
 *     machine lock  >  gate  >  nothing
 *
 * A thread that holds the gate never waits for the machine lock, and neither
 * side calls back into the other from within a call.
 */
#ifndef HW_NET_NET_H
#define HW_NET_NET_H

#include <sys/uio.h>

#include "qom/env.h"

typedef struct Netdev Netdev;
typedef struct RxFilterInfo RxFilterInfo;

typedef struct NetBackend NetBackend;
typedef struct Nic Nic;
typedef struct NetFilter NetFilter;

/* The largest frame: 64 KiB for segmentation offload, plus headers. */
#define NET_FRAME_MAX (65536 + 4096)
/* Frames in one batch, and pieces of one frame, at most. */
#define NET_BATCH 64
#define NET_IOV_MAX 64

/* Offloaded work that is left to a frame's receiver: VIRTIO 1.2 section 5.1.6,
 * in the host's byte order.  Only virtio-net uses n_buffers. */
typedef struct {
    guint8 flags;               /* NET_HDR_* */
    guint8 gso_type;            /* NET_GSO_*, perhaps with NET_GSO_ECN */
    guint16 hdr_len, gso_size, csum_start, csum_offset;
    guint16 n_buffers;
} NetHdr;

enum { NET_HDR_NEEDS_CSUM = 1, NET_HDR_DATA_VALID = 2 };
enum { NET_GSO_NONE = 0, NET_GSO_TCPV4 = 1, NET_GSO_UDP = 3, NET_GSO_TCPV6 = 4, NET_GSO_ECN = 128 };

/* An Ethernet frame of 1 to NET_FRAME_MAX bytes without its check sequence,
 * valid during the call. */
typedef struct {
    const struct iovec *iov;
    guint n_iov;
    guint32 size;               /* bytes in iov */
    const NetHdr *hdr;          /* NULL: no offloaded work; only for pairs with
                                   has_vnet */
} NetFrame;

/* Offloads that frames from a backend may use. */
enum {
    NET_OFFLOAD_CSUM = 1 << 0,
    NET_OFFLOAD_TSO4 = 1 << 1,
    NET_OFFLOAD_TSO6 = 1 << 2,
    NET_OFFLOAD_ECN = 1 << 3,
    NET_OFFLOAD_UFO = 1 << 4,
    NET_OFFLOAD_ALL = (1 << 5) - 1,
};

/* ---- Network cards ---- */

/* What a card implements; called on the main loop with the gate held. */
typedef struct {
    /* Takes frames from the backend; returns how many.  If fewer than n, the
     * card calls nic_ready when it can take more. */
    guint (*receive)(void *opaque, guint queue, const NetFrame *frames, guint n);
    /* After a nic_send that took fewer frames: the backend takes more now.  Also
     * called when the link changes, for any queue of the backend. */
    void (*writable)(void *opaque, guint queue);
    /* nic->link_up has changed; machine lock and gate held. */
    void (*link_changed)(void *opaque);
    /* The filter of frames for the guest, in a struct without name; NULL: not
     * supported. */
    RxFilterInfo *(*rx_filter)(void *opaque);
} NicOps;

struct Nic {
    Object object;              /* of class `nic`, child "nic" of the card */
    const NicOps *ops;
    void *opaque;
    NetBackend *net;            /* or NULL */
    bool link_up;
    bool filter_told;           /* NIC_RX_FILTER_CHANGED was sent; gate */
};

/* Makes the Nic of a card, with the backend of its `netdev` link (or NULL);
 * owned by card.  mac is the guest's address.  To be called in the card's
 * realize. */
Nic *nic_new(Object *card, NetBackend *net, const guint8 mac[6], const NicOps *ops,
             void *opaque);
/* Mirror, in unrealize: no callback runs from then on. */
void nic_destroy(Nic *nic);

/* The gate; both accept a card without backend. */
void nic_lock(Nic *nic);
void nic_unlock(Nic *nic);

/* Sends frames of the guest; returns how many were taken (all, if there is no
 * receiver: they are lost).  Gate held. */
guint nic_send(Nic *nic, guint queue, const NetFrame *frames, guint n);
/* The card can receive again on queue.  Gate held; delivers nothing by itself. */
void nic_ready(Nic *nic, guint queue);

/* The backend's capabilities: 1 or more queues; headers with offloads. */
guint nic_max_queues(const Nic *nic);
bool nic_has_vnet(const Nic *nic);
bool nic_has_ufo(const Nic *nic);
/* Sets the NET_OFFLOAD_* that received frames may use.  Gate held. */
void nic_set_offloads(Nic *nic, guint offloads);
/* Sets how many queues are in use.  Gate held. */
void nic_set_queues(Nic *nic, guint n);

/* The guest changed its filter.  Gate held. */
void nic_filter_changed(Nic *nic);
/* The card's RxFilterInfo, newly allocated, or NULL if it has none; machine lock
 * held. */
RxFilterInfo *nic_query_filter(Nic *nic);

/* What commands call its card: the id, or a name in the tree. */
const char *nic_name(const Nic *nic);

/* The Nic of a card, or of a part of it; NULL: it is not a network card. */
Nic *nic_of(Object *card);
/* set_link on a card; machine lock held. */
void nic_set_link(Nic *nic, bool up);

/* Reads `52:54:00:12:34:56`; fails with invalid-value, also for multicast. */
bool nic_parse_mac(const char *text, guint8 ret_mac[6], GError **error);
char *nic_format_mac(const guint8 mac[6]);      /* newly allocated */
/* An address that no other card of the tree has. */
void nic_choose_mac(Object *root, guint8 ret_mac[6]);

/* ---- Backends ---- */

/* What a backend implements (TypeInfo.kind of netdev classes); send and resume
 * are required.  All except setup are called on the main loop with the gate
 * held. */
typedef struct {
    /* As nic_send; net_writable follows after fewer than n. */
    guint (*send)(NetBackend *net, guint queue, const NetFrame *frames, guint n);
    /* Deliver again: the receiver had taken fewer frames than offered.  Only
     * schedules that. */
    void (*resume)(NetBackend *net, guint queue);
    void (*set_offloads)(NetBackend *net, guint offloads);
    void (*set_queues)(NetBackend *net, guint n);
    /* Before prepare, machine lock held: checks the options for consistency and
     * takes descriptors that the client passed.  release or finalize frees what
     * it took. */
    bool (*setup)(NetBackend *net, const Env *env, GError **error);
} NetBackendOps;

struct NetBackend {
    Object object;
    const NetBackendOps *ops;
    GMutex gate;
    Nic *nic;                   /* or NULL */
    GPtrArray *filters;         /* of NetFilter, or NULL */
    bool link_up;
    /* Set by prepare. */
    guint n_queues;
    bool has_vnet, has_ufo;
};

/* A descriptor that the client passed by name, or NULL with fd-not-found. */
QmpFd *net_take_fd(const Env *env, const char *name, GError **error);

/* The arguments of netdev_add. */
Netdev *net_options(const NetBackend *net);

void net_lock(NetBackend *net);
void net_unlock(NetBackend *net);

/* Delivers frames to the card; returns how many were taken (all, if there is no
 * card or no cable: they are lost).  After fewer, NetBackendOps.resume follows.
 * Gate held. */
guint net_deliver(NetBackend *net, guint queue, const NetFrame *frames, guint n);
/* Gate held. */
void net_writable(NetBackend *net, guint queue);

/*
 * Makes a backend from netdev_add's union, as child ID of `/netdevs`, up to
 * OBJECT_LINKED: the caller prepares (may block) and completes it.  options
 * stays the caller's.  Fails with id-invalid, id-in-use, not-supported,
 * invalid-value, fd-not-found.  Returns it owned by its parent.
 */
NetBackend *net_new(Object *root, const Netdev *options, GError **error);
/* The backend of this id, complete, or NULL. */
NetBackend *net_find(Object *root, const char *id);
/* set_link on a backend, which its card follows; machine lock held. */
void net_set_link(NetBackend *net, bool up);

/* ---- Filters ---- */

/* Sees all frames of a backend; gate held. */
struct NetFilter {
    void (*frame)(NetFilter *filter, bool from_guest, const NetFrame *frame);
};

void net_add_filter(NetBackend *net, NetFilter *filter);
void net_remove_filter(NetBackend *net, NetFilter *filter);

/* ---- Frames ---- */

/* Copies up to size bytes of a frame; returns how many. */
gsize net_frame_copy(const NetFrame *frame, void *buf, gsize size);

extern const TypeInfo netdev_type;
extern const TypeInfo nic_type;

#endif
