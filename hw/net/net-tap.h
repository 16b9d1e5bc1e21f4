/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class netdev-tap: tap devices of the host, with one queue per descriptor.
 *
 *   net-tap-open.c      options, descriptors, what the device can do
 *   net-tap.c           frames, and the class
 *
 * Private to these files, except for the type.
 */
#ifndef HW_NET_NET_TAP_H
#define HW_NET_NET_TAP_H

#include "hw/net/net.h"

#define TAP_QUEUES_MAX 16

struct event;
typedef struct NetdevTap NetdevTap;

typedef struct {
    NetdevTap *tap;
    guint index;
    QmpFd *given;               /* fd, until it was looked at, or NULL */
    int fd;
    struct event *in_event, *out_event;
    guint8 *in;                 /* a frame with its header */
    guint32 in_size;            /* bytes that were not delivered, or 0 */
    bool stalled, starved;      /* as in NetFraming */
    bool attached;              /* in use: the host steers frames to it */
} TapQueue;

struct NetdevTap {
    NetBackend net;
    TapQueue queues[TAP_QUEUES_MAX];
    guint n_fds;                /* queues that have a descriptor */
    gsize header;               /* bytes before each frame: 0, or those of virtio */
};

/* Checks the options for consistency and takes the client's descriptors. */
bool tap_setup(NetBackend *net, const Env *env, GError **error);
/* Opens the device, or checks the descriptors; sets net.n_queues, net.has_vnet.
 * Leaves what it opened to tap_close(). */
bool tap_open(NetdevTap *tap, GError **error);
void tap_close(NetdevTap *tap);
/* Enables or disables a queue; only devices with several queues support that. */
void tap_attach(TapQueue *q, bool attach);
/* NET_OFFLOAD_* that frames from the host may come with. */
void tap_set_offloads(NetdevTap *tap, guint offloads);

extern const TypeInfo netdev_tap_type;

#endif
