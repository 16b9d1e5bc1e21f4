/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See machine-start.h.
 */
#include "config.h"
#include "client/machine-start.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "client/launch.h"
#include "client/machine-config.h"
#include "client/machine-end.h"
#include "client/machine-place.h"
#include "client/machine-record.h"
#include "client/request-file.h"
#include "client/service.h"
#include "qmp/error.h"

/* A log that is longer than this when a machine starts becomes the old one, of which one is
 * kept. */
#define LOG_MAX (1 << 20)

/* Seconds that a daemon may take to go once it has ended; until then it has the socket. */
#define END_PATIENCE 10

static bool start_service(const char *name, bool *ret_changed, GError **error)
{
    if (!machine_is_created(name)) {
        machine_set_unknown(name, error);
        return false;
    }
    *ret_changed = !service_is("is-active", name);
    if (!*ret_changed || service_call("start", NULL, name, error)) {
        return true;
    }
    g_prefix_error(error, "'vmctl logs %s' says more: ", name);
    return false;
}

/* ---- Without a service manager ---- */

static bool make_folder(const char *folder, bool *ret_made, GError **error)
{
    *ret_made = !g_file_test(folder, G_FILE_TEST_EXISTS);
    if (g_mkdir_with_parents(folder, 0700) == 0) {
        return true;
    }
    qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot create %s", folder);
    return false;
}

static void rotate(const char *log)
{
    g_autofree char *old = g_strconcat(log, ".1", NULL);
    struct stat st;

    if (stat(log, &st) == 0 && st.st_size > LOG_MAX && rename(log, old) < 0) {
        unlink(log);
    }
}

static void add_option(GPtrArray *options, const char *option, const char *value)
{
    g_ptr_array_add(options, g_strdup(option));
    g_ptr_array_add(options, g_strdup(value));
}

/* Requests that cannot be read keep the daemon from being started. */
static bool launch(const char *name, const char *program, const char *run, const char *state,
                   GError **error)
{
    g_autofree char *path = machine_config_path(name);
    g_autofree char *socket = g_build_filename(run, "qmp.sock", NULL);
    g_autofree char *log = g_build_filename(state, "log", NULL);
    g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) requests = request_file_read(path, error);
    const LaunchOptions how = {
        .program = program, .options = options, .log = log, .directory = "/", .stays = true,
    };
    g_autoptr(Launch) started = NULL;

    if (!requests) {
        return false;
    }
    rotate(log);
    add_option(options, "--name", name);
    add_option(options, "--socket", socket);
    add_option(options, "--state-directory", state);
    add_option(options, "--log-level", "info");
    started = launch_start(&how, error);
    if (!started ||
        !request_file_send(launch_connection(started), path, requests, false, NULL, error)) {
        return false;
    }
    launch_release(started);
    return true;
}

static bool start_locked(const char *name, const char *program, GError **error)
{
    g_autofree char *run = machine_run_directory(error);
    g_autofree char *state = machine_state_directory();
    g_autofree char *run_folder = run ? g_build_filename(run, name, NULL) : NULL;
    g_autofree char *state_folder = g_build_filename(state, name, NULL);
    bool made_run = false, made_state = false;

    if (run && make_folder(run_folder, &made_run, error) &&
        make_folder(state_folder, &made_state, error) &&
        launch(name, program, run_folder, state_folder, error)) {
        return true;
    }
    if (made_run) {
        g_rmdir(run_folder);
    }
    return false;
}

bool machine_start(const char *name, const char *program, bool *ret_changed, GError **error)
{
    g_autoptr(ExitRecord) record = NULL;
    bool ok = true;
    int lock;

    if (machine_is_service()) {
        return start_service(name, ret_changed, error);
    }
    lock = machine_config_lock(name, error);
    if (lock < 0) {
        return false;
    }
    record = machine_record_read(name, NULL);
    *ret_changed = !record || !machine_record_is_live(record);
    if (*ret_changed) {
        machine_await_end(name, verb_deadline(END_PATIENCE));
        ok = start_locked(name, program, error);
    }
    close(lock);
    return ok;
}
