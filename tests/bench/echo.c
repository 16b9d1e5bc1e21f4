/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under a round trip on a Unix socket: an epoll loop that writes back
 * what it reads.
 *
 *     bench-echo          the listening socket is descriptor 3
 *
 * Answers are held back until the socket takes them (EPOLLOUT), as any server
 * must do; there is only one client.  It begins with a line as a greeting.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LISTEN_FD = 3,
    BUFFER_SIZE = 65536,
};

typedef struct {
    int epoll, fd;
    char buffer[BUFFER_SIZE];
    size_t start, end;          /* what is still to be written */
} Echo;

static bool watch(Echo *echo, int operation, unsigned events)
{
    struct epoll_event event = { .events = events, .data.fd = echo->fd };

    return epoll_ctl(echo->epoll, operation, echo->fd, &event) == 0;
}

/* False when the client is gone. */
static bool flush_buffer(Echo *echo)
{
    while (echo->start < echo->end) {
        ssize_t n = write(echo->fd, echo->buffer + echo->start, echo->end - echo->start);

        if (n < 0)
            return errno == EAGAIN && watch(echo, EPOLL_CTL_MOD, EPOLLOUT);
        echo->start += (size_t)n;
    }
    echo->start = echo->end = 0;
    return true;
}

static bool serve(Echo *echo, unsigned events)
{
    ssize_t n;

    if (events & EPOLLOUT)
        return flush_buffer(echo) && (echo->end || watch(echo, EPOLL_CTL_MOD, EPOLLIN));
    n = read(echo->fd, echo->buffer, sizeof(echo->buffer));
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    echo->end = (size_t)n;
    return flush_buffer(echo);
}

int main(void)
{
    static Echo echo;
    static const char greeting[] = "echo\n";
    struct epoll_event event;

    echo.epoll = epoll_create1(EPOLL_CLOEXEC);
    echo.fd = accept4(LISTEN_FD, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (echo.epoll < 0 || echo.fd < 0 || !watch(&echo, EPOLL_CTL_ADD, EPOLLIN) ||
        write(echo.fd, greeting, strlen(greeting)) < 0) {
        perror("bench-echo");
        return 1;
    }
    while (epoll_wait(echo.epoll, &event, 1, -1) == 1) {
        if (!serve(&echo, event.events))
            break;
    }
    return 0;
}
