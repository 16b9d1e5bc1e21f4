/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that clients passed; see qmp/fds.h.
 */
#include "config.h"
#include "qmp/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp/error.h"

enum { CLIENT_MAX = 256, TOTAL_MAX = 512 };

/* A client with descriptors that count. */
typedef struct {
    guint64 client;
    guint n;
    GQueue closing;             /* of fd numbers, for its thread */
    bool has_thread;
} Client;

struct QmpFds {
    gatomicrefcount refs;       /* of the owner, the descriptors and the threads */
    GMutex mutex;               /* for all below */
    GHashTable *clients;        /* number -> Client */
    guint n;                    /* of all clients */
};

struct QmpFd {
    QmpFds *fds;
    guint64 client;
    int fd;
    bool counts;
};

typedef struct {
    QmpFds *fds;
    Client *client;
} Closer;

static void unref(QmpFds *fds)
{
    if (g_atomic_ref_count_dec(&fds->refs)) {
        g_hash_table_unref(fds->clients);
        g_mutex_clear(&fds->mutex);
        g_free(fds);
    }
}

/* ---- Counting; mutex held ---- */

static void count(QmpFds *fds, guint64 number)
{
    Client *client = g_hash_table_lookup(fds->clients, &number);

    if (!client) {
        client = g_new0(Client, 1);
        client->client = number;
        g_hash_table_insert(fds->clients, &client->client, client);
    }
    client->n++;
    fds->n++;
}

static void uncount(QmpFds *fds, guint64 number)
{
    Client *client = g_hash_table_lookup(fds->clients, &number);

    fds->n--;
    if (--client->n == 0) {
        g_hash_table_remove(fds->clients, &number);
    }
}

/* ---- Closing ---- */

/* Whether close() asks neither a file system nor what is behind a device. */
static bool cannot_wait(int fd)
{
    int domain = 0;
    socklen_t length = sizeof(domain);

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0) {
        return domain == AF_UNIX;
    }
    return fcntl(fd, F_GETPIPE_SZ) >= 0;
}

static gpointer closing_thread(gpointer opaque)
{
    g_autofree Closer *closer = opaque;
    QmpFds *fds = closer->fds;
    Client *client = closer->client;
    bool more;

    g_mutex_lock(&fds->mutex);
    do {
        int fd = GPOINTER_TO_INT(g_queue_pop_head(&client->closing));

        g_mutex_unlock(&fds->mutex);
        close(fd);
        g_mutex_lock(&fds->mutex);
        more = client->closing.length > 0;
        client->has_thread = more;
        uncount(fds, client->client);
    } while (more);
    g_mutex_unlock(&fds->mutex);
    unref(fds);
    return NULL;
}

/* Mutex held. */
static void start_thread(QmpFds *fds, Client *client)
{
    Closer *closer = g_new(Closer, 1);
    GThread *thread;

    *closer = (Closer){ .fds = fds, .client = client };
    g_atomic_ref_count_inc(&fds->refs);
    thread = g_thread_try_new("fd-closer", closing_thread, closer, NULL);
    if (!thread) {
        g_atomic_ref_count_dec(&fds->refs);     /* the caller has another reference */
        g_free(closer);
        g_warning("descriptors of a client stay open: %s", g_strerror(EAGAIN));
        return;
    }
    client->has_thread = true;
    g_thread_unref(thread);     /* never joined, as it may never end */
}

/* Mutex held.  Also starts threads that could not be started when they were first needed. */
static void start_threads(QmpFds *fds)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fds->clients);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Client *client = value;

        if (client->closing.length && !client->has_thread) {
            start_thread(fds, client);
        }
    }
}

static void close_later(QmpFd *fd)
{
    QmpFds *fds = fd->fds;
    Client *client;

    g_mutex_lock(&fds->mutex);
    if (!fd->counts) {
        count(fds, fd->client);
        fd->counts = true;
    }
    client = g_hash_table_lookup(fds->clients, &fd->client);
    g_queue_push_tail(&client->closing, GINT_TO_POINTER(fd->fd));
    start_threads(fds);
    g_mutex_unlock(&fds->mutex);
}

/* ---- The account ---- */

QmpFds *qmp_fds_new(void)
{
    QmpFds *fds = g_new0(QmpFds, 1);

    g_atomic_ref_count_init(&fds->refs);
    g_mutex_init(&fds->mutex);
    fds->clients = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    return fds;
}

void qmp_fds_free(QmpFds *fds)
{
    if (fds) {
        unref(fds);
    }
}

/* Mutex held. */
static guint n_of(const QmpFds *fds, guint64 number)
{
    const Client *client = g_hash_table_lookup(fds->clients, &number);

    return client ? client->n : 0;
}

guint qmp_fds_room(QmpFds *fds, guint64 client)
{
    guint own, all;

    g_mutex_lock(&fds->mutex);
    own = n_of(fds, client);
    all = fds->n;
    g_mutex_unlock(&fds->mutex);
    /* Both may exceed their limits: descriptors that were in use count again while they close. */
    return MIN(own < CLIENT_MAX ? CLIENT_MAX - own : 0, all < TOTAL_MAX ? TOTAL_MAX - all : 0);
}

void qmp_fds_set_error(QmpFds *fds, guint64 client, GError **error)
{
    guint own, all;

    g_mutex_lock(&fds->mutex);
    own = n_of(fds, client);
    all = fds->n;
    g_mutex_unlock(&fds->mutex);
    qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                  "%u descriptors of this client, and %u of all, already wait to be used or closed",
                  own, all);
}

/* ---- One descriptor ---- */

QmpFd *qmp_fd_new(QmpFds *fds, guint64 client, int number)
{
    QmpFd *fd = g_new(QmpFd, 1);

    *fd = (QmpFd){ .fds = fds, .client = client, .fd = number, .counts = true };
    g_atomic_ref_count_inc(&fds->refs);
    g_mutex_lock(&fds->mutex);
    count(fds, client);
    g_mutex_unlock(&fds->mutex);
    return fd;
}

int qmp_fd_get(const QmpFd *fd)
{
    return fd ? fd->fd : -1;
}

int qmp_fd_use(QmpFd *fd)
{
    if (fd->counts) {
        g_mutex_lock(&fd->fds->mutex);
        uncount(fd->fds, fd->client);
        g_mutex_unlock(&fd->fds->mutex);
        fd->counts = false;
    }
    return fd->fd;
}

int qmp_fd_take(QmpFd *fd)
{
    const int number = qmp_fd_use(fd);

    unref(fd->fds);
    g_free(fd);
    return number;
}

void qmp_fd_close(QmpFd *fd)
{
    if (!fd) {
        return;
    }
    if (cannot_wait(fd->fd)) {
        close(qmp_fd_take(fd));
        return;
    }
    close_later(fd);
    unref(fd->fds);
    g_free(fd);
}
