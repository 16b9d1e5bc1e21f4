/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `qtest`: a client of a chardev drives the machine in the guest's place,
 * by QEMU's qtest protocol.
 */
#ifndef HW_QTEST_QTEST_H
#define HW_QTEST_QTEST_H

#include "qom/object.h"

extern const TypeInfo qtest_type;

#endif
