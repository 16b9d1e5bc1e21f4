/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * announce-self: cards tell the network where they are, by a few RARP frames with their
 * addresses, so that switches learn their ports again.
 */
#ifndef HW_NET_NET_ANNOUNCE_H
#define HW_NET_NET_ANNOUNCE_H

#include "qom/object.h"

typedef struct AnnounceParameters AnnounceParameters;
typedef struct NetAnnouncer NetAnnouncer;

/* Announcements that go on, by their ids.  root must outlive them; it has a loop. */
NetAnnouncer *net_announcer_new(Object *root);
void net_announcer_free(NetAnnouncer *announcer);       /* accepts NULL */

/* Begins, and sends the first frames at once; ends an earlier one with the same id.  params are
 * copied.  Main loop, machine lock held. */
void net_announce(NetAnnouncer *announcer, const AnnounceParameters *params);

#endif
