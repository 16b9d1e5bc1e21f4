/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Announcements of network cards, see net-announce.h.
 */
#include "config.h"
#include "hw/net/net-announce.h"

#include <event2/event.h>
#include <string.h>

#include "hw/net/net.h"
#include "qmp/qapi-types-net.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-net.h"

/* RFC 903: a reverse request for one's own address, as short as Ethernet allows. */
enum { FRAME_SIZE = 60, ETHERTYPE_RARP = 0x8035, RARP_REQUEST = 3 };

typedef struct {
    NetAnnouncer *announcer;
    AnnounceParameters *params;
    guint done;                 /* rounds */
    struct event *timer;
} Announcement;

struct NetAnnouncer {
    Object *root;
    GHashTable *by_id;          /* id -> Announcement */
};

static void announcement_free(void *data)
{
    Announcement *a = data;

    event_free(a->timer);
    qmp_clear(&qmp_type_AnnounceParameters, &a->params);
    g_free(a);
}

NetAnnouncer *net_announcer_new(Object *root)
{
    NetAnnouncer *announcer = g_new0(NetAnnouncer, 1);

    announcer->root = root;
    announcer->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, announcement_free);
    return announcer;
}

void net_announcer_free(NetAnnouncer *announcer)
{
    if (announcer) {
        g_hash_table_destroy(announcer->by_id);
        g_free(announcer);
    }
}

/* ---- Frames ---- */

static void make_frame(guint8 frame[FRAME_SIZE], const guint8 mac[6])
{
    static const guint8 head[] = { ETHERTYPE_RARP >> 8, ETHERTYPE_RARP & 0xff,
                                   0, 1,                /* Ethernet */
                                   0x08, 0x00, 6, 4,    /* IPv4; lengths of the addresses */
                                   0, RARP_REQUEST };

    memset(frame, 0, FRAME_SIZE);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, mac, 6);
    memcpy(frame + 12, head, sizeof(head));
    memcpy(frame + 22, mac, 6);
    memcpy(frame + 32, mac, 6);
}

static bool is_wanted(const Nic *nic, const AnnounceParameters *params)
{
    if (!params->has_interfaces) {
        return true;
    }
    for (gsize i = 0; i < params->interfaces.n; i++) {
        if (!strcmp(params->interfaces.items[i], nic_name(nic))) {
            return true;
        }
    }
    return false;
}

static bool send_frame(Object *obj, void *data)
{
    guint8 mac[6], bytes[FRAME_SIZE];
    const struct iovec iov = { bytes, FRAME_SIZE };
    const NetFrame frame = { .iov = &iov, .n_iov = 1, .size = FRAME_SIZE };
    Nic *nic;

    if (!object_is_a(obj, &qmp_class_nic)) {
        return true;
    }
    nic = to_nic(obj);
    if (is_wanted(nic, data) && nic_parse_mac(nic_props(obj)->mac, mac, NULL)) {
        make_frame(bytes, mac);
        nic_lock(nic);
        (void)nic_send(nic, 0, &frame, 1);      /* the next round has another chance */
        nic_unlock(nic);
    }
    return true;
}

/* ---- Rounds ---- */

/* Milliseconds before the next round: more each time, up to `max`. */
static guint64 delay_of(const Announcement *a)
{
    const AnnounceParameters *p = a->params;

    return MIN((guint64)p->initial + (guint64)(a->done - 1) * p->step, (guint64)p->max);
}

static void take_round(Announcement *a)
{
    NetAnnouncer *announcer = a->announcer;
    struct timeval delay;

    object_foreach_descendant(announcer->root, send_frame, a->params);
    if (++a->done >= a->params->rounds) {
        g_hash_table_remove(announcer->by_id, a->params->id ? a->params->id : "");
        return;
    }
    delay = (struct timeval){ .tv_sec = delay_of(a) / 1000, .tv_usec = delay_of(a) % 1000 * 1000 };
    event_add(a->timer, &delay);
}

static void on_time(evutil_socket_t fd, short what, void *opaque)
{
    Announcement *a = opaque;
    const Env *env = object_env(a->announcer->root);

    env->lock(env);
    take_round(a);
    env->unlock(env);
}

void net_announce(NetAnnouncer *announcer, const AnnounceParameters *params)
{
    Announcement *a = g_new0(Announcement, 1);

    a->announcer = announcer;
    a->timer = evtimer_new(object_env(announcer->root)->base, on_time, a);
    qmp_clone(&qmp_type_AnnounceParameters, &a->params, &params);
    g_hash_table_replace(announcer->by_id, g_strdup(params->id ? params->id : ""), a);
    take_round(a);
}
