/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under a start: a program that loads libc, GLib and jansson, and does nothing else.
 *
 *     bench-libraries     the listening socket is descriptor 3
 *
 * It sends a line as a greeting and waits to be killed.
 */
#include "config.h"

#include <glib.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_FD = 3 };

int main(void)
{
    static const char line[] = "hello\n";
    int fd = accept(LISTEN_FD, NULL, NULL);

    /* The linker leaves out a library of which nothing is called. */
    if (fd < 0 || !json_true() || g_get_monotonic_time() < 0)
        return 1;
    if (write(fd, line, sizeof(line) - 1) < 0)
        return 1;
    pause();
    return 0;
}
