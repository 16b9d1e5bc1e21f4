/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests as a -readconfig file, see write-config.h.
 *
 * Each request is a group; its arguments are keys, with dots for nested members.  Where the
 * command line has another spelling, the keys are moved first (chardevs), or become separate
 * groups (the machine's defaults).
 */
#include "config.h"
#include "client/translate/write-config.h"

#include <string.h>

#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/qapi-types-pci.h"
#include "qmp/text.h"

typedef struct {
    const json_t *requests;
    GString *out;
    GPtrArray *unsaid;
    const char *about;          /* the object of the group, for messages */
    bool dots;                  /* dots are part of its keys, as in CPU features */
} Writer;

static const char *str_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- Text ---- */

static void leave_unsaid(Writer *writer, const char *key, const char *why)
{
    g_autofree char *text = g_strdup_printf("%s: %s%s%s", writer->about, key, *key ? " " : "", why);
    char *line = qmp_text_clean(text);

    g_string_append_printf(writer->out, "# not expressed: %s\n", line);
    g_ptr_array_add(writer->unsaid, line);
}

static void begin_group(Writer *writer, const char *group, const char *id)
{
    g_string_append_printf(writer->out, "%s[%s", writer->out->len ? "\n" : "", group);
    if (id) {
        g_string_append_printf(writer->out, " \"%s\"", id);
    }
    g_string_append(writer->out, "]\n");
}

static void add_text(Writer *writer, const char *path, const char *value)
{
    if (strpbrk(value, "\"\n\r") || g_ascii_isspace(*value)) {
        leave_unsaid(writer, path, "has characters that cannot be quoted");
    } else {
        g_string_append_printf(writer->out, "  %s = \"%s\"\n", path, value);
    }
}

static void add_value(Writer *writer, const char *path, const json_t *value);

static void add_members(Writer *writer, const char *prefix, const json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value) {
        g_autofree char *path = g_strconcat(prefix, key, NULL);

        if (strchr(key, '.') && !writer->dots) {
            leave_unsaid(writer, path, "has a dot in its name");
        } else {
            add_value(writer, path, value);
        }
    }
}

static void add_elements(Writer *writer, const char *path, const json_t *array)
{
    json_t *value;
    size_t i;

    if (!json_array_size(array)) {
        leave_unsaid(writer, path, "is an empty list");
    }
    json_array_foreach(array, i, value) {
        g_autofree char *below = g_strdup_printf("%s.%zu", path, i);

        add_value(writer, below, value);
    }
}

static void add_value(Writer *writer, const char *path, const json_t *value)
{
    g_autofree char *prefix = NULL;
    char *text;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        prefix = g_strconcat(path, ".", NULL);
        add_members(writer, prefix, value);
        break;
    case JSON_ARRAY:
        add_elements(writer, path, value);
        break;
    case JSON_STRING:
        add_text(writer, path, json_string_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        add_text(writer, path, json_is_true(value) ? "on" : "off");
        break;
    case JSON_NULL:
        leave_unsaid(writer, path, "is null");
        break;
    default:
        text = json_dumps(value, JSON_ENCODE_ANY);
        add_text(writer, path, text);
        free(text);
    }
}

/* A PCI address is a number in requests, and slot and function in text; other devices have
 * other addresses. */
static void spell_address(json_t *arguments)
{
    const json_t *address = json_object_get(arguments, "addr");
    const char *driver = str_of(arguments, "driver");
    const QmpClass *klass = driver ? qmp_class_find(driver) : NULL;
    json_int_t place = json_integer_value(address);
    g_autofree char *text = NULL;

    if (json_is_integer(address) && klass && qmp_class_is_a(klass, &qmp_class_pci_device)) {
        text = g_strdup_printf("%x.%x", (guint)place >> 3, (guint)place & 7);
        json_object_set_new(arguments, "addr", json_string(text));
    }
}

/* A group of all arguments; `type` is the key of the class or backend, which comes first. */
static void add_group(Writer *writer, const char *group, const char *type, const json_t *arguments)
{
    json_t *rest = json_copy((json_t *)arguments);

    begin_group(writer, group, str_of(arguments, "id"));
    json_object_del(rest, "id");
    spell_address(rest);
    if (str_of(rest, type)) {
        add_text(writer, type, str_of(rest, type));
        json_object_del(rest, type);
    }
    add_members(writer, "", rest);
    json_decref(rest);
}

/* ---- Accelerator and machine ---- */

/* "kvm-accel" is "kvm". */
static char *short_name(const char *name, const char *suffix)
{
    return g_strndup(name, strlen(name) - (g_str_has_suffix(name, suffix) ? strlen(suffix) : 0));
}

static void add_defaults(Writer *writer, const json_t *defaults)
{
    json_t *entry;
    size_t i;

    json_array_foreach(defaults, i, entry) {
        json_t *value = json_object_get(entry, "value");

        begin_group(writer, "global", NULL);
        if (json_is_object(value) || json_is_array(value)) {
            leave_unsaid(writer, str_of(entry, "property"), "has a default that is not a scalar");
        }
        add_members(writer, "", entry);
    }
}

static void add_base(Writer *writer, const char *group, const char *key, const char *suffix,
                     const json_t *arguments)
{
    json_t *rest = json_copy((json_t *)arguments);
    g_autofree char *name = short_name(str_of(arguments, "qom-type"), suffix);

    json_object_del(rest, "qom-type");
    json_object_del(rest, "defaults");
    json_object_set_new(rest, key, json_string(name));
    add_group(writer, group, key, rest);
    add_defaults(writer, json_object_get(arguments, "defaults"));
    json_decref(rest);
}

/* A group for each candidate, like several -accel; the first one has the id.  Without candidates
 * no group is needed. */
static void add_any_accel(Writer *writer, const json_t *arguments)
{
    json_t *options, *id = json_object_get(arguments, "id");
    size_t i;

    if (id && !json_object_get(arguments, "accelerators")) {
        leave_unsaid(writer, "id", "is of an accelerator that is not named");
    }
    json_array_foreach(json_object_get(arguments, "accelerators"), i, options) {
        json_t *copy = json_copy(options);

        if (id && i == 0) {
            json_object_set(copy, "id", id);
        }
        add_base(writer, "accel", "accel", "-accel", copy);
        json_decref(copy);
    }
}

static void add_object(Writer *writer, const json_t *arguments)
{
    const QmpClass *klass = qmp_class_find(str_of(arguments, "qom-type"));

    if (klass == &qmp_class_any_accel) {
        add_any_accel(writer, arguments);
    } else if (klass && qmp_class_is_a(klass, &qmp_class_accel)) {
        add_base(writer, "accel", "accel", "-accel", arguments);
    } else if (klass && klass->flags & QMP_CLASS_MACHINE) {
        add_base(writer, "machine", "type", "-machine", arguments);
    } else {
        add_group(writer, "object", "qom-type", arguments);
    }
}

static void add_device(Writer *writer, const json_t *arguments)
{
    const QmpClass *klass = qmp_class_find(str_of(arguments, "driver"));

    writer->dots = klass && qmp_class_is_a(klass, &qmp_class_x86_64_cpu);
    add_group(writer, "device", "driver", arguments);
    writer->dots = false;
}

/* ---- Backends ---- */

/* Moves all members of the object `key` to the containing object. */
static void lift(json_t *object, const char *key)
{
    json_t *inner = json_incref(json_object_get(object, key));

    json_object_del(object, key);
    if (json_is_object(inner)) {
        json_object_update(object, inner);
    }
    json_decref(inner);
}

static void rename_key(json_t *object, const char *from, const char *to)
{
    json_t *value = json_object_get(object, from);

    if (value) {
        json_object_set(object, to, value);
        json_object_del(object, from);
    }
}

/* {"addr": {"type": "unix", "data": {"path": ...}}}: path=... */
static void flatten_socket(json_t *data)
{
    json_t *address = json_incref(json_object_get(data, "addr"));
    bool is_fd = g_strcmp0(str_of(address, "type"), "fd") == 0;

    json_object_del(data, "addr");
    json_object_update(data, json_object_get(address, "data"));
    if (is_fd) {
        rename_key(data, "str", "fd");
    }
    /* The command's default is a server, the command line's a client. */
    if (!json_object_get(data, "server")) {
        json_object_set_new(data, "server", json_true());
    }
    json_decref(address);
}

static void flatten_udp(json_t *data)
{
    json_t *local = json_object_get(json_object_get(data, "local"), "data");
    json_t *remote = json_incref(json_object_get(json_object_get(data, "remote"), "data"));

    if (local) {
        json_object_set(data, "localaddr", json_object_get(local, "host"));
        json_object_set(data, "localport", json_object_get(local, "port"));
    }
    json_object_del(data, "local");
    json_object_del(data, "remote");
    json_object_update(data, remote);
    json_decref(remote);
}

static void flatten_data(const char *type, json_t *data)
{
    if (g_str_equal(type, "socket")) {
        flatten_socket(data);
    } else if (g_str_equal(type, "udp")) {
        flatten_udp(data);
    } else if (g_str_equal(type, "file")) {
        rename_key(data, "out", "path");
        rename_key(data, "in", "input-path");
    } else if (g_str_equal(type, "pipe")) {
        rename_key(data, "device", "path");
    }
}

/* The mux before a chardev if both have the names that mux=on gives, or NULL. */
static const char *find_mux(const Writer *writer, const char *id)
{
    json_t *request;
    size_t i;

    json_array_foreach(writer->requests, i, request) {
        const json_t *arguments = json_object_get(request, "arguments");
        const json_t *backend = json_object_get(arguments, "backend");
        const char *base = str_of(json_object_get(backend, "data"), "chardev");
        const char *mux = str_of(arguments, "id");
        g_autofree char *expected = g_strconcat(mux ? mux : "", "-base", NULL);

        if (g_strcmp0(str_of(backend, "type"), "mux") == 0 && g_strcmp0(base, id) == 0 &&
            g_str_equal(expected, id)) {
            return mux;
        }
    }
    return NULL;
}

static void add_mux(Writer *writer, const json_t *arguments)
{
    const char *base = str_of(json_object_get(json_object_get(arguments, "backend"), "data"),
                              "chardev");

    if (g_strcmp0(find_mux(writer, base), str_of(arguments, "id")) != 0) {
        g_autofree char *why = g_strdup_printf("is a mux of '%s', not '%s-base'", base,
                                               str_of(arguments, "id"));

        leave_unsaid(writer, "", why);
    }
}

static void add_chardev(Writer *writer, const json_t *arguments)
{
    json_t *flat = json_deep_copy(json_object_get(arguments, "backend"));
    const char *id = str_of(arguments, "id");
    const char *mux = find_mux(writer, id);
    g_autofree char *type = g_strdup(str_of(flat, "type"));

    if (g_strcmp0(type, "mux") == 0) {
        add_mux(writer, arguments);
        json_decref(flat);
        return;
    }
    json_object_del(flat, "type");
    flatten_data(type, json_object_get(flat, "data"));
    lift(flat, "data");
    json_object_set_new(flat, "backend", json_string(type));
    json_object_set_new(flat, "id", json_string(mux ? mux : id));
    if (mux) {
        json_object_set_new(flat, "mux", json_true());
    }
    add_group(writer, "chardev", "backend", flat);
    json_decref(flat);
}

/* Lists of strings are repeated keys. */
static void add_netdev(Writer *writer, const json_t *arguments)
{
    static const char *const lists[] = { "hostfwd", "guestfwd", "dnssearch" };
    json_t *rest = json_copy((json_t *)arguments), *entry;
    size_t i;

    for (gsize k = 0; k < G_N_ELEMENTS(lists); k++) {
        json_object_del(rest, lists[k]);
    }
    add_group(writer, "netdev", "type", rest);
    for (gsize k = 0; k < G_N_ELEMENTS(lists); k++) {
        json_array_foreach(json_object_get(arguments, lists[k]), i, entry) {
            add_text(writer, lists[k], str_of(entry, "str"));
        }
    }
    json_decref(rest);
}

/* ---- All of it ---- */

static char *describe(const json_t *request)
{
    static const char *const keys[] = { "id", "node-name", "name", "driver", "qom-type" };
    const json_t *arguments = json_object_get(request, "arguments");

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *name = str_of(arguments, keys[i]);

        if (name) {
            return g_strdup_printf("%s %s", str_of(request, "execute"), name);
        }
    }
    return g_strdup(str_of(request, "execute"));
}

static void add_request(Writer *writer, const json_t *request)
{
    const json_t *arguments = json_object_get(request, "arguments");
    const char *command = str_of(request, "execute");
    g_autofree char *about = describe(request);

    writer->about = about;
    if (g_str_equal(command, "object-add")) {
        add_object(writer, arguments);
    } else if (g_str_equal(command, "device_add")) {
        add_device(writer, arguments);
    } else if (g_str_equal(command, "chardev-add")) {
        add_chardev(writer, arguments);
    } else if (g_str_equal(command, "netdev_add")) {
        add_netdev(writer, arguments);
    } else if (g_str_equal(command, "blockdev-add")) {
        add_group(writer, "blockdev", "driver", arguments);
    } else if (g_str_equal(command, "set-action")) {
        add_group(writer, "action", "", arguments);
    } else {
        leave_unsaid(writer, "", "is not a group of options");
    }
}

char *write_config(const json_t *requests, GPtrArray *unsaid)
{
    Writer writer = { .requests = requests, .out = g_string_new(NULL), .unsaid = unsaid };
    json_t *request;
    size_t i;

    json_array_foreach(requests, i, request) {
        add_request(&writer, request);
    }
    return g_string_free(writer.out, FALSE);
}
