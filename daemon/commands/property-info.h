/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ObjectPropertyInfo from rows, for the commands that list properties.
 */
#ifndef DAEMON_COMMANDS_PROPERTY_INFO_H
#define DAEMON_COMMANDS_PROPERTY_INFO_H

#include "qmp/qapi-types-object.h"
#include "qom/object.h"

/* A property of a class; newly allocated. */
ObjectPropertyInfo *property_info(const QmpClass *klass, const QmpMember *member);

/* The property `type` that each object has. */
ObjectPropertyInfo *property_info_type(void);

/* A child of an object. */
ObjectPropertyInfo *property_info_child(const Object *child);

#endif
