/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator: -accel, -enable-kvm, and the keys of -machine about it.  A single one is
 * requested directly; with several, or none, the daemon takes the first that works on its host,
 * which may differ from this host.
 */
#include "config.h"
#include "client/translate/plan.h"

#include "client/translate/typed.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/visit.h"

/* A candidate. */
typedef struct {
    const Item *item;           /* the option that named it, or NULL */
    char *name;                 /* as given */
    const QmpClass *klass;      /* NULL: unknown name */
    QmpOptions *options;
} Choice;

static void choice_free(gpointer data)
{
    Choice *choice = data;

    g_free(choice->name);
    qmp_options_free(choice->options);
    g_free(choice);
}

GPtrArray *accel_choices_new(void)
{
    return g_ptr_array_new_with_free_func(choice_free);
}

/* "tcg" is the accelerator's class `tcg-accel`. */
static const QmpClass *find_accel(const char *name)
{
    g_autofree char *full = g_strconcat(name, "-accel", NULL);
    const QmpClass *klass = qmp_class_find(full);

    return klass && qmp_class_is_a(klass, &qmp_class_accel) ? klass : NULL;
}

/* Adds all names of a list separated by colons. */
static void add_choices(GPtrArray *choices, const char *list, const Item *item)
{
    g_auto(GStrv) names = g_strsplit(list, ":", -1);

    for (guint i = 0; names[i]; i++) {
        Choice *choice = g_new(Choice, 1);

        *choice = (Choice){ .item = item, .name = g_strdup(names[i]),
                            .klass = find_accel(names[i]), .options = plan_options() };
        g_ptr_array_add(choices, choice);
    }
}

static bool any_there(const GPtrArray *choices)
{
    for (guint i = 0; i < choices->len; i++) {
        if (((const Choice *)choices->pdata[i])->klass) {
            return true;
        }
    }
    return false;
}

/* ---- Collecting ---- */

static bool add_key(Choice *choice, const QmpOptions *from, const char *key, GError **error)
{
    return qmp_options_add(choice->options, key, qmp_options_get(from, key),
                           qmp_options_position(from, key), error);
}

/* A property given to several accelerators together goes to those that have it; if none has
 * it, it goes to the first, which reports the error. */
static bool share_key(GPtrArray *choices, guint first, const QmpOptions *from, const char *key,
                      GError **error)
{
    bool taken = false;

    for (guint i = first; i < choices->len; i++) {
        Choice *choice = choices->pdata[i];

        if (choice->klass && qmp_class_member(choice->klass, key)) {
            taken = true;
            if (!add_key(choice, from, key, error)) {
                return false;
            }
        }
    }
    return taken || add_key(choices->pdata[first], from, key, error);
}

bool option_accel(Plan *plan, Item *item, GError **error)
{
    const char *name = qmp_options_get(item->options, "accel");
    g_autoptr(GPtrArray) keys = plan_keys(item->options);
    guint first = plan->accel.choices->len;

    if (!name) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "must name an accelerator");
        return false;
    }
    add_choices(plan->accel.choices, name, item);
    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];

        if (!g_str_equal(key, "accel") &&
            !share_key(plan->accel.choices, first, item->options, key, error)) {
            return false;
        }
    }
    return true;
}

bool option_tb_size(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->accel.options, "tb-size", item->text);
    return true;
}

/* The accelerators of a later -machine replace those of an earlier one. */
void plan_set_machine_accel(Plan *plan, const char *list, const Item *item)
{
    g_ptr_array_set_size(plan->accel.machine_choices, 0);
    add_choices(plan->accel.machine_choices, list, item);
}

bool option_enable_kvm(Plan *plan, Item *item, GError **error)
{
    plan_set_machine_accel(plan, "kvm", item);
    return true;
}

/* ---- Choosing ---- */

static const Item *find_qtest(const Plan *plan)
{
    for (guint i = 0; i < plan->items->len; i++) {
        const Item *item = plan->items->pdata[i];

        if (item->row->handle == option_qtest) {
            return item;
        }
    }
    return NULL;
}

/* With a qtest client, the default is that nothing else drives the machine. */
static void add_default(Plan *plan)
{
    const Item *qtest = find_qtest(plan);

    add_choices(plan->accel.choices, qtest ? "qtest" : "kvm:tcg", qtest);
}

/* -machine takes precedence over -accel. */
static GPtrArray *choose(Plan *plan)
{
    const AccelPlan *accel = &plan->accel;

    if (!any_there(accel->machine_choices)) {
        return accel->choices->len || !accel->machine_choices->len ? accel->choices
                                                                   : accel->machine_choices;
    }
    for (guint i = 0; i < accel->choices->len; i++) {
        const Choice *choice = accel->choices->pdata[i];

        plan->current = choice->item;
        plan_note(plan, "-machine names the accelerator");
    }
    return accel->machine_choices;
}

/* Removes names of unknown accelerators; returns a note about them, or NULL. */
static char *drop_absent(GPtrArray *choices)
{
    char *why = NULL;

    for (guint i = 0; i < choices->len;) {
        const Choice *choice = choices->pdata[i];

        if (choice->klass) {
            i++;
            continue;
        }
        if (!why) {
            why = g_strdup_printf("there is no accelerator '%s'", choice->name);
        }
        g_ptr_array_remove_index(choices, i);
    }
    return why;
}

static bool check_any(Plan *plan, const GPtrArray *choices, GError **error)
{
    const Choice *first = choices->pdata[0];

    if (any_there(choices)) {
        return true;
    }
    plan->current = first->item;
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                  "there is no accelerator '%s'; there are: kvm, qtest, tcg", first->name);
    return false;
}

/* A property from other options, such as `kernel-irqchip` of -machine, goes to those that have it
 * and were not given their own. */
static bool move_property(Plan *plan, GPtrArray *choices, const char *key, GError **error)
{
    /* With `off`, an accelerator without such controllers fulfils it anyway. */
    bool taken = g_str_equal(key, "kernel-irqchip") &&
                 g_strcmp0(qmp_options_get(plan->accel.options, key), "off") == 0;

    for (guint i = 0; i < choices->len; i++) {
        Choice *choice = choices->pdata[i];

        if (qmp_class_member(choice->klass, key)) {
            taken = true;
            if (!qmp_options_get(choice->options, key) &&
                !add_key(choice, plan->accel.options, key, error)) {
                return false;
            }
        }
    }
    if (!taken) {
        plan->current = ((const Choice *)choices->pdata[0])->item;
        qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND,
                      "accelerator '%s' has no property '%s'",
                      ((const Choice *)choices->pdata[0])->name, key);
    }
    return taken;
}

static bool move_properties(Plan *plan, GPtrArray *choices, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(plan->accel.options);

    for (guint i = 0; i < keys->len; i++) {
        if (!move_property(plan, choices, keys->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

/* ---- The request ---- */

static json_t *options_of(Plan *plan, const Choice *choice, GError **error)
{
    json_t *json;

    plan->current = choice->item;
    if (!qmp_options_add(choice->options, "qom-type", choice->klass->name, 0, error)) {
        return NULL;
    }
    json = typed_from_options(&qmp_type_AccelOptions, choice->options, error);
    if (!json) {
        plan_place_error(choice->options, error);
    }
    return json;
}

/* The request for the first of several that works; its id is that of any of them. */
static bool add_any(Plan *plan, const GPtrArray *choices, const char *why, GError **error)
{
    json_t *any = json_pack("{s:s}", "qom-type", qmp_class_any_accel.name);
    json_t *list = json_array();

    for (guint i = 0; i < choices->len; i++) {
        const Choice *choice = choices->pdata[i];
        const char *id = qmp_options_get(choice->options, "id");
        json_t *options;

        if (id) {
            json_object_set_new(any, "id", json_string(id));
            qmp_options_remove(choice->options, "id");
        }
        options = options_of(plan, choice, error);
        if (!options) {
            json_decref(any);
            json_decref(list);
            return false;
        }
        json_array_append_new(list, options);
    }
    json_object_set_new(any, "accelerators", list);
    plan->current = ((const Choice *)choices->pdata[0])->item;
    plan_add(plan, "object-add", any, why);
    return true;
}

static bool add_one(Plan *plan, const Choice *choice, const char *why, GError **error)
{
    plan->current = choice->item;
    return qmp_options_add(choice->options, "qom-type", choice->klass->name, 0, error) &&
           plan_add_options(plan, "object-add", choice->options, why, error);
}

/* The request if no accelerator was named. */
static void add_any_at_all(Plan *plan)
{
    plan->current = NULL;
    plan_add(plan, "object-add", json_pack("{s:s}", "qom-type", qmp_class_any_accel.name),
             "KVM where it works, otherwise a CPU in software");
}

static bool add_choices_request(Plan *plan, GPtrArray *choices, GError **error)
{
    g_autofree char *why = NULL;

    if (!check_any(plan, choices, error)) {
        return false;
    }
    why = drop_absent(choices);
    if (!move_properties(plan, choices, error)) {
        return false;
    }
    return choices->len > 1 ? add_any(plan, choices, why, error)
                            : add_one(plan, choices->pdata[0], why, error);
}

bool finish_accel(Plan *plan, GError **error)
{
    g_autoptr(GPtrArray) properties = plan_keys(plan->accel.options);
    GPtrArray *choices;

    if (!plan_add_policy(plan, error)) {
        return false;
    }
    choices = choose(plan);
    if (!choices->len && !properties->len && !find_qtest(plan)) {
        add_any_at_all(plan);
        return true;
    }
    if (!choices->len) {
        add_default(plan);
        choices = plan->accel.choices;
    }
    return add_choices_request(plan, choices, error);
}
