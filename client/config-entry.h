/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that make the parts of a machine, as entries that can be compared: those of
 * query-config, and those of a file.
 */
#ifndef CLIENT_CONFIG_ENTRY_H
#define CLIENT_CONFIG_ENTRY_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "qmp/type.h"

typedef struct {
    char *key;                  /* its path; of a device without id, its class and number */
    const char *id;             /* or NULL */
    const QmpClass *klass;      /* or the root of its place's classes */
    const QmpClassPlace *place;
    json_t *request;
    json_t *complete;           /* the arguments with all defaults */
} ConfigEntry;

typedef struct {
    GPtrArray *entries;         /* of ConfigEntry, in the order of requests */
    GHashTable *by_key;
} ConfigEntries;

/* Those among the requests (of json_t) that make something; the members of a `build` are requests
 * of the list.  NULL with *error if one is wrong. */
ConfigEntries *config_entries_new(const GPtrArray *requests, GError **error);
void config_entries_free(ConfigEntries *entries);       /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigEntries, config_entries_free)

/* Names of the members that wanted has with other values than there; what it leaves to the daemon
 * is as it is.  Borrowed from wanted; the array is the caller's. */
GPtrArray *config_entry_differences(const ConfigEntry *there, const ConfigEntry *wanted);

/* Whether one names the other by its id. */
bool config_entry_refers(const ConfigEntry *entry, const ConfigEntry *target);

/* Its request without what it would have by default. */
json_t *config_entry_shorten(const ConfigEntry *entry);

#endif
