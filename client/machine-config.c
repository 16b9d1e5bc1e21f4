/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See machine-config.h.
 *
 * A new text is a file of its own first, which gets the name when it is complete: by link(), which
 * fails if the name is taken, or by rename(), which replaces.
 */
#include "config.h"
#include "client/machine-config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "client/file-names.h"
#include "client/machine-place.h"
#include "client/machine-record.h"
#include "client/request-file.h"
#include "client/service.h"
#include "qmp/error.h"

static bool fail(GError **error, const char *doing, const char *path)
{
    qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot %s %s", doing, path);
    return false;
}

/* ---- Writing ---- */

static bool make_directory(const char *path, GError **error)
{
    /* Under systemd, the machine's own user reads it. */
    return g_mkdir_with_parents(path, machine_is_service() ? 0755 : 0700) == 0 ||
           fail(error, "create", path);
}

static bool fill(int fd, const char *text)
{
    gsize n = strlen(text);

    while (n > 0) {
        ssize_t done = write(fd, text, n);

        if (done < 0) {
            return false;
        }
        text += done;
        n -= done;
    }
    return fchmod(fd, machine_is_service() ? 0644 : 0600) == 0 && fsync(fd) == 0;
}

/* A file with the text in the directory of configurations; NULL with *error. */
static char *write_aside(const char *text, GError **error)
{
    g_autofree char *directory = machine_config_directory();
    g_autofree char *path = g_build_filename(directory, ".new-XXXXXX", NULL);
    bool ok;
    int fd;

    if (!make_directory(directory, error)) {
        return NULL;
    }
    fd = g_mkstemp_full(path, O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        fail(error, "create a file in", directory);
        return NULL;
    }
    ok = fill(fd, text) || fail(error, "write", path);
    close(fd);
    if (!ok) {
        unlink(path);
        return NULL;
    }
    return g_steal_pointer(&path);
}

static void set_taken(const char *name, GError **error)
{
    qmp_error_set(error, ERROR_REASON_ID_IN_USE, "there is a machine '%s' already", name);
}

bool machine_config_create(const char *name, const char *text, GError **error)
{
    g_autofree char *path = machine_config_path(name);
    g_autofree char *aside = write_aside(text, error);
    bool ok;

    if (!aside) {
        return false;
    }
    ok = link(aside, path) == 0;
    if (!ok && errno == EEXIST) {
        set_taken(name, error);
    } else if (!ok) {
        fail(error, "create", path);
    }
    unlink(aside);
    return ok;
}

bool machine_config_replace(const char *name, const char *text, GError **error)
{
    g_autofree char *path = machine_config_path(name);
    g_autofree char *aside = write_aside(text, error);

    if (!aside) {
        return false;
    }
    if (rename(aside, path) < 0) {
        fail(error, "replace", path);
        unlink(aside);
        return false;
    }
    return true;
}

static void find_mistakes(const char *file, const char *text, GPtrArray *mistakes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) requests = request_file_parse(file, text, &error);

    if (!requests) {
        g_ptr_array_add(mistakes, g_strdup(error->message));
        return;
    }
    request_file_check(file, requests, false, mistakes);
    for (guint i = 0; i < requests->len; i++) {
        const RequestText *request = requests->pdata[i];
        g_autofree char *found = file_names_find_relative(request->json);

        if (found) {
            g_ptr_array_add(mistakes, g_strdup_printf(
                "%s:%u: %s: name its folder, too: a daemon's working directory is /", file,
                request->line, found));
        }
    }
}

bool machine_config_check(const char *file, const char *text)
{
    g_autoptr(GPtrArray) mistakes = g_ptr_array_new_with_free_func(g_free);

    find_mistakes(file, text, mistakes);
    for (guint i = 0; i < mistakes->len; i++) {
        fprintf(stderr, "vmctl: %s\n", (char *)mistakes->pdata[i]);
    }
    return mistakes->len == 0;
}

/* ---- The lock ---- */

/* Whether the name still is that of the open file. */
static bool is_current(int fd, const char *path)
{
    struct stat own, named;

    return fstat(fd, &own) == 0 && stat(path, &named) == 0 && own.st_ino == named.st_ino &&
           own.st_dev == named.st_dev;
}

int machine_config_lock(const char *name, GError **error)
{
    g_autofree char *path = machine_config_path(name);

    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 && errno == ENOENT) {
            machine_set_unknown(name, error);
            return -1;
        }
        if (fd < 0) {
            fail(error, "open", path);
            return -1;
        }
        while (flock(fd, LOCK_EX) < 0 && errno == EINTR) {
        }
        if (is_current(fd, path)) {
            return fd;
        }
        close(fd);              /* replaced, renamed or deleted while we waited */
    }
}

/* ---- Autostart ---- */

/* Without systemd: a mark beside the configuration. */
static char *mark_path(const char *name)
{
    g_autofree char *directory = machine_config_directory();

    return g_strconcat(directory, "/", name, ".autostart", NULL);
}

bool machine_autostart_is_set(const char *name)
{
    g_autofree char *path = mark_path(name);

    return machine_is_service() ? service_is("is-enabled", name)
                                : g_file_test(path, G_FILE_TEST_EXISTS);
}

bool machine_autostart_set(const char *name, bool on, bool *ret_changed, GError **error)
{
    g_autofree char *path = mark_path(name);
    int fd;

    *ret_changed = machine_autostart_is_set(name) != on;
    if (!*ret_changed) {
        return true;
    }
    if (machine_is_service()) {
        return service_call(on ? "enable" : "disable", NULL, name, error);
    }
    if (!on) {
        return unlink(path) == 0 || fail(error, "remove", path);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(error, "create", path);
    }
    close(fd);
    return true;
}

/* ---- Renaming and deleting ---- */

static char *state_folder(const char *name)
{
    g_autofree char *directory = machine_state_directory();

    return g_build_filename(directory, name, NULL);
}

/* A folder that is not there need not be renamed. */
static bool rename_folder(const char *from, const char *to, GError **error)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 || errno == ENOENT) {
        return true;
    }
    return fail(error, "rename", from);
}

static bool rename_files(const char *name, const char *to, GError **error)
{
    g_autofree char *old_path = machine_config_path(name);
    g_autofree char *new_path = machine_config_path(to);
    g_autofree char *old_state = state_folder(name);
    g_autofree char *new_state = state_folder(to);

    if (renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, RENAME_NOREPLACE) < 0) {
        if (errno == EEXIST) {
            set_taken(to, error);
            return false;
        }
        return fail(error, "rename", old_path);
    }
    if (!rename_folder(old_state, new_state, error)) {
        if (rename(new_path, old_path) < 0) {
            g_prefix_error(error, "%s remains, and: ", new_path);
        }
        return false;
    }
    return true;
}

/* What a daemon leaves in the folder of its socket. */
static void remove_run_folder(const char *name)
{
    g_autofree char *directory = machine_run_directory(NULL);
    g_autofree char *folder = directory ? g_build_filename(directory, name, NULL) : NULL;
    g_autofree char *socket = folder ? g_build_filename(folder, "qmp.sock", NULL) : NULL;

    if (folder) {
        machine_record_remove(folder);
        unlink(socket);
        g_rmdir(folder);        /* fails if there is anything else in it */
    }
}

bool machine_config_rename(const char *name, const char *to, GError **error)
{
    bool starts = machine_autostart_is_set(name), changed;

    if (starts && !machine_autostart_set(name, false, &changed, error)) {
        return false;
    }
    if (!rename_files(name, to, error)) {
        if (starts) {
            machine_autostart_set(name, true, &changed, NULL);
        }
        return false;
    }
    remove_run_folder(name);
    return !starts || machine_autostart_set(to, true, &changed, error);
}

bool machine_config_delete(const char *name, char **ret_kept, GError **error)
{
    g_autofree char *path = machine_config_path(name);
    g_autofree char *folder = state_folder(name);
    g_autofree char *log = machine_log_path(name);
    g_autofree char *old_log = g_strconcat(log, ".1", NULL);
    bool changed;

    if (!machine_autostart_set(name, false, &changed, error)) {
        return false;
    }
    if (unlink(path) < 0) {
        return fail(error, "remove", path);
    }
    remove_run_folder(name);
    machine_record_remove(folder);
    unlink(log);
    unlink(old_log);
    *ret_kept = g_rmdir(folder) < 0 && errno == ENOTEMPTY ? g_steal_pointer(&folder) : NULL;
    return true;
}
