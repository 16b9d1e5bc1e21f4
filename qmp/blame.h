/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which argument an error blames, as the client sees it.
 *
 * Code that refuses a value knows it by the name of a property or member.
 * Usually the request uses the same name; but a value can also come from a
 * machine type or from a default, and then the request has no such argument.
 * Private to qmp/.
 */
#ifndef QMP_BLAME_H
#define QMP_BLAME_H

#include "qmp/visit.h"

/*
 * Removes the path of an error if it leads to nothing in the arguments (a node
 * with the input operations ops; NULL: the request had none).  The path of an
 * error with reason property-missing names an absent member: its parent must
 * exist.
 */
void qmp_blame_check(GError *error, const QmpInputOps *ops, const void *node);

#endif
