/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy: see policy.h.  The decoder's part, which knows the path of an argument,
 * is qmp_decode_judge() in decode-scalar.c.
 */
#include "config.h"
#include "qmp/policy.h"

#include "qmp/dispatch.h"
#include "qmp/error.h"

G_STATIC_ASSERT((int)QMP_MARK_UNSTABLE == (int)QMP_CLASS_UNSTABLE);
G_STATIC_ASSERT((int)QMP_MARK_DEPRECATED == (int)QMP_CLASS_DEPRECATED);
G_STATIC_ASSERT((int)QMP_MARK_UNSTABLE == (int)QMP_COMMAND_UNSTABLE);
G_STATIC_ASSERT((int)QMP_MARK_DEPRECATED == (int)QMP_COMMAND_DEPRECATED);

static const struct {
    guint32 mark;
    QmpPolicyKind kind;
    ErrorReason reason;
    const char *word;
} marks_table[] = {
    { QMP_MARK_DEPRECATED, QMP_POLICY_DEPRECATED, ERROR_REASON_DEPRECATED_INPUT, "deprecated" },
    { QMP_MARK_UNSTABLE, QMP_POLICY_UNSTABLE, ERROR_REASON_UNSTABLE_INPUT, "unstable" },
};

QmpPolicyAction qmp_policy_action(const QmpPolicy *policy, QmpPolicyKind kind)
{
    return policy ? policy->input[kind] : QMP_POLICY_ACCEPT;
}

void qmp_policy_note(const QmpPolicy *policy, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    if (policy->log) {
        policy->log(policy->opaque, message);
    }
}

bool qmp_policy_judge(const QmpPolicy *policy, guint32 marks, const char *subject,
                      GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(marks_table); i++) {
        QmpPolicyAction action = qmp_policy_action(policy, marks_table[i].kind);

        if (!(marks & marks_table[i].mark) || action == QMP_POLICY_ACCEPT) {
            continue;
        }
        if (action == QMP_POLICY_REJECT) {
            qmp_error_set(error, marks_table[i].reason, "%s is %s, and the policy rejects that",
                          subject, marks_table[i].word);
            return false;
        }
        qmp_policy_note(policy, "%s is %s", subject, marks_table[i].word);
    }
    return true;
}

bool qmp_policy_judge_property(const QmpPolicy *policy, const QmpClass *klass,
                               const QmpMember *row, GError **error)
{
    g_autofree char *subject = NULL;

    if (!policy || !(row->flags & QMP_MARKS)) {
        return true;
    }
    subject = g_strdup_printf("property '%s' of class '%s'", qmp_name(row->name), klass->name);
    return qmp_policy_judge(policy, row->flags, subject, error);
}

bool qmp_policy_judge_class(const QmpPolicy *policy, const char *name, GError **error)
{
    const QmpClassName *row = policy ? qmp_class_name_find(name) : NULL;
    const QmpClass *named = row ? qmp_class(row->klass) : NULL;
    g_autofree char *alias = NULL, *klass = NULL;

    if (!row || !((row->flags | named->flags) & QMP_MARKS)) {
        return true;
    }
    alias = g_strdup_printf("the name '%s' of class '%s'", name, named->name);
    klass = g_strdup_printf("class '%s'", named->name);
    return qmp_policy_judge(policy, row->flags, alias, error) &&
           qmp_policy_judge(policy, named->flags, klass, error);
}
