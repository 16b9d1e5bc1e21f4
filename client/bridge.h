/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tap devices on a bridge, made by the distribution's qemu-bridge-helper, which has the right to.
 * vmctl runs it and passes the descriptor on; the daemon never runs a program.
 */
#ifndef CLIENT_BRIDGE_H
#define CLIENT_BRIDGE_H

#include <glib.h>

#define BRIDGE_HELPER "/usr/lib/qemu/qemu-bridge-helper"
#define BRIDGE_DEFAULT "br0"

/*
 * Runs helper with `--use-vnet --fd=N --br=BRIDGE`, as QEMU does, and waits for its end.  A helper
 * with a space in it is a command line, for a shell.  Returns the descriptor of the tap
 * device, or -1 with host-error or file-not-usable; the helper has said more on standard error.
 */
int bridge_open(const char *helper, const char *bridge, GError **error);

#endif
