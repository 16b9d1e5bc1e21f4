/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals: see signals.h.
 */
#include "config.h"
#include "daemon/service/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "qmp/error.h"

struct Signals {
    int fd;                     /* -1: there is none */
    struct event *event;
    void (*f)(void *opaque, const SignalSender *sender);
    void *opaque;
};

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void signals_block(void)
{
    sigset_t set;

    ending_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void signals_unblock(void)
{
    sigset_t set;

    ending_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void on_signal(evutil_socket_t fd, short what, void *opaque)
{
    Signals *signals = opaque;
    struct signalfd_siginfo info;
    SignalSender sender;

    if (read(fd, &info, sizeof(info)) != sizeof(info)) {
        return;
    }
    sender = (SignalSender){ .number = info.ssi_signo, .pid = info.ssi_pid, .uid = info.ssi_uid };
    g_message("signal %s from process %u of user %u ends the machine",
              g_strsignal(info.ssi_signo), info.ssi_pid, info.ssi_uid);
    signals->f(signals->opaque, &sender);
}

Signals *signals_watch(struct event_base *base,
                       void (*f)(void *opaque, const SignalSender *sender), void *opaque,
                       GError **error)
{
    Signals *signals = g_new0(Signals, 1);
    sigset_t set;

    signals->f = f;
    signals->opaque = opaque;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);           /* the write fails, and the client is told */
    ending_signals(&set);
    signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd >= 0) {
        signals->event = event_new(base, signals->fd, EV_READ | EV_PERSIST, on_signal, signals);
    }
    if (!signals->event || event_add(signals->event, NULL) < 0) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot watch signals");
        signals_free(signals);
        return NULL;
    }
    return signals;
}

void signals_free(Signals *signals)
{
    if (!signals) {
        return;
    }
    g_clear_pointer(&signals->event, event_free);
    if (signals->fd >= 0) {
        close(signals->fd);
    }
    g_free(signals);
}
