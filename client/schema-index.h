/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schema as vmctl schema shows it: kinds of things, and things of each kind
 * with their names.  All of it comes from rows in the program; no daemon is
 * asked.
 */
#ifndef CLIENT_SCHEMA_INDEX_H
#define CLIENT_SCHEMA_INDEX_H

#include <glib.h>
#include <stdbool.h>

#include "qmp/manual.h"

typedef enum {
    SCHEMA_COMMANDS,
    SCHEMA_EVENTS,
    SCHEMA_CLASSES,
    SCHEMA_TYPES,
    SCHEMA_MACHINES,
    SCHEMA_CPUS,
    SCHEMA_FEATURES,
    SCHEMA_N_KINDS,
} SchemaKind;

/* "commands", and "command". */
extern const char *const schema_kind_names[SCHEMA_N_KINDS];
extern const char *const schema_kind_nouns[SCHEMA_N_KINDS];

/* One thing; the kind says which row is set. */
typedef struct {
    SchemaKind kind;
    char *name;
    union {
        const void *row;
        const QmpManualEntry *entry;    /* commands, events */
        const QmpClass *klass;          /* classes, machines, cpus */
        const QmpManualType *type;
        const QmpMember *feature;       /* a property of x86_64-cpu */
    };
} SchemaItem;

/* All things of a kind by name; of SchemaItem. */
GPtrArray *schema_items(SchemaKind kind);

/* The kind of that name, or -1. */
int schema_kind_find(const char *name);

/*
 * Appends the things with one of the names to items, in the order of names: those
 * of one kind, or, with kind -1, of every kind that has one.  Aliases of classes
 * are names, too.  Fails with the nearest name if there is none.
 */
bool schema_find(int kind, char **names, GPtrArray *items, GError **error);

/* For arrays of items. */
void schema_item_free(SchemaItem *item);

/* What it is, in one sentence without a full stop; newly allocated. */
char *schema_item_summary(const SchemaItem *item);

/* The CPUID bit that a feature stands for. */
const QmpCpuidBit *schema_feature_bit(const QmpMember *feature);

#endif
