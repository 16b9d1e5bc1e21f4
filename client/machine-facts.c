/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See machine-facts.h.
 */
#include "config.h"
#include "client/machine-facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/layout.h"
#include "client/machine-place.h"
#include "client/machine-record.h"
#include "client/output.h"
#include "client/verb.h"
#include "qmp/text.h"

/* For each reply, in microseconds. */
#define PATIENCE (2 * G_USEC_PER_SEC)

/* ---- The daemon's process ---- */

/* Its fields of /proc/PID/stat from the third on. */
static char **read_stat(gint64 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/stat", pid);
    g_autofree char *text = NULL;
    const char *end;

    if (!g_file_get_contents(path, &text, NULL, NULL) || !(end = strrchr(text, ')')) || !end[1]) {
        return NULL;
    }
    return g_strsplit(end + 2, " ", -1);
}

/* Processor time and age in seconds: utime, stime and starttime (proc(5): fields 14, 15, 22). */
static void add_times(json_t *facts, gint64 pid)
{
    g_auto(GStrv) fields = read_stat(pid);
    double hertz = sysconf(_SC_CLK_TCK), up = 0;
    g_autofree char *text = NULL;

    if (!fields || g_strv_length(fields) < 20 ||
        !g_file_get_contents("/proc/uptime", &text, NULL, NULL)) {
        return;
    }
    up = g_ascii_strtod(text, NULL);
    json_object_set_new(facts, "cpu-time",
                        json_real((g_ascii_strtod(fields[11], NULL) +
                                   g_ascii_strtod(fields[12], NULL)) / hertz));
    json_object_set_new(facts, "uptime",
                        json_real(MAX(up - g_ascii_strtod(fields[19], NULL) / hertz, 0)));
}

/* ---- Addresses ---- */

/* The address that the host's table of neighbours has for a card: "IP TYPE FLAGS MAC ...". */
static void add_neighbour(json_t *addresses, const char *mac)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!mac || !g_file_get_contents("/proc/net/arp", &text, NULL, NULL)) {
        return;
    }
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 1; lines[0] && lines[i]; i++) {
        char ip[64], found[64];

        if (sscanf(lines[i], "%63s %*s %*s %63s", ip, found) == 2 &&
            g_ascii_strcasecmp(found, mac) == 0) {
            json_array_append_new(addresses, json_string(ip));
        }
    }
}

static json_t *find_addresses(const json_t *config)
{
    json_t *addresses = json_array(), *request, *forward;
    size_t i, k;

    json_array_foreach(json_object_get(config, "requests"), i, request) {
        const json_t *arguments = json_object_get(request, "arguments");

        json_array_foreach(json_object_get(arguments, "hostfwd"), k, forward) {
            json_array_append(addresses, json_object_get(forward, "str"));
        }
        add_neighbour(addresses, json_string_value(json_object_get(arguments, "mac")));
    }
    return addresses;
}

/* ---- The daemon's answers ---- */

static json_t *ask(Connection *conn, const char *command)
{
    json_t *reply = NULL;

    return connection_call(conn, command, NULL, &reply, NULL) ? reply : NULL;
}

static void add_accelerator(json_t *facts, Connection *conn)
{
    json_t *reply = ask(conn, "query-accelerators");
    json_t *name = json_object_get(reply, "enabled");
    json_t *why = json_object_get(reply, "why");

    if (name) {
        json_object_set(facts, "accelerator", name);
    }
    if (why) {
        json_object_set(facts, "accelerator-why", why);
    }
    json_decref(reply);
}

static void add_shape(json_t *facts, Connection *conn)
{
    json_t *cpus = ask(conn, "query-cpus-fast");
    json_t *memory = ask(conn, "query-memory-size-summary");
    json_t *config = ask(conn, "query-config");
    json_int_t bytes = json_integer_value(json_object_get(memory, "base-memory")) +
                       json_integer_value(json_object_get(memory, "plugged-memory"));

    if (cpus) {
        json_object_set_new(facts, "vcpus", json_integer(json_array_size(cpus)));
    }
    if (memory) {
        json_object_set_new(facts, "memory", json_integer(bytes));
    }
    if (config) {
        json_object_set_new(facts, "addresses", find_addresses(config));
    }
    json_decref(cpus);
    json_decref(memory);
    json_decref(config);
}

/* The run state of a machine's daemon, or NULL.  *ret_forbidden: NULL because this user has no
 * permission. */
static char *ask_live(const char *name, json_t *facts, bool *ret_forbidden)
{
    const Globals globals = { .name = (char *)name };
    g_autofree char *path = verb_socket_path(&globals, NULL);
    g_autoptr(Connection) conn = path ? connection_open_within(path, PATIENCE, NULL) : NULL;
    json_t *status;
    char *state;

    *ret_forbidden = !conn && path && access(path, W_OK) < 0 && errno == EACCES;
    if (!conn) {
        return NULL;
    }
    status = ask(conn, "query-status");
    state = g_strdup(json_string_value(json_object_get(status, "status")));
    json_decref(status);
    if (state) {
        add_accelerator(facts, conn);
        add_shape(facts, conn);
    }
    return state;
}

static json_t *facts_of(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ExitRecord) record = machine_record_read(name, &error);
    bool running = record && machine_record_is_live(record), forbidden = false;
    json_t *facts = json_pack("{s:s, s:s, s:b}", "name", name, "state", "", "live", FALSE);
    g_autofree char *state = running ? ask_live(name, facts, &forbidden) : NULL;

    if (state) {
        json_object_set_new(facts, "live", json_true());
    } else if (forbidden) {
        state = g_strdup("no permission to ask it");
    } else if (record) {
        state = machine_record_describe(record);
    } else {
        state = g_strdup(error ? error->message : "not started");
    }
    if (running) {
        json_object_set_new(facts, "pid", json_integer(record->pid));
        add_times(facts, record->pid);
    }
    json_object_set_new(facts, "state", json_string(state));
    return facts;
}

json_t *machine_facts_all(GError **error)
{
    g_autoptr(GPtrArray) names = machine_names(error);
    json_t *list;

    if (!names) {
        return NULL;
    }
    list = json_array();
    for (guint i = 0; i < names->len; i++) {
        json_array_append_new(list, facts_of(names->pdata[i]));
    }
    return list;
}

/* ---- For people ---- */

static const json_t *find(const json_t *list, const json_t *facts)
{
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry) {
        if (json_equal(json_object_get(entry, "name"), json_object_get(facts, "name")) &&
            json_equal(json_object_get(entry, "pid"), json_object_get(facts, "pid"))) {
            return entry;
        }
    }
    return NULL;
}

static char *cpu_cell(const json_t *facts, const json_t *before, double interval)
{
    const json_t *earlier = find(before, facts);
    double used = json_real_value(json_object_get(facts, "cpu-time"));
    double during = json_real_value(json_object_get(facts, "uptime"));

    if (!json_object_get(facts, "cpu-time")) {
        return g_strdup("-");
    }
    if (earlier) {
        used -= json_real_value(json_object_get(earlier, "cpu-time"));
        during = interval;
    }
    return g_strdup_printf("%.1f%%", during > 0 ? 100 * MAX(used, 0) / during : 0.0);
}

/* "3d 4h", "4h 12m", "12m 5s", "5s" */
static char *age_cell(const json_t *facts)
{
    guint64 s = json_real_value(json_object_get(facts, "uptime"));

    if (!json_object_get(facts, "uptime")) {
        return g_strdup("-");
    }
    if (s >= 86400) {
        return g_strdup_printf("%" G_GUINT64_FORMAT "d %uh", s / 86400, (guint)(s / 3600 % 24));
    }
    if (s >= 3600) {
        return g_strdup_printf("%uh %um", (guint)(s / 3600), (guint)(s / 60 % 60));
    }
    return s >= 60 ? g_strdup_printf("%um %us", (guint)(s / 60), (guint)(s % 60))
                   : g_strdup_printf("%us", (guint)s);
}

static char *addresses_cell(const json_t *facts)
{
    GString *text = g_string_new(NULL);
    json_t *address;
    size_t i;

    json_array_foreach(json_object_get(facts, "addresses"), i, address) {
        g_string_append_printf(text, "%s%s", i ? " " : "", json_string_value(address));
    }
    return g_string_free(text, FALSE);
}

static char *number_cell(const json_t *facts, const char *name, bool is_size)
{
    const json_t *value = json_object_get(facts, name);
    json_int_t number = json_integer_value(value);

    if (!value) {
        return g_strdup("-");
    }
    return is_size ? g_strdup_printf("%" JSON_INTEGER_FORMAT "M", number >> 20)
                   : g_strdup_printf("%" JSON_INTEGER_FORMAT, number);
}

void machine_facts_print(const json_t *list, const json_t *before, double interval, guint width)
{
    static const char *const titles[] = {
        "NAME", "STATE", "ACCEL", "CPUS", "MEMORY", "CPU", "UPTIME", "ADDRESSES", NULL
    };
    g_autoptr(LayoutTable) table = layout_table_new(titles);
    g_autoptr(GString) text = g_string_new(NULL);
    json_t *facts;
    size_t i;

    json_array_foreach(list, i, facts) {
        const char *accel = json_string_value(json_object_get(facts, "accelerator"));
        g_autofree char *cpus = number_cell(facts, "vcpus", false);
        g_autofree char *memory = number_cell(facts, "memory", true);
        g_autofree char *cpu = cpu_cell(facts, before, interval);
        g_autofree char *age = age_cell(facts);
        g_autofree char *addresses = addresses_cell(facts);
        const char *cells[] = {
            json_string_value(json_object_get(facts, "name")),
            json_string_value(json_object_get(facts, "state")), accel ? accel : "-", cpus, memory,
            cpu, age, addresses,
        };

        layout_table_add(table, cells);
    }
    layout_table_print(table, text, width);
    fputs(text->str, stdout);
}
