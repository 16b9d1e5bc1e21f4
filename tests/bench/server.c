/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting the servers that are measured.
 */
#include "config.h"
#include "tests/bench/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/series.h"

enum {
    LISTEN_FD = 3,              /* SD_LISTEN_FDS_START */
    FIRST_OWN_FD = 10,          /* above what the child moves its socket to */
    PID_DIGITS = 20,
    END_WAIT_MS = 120000,
};

static void set_errno(GError **error, const char *what)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", what,
                g_strerror(errno));
}

/* This process's environment with the variables of socket activation.  *ret_pid
 * is where the child writes its own process id. */
static char **activation_environment(char **ret_pid)
{
    char **environment = g_get_environ();
    gsize n;

    environment = g_environ_setenv(environment, "LISTEN_FDS", "1", TRUE);
    environment = g_environ_setenv(environment, "LISTEN_FDNAMES", "qmp", TRUE);
    environment = g_environ_unsetenv(environment, "NOTIFY_SOCKET");
    environment = g_environ_unsetenv(environment, "LISTEN_PID");
    n = g_strv_length(environment);
    environment = g_renew(char *, environment, n + 2);
    environment[n] = g_malloc0(sizeof("LISTEN_PID=") + PID_DIGITS);
    environment[n + 1] = NULL;
    *ret_pid = stpcpy(environment[n], "LISTEN_PID=");
    return environment;
}

/* In the child of vfork: no allocation, no locks. */
static void write_decimal(char *to, pid_t value)
{
    char digits[PID_DIGITS];
    int n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n)
        *to++ = digits[--n];
    *to = '\0';
}

/* Makes a process in which fd is descriptor to, and standard error the log.
 * vfork, as the child must know its own pid for LISTEN_PID, which posix_spawn
 * cannot tell it. */
static pid_t spawn(const char *const *argv, const char *directory, int fd, int to,
                   gint64 *ret_started, GError **error)
{
    char *listen_pid;
    g_auto(GStrv) environment = activation_environment(&listen_pid);
    g_autofree char *log_path = g_build_filename(directory, SERVER_LOG, NULL);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    volatile int child_errno = 0;
    pid_t pid;

    *ret_started = clock_ns();
    pid = vfork();
    if (pid == 0) {
        write_decimal(listen_pid, getpid());
        if (dup2(log, STDERR_FILENO) >= 0 && dup2(fd, to) >= 0)
            execve(argv[0], (char *const *)argv, environment);
        child_errno = errno;
        _exit(127);
    }
    if (pid > 0 && child_errno != 0) {
        waitpid(pid, NULL, 0);
        errno = child_errno;
        pid = -1;
    }
    if (pid < 0)
        set_errno(error, argv[0]);
    close(log);
    return pid;
}

/* Moves a descriptor out of the way of those that the child inherits. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);

    close(fd);
    return moved;
}

/* A listening socket and one connected to it, both close-on-exec. */
static bool make_sockets(const char *directory, int *ret_listener, int *ret_client, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "socket", NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener, client;

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NAMETOOLONG, "%s is too long", path);
        return false;
    }
    listener = move_up(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    client = move_up(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (listener < 0 || client < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, 8) < 0 ||
        connect(client, (struct sockaddr *)&address, sizeof(address)) < 0) {
        set_errno(error, path);
        unlink(path);
        close(listener);
        close(client);
        return false;
    }
    unlink(path);
    *ret_listener = listener;
    *ret_client = client;
    return true;
}

Server *server_start(const char *const *argv, const char *directory, GError **error)
{
    Server *server;
    int listener, client;
    gint64 started;
    pid_t pid;

    if (!make_sockets(directory, &listener, &client, error))
        return NULL;
    pid = spawn(argv, directory, listener, LISTEN_FD, &started, error);
    close(listener);
    if (pid < 0) {
        close(client);
        return NULL;
    }
    server = g_new0(Server, 1);
    server->pid = pid;
    server->started = started;
    server->client = client_new(client);
    return server;
}

static void end_process(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

void server_free(Server *server)
{
    if (!server)
        return;
    if (server->pid)
        end_process(server->pid);
    client_free(server->client);
    g_free(server);
}

double server_private_dirty(const Server *server, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/smaps_rollup", (int)server->pid);
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents(path, &text, NULL, error))
        return -1;
    line = strstr(text, "Private_Dirty:");
    if (!line) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s has no Private_Dirty", path);
        return -1;
    }
    return g_ascii_strtod(line + strlen("Private_Dirty:"), NULL);
}

double server_time_first_byte(const char *const *argv, const char *directory, GError **error)
{
    int ends[2];
    gint64 started, ended;
    ssize_t n;
    char byte;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        set_errno(error, "pipe");
        return -1;
    }
    pid = spawn(argv, directory, ends[1], STDOUT_FILENO, &started, error);
    close(ends[1]);
    n = pid < 0 ? -1 : read(ends[0], &byte, 1);
    ended = clock_ns();
    close(ends[0]);
    if (pid < 0)
        return -1;
    end_process(pid);
    if (n != 1) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s ended without a word", argv[0]);
        return -1;
    }
    return (double)(ended - started);
}

/* ---- CPU time ---- */

double server_cpu(const Server *server, GError **error)
{
    clockid_t clock;
    struct timespec time;
    int failed = clock_getcpuclockid(server->pid, &clock);

    if (failed || clock_gettime(clock, &time) < 0) {
        errno = failed ? failed : errno;
        set_errno(error, "clock_getcpuclockid");
        return -1;
    }
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

double server_sleeps(const Server *server, GError **error)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)server->pid);
    g_autoptr(GDir) tasks = g_dir_open(folder, 0, error);
    const char *task;
    double sum = 0;

    if (!tasks)
        return -1;
    while ((task = g_dir_read_name(tasks))) {
        static const char label[] = "\nvoluntary_ctxt_switches:";
        g_autofree char *path = g_strdup_printf("%s/%s/status", folder, task), *text = NULL;
        const char *line = g_file_get_contents(path, &text, NULL, NULL) ? strstr(text, label)
                                                                        : NULL;

        sum += line ? g_ascii_strtod(line + strlen(label), NULL) : 0;
    }
    return sum;
}

static double cpu_ns(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e9 +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1e3;
}

/* The child is gone in any case. */
static double wait_cpu(pid_t pid, int timeout_ms, GError **error)
{
    int fd = pidfd_open(pid, 0);
    struct pollfd ended = { .fd = fd, .events = POLLIN };
    struct rusage usage;
    int status;
    bool late = fd < 0 || poll(&ended, 1, timeout_ms) != 1;

    if (fd >= 0)
        close(fd);
    if (late)
        kill(pid, SIGKILL);
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    if (late) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the guest did not end");
        return -1;
    }
    return cpu_ns(&usage);
}

double server_wait_cpu(Server *server, GError **error)
{
    pid_t pid = server->pid;

    server->pid = 0;
    return wait_cpu(pid, END_WAIT_MS, error);
}

double server_kill_cpu(Server *server, GError **error)
{
    kill(server->pid, SIGKILL);
    return server_wait_cpu(server, error);
}

double server_run_cpu(const char *const *argv, const char *directory, const char *output,
                      GError **error)
{
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    gint64 started;
    pid_t pid;

    if (fd < 0) {
        set_errno(error, output);
        return -1;
    }
    pid = spawn(argv, directory, fd, STDOUT_FILENO, &started, error);
    close(fd);
    return pid < 0 ? -1 : wait_cpu(pid, END_WAIT_MS, error);
}

double server_run_several(const char *const *argv, const char *directory, guint n, GError **error)
{
    g_autofree pid_t *pids = g_new0(pid_t, n);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    gint64 started = clock_ns(), unused;
    bool good = true;

    for (guint i = 0; good && i < n; i++) {
        pids[i] = spawn(argv, directory, null, STDOUT_FILENO, &unused, error);
        good = pids[i] >= 0;
    }
    for (guint i = 0; i < n && pids[i] > 0; i++)
        good = wait_cpu(pids[i], END_WAIT_MS, good ? error : NULL) >= 0 && good;
    close(null);
    return good ? (double)(clock_ns() - started) : -1;
}
