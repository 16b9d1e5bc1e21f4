/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/lib/outside.h.
 */
#include "config.h"
#include "tests/lib/outside.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* Administrators' programs are not in everybody's search path. */
static char *find(const char *program)
{
    char *path = g_find_program_in_path(program);

    if (!path) {
        path = g_build_filename("/usr/sbin", program, NULL);
        if (access(path, X_OK) < 0) {
            g_clear_pointer(&path, g_free);
        }
    }
    return path;
}

bool outside_have(const char *program)
{
    g_autofree char *path = find(program);

    if (!path) {
        g_autofree char *why = g_strdup_printf("%s is not installed", program);

        g_test_skip(why);
    }
    return path;
}

char *outside_run_argv(const char *folder, const char *const *argv)
{
    g_auto(GStrv) arguments = g_strdupv((char **)argv);
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    g_free(arguments[0]);
    arguments[0] = find(argv[0]);
    g_spawn_sync(folder, arguments, NULL, 0, NULL, NULL, &output, &errors, &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_error("%s:\n%s%s", argv[0], output, errors);
    }
    return g_strconcat(output, errors, NULL);
}

char *outside_run(const char *folder, const char *command)
{
    g_auto(GStrv) argv = g_strsplit(command, " ", -1);

    return outside_run_argv(folder, (const char *const *)argv);
}

char *outside_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("vmd-test-XXXXXX", &error);

    g_assert_no_error(error);
    return folder;
}

void outside_remove(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(folder);
}

void outside_write(const char *folder, const char *name, const void *data, gsize length)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, data, length, &error);
    g_assert_no_error(error);
}
