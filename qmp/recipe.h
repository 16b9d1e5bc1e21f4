/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recipes of machine types and parts of classes as the schema shows them to
 * clients.  qom/parts.c makes chips from them.
 */
#ifndef QMP_RECIPE_H
#define QMP_RECIPE_H

#include "qmp/type.h"

typedef struct MachineRecipe MachineRecipe;
typedef struct PropertyDefaultList PropertyDefaultList;
typedef struct PropertyValueList PropertyValueList;
typedef struct RecipeEntry RecipeEntry;

/* One entry with all of its conditions; newly allocated. */
RecipeEntry *qmp_recipe_entry(const QmpClass *klass, const QmpPart *part);

/* What a machine type changes in defaults of device classes. */
void qmp_compat_list(const QmpClass *klass, PropertyDefaultList *ret);

/*
 * A machine type's recipe; newly allocated.  named: what its properties are, already
 * checked, which decides conditions; NULL: nothing is decided, and all entries are
 * there.
 */
MachineRecipe *qmp_machine_recipe(const QmpClass *klass, const PropertyValueList *named);

/* A machine type's name: its class's without the ending; newly allocated. */
char *qmp_machine_name(const QmpClass *klass);

/* The machine type of that name, with the ending or without, or an alias; NULL if
 * there is none. */
const QmpClass *qmp_machine_find(const char *name);

#endif
