/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetFraming: frames over a stream socket, each preceded by its length in four
 * bytes, big endian.
 *
 * A batch is sent by one system call.  If the socket took a frame in part, its
 * rest is kept, and the frames after it are not taken.  Incoming frames are
 * delivered from the buffer into which they were read.
 *
 * Main loop; all with the gate held, except init.
 */
#ifndef HW_NET_NET_FRAMING_H
#define HW_NET_NET_FRAMING_H

#include "hw/net/net.h"

struct event;

typedef struct {
    NetBackend *net;
    /* The peer is gone, or sent an invalid frame (why, for the log; else NULL).
     * Gate held; calls net_framing_stop. */
    void (*hangup)(NetBackend *net, const char *why);
    int fd;                     /* -1: not connected */
    struct event *in_event, *out_event;
    guint8 *in;                 /* bytes from in_start to in_end were not delivered */
    gsize in_start, in_end;
    guint8 *out;                /* rest of a frame: from out_start to out_end */
    gsize out_start, out_end;
    bool stalled;               /* the card accepts no more */
    bool starved;               /* the card waits for net_writable */
} NetFraming;

void net_framing_init(NetFraming *f, NetBackend *net,
                      void (*hangup)(NetBackend *net, const char *why));
/* fd stays the caller's and is non-blocking.  Fails with host-error. */
bool net_framing_start(NetFraming *f, struct event_base *base, int fd, GError **error);
/* Frames that were not sent or delivered yet are lost.  May be called twice. */
void net_framing_stop(NetFraming *f);
/* As NetBackendOps; all frames are taken while there is no connection. */
guint net_framing_send(NetFraming *f, const NetFrame *frames, guint n);
void net_framing_resume(NetFraming *f);

#endif
