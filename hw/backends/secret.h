/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `secret`: something that other objects need and nobody may see.
 */
#ifndef HW_BACKENDS_SECRET_H
#define HW_BACKENDS_SECRET_H

#include "qom/object.h"

extern const TypeInfo secret_type;

#endif
