/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object `policy`: see policy.h.
 */
#include "config.h"

#include "daemon/service/policy.h"

#include "qmp/error.h"
#include "qmp/event.h"
#include "qmp/qapi-types-policy.h"
#include "qmp/visit.h"
#include "qom/env.h"

static void log_input(void *opaque, const char *message)
{
    g_message("policy: %s", message);
}

static QmpPolicyAction action(PolicyInput input)
{
    switch (input) {
    case POLICY_INPUT_REJECT:
        return QMP_POLICY_REJECT;
    case POLICY_INPUT_LOG:
        return QMP_POLICY_LOG;
    default:
        return QMP_POLICY_ACCEPT;
    }
}

QmpPolicy policy_of(const void *opaque)
{
    const PolicyProps *props = opaque;
    QmpPolicy policy = {
        .input[QMP_POLICY_DEPRECATED] = action(props->deprecated_input),
        .input[QMP_POLICY_UNSTABLE] = action(props->unstable_input),
        .input[QMP_POLICY_LENIENT] = action(props->lenient_input),
        .log = log_input,
    };

    if (props->deprecated_output == POLICY_OUTPUT_HIDE) {
        policy.hidden |= QMP_MARK_DEPRECATED;
    }
    if (props->unstable_output == POLICY_OUTPUT_HIDE) {
        policy.hidden |= QMP_MARK_UNSTABLE;
    }
    return policy;
}

void policy_init(Policy *policy)
{
    PolicyProps *props = qmp_new_props(&qmp_class_policy);

    *policy = (Policy){ .max_objects = props->max_objects };
    qmp_clear(qmp_class_policy.props, &props);
}

/* The policy that the dispatcher of the object's tree uses. */
static Policy *policy_for(Object *obj)
{
    return (Policy *)((char *)object_env(obj)->policy - G_STRUCT_OFFSET(Policy, current));
}

static void put(Object *obj)
{
    Policy *policy = policy_for(obj);
    const PolicyProps *props = obj->props;

    policy->current = policy_of(props);
    policy->max_objects = props->max_objects;
    qmp_event_queue_set_hidden(object_env(obj)->events, policy->current.hidden);
}

static bool policy_complete(Object *obj, GError **error)
{
    Policy *policy = policy_for(obj);

    if (policy->object) {
        qmp_error_set_at(error, "qom-type", ERROR_REASON_ID_IN_USE,
                         "there is a policy already: '%s'", policy->object->name);
        return false;
    }
    policy->object = obj;
    put(obj);
    return true;
}

static void policy_dismantle(Object *obj)
{
    policy_init(policy_for(obj));
    qmp_event_queue_set_hidden(object_env(obj)->events, 0);
}

static bool policy_changed(Object *obj, const QmpMember *member, GError **error)
{
    put(obj);
    return true;
}

static const ObjectOps policy_ops = {
    .complete = policy_complete,
    .dismantle = policy_dismantle,
    .changed = policy_changed,
};

const TypeInfo policy_type = {
    .schema = &qmp_class_policy,
    .object = &policy_ops,
};
