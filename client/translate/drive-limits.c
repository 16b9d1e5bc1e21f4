/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: limits of a -drive: see drive-limits.h.
 */
#include "config.h"
#include "client/translate/drive-limits.h"

/* The limits that make a group; each has a burst and its length. */
static const struct {
    const char *key;            /* of -drive */
    const char *limit;          /* of a group, and after "throttling." */
} limits[] = {
    { "iops", "iops-total" },
    { "iops_rd", "iops-read" },
    { "iops_wr", "iops-write" },
    { "bps", "bps-total" },
    { "bps_rd", "bps-read" },
    { "bps_wr", "bps-write" },
};

/* ---- Keys ---- */

/* Moves one value, which has two keys (old may be NULL), to the group's options. */
static bool take(Plan *plan, QmpOptions *options, const char *old, const char *limit,
                 QmpOptions *group, GError **error)
{
    g_autofree char *key = g_strconcat("throttling.", limit, NULL);
    g_autofree char *path = g_strconcat("limits.", limit, NULL);

    if (old && qmp_options_get(options, old) && qmp_options_get(options, key)) {
        return plan_refuse(error, "'%s' and '%s' are the same, and exclude each other", old, key);
    }
    return (!old || plan_move(options, old, group, path, error)) &&
           plan_move(options, key, group, path, error);
}

static bool is_set(const QmpOptions *options, const char *key)
{
    const char *value = qmp_options_get(options, key);

    return value && !g_str_equal(value, "0");
}

/* A limit of 0 is none. */
static bool is_limited(const QmpOptions *options)
{
    for (gsize i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *key = g_strconcat("throttling.", limits[i].limit, NULL);

        if (is_set(options, limits[i].key) || is_set(options, key)) {
            return true;
        }
    }
    return false;
}

static bool take_all(Plan *plan, QmpOptions *options, QmpOptions *group, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *old = g_strconcat(limits[i].key, "_max", NULL);
        g_autofree char *max = g_strconcat(limits[i].limit, "-max", NULL);
        g_autofree char *length = g_strconcat(max, "-length", NULL);

        if (!take(plan, options, limits[i].key, limits[i].limit, group, error) ||
            !take(plan, options, old, max, group, error) ||
            !take(plan, options, NULL, length, group, error)) {
            return false;
        }
    }
    return take(plan, options, "iops_size", "iops-size", group, error);
}

/* The name of the group, which may have two keys; or NULL. */
static bool take_group(QmpOptions *options, char **ret, GError **error)
{
    const char *name = qmp_options_get(options, "throttling.group");
    const char *other = qmp_options_get(options, "group");

    if (name && other) {
        return plan_refuse(error, "'group' and 'throttling.group' are the same, and exclude each "
                           "other");
    }
    *ret = g_strdup(name ? name : other);
    qmp_options_remove(options, "throttling.group");
    qmp_options_remove(options, "group");
    return true;
}

/* ---- The group ---- */

static const json_t *arguments_of(const Plan *plan, guint i)
{
    return json_object_get(((TranslatedRequest *)plan->out->requests->pdata[i])->json, "arguments");
}

/* The arguments of the request for a group of that name, or NULL. */
static const json_t *find_group(const Plan *plan, const char *name)
{
    for (guint i = 0; i < plan->out->requests->len; i++) {
        const json_t *arguments = arguments_of(plan, i);
        const char *type = json_string_value(json_object_get(arguments, "qom-type"));

        if (!g_strcmp0(type, "throttle-group") &&
            !g_strcmp0(json_string_value(json_object_get(arguments, "id")), name)) {
            return arguments;
        }
    }
    return NULL;
}

/* Drives of one group have the same limits: those of the last one would count in QEMU. */
static bool add_group(Plan *plan, const char *name, QmpOptions *group, GError **error)
{
    const json_t *before = find_group(plan, name);
    guint n = plan->out->requests->len;
    bool same;

    qmp_options_set(group, "qom-type", "throttle-group");
    qmp_options_set(group, "id", name);
    if (!plan_add_options(plan, "object-add", group, NULL, error)) {
        return false;
    }
    if (before) {
        same = json_equal(before, arguments_of(plan, n));
        g_ptr_array_set_size(plan->out->requests, n);
        return same || plan_refuse(error, "drives of one group must have the same limits, and "
                                   "'%s' has others", name);
    }
    return true;
}

bool drive_add_limits(Plan *plan, QmpOptions *options, const char *name, QmpOptions *node,
                      GError **error)
{
    g_autoptr(QmpOptions) group = plan_options();
    g_autofree char *group_name = NULL;
    bool limited = is_limited(options);

    if (!take_all(plan, options, group, error) || !take_group(options, &group_name, error)) {
        return false;
    }
    if (!limited) {
        return true;
    }
    name = group_name ? group_name : name;
    return add_group(plan, name, group, error) &&
           qmp_options_add(node, "io-limits", name, 0, error);
}
