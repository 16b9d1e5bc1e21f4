/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See file-names.h.
 */
#include "config.h"
#include "client/file-names.h"

#include <string.h>

/* Requests whose arguments name files; in others, `path` is that of an object. */
static const char *const commands[] = {
    "object-add", "device_add", "chardev-add", "netdev_add", "blockdev-add", NULL,
};

/* Members whose text is a file's name, wherever they are.  Those with search name a file of the
 * firmware's folder unless there is a '/' in it. */
static const struct {
    const char *name;
    gboolean search;
} members[] = {
    { "kernel", FALSE }, { "initrd", FALSE }, { "filename", FALSE }, { "file", FALSE },
    { "path", FALSE }, { "mem-path", FALSE }, { "logfile", FALSE }, { "out", FALSE },
    { "in", FALSE }, { "dir", FALSE }, { "firmware", TRUE }, { "romfile", TRUE },
};

typedef struct {
    const char *directory;      /* NULL: only look */
    char *found;                /* the first one */
} Search;

static gboolean is_relative(gsize i, const json_t *object, const char *text)
{
    if (!*text || *text == '/' || json_is_true(json_object_get(object, "abstract"))) {
        return FALSE;
    }
    return !members[i].search || strchr(text, '/') != NULL;
}

static void see_member(gsize i, json_t *object, Search *search)
{
    const char *text = json_string_value(json_object_get(object, members[i].name));

    if (!text || !is_relative(i, object, text)) {
        return;
    }
    if (!search->found) {
        search->found = g_strdup_printf("%s '%s'", members[i].name, text);
    }
    if (search->directory) {
        g_autofree char *path = g_build_filename(search->directory, text, NULL);

        json_object_set_new(object, members[i].name, json_string(path));
    }
}

static void see_object(json_t *object, Search *search)
{
    const char *key;
    json_t *value;

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        see_member(i, object, search);
    }
    json_object_foreach(object, key, value) {
        if (json_is_object(value)) {
            see_object(value, search);
        }
    }
}

static void see_request(json_t *request, Search *search)
{
    const char *command = json_string_value(json_object_get(request, "execute"));
    json_t *arguments = json_object_get(request, "arguments");
    json_t *inner;
    size_t i;

    if (command && g_str_equal(command, "build")) {
        json_array_foreach(json_object_get(arguments, "requests"), i, inner) {
            see_request(inner, search);
        }
    } else if (command && g_strv_contains(commands, command) && json_is_object(arguments)) {
        see_object(arguments, search);
    }
}

void file_names_make_absolute(json_t *request, const char *directory)
{
    Search search = { .directory = directory };

    see_request(request, &search);
    g_free(search.found);
}

char *file_names_find_relative(const json_t *request)
{
    Search search = { 0 };

    see_request((json_t *)request, &search);
    return search.found;
}
