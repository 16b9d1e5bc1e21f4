/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class netdev-user: a network inside the daemon, made by libslirp.
 *
 *   net-user.c          the class; the main loop's end of the rings
 *   net-user-loop.c     the thread that libslirp runs on
 *   net-user-options.c  what netdev_add says, checked and in libslirp's words
 *   net-user-forward.c  guestfwd: ports of the network that lead to the host
 *   net-user-filter.c   disable-host-loopback: what libslirp must not see
 *   net-user-library.c  libslirp itself, which is loaded when there is a network
 *
 * libslirp knows no threads: from the end of prepare on, all calls into it are
 * the thread's.  Private to these files, except for the type.
 */
#ifndef HW_NET_NET_USER_H
#define HW_NET_NET_USER_H

#include <slirp/libslirp.h>

#include "hw/chardev/char.h"
#include "hw/net/net-ring.h"
#include "hw/net/net.h"

typedef struct SocketAddress SocketAddress;

typedef struct NetdevUser NetdevUser;
typedef struct UserTimer UserTimer;

/* A port of the network that leads to a chardev or to a TCP connection. */
typedef struct {
    NetdevUser *user;
    struct in_addr addr;        /* of the network */
    guint16 port;
    Chardev *chr;               /* attached, or NULL */
    char *chardev_id;
    NetRing to_chr, to_guest;   /* chr: bytes both ways */
    gsize chr_done;             /* bytes of to_chr's first record that chr has taken */
    SocketAddress *tcp;         /* or NULL */
    int fd;                     /* tcp: the connection, -1 when it ended */
    int poll_index;             /* in NetdevUser.polls in this turn, or -1 */
} UserForward;

struct NetdevUser {
    NetBackend net;
    Slirp *slirp;
    NetRing in, out;            /* frames for and from the card */
    int main_fd, thread_fd;     /* eventfds that wake the main loop and the thread */
    struct event *main_event, *again_event;
    bool stalled;               /* the card accepts no more; gate */
    bool starved;               /* the card waits for room in `out`; gate */
    GThread *thread;
    gint stop;                  /* the thread must end */
    GPtrArray *forwards;        /* of UserForward */
    bool no_loopback;           /* guests must not reach the host's */
    /* Used by the thread only. */
    GArray *polls;              /* of struct pollfd */
    GSList *timers;             /* of UserTimer */
    guint8 *linear;             /* a frame that the ring has in two pieces */
    guint64 dropped;            /* frames for the card that did not fit */
};

enum {
    USER_RING_SIZE = 512 * 1024,
    USER_FORWARD_RING_SIZE = 64 * 1024,
};

/* Wakes the thread that waits for an eventfd; any thread. */
void user_wake(int eventfd);
/* Makes it wait again. */
void user_wake_clear(int eventfd);

/* ---- net-user-options.c ---- */

/* Checks what needs no host, and splits the forwards; machine lock. */
bool user_check_options(NetdevUser *u, GError **error);
/* Makes the network and its forwarded ports; pool thread. */
bool user_make_slirp(NetdevUser *u, GError **error);

/* ---- net-user-forward.c ---- */

/* Reads `tcp:[ADDRESS]:PORT-TARGET`; machine lock. */
UserForward *user_forward_parse(NetdevUser *u, const char *text, GError **error);
void user_forward_free(UserForward *f);
/* Opens its target and registers it with libslirp; pool thread. */
bool user_forward_open(UserForward *f, GError **error);
void user_forward_close(UserForward *f);
/* Attaches to the chardev; main thread, machine lock. */
bool user_forward_attach(UserForward *f, GError **error);
void user_forward_detach(UserForward *f);
/* In the thread's turn: adds what to wait for, and handles the result. */
void user_forward_fill(UserForward *f);
void user_forward_poll(UserForward *f);
/* The main loop's turn, without locks. */
void user_forward_main(UserForward *f);

/* ---- net-user-filter.c ---- */

/* Whether a frame of the card must be dropped because it would reach the host's loopback. */
bool user_filter_forbids(const NetdevUser *u, const guint8 *frame, gsize size);

/* ---- net-user-library.c ---- */

/* Before the first call into libslirp; pool thread.  Fails with not-supported. */
bool user_library_load(GError **error);

/* ---- net-user-loop.c ---- */

extern const SlirpCb user_slirp_callbacks;
bool user_loop_start(NetdevUser *u, GError **error);
/* Ends the thread and waits for it. */
void user_loop_stop(NetdevUser *u);
int user_add_poll(NetdevUser *u, int fd, short events);
void user_free_timers(NetdevUser *u);

extern const TypeInfo netdev_user_type;

#endif
