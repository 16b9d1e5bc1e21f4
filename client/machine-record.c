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

#include "client/machine-place.h"
#include "client/output.h"
#include "qmp/error.h"
#include "qmp/json.h"

#define RECORD "exit.json"

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
    g_autofree char *state = machine_state_directory();
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

/* Whether the process with this number is still a daemon, as numbers are used again, and one that
 * nobody has waited for keeps its own.  One that may not be looked at counts as one. */
static bool is_daemon(gint64 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/stat", pid);
    g_autofree char *text = NULL;
    const char *name, *end;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return true;
    }
    name = strchr(text, '(');           /* "PID (NAME) STATE ..." */
    end = strrchr(text, ')');
    return name && end && g_str_has_prefix(name, "(vmd") && end[1] == ' ' &&
           end[2] != 'Z' && end[2] != 'X';
}

bool machine_record_has_process(const ExitRecord *record)
{
    return record->pid > 0 && (kill(record->pid, 0) == 0 || errno == EPERM) &&
           is_daemon(record->pid);
}

bool machine_record_is_live(const ExitRecord *record)
{
    return record->running && machine_record_has_process(record);
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
