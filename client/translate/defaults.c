/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's defaults for properties of its devices: -global, -rtc.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "client/translate/typed.h"
#include "qmp/nearest.h"
#include "qmp/qapi-types-object.h"
#include "qmp/text.h"

static bool no_class(const char *name, GError **error)
{
    g_autofree char *quoted = qmp_text_quote(name), *hint = NULL;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < qmp_n_classes; i++) {
        if (qmp_class_is_a(qmp_classes[i], &qmp_class_device)) {
            qmp_nearest_add(&nearest, qmp_classes[i]->name);
        }
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_CLASS_NOT_FOUND, "there is no class %s%s", quoted, hint);
    return false;
}

static bool no_property(const QmpClass *klass, const char *name, GError **error)
{
    g_autofree char *quoted = qmp_text_quote(name), *hint = NULL;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < klass->props->n_members; i++) {
        qmp_nearest_add(&nearest, qmp_name(qmp_members(klass->props)[i].name));
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_PROPERTY_NOT_FOUND, "class '%s' has no property %s%s",
                  klass->name, quoted, hint);
    return false;
}

/* position: of the value in the option, or 0. */
static bool add_default(Plan *plan, const char *driver, const char *property, const char *text,
                        guint position, GError **error)
{
    const QmpClass *klass = qmp_class_find(driver);
    const QmpMember *member = klass ? qmp_class_member(klass, property) : NULL;
    json_t *value;

    if (!klass || !member) {
        return klass ? no_property(klass, property, error) : no_class(driver, error);
    }
    value = typed_from_text(member, text, error);
    if (!value) {
        g_prefix_error(error, "'%s': ", property);
        if (position) {
            g_prefix_error(error, "at position %u: ", position);
        }
        return false;
    }
    json_array_append_new(plan->machine.defaults,
                          json_pack("{s:s, s:s, s:o}", "driver", klass->name,
                                    "property", property, "value", value));
    return true;
}

static bool add_named_default(Plan *plan, const QmpOptions *options, GError **error)
{
    const char *driver = qmp_options_get(options, "driver");
    const char *property = qmp_options_get(options, "property");
    const char *value = qmp_options_get(options, "value");

    if (!driver || !property || !value) {
        qmp_error_set(error, ERROR_REASON_SYNTAX,
                      "must be DRIVER.PROPERTY=VALUE, or driver=,property=,value=");
        return false;
    }
    return add_default(plan, driver, property, value, qmp_options_position(options, "value"),
                       error);
}

/* driver.property=value, or the three by name; a file has a group for them. */
bool option_global(Plan *plan, Item *item, GError **error)
{
    g_autoptr(QmpOptions) options = NULL;
    const char *dot = strchr(item->text, '.'), *equals = strchr(item->text, '=');

    if (item->options) {
        return add_named_default(plan, item->options, error);
    }
    if (dot && equals && dot < equals && !strchr(item->text, ',')) {
        g_autofree char *name = g_strndup(item->text, dot - item->text);
        g_autofree char *key = g_strndup(dot + 1, equals - dot - 1);

        return add_default(plan, name, key, equals + 1, equals + 2 - item->text, error);
    }
    options = qmp_options_parse(item->text, NULL, QMP_OPTIONS_FLAT, error);
    return options && add_named_default(plan, options, error);
}

/* A key of -rtc is a property of the clock. */
static bool add_clock_default(Plan *plan, const QmpOptions *options, const char *key,
                              const char *property, GError **error)
{
    const char *value = qmp_options_get(options, key);

    if (g_strcmp0(key, "driftfix") == 0 && g_strcmp0(value, "none") == 0) {
        value = "discard";
    }
    return !value || add_default(plan, "mc146818rtc", property, value,
                                 qmp_options_position(options, key), error);
}

bool option_rtc(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "base", "clock", "driftfix", NULL };

    return plan_check_keys(item->options, known, error) &&
           add_clock_default(plan, item->options, "base", "base", error) &&
           add_clock_default(plan, item->options, "clock", "clock", error) &&
           add_clock_default(plan, item->options, "driftfix", "lost_tick_policy", error);
}
