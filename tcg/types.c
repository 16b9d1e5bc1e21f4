/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of this folder's types.
 */
#include "config.h"
#include "tcg/types.h"

const TypeInfo *const tcg_types[] = {
    &tcg_accel_type,
    NULL,
};
