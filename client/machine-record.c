/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of machines: see machine-record.h.
 */
#include "config.h"
#include "client/machine-record.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "client/output.h"
#include "qmp/error.h"
#include "qmp/json.h"

#define RECORD "exit.json"

/* ---- Directories ---- */

char *machine_run_directory(GError **error)
{
    const char *directory = g_getenv("VMD_RUN_DIR");

    if (directory && *directory) {
        return g_strdup(directory);
    }
    if (geteuid() == 0) {
        return g_strdup("/run/vmd");
    }
    directory = g_getenv("XDG_RUNTIME_DIR");
    if (!directory || !*directory) {
        qmp_error_set(error, ERROR_REASON_GENERIC,
                      "neither --socket, VMD_RUN_DIR nor XDG_RUNTIME_DIR says where the socket is");
        return NULL;
    }
    return g_build_filename(directory, "vmd", NULL);
}

/* Where records are kept: $VMD_STATE_DIR, else /var/lib/vmd for root and $XDG_STATE_HOME/vmd for
 * others. */
static char *state_directory(void)
{
    const char *directory = g_getenv("VMD_STATE_DIR");

    if (directory && *directory) {
        return g_strdup(directory);
    }
    return geteuid() == 0 ? g_strdup("/var/lib/vmd")
                          : g_build_filename(g_get_user_state_dir(), "vmd", NULL);
}

static void add_names(GPtrArray *names, const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
            !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
            g_ptr_array_add(names, g_strdup(name));
        }
    }
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *machine_names(GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *run = machine_run_directory(error);
    g_autofree char *state = state_directory();

    if (!run) {
        return NULL;
    }
    add_names(names, run);
    add_names(names, state);
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}

/* ---- Records ---- */

static ExitRecord *decode(const char *text, gsize length, GError **error)
{
    const QmpInput input = { .ops = &qmp_json_input };
    json_t *json = qmp_json_parse(text, length, error);
    ExitRecord *record = NULL;

    if (json) {
        qmp_decode(&input, &qmp_type_ExitRecord, json, &record, error);
        json_decref(json);
    }
    return record;
}

/* The record in a folder; NULL without *error if there is none. */
static ExitRecord *read_from(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, RECORD, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    ExitRecord *record;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, &why)) {
        if (!g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
            qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, qmp_error_file_errno(why),
                                "cannot read %s", path);
        }
        return NULL;
    }
    record = decode(text, length, error);
    if (!record) {
        g_prefix_error(error, "%s: ", path);
    }
    return record;
}

ExitRecord *machine_record_read(const char *name, GError **error)
{
    g_autofree char *state = state_directory();
    g_autofree char *run = machine_run_directory(NULL);
    g_autofree char *service = g_build_filename(state, name, NULL);
    g_autofree char *own = run ? g_build_filename(run, name, NULL) : NULL;
    g_autoptr(ExitRecord) later = own ? read_from(own, NULL) : NULL;
    g_autoptr(ExitRecord) record = read_from(service, later ? NULL : error);

    return later && (!record || later->started > record->started) ? g_steal_pointer(&later)
                                                                  : g_steal_pointer(&record);
}

void machine_record_remove(const char *folder)
{
    g_autoptr(ExitRecord) record = read_from(folder, NULL);

    if (!record || !machine_record_is_live(record)) {
        g_autofree char *path = g_build_filename(folder, RECORD, NULL);
        g_autofree char *next = g_build_filename(folder, "." RECORD ".next", NULL);

        unlink(path);
        unlink(next);
    }
}

void machine_record_free(ExitRecord *record)
{
    qmp_clear(&qmp_type_ExitRecord, &record);
}

bool machine_record_is_live(const ExitRecord *record)
{
    return record->running && record->pid > 0 &&
           (kill(record->pid, 0) == 0 || errno == EPERM);
}

static char *describe_end(const ExitRecord *record)
{
    const char *cause = qmp_enum_name(&qmp_type_ShutdownCause, record->cause);
    GString *text = g_string_new("ended, ");

    g_string_append(text, cause);
    if (record->has_detail) {
        g_string_append_printf(text, ", %s",
                               qmp_enum_name(&qmp_type_ShutdownDetail, record->detail));
    }
    if (record->has_signal) {
        g_string_append_printf(text, " (%s from process %" G_GINT64_FORMAT " of user %"
                               G_GINT64_FORMAT ")", g_strsignal(record->signal),
                               record->sender_pid, record->sender_uid);
    } else if (record->message) {
        g_string_append_printf(text, " (%s)", record->message);
    }
    if (record->has_status && record->status) {
        g_string_append_printf(text, ", exit status %" G_GINT64_FORMAT, record->status);
    }
    return g_string_free(text, FALSE);
}

char *machine_record_describe(const ExitRecord *record)
{
    if (!record->running) {
        return describe_end(record);
    }
    return g_strdup(machine_record_is_live(record) ? "does not answer" : "killed");
}

void machine_record_print(const ExitRecord *record)
{
    struct evbuffer *text = evbuffer_new();

    qmp_encode_json(&qmp_type_ExitRecord, &record, text);
    evbuffer_add(text, "", 1);
    output_json_text((const char *)evbuffer_pullup(text, -1));
    evbuffer_free(text);
}
