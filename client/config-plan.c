/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See config-plan.h.  Each entry gets a fate; what names a replaced entry is replaced with it.
 */
#include "config.h"
#include "client/config-plan.h"

#include "client/translate/typed.h"
#include "qmp/error.h"

typedef enum {
    FATE_SAME,
    FATE_SET,                   /* properties are set while it runs */
    FATE_REPLACE,
    FATE_REMOVE,
} Fate;

typedef struct {
    const ConfigEntries *there, *wanted;
    bool cold;
    Fate *fates;                /* of what is there */
    ConfigPlan *plan;
} Work;

static ConfigEntry *nth(const ConfigEntries *entries, guint i)
{
    return entries->entries->pdata[i];
}

static const ConfigEntry *wanted_for(const Work *work, const ConfigEntry *there)
{
    return g_hash_table_lookup(work->wanted->by_key, there->key);
}

G_GNUC_PRINTF(2, 3)
static void note(GPtrArray *lines, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    g_ptr_array_add(lines, g_strdup_vprintf(format, list));
    va_end(list);
}

/* ---- Fates ---- */

static bool can_be_set(const ConfigEntry *entry, const char *name)
{
    const QmpMember *row = entry->klass->props ? qmp_class_member(entry->klass, name) : NULL;

    return row && (row->flags & QMP_MEMBER_RUN);
}

static void note_differences(Work *work, const ConfigEntry *there, const ConfigEntry *wanted,
                             const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++) {
        const json_t *before = json_object_get(there->complete, names->pdata[i]);
        g_autofree char *old = before ? json_dumps(before, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        g_autofree char *new = json_dumps(json_object_get(wanted->complete, names->pdata[i]),
                                          JSON_ENCODE_ANY | JSON_COMPACT);

        note(work->plan->changes, "~ %s: %s %s -> %s", there->key, (char *)names->pdata[i],
             old ? old : "(none)", new);
    }
}

static Fate decide(Work *work, const ConfigEntry *there)
{
    const ConfigEntry *wanted = wanted_for(work, there);
    g_autoptr(GPtrArray) names = NULL;

    if (!wanted) {
        note(work->plan->changes, "- %s", there->key);
        return FATE_REMOVE;
    }
    if (wanted->klass != there->klass) {
        note(work->plan->changes, "~ %s: %s -> %s", there->key, there->klass->name,
             wanted->klass->name);
        return FATE_REPLACE;
    }
    names = config_entry_differences(there, wanted);
    note_differences(work, there, wanted, names);
    for (guint i = 0; i < names->len; i++) {
        if (!can_be_set(there, names->pdata[i])) {
            return FATE_REPLACE;
        }
    }
    return names->len ? FATE_SET : FATE_SAME;
}

static bool goes(Fate fate)
{
    return fate == FATE_REPLACE || fate == FATE_REMOVE;
}

/* Whether it names something that goes. */
static bool loses_target(const Work *work, guint i)
{
    for (guint k = 0; k < work->there->entries->len; k++) {
        if (goes(work->fates[k]) && config_entry_refers(nth(work->there, i), nth(work->there, k))) {
            return true;
        }
    }
    return false;
}

static void spread(Work *work)
{
    bool more = true;

    while (more) {
        more = false;
        for (guint i = 0; i < work->there->entries->len; i++) {
            if (!goes(work->fates[i]) && loses_target(work, i)) {
                work->fates[i] = FATE_REPLACE;
                more = true;
            }
        }
    }
}

/* ---- What cannot be done ---- */

static bool is_device(const ConfigEntry *entry)
{
    return entry->klass->flags & QMP_CLASS_DEVICE;
}

/* Why it cannot come or go; NULL: it can. */
static const char *find_obstacle(const Work *work, const ConfigEntry *entry, bool removed)
{
    if (entry->place->single) {
        return "it is the machine itself";
    }
    if (is_device(entry) && !work->cold && entry->klass->plug != QMP_PLUG_HOT) {
        return "such a device cannot be plugged or unplugged while the machine runs";
    }
    return removed && !entry->id ? "it has no id by which it could be removed" : NULL;
}

static void check(Work *work, const ConfigEntry *entry, bool removed)
{
    const char *why = find_obstacle(work, entry, removed);

    if (why) {
        note(work->plan->blocked, "%s: %s", entry->key, why);
    }
}

/* ---- Steps ---- */

/* Takes ownership of arguments. */
static void add_step(Work *work, const char *command, json_t *arguments)
{
    g_ptr_array_add(work->plan->steps, json_pack("{s:s, s:o}", "execute", command,
                                                 "arguments", arguments));
}

static void remove_entries(Work *work)
{
    for (guint i = work->there->entries->len; i-- > 0;) {
        const ConfigEntry *entry = nth(work->there, i);

        if (!goes(work->fates[i])) {
            continue;
        }
        check(work, entry, true);
        if (entry->id && entry->place->remove) {
            add_step(work, entry->place->remove, json_pack("{s:s}", entry->place->id, entry->id));
        }
    }
}

static void set_properties(Work *work, const ConfigEntry *there)
{
    const ConfigEntry *wanted = wanted_for(work, there);
    g_autoptr(GPtrArray) names = config_entry_differences(there, wanted);

    for (guint i = 0; i < names->len; i++) {
        add_step(work, "qom-set", json_pack("{s:s, s:s, s:O}", "path", there->key, "property",
                                            names->pdata[i], "value",
                                            json_object_get(wanted->complete, names->pdata[i])));
    }
}

static void add_entries(Work *work)
{
    for (guint i = 0; i < work->wanted->entries->len; i++) {
        ConfigEntry *wanted = nth(work->wanted, i);
        const ConfigEntry *there = g_hash_table_lookup(work->there->by_key, wanted->key);
        guint index;

        if (!there) {
            note(work->plan->changes, "+ %s", wanted->key);
            check(work, wanted, false);
        } else if (!g_ptr_array_find(work->there->entries, there, &index) ||
                   work->fates[index] != FATE_REPLACE) {
            continue;
        }
        g_ptr_array_add(work->plan->steps, json_incref(wanted->request));
    }
}

static void free_json(gpointer json)
{
    json_decref(json);
}

ConfigPlan *config_plan_new(const ConfigEntries *there, const ConfigEntries *wanted, bool cold)
{
    ConfigPlan *plan = g_new0(ConfigPlan, 1);
    g_autofree Fate *fates = g_new0(Fate, there->entries->len);
    Work work = { .there = there, .wanted = wanted, .cold = cold, .fates = fates, .plan = plan };

    plan->changes = g_ptr_array_new_with_free_func(g_free);
    plan->steps = g_ptr_array_new_with_free_func(free_json);
    plan->blocked = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < there->entries->len; i++) {
        fates[i] = decide(&work, nth(there, i));
    }
    spread(&work);
    remove_entries(&work);
    for (guint i = 0; i < there->entries->len; i++) {
        if (fates[i] == FATE_SET) {
            set_properties(&work, nth(there, i));
        }
    }
    add_entries(&work);
    return plan;
}

void config_plan_free(ConfigPlan *plan)
{
    if (plan) {
        g_ptr_array_unref(plan->changes);
        g_ptr_array_unref(plan->steps);
        g_ptr_array_unref(plan->blocked);
        g_free(plan);
    }
}

/* ---- With a daemon ---- */

ConfigEntries *config_plan_ask(Connection *conn, bool *ret_cold, GError **error)
{
    g_autoptr(GPtrArray) requests = g_ptr_array_new();
    json_t *config = NULL, *status = NULL, *request;
    ConfigEntries *entries = NULL;
    size_t i;

    if (connection_call(conn, "query-config", NULL, &config, error) &&
        connection_call(conn, "query-status", NULL, &status, error)) {
        *ret_cold = g_strcmp0(json_string_value(json_object_get(status, "status")),
                              "prelaunch") == 0;
        json_array_foreach(json_object_get(config, "requests"), i, request) {
            g_ptr_array_add(requests, request);
        }
        entries = config_entries_new(requests, error);
    }
    json_decref(config);
    json_decref(status);
    return entries;
}

/* Waits until a device is gone: its guest may take its time, or refuse. */
static bool await_deleted(Connection *conn, const char *id, gint64 deadline, GError **error)
{
    for (;;) {
        g_autoptr(Message) event = NULL;
        ConnectionResult result = connection_next_event(conn, deadline, &event, error);
        const json_t *data = event ? json_object_get(event->json, "data") : NULL;

        if (result == CONNECTION_TIMEOUT) {
            qmp_error_set(error, ERROR_REASON_GENERIC, "the guest did not give up '%s' in time",
                          id);
            return false;
        }
        if (result != CONNECTION_EVENT) {
            if (error && !*error) {
                qmp_error_set(error, ERROR_REASON_GENERIC, "the daemon has ended");
            }
            return false;
        }
        if (g_strcmp0(message_event_name(event), "DEVICE_DELETED") == 0 &&
            g_strcmp0(json_string_value(json_object_get(data, "device")), id) == 0) {
            return true;
        }
    }
}

bool config_plan_send(const ConfigPlan *plan, Connection *conn, gint64 deadline, GError **error)
{
    for (guint i = 0; i < plan->steps->len; i++) {
        const json_t *step = plan->steps->pdata[i];
        const char *command = json_string_value(json_object_get(step, "execute"));
        json_t *arguments = json_object_get(step, "arguments");

        if (!connection_call(conn, command, json_incref(arguments), NULL, error) ||
            (g_str_equal(command, "device_del") &&
             !await_deleted(conn, json_string_value(json_object_get(arguments, "id")), deadline,
                            error))) {
            g_prefix_error(error, "step %u of %u: %s: ", i + 1, plan->steps->len, command);
            return false;
        }
    }
    return true;
}
