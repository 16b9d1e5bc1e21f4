/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The types of this folder.  `object` and `container` have no behaviour of
 * their own; `device` and `bus` are in device.c and bus.c.
 */
#include "config.h"
#include "qmp/qapi-types-object.h"
#include "qom/object.h"

#include "qom/types.h"

static const TypeInfo object_type = {
    .schema = &qmp_class_object,
    .size = sizeof(Object),
};

static const TypeInfo container_type = {
    .schema = &qmp_class_container,
};

const TypeInfo *const qom_types[] = {
    &object_type,
    &container_type,
    &device_type,
    &bus_type,
    NULL,
};
