/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See machine-end.h.
 */
#include "config.h"
#include "client/machine-end.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/ending.h"
#include "client/machine-place.h"
#include "client/machine-record.h"
#include "client/service.h"
#include "qmp/error.h"

/* How long a daemon that is to be killed may take to end by itself, in microseconds. */
#define KILL_PATIENCE (2 * G_USEC_PER_SEC)

/* ---- With its help ---- */

static bool offers(Connection *conn, const char *command, bool *ret, GError **error)
{
    json_t *commands = NULL, *item;
    size_t i;

    if (!connection_call(conn, "query-commands", NULL, &commands, error)) {
        return false;
    }
    *ret = false;
    json_array_foreach(commands, i, item) {
        const char *name = json_string_value(json_object_get(item, "name"));

        *ret |= g_strcmp0(name, command) == 0;
    }
    json_decref(commands);
    return true;
}

static bool can_power_down(Connection *conn, bool *ret, GError **error)
{
    bool hears = false, offered = false;

    if (!ending_guest_hears(conn, &hears, error) ||
        !offers(conn, "system_powerdown", &offered, error)) {
        return false;
    }
    *ret = hears && offered;
    return true;
}

/* Waits for the end of the daemon after `quit`: its SHUTDOWN event or the end
 * of the connection. */
static int wait_gone(Connection *conn, gint64 deadline, GError **error)
{
    for (;;) {
        g_autoptr(Message) event = NULL;

        switch (connection_next_event(conn, deadline, &event, error)) {
        case CONNECTION_EVENT:
            break;
        case CONNECTION_CLOSED:
            return EXIT_OK;
        case CONNECTION_TIMEOUT:
            qmp_error_set(error, ERROR_REASON_GENERIC, "the daemon did not end in time");
            return EXIT_TIMEOUT;
        case CONNECTION_FAILED:
            return EXIT_ERROR;
        }
    }
}

static int quit(Connection *conn, gint64 deadline, GError **error)
{
    if (!connection_call(conn, "quit", NULL, NULL, error)) {
        return EXIT_ERROR;
    }
    return wait_gone(conn, deadline, error);
}

/* False without *error: the machine has no button. */
static bool press_button(Connection *conn, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (connection_call(conn, "system_powerdown", NULL, NULL, &why)) {
        return true;
    }
    if (!g_error_matches(why, QMP_ERROR, ERROR_REASON_NOT_SUPPORTED)) {
        g_propagate_error(error, g_steal_pointer(&why));
    }
    return false;
}

static int power_down(Connection *conn, gint64 deadline, GError **error)
{
    g_autoptr(GError) why = NULL;
    int status;

    if (!press_button(conn, &why)) {
        if (!why) {
            return quit(conn, deadline, error);
        }
        g_propagate_error(error, g_steal_pointer(&why));
        return EXIT_ERROR;
    }
    status = ending_wait(conn, deadline, NULL, NULL, error);
    if (status == EXIT_TIMEOUT) {
        g_clear_error(error);
        qmp_error_set(error, ERROR_REASON_GENERIC,
                      "the guest did not power off in time; --force ends it");
    }
    return status;
}

int machine_stop(Connection *conn, bool force, double timeout, GError **error)
{
    bool gracefully = false;

    if (!force && !can_power_down(conn, &gracefully, error)) {
        return EXIT_ERROR;
    }
    return gracefully ? power_down(conn, verb_deadline(timeout), error)
                      : quit(conn, verb_deadline(timeout), error);
}

/* ---- Without ---- */

static int open_process(gint64 pid)
{
    return syscall(SYS_pidfd_open, (pid_t)pid, 0);
}

/* Whether the process has ended by then. */
static bool await_process(int process, gint64 deadline)
{
    struct pollfd entry = { .fd = process, .events = POLLIN };

    for (;;) {
        gint64 left = MAX(deadline - g_get_monotonic_time(), 0);
        int n = poll(&entry, 1, (int)MIN(left / 1000 + 1, G_MAXINT));

        if (n != 0 && (n > 0 || errno != EINTR)) {
            return n > 0;
        }
        if (n == 0 && left == 0) {
            return false;
        }
    }
}

bool machine_await_end(const char *name, gint64 deadline)
{
    g_autoptr(ExitRecord) record = machine_record_read(name, NULL);
    int process = record && machine_record_has_process(record) ? open_process(record->pid) : -1;
    bool ended;

    if (process < 0) {
        return true;
    }
    ended = await_process(process, deadline);
    close(process);
    return ended;
}

/* A daemon that answers ends with a record. */
static void ask_to_quit(const char *name)
{
    const Globals globals = { .name = (char *)name };
    g_autofree char *path = verb_socket_path(&globals, NULL);
    g_autoptr(Connection) conn = path ? connection_open_within(path, KILL_PATIENCE, NULL) : NULL;

    if (conn) {
        quit(conn, g_get_monotonic_time() + KILL_PATIENCE, NULL);
    }
}

/* The unit's manager would start it again after a signal, unless it is to stop. */
static bool kill_process(const char *name, int process, GError **error)
{
    if (machine_is_service()) {
        return service_call("stop", "--no-block", name, error) &&
               service_call("kill", "--signal=KILL", name, error);
    }
    if (syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) == 0 || errno == ESRCH) {
        return true;
    }
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot kill the daemon");
    return false;
}

bool machine_kill(const char *name, bool *ret_changed, GError **error)
{
    g_autoptr(ExitRecord) record = machine_record_read(name, NULL);
    bool ok = true;
    int process;

    *ret_changed = record && machine_record_is_live(record);
    if (!*ret_changed) {
        return true;
    }
    process = open_process(record->pid);
    if (process < 0) {
        return true;            /* it has just ended */
    }
    ask_to_quit(name);
    if (!await_process(process, g_get_monotonic_time() + KILL_PATIENCE)) {
        ok = kill_process(name, process, error) &&
             await_process(process, g_get_monotonic_time() + KILL_PATIENCE);
        if (!ok && error && !*error) {
            qmp_error_set(error, ERROR_REASON_GENERIC, "the daemon does not end");
        }
    }
    close(process);
    return ok;
}
