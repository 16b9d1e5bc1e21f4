/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options about the daemon's process rather than the machine: they become no requests, but matter
 * when the daemon is started.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

/* Options that a program which starts the daemon can implement. */
static const struct {
    const char *option;
    TranslationStart start;
} starts[] = {
    { "D",         START_LOG },
    { "daemonize", START_DAEMONIZE },
    { "pidfile",   START_PIDFILE },
};

/* The note is the row's text. */
bool option_start(Plan *plan, Item *item, GError **error)
{
    TranslationStart start = START_UNIT;

    for (gsize i = 0; i < G_N_ELEMENTS(starts); i++) {
        if (g_str_equal(item->row->name, starts[i].option)) {
            start = starts[i].start;
        }
    }
    plan_start(plan, start, option_argument(item->row) ? item->text : NULL, "%s",
               option_fate(item->row) + strlen("no request: "));
    return true;
}

/* Whether a group of system calls is forbidden; *groups are the names so far. */
static bool take_group(QmpOptions *options, const char *name, bool denied, GString *groups,
                       GError **error)
{
    const char *value = qmp_options_get(options, name);

    if (value && g_str_equal(name, "elevateprivileges") && g_str_equal(value, "children")) {
        return true;            /* no process of the daemon can have more rights than it */
    }
    if (value && !g_str_equal(value, "allow") && !g_str_equal(value, "deny")) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "'%s' must be allow or deny, not '%s'",
                      name, value);
        return false;
    }
    if (value ? g_str_equal(value, "deny") : denied) {
        g_string_append_printf(groups, "%s%s", groups->len ? "," : "", name);
    }
    return true;
}

bool option_sandbox(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "enable", "obsolete", "elevateprivileges", "spawn",
                                         "resourcecontrol", NULL };
    g_autoptr(GString) groups = g_string_new(NULL);
    bool enable = false;

    if (!plan_check_keys(item->options, known, error) ||
        !plan_take_bool(item->options, "enable", &enable, error)) {
        return false;
    }
    for (gsize i = 1; known[i]; i++) {
        /* Without a word about them, the obsolete ones alone are forbidden. */
        if (!take_group(item->options, known[i], i == 1, groups, error)) {
            return false;
        }
    }
    if (!enable) {
        plan_note(plan, "the daemon does not confine itself");
    } else {
        plan_start(plan, START_SANDBOX, groups->str, "vmd --sandbox '%s'", groups->str);
    }
    return true;
}

bool option_name(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "guest", "process", "debug-threads", NULL };
    const char *name = qmp_options_get(item->options, "guest");
    const char *process = qmp_options_get(item->options, "process");

    if (!plan_check_keys(item->options, known, error)) {
        return false;
    }
    if (name) {
        g_autofree char *quoted = g_shell_quote(name);

        plan_start(plan, START_NAME, name, "vmd --name %s, or the unit's instance", quoted);
    }
    if (process) {
        g_autofree char *quoted = g_shell_quote(process);

        plan_start(plan, START_PROCESS_NAME, process, "vmd --process-name %s", quoted);
    }
    if (qmp_options_get(item->options, "debug-threads")) {
        plan_note(plan, "threads always have names");
    }
    return true;
}

/* ---- Descriptors ---- */

bool option_add_fd(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "fd", "set", "opaque", NULL };
    guint64 fd = G_MAXUINT64, set = G_MAXUINT64;
    const char *opaque = qmp_options_get(item->options, "opaque");
    g_autofree char *number = NULL;
    TranslationFd *passed;

    if (!plan_check_keys(item->options, known, error) ||
        !plan_take_uint(item->options, "fd", &fd, error) ||
        !plan_take_uint(item->options, "set", &set, error)) {
        return false;
    }
    if (fd > G_MAXINT || fd < 3 || set > G_MAXINT) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "must have 'fd', a descriptor from 3 on, and 'set', a number");
        return false;
    }
    number = g_strdup_printf("%d", (int)fd);
    plan_start(plan, START_FD, number, "descriptor %s with add-fd, set %d", number, (int)set);
    passed = g_new0(TranslationFd, 1);
    passed->number = g_steal_pointer(&number);
    passed->request = json_pack("{s:s, s:{s:I, s:s*}}", "execute", "add-fd", "arguments",
                                "fdset-id", (json_int_t)set, "opaque", opaque);
    g_ptr_array_add(plan->out->fds, passed);
    return true;
}

/* ---- Monitors ---- */

/* Whether the daemon itself can listen there: it takes many clients and their descriptors. */
static bool is_own_socket(QmpOptions *options)
{
    static const char *const known[] = { "backend", "id", "path", "fd", "server", "wait", NULL };
    g_autoptr(GPtrArray) keys = plan_keys(options);
    const char *server = qmp_options_get(options, "server");

    for (guint i = 0; i < keys->len; i++) {
        if (!g_strv_contains(known, keys->pdata[i])) {
            return false;
        }
    }
    return g_strcmp0(qmp_options_get(options, "backend"), "socket") == 0 &&
           (qmp_options_get(options, "path") || qmp_options_get(options, "fd")) &&
           server && !g_str_equal(server, "off");
}

/* A server on a Unix socket is what the daemon listens on.  It never waits for a client. */
static void take_socket(Plan *plan, const QmpOptions *options)
{
    const char *path = qmp_options_get(options, "path"), *fd = qmp_options_get(options, "fd");

    if (path) {
        g_autofree char *quoted = g_shell_quote(path);

        plan_start(plan, START_SOCKET, path, "vmd --socket %s", quoted);
    } else {
        plan_start(plan, START_SOCKET_FD, fd, "descriptor %s as LISTEN_FDS has them", fd);
    }
}

static Item *find_chardev(const Plan *plan, const char *id)
{
    for (guint i = 0; i < plan->items->len; i++) {
        Item *item = plan->items->pdata[i];

        if (item->row->handle == option_chardev &&
            g_strcmp0(qmp_options_get(item->options, "id"), id) == 0) {
            return item;
        }
    }
    return NULL;
}

/* -monitor, or a -mon that does not say mode=control; the others are QMP. */
static bool is_human(const Item *item)
{
    return item->options ? g_strcmp0(qmp_options_get(item->options, "mode"), "control") != 0
                         : item->row->handle == option_monitor;
}

/* Where a monitor is that needs an object. */
static void note_monitor(Plan *plan, const Item *item, bool chardev)
{
    plan_note(plan, "%sobject-add monitor-%s", chardev ? "chardev-add, and " : "",
              is_human(item) ? "hmp" : "qmp");
}

/* A monitor on the -chardev of that id. */
static bool take_chardev(Plan *plan, Item *item, const char *id, GError **error)
{
    Item *chardev = id ? find_chardev(plan, id) : NULL;

    if (!chardev) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "there is no -chardev with the id '%s'",
                      id ? id : "");
        return false;
    }
    if (!is_human(item) && is_own_socket(chardev->options)) {
        chardev->taken = true;
        take_socket(plan, chardev->options);
    } else {
        g_ptr_array_add(plan->monitors, item);
        note_monitor(plan, item, false);
    }
    return true;
}

/* The text without the prefix that says that a mux is wanted; every monitor on a chardev has its
 * keys if that is one. */
static const char *without_mux(const char *text)
{
    return g_str_has_prefix(text, "mon:") ? text + strlen("mon:") : text;
}

bool option_monitor(Plan *plan, Item *item, GError **error)
{
    /* Without a screen of QEMU's own there is nothing to show a virtual console. */
    if (g_str_equal(item->text, "null") || g_str_has_prefix(item->text, "vc")) {
        plan_note(plan, "no monitor: vmctl monitor needs none");
        return true;
    }
    return option_qmp(plan, item, error);
}

bool option_qmp(Plan *plan, Item *item, GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();

    if (g_str_equal(item->text, "none")) {
        plan_note(plan, "no further monitor");
        return true;
    }
    if (g_str_has_prefix(item->text, "chardev:")) {
        return take_chardev(plan, item, item->text + strlen("chardev:"), error);
    }
    if (!chardev_read_legacy(options, without_mux(item->text), error)) {
        return false;
    }
    if (!is_human(item) && is_own_socket(options)) {
        take_socket(plan, options);
    } else {
        g_ptr_array_add(plan->monitors, item);
        note_monitor(plan, item, true);
    }
    return true;
}

bool option_mon(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "chardev", "id", "mode", "pretty", NULL };
    const char *mode = qmp_options_get(item->options, "mode");

    if (!plan_check_keys(item->options, known, error)) {
        return false;
    }
    if (mode && !g_str_equal(mode, "control") && !g_str_equal(mode, "readline")) {
        return plan_refuse(error, "'mode' must be control or readline");
    }
    return take_chardev(plan, item, qmp_options_get(item->options, "chardev"), error);
}

/* The chardev that a monitor is on: one that -chardev made, or its own. */
static bool monitor_chardev(Plan *plan, const Item *item, const char *id, char **ret,
                            GError **error)
{
    bool none = false;

    if (item->options) {
        *ret = g_strdup(qmp_options_get(item->options, "chardev"));
        return true;
    }
    if (g_str_has_prefix(item->text, "chardev:")) {
        *ret = g_strdup(item->text + strlen("chardev:"));
        return true;
    }
    *ret = g_strdup(id);
    return chardev_add_legacy(plan, without_mux(item->text), id, &none, error);
}

static bool add_monitor(Plan *plan, const Item *item, guint number, GError **error)
{
    /* QEMU's name for those without one. */
    g_autofree char *base = g_strdup_printf("compat_monitor%u", number);
    const char *given = item->options ? qmp_options_get(item->options, "id") : NULL;
    g_autofree char *id = given ? g_strdup(given) : plan_unique_id(plan, base);
    g_autofree char *chardev = NULL;

    if (!monitor_chardev(plan, item, id, &chardev, error)) {
        return false;
    }
    plan_add(plan, "object-add", json_pack("{s:s, s:s, s:s}", "qom-type",
                                           is_human(item) ? "monitor-hmp" : "monitor-qmp", "id",
                                           id, "chardev", chardev), NULL);
    return true;
}

bool plan_add_monitors(Plan *plan, GError **error)
{
    for (guint i = 0; i < plan->monitors->len; i++) {
        plan->current = plan->monitors->pdata[i];
        if (!add_monitor(plan, plan->current, i, error)) {
            return false;
        }
    }
    plan->current = NULL;
    return true;
}
