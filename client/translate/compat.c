/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -compat: how deprecated and unstable input is handled becomes an object `policy`, made first.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/typed.h"

/* As in QEMU the last one replaces earlier ones completely. */
bool option_compat(Plan *plan, Item *item, GError **error)
{
    if (plan->objects.compat) {
        plan_note(plan, "replaces '%s'", plan->objects.compat->origin);
    }
    plan->objects.compat = item;
    return true;
}

static bool refuse_crash(const QmpOptions *options, GError **error)
{
    static const char *const keys[] = { "deprecated-input", "unstable-input" };

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (g_strcmp0(qmp_options_get(options, keys[i]), "crash") == 0) {
            return plan_refuse(error, "no input ends the daemon: '%s' may be accept, reject or "
                               "log", keys[i]);
        }
    }
    return true;
}

bool plan_add_policy(Plan *plan, GError **error)
{
    Item *item = plan->objects.compat;
    g_autoptr(QmpOptions) options = plan_options();
    g_autofree char *id = NULL;

    if (!item) {
        return true;
    }
    plan->current = item;
    id = plan_unique_id(plan, "policy");
    return (item->json ? typed_to_options(item->json, options, error)
                       : plan_move_all(item->options, options, "", error)) &&
           refuse_crash(options, error) &&
           qmp_options_add(options, "qom-type", "policy", 0, error) &&
           qmp_options_add(options, "id", id, 0, error) &&
           plan_add_options(plan, "object-add", options, NULL, error);
}
