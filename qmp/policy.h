/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy: how deprecated, unstable and lenient input is treated, and which output
 * is hidden.
 *
 *   deprecated, unstable   commands, arguments, properties, enum values, classes and
 *                          aliases that the schema marks so
 *   lenient                a string for a bool or a number, null for a string, where
 *                          a command takes that (device_add)
 *
 * The host of the dispatcher owns one and may change it at any time (QmpDispatch);
 * the decoder gets it in QmpInput.  NULL and a zeroed policy accept everything.
 */
#ifndef QMP_POLICY_H
#define QMP_POLICY_H

#include "qmp/type.h"

/* Marks of commands, members, enum values and classes have the same bits. */
enum {
    QMP_MARK_UNSTABLE   = QMP_MEMBER_UNSTABLE,
    QMP_MARK_DEPRECATED = QMP_MEMBER_DEPRECATED,
    QMP_MARKS           = QMP_MARK_UNSTABLE | QMP_MARK_DEPRECATED,
};

typedef enum {
    QMP_POLICY_ACCEPT,
    QMP_POLICY_REJECT,          /* reasons deprecated-input, unstable-input, lenient-input */
    QMP_POLICY_LOG,             /* accept, and log */
} QmpPolicyAction;

typedef enum {
    QMP_POLICY_DEPRECATED,
    QMP_POLICY_UNSTABLE,
    QMP_POLICY_LENIENT,
    QMP_POLICY_KINDS,
} QmpPolicyKind;

typedef struct QmpPolicy {
    QmpPolicyAction input[QMP_POLICY_KINDS];
    guint32 hidden;             /* QMP_MARK_*: members, events and parts of the schema
                                 * that are left out of output */
    void (*log)(void *opaque, const char *message);     /* NULL: no log */
    void *opaque;
} QmpPolicy;

/* What a policy (NULL: the default) does with this kind of input. */
QmpPolicyAction qmp_policy_action(const QmpPolicy *policy, QmpPolicyKind kind);

/* Writes to the policy's log. */
void qmp_policy_note(const QmpPolicy *policy, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Judges something with these marks: true if it passes.  `subject` names it and begins
 * the message, which continues with "is deprecated": "command 'x'".
 */
bool qmp_policy_judge(const QmpPolicy *policy, guint32 marks, const char *subject,
                      GError **error);

/* The same for a property with this row. */
bool qmp_policy_judge_property(const QmpPolicy *policy, const QmpClass *klass,
                               const QmpMember *row, GError **error);

/* The same for the name of a class, which may be an alias with marks of its own; a name
 * of no class passes. */
bool qmp_policy_judge_class(const QmpPolicy *policy, const char *name, GError **error);

#endif
