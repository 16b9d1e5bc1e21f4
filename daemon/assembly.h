/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assembly: makes the daemon's parts, connects each to the others that it needs, and takes
 * them apart.  Main thread.
 */
#ifndef DAEMON_ASSEMBLY_H
#define DAEMON_ASSEMBLY_H

#include "daemon/vmd.h"

/* Everything up to the point where sockets may be listened on; NULL and *error
 * if the host has no loop or threads to give. */
Vmd *assembly_make(const Options *options, GError **error);

/*
 * When the loop has ended: stops everything that runs beside it. deadline is a time
 * of g_get_monotonic_time(); what makes sure of a disk's data is waited for beyond
 * it.
 * False: something does not end.  Then everything that could be made safe is, and
 * the process must exit at once, without assembly_free().
 */
bool assembly_end(Vmd *vmd, gint64 deadline);

/* Takes the machine apart, ends all connections and frees vmd. */
void assembly_free(Vmd *vmd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vmd, assembly_free)

#endif
