/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build: checks the requirements of a list that none of its requests fulfils, and applies a
 * policy in it to the rest; then daemon/machine/build.c executes it.
 */
#include "config.h"

#include <string.h>

#include "daemon/machine/build.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qmp/qapi-types-policy.h"
#include "qmp/request.h"

/* Whether an object of the list has a value for "ID.PROPERTY", which query-config left out. */
static bool has_secret(const BuildRequestList *list, const char *name)
{
    const char *dot = strrchr(name, '.');

    for (gsize i = 0; dot && i < list->n; i++) {
        const ObjectOptions *options = list->items[i]->u.object_add.arguments;
        const QmpMember *member;

        if (list->items[i]->execute != BUILD_COMMAND_OBJECT_ADD || !options->id ||
            strlen(options->id) != (gsize)(dot - name) ||
            strncmp(options->id, name, dot - name) != 0) {
            continue;
        }
        member = qmp_class_member(options->qom_type, dot + 1);
        return member && qmp_given(options->given, member - qmp_members(options->qom_type->props));
    }
    return false;
}

static bool check_requirement(const Vmd *vmd, const BuildArgs *args,
                              const ConfigRequirement *requirement, GError **error)
{
    const char *name = requirement->name;

    switch (requirement->kind) {
    case CONFIG_REQUIREMENT_KIND_FD:
        if (!fd_table_has(vmd->fds, vmd->client, name)) {
            qmp_error_set_at(error, "name", ERROR_REASON_FD_NOT_FOUND,
                             "no descriptor was passed under the name '%s'", name);
            return false;
        }
        break;
    case CONFIG_REQUIREMENT_KIND_SECRET:
        if (!has_secret(&args->requests, name)) {
            qmp_error_set_at(error, "name", ERROR_REASON_PROPERTY_MISSING,
                             "no object of the list has a value for '%s', which is never shown "
                             "and has to be added", name);
            return false;
        }
        break;
    case CONFIG_REQUIREMENT_KIND__MAX:
        break;
    }
    return true;
}

static bool check_requirements(const Vmd *vmd, const BuildArgs *args, GError **error)
{
    for (gsize i = 0; i < args->requires.n; i++) {
        if (!check_requirement(vmd, args, args->requires.items[i], error)) {
            g_autofree char *index = g_strdup_printf("[%" G_GSIZE_FORMAT "]", i);

            qmp_error_prefix_path(error ? *error : NULL, index);
            qmp_error_prefix_path(error ? *error : NULL, "requires");
            return false;
        }
    }
    return true;
}

/* A policy that the list makes applies to the requests after it. */
static bool judge_list(const QmpRequest *req, const BuildRequestList *list, GError **error)
{
    for (gsize i = 0; i < list->n; i++) {
        const ObjectOptions *options;
        QmpPolicy policy;

        if (list->items[i]->execute != BUILD_COMMAND_OBJECT_ADD) {
            continue;
        }
        options = list->items[i]->u.object_add.arguments;
        if (options->qom_type != &qmp_class_policy) {
            continue;
        }
        policy = policy_of(options->props);
        if (!qmp_request_judge(req, "requests", i + 1, &policy, error)) {
            return false;
        }
    }
    return true;
}

void qmp_build(QmpRequest *req, BuildArgs *args)
{
    const Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;

    if (check_requirements(vmd, args, &error) && judge_list(req, &args->requests, &error)) {
        build_start(req, args);
    } else {
        qmp_request_fail(req, error);
    }
}
