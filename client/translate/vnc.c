/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -vnc, -display and -k: VNC servers.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

/* The ports of display 0. */
enum { FIRST_PORT = 5900, FIRST_WEBSOCKET = 5700, LAST_PORT = 65535 };

/* ---- Addresses ---- */

/* "5" as a port, for g_free(); NULL with an error. */
static char *port_of(const char *display, guint first, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(display, 10, 0, LAST_PORT - FIRST_PORT, &number, NULL)) {
        plan_refuse(error, "'%s' is not the number of a display: ports begin at %d", display,
                    FIRST_PORT);
        return NULL;
    }
    return g_strdup_printf("%u", first + (guint)number);
}

/* Of `HOST:WHAT`, where a host with colons is in brackets; colon is the last one.  For g_free(). */
static char *host_of(const char *text, const char *colon)
{
    return text[0] == '[' && colon > text + 1 && colon[-1] == ']'
           ? g_strndup(text + 1, colon - text - 2) : g_strndup(text, colon - text);
}

/* `HOST:DISPLAY`, with what else is about addresses of that kind. */
static bool add_inet(QmpOptions *from, QmpOptions *to, const char *text, GError **error)
{
    const char *colon = strrchr(text, ':');
    const char *last = qmp_options_get(from, "to");
    g_autofree char *host = NULL, *port = NULL, *range = NULL;

    if (!colon) {
        return plan_refuse(error, "an address is HOST:DISPLAY, :DISPLAY or unix:PATH");
    }
    host = host_of(text, colon);
    port = port_of(colon + 1, FIRST_PORT, error);
    range = port && last ? port_of(last, FIRST_PORT, error) : NULL;
    if (!port || (last && !range)) {
        return false;
    }
    qmp_options_remove(from, "to");
    return qmp_options_add(to, "addr.type", "inet", 0, error) &&
           qmp_options_add(to, "addr.host", host, 0, error) &&
           qmp_options_add(to, "addr.port", port, 0, error) &&
           (!range || qmp_options_add(to, "addr.to", range, 0, error)) &&
           plan_move(from, "ipv4", to, "addr.ipv4", error) &&
           plan_move(from, "ipv6", to, "addr.ipv6", error);
}

static bool add_address(QmpOptions *from, QmpOptions *to, const char *text, GError **error)
{
    if (!g_str_has_prefix(text, "unix:")) {
        return add_inet(from, to, text, error);
    }
    return qmp_options_add(to, "addr.type", "unix", 0, error) &&
           qmp_options_add(to, "addr.path", text + strlen("unix:"), 0, error);
}

/* ---- WebSocket ---- */

static bool copy(const QmpOptions *from, const char *key, QmpOptions *to, const char *path,
                 GError **error)
{
    const char *value = qmp_options_get(from, key);

    return !value || qmp_options_add(to, path, value, 0, error);
}

/* Where it is for `websocket=on`: a port that belongs to the display's. */
static bool add_websocket_of_display(const QmpOptions *from, QmpOptions *to, const char *text,
                                     GError **error)
{
    const char *colon = g_str_has_prefix(text, "unix:") ? NULL : strrchr(text, ':');
    const char *last = qmp_options_get(from, "to");
    g_autofree char *host = colon ? host_of(text, colon) : NULL, *port = NULL, *range = NULL;

    if (!colon) {
        return plan_refuse(error, "websocket: it needs a port: websocket=PORT");
    }
    port = port_of(colon + 1, FIRST_WEBSOCKET, error);
    range = port && last ? port_of(last, FIRST_WEBSOCKET, error) : NULL;
    return port && (range || !last) &&
           qmp_options_add(to, "websocket.host", host, 0, error) &&
           qmp_options_add(to, "websocket.port", port, 0, error) &&
           (!range || qmp_options_add(to, "websocket.to", range, 0, error));
}

/* `PORT`, on the host of the display if that is one, or `HOST:PORT`. */
static bool add_websocket_port(QmpOptions *to, const char *text, const char *value,
                               GError **error)
{
    const char *colon = strrchr(value, ':');
    const char *outer = g_str_has_prefix(text, "unix:") ? NULL : strrchr(text, ':');
    const char *port = colon ? colon + 1 : value;
    g_autofree char *host = colon && colon > value ? host_of(value, colon)
                                                   : outer ? host_of(text, outer) : g_strdup("");
    guint64 number;

    if (!g_ascii_string_to_unsigned(port, 10, 0, LAST_PORT, &number, NULL)) {
        return plan_refuse(error, "websocket: '%s' is not a port", port);
    }
    return qmp_options_add(to, "websocket.host", host, 0, error) &&
           qmp_options_add(to, "websocket.port", port, 0, error);
}

/* text: the display's address. */
static bool add_websocket(QmpOptions *from, QmpOptions *to, const char *text, GError **error)
{
    g_autofree char *value = g_strdup(qmp_options_get(from, "websocket"));
    bool on = value && g_str_equal(value, "on");

    qmp_options_remove(from, "websocket");
    if (!value || g_str_equal(value, "off")) {
        return true;
    }
    if (g_str_has_prefix(value, "unix:")) {
        return qmp_options_add(to, "websocket.type", "unix", 0, error) &&
               qmp_options_add(to, "websocket.path", value + strlen("unix:"), 0, error);
    }
    return qmp_options_add(to, "websocket.type", "inet", 0, error) &&
           (on ? add_websocket_of_display(from, to, text, error)
               : add_websocket_port(to, text, value, error)) &&
           copy(from, "ipv4", to, "websocket.ipv4", error) &&
           copy(from, "ipv6", to, "websocket.ipv6", error);
}

/* ---- Options ---- */

/* What QEMU has and this server does not, if it is asked for. */
static bool refuse_others(QmpOptions *options, GError **error)
{
    static const struct {
        const char *key, *why;
    } switches[] = {
        { "acl", "there are no lists of users" },
        { "power-control", "clients cannot end the machine" },
        { "reverse", "the server does not connect to clients" },
        { "sasl", "clients authenticate themselves with a password only" },
    }, texts[] = {
        { "audiodev", "sound is not supported" },
        { "sasl-authz", "there are no lists of users" },
        { "tls-authz", "there are no lists of users" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(switches); i++) {
        bool on = false;

        if (!plan_take_bool(options, switches[i].key, &on, error)) {
            return false;
        }
        if (on) {
            return plan_refuse(error, "%s: %s", switches[i].key, switches[i].why);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (qmp_options_get(options, texts[i].key)) {
            return plan_refuse(error, "%s: %s", texts[i].key, texts[i].why);
        }
    }
    return true;
}

/* What changes nothing here: each key takes effect at once, and encodings do not change. */
static bool drop_tuning(QmpOptions *options, GError **error)
{
    bool ignored;
    guint64 delay;

    return plan_take_bool(options, "lock-key-sync", &ignored, error) &&
           plan_take_bool(options, "non-adaptive", &ignored, error) &&
           plan_take_uint(options, "key-delay-ms", &delay, error);
}

/* QEMU's ids: default, vnc2, vnc3. */
static char *next_id(Plan *plan)
{
    plan->n_vnc++;
    return plan->n_vnc == 1 ? g_strdup("default") : g_strdup_printf("vnc%u", plan->n_vnc);
}

static bool add_server(Plan *plan, QmpOptions *from, const char *address, GError **error)
{
    g_autoptr(QmpOptions) to = plan_options();
    g_autofree char *own = next_id(plan);
    const char *id = qmp_options_get(from, "id");

    qmp_options_set(to, "qom-type", "vnc-server");
    qmp_options_set(to, "id", id ? id : own);
    if (!refuse_others(from, error) || !drop_tuning(from, error) ||
        !add_websocket(from, to, address, error) || !add_address(from, to, address, error)) {
        return false;
    }
    if (plan->keyboard) {
        qmp_options_set(to, "keyboard-layout", plan->keyboard->text);
    }
    qmp_options_remove(from, "id");
    qmp_options_remove(from, "vnc");
    return plan_move_all(from, to, "", error) &&
           plan_add_options(plan, "object-add", to, "the VNC server", error);
}

bool option_vnc(Plan *plan, Item *item, GError **error)
{
    g_autofree char *address = g_strdup(qmp_options_get(item->options, "vnc"));

    if (!address) {
        return plan_refuse(error, "an address is missing: HOST:DISPLAY, :DISPLAY or unix:PATH");
    }
    if (g_str_equal(address, "none")) {
        plan_note(plan, "there is none");
        return true;
    }
    return add_server(plan, item->options, address, error);
}

bool option_keyboard(Plan *plan, Item *item, GError **error)
{
    plan->keyboard = item;
    return true;
}
