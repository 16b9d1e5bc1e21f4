/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests as one `build`, see build-list.h.
 */
#include "config.h"
#include "client/build-list.h"

#include <stdio.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-build.h"

bool build_list_takes(const json_t *request)
{
    const char *command = json_string_value(json_object_get(request, "execute"));
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)request, key, value) {
        if (!g_str_equal(key, "execute") && !g_str_equal(key, "arguments") &&
            !g_str_equal(key, "id")) {
            return false;
        }
    }
    return command && qmp_enum_parse(&qmp_type_BuildCommand, command) >= 0;
}

char *build_list_text(const char *const *texts, guint n)
{
    GString *text = g_string_new("{\"execute\": \"build\", \"arguments\": {\"requests\": [");

    for (guint i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s", i ? ", " : "", texts[i]);
    }
    g_string_append(text, "]}}");
    return g_string_free(text, FALSE);
}

/* Replaces the message: leaves out a piece, and appends some text. */
static void replace_message(GError *error, const char *piece, const char *path)
{
    const char *at = strstr(error->message, piece);
    gsize before = at ? (gsize)(at - error->message) : strlen(error->message);
    const char *behind = at ? at + strlen(piece) : "";
    bool named = !*path || strstr(behind, path);
    char *message = g_strdup_printf("%.*s%s%s%s%s", (int)before, error->message, behind,
                                    named ? "" : " (", named ? "" : path, named ? "" : ")");

    g_free(error->message);
    error->message = message;
}

int build_list_locate(GError *error)
{
    const char *path = qmp_error_path(error);
    g_autofree char *piece = NULL;
    int index = -1, length = 0;

    if (!path || sscanf(path, "requests[%d]%n", &index, &length) != 1 || !length || index < 0) {
        return -1;
    }
    path += length;
    path = g_str_has_prefix(path, ".arguments.") ? path + strlen(".arguments.") : "";
    piece = g_strdup_printf("requests[%d]: ", index);
    replace_message(error, piece, path);
    return index;
}
