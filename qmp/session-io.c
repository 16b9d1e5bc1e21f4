/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session's system calls: bytes and descriptors in, bytes out.
 *
 * recvmsg() and sendmsg() are called directly, without a bufferevent: a reply
 * is sent in the callback that read the request, and the usual round trip is
 * one read, one write and one wait.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/dialect.h"

enum {
    FDS_PER_READ = 253,         /* SCM_MAX_FD of the kernel */
    WRITE_VECTORS = 64,
};

char *qmp_peer_name(int fd)
{
    g_autofree char *name = NULL;
    struct ucred peer;
    socklen_t length = sizeof(peer);

    /* A socket that is not local has no credentials, and pid 0. */
    if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) && peer.pid > 0) {
        name = g_strdup_printf("pid %d, uid %u", (int)peer.pid, (unsigned)peer.uid);
    } else {
        name = g_strdup_printf("fd %d", fd);
    }
    return g_ref_string_new(name);
}

static QmpFdBatch *batch_of(QmpSession *session)
{
    if (!session->fds) {
        session->fds = qmp_fd_batch_new();
    }
    return session->fds;
}

/* Keeps the descriptors of one message for the texts in its bytes.  Returns how many. */
static guint take_fds(QmpSession *session, struct msghdr *message)
{
    struct cmsghdr *control;
    guint total = 0;

    for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
        gsize n;

        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        n = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (gsize i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
            qmp_fd_batch_add(batch_of(session),
                             qmp_fd_new(session->server->fds, session->client, fd));
        }
        total += n;
    }
    return total;
}

/* Descriptors came that were not received: as many as there was room for have been (all that
 * one message may carry, if nothing limits it), unless the process had no place for them. */
static void lose_fds(QmpSession *session, guint received, guint room)
{
    if (received == room) {
        qmp_fd_batch_refuse(batch_of(session));
    } else {
        g_warning("descriptors of a client were lost: %s", g_strerror(EMFILE));
        qmp_server_refused(session->server, EMFILE);
    }
}

bool qmp_session_is_gone(const QmpSession *session)
{
    /*
     * Only a full hang-up counts: a client that has merely shut down its
     * sending side still reads replies.
     */
    struct pollfd gone = { .fd = session->fd };

    return poll(&gone, 1, 0) > 0;
}

bool qmp_session_read(QmpSession *session)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(FDS_PER_READ * sizeof(int))];
    } control;
    const guint room = MIN(FDS_PER_READ, qmp_fds_room(session->server->fds, session->client));
    guint received;
    struct iovec vector = { .iov_base = session->input, .iov_len = QMP_SESSION_INPUT_SIZE };
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = room ? &control : NULL,
        .msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0,
    };
    ssize_t n;

    do {
        n = recvmsg(session->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    session->input_start = session->input_end = 0;
    if (n < 0 && errno == EAGAIN) {
        return true;
    }
    if (n < 0) {
        qmp_session_close(session);
        return false;
    }
    received = message.msg_controllen ? take_fds(session, &message) : 0;
    if (message.msg_flags & MSG_CTRUNC) {
        lose_fds(session, received, room);
    }
    session->input_end = n;
    session->eof = n == 0;
    return true;
}

/* One sendmsg(); bytes written, 0 if the socket is full, -1 if it is broken. */
static ssize_t send_some(QmpSession *session)
{
    struct evbuffer_iovec vectors[WRITE_VECTORS];
    int n_vectors = evbuffer_peek(session->out, -1, NULL, vectors, WRITE_VECTORS);
    struct msghdr message = {
        .msg_iov = vectors, .msg_iovlen = MIN(n_vectors, WRITE_VECTORS),
    };
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    ssize_t n;

    do {
        /* The usual reply is one piece, for which send() is cheaper. */
        n = n_vectors == 1 ? send(session->fd, vectors[0].iov_base, vectors[0].iov_len, flags)
                           : sendmsg(session->fd, &message, flags);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN ? 0 : -1;
    }
    evbuffer_drain(session->out, n);
    return n;
}

bool qmp_session_write(QmpSession *session)
{
    const guint ms = session->server->limits.stall_ms;
    struct timeval stall = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    ssize_t n;

    while (!session->blocked && evbuffer_get_length(session->out)) {
        n = send_some(session);
        if (n < 0) {
            qmp_session_close(session);
            return false;
        }
        if (!n) {
            session->blocked = true;
            event_del(session->gone_event);
            event_add(session->write_event, &stall);
        }
    }
    if (evbuffer_get_length(session->out) > session->server->limits.output_max) {
        g_message("closing the connection of %s: it has left more than %" G_GSIZE_FORMAT
                  " bytes unread", session->peer, session->server->limits.output_max);
        qmp_session_close(session);
        return false;
    }
    return true;
}
