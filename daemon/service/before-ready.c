/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BeforeReady: see before-ready.h.  SIGCHLD comes through the event base; there
 * is no other child.
 */
#include "config.h"
#include "daemon/service/before-ready.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/service/signals.h"
#include "qmp/error.h"

/* How long the kernel may take to end a killed process. */
#define KILL_TIME (100 * G_TIME_SPAN_MILLISECOND)

struct BeforeReady {
    GPid pid;                   /* 0: it has ended */
    char *name;
    struct event *event;
    void (*done)(void *opaque, const GError *error);
    void *opaque;
};

static void report(BeforeReady *before, int status)
{
    g_autoptr(GError) error = NULL;

    if (WIFSIGNALED(status)) {
        qmp_error_set(&error, ERROR_REASON_HOST_ERROR,
                      "'%s', which had to succeed before the daemon is ready, was ended by signal "
                      "%d (%s)", before->name, WTERMSIG(status), g_strsignal(WTERMSIG(status)));
    } else if (status) {
        qmp_error_set(&error, ERROR_REASON_HOST_ERROR,
                      "'%s', which had to succeed before the daemon is ready, ended with status %d",
                      before->name, WEXITSTATUS(status));
    }
    before->done(before->opaque, error);
}

static void on_child(evutil_socket_t number, short what, void *opaque)
{
    BeforeReady *before = opaque;
    int status;

    if (before->pid && waitpid(before->pid, &status, WNOHANG) == before->pid) {
        before->pid = 0;
        event_del(before->event);
        report(before, status);
    }
}

static void prepare_child(gpointer data)
{
    signals_unblock();
}

/* GLib maps the errno to a code of its own. */
static int spawn_errno(const GError *why)
{
    static const struct {
        int code, number;
    } known[] = {
        { G_SPAWN_ERROR_FORK, EAGAIN }, { G_SPAWN_ERROR_ACCES, EACCES },
        { G_SPAWN_ERROR_PERM, EPERM }, { G_SPAWN_ERROR_TOO_BIG, E2BIG },
        { G_SPAWN_ERROR_NOEXEC, ENOEXEC }, { G_SPAWN_ERROR_NAMETOOLONG, ENAMETOOLONG },
        { G_SPAWN_ERROR_NOENT, ENOENT }, { G_SPAWN_ERROR_NOMEM, ENOMEM },
        { G_SPAWN_ERROR_NOTDIR, ENOTDIR }, { G_SPAWN_ERROR_LOOP, ELOOP },
        { G_SPAWN_ERROR_TXTBUSY, ETXTBSY }, { G_SPAWN_ERROR_NFILE, ENFILE },
        { G_SPAWN_ERROR_MFILE, EMFILE }, { G_SPAWN_ERROR_INVAL, EINVAL },
        { G_SPAWN_ERROR_ISDIR, EISDIR }, { G_SPAWN_ERROR_LIBBAD, ELIBBAD },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_error_matches(why, G_SPAWN_ERROR, known[i].code)) {
            return known[i].number;
        }
    }
    return EIO;
}

static bool spawn(BeforeReady *before, char **words, GError **error)
{
    const GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD;
    g_autoptr(GError) why = NULL;

    if (!g_spawn_async(NULL, words, NULL, flags, prepare_child, NULL, &before->pid, &why)) {
        before->pid = 0;
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, spawn_errno(why),
                            "--before-ready: '%s' cannot be started", before->name);
        return false;
    }
    return true;
}

static BeforeReady *watch_children(struct event_base *base, const char *name,
                                   void (*done)(void *opaque, const GError *error), void *opaque,
                                   GError **error)
{
    BeforeReady *before = g_new0(BeforeReady, 1);

    before->name = g_strdup(name);
    before->done = done;
    before->opaque = opaque;
    before->event = evsignal_new(base, SIGCHLD, on_child, before);
    if (!before->event || event_add(before->event, NULL) < 0) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot watch child processes");
        before_ready_free(before, 0);
        return NULL;
    }
    return before;
}

BeforeReady *before_ready_start(struct event_base *base, char **words,
                                void (*done)(void *opaque, const GError *error), void *opaque,
                                GError **error)
{
    BeforeReady *before = watch_children(base, words[0], done, opaque, error);

    if (before && !spawn(before, words, error)) {
        before_ready_free(before, 0);
        return NULL;
    }
    return before;
}

BeforeReady *before_ready_adopt(struct event_base *base, GPid pid, const char *name,
                                void (*done)(void *opaque, const GError *error), void *opaque,
                                GError **error)
{
    BeforeReady *before = watch_children(base, name, done, opaque, error);

    if (before) {
        before->pid = pid;
        event_active(before->event, EV_SIGNAL, 1);      /* it may have ended before */
    }
    return before;
}

void before_ready_ask(BeforeReady *before)
{
    if (before && before->pid) {
        kill(before->pid, SIGTERM);
    }
}

/* Whether the child ends before the deadline.  False if the kernel cannot provide
 * a pidfd. */
static bool ends_in_time(pid_t pid, gint64 deadline)
{
    struct pollfd end = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
    gint64 left;
    int n = 0;

    if (end.fd < 0) {
        return false;
    }
    do {
        left = (deadline - g_get_monotonic_time()) / 1000;
        n = poll(&end, 1, CLAMP(left, 0, G_MAXINT));
    } while (n < 0 && errno == EINTR);
    close(end.fd);
    return n > 0;
}

void before_ready_free(BeforeReady *before, gint64 deadline)
{
    if (!before) {
        return;
    }
    if (before->pid && !ends_in_time(before->pid, deadline)) {
        g_message("'%s' is killed: it has not ended on request", before->name);
        kill(before->pid, SIGKILL);
        (void)ends_in_time(before->pid, g_get_monotonic_time() + KILL_TIME);
    }
    if (before->pid) {
        /* One that even SIGKILL does not end is left to the host. */
        waitpid(before->pid, NULL, WNOHANG);
    }
    if (before->event) {
        event_free(before->event);
    }
    g_free(before->name);
    g_free(before);
}
