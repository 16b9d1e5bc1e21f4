/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assembly: makes the daemon's parts, tells each what it needs of the others, and takes them
 * apart.  Main thread.
 */
#ifndef DAEMON_ASSEMBLY_H
#define DAEMON_ASSEMBLY_H

#include "daemon/vmd.h"

/* Everything up to the point where sockets may be listened on; NULL and *error
 * if the host has no loop or threads to give. */
Vmd *assembly_make(const Options *options, GError **error);

/*
 * When the loop has ended: ends what goes on beside it.  deadline is one of
 * g_get_monotonic_time(); what makes sure of a disk's data is waited for beyond it.
 * False: something does not end.  What could be made safe is, then, and the process
 * has to end at once, without assembly_free().
 */
bool assembly_end(Vmd *vmd, gint64 deadline);

/* Takes the machine apart, ends all connections and frees vmd. */
void assembly_free(Vmd *vmd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vmd, assembly_free)

#endif
