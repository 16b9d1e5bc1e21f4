/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `vmctl list` and `vmctl top` say about a machine by name.
 */
#ifndef CLIENT_MACHINE_FACTS_H
#define CLIENT_MACHINE_FACTS_H

#include <glib.h>
#include <jansson.h>

/*
 * The facts of all machines, in the order of names: an array of objects with the members name,
 * state (for people) and live; of a machine that runs also pid, vcpus, memory (bytes),
 * accelerator, accelerator-why, cpu-time and uptime (seconds), and addresses: those of its network
 * cards that this host has seen, and ports that are forwarded to it.  Daemons that run are asked,
 * for at most two seconds each; of others the exit record is read, as connecting would start a
 * machine whose socket a service manager holds.  NULL with *error.
 */
json_t *machine_facts_all(GError **error);

/* A table of them for people, width columns wide (0: any).  before: facts of an earlier time,
 * interval seconds ago, since when CPU use is counted; NULL: since the daemons started. */
void machine_facts_print(const json_t *list, const json_t *before, double interval, guint width);

#endif
