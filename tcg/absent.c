/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class tcg-accel where the accelerator was not built, which needs an x86-64 host
 * and the library Zydis: requests for it fail with a message that says what is
 * missing.
 */
#include "config.h"
#include "tcg/tcg.h"

#include "cpu/accel.h"
#include "qmp/error.h"
#include "qmp/qapi-types-accel.h"
#include "tcg/types.h"

/* Only the name is used of an accelerator that cannot be made. */
static const AccelOps absent_ops = {
    .name = "tcg",
};

bool tcg_present(void)
{
    return false;
}

static bool absent_prepare(Object *obj, GError **error)
{
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "this vmd was built without accelerator "
                  "'tcg': " TCG_ABSENCE);
    return false;
}

static const ObjectOps absent_object = {
    .prepare = absent_prepare,
};

const TypeInfo tcg_accel_type = {
    .schema = &qmp_class_tcg_accel,
    .object = &absent_object,
    .kind = &absent_ops,
};
