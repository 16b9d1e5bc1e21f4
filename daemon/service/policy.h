/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object `policy`: tells the dispatcher and the event queue how to treat input
 * and output with marks in the schema (qmp/policy.h).
 *
 * The dispatcher reads Policy.current, which the object sets while it exists: Env.policy of
 * its tree points to that of a Policy.
 */
#ifndef DAEMON_SERVICE_POLICY_H
#define DAEMON_SERVICE_POLICY_H

#include "qmp/policy.h"
#include "qom/object.h"

typedef struct {
    QmpPolicy current;
    guint max_objects;
    Object *object;             /* its origin, or NULL: all is accepted */
} Policy;

extern const TypeInfo policy_type;

/* The policy without an object. */
void policy_init(Policy *policy);

/* The policy that an object with these props (PolicyProps) stands for. */
QmpPolicy policy_of(const void *props);

#endif
