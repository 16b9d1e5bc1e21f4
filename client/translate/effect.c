/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that have no effect without another option.  Without it they are errors, because the
 * user would not get what the option asks for.
 */
#include "config.h"
#include "client/translate/plan.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/qapi-types-pc.h"

#include <string.h>

/* ---- Properties of the machine, as they are sent ---- */

static bool no_effect(GError **error, const char *path, const char *why)
{
    qmp_error_set_at(error, path, ERROR_REASON_INVALID_VALUE, "'%s' has no effect %s", path, why);
    return false;
}

static bool check_kernel(const json_t *arguments, GError **error)
{
    static const char *const for_kernel[] = { "append", "initrd" };

    if (json_object_get(arguments, "kernel")) {
        return !json_object_get(arguments, "firmware") ||
               no_effect(error, "firmware", "with a kernel, which is started without firmware");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(for_kernel); i++) {
        if (json_object_get(arguments, for_kernel[i])) {
            return no_effect(error, for_kernel[i], "without a kernel");
        }
    }
    return true;
}

static bool check_boot(const json_t *boot, GError **error)
{
    static const char *const of_menu[] = { "splash", "splash-time" };

    for (gsize i = 0; i < G_N_ELEMENTS(of_menu); i++) {
        g_autofree char *path = g_strconcat("boot.", of_menu[i], NULL);

        if (json_object_get(boot, of_menu[i]) && !json_is_true(json_object_get(boot, "menu"))) {
            return no_effect(error, path, "without menu=on");
        }
    }
    return true;
}

bool plan_check_machine(const json_t *arguments, GError **error)
{
    return check_kernel(arguments, error) && check_boot(json_object_get(arguments, "boot"), error);
}

/* ---- What the machine type has not ---- */

static const struct {
    OptionHandler *handle;
    const QmpClass *needs;
    const char *what;
} needs[] = {
    { option_smbios, &qmp_class_generic_pc_machine, "SMBIOS tables" },
    { option_fw_cfg, &qmp_class_x86_machine, "firmware configuration device" },
    { option_rtc, &qmp_class_x86_machine, "clock" },
};

static bool check_needs(Plan *plan, Item *item, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(needs); i++) {
        if (item->row->handle == needs[i].handle &&
            !qmp_class_is_a(plan->machine.klass, needs[i].needs)) {
            plan->current = item;
            return plan_refuse(error, "has no effect: machine '%.*s' has no %s",
                               (int)(strlen(plan->machine.klass->name) - strlen("-machine")),
                               plan->machine.klass->name, needs[i].what);
        }
    }
    return true;
}

bool plan_check_options(Plan *plan, GError **error)
{
    for (guint i = 0; i < plan->items->len; i++) {
        if (!check_needs(plan, plan->items->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

/* ---- Memory ---- */

/* The empty machine has memory only if a size is given. */
bool plan_check_no_memory(Plan *plan, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(plan->memory.options);

    if (!keys->len) {
        return true;
    }
    for (guint i = 0; i < plan->items->len; i++) {
        const Item *item = plan->items->pdata[i];

        if (item->row->handle == option_mem_path || item->row->handle == option_mem_prealloc) {
            plan->current = item;
        }
    }
    return plan_refuse(error, "options about memory have no effect: machine 'none' has none "
                       "without -m");
}
