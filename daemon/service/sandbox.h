/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sandbox: forbids system calls that the daemon does not need, in the groups of QEMU's option
 * -sandbox.
 */
#ifndef DAEMON_SERVICE_SANDBOX_H
#define DAEMON_SERVICE_SANDBOX_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    SANDBOX_DANGEROUS         = 1 << 0, /* of the whole host: mount, reboot, ... */
    SANDBOX_OBSOLETE          = 1 << 1,
    SANDBOX_ELEVATEPRIVILEGES = 1 << 2, /* other users and groups */
    SANDBOX_SPAWN             = 1 << 3, /* processes; not threads */
    SANDBOX_RESOURCECONTROL   = 1 << 4, /* priorities and scheduling */
} SandboxGroups;

/* Names separated by commas, or none; SANDBOX_DANGEROUS is always in the result.  Fails with the
 * name that there is not. */
bool sandbox_parse(const char *text, SandboxGroups *ret, GError **error);

/* No thread of this process, and no child, can use calls of these groups from now on: they get
 * EPERM.  Fails with not-supported if the kernel cannot do that.  Main thread, before a vCPU
 * runs. */
bool sandbox_enter(SandboxGroups groups, GError **error);

#endif
