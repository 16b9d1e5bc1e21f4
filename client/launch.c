/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon that vmctl starts, see launch.h.
 */
#include "config.h"
#include "client/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "client/daemon-exec.h"
#include "qmp/error.h"

struct Launch {
    pid_t pid;                  /* 0: waited for, or released */
    Connection *conn, *second;  /* second: NULL unless it was asked for */
    int words;                  /* output so far of a daemon that stays, or -1 */
};

/* ---- A socket without a name ---- */

static int fail_socket(GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                        "cannot create a socket for the daemon");
    return -1;
}

enum { MAX_CLIENTS = 2 };

static void close_clients(int *clients)
{
    for (guint i = 0; i < MAX_CLIENTS; i++) {
        if (clients[i] >= 0) {
            close(clients[i]);
            clients[i] = -1;
        }
    }
}

static bool connect_clients(const struct sockaddr_un *address, guint n, int *clients)
{
    for (guint i = 0; i < n; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (clients[i] < 0 ||
            connect(clients[i], (const struct sockaddr *)address, sizeof(*address)) < 0) {
            return false;
        }
    }
    return true;
}

/* Listens in a folder, and connects n times. */
static int listen_in(const char *folder, guint n, int *clients, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/qmp.sock", folder);
    if (listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(listener, SOMAXCONN) == 0 && connect_clients(&address, n, clients)) {
        unlink(address.sun_path);
        return listener;
    }
    fail_socket(error);
    unlink(address.sun_path);
    if (listener >= 0) {
        close(listener);
    }
    close_clients(clients);
    return -1;
}

/* The listening end, with n clients connected to it; -1 with *error. */
static int listen_unnamed(guint n, int *clients, GError **error)
{
    char folder[] = "/tmp/vmctl-XXXXXX";        /* short enough for a socket's address */
    int listener;

    if (!g_mkdtemp_full(folder, 0700)) {
        return fail_socket(error);
    }
    listener = listen_in(folder, n, clients, error);
    g_rmdir(folder);
    return listener;
}

/* ---- The child ---- */

typedef struct {
    const LaunchOptions *options;
    char **words;               /* of the command */
    int log;                    /* for standard error, or -1: unchanged */
    GArray *passed;             /* of int: listening sockets */
    pid_t parent;
    int report;                 /* gets the errno if it cannot be started */
} Child;

/* False: errno says why. */
static bool prepare(Child *child)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (!child->options->stays &&
        (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != child->parent)) {
        return false;           /* vmctl had ended before prctl() took effect */
    }
    /* Moves the report pipe out of the way of the passed sockets. */
    child->report = fcntl(child->report, F_DUPFD_CLOEXEC,
                          DAEMON_FIRST_PASSED + child->passed->len);
    if (child->log < 0) {
        child->log = STDERR_FILENO;
    }
    if (null < 0 || child->report < 0 || setsid() < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0 || dup2(child->log, STDERR_FILENO) < 0 ||
        (child->options->directory && chdir(child->options->directory) < 0) ||
        !daemon_place_fds(child->passed)) {
        return false;
    }
    daemon_set_environment(child->passed->len);
    /* The daemon's notifications would be attributed to vmctl. */
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    return true;
}

static void run_child(Child *child)
{
    int why;

    if (prepare(child)) {
        execv(child->words[0], child->words);
    }
    why = errno;
    if (write(child->report, &why, sizeof(why)) < 0) {
        _exit(EXIT_FAILURE);
    }
    _exit(EXIT_FAILURE);
}

/* ---- The parent ---- */

/* Forks; *ret_pid is the child once it has become the daemon. */
static bool spawn(Child *child, pid_t *ret_pid, GError **error)
{
    int report[2], why = 0;
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) < 0) {
        return fail_socket(error), false;
    }
    child->parent = getpid();
    child->report = report[1];
    pid = fork();
    if (pid == 0) {
        run_child(child);
    }
    close(report[1]);
    if (pid < 0 || read(report[0], &why, sizeof(why)) == sizeof(why)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, pid < 0 ? errno : why,
                            "cannot start %s", child->words[0]);
        if (pid > 0) {
            waitpid(pid, NULL, 0);
        }
        close(report[0]);
        return false;
    }
    close(report[0]);
    *ret_pid = pid;
    return true;
}

/* The daemon's process; -1 with *error. */
static pid_t start(Launch *launch, const LaunchOptions *options, int listener, GError **error)
{
    g_autofree char *program = options->program ? g_strdup(options->program)
                                                : daemon_find(error);
    g_autofree char **words = program ? daemon_words(options->options, program) : NULL;
    g_autoptr(GArray) passed = g_array_new(FALSE, FALSE, sizeof(int));
    Child child = { .options = options, .words = words, .log = -1, .passed = passed };
    pid_t pid = -1;

    if (!program || (options->log && (child.log = daemon_open_log(options->log, error)) < 0)) {
        return -1;
    }
    if (!options->log && options->stays) {
        launch->words = daemon_keep_words();
        child.log = fcntl(launch->words, F_DUPFD_CLOEXEC, 0);
    }
    g_array_append_val(passed, listener);
    if (options->sockets) {
        g_array_append_vals(passed, options->sockets->data, options->sockets->len);
    }
    if (!spawn(&child, &pid, error)) {
        pid = -1;
    }
    if (child.log >= 0) {
        close(child.log);
    }
    return pid;
}

/* Takes ownership of the sockets. */
static bool connect_all(Launch *launch, int *clients, GError **error)
{
    Connection **const conns[MAX_CLIENTS] = { &launch->conn, &launch->second };

    for (guint i = 0; i < MAX_CLIENTS && clients[i] >= 0; i++) {
        *conns[i] = connection_open_fd(clients[i], "the daemon", error);
        clients[i] = -1;
        if (!*conns[i]) {
            close_clients(clients);
            return false;
        }
    }
    return true;
}

Launch *launch_start(const LaunchOptions *options, GError **error)
{
    g_autoptr(Launch) launch = g_new0(Launch, 1);
    int clients[MAX_CLIENTS] = { -1, -1 };
    int listener = listen_unnamed(options->second ? 2 : 1, clients, error);
    pid_t pid;

    if (listener < 0) {
        return NULL;
    }
    launch->words = -1;
    pid = start(launch, options, listener, error);
    close(listener);
    if (pid < 0) {
        close_clients(clients);
        return NULL;
    }
    launch->pid = pid;
    return connect_all(launch, clients, error) ? g_steal_pointer(&launch) : NULL;
}

Connection *launch_connection(Launch *launch)
{
    return launch->conn;
}

Connection *launch_second_connection(Launch *launch)
{
    return launch->second;
}

int launch_wait(Launch *launch)
{
    int status = 0;

    while (waitpid(launch->pid, &status, 0) < 0 && errno == EINTR) {
    }
    launch->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void launch_kill(Launch *launch)
{
    if (launch->pid) {
        kill(launch->pid, SIGKILL);
    }
}

void launch_release(Launch *launch)
{
    launch->pid = 0;
    if (launch->words >= 0) {
        daemon_end_words(launch->words);
    }
}

void launch_free(Launch *launch)
{
    if (!launch) {
        return;
    }
    connection_close(launch->conn);
    connection_close(launch->second);
    if (launch->pid) {
        kill(launch->pid, SIGTERM);
        launch_wait(launch);
        daemon_tell_words(launch->words);
    }
    if (launch->words >= 0) {
        close(launch->words);
    }
    g_free(launch);
}
