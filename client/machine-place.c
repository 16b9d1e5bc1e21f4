/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories and names of machines: see machine-place.h.
 */
#include "config.h"
#include "client/machine-place.h"

#include <string.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/nearest.h"
#include "qmp/text.h"

#define SUFFIX ".conf"

/* A user of the system has at most 31 bytes, of which "vmd-" are four. */
#define SERVICE_NAME_MAX 27

/* ---- Directories ---- */

static const char *variable(const char *name)
{
    const char *value = g_getenv(name);

    return value && *value ? value : NULL;
}

char *machine_run_directory(GError **error)
{
    const char *directory = variable("VMD_RUN_DIR");

    if (directory) {
        return g_strdup(directory);
    }
    if (geteuid() == 0) {
        return g_strdup("/run/vmd");
    }
    directory = variable("XDG_RUNTIME_DIR");
    if (!directory) {
        qmp_error_set(error, ERROR_REASON_GENERIC,
                      "neither --socket, VMD_RUN_DIR nor XDG_RUNTIME_DIR says where the socket is");
        return NULL;
    }
    return g_build_filename(directory, "vmd", NULL);
}

char *machine_state_directory(void)
{
    const char *directory = variable("VMD_STATE_DIR");

    if (directory) {
        return g_strdup(directory);
    }
    return geteuid() == 0 ? g_strdup("/var/lib/vmd")
                          : g_build_filename(g_get_user_state_dir(), "vmd", NULL);
}

char *machine_config_directory(void)
{
    const char *directory = variable("VMD_CONFIG_DIR");

    if (directory) {
        return g_strdup(directory);
    }
    return geteuid() == 0 ? g_strdup("/etc/vmd")
                          : g_build_filename(g_get_user_config_dir(), "vmd", NULL);
}

char *machine_config_path(const char *name)
{
    g_autofree char *directory = machine_config_directory();

    return g_strconcat(directory, "/", name, SUFFIX, NULL);
}

char *machine_log_path(const char *name)
{
    g_autofree char *directory = machine_state_directory();

    return g_build_filename(directory, name, "log", NULL);
}

bool machine_is_service(void)
{
    return geteuid() == 0 && !variable("VMD_RUN_DIR") &&
           g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR);
}

/* ---- Names ---- */

static bool refuse_name(const char *name, const char *why, GError **error)
{
    g_autofree char *shown = qmp_text_quote(name);

    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "%s is not the name of a machine%s", shown,
                  why);
    return false;
}

bool machine_check_name(const char *name, GError **error)
{
    return qmp_machine_name_ok(name) || refuse_name(name, "", error);
}

bool machine_check_new_name(const char *name, GError **error)
{
    gsize n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    if (!machine_check_name(name, error)) {
        return false;
    }
    if (strlen(name) > 250) {
        return refuse_name(name, ": it is too long for that of a file", error);
    }
    if (machine_is_service() && (name[n] || n > SERVICE_NAME_MAX)) {
        return refuse_name(name, " under systemd, where it is that of a user, too: at most 27 "
                           "letters, digits, '-' and '_'", error);
    }
    return true;
}

bool machine_is_created(const char *name)
{
    g_autofree char *path = machine_config_path(name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void add_name(GPtrArray *names, const char *name)
{
    if (qmp_machine_name_ok(name) &&
        !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
        g_ptr_array_add(names, g_strdup(name));
    }
}

/* Each folder of a directory is a machine's. */
static void add_folders(GPtrArray *names, const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            add_name(names, name);
        }
    }
}

static void add_configurations(GPtrArray *names, const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir))) {
        if (g_str_has_suffix(entry, SUFFIX)) {
            g_autofree char *name = g_strndup(entry, strlen(entry) - strlen(SUFFIX));

            add_name(names, name);
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
    g_autofree char *state = machine_state_directory();
    g_autofree char *configurations = machine_config_directory();

    if (!run) {
        return NULL;
    }
    add_folders(names, run);
    add_folders(names, state);
    add_configurations(names, configurations);
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}

void machine_set_unknown(const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = machine_names(NULL);
    g_autofree char *hint = NULL;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, name);
    for (guint i = 0; names && i < names->len; i++) {
        qmp_nearest_add(&nearest, names->pdata[i]);
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND, "there is no machine '%s'%s", name, hint);
}
