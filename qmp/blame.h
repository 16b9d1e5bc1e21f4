/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which argument an error blames, as the client sees it.
 *
 * Code that refuses a value knows it by the name of a property or member.  Most
 * of the time that is what the request calls it, too; but a value can also come
 * from a machine type or from a default, and then the request has no such
 * argument.  Private to qmp/.
 */
#ifndef QMP_BLAME_H
#define QMP_BLAME_H

#include "qmp/visit.h"

/*
 * Takes the path off an error if it leads to nothing in the arguments (node of
 * input operations ops, NULL: the request had none).  What an error with reason
 * property-missing misses is not there, of course: it must be a member of
 * something that is.
 */
void qmp_blame_check(GError *error, const QmpInputOps *ops, const void *node);

#endif
