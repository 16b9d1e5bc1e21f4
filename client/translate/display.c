/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -display and -curses: where a person sees the screen.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

bool option_curses(Plan *plan, Item *item, GError **error)
{
    plan_start(plan, START_CURSES, NULL, "'vmctl run' shows the screen's text, and so does "
               "'vmctl screen'");
    return true;
}

/* -display vnc=... is -vnc. */
bool option_display(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "type", NULL };
    const char *type;

    if (item->json && !item_json_to_options(item, error)) {
        return false;
    }
    type = qmp_options_get(item->options, "type");
    if (!type && qmp_options_get(item->options, "vnc")) {
        return option_vnc(plan, item, error);
    }
    if (!g_strcmp0(type, "none")) {
        plan_note(plan, "there is none");
        return true;
    }
    if (!g_strcmp0(type, "curses")) {
        return plan_check_keys(item->options, known, error) && option_curses(plan, item, error);
    }
    return plan_refuse(error, "must be none, curses or vnc=...: vmd has no window");
}
