/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_TYPES_H
#define DAEMON_TYPES_H

#include "qom/object.h"

/* For object_register_types(); NULL at the end. */
extern const TypeInfo *const daemon_types[];

#endif
