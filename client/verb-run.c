/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl run: runs a machine from a QEMU command line, from its start to its
 * end.
 *
 * The daemon is vmctl's child (launch.h), and gets the requests that `vmctl translate` prints
 * (run-plan.h).  Then the terminal is connected to the console until the daemon ends.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "client/ending.h"
#include "client/machine-place.h"
#include "client/machine-record.h"
#include "client/run-plan.h"
#include "client/screen-view.h"
#include "client/terminal.h"
#include "client/verb.h"
#include "qmp/error.h"

/* The limit for the reply to a signal's request; a daemon that hangs is killed. */
#define PATIENCE (5 * G_USEC_PER_SEC)

typedef struct {
    RunPlan *plan;
    Launch *launch;
    Terminal *terminal;
    bool asked;                 /* the guest has been asked to power off */
    bool lost;                  /* the daemon does not answer any more */
} Run;

/* ---- What vmctl leaves in the file system while the machine runs ---- */

typedef struct {
    char *folder;               /* of the socket, if it was created */
    char *record;               /* folder of the exit record */
} Traces;

static bool make_folder(const char *folder, Traces *traces, GError **error)
{
    if (g_file_test(folder, G_FILE_TEST_EXISTS)) {
        return true;
    }
    if (g_mkdir_with_parents(folder, 0700) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot create %s", folder);
        return false;
    }
    traces->folder = g_strdup(folder);
    return true;
}

static void add_option(RunPlan *plan, const char *option, const char *value)
{
    g_ptr_array_add(plan->launch.options, g_strdup(option));
    g_ptr_array_add(plan->launch.options, g_strdup(value));
}

/* The socket that -s or -n name, with its folder, where the record is kept as well: so that
 * other verbs find a machine by its name, and see that it runs without connecting. */
static bool add_socket(const Globals *globals, RunPlan *plan, Traces *traces, GError **error)
{
    g_autofree char *path = NULL, *folder = NULL;

    if (!globals->socket && !globals->name) {
        return true;
    }
    path = verb_socket_path(globals, error);
    if (!path) {
        return false;
    }
    if (!globals->socket) {
        folder = g_path_get_dirname(path);
        if (!make_folder(folder, traces, error)) {
            return false;
        }
        add_option(plan, "--state-directory", folder);
        traces->record = g_steal_pointer(&folder);
    }
    add_option(plan, "--socket", path);
    if (globals->name && !plan->name) {
        add_option(plan, "--name", globals->name);
    }
    plan->has_socket = true;
    return true;
}

static void remove_traces(Traces *traces)
{
    if (traces->record) {
        machine_record_remove(traces->record);
    }
    if (traces->folder) {
        g_rmdir(traces->folder);        /* fails if the folder is not empty */
    }
    g_free(traces->record);
    g_free(traces->folder);
}

/* ---- The machine's life ---- */

/* Reads the daemon's events. */
static void take_events(Run *run)
{
    for (;;) {
        g_autoptr(Message) event = NULL;
        ConnectionResult result =
            connection_next_event(launch_connection(run->launch), 0, &event, NULL);

        if (result != CONNECTION_EVENT) {
            run->lost = result != CONNECTION_TIMEOUT;
            return;
        }
    }
}

/* Not every guest would notice its button, and not every machine has one. */
static bool press_button(Run *run)
{
    Connection *conn = launch_connection(run->launch);
    bool hears = false;

    return ending_guest_hears(conn, &hears, NULL) && hears &&
           connection_call(conn, "system_powerdown", NULL, NULL, NULL);
}

/* Asks the guest to end the first time, and ends it the second time. */
static void end_machine(Run *run, bool gently)
{
    if (gently && !run->asked && press_button(run)) {
        run->asked = true;
        if (isatty(STDIN_FILENO) && !run->plan->curses) {
            fprintf(stderr, "The guest was asked to power off; press again to end the machine.\n");
        }
    } else if (run->lost || !connection_call(launch_connection(run->launch), "quit", NULL, NULL,
                                             NULL)) {
        launch_kill(run->launch);
    }
}

static bool step(Run *run, GError **error)
{
    int fd = run->lost ? -1 : connection_fd(launch_connection(run->launch));
    int number;

    switch (terminal_copy(run->terminal, fd, error)) {
    case TERMINAL_ESCAPED:
        end_machine(run, true);
        return true;
    case TERMINAL_SIGNAL:
        number = terminal_take_signal(run->terminal);
        end_machine(run, number == SIGTERM || number == SIGINT);
        return true;
    case TERMINAL_CLOSED:
        run->plan->console = -1;
        return true;
    case TERMINAL_WATCHED:
        return true;
    case TERMINAL_FAILED:
        break;
    }
    return false;
}

/* Runs until the daemon has closed its end of the connection and of the console. */
static bool watch(Run *run, GError **error)
{
    for (;;) {
        take_events(run);
        if (run->lost && run->plan->console < 0) {
            return true;
        }
        if (!step(run, error)) {
            return false;
        }
    }
}

static bool step_screen(Run *run, ScreenView *view, GError **error)
{
    int number;

    switch (screen_view_run(view, error)) {
    case SCREEN_VIEW_ESCAPED:
        end_machine(run, true);
        return true;
    case SCREEN_VIEW_SIGNAL:
        number = screen_view_take_signal(view);
        end_machine(run, number == SIGTERM || number == SIGINT);
        return true;
    case SCREEN_VIEW_CLOSED:
        run->lost = true;
        return true;
    case SCREEN_VIEW_FAILED:
        break;
    }
    return false;
}

/* Shows the machine's screen until its daemon ends. */
static int attend_screen(Run *run, GError **error)
{
    ScreenView *view = screen_view_open(launch_second_connection(run->launch),
                                        launch_connection(run->launch), NULL, error);

    if (!view) {
        return EXIT_ERROR;
    }
    while (!run->lost) {
        if (!step_screen(run, view, error)) {
            screen_view_close(view);
            return EXIT_ERROR;
        }
    }
    screen_view_close(view);
    return launch_wait(run->launch);
}

/* The exit status, with *error if vmctl gave up. */
static int attend(Run *run, GError **error)
{
    const RunPlan *plan = run->plan;
    int console = plan->console;
    bool talk = isatty(STDIN_FILENO) && console >= 0;
    bool ok;

    run->terminal = terminal_open(console, TERMINAL_LINE_ENDS |
                                  (plan->key_signals ? TERMINAL_KEY_SIGNALS : 0), error);
    if (!run->terminal) {
        return EXIT_ERROR;
    }
    if (talk) {
        fprintf(stderr, "Ctrl-] powers the machine off.\n");
    }
    ok = watch(run, error);
    terminal_close(run->terminal);
    if (console >= 0) {
        close(console);
        run->plan->console = -1;
    }
    return ok ? launch_wait(run->launch) : EXIT_ERROR;
}

/* The daemon stays, and so do its socket and the record of its end. */
static int leave(Run *run, Traces *traces)
{
    launch_release(run->launch);
    g_clear_pointer(&traces->record, g_free);
    g_clear_pointer(&traces->folder, g_free);
    return EXIT_OK;
}

/* ---- Beginning ---- */

static bool check_reach(const RunPlan *plan, GError **error)
{
    if (!plan->launch.stays || plan->has_socket) {
        return true;
    }
    qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "-daemonize: nobody could reach the "
                  "daemon: say vmctl --name NAME run or --socket PATH, or -qmp "
                  "unix:PATH,server=on,wait=off");
    return false;
}

static int launch_machine(RunPlan *plan, Traces *traces, GError **error)
{
    g_autoptr(Launch) launch = launch_start(&plan->launch, error);
    Run run = { .plan = plan, .launch = launch };

    if (!launch || !run_plan_send(plan, launch_connection(launch), error)) {
        return EXIT_ERROR;
    }
    if (plan->launch.stays) {
        return leave(&run, traces);
    }
    connection_set_patience(launch_connection(launch), PATIENCE);
    return plan->curses ? attend_screen(&run, error) : attend(&run, error);
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Translation) translation = NULL;
    g_autoptr(RunPlan) plan = NULL;
    g_autofree char *daemon = NULL;
    Traces traces = { 0 };
    const GOptionEntry entries[] = {
        { "daemon", 0, 0, G_OPTION_ARG_FILENAME, &daemon, "the daemon to start", "PATH" },
        G_OPTION_ENTRY_NULL
    };
    int first, status = EXIT_ERROR;

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    first = argc > 1 && g_str_equal(argv[1], "--") ? 2 : 1;
    translation = translate_command_line(argc - first, (const char *const *)argv + first);
    if (verb_print_problems(translation, argc - first, (const char *const *)argv + first)) {
        return EXIT_ERROR;
    }
    plan = run_plan_new(translation, false, error);
    if (!plan) {
        return EXIT_ERROR;
    }
    plan->launch.program = daemon;
    if (add_socket(globals, plan, &traces, error) && check_reach(plan, error)) {
        status = launch_machine(plan, &traces, error);
    }
    remove_traces(&traces);
    return status;
}

const Verb verb_run = {
    .name = "run",
    .arguments = "[-- QEMU-OPTION...]",
    .summary = "start a daemon, and run the machine of a QEMU command line",
    .description = "The console is standard input and output if the options say so, or the "
                   "screen's text is shown there with -display curses; Ctrl-] there, "
                   "SIGTERM and SIGINT power the machine off, and end it the second time.  The "
                   "exit status is the daemon's.",
    .min_args = 0,
    .max_args = -1,
    .run = run,
};
