/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unix sockets by path; see qmp/listen.h.
 */
#include "config.h"
#include "qmp/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"

enum { BACKLOG = 128 };

static bool set_address(struct sockaddr_un *address, const char *path, GError **error)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (!path[0] || strlen(path) >= sizeof(address->sun_path)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "socket path '%s' must have 1 to %zu bytes", path,
                      sizeof(address->sun_path) - 1);
        return false;
    }
    memcpy(address->sun_path, path, strlen(path));
    return true;
}

/* True if a process accepts on that socket. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool alive;

    if (fd < 0) {
        return true;            /* unknown: touch nothing */
    }
    /* EAGAIN is a full backlog: a process listens, however slowly. */
    alive = !connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
            (errno != ECONNREFUSED && errno != ENOENT);
    close(fd);
    return alive;
}

static bool remove_stale(const struct sockaddr_un *address, GError **error)
{
    struct stat info;

    if (lstat(address->sun_path, &info) < 0) {
        return true;            /* removed meanwhile */
    }
    if (!S_ISSOCK(info.st_mode)) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "'%s' exists and is not a socket",
                      address->sun_path);
        return false;
    }
    if (is_alive(address)) {
        qmp_error_set(error, ERROR_REASON_ADDRESS_IN_USE, "a process already listens on '%s'",
                      address->sun_path);
        return false;
    }
    if (unlink(address->sun_path) < 0 && errno != ENOENT) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot remove the stale socket '%s'", address->sun_path);
        return false;
    }
    return true;
}

static bool bind_path(int fd, const struct sockaddr_un *address, GError **error)
{
    if (!bind(fd, (const struct sockaddr *)address, sizeof(*address))) {
        return true;
    }
    if (errno == EADDRINUSE) {
        if (!remove_stale(address, error)) {
            return false;
        }
        if (!bind(fd, (const struct sockaddr *)address, sizeof(*address))) {
            return true;
        }
    }
    qmp_error_set_errno(error, errno == EADDRINUSE ? ERROR_REASON_ADDRESS_IN_USE
                                                   : ERROR_REASON_FILE_NOT_USABLE,
                        errno, "cannot bind to '%s'", address->sun_path);
    return false;
}

int qmp_listen_unix(const char *path, GError **error)
{
    struct sockaddr_un address;
    int fd;

    if (!set_address(&address, path, error)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot create a socket");
        return -1;
    }
    if (!bind_path(fd, &address, error)) {
        close(fd);
        return -1;
    }
    if (listen(fd, BACKLOG) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot listen on '%s'", path);
        unlink(path);
        close(fd);
        return -1;
    }
    return fd;
}

void qmp_listen_unlink(const char *path)
{
    struct sockaddr_un address;

    if (set_address(&address, path, NULL)) {
        remove_stale(&address, NULL);
    }
}
