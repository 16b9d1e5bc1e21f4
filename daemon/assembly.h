/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assembly: makes the daemon's parts, connects them, and tears them down.  Main thread.
 */
#ifndef DAEMON_ASSEMBLY_H
#define DAEMON_ASSEMBLY_H

#include "daemon/vmd.h"

/* Does everything that comes before listening on sockets; NULL and *error if
 * the host cannot provide a loop or threads. */
Vmd *assembly_make(const Options *options, GError **error);

/*
 * To be called when the loop has ended: stops everything that runs besides it.
 * deadline is a time of g_get_monotonic_time(); flushes of disks are waited for
 * even beyond it.  False: something does not end.  Then all data that could be
 * saved is safe, and the process must exit immediately, without assembly_free().
 */
bool assembly_end(Vmd *vmd, gint64 deadline);

/* Takes the machine apart, ends all connections and frees vmd. */
void assembly_free(Vmd *vmd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vmd, assembly_free)

#endif
