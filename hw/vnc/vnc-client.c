/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client on the server's thread.
 *
 * From its socket (vnc-stream.c), bytes go through the handshake or the parser, which passes on to
 * the encoder what the library has to know; from the encoder, they go to its socket.  On each way
 * there is one small buffer, and nothing is read for a side that does not take what is in it.  So a
 * client that is slow holds up its encoder, and no other.
 */
#include "config.h"
#include "hw/vnc/vnc-internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "qmp/qapi-events.h"
#include "qmp/visit.h"
#include "qom/env.h"

#define SECOND G_GINT64_CONSTANT(1000000)

/* In us: from the connection to the picture; between parts of a message, or without taking
 * anything; and for the last bytes. */
#define HANDSHAKE_TIME (10 * SECOND)
#define PATIENCE (30 * SECOND)
#define LAST_TIME (5 * SECOND)

/* Descriptors in a client's part of the list. */
enum { PEER, LIBRARY };

/* ---- Its end ---- */

void vnc_client_end(VncClient *c, const char *why)
{
    if (!c->ended) {
        c->ended = why;
    }
}

void vnc_client_end_after_output(VncClient *c, const char *why)
{
    if (*why) {
        vnc_log(c->server, c, why);
    }
    c->phase = VNC_PHASE_LAST;
    c->started = g_get_monotonic_time();
}

/* ---- The encoder ---- */

static void enter(VncClient *c)
{
    VncServer *s = c->server;

    c->entered = true;
    g_mutex_lock(&s->mutex);
    g_ptr_array_add(s->entered, c->info);
    g_mutex_unlock(&s->mutex);
    vnc_post(s, &(VncNote){ .kind = VNC_NOTE_ENTER });
    qmp_event_vnc_initialized(object_env(&s->object)->events, &(EventVncInitialized){
        .server = c->listener->info, .client = c->info });
}

/* A pair of sockets, of which the library takes one; its number must fit into an fd_set. */
static bool open_pair(VncClient *c, int pair[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
        env_refused(&c->server->object, errno, -1);
        return false;
    }
    if (pair[1] >= FD_SETSIZE) {
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    return true;
}

static void start_encoder(VncClient *c)
{
    VncServer *s = c->server;
    g_autofree char *name = g_strdup_printf("vmd (%s)", s->object.name);
    int pair[2];

    if (!open_pair(c, pair)) {
        vnc_client_end(c, "the daemon has no descriptor for it");
        return;
    }
    c->library_fd = pair[0];
    if (write(c->library_fd, VNC_ENCODER_HELLO, sizeof(VNC_ENCODER_HELLO) - 1) !=
        sizeof(VNC_ENCODER_HELLO) - 1) {
        close(pair[1]);
    } else {
        c->encoder = vnc_encoder_new(pair[1], &s->picture, name, s->wake_fd);
    }
    if (!c->encoder) {
        vnc_client_end(c, "the host has no thread for it");
        return;
    }
    c->greeting = VNC_ENCODER_GREETING;
    c->phase = VNC_PHASE_NORMAL;
    vnc_clipboard_enter(c);
    vnc_encoder_set_state(c->encoder, g_atomic_int_get(&s->leds), g_atomic_int_get(&s->absolute));
}

/* ---- From the client ---- */

static gsize take_messages(VncClient *c)
{
    const char *wrong;
    gsize used = vnc_parse(&c->parser, c->in, c->n_in, &wrong);

    if (wrong) {
        vnc_client_end(c, wrong);
    }
    return used;
}

/* Handles what is there, as far as it can be handled now. */
static void take_input(VncClient *c, gint64 now)
{
    gsize used = 1;

    while (c->n_in && used && !c->ended) {
        bool entered = c->entered;

        used = c->phase == VNC_PHASE_NORMAL ? take_messages(c) : vnc_handshake(c, now);
        c->n_in -= used;
        memmove(c->in, c->in + used, c->n_in);
        if (c->phase == VNC_PHASE_PICTURE && !entered) {
            enter(c);
        }
    }
}

static bool wants_input(const VncClient *c)
{
    return c->phase != VNC_PHASE_LAST && c->n_in < VNC_IN_MAX &&
           c->to_library->len < VNC_IN_MAX && !vnc_notes_full(c->server);
}

/* Whether there is input that a poll of the socket does not show. */
static bool has_input(const VncClient *c)
{
    return wants_input(c) && vnc_stream_pending(c);
}

static void read_peer(VncClient *c, gint64 now)
{
    if (vnc_stream_read(c)) {
        c->heard = now;
        take_input(c, now);
    }
}

static void write_library(VncClient *c)
{
    ssize_t n = send(c->library_fd, c->to_library->data, c->to_library->len,
                     MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n > 0) {
        g_byte_array_remove_range(c->to_library, 0, n);
    }
}

/* ---- To the client ---- */

static void read_library(VncClient *c)
{
    guint8 data[VNC_OUT_MAX / 2];
    ssize_t n = recv(c->library_fd, data, sizeof(data), MSG_DONTWAIT);
    gsize skipped = MIN(c->greeting, (gsize)MAX(n, 0));

    if (n > 0) {
        c->greeting -= skipped;
        vnc_client_put(c, data + skipped, n - skipped);
    } else if (n == 0) {
        vnc_client_end(c, "the library has given it up");
    }
}

static void write_peer(VncClient *c, gint64 now)
{
    if (vnc_stream_write(c)) {
        c->taken = now;
    }
    if (!vnc_stream_waiting(c) && c->phase == VNC_PHASE_LAST) {
        vnc_client_end(c, "");
    }
}

/* ---- Time ---- */

/* Whether it has sent a part of a message. */
static bool is_halfway(const VncClient *c)
{
    return c->phase == VNC_PHASE_NORMAL && (c->n_in || c->parser.rest) && wants_input(c);
}

gint64 vnc_client_deadline(const VncClient *c)
{
    gint64 deadline = G_MAXINT64;

    if (has_input(c)) {
        return 0;
    }
    if (c->phase < VNC_PHASE_PICTURE) {
        deadline = c->started + HANDSHAKE_TIME;
    } else if (c->phase == VNC_PHASE_LAST) {
        deadline = c->started + LAST_TIME;
    } else if (is_halfway(c)) {
        deadline = c->heard + PATIENCE;
    }
    if (vnc_stream_waiting(c)) {
        deadline = MIN(deadline, c->taken + PATIENCE);
    }
    return deadline;
}

static void check_time(VncClient *c, gint64 now)
{
    if (has_input(c) || now < vnc_client_deadline(c)) {
        return;
    }
    if (c->phase == VNC_PHASE_LAST) {
        vnc_client_end(c, "");
    } else if (c->phase < VNC_PHASE_PICTURE) {
        vnc_client_end(c, "it has not finished the handshake in time");
    } else if (vnc_stream_waiting(c) && now >= c->taken + PATIENCE) {
        vnc_client_end(c, "it takes nothing that is sent to it");
    } else {
        vnc_client_end(c, "it has sent a part of a message, and nothing more");
    }
}

/* ---- A turn ---- */

static short peer_events(const VncClient *c)
{
    if (c->phase == VNC_PHASE_TLS) {
        return vnc_stream_waiting(c) || tls_session_wants_write(c->tls) ? POLLOUT : POLLIN;
    }
    return (wants_input(c) ? POLLIN : 0) | (vnc_stream_waiting(c) ? POLLOUT : 0);
}

void vnc_client_fill(VncClient *c, GArray *polls)
{
    const struct pollfd fds[] = {
        [PEER] = { .fd = c->fd, .events = peer_events(c) },
        [LIBRARY] = { .fd = c->phase == VNC_PHASE_LAST ? -1 : c->library_fd,
                      .events = (vnc_stream_waiting(c) <= VNC_OUT_MAX / 2 ? POLLIN : 0) |
                                (c->to_library->len ? POLLOUT : 0) },
    };

    g_array_append_vals(polls, fds, G_N_ELEMENTS(fds));
}

static void poll_peer(VncClient *c, short events, gint64 now)
{
    if (events & POLLOUT && vnc_stream_waiting(c)) {
        write_peer(c, now);
    }
    if (c->phase == VNC_PHASE_TLS) {
        if (events && !vnc_stream_waiting(c) && !c->ended) {
            vnc_vencrypt_go_on(c);
        }
    } else if ((events & POLLIN || has_input(c)) && !c->ended) {
        read_peer(c, now);
    } else if (events & (POLLHUP | POLLERR)) {
        vnc_client_end(c, "");
    }
}

void vnc_client_poll(VncClient *c, const struct pollfd *polls, gint64 now)
{
    if (!wants_input(c)) {
        c->heard = now;         /* it cannot be heard */
    }
    if (polls[LIBRARY].revents & POLLOUT) {
        write_library(c);
    }
    if (polls[LIBRARY].revents & (POLLIN | POLLHUP | POLLERR)) {
        read_library(c);
    }
    poll_peer(c, polls[PEER].revents, now);
    if (c->phase == VNC_PHASE_PICTURE && !c->ended && vnc_picture_ready(&c->server->picture)) {
        start_encoder(c);
        take_input(c, now);
    }
    vnc_stream_answer(c);
    if (!c->ended && vnc_stream_waiting(c)) {
        write_peer(c, now);
    }
    if (c->encoder) {
        vnc_encoder_set_state(c->encoder, g_atomic_int_get(&c->server->leds),
                              g_atomic_int_get(&c->server->absolute));
        vnc_clipboard_tell(c);
    }
    check_time(c, now);
}

/* ---- Life ---- */

VncClient *vnc_client_new(VncServer *s, VncListener *listener, int fd, gint64 now)
{
    VncClient *c = g_new0(VncClient, 1);

    c->server = s;
    c->number = ++s->n_clients;
    c->fd = fd;
    c->listener = listener;
    c->info = vnc_client_info(fd);
    c->info->websocket = listener->websocket;
    c->started = c->heard = c->taken = now;
    c->out = g_byte_array_new();
    c->to_library = g_byte_array_new();
    c->library_fd = -1;
    c->parser = (VncParser){ .ops = &vnc_message_ops, .opaque = c,
                             .lossy = vnc_server_props(s)->lossy };
    c->x = c->y = -1;
    socket_set_nodelay(fd);
    qmp_event_vnc_connected(object_env(&s->object)->events, &(EventVncConnected){
        .server = c->listener->info, .client = (VncBasicInfo *)c->info });
    if (listener->websocket) {
        vnc_stream_upgrade(c);
    } else {
        vnc_handshake_begin(c);
    }
    return c;
}

static void leave(VncClient *c)
{
    VncServer *s = c->server;

    vnc_keys_release(c);
    g_mutex_lock(&s->mutex);
    g_ptr_array_remove(s->entered, c->info);
    g_mutex_unlock(&s->mutex);
    vnc_post(s, &(VncNote){ .kind = VNC_NOTE_LEAVE });
}

void vnc_client_free(VncClient *c)
{
    VncServer *s = c->server;

    if (c->ended && *c->ended) {
        vnc_log(s, c, c->ended);
    }
    vnc_stream_close(c);
    if (c->library_fd >= 0) {
        close(c->library_fd);
    }
    if (c->encoder) {
        g_ptr_array_add(s->ending, c->encoder);
    }
    if (c->entered) {
        leave(c);
    }
    qmp_event_vnc_disconnected(object_env(&s->object)->events, &(EventVncDisconnected){
        .server = c->listener->info, .client = c->info });
    qmp_clear(&qmp_type_VncClientInfo, &c->info);
    g_clear_pointer(&c->cut, g_byte_array_unref);
    g_byte_array_unref(c->out);
    g_byte_array_unref(c->to_library);
    g_free(c);
}
