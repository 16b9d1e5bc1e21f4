/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of this folder's types, parents first.  CPU models are only data.
 */
#include "config.h"
#include "cpu/types.h"

const TypeInfo *const cpu_types[] = {
    &accel_type,
    &cpu_type,
    &x86_cpu_type,
    NULL,
};
