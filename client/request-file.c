/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of requests: see request-file.h.
 */
#include "config.h"
#include "client/request-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/build-list.h"
#include "client/checker.h"
#include "qmp/error.h"

/* Reads a file, or standard input if it is called "-". */
static bool read_input(const char *path, RequestReader *reader, GError **error)
{
    FILE *file = g_str_equal(path, "-") ? stdin : fopen(path, "re");
    char buffer[65536];
    size_t n;
    bool ok;

    if (!file) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open %s", path);
        return false;
    }
    while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0) {
        request_reader_feed(reader, buffer, n);
    }
    ok = !ferror(file);
    if (!ok) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot read %s", path);
    }
    if (file != stdin) {
        fclose(file);
    }
    return ok;
}

/* Takes all that the reader has. */
static GPtrArray *take_all(const char *name, RequestReader *reader, GError **error)
{
    g_autoptr(GPtrArray) requests =
        g_ptr_array_new_with_free_func((GDestroyNotify)request_text_free);

    for (;;) {
        RequestText *request;
        guint line;

        if (!request_reader_next(reader, true, &request, &line, error)) {
            g_prefix_error(error, "%s:%u: ", name, line);
            return NULL;
        }
        if (!request) {
            return g_steal_pointer(&requests);
        }
        g_ptr_array_add(requests, request);
    }
}

GPtrArray *request_file_read(const char *path, GError **error)
{
    g_autoptr(RequestReader) reader = request_reader_new();

    return read_input(path, reader, error) ? take_all(path, reader, error) : NULL;
}

GPtrArray *request_file_parse(const char *name, const char *text, GError **error)
{
    g_autoptr(RequestReader) reader = request_reader_new();

    request_reader_feed(reader, text, strlen(text));
    return take_all(name, reader, error);
}

/* Prepends the request's position to an error, and appends the argument's path
 * if the message does not name it. */
static void locate_error(GError **error, const char *file, const RequestText *request)
{
    g_autofree char *path = g_strdup(qmp_error_path(*error));

    if (path && !strstr((*error)->message, path)) {
        g_autofree char *message = g_strdup_printf("%s (%s)", (*error)->message, path);

        g_free((*error)->message);
        (*error)->message = g_steal_pointer(&message);
    }
    g_prefix_error(error, "%s:%u: %s: ", file, request->line, request_text_command(request));
}

void request_file_check(const char *name, const GPtrArray *requests, bool build,
                        GPtrArray *mistakes)
{
    g_autoptr(Checker) checker = checker_new();

    for (guint i = 0; i < requests->len; i++) {
        const RequestText *request = requests->pdata[i];

        checker_note_begin(checker, request->json);
        if (build && build_list_takes(request->json)) {
            checker_expect(checker, request->json);
        }
    }
    for (guint i = 0; i < requests->len; i++) {
        const RequestText *request = requests->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!checker_check(checker, request->json, request->line, &error)) {
            locate_error(&error, name, request);
            g_ptr_array_add(mistakes, g_strdup(error->message));
        }
    }
}

/* "object-add kvm-accel kvm0": what a request is about, for --verbose. */
static char *describe(const RequestText *request)
{
    static const char *const keys[] = { "qom-type", "driver", "type", "id", "path", "property" };
    const json_t *arguments = json_object_get(request->json, "arguments");
    GString *text = g_string_new(request_text_command(request));

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value = json_string_value(json_object_get(arguments, keys[i]));

        if (value) {
            g_string_append_printf(text, " %s", value);
        }
    }
    return g_string_free(text, FALSE);
}

static bool send_request(Connection *conn, const RequestText *request, GError **error)
{
    g_autoptr(Message) reply = connection_request(conn, request->text, NULL, 0, error);

    return reply && !message_is_error(reply, error);
}

/* How many requests from the i-th on go into one `build`; 1 for one that is sent separately. */
static guint count_built(const GPtrArray *requests, guint i, bool build)
{
    guint n = 0;

    while (build && i + n < requests->len && n < BUILD_LIST_MAX &&
           build_list_takes(((RequestText *)requests->pdata[i + n])->json)) {
        n++;
    }
    return MAX(n, 1);
}

/* Sends n of them as one; *ret_culprit is the one that an error is about. */
static bool send_build(Connection *conn, const GPtrArray *requests, guint first, guint n,
                       guint *ret_culprit, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    g_autoptr(Message) reply = NULL;
    g_autofree char *text = NULL;
    GError *why = NULL;
    int culprit;

    for (guint i = first; i < first + n; i++) {
        g_ptr_array_add(texts, ((RequestText *)requests->pdata[i])->text);
    }
    text = build_list_text((const char *const *)texts->pdata, n);
    reply = connection_request(conn, text, NULL, 0, &why);
    if (reply && !message_is_error(reply, &why)) {
        return true;
    }
    culprit = build_list_locate(why);
    *ret_culprit = culprit >= 0 && (guint)culprit < n ? first + culprit : first;
    g_propagate_error(error, why);
    return false;
}

static bool send_step(Connection *conn, const GPtrArray *requests, guint first, guint n, bool build,
                      guint *ret_culprit, GError **error)
{
    if (build && build_list_takes(((RequestText *)requests->pdata[first])->json)) {
        return send_build(conn, requests, first, n, ret_culprit, error);
    }
    *ret_culprit = first;
    return send_request(conn, requests->pdata[first], error);
}

bool request_file_send(Connection *conn, const char *name, const GPtrArray *requests, bool build,
                       RequestFileReport *report, GError **error)
{
    for (guint i = 0, n; i < requests->len; i += n) {
        gint64 start = g_get_monotonic_time();
        g_autofree char *text = NULL;
        guint culprit;

        n = count_built(requests, i, build);
        text = n > 1 ? g_strdup_printf("build of %u requests", n) : describe(requests->pdata[i]);
        if (!send_step(conn, requests, i, n, build, &culprit, error)) {
            locate_error(error, name, requests->pdata[culprit]);
            return false;
        }
        if (report) {
            report(start, text);
        }
    }
    return true;
}
