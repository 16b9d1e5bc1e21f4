/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of chardevs, see chardev-address.h.  For `vmctl console`.
 */
#include "config.h"
#include "client/chardev-address.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"

/* What follows prefix in text, or NULL. */
static const char *after(const char *text, const char *prefix)
{
    return g_str_has_prefix(text, prefix) ? text + strlen(prefix) : NULL;
}

/* The address before ",server=on", or NULL: it is not a listening one. */
static char *listening(const char *text)
{
    const char *end = strstr(text, ",server=on");

    return end ? g_strndup(text, end - text) : NULL;
}

/* "HOST:PORT", "[HOST]:PORT" */
static void parse_tcp(const char *text, ChardevAddress *address)
{
    g_autofree char *copy = listening(text);
    char *colon = copy ? strrchr(copy, ':') : NULL;
    char *host = copy;

    if (!colon) {
        return;
    }
    *colon = '\0';
    if (*host == '[' && colon > host && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    address->kind = CHARDEV_TCP;
    address->host = g_strdup(host);
    address->port = g_strdup(colon + 1);
}

void chardev_address_parse(const char *filename, ChardevAddress *ret_address)
{
    const char *text = after(filename, "disconnected:");
    const char *rest;

    text = text ? text : filename;
    *ret_address = (ChardevAddress){ .kind = CHARDEV_OTHER };
    if ((rest = after(text, "pty:"))) {
        ret_address->kind = CHARDEV_PTY;
        ret_address->path = g_strdup(rest);
    } else if ((rest = after(text, "unix:"))) {
        ret_address->path = listening(rest);
        ret_address->kind = ret_address->path ? CHARDEV_UNIX : CHARDEV_OTHER;
    } else if ((rest = after(text, "tcp:"))) {
        parse_tcp(rest, ret_address);
    }
}

void chardev_address_clear(ChardevAddress *address)
{
    g_clear_pointer(&address->path, g_free);
    g_clear_pointer(&address->host, g_free);
    g_clear_pointer(&address->port, g_free);
}

static int open_pty(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open %s", path);
    }
    return fd;
}

static int connect_unix(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot connect to %s",
                            path);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* Tries each address; -1 with the errno of the last one. */
static int connect_first(const struct addrinfo *list)
{
    int saved_errno = EADDRNOTAVAIL;

    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
            return fd;
        }
        saved_errno = errno;
        if (fd >= 0) {
            close(fd);
        }
    }
    errno = saved_errno;
    return -1;
}

static int connect_tcp(const char *host, const char *port, GError **error)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list;
    int r = getaddrinfo(*host ? host : NULL, port, &hints, &list);
    int fd;

    if (r != 0) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "cannot look up '%s:%s': %s",
                      host, port, r == EAI_SYSTEM ? g_strerror(errno) : gai_strerror(r));
        return -1;
    }
    fd = connect_first(list);
    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot connect to %s:%s",
                            host, port);
    }
    freeaddrinfo(list);
    return fd;
}

int chardev_address_open(const ChardevAddress *address, GError **error)
{
    switch (address->kind) {
    case CHARDEV_PTY:
        return open_pty(address->path, error);
    case CHARDEV_UNIX:
        return connect_unix(address->path, error);
    case CHARDEV_TCP:
        return connect_tcp(address->host, address->port, error);
    case CHARDEV_OTHER:
        break;
    }
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "it is neither a pty nor a listening socket");
    return -1;
}
