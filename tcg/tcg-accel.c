/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class tcg-accel: the accelerator object and its table of operations.
 */
#include "config.h"
#include "tcg/tcg-accel.h"

#include "qmp/error.h"
#include "qmp/qapi-types.h"
#include "tcg/types.h"

static const AccelOps tcg_accel_ops = {
    .name = "tcg",
};

static bool tcg_accel_prepare(Object *obj, GError **error)
{
    const TcgAccelProps *props = object_props(obj);

    if (!props->split_wx) {
        qmp_error_set_at(error, "split-wx", ERROR_REASON_NOT_SUPPORTED,
                         "memory for code is never writable and executable at once: "
                         "leave 'split-wx' on");
        return false;
    }
    return true;
}

static const ObjectOps tcg_accel_object = {
    .prepare = tcg_accel_prepare,
};

const TypeInfo tcg_accel_type = {
    .schema = &qmp_class_tcg_accel,
    .size = sizeof(TcgAccel),
    .object = &tcg_accel_object,
    .kind = &tcg_accel_ops,
};
