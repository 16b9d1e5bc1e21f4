/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of this folder's types.
 */
#include "config.h"
#include "kvm/types.h"

const TypeInfo *const kvm_types[] = {
    &kvm_accel_type,
    NULL,
};
