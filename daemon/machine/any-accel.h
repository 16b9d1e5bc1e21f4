/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The choice of an accelerator: object-add of class `any-accel`.
 */
#ifndef DAEMON_MACHINE_ANY_ACCEL_H
#define DAEMON_MACHINE_ANY_ACCEL_H

#include "qmp/dispatch.h"
#include "qom/object.h"

typedef struct AnyAccelProps AnyAccelProps;

typedef struct Vmd Vmd;

/*
 * Makes the first accelerator of props (of which it takes ownership) that works,
 * as parent's child `name` (borrowed), and ends req; if none works, with
 * no-accelerator and the reason for each.  Main loop, with the lock held; may
 * continue on the pool.
 */
void any_accel_make(Vmd *vmd, QmpRequest *req, Object *parent, const char *name,
                    AnyAccelProps *props);

#endif
