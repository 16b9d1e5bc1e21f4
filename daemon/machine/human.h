/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executes lines of the human monitor (client/hmp/hmp.h) by the daemon's own dispatcher: each
 * request of a line is checked, executed and logged like that of any other client.
 *
 * A request may end at any later time; nothing waits for it.  Main thread.
 */
#ifndef DAEMON_MACHINE_HUMAN_H
#define DAEMON_MACHINE_HUMAN_H

#include "client/hmp/hmp.h"
#include "daemon/vmd.h"

typedef struct HumanRun HumanRun;

/* Called once when the line has ended, by the loop and without the machine lock; the run is freed
 * after that. */
typedef void HumanDone(void *opaque, const HmpLine *line);

/*
 * Executes a line, whose ownership is taken, beginning in the next turn of the loop; may be called
 * with the machine lock held.  outer: the request that it is part of, which must not end before
 * done is called: the line acts for its client, and may take its descriptors; NULL: there is none.
 */
HumanRun *human_start(Vmd *vmd, HmpLine *line, const QmpRequest *outer, HumanDone *done,
                      void *opaque);

/* Forgets the line: done is not called.  A request that runs still ends by itself. */
void human_cancel(HumanRun *run);

#endif
