/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from a machine as it is to one that a file describes, as requests.
 */
#ifndef CLIENT_CONFIG_PLAN_H
#define CLIENT_CONFIG_PLAN_H

#include "client/config-entry.h"
#include "client/connection.h"

typedef struct {
    GPtrArray *changes;         /* of char: "+ ", "- " or "~ ", the path, and what changes */
    GPtrArray *steps;           /* of json_t: requests, in their order */
    GPtrArray *blocked;         /* of char: what only a restart can change, and why */
} ConfigPlan;

/*
 * there: of query-config.  cold: the machine has not run yet, so that devices come and go that
 * cannot be hotplugged.  What the file leaves out of a request is the daemon's choice; what it
 * does not make is removed.
 */
ConfigPlan *config_plan_new(const ConfigEntries *there, const ConfigEntries *wanted, bool cold);
void config_plan_free(ConfigPlan *plan);        /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigPlan, config_plan_free)

/* The entries of a running daemon's machine, and whether it is cold.  NULL with *error. */
ConfigEntries *config_plan_ask(Connection *conn, bool *ret_cold, GError **error);

/* Executes the steps; a device that a guest has to give up is waited for, until deadline. */
bool config_plan_send(const ConfigPlan *plan, Connection *conn, gint64 deadline, GError **error);

#endif
