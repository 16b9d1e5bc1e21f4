/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of this folder's types.
 */
#include "config.h"
#include "qtest/types.h"

const TypeInfo *const qtest_types[] = {
    &qtest_accel_type,
    NULL,
};
