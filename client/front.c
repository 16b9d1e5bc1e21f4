/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl in the place of QEMU: see front.h.
 */
#include "config.h"
#include "client/front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/daemon-exec.h"
#include "client/front-help.h"
#include "client/run-plan.h"
#include "client/verb.h"
#include "qmp/error.h"

typedef struct {
    const char *program;        /* what messages begin with */
    RunPlan *plan;
    char *daemon;               /* its path */
    int log;                    /* where the daemon's messages go, or -1: standard error */
    int done;                   /* gets a byte when the machine is there, or -1 */
} Front;

static int fail(const Front *front, const GError *error)
{
    fprintf(stderr, "%s: %s\n", front->program, error->message);
    return EXIT_ERROR;
}

static bool fail_host(const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "%s", what);
    return false;
}

/* ---- The builder ---- */

/* Whether the daemon has ended: then it, or the signal that ended it, has told why. */
static bool is_gone(const Connection *conn)
{
    struct pollfd end = { .fd = connection_fd(conn) };

    return poll(&end, 1, 0) > 0 && end.revents & (POLLHUP | POLLERR);
}

/* The daemon tells by its connection whether it has come up. */
static int build(const Front *front, int fd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Connection) conn = connection_open_fd(fd, "the daemon", NULL);

    if (!conn) {
        return EXIT_ERROR;
    }
    if (run_plan_send(front->plan, conn, &error)) {
        return EXIT_OK;
    }
    return is_gone(conn) ? EXIT_ERROR : fail(front, error);
}

static void run_builder(const Front *front, int fd, pid_t parent)
{
    int status;

    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent) {
        _exit(EXIT_ERROR);
    }
    status = build(front, fd);
    fflush(stderr);
    if (status == EXIT_OK && front->done >= 0 && write(front->done, "", 1) != 1) {
        status = EXIT_ERROR;
    }
    _exit(status);
}

/* Forks it; *ret_fd is this end of its connection. */
static pid_t start_builder(const Front *front, int *ret_fd, GError **error)
{
    pid_t parent = getpid(), pid;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        fail_host("cannot connect to the daemon", error);
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        run_builder(front, ends[1], parent);
    }
    close(ends[1]);
    if (pid < 0) {
        fail_host("cannot start a process", error);
        close(ends[0]);
        return -1;
    }
    *ret_fd = ends[0];
    return pid;
}

/* ---- The daemon ---- */

static void add_builder_option(const Front *front, pid_t pid)
{
    const LaunchOptions *launch = &front->plan->launch;
    int fd = DAEMON_FIRST_PASSED + launch->sockets->len;

    g_ptr_array_add(launch->options, g_strdup_printf("--builder=%d,%d", fd, (int)pid));
}

/* Only returns on failure. */
static void become_daemon(const Front *front, GError **error)
{
    const LaunchOptions *launch = &front->plan->launch;
    g_autoptr(GArray) fds = g_array_copy(launch->sockets);
    g_autofree char **words = NULL;
    int builder = -1;
    pid_t pid = start_builder(front, &builder, error);

    if (pid < 0) {
        return;
    }
    add_builder_option(front, pid);
    words = daemon_words(launch->options, front->daemon);
    g_array_append_val(fds, builder);
    if ((front->log < 0 || dup2(front->log, STDERR_FILENO) >= 0) && daemon_place_fds(fds)) {
        daemon_set_environment(launch->sockets->len);
        execv(words[0], words);
    }
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot start %s", words[0]);
    kill(pid, SIGKILL);
}

/* ---- In the background ---- */

static void run_background(Front *front)
{
    g_autoptr(GError) error = NULL;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || setsid() < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0) {
        fail_host("cannot go to the background", &error);
    } else {
        become_daemon(front, &error);
    }
    _exit(fail(front, error));
}

/* Waits until the machine is there, or will not be. */
static int await(const Front *front, int done, int words, pid_t pid)
{
    char byte;
    ssize_t n;

    do {
        n = read(done, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 1) {
        if (words >= 0) {
            daemon_end_words(words);
        }
        return EXIT_OK;
    }
    waitpid(pid, NULL, 0);
    if (words >= 0) {
        daemon_tell_words(words);
    }
    return EXIT_ERROR;
}

static int daemonize(Front *front, GError **error)
{
    int words = front->log < 0 ? daemon_keep_words() : -1, done[2];
    pid_t pid;

    if (pipe2(done, O_CLOEXEC) < 0) {
        fail_host("cannot go to the background", error);
        return EXIT_ERROR;
    }
    front->done = done[1];
    front->log = words >= 0 ? words : front->log;
    pid = fork();
    if (pid == 0) {
        run_background(front);
    }
    close(done[1]);
    if (pid < 0) {
        fail_host("cannot start a process", error);
        return EXIT_ERROR;
    }
    return await(front, done[0], words, pid);
}

/* ---- Beginning ---- */

/* Descriptors that are opened here must not become standard input, output or error. */
static void fill_standard_fds(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

static bool prepare(Front *front, Translation *translation, GError **error)
{
    front->plan = run_plan_new(translation, true, error);
    front->daemon = front->plan ? daemon_find(error) : NULL;
    if (!front->daemon) {
        return false;
    }
    if (front->plan->launch.log) {
        front->log = daemon_open_log(front->plan->launch.log, error);
        if (front->log < 0) {
            g_prefix_error(error, "-D: ");
            return false;
        }
    }
    return true;
}

static int run(Front *front, Translation *translation)
{
    g_autoptr(GError) error = NULL;

    if (!prepare(front, translation, &error)) {
        return fail(front, error);
    }
    if (front->plan->launch.stays) {
        int status = daemonize(front, &error);

        return error ? fail(front, error) : status;
    }
    become_daemon(front, &error);
    return fail(front, error);
}

static int print_problems(const Front *front, const Translation *translation)
{
    for (guint i = 0; i < translation->problems->len; i++) {
        fail(front, translation->problems->pdata[i]);
    }
    return translation->problems->len ? EXIT_ERROR : EXIT_OK;
}

bool front_is_name(const char *program)
{
    g_autofree char *name = g_path_get_basename(program);

    return g_str_equal(name, "qemu-system-x86_64");
}

int front_run(const char *program, int n_args, const char *const *args)
{
    g_autoptr(Translation) translation = NULL;
    Front front = { .program = program, .log = -1, .done = -1 };
    int status;

    fill_standard_fds();
    if (front_help(program, n_args, args, &status)) {
        return status;
    }
    translation = translate_command_line(n_args, args);
    status = print_problems(&front, translation);
    if (status == EXIT_OK) {
        status = run(&front, translation);
    }
    run_plan_free(front.plan);
    g_free(front.daemon);
    return status;
}
