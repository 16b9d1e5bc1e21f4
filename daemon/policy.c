/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object `policy`: see policy.h.
 */
#include "config.h"

#include "daemon/policy.h"

#include "daemon/vmd.h"
#include "qmp/error.h"

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

static void put(Vmd *vmd, const QmpPolicy *policy)
{
    vmd->policy.current = *policy;
    qmp_event_queue_set_hidden(vmd->events, policy->hidden);
}

static bool policy_complete(Object *obj, GError **error)
{
    Vmd *vmd = object_env(obj)->host;
    QmpPolicy policy = policy_of(obj->props);

    if (vmd->policy.object) {
        qmp_error_set_at(error, "qom-type", ERROR_REASON_ID_IN_USE,
                         "there is a policy already: '%s'", vmd->policy.object->name);
        return false;
    }
    vmd->policy.object = obj;
    put(vmd, &policy);
    return true;
}

static void policy_dismantle(Object *obj)
{
    Vmd *vmd = object_env(obj)->host;
    const QmpPolicy none = { .log = NULL };

    vmd->policy.object = NULL;
    put(vmd, &none);
}

static bool policy_changed(Object *obj, const QmpMember *member, GError **error)
{
    QmpPolicy policy = policy_of(obj->props);

    put(object_env(obj)->host, &policy);
    return true;
}

static const ObjectOps policy_ops = {
    .complete = policy_complete,
    .dismantle = policy_dismantle,
    .changed = policy_changed,
};

static const TypeInfo policy_type = {
    .schema = &qmp_class_policy,
    .object = &policy_ops,
};

const TypeInfo *const daemon_types[] = {
    &policy_type,
    NULL,
};
