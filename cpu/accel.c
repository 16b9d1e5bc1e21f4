/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Common code of all accelerators: finding one, and its service for a machine.
 */
#include "config.h"
#include "cpu/accel.h"

#include <errno.h>

#include "cpu/types.h"
#include "qmp/error.h"
#include "qmp/qapi-types-machine.h"
#include "qom/place.h"
#include "qom/qapi-objects-accel.h"

ShutdownDetail accel_failure(int error)
{
    switch (error) {
    case EIO:                   /* KVM: the VM is marked dead after a fault of the kernel's */
    case ENODEV:
    case ENXIO:
    case EBADF:
    case ENOTTY:
        return SHUTDOWN_DETAIL_ACCEL_LOST;
    default:
        return SHUTDOWN_DETAIL_INTERNAL_ERROR;
    }
}

const AccelOps *accel_ops(const Accel *accel)
{
    return object_kind(accel);
}

void accel_set_host(Accel *accel, const AccelHost *host, void *opaque)
{
    accel->host = host;
    accel->host_opaque = opaque;
}

/* Stops at the first accelerator. */
static bool find_accel(Object *obj, void *data)
{
    Accel **found = data;

    *found = object_dynamic_cast(obj, &qmp_class_accel);
    return !*found;
}

Accel *accel_find(Object *root)
{
    Object *single = place_single(root, &qmp_class_accel);
    Accel *accel = single ? object_dynamic_cast(single, &qmp_class_accel) : NULL;

    if (!accel) {
        object_foreach_descendant(root, find_accel, &accel);
    }
    return accel;
}

/* Below its machine it is checked with the machine, which releases it. */
static bool accel_may_delete(Object *obj, GError **error)
{
    const Accel *accel = to_accel(obj);

    if (obj->parent && object_is_a(obj->parent, &qmp_class_machine)) {
        return true;
    }
    if (accel->cpus || accel->host) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "accelerator '%s' runs a machine",
                      object_class_name(obj));
        return false;
    }
    return true;
}

static void accel_finalize(Object *obj)
{
    g_free(to_accel(obj)->why);
}

static const ObjectOps accel_object = {
    .finalize = accel_finalize,
    .may_delete = accel_may_delete,
};

const TypeInfo accel_type = {
    .schema = &qmp_class_accel,
    .size = sizeof(Accel),
    .object = &accel_object,
};
