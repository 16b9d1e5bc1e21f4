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
    plan_start(plan, start, item->row->argument ? item->text : NULL, "%s",
               item->row->fate + strlen("no request: "));
    return true;
}

bool option_sandbox(Plan *plan, Item *item, GError **error)
{
    if (g_str_equal(item->text, "off")) {
        plan_note(plan, "the daemon does not confine itself");
        return true;
    }
    return option_start(plan, item, error);
}

bool option_name(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "guest", "process", "debug-threads", NULL };
    g_autofree char *quoted = NULL;
    const char *name = qmp_options_get(item->options, "guest");

    if (!plan_check_keys(item->options, known, error)) {
        return false;
    }
    if (name) {
        quoted = g_shell_quote(name);
        plan_start(plan, START_NAME, name, "vmd --name %s, or the unit's instance", quoted);
    }
    if (qmp_options_get(item->options, "process")) {
        return plan_refuse(error, "'process' is not supported: the process is called vmd");
    }
    if (qmp_options_get(item->options, "debug-threads")) {
        plan_note(plan, "threads always have names");
    }
    return true;
}

/* Other keys of a chardev do not apply to the daemon's socket. */
static bool check_effect(const QmpOptions *options, const char *const *known, GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(options);

    for (guint i = 0; i < keys->len; i++) {
        if (!g_strv_contains(known, keys->pdata[i])) {
            return plan_refuse(error, "'%s' has no effect on the daemon's socket",
                               (const char *)keys->pdata[i]);
        }
    }
    return true;
}

/* A server on a Unix socket is what the daemon listens on.  It never waits for a client. */
static bool take_socket(Plan *plan, QmpOptions *options, GError **error)
{
    static const char *const known[] = { "backend", "id", "path", "fd", "server", "wait", NULL };
    const char *path = qmp_options_get(options, "path"), *fd = qmp_options_get(options, "fd");
    const char *backend = qmp_options_get(options, "backend");
    bool server = false;

    if (!plan_take_bool(options, "server", &server, error)) {
        return false;
    }
    if (g_strcmp0(backend, "socket") != 0 || !server || (!path && !fd)) {
        return plan_refuse(error, "the daemon's socket is a server on a Unix socket, and the only "
                           "monitor");
    }
    if (!check_effect(options, known, error)) {
        return false;
    }
    if (path) {
        g_autofree char *quoted = g_shell_quote(path);

        plan_start(plan, START_SOCKET, path, "vmd --socket %s", quoted);
    } else {
        plan_start(plan, START_SOCKET_FD, fd, "descriptor %s as LISTEN_FDS has them", fd);
    }
    return true;
}

bool option_qmp(Plan *plan, Item *item, GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();

    if (g_str_equal(item->text, "none")) {
        plan_note(plan, "no further monitor");
        return true;
    }
    return chardev_read_legacy(options, item->text, error) && take_socket(plan, options, error);
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

bool option_mon(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "chardev", "id", "mode", "pretty", NULL };
    const char *id = qmp_options_get(item->options, "chardev");
    const char *mode = qmp_options_get(item->options, "mode");
    Item *chardev = id ? find_chardev(plan, id) : NULL;

    if (!plan_check_keys(item->options, known, error)) {
        return false;
    }
    if (!chardev) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "there is no -chardev with the id '%s'",
                      id ? id : "");
        return false;
    }
    if (g_strcmp0(mode, "control") != 0) {
        return plan_refuse(error, "'mode' must be control; vmctl has the commands of monitors");
    }
    chardev->taken = true;
    return take_socket(plan, chardev->options, error);
}
