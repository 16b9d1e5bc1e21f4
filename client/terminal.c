/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal, see terminal.h.  `vmctl console` joins it with a chardev.
 */
#include "config.h"
#include "client/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <glib-unix.h>

#include "qmp/error.h"

/* Input that the other side does not take is kept up to here. */
#define MAX_PENDING 65536

typedef struct {
    int fd;                     /* the other side */
    int signals;                /* signalfd */
    bool input_open;
    bool is_terminal;           /* standard input */
    struct termios saved;       /* its modes, if it is one */
    sigset_t saved_mask;
    struct sigaction saved_pipe;
    GString *pending;           /* for the other side */
} Join;

enum { POLL_INPUT, POLL_OTHER, POLL_SIGNALS, N_POLL };

/* Nothing of interest happened, go on. */
#define GO_ON (-1)

static bool make_raw(Join *join, GError **error)
{
    struct termios raw;

    join->is_terminal = tcgetattr(STDIN_FILENO, &join->saved) == 0;
    if (!join->is_terminal) {
        return true;
    }
    raw = join->saved;
    cfmakeraw(&raw);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0) {
        join->is_terminal = false;
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "the terminal cannot be put into raw mode");
        return false;
    }
    return true;
}

/* Signals that would end the process come through a descriptor, and SIGPIPE as
 * EPIPE, so that the terminal can be restored. */
static bool take_signals(Join *join, GError **error)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGQUIT);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, &join->saved_mask);
    join->signals = signalfd(-1, &mask, SFD_CLOEXEC);
    if (join->signals < 0) {
        sigprocmask(SIG_SETMASK, &join->saved_mask, NULL);
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "signals cannot be received");
        return false;
    }
    sigaction(SIGPIPE, &ignore, &join->saved_pipe);
    return true;
}

static bool write_output(const char *data, gsize size)
{
    while (size) {
        ssize_t n = write(STDOUT_FILENO, data, size);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        data += MAX(n, 0);
        size -= MAX(n, 0);
    }
    return true;
}

/* From the keyboard to the other side. */
static int read_input(Join *join)
{
    char buffer[4096];
    ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));
    const char *escape = NULL;

    if (n <= 0) {
        join->input_open = n < 0 && errno == EINTR;
        return join->is_terminal && !join->input_open ? TERMINAL_CLOSED : GO_ON;
    }
    if (join->is_terminal) {
        escape = memchr(buffer, TERMINAL_ESCAPE, n);
        n = escape ? escape - buffer : n;
        n = MIN((gsize)n, MAX_PENDING - join->pending->len);    /* too much was typed */
    }
    g_string_append_len(join->pending, buffer, n);
    return escape ? TERMINAL_ESCAPED : GO_ON;
}

static int read_other(Join *join, GError **error)
{
    char buffer[4096];
    ssize_t n = read(join->fd, buffer, sizeof(buffer));

    if (n > 0 && !write_output(buffer, n)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "standard output cannot be written");
        return TERMINAL_FAILED;
    }
    /* EIO: the other end of a pty was closed. */
    if (n == 0 || (n < 0 && (errno == EIO || errno == ECONNRESET))) {
        return TERMINAL_CLOSED;
    }
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "the chardev cannot be read");
        return TERMINAL_FAILED;
    }
    return GO_ON;
}

static int write_other(Join *join, GError **error)
{
    ssize_t n = write(join->fd, join->pending->str, join->pending->len);

    if (n > 0) {
        g_string_erase(join->pending, 0, n);
    } else if (n < 0 && (errno == EPIPE || errno == EIO)) {
        return TERMINAL_CLOSED;
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "the chardev cannot be written");
        return TERMINAL_FAILED;
    }
    return GO_ON;
}

/* A terminal is always read, so that its escape is seen. */
static bool wants_input(const Join *join)
{
    return join->input_open && (join->is_terminal || join->pending->len < MAX_PENDING / 2);
}

static int step(Join *join, GError **error)
{
    struct pollfd fds[N_POLL] = {
        [POLL_INPUT] = { .fd = wants_input(join) ? STDIN_FILENO : -1, .events = POLLIN },
        [POLL_OTHER] = { .fd = join->fd, .events = POLLIN | (join->pending->len ? POLLOUT : 0) },
        [POLL_SIGNALS] = { .fd = join->signals, .events = POLLIN },
    };
    int result = GO_ON;

    if (poll(fds, N_POLL, -1) < 0) {
        return GO_ON;           /* EINTR: the arguments are right */
    }
    if (fds[POLL_SIGNALS].revents) {
        return TERMINAL_SIGNAL;
    }
    if (fds[POLL_INPUT].revents) {
        result = read_input(join);
    }
    if (result == GO_ON && (fds[POLL_OTHER].revents & POLLOUT)) {
        result = write_other(join, error);
    }
    if (result == GO_ON && (fds[POLL_OTHER].revents & ~POLLOUT)) {
        result = read_other(join, error);
    }
    return result;
}

TerminalResult terminal_join(int fd, GError **error)
{
    Join join = { .fd = fd, .input_open = true };
    int result = GO_ON;

    if (!g_unix_set_fd_nonblocking(fd, TRUE, error) || !take_signals(&join, error)) {
        return TERMINAL_FAILED;
    }
    join.pending = g_string_new(NULL);
    if (!make_raw(&join, error)) {
        result = TERMINAL_FAILED;
    }
    while (result == GO_ON) {
        result = step(&join, error);
    }
    if (join.is_terminal) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &join.saved);
    }
    g_string_free(join.pending, TRUE);
    close(join.signals);
    sigaction(SIGPIPE, &join.saved_pipe, NULL);
    /* A signal that ended this is still pending; it takes effect here. */
    sigprocmask(SIG_SETMASK, &join.saved_mask, NULL);
    return result;
}
