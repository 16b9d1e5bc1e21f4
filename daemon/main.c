/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmd: one process, one machine.  It starts empty and executes requests of
 * clients, until the machine or a client ends it.
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/account.h"
#include "daemon/assembly.h"
#include "daemon/machine/monitor.h"
#include "daemon/machine/shutdown.h"
#include "daemon/service/memory-fault.h"
#include "daemon/service/no-exec.h"
#include "daemon/service/sandbox.h"
#include "hw/chardev/char.h"
#include "qmp/error.h"
#include "systemd/journal.h"

/* How long clients may take to read the last messages, and readers of chardevs the last
 * output.  The whole shutdown has twice as long, except for flushing disks. */
#define FLUSH_MS 900
#define END_MS (2 * FLUSH_MS)

static bool confine(const Vmd *vmd, GError **error)
{
    no_exec();
    return !vmd->options->sandbox || sandbox_enter(vmd->options->sandbox, error);
}

static void tell_ready(void *opaque, const GError *error)
{
    Vmd *vmd = opaque;

    g_autoptr(GError) why = NULL;

    if (error) {
        g_warning("%s", error->message);
        shutdown_failed(vmd, EXIT_STATUS_BUILD, error->message);
    } else if (!confine(vmd, &why)) {
        g_warning("%s", why->message);
        shutdown_failed(vmd, EXIT_STATUS_START, why->message);
    } else {
        status_ready(&vmd->status);
    }
}

/* It has said what is wrong itself, to those who started it. */
static void tell_built(void *opaque, const GError *error)
{
    Vmd *vmd = opaque;

    if (error) {
        g_message("%s", error->message);
        shutdown_failed(vmd, EXIT_STATUS_BUILDER, error->message);
    } else {
        qmp_server_release(vmd->server);
        status_ready(&vmd->status);
    }
}

/* Serves the client that builds the machine, and others only when it has done so: they shall not
 * find half a machine.  The builder starts the vCPUs, so the process is confined before. */
static bool serve_builder(Vmd *vmd, GError **error)
{
    const Options *options = vmd->options;

    if (!qmp_server_attach(vmd->server, options->builder_fd, QMP_DIALECT_QMP, error)) {
        return false;
    }
    vmd->before_ready = before_ready_adopt(vmd->base, options->builder_pid, "the builder",
                                           tell_built, vmd, error);
    return vmd->before_ready != NULL;
}

/* Makes the places where others find the daemon: all or none. */
static bool appear(Vmd *vmd, GError **error)
{
    const char *pidfile = vmd->options->pidfile;

    return account_begin(vmd, error) && sockets_open(&vmd->sockets, error) &&
           (!pidfile || pid_file_write(&vmd->pid_file, pidfile, error));
}

static void disappear(Vmd *vmd)
{
    sockets_close(&vmd->sockets);
    pid_file_remove(&vmd->pid_file);
}

/* Listens, and becomes ready now or when the command of --before-ready has ended.  The
 * record is written first, so that a client that connects finds this daemon's record and
 * not its predecessor's. */
static bool start(Vmd *vmd, GError **error)
{
    if (vmd->options->builder_pid) {
        qmp_server_hold(vmd->server);
        return appear(vmd, error) && confine(vmd, error) && serve_builder(vmd, error);
    }
    if (!appear(vmd, error)) {
        return false;
    }
    if (!vmd->options->before_ready) {
        tell_ready(vmd, NULL);
        return true;
    }
    vmd->before_ready = before_ready_start(vmd->base, vmd->options->before_ready, tell_ready, vmd,
                                           error);
    return vmd->before_ready != NULL;
}

/* A thread that is stuck in the kernel may hold a lock that exit() needs. */
static void end(Vmd *vmd)
{
    gint64 deadline = g_get_monotonic_time() + END_MS * G_TIME_SPAN_MILLISECOND;

    before_ready_ask(vmd->before_ready);
    disappear(vmd);
    qmp_server_flush(vmd->server, FLUSH_MS);
    monitors_flush(vmd->root);
    chardevs_flush(vmd->root, FLUSH_MS);
    account_end(vmd);
    if (!assembly_end(vmd, deadline)) {
        _exit(vmd->ending.status);
    }
}

/* MemoryFaultEnd. */
static void end_by_fault(void *opaque, const char *message)
{
    Vmd *vmd = opaque;
    int status;

    g_warning("%s", message);
    status = account_fault(vmd, message);
    pid_file_remove(&vmd->pid_file);
    _exit(status);
}

static int run(Vmd *vmd)
{
    const int failed = vmd->options->builder_pid ? EXIT_STATUS_BUILDER : EXIT_STATUS_START;
    g_autoptr(GError) error = NULL;

    if (!start(vmd, &error)) {
        fprintf(stderr, "vmd: %s\n", error->message);
        disappear(vmd);
        shutdown_note_failure(vmd, failed, error->message);
        account_end(vmd);
        return failed;
    }
    event_base_dispatch(vmd->base);
    end(vmd);
    return vmd->ending.status;
}

/* The locale sets the character set of --help.  Loading it would take a twentieth of the
 * time to the greeting. */
static bool needs_locale(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "--help") || g_str_equal(argv[i], "-h")) {
            return true;
        }
    }
    return false;
}

/* The kernel cuts a name after 15 bytes. */
static bool prepare_process(const Options *options, GError **error)
{
    if (options->process_name) {
        (void)prctl(PR_SET_NAME, options->process_name);
    }
    if (options->lock_memory && mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot lock memory");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Options) options = NULL;
    g_autoptr(Vmd) vmd = NULL;

    if (needs_locale(argc, argv)) {
        setlocale(LC_CTYPE, "");
    }
    options = options_parse(argc, argv, &error);
    signals_block();
    if (!options) {
        fprintf(stderr, "vmd: %s\n", error->message);
        return EXIT_STATUS_USAGE;
    }
    if (options->version) {
        printf("vmd %s\n", PACKAGE_VERSION);
        return EXIT_STATUS_OK;
    }
    journal_install(options->name, options->log_level);
    if (!prepare_process(options, &error) || !(vmd = assembly_make(options, &error))) {
        fprintf(stderr, "vmd: %s\n", error->message);
        return EXIT_STATUS_START;
    }
    memory_fault_watch(end_by_fault, vmd);
    return run(vmd);
}
