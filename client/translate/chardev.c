/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character devices: -chardev, and the older spelling that -serial and others take.
 *
 * chardev-add's argument has the backend's members two levels down; command lines have them flat,
 * with some different names.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "qmp/qapi-types-char.h"
#include "qmp/text.h"

#define DATA "backend.data."
#define ADDR DATA "addr."

/* ---- Flat keys to where they belong ---- */

typedef struct {
    char key[12];
    char path[40];
} Place;

static bool move_keys(QmpOptions *from, QmpOptions *to, const Place *places, gsize n,
                      GError **error)
{
    for (gsize i = 0; i < n; i++) {
        if (!plan_move(from, places[i].key, to, places[i].path, error)) {
            return false;
        }
    }
    return true;
}

static bool set(QmpOptions *to, const char *path, const char *value, GError **error)
{
    return qmp_options_add(to, path, value, 0, error);
}

static bool move_inet(QmpOptions *from, QmpOptions *to, GError **error)
{
    static const Place places[] = {
        { "host", ADDR "data.host" }, { "port", ADDR "data.port" }, { "to", ADDR "data.to" },
        { "ipv4", ADDR "data.ipv4" }, { "ipv6", ADDR "data.ipv6" },
    };
    /* A server without a host listens on all addresses. */
    bool has_host = qmp_options_get(from, "host") != NULL;

    return set(to, ADDR "type", "inet", error) &&
           (has_host || set(to, ADDR "data.host", "", error)) &&
           move_keys(from, to, places, G_N_ELEMENTS(places), error);
}

static bool move_unix(QmpOptions *from, QmpOptions *to, GError **error)
{
    static const Place places[] = {
        { "path", ADDR "data.path" }, { "abstract", ADDR "data.abstract" },
        { "tight", ADDR "data.tight" },
    };

    return set(to, ADDR "type", "unix", error) &&
           move_keys(from, to, places, G_N_ELEMENTS(places), error);
}

static bool move_fd(QmpOptions *from, QmpOptions *to, GError **error)
{
    return set(to, ADDR "type", "fd", error) && plan_move(from, "fd", to, ADDR "data.str", error);
}

/* `nodelay` as a bare word was read as `delay=off`. */
static bool move_delay(QmpOptions *from, QmpOptions *to, GError **error)
{
    bool given = qmp_options_get(from, "delay") != NULL, delay = false;

    if (!plan_take_bool(from, "delay", &delay, error)) {
        return false;
    }
    return !given || set(to, DATA "nodelay", delay ? "off" : "on", error);
}

static bool place_socket(QmpOptions *from, QmpOptions *to, GError **error)
{
    bool is_unix = qmp_options_get(from, "path") != NULL;
    bool is_fd = qmp_options_get(from, "fd") != NULL;
    bool is_inet = qmp_options_get(from, "port") != NULL;

    if (is_unix + is_fd + is_inet != 1) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "a socket has one of 'path', 'port' and 'fd'");
        return false;
    }
    if (!(is_unix ? move_unix : is_fd ? move_fd : move_inet)(from, to, error) ||
        !move_delay(from, to, error)) {
        return false;
    }
    /* On command lines the default is a client; the command's default is a server. */
    return qmp_options_get(from, "server") || set(to, DATA "server", "off", error);
}

static bool place_udp(QmpOptions *from, QmpOptions *to, GError **error)
{
    static const Place places[] = {
        { "host", DATA "remote.data.host" }, { "port", DATA "remote.data.port" },
        { "ipv4", DATA "remote.data.ipv4" }, { "ipv6", DATA "remote.data.ipv6" },
        { "localaddr", DATA "local.data.host" }, { "localport", DATA "local.data.port" },
    };
    bool local = qmp_options_get(from, "localaddr") || qmp_options_get(from, "localport");

    if (!qmp_options_get(from, "host")) {
        qmp_options_set(from, "host", "localhost");
    }
    if (local && !qmp_options_get(from, "localaddr")) {
        qmp_options_set(from, "localaddr", "");
    }
    if (local && !qmp_options_get(from, "localport")) {
        qmp_options_set(from, "localport", "0");
    }
    return set(to, DATA "remote.type", "inet", error) &&
           (!local || set(to, DATA "local.type", "inet", error)) &&
           move_keys(from, to, places, G_N_ELEMENTS(places), error);
}

static bool place_file(QmpOptions *from, QmpOptions *to, GError **error)
{
    static const Place places[] = {
        { "path", DATA "out" }, { "input-path", DATA "in" },
    };

    return move_keys(from, to, places, G_N_ELEMENTS(places), error);
}

static bool place_pipe(QmpOptions *from, QmpOptions *to, GError **error)
{
    return plan_move(from, "path", to, DATA "device", error);
}

static const struct {
    const char *backend;
    bool (*place)(QmpOptions *from, QmpOptions *to, GError **error);
} backends[] = {
    { "socket", place_socket },
    { "udp", place_udp },
    { "file", place_file },
    { "pipe", place_pipe },
};

static bool place(const char *backend, QmpOptions *from, QmpOptions *to, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(backends); i++) {
        if (g_str_equal(backend, backends[i].backend)) {
            return backends[i].place(from, to, error);
        }
    }
    return true;
}

/* ---- Adding ---- */

/* `mux=on` puts a multiplexer of this id in front of the device itself. */
static bool add_mux(Plan *plan, const char *id, const char *base, GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();

    return set(options, "id", id, error) && set(options, "backend.type", "mux", error) &&
           set(options, DATA "chardev", base, error) &&
           plan_add_options(plan, "chardev-add", options, "several may use it in turn", error);
}

static bool refuse_backend(const char *backend, GError **error)
{
    static const char *const terminals[] = { "vc", "msmouse", "wctablet", "spicevmc", "spiceport",
                                             "qemu-vdagent", "dbus", "braille", "testdev", NULL };
    static const char *const host[] = { "serial", "tty", "parallel", "parport", NULL };

    if (qmp_enum_parse(&qmp_type_ChardevBackendKind, backend) >= 0) {
        return true;
    }
    if (g_strv_contains(terminals, backend)) {
        return plan_refuse(error, "there is no character device '%s': vmd has no display",
                           backend);
    }
    if (g_strv_contains(host, backend)) {
        return plan_refuse(error, "there is no character device '%s'; 'pty', 'socket' and 'stdio' "
                           "reach a terminal", backend);
    }
    return true;
}

/* Whether the backend's struct has a member; text cannot give an empty one. */
static bool has_data(const QmpOptions *options)
{
    const QmpInputOps *ops = &qmp_options_input;
    const void *backend = ops->dict_get(qmp_options_root(options), "backend");

    return ops->dict_get(backend, "data") != NULL;
}

static bool add_plain(Plan *plan, QmpOptions *from, const char *backend, const char *id,
                      GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();

    if (!set(options, "id", id, error) || !set(options, "backend.type", backend, error) ||
        !place(backend, from, options, error) ||
        !plan_move_all(from, options, DATA, error)) {
        return false;
    }
    if (has_data(options) || qmp_enum_parse(&qmp_type_ChardevBackendKind, backend) < 0) {
        return plan_add_options(plan, "chardev-add", options, NULL, error);
    }
    plan_add(plan, "chardev-add", json_pack("{s:s, s:{s:s, s:{}}}", "id", id, "backend", "type",
                                            backend, "data"), NULL);
    return true;
}

static bool add_chardev(Plan *plan, QmpOptions *options, GError **error)
{
    g_autofree char *backend = g_strdup(qmp_options_get(options, "backend"));
    g_autofree char *id = g_strdup(qmp_options_get(options, "id"));
    g_autofree char *base = NULL;
    bool mux = false;

    if (!backend || !id) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "must have a backend and an 'id'");
        return false;
    }
    if (!refuse_backend(backend, error) || !plan_take_bool(options, "mux", &mux, error)) {
        return false;
    }
    qmp_options_remove(options, "backend");
    qmp_options_remove(options, "id");
    base = mux ? g_strconcat(id, "-base", NULL) : g_strdup(id);
    return add_plain(plan, options, backend, base, error) &&
           (!mux || add_mux(plan, id, base, error));
}

bool option_chardev(Plan *plan, Item *item, GError **error)
{
    return item->taken || add_chardev(plan, item->options, error);
}

/* ---- The older spelling ---- */

/* "host:port" with further options after commas; the host may be in brackets. */
static bool set_host_port(QmpOptions *options, const char *text, const char *host_key,
                          const char *port_key, GError **error)
{
    const char *colon = strrchr(text, ':');
    g_autofree char *host = colon ? g_strndup(text, colon - text) : NULL;
    gsize length = host ? strlen(host) : 0;

    if (!colon || !colon[1]) {
        g_autofree char *quoted = qmp_text_quote(text);

        qmp_error_set(error, ERROR_REASON_SYNTAX, "%s must be HOST:PORT", quoted);
        return false;
    }
    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        memmove(host, host + 1, length - 1);
    }
    return (!*host || set(options, host_key, host, error)) &&
           set(options, port_key, colon + 1, error);
}

/* "[HOST]:PORT[@[LOCAL]:PORT]" */
static bool set_udp(QmpOptions *options, const char *text, GError **error)
{
    const char *at = strchr(text, '@');
    g_autofree char *remote = g_strndup(text, at ? (gsize)(at - text) : strlen(text));

    return set_host_port(options, remote, "host", "port", error) &&
           (!at || set_host_port(options, at + 1, "localaddr", "localport", error));
}

typedef struct {
    const char *prefix;
    const char *backend;
    const char *key;            /* of what follows the prefix, or NULL: HOST:PORT */
    const char *extra;          /* a switch that the prefix implies, or NULL */
} Spelling;

static const Spelling spellings[] = {
    { "file:", "file", "path", NULL },
    { "pipe:", "pipe", "path", NULL },
    { "unix:", "socket", "path", NULL },
    { "tcp:", "socket", NULL, NULL },
    { "telnet:", "socket", NULL, "telnet" },
    { "websocket:", "socket", NULL, "websocket" },
    { "udp:", "udp", NULL, NULL },
};

static bool read_spelling(QmpOptions *options, const Spelling *spelling, const char *text,
                          GError **error)
{
    const char *rest = text + strlen(spelling->prefix);
    /* File names may contain commas; the address of a socket is followed by options. */
    gsize length = g_str_equal(spelling->backend, "file") ? strlen(rest) : strcspn(rest, ",");
    g_autofree char *address = g_strndup(rest, length);
    bool ok = spelling->key ? set(options, spelling->key, address, error)
              : g_str_equal(spelling->backend, "udp") ? set_udp(options, address, error)
              : set_host_port(options, address, "host", "port", error);

    return ok && set(options, "backend", spelling->backend, error) &&
           (!spelling->extra || set(options, spelling->extra, "on", error)) &&
           (!rest[length] || qmp_options_add_text(options, rest + length + 1, NULL, error));
}

bool chardev_read_legacy(QmpOptions *options, const char *text, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(spellings); i++) {
        if (g_str_has_prefix(text, spellings[i].prefix)) {
            return read_spelling(options, &spellings[i], text, error);
        }
    }
    if (g_str_equal(text, "mon:stdio")) {
        /* If it is shared with the monitor, Ctrl-C goes to the guest. */
        return set(options, "backend", "stdio", error) && set(options, "signal", "off", error);
    }
    if (g_str_has_prefix(text, "/dev/")) {
        return plan_refuse(error, "the host's device '%s' cannot be used", text);
    }
    return qmp_options_add_text(options, text, "backend", error);
}

/* "mon:": the human monitor shares it.  It comes first, so that another has the keyboard. */
static bool add_shared(Plan *plan, const char *text, const char *id, GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();
    g_autofree char *monitor = g_strconcat(id, "-monitor", NULL);

    if (!set(options, "id", id, error) || !set(options, "mux", "on", error) ||
        !chardev_read_legacy(options, text, error) || !add_chardev(plan, options, error)) {
        return false;
    }
    plan_add(plan, "object-add", json_pack("{s:s, s:s, s:s}", "qom-type", "monitor-hmp", "id",
                                           monitor, "chardev", id), NULL);
    return true;
}

bool chardev_add_legacy(Plan *plan, const char *text, const char *id, bool *ret_none,
                        GError **error)
{
    g_autoptr(QmpOptions) options = plan_options();

    *ret_none = g_str_equal(text, "none");
    if (*ret_none) {
        plan_note(plan, "no device");
        return true;
    }
    if (g_str_equal(text, "mon:stdio")) {
        plan_note(plan, "vmctl qemu adds a monitor, which shares it: Ctrl-A c; vmctl run has its "
                  "own escape");
    } else if (g_str_has_prefix(text, "mon:")) {
        return add_shared(plan, text + strlen("mon:"), id, error);
    }
    return set(options, "id", id, error) && chardev_read_legacy(options, text, error) &&
           add_chardev(plan, options, error);
}
