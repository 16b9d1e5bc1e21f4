/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Temporary overlays (-snapshot): images that take what a guest writes, and have no name, so that
 * they are gone with the daemon.
 */
#ifndef CLIENT_OVERLAY_H
#define CLIENT_OVERLAY_H

#include <glib.h>
#include <stdbool.h>

/* A new qcow2 image without a name in TMPDIR (or /var/tmp), as large as the image filename, which
 * is in format qcow2 or else raw. Returns its descriptor, or -1. */
int overlay_new(const char *filename, bool qcow2, GError **error);

#endif
