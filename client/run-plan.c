/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `vmctl run` does with a translation, see run-plan.h.
 */
#include "config.h"
#include "client/run-plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/bridge.h"
#include "client/build-list.h"
#include "client/overlay.h"
#include "client/translate/typed.h"
#include "qmp/error.h"
#include "qmp/text.h"

/* The name of the console's descriptor when it is passed to the daemon. */
#define CONSOLE "vmctl-console"

/* ---- The daemon's process ---- */

static void add_option(RunPlan *plan, const char *option, const char *value)
{
    g_ptr_array_add(plan->launch.options, g_strdup(option));
    g_ptr_array_add(plan->launch.options, g_strdup(value));
}

/* The number of a descriptor that vmctl was started with; its own are close-on-exec. */
static int inherited_fd(const char *name)
{
    char *end;
    glong fd = strtol(name, &end, 10);
    int flags = *name && !*end && fd >= 0 && fd < G_MAXINT ? fcntl((int)fd, F_GETFD) : -1;

    return flags >= 0 && !(flags & FD_CLOEXEC) ? (int)fd : -1;
}

static bool refuse_fd(const char *number, GError **error)
{
    qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND, "vmctl was started without descriptor '%s'",
                  number);
    return false;
}

static bool add_socket_fd(RunPlan *plan, const char *number, GError **error)
{
    int fd = inherited_fd(number);

    if (fd < 0) {
        return refuse_fd(number, error);
    }
    g_array_append_val(plan->launch.sockets, fd);
    return true;
}

static bool take_start(RunPlan *plan, const TranslationNote *note, GError **error)
{
    switch (note->start) {
    case START_FD:
        return true;            /* take_passed() */
    case START_NAME:
        if (!qmp_machine_name_ok(note->value)) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "is not the name of a machine: no "
                          "'/', no control characters, no dot at its beginning");
            return false;
        }
        add_option(plan, "--name", note->value);
        g_free(plan->name);
        plan->name = g_strdup(note->value);
        return true;
    case START_SOCKET:
        add_option(plan, "--socket", note->value);
        plan->has_socket = true;
        return true;
    case START_SOCKET_FD:
        plan->has_socket = true;
        return add_socket_fd(plan, note->value, error);
    case START_PIDFILE:
        add_option(plan, "--pidfile", note->value);
        return true;
    case START_LOG:
        plan->launch.log = note->value;
        return true;
    case START_PROCESS_NAME:
        add_option(plan, "--process-name", note->value);
        return true;
    case START_LOCK_MEMORY:
        g_ptr_array_add(plan->launch.options, g_strdup("--lock-memory"));
        return true;
    case START_SANDBOX:
        add_option(plan, "--sandbox", note->value);
        return true;
    case START_DAEMONIZE:
        plan->launch.stays = true;
        return true;
    case START_CURSES:
        if (plan->becomes) {
            qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the process becomes the daemon, "
                          "which has no terminal: 'vmctl screen' shows the screen");
            return false;
        }
        plan->curses = plan->launch.second = true;
        return true;
    case START_UNIT:
        break;
    }
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "a daemon that vmctl starts cannot: %s",
                  note->text);
    return false;
}

static bool take_starts(RunPlan *plan, const Translation *translation, GError **error)
{
    for (guint i = 0; i < translation->starts->len; i++) {
        const TranslationNote *note = translation->starts->pdata[i];

        if (!take_start(plan, note, error)) {
            g_prefix_error(error, "%s: ", note->origin);
            return false;
        }
    }
    return true;
}

/* Takes a reference to request. */
static void add_request_fd(RunPlan *plan, json_t *request, int fd, bool own)
{
    const RunFd entry = { json_incref(request), fd, own };

    g_array_append_val(plan->fds, entry);
}

static void add_fd(RunPlan *plan, const char *name, int fd, bool own)
{
    json_t *request = json_pack("{s:s, s:{s:s}}", "execute", "getfd", "arguments", "fdname", name);

    add_request_fd(plan, request, fd, own);
    json_decref(request);
}

/* Those of -add-fd. */
static bool take_passed(RunPlan *plan, const Translation *translation, GError **error)
{
    for (guint i = 0; i < translation->fds->len; i++) {
        const TranslationFd *passed = translation->fds->pdata[i];
        int fd = inherited_fd(passed->number);

        if (fd < 0) {
            refuse_fd(passed->number, error);
            g_prefix_error(error, "-add-fd: ");
            return false;
        }
        add_request_fd(plan, passed->request, fd, false);
    }
    return true;
}

/* ---- The console ---- */

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* The backend of a chardev-add on standard input and output, or NULL. */
static json_t *stdio_backend(const json_t *request)
{
    json_t *backend = json_object_get(json_object_get(request, "arguments"), "backend");

    return g_strcmp0(member(request, "execute"), "chardev-add") == 0 &&
           g_strcmp0(member(backend, "type"), "stdio") == 0 ? backend : NULL;
}

static bool open_console(RunPlan *plan, GError **error)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot create a console");
        return false;
    }
    plan->console = ends[0];
    add_fd(plan, CONSOLE, ends[1], true);
    return true;
}

static bool take_console(RunPlan *plan, json_t *backend, GError **error)
{
    json_t *data = json_object_get(backend, "data");
    json_t *signal = json_object_get(data, "signal");

    if (plan->console >= 0) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "standard input and output are in use");
        return false;
    }
    if (plan->launch.stays) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "a daemon that stays in the background has no standard input and output");
        return false;
    }
    if (plan->becomes) {
        return true;            /* they are the daemon's own */
    }
    plan->key_signals = !json_is_false(signal);
    json_object_del(data, "signal");
    json_object_set_new(backend, "type", json_string("socket"));
    json_object_set_new(data, "server", json_false());
    json_object_set_new(data, "addr", json_pack("{s:s, s:{s:s}}", "type", "fd", "data", "str",
                                                CONSOLE));
    return open_console(plan, error);
}

/* Inserts a request of the same origin as the one before it. */
static void insert(Translation *translation, guint i, json_t *json)
{
    const TranslatedRequest *before = translation->requests->pdata[i - 1];
    TranslatedRequest *request = g_new0(TranslatedRequest, 1);

    request->origin = g_strdup(before->origin);
    request->json = json;
    g_ptr_array_insert(translation->requests, i, request);
}

/* A -serial mon:stdio, or that of -nographic: the terminal has QEMU's keys, such as Ctrl-A x, as
 * the daemon has it itself.  The multiplexer for them gets the chardev's name, and the human
 * monitor shares it. */
static void add_keys(Translation *translation, guint i)
{
    const TranslatedRequest *request = translation->requests->pdata[i];
    json_t *arguments = json_object_get(request->json, "arguments");
    g_autofree char *id = g_strdup(member(arguments, "id"));
    g_autofree char *base = g_strconcat(id, "-base", NULL);
    g_autofree char *monitor = g_strconcat(id, "-monitor", NULL);

    json_object_set_new(arguments, "id", json_string(base));
    insert(translation, i + 1, json_pack("{s:s, s:{s:s, s:{s:s, s:{s:s}}}}", "execute",
                                         "chardev-add", "arguments", "id", id, "backend", "type",
                                         "mux", "data", "chardev", base));
    insert(translation, i + 2, json_pack("{s:s, s:{s:s, s:s, s:s}}", "execute", "object-add",
                                         "arguments", "qom-type", "monitor-hmp", "id", monitor,
                                         "chardev", id));
}

static bool shares_terminal(const TranslatedRequest *request)
{
    json_t *backend = stdio_backend(request->json);
    json_t *signal = json_object_get(json_object_get(backend, "data"), "signal");

    return json_is_false(signal) && !g_str_has_prefix(request->origin, "-chardev");
}

/* ---- Descriptors, which options name by their numbers ---- */

/* One number, or several separated by colons.  They become names that getfd takes. */
static bool take_numbers(RunPlan *plan, json_t *object, const char *key, GError **error)
{
    const char *text = member(object, key);
    g_auto(GStrv) numbers = g_strsplit(text ? text : "", ":", -1);
    g_autoptr(GString) names = g_string_new(NULL);

    if (text && g_str_has_prefix(text, TRANSLATION_OWN_FD)) {
        return true;
    }
    for (guint i = 0; numbers[i]; i++) {
        int fd = inherited_fd(numbers[i]);
        g_autofree char *name = g_strdup_printf("fd-%d", fd);

        if (fd < 0) {
            return refuse_fd(numbers[i], error);
        }
        add_fd(plan, name, fd, false);
        g_string_append_printf(names, "%s%s", i ? ":" : "", name);
    }
    if (text) {
        json_object_set_new(object, key, json_string(names->str));
    }
    return true;
}

/* Addresses that are descriptors: their name is beside `type`, or in `data`. */
static bool take_addresses(RunPlan *plan, json_t *json, GError **error)
{
    json_t *data = json_object_get(json, "data");
    const char *key;
    json_t *value;

    if (g_strcmp0(member(json, "type"), "fd") == 0 &&
        !take_numbers(plan, json_is_object(data) ? data : json, "str", error)) {
        return false;
    }
    json_object_foreach(json, key, value) {
        if (json_is_object(value) && !take_addresses(plan, value, error)) {
            return false;
        }
    }
    return true;
}

static bool take_fds(RunPlan *plan, const json_t *request, GError **error)
{
    static const char *const keys[] = { "fd", "fds", "vhostfd", "vhostfds" };
    json_t *arguments = json_object_get(request, "arguments");
    bool is_netdev = g_strcmp0(member(request, "execute"), "netdev_add") == 0;

    for (gsize i = 0; is_netdev && i < G_N_ELEMENTS(keys); i++) {
        if (!take_numbers(plan, arguments, keys[i], error)) {
            return false;
        }
    }
    return take_addresses(plan, arguments, error);
}

/* ---- Temporary images ---- */

/* Tap devices that a helper of the host makes. */
static bool open_bridges(RunPlan *plan, const Translation *translation, GError **error)
{
    for (guint i = 0; i < translation->bridges->len; i++) {
        const TranslationBridge *bridge = translation->bridges->pdata[i];
        int fd = bridge_open(bridge->helper ? bridge->helper : BRIDGE_HELPER,
                             bridge->bridge ? bridge->bridge : BRIDGE_DEFAULT, error);

        if (fd < 0) {
            g_prefix_error(error, "%s: ", bridge->origin);
            return false;
        }
        add_fd(plan, bridge->fd, fd, true);
    }
    return true;
}

static bool open_overlays(RunPlan *plan, const Translation *translation, GError **error)
{
    for (guint i = 0; i < translation->overlays->len; i++) {
        const TranslationOverlay *overlay = translation->overlays->pdata[i];
        int fd = overlay_new(overlay->filename, overlay->qcow2, error);

        if (fd < 0) {
            return false;
        }
        add_fd(plan, overlay->fd, fd, true);
    }
    return true;
}

/* ---- The plan ---- */

static bool take_request(RunPlan *plan, TranslatedRequest *request, GError **error)
{
    json_t *backend = stdio_backend(request->json);

    if (!(backend ? take_console(plan, backend, error) : take_fds(plan, request->json, error))) {
        g_prefix_error(error, "%s: ", request->origin);
        return false;
    }
    g_ptr_array_add(build_list_takes(request->json) ? plan->built : plan->others, request);
    return true;
}

static bool take_requests(RunPlan *plan, Translation *translation, GError **error)
{
    for (guint i = 0; i < translation->requests->len; i++) {
        if (plan->becomes && shares_terminal(translation->requests->pdata[i])) {
            add_keys(translation, i);
        }
        if (!take_request(plan, translation->requests->pdata[i], error)) {
            return false;
        }
    }
    return true;
}

/* The screen cannot share the terminal, nor be left there. */
static bool check_terminal(const RunPlan *plan, GError **error)
{
    if (plan->curses && plan->console >= 0) {
        qmp_error_set(error, ERROR_REASON_IN_USE, "curses shows the screen on the terminal, which "
                      "a chardev on standard input and output uses");
        return false;
    }
    if (plan->curses && plan->launch.stays) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "curses shows the screen until the "
                      "machine ends, so the daemon cannot stay in the background");
        return false;
    }
    return true;
}

static void clear_fd(gpointer data)
{
    RunFd *fd = data;

    json_decref(fd->request);
    if (fd->own) {
        close(fd->fd);
    }
}

RunPlan *run_plan_new(Translation *translation, bool becomes, GError **error)
{
    g_autoptr(RunPlan) plan = g_new0(RunPlan, 1);

    plan->becomes = becomes;
    plan->launch.options = g_ptr_array_new_with_free_func(g_free);
    plan->launch.sockets = g_array_new(FALSE, FALSE, sizeof(int));
    plan->built = g_ptr_array_new();
    plan->others = g_ptr_array_new();
    plan->fds = g_array_new(FALSE, FALSE, sizeof(RunFd));
    g_array_set_clear_func(plan->fds, clear_fd);
    plan->console = -1;
    if (!take_starts(plan, translation, error) || !take_passed(plan, translation, error) ||
        !take_requests(plan, translation, error) || !open_overlays(plan, translation, error) ||
        !open_bridges(plan, translation, error)) {
        return NULL;
    }
    if (!check_terminal(plan, error)) {
        return NULL;
    }
    /* The terminal is for the guest's output; a file gets all messages. */
    add_option(plan, "--log-level", plan->launch.log ? "info" : "warning");
    return g_steal_pointer(&plan);
}

void run_plan_free(RunPlan *plan)
{
    if (!plan) {
        return;
    }
    g_ptr_array_unref(plan->launch.options);
    g_array_unref(plan->launch.sockets);
    g_ptr_array_unref(plan->built);
    g_ptr_array_unref(plan->others);
    g_array_unref(plan->fds);
    if (plan->console >= 0) {
        close(plan->console);
    }
    g_free(plan->name);
    g_free(plan);
}

/* ---- Sending ---- */

static bool send_fd(Connection *conn, const json_t *request, int fd, GError **error)
{
    g_autofree char *text = typed_print(request);
    g_autoptr(Message) reply = connection_request(conn, text, &fd, 1, error);

    return reply && !message_is_error(reply, error);
}

/* Sends all descriptors and closes vmctl's copies, so that they end with the daemon. */
static bool send_fds(RunPlan *plan, Connection *conn, GError **error)
{
    for (guint i = 0; i < plan->fds->len; i++) {
        const RunFd *fd = &g_array_index(plan->fds, RunFd, i);

        if (!send_fd(conn, fd->request, fd->fd, error)) {
            return false;
        }
    }
    g_array_set_size(plan->fds, 0);
    return true;
}

static bool send_text(Connection *conn, const char *text, GError **error)
{
    g_autoptr(Message) reply = connection_request(conn, text, NULL, 0, error);

    return reply && !message_is_error(reply, error);
}

static bool send_build(const RunPlan *plan, Connection *conn, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;
    GError *why = NULL;
    int culprit;

    for (guint i = 0; i < plan->built->len; i++) {
        const TranslatedRequest *request = plan->built->pdata[i];

        g_ptr_array_add(texts, typed_print(request->json));
    }
    text = build_list_text((const char *const *)texts->pdata, texts->len);
    if (send_text(conn, text, &why)) {
        return true;
    }
    culprit = build_list_locate(why);
    if (culprit >= 0 && (guint)culprit < plan->built->len) {
        g_prefix_error(&why, "%s: ", ((TranslatedRequest *)plan->built->pdata[culprit])->origin);
    }
    g_propagate_error(error, why);
    return false;
}

bool run_plan_send(RunPlan *plan, Connection *conn, GError **error)
{
    if (!send_fds(plan, conn, error) || !send_build(plan, conn, error)) {
        return false;
    }
    for (guint i = 0; i < plan->others->len; i++) {
        const TranslatedRequest *request = plan->others->pdata[i];
        g_autofree char *text = typed_print(request->json);

        if (!send_text(conn, text, error)) {
            g_prefix_error(error, "%s: ", request->origin);
            return false;
        }
    }
    return true;
}
