/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of descriptors: see fdset.h.
 */
#include "config.h"
#include "hw/aio/fdset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "qmp/error.h"

#define PREFIX "/dev/fdset/"

typedef struct {
    gint64 id;                  /* of the set */
    QmpFd *fd;
    char *opaque;
} Entry;

/* Of all sets, by set and in the order of their addition. */
static GArray *entries;
static GMutex lock;

static Entry *entry_at(guint i)
{
    return &g_array_index(entries, Entry, i);
}

static guint count(void)
{
    return entries ? entries->len : 0;
}

static void entry_clear(void *data)
{
    Entry *entry = data;

    qmp_fd_close(entry->fd);
    g_free(entry->opaque);
}

/* ---- Opening ---- */

static bool fits(int fd, int flags)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == (flags & O_ACCMODE);
}

/* With the lock held; -1 with errno. */
static int copy_of(gint64 id, int flags)
{
    bool found = false;

    for (guint i = 0; i < count(); i++) {
        int fd = qmp_fd_get(entry_at(i)->fd);

        if (entry_at(i)->id != id) {
            continue;
        }
        if (fits(fd, flags)) {
            return fcntl(fd, F_DUPFD_CLOEXEC, 0);
        }
        found = true;
    }
    errno = found ? EACCES : ENOENT;
    return -1;
}

static int open_member(const char *number, int flags)
{
    guint64 id;
    int fd, why;

    if (!g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT, &id, NULL)) {
        errno = ENOENT;
        return -1;
    }
    if (flags & O_EXCL) {
        errno = EEXIST;
        return -1;
    }
    g_mutex_lock(&lock);
    fd = copy_of(id, flags);
    why = errno;
    g_mutex_unlock(&lock);
    if (fd >= 0 && flags & O_TRUNC && ftruncate(fd, 0) < 0) {
        why = errno;
        close(fd);
        fd = -1;
    }
    errno = why;
    return fd;
}

bool fdset_is_path(const char *path)
{
    return g_str_has_prefix(path, PREFIX);
}

int fdset_open(const char *path, int flags, mode_t mode)
{
    if (fdset_is_path(path)) {
        return open_member(path + strlen(PREFIX), flags);
    }
    return open(path, flags, mode);
}

/* ---- Changing ---- */

/* With the lock held. */
static gint64 free_id(void)
{
    gint64 id = 0;

    for (guint i = 0; i < count() && entry_at(i)->id <= id; i++) {
        id = entry_at(i)->id + 1;
    }
    return id;
}

/* With the lock held.  Takes fd, which is in use from now on. */
static void insert(gint64 id, QmpFd *fd, const char *opaque)
{
    const Entry entry = { .id = id, .fd = fd, .opaque = g_strdup(opaque) };
    guint at = count();

    if (!entries) {
        entries = g_array_new(FALSE, FALSE, sizeof(Entry));
        g_array_set_clear_func(entries, entry_clear);
    }
    while (at && entry_at(at - 1)->id > id) {
        at--;
    }
    (void)qmp_fd_use(fd);
    g_array_insert_val(entries, at, entry);
}

gint64 fdset_add(gint64 id, QmpFd *fd, const char *opaque, GError **error)
{
    bool full;

    g_mutex_lock(&lock);
    full = count() >= FDSET_MAX;
    if (!full) {
        id = id < 0 ? free_id() : id;
        insert(id, fd, opaque);
    }
    g_mutex_unlock(&lock);
    if (full) {
        qmp_fd_close(fd);
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "there are %d descriptors in sets already", FDSET_MAX);
        return -1;
    }
    return id;
}

/* With the lock held; whether there was any. */
static bool drop(gint64 id, gint64 fd)
{
    bool found = false;

    for (guint i = count(); i-- > 0;) {
        if (entry_at(i)->id == id && (fd < 0 || qmp_fd_get(entry_at(i)->fd) == fd)) {
            g_array_remove_index(entries, i);
            found = true;
        }
    }
    return found;
}

bool fdset_remove(gint64 id, gint64 fd, GError **error)
{
    bool found;

    g_mutex_lock(&lock);
    found = drop(id, fd);
    g_mutex_unlock(&lock);
    if (!found && fd < 0) {
        qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND,
                      "there is no set %" G_GINT64_FORMAT " of descriptors", id);
    } else if (!found) {
        qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND, "there is no descriptor %" G_GINT64_FORMAT
                      " in set %" G_GINT64_FORMAT, fd, id);
    }
    return found;
}

void fdset_foreach(void (*f)(gint64 id, int fd, const char *opaque, void *data), void *data)
{
    g_mutex_lock(&lock);
    for (guint i = 0; i < count(); i++) {
        f(entry_at(i)->id, qmp_fd_get(entry_at(i)->fd), entry_at(i)->opaque, data);
    }
    g_mutex_unlock(&lock);
}
