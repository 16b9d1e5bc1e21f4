/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal, see terminal.h.  `vmctl console` joins it with a chardev.
 */
#include "config.h"
#include "client/terminal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <glib-unix.h>

#include "client/signals.h"
#include "qmp/error.h"

/* Up to this many bytes of input are buffered that the other side does not take. */
#define MAX_PENDING 65536
#define MAX_READS_AT_END 256

struct Terminal {
    int fd;                     /* the other side, or -1 */
    Signals signals;
    guint flags;
    bool input_open;
    bool is_terminal;           /* standard input */
    struct termios saved;       /* its modes, if it is one */
    GString *pending;           /* for the other side */
};

enum { POLL_INPUT, POLL_OTHER, POLL_SIGNALS, POLL_WATCHED, N_POLL };

/* Nothing of interest happened, continue. */
#define GO_ON (-1)

static bool make_raw(Terminal *terminal, GError **error)
{
    struct termios raw;

    terminal->is_terminal = tcgetattr(STDIN_FILENO, &terminal->saved) == 0;
    if (!terminal->is_terminal) {
        return true;
    }
    raw = terminal->saved;
    cfmakeraw(&raw);
    if (terminal->flags & TERMINAL_KEY_SIGNALS) {
        raw.c_lflag |= ISIG;
    }
    if (terminal->flags & TERMINAL_LINE_ENDS) {
        raw.c_oflag |= OPOST | ONLCR;
    }
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0) {
        terminal->is_terminal = false;
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot put the terminal into raw mode");
        return false;
    }
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
static int read_input(Terminal *terminal)
{
    char buffer[4096];
    ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));
    const char *escape = NULL;

    if (n <= 0) {
        terminal->input_open = n < 0 && errno == EINTR;
        return terminal->is_terminal && !terminal->input_open ? TERMINAL_CLOSED : GO_ON;
    }
    if (terminal->is_terminal) {
        escape = memchr(buffer, TERMINAL_ESCAPE, n);
        n = escape ? escape - buffer : n;
        n = MIN((gsize)n, MAX_PENDING - terminal->pending->len);    /* typed too much */
    }
    g_string_append_len(terminal->pending, buffer, n);
    return escape ? TERMINAL_ESCAPED : GO_ON;
}

static int read_other(Terminal *terminal, GError **error)
{
    char buffer[4096];
    ssize_t n = read(terminal->fd, buffer, sizeof(buffer));

    if (n > 0 && !write_output(buffer, n)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot write to standard output");
        return TERMINAL_FAILED;
    }
    /* EIO: the other end of a pty was closed. */
    if (n == 0 || (n < 0 && (errno == EIO || errno == ECONNRESET))) {
        return TERMINAL_CLOSED;
    }
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot read from the chardev");
        return TERMINAL_FAILED;
    }
    return GO_ON;
}

/* Reads what the other side sent before it closed, at most as much as a socket
 * holds. */
static int read_rest(Terminal *terminal, GError **error)
{
    struct pollfd fd = { .fd = terminal->fd, .events = POLLIN };
    int result = GO_ON;

    for (int i = 0; i < MAX_READS_AT_END && result == GO_ON; i++) {
        if (poll(&fd, 1, 0) <= 0 || !(fd.revents & POLLIN)) {
            break;
        }
        result = read_other(terminal, error);
    }
    return result == GO_ON ? TERMINAL_CLOSED : result;
}

static int write_other(Terminal *terminal, GError **error)
{
    ssize_t n = write(terminal->fd, terminal->pending->str, terminal->pending->len);

    if (n > 0) {
        g_string_erase(terminal->pending, 0, n);
    } else if (n < 0 && (errno == EPIPE || errno == EIO)) {
        return read_rest(terminal, error);
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot write to the chardev");
        return TERMINAL_FAILED;
    }
    return GO_ON;
}

/* A terminal is always read, so that its escape character is noticed. */
static bool wants_input(const Terminal *terminal)
{
    return terminal->input_open &&
           (terminal->is_terminal || terminal->pending->len < MAX_PENDING / 2);
}

static int step(Terminal *terminal, int watched, GError **error)
{
    struct pollfd fds[N_POLL] = {
        [POLL_INPUT] = { .fd = wants_input(terminal) ? STDIN_FILENO : -1, .events = POLLIN },
        [POLL_OTHER] = { .fd = terminal->fd,
                         .events = POLLIN | (terminal->pending->len ? POLLOUT : 0) },
        [POLL_SIGNALS] = { .fd = terminal->signals.fd, .events = POLLIN },
        [POLL_WATCHED] = { .fd = watched, .events = POLLIN },
    };
    int result = GO_ON;

    if (poll(fds, N_POLL, -1) < 0) {
        return GO_ON;           /* EINTR: the arguments are valid */
    }
    if (fds[POLL_SIGNALS].revents) {
        return TERMINAL_SIGNAL;
    }
    if (fds[POLL_INPUT].revents) {
        result = read_input(terminal);
    }
    if (result == GO_ON && (fds[POLL_OTHER].revents & POLLOUT)) {
        result = write_other(terminal, error);
    }
    if (result == GO_ON && (fds[POLL_OTHER].revents & ~POLLOUT)) {
        result = read_other(terminal, error);
    }
    return result == GO_ON && fds[POLL_WATCHED].revents ? TERMINAL_WATCHED : result;
}

Terminal *terminal_open(int fd, guint flags, GError **error)
{
    g_autoptr(Terminal) terminal = g_new0(Terminal, 1);

    terminal->fd = fd;
    terminal->flags = flags;
    terminal->input_open = fd >= 0;
    terminal->pending = g_string_new(NULL);
    terminal->signals.fd = -1;
    if (fd >= 0 && !g_unix_set_fd_nonblocking(fd, TRUE, NULL)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "cannot make the console's descriptor non-blocking");
        return NULL;
    }
    if (!signals_take(&terminal->signals, error) || (fd >= 0 && !make_raw(terminal, error))) {
        return NULL;
    }
    return g_steal_pointer(&terminal);
}

void terminal_close(Terminal *terminal)
{
    if (!terminal) {
        return;
    }
    if (terminal->is_terminal) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->saved);
    }
    signals_restore(&terminal->signals);
    g_string_free(terminal->pending, TRUE);
    g_free(terminal);
}

TerminalResult terminal_copy(Terminal *terminal, int watched, GError **error)
{
    int result;

    do {
        result = step(terminal, watched, error);
    } while (result == GO_ON);
    if (result == TERMINAL_CLOSED) {
        terminal->fd = -1;
        terminal->input_open = false;
    }
    return result;
}

int terminal_take_signal(Terminal *terminal)
{
    return signals_read(&terminal->signals);
}

TerminalResult terminal_join(int fd, GError **error)
{
    g_autoptr(Terminal) terminal = terminal_open(fd, 0, error);

    return terminal ? terminal_copy(terminal, -1, error) : TERMINAL_FAILED;
}
