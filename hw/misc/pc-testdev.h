/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pc-testdev: a device for test suites of CPUs.
 */
#ifndef HW_MISC_PC_TESTDEV_H
#define HW_MISC_PC_TESTDEV_H

#include "qom/object.h"

extern const TypeInfo pc_testdev_type;

#endif
