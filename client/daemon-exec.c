/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Becoming the daemon: see daemon-exec.h.
 */
#include "config.h"
#include "client/daemon-exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qmp/error.h"

static char *beside(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return access(path, X_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

char *daemon_find(GError **error)
{
    g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = own ? g_path_get_dirname(own) : NULL;
    char *path = folder ? beside(folder, "vmd") : NULL;

    path = path || !folder ? path : beside(folder, "../sbin/vmd");
    path = path ? path : g_find_program_in_path("vmd");
    if (!path) {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE,
                      "there is no vmd beside vmctl and none in PATH");
    }
    return path;
}

char **daemon_words(const GPtrArray *options, char *program)
{
    GPtrArray *words = g_ptr_array_new();

    g_ptr_array_add(words, program);
    for (guint i = 0; options && i < options->len; i++) {
        g_ptr_array_add(words, options->pdata[i]);
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

bool daemon_place_fds(GArray *fds)
{
    guint n = fds->len;

    /* Their places may be taken by others of them. */
    for (guint i = 0; i < n; i++) {
        int *fd = &g_array_index(fds, int, i);

        *fd = fcntl(*fd, F_DUPFD_CLOEXEC, DAEMON_FIRST_PASSED + n);
        if (*fd < 0) {
            return false;
        }
    }
    for (guint i = 0; i < n; i++) {
        if (dup2(g_array_index(fds, int, i), DAEMON_FIRST_PASSED + i) < 0) {
            return false;
        }
    }
    return close_range(DAEMON_FIRST_PASSED + n, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
}

void daemon_set_environment(guint n)
{
    g_autofree char *count = g_strdup_printf("%u", n);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());

    unsetenv("LISTEN_FDNAMES");
    if (!n) {
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_PID");
        return;
    }
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_PID", pid, 1);
}

int daemon_open_log(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open %s", path);
    }
    return fd;
}

int daemon_keep_words(void)
{
    return memfd_create("vmctl-words", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

void daemon_tell_words(int fd)
{
    char buffer[4096];
    ssize_t n = pread(fd, buffer, sizeof(buffer), 0);

    if (n > 0) {
        fwrite(buffer, 1, n, stderr);
    }
}

void daemon_end_words(int fd)
{
    if (ftruncate(fd, 0) == 0) {
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
    }
}
