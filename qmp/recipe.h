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

/* The defaults of device classes that a machine type changes. */
void qmp_compat_list(const QmpClass *klass, PropertyDefaultList *ret);

/*
 * A machine type's recipe; newly allocated.  named: the values of its properties,
 * already checked, which decide the conditions; NULL: none is decided, and all
 * entries are listed.
 */
MachineRecipe *qmp_machine_recipe(const QmpClass *klass, const PropertyValueList *named);

/* A machine type's name: that of its class without the suffix; newly allocated. */
char *qmp_machine_name(const QmpClass *klass);

/* The machine type with this name, with or without the suffix, or with this
 * alias; NULL if there is none. */
const QmpClass *qmp_machine_find(const char *name);

#endif
