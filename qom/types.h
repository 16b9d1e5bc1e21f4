/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types that qom/types.c lists and other files define.  Private to this
 * folder.
 */
#ifndef QOM_TYPES_H
#define QOM_TYPES_H

#include "qom/object.h"

extern const TypeInfo device_type;
extern const TypeInfo bus_type;

#endif
