/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when the machine runs and ends: -action and its older spellings; and options
 * that need no request, or are not supported.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/typed.h"

bool option_action(Plan *plan, Item *item, GError **error)
{
    plan->action.item = item;
    return plan_move_all(item->options, plan->action.options, "", error);
}

bool option_no_reboot(Plan *plan, Item *item, GError **error)
{
    plan->action.item = item;
    return qmp_options_add(plan->action.options, "reboot", "shutdown", 0, error);
}

bool option_no_shutdown(Plan *plan, Item *item, GError **error)
{
    plan->action.item = item;
    return qmp_options_add(plan->action.options, "shutdown", "pause", 0, error);
}

bool option_watchdog_action(Plan *plan, Item *item, GError **error)
{
    plan->action.item = item;
    return qmp_options_add(plan->action.options, "watchdog", item->text, 0, error);
}

/* The reason is the row's text. */
bool option_refuse(Plan *plan, Item *item, GError **error)
{
    const char *reason = option_fate(item->row);

    if (g_str_has_prefix(reason, "refused: ")) {
        reason += strlen("refused: ");
    }
    return plan_refuse(error, "%s", reason);
}

bool option_nothing(Plan *plan, Item *item, GError **error)
{
    plan_note(plan, "%s", option_fate(item->row));
    return true;
}

/* -audio none and the like. */
bool option_only_none(Plan *plan, Item *item, GError **error)
{
    const char *what = item->text;
    g_autofree char *word = NULL;

    if (item->json && !item_json_to_options(item, error)) {
        return false;
    }
    if (item->options) {
        what = qmp_options_get(item->options, option_implied(item->row));
    } else {
        what = word = g_strndup(what, strcspn(what, ","));
    }
    if (!g_strcmp0(what, "none")) {
        plan_note(plan, "there is none");
        return true;
    }
    return plan_refuse(error, "must be none: sound is not supported");
}

bool option_overcommit(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "mem-lock", "cpu-pm", NULL };
    bool lock = false, pm = false;

    if (!plan_check_keys(item->options, known, error) ||
        !plan_take_bool(item->options, "mem-lock", &lock, error) ||
        !plan_take_bool(item->options, "cpu-pm", &pm, error)) {
        return false;
    }
    if (pm) {
        return plan_refuse(error, "'cpu-pm' must be off: the host's CPUs are shared");
    }
    if (lock) {
        plan_start(plan, START_LOCK_MEMORY, NULL, "vmd --lock-memory");
    } else {
        plan_note(plan, "memory is not locked");
    }
    plan_note(plan, "the host's CPUs sleep as usual");
    return true;
}

bool finish_late(Plan *plan, GError **error)
{
    json_t *arguments;

    if (!plan_add_monitors(plan, error)) {
        return false;
    }
    arguments = plan_typed("set-action", plan->action.options, error);
    plan->current = plan->action.item;
    if (!arguments) {
        return false;
    }
    if (json_object_size(arguments)) {
        plan_add(plan, "set-action", arguments, "what happens when the guest ends");
    } else {
        json_decref(arguments);
    }
    plan->current = NULL;
    if (!plan->asked.stopped) {
        plan_add(plan, "cont", NULL, "the machine runs, unless -S");
    }
    return true;
}
