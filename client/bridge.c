/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running qemu-bridge-helper: see bridge.h.
 */
#include "config.h"
#include "client/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qmp/error.h"

/* In the child. */
static void run_helper(const char *helper, const char *bridge, int end)
{
    g_autofree char *fd = g_strdup_printf("--fd=%d", end);
    g_autofree char *br = g_strdup_printf("--br=%s", bridge);
    g_autofree char *quoted = g_shell_quote(br);
    g_autofree char *line = g_strdup_printf("exec %s --use-vnet %s %s", helper, fd, quoted);

    if (fcntl(end, F_SETFD, 0) == 0) {
        if (strpbrk(helper, " \t")) {
            execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        } else {
            execl(helper, helper, "--use-vnet", fd, br, (char *)NULL);
        }
    }
    fprintf(stderr, "%s: %s\n", helper, g_strerror(errno));
    _exit(127);
}

/* One byte with a descriptor; -1 if the helper ended without sending it. */
static int receive_fd(int sock)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
                          .msg_controllen = sizeof(control.space) };
    struct cmsghdr *head;
    ssize_t n;
    int fd = -1;

    do {
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    head = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    }
    return fd;
}

static bool ended_well(pid_t pid)
{
    int status = -1;
    pid_t r;

    do {
        r = waitpid(pid, &status, 0);
    } while (r < 0 && errno == EINTR);
    return r == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int bridge_open(const char *helper, const char *bridge, GError **error)
{
    int ends[2], fd;
    pid_t pid;
    bool ok;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot talk to a helper");
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        run_helper(helper, bridge, ends[1]);
    }
    close(ends[1]);
    fd = pid < 0 ? -1 : receive_fd(ends[0]);
    close(ends[0]);
    ok = pid > 0 && ended_well(pid);
    if (fd < 0 || !ok) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "%s has made no device on bridge '%s'", helper, bridge);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}
