/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character devices, screens, and what is typed at them.  Formats are QEMU's.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"

/* ---- Character devices ---- */

static void on_chardev(HmpLine *line, const json_t *reply)
{
    const json_t *chardev;
    gsize i;

    json_array_foreach(reply, i, chardev) {
        hmp_print(line, "%s: filename=", hmp_str(chardev, "label"));
        hmp_print_text(line, hmp_str(chardev, "filename"));
        hmp_print(line, "\n");
    }
}

void hmp_info_chardev(HmpLine *line)
{
    hmp_ask(line, "query-chardev", NULL, on_chardev);
}

void hmp_ringbuf_write(HmpLine *line)
{
    hmp_ask(line, "ringbuf-write", json_pack("{s:s, s:s}", "device", hmp_word(line, "device"),
                                             "data", hmp_word(line, "data")), NULL);
}

/* Control characters are shown; QEMU has \uXXXX for them, too. */
static void on_ringbuf(HmpLine *line, const json_t *reply)
{
    const char *text = json_string_value(reply);

    for (const char *p = text ? text : ""; *p; p++) {
        if (*p == '\\') {
            hmp_print(line, "\\\\");
        } else if (((guint8)*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f) {
            hmp_print(line, "\\u%04X", (guint8)*p);
        } else {
            g_string_append_c(line->out, *p);
        }
    }
    hmp_print(line, "\n");
}

void hmp_ringbuf_read(HmpLine *line)
{
    hmp_ask(line, "ringbuf-read",
            json_pack("{s:s, s:I}", "device", hmp_word(line, "device"), "size",
                      (json_int_t)hmp_number(line, "size")), on_ringbuf);
}

/* ---- Mouse and keyboard ---- */

static void on_mice(HmpLine *line, const json_t *reply)
{
    const json_t *mouse;
    gsize i;

    if (!json_array_size(reply)) {
        hmp_print(line, "No mouse devices connected\n");
    }
    json_array_foreach(reply, i, mouse) {
        hmp_print(line, "%c Mouse #%d: %s%s\n", hmp_bool(mouse, "current") ? '*' : ' ',
                  (int)hmp_int(mouse, "index"), hmp_str(mouse, "name"),
                  hmp_bool(mouse, "absolute") ? " (absolute)" : "");
    }
}

void hmp_info_mice(HmpLine *line)
{
    hmp_ask(line, "query-mice", NULL, on_mice);
}

static json_t *key_value(const char *name, gsize length)
{
    g_autofree char *key = g_strndup(name, length);
    char *end;
    gint64 number = g_ascii_strtoll(key, &end, 0);

    if (g_str_has_prefix(key, "0x") && !*end) {
        return json_pack("{s:s, s:I}", "type", "number", "data", (json_int_t)number);
    }
    return json_pack("{s:s, s:s}", "type", "qcode", "data",
                     g_str_equal(key, "<") ? "less" : key);
}

void hmp_sendkey(HmpLine *line)
{
    json_t *keys = json_array(), *arguments = json_pack("{s:o}", "keys", keys);
    const char *text = hmp_word(line, "keys");

    while (*text) {
        gsize length = strcspn(text, "-");

        json_array_append_new(keys, key_value(text, length));
        text += length + (text[length] == '-');
    }
    if (hmp_given(line, "hold_ms")) {
        json_object_set_new(arguments, "hold-time", json_integer(hmp_number(line, "hold_ms")));
    }
    hmp_ask(line, "send-key", arguments, NULL);
}

static json_t *movement(const char *axis, gint64 value)
{
    return json_pack("{s:s, s:{s:s, s:I}}", "type", "rel", "data", "axis", axis, "value",
                     (json_int_t)value);
}

static json_t *button(const char *name, bool down)
{
    return json_pack("{s:s, s:{s:s, s:b}}", "type", "btn", "data", "button", name, "down", down);
}

void hmp_mouse_move(HmpLine *line)
{
    gint64 dz = hmp_number(line, "dz");
    json_t *events = json_pack("[o,o]", movement("x", hmp_number(line, "dx")),
                               movement("y", hmp_number(line, "dy")));

    if (dz) {
        json_array_append_new(events, button(dz > 0 ? "wheel-up" : "wheel-down", true));
        json_array_append_new(events, button(dz > 0 ? "wheel-up" : "wheel-down", false));
    }
    hmp_ask(line, "input-send-event", json_pack("{s:o}", "events", events), NULL);
}

void hmp_mouse_button(HmpLine *line)
{
    gint64 state = hmp_number(line, "state");
    json_t *events = json_pack("[o,o,o]", button("left", state & 1), button("middle", state & 2),
                               button("right", state & 4));

    hmp_ask(line, "input-send-event", json_pack("{s:o}", "events", events), NULL);
}

void hmp_mouse_set(HmpLine *line)
{
    hmp_ask(line, "x-mouse-set", json_pack("{s:I}", "index",
                                           (json_int_t)hmp_number(line, "index")), NULL);
}

/* ---- Pictures ---- */

void hmp_screendump(HmpLine *line)
{
    json_t *arguments = json_pack("{s:s}", "filename", hmp_word(line, "filename"));
    const char *device = hmp_word(line, "device"), *format = hmp_word(line, "format");

    if (format) {
        json_object_set_new(arguments, "format", json_string(format));
    }
    if (device) {
        json_object_set_new(arguments, "device", json_string(device));
    }
    if (hmp_given(line, "head")) {
        json_object_set_new(arguments, "head", json_integer(hmp_number(line, "head")));
    }
    hmp_ask(line, "screendump", arguments, NULL);
}

/* ---- VNC ---- */

static void print_peer(HmpLine *line, const char *what, const json_t *peer)
{
    hmp_print(line, "  %s: %s:%s (%s%s)\n", what, hmp_str(peer, "host"), hmp_str(peer, "service"),
              hmp_str(peer, "family"), hmp_bool(peer, "websocket") ? " (Websocket)" : "");
}

static void print_auth(HmpLine *line, const char *indent, const json_t *object)
{
    hmp_print(line, "%sAuth: %s (Sub: %s)\n", indent, hmp_str(object, "auth"),
              json_object_get(object, "vencrypt") ? hmp_str(object, "vencrypt") : "none");
}

static void on_vnc(HmpLine *line, const json_t *reply)
{
    const json_t *server, *entry;
    gsize i, n;

    if (!json_array_size(reply)) {
        hmp_print(line, "None\n");
    }
    json_array_foreach(reply, i, server) {
        hmp_print(line, "%s:\n", hmp_str(server, "id"));
        json_array_foreach(json_object_get(server, "server"), n, entry) {
            print_peer(line, "Server", entry);
            print_auth(line, "    ", entry);
        }
        json_array_foreach(json_object_get(server, "clients"), n, entry) {
            print_peer(line, "Client", entry);
            hmp_print(line, "    x509_dname: %s\n    sasl_username: none\n",
                      json_object_get(entry, "x509_dname") ? hmp_str(entry, "x509_dname") : "none");
        }
        if (!json_array_size(json_object_get(server, "server"))) {
            print_auth(line, "  ", server);
        }
        if (json_object_get(server, "display")) {
            hmp_print(line, "  Display: %s\n", hmp_str(server, "display"));
        }
    }
}

void hmp_info_vnc(HmpLine *line)
{
    hmp_ask(line, "query-vnc-servers", NULL, on_vnc);
}

static void add_display(const HmpLine *line, json_t *arguments)
{
    const char *display = hmp_word(line, "display");

    if (display) {
        json_object_set_new(arguments, "display", json_string(display));
    }
}

void hmp_set_password(HmpLine *line)
{
    json_t *arguments = json_pack("{s:s, s:s}", "protocol", hmp_word(line, "protocol"),
                                  "password", hmp_word(line, "password"));

    if (hmp_given(line, "connected")) {
        json_object_set_new(arguments, "connected", json_string(hmp_word(line, "connected")));
    }
    add_display(line, arguments);
    hmp_ask(line, "set_password", arguments, NULL);
}

void hmp_expire_password(HmpLine *line)
{
    json_t *arguments = json_pack("{s:s, s:s}", "protocol", hmp_word(line, "protocol"),
                                  "time", hmp_word(line, "time"));

    add_display(line, arguments);
    hmp_ask(line, "expire_password", arguments, NULL);
}
