/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the service manager's variables share, see environment.h.
 */
#include "config.h"
#include "systemd/environment.h"

#include <glib.h>
#include <unistd.h>

bool environment_names_us(const char *variable)
{
    const char *text = g_getenv(variable);
    guint64 pid;

    return text && g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT, &pid, NULL) &&
           pid == (guint64)getpid();
}
