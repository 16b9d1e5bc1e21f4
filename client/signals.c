/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals from a descriptor, see signals.h.
 */
#include "config.h"
#include "client/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "qmp/error.h"

static const int numbers[SIGNALS_N] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };

bool signals_take(Signals *signals, GError **error)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigset_t mask;

    sigemptyset(&mask);
    for (guint i = 0; i < SIGNALS_N; i++) {
        sigaction(numbers[i], NULL, &signals->saved[i]);
        if (numbers[i] != SIGPIPE) {
            sigaddset(&mask, numbers[i]);
        }
    }
    sigprocmask(SIG_BLOCK, &mask, &signals->saved_mask);
    signals->fd = signalfd(-1, &mask, SFD_CLOEXEC);
    if (signals->fd < 0) {
        sigprocmask(SIG_SETMASK, &signals->saved_mask, NULL);
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "signals cannot be received");
        return false;
    }
    sigaction(SIGPIPE, &ignore, NULL);
    return true;
}

void signals_restore(Signals *signals)
{
    if (signals->fd < 0) {
        return;
    }
    close(signals->fd);
    signals->fd = -1;
    for (guint i = 0; i < SIGNALS_N; i++) {
        sigaction(numbers[i], &signals->saved[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &signals->saved_mask, NULL);
}

int signals_read(Signals *signals)
{
    struct signalfd_siginfo info;

    return read(signals->fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}
