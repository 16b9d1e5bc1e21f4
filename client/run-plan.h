/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run plan: what `vmctl run` and `vmctl qemu` do with a translation.
 *
 *   - Options about the daemon's process become LaunchOptions.
 *   - A chardev on standard input and output becomes one on a descriptor, whose other end vmctl
 *     connects to the terminal; unless the daemon has it itself.
 *   - Descriptors that options name by number are those that vmctl was started with.
 *   - All requests that `build` takes become one; the others follow.
 */
#ifndef CLIENT_RUN_PLAN_H
#define CLIENT_RUN_PLAN_H

#include "client/connection.h"
#include "client/launch.h"
#include "client/translate/translate.h"

/* A descriptor that is sent. */
typedef struct {
    json_t *request;            /* that it goes with: getfd or add-fd */
    int fd;
    bool own;                   /* opened here */
} RunFd;

typedef struct {
    LaunchOptions launch;
    char *name;                 /* of -name, or NULL */
    bool has_socket;            /* a client can reach the daemon by -qmp or -mon */
    GPtrArray *built;           /* of TranslatedRequest, borrowed */
    GPtrArray *others;          /* of the same: the requests after those */
    int console;                /* vmctl's end of the console, or -1 */
    GArray *fds;                /* of RunFd, until they are sent */
    bool becomes;               /* vmctl's process becomes the daemon: it has the terminal */
    bool key_signals;           /* Ctrl-C on the console is a signal */
    bool curses;                /* vmctl shows the screen on the terminal */
} RunPlan;

/* Changes translation, which must outlive the result.  NULL with *error if there is an option that
 * a daemon started by vmctl cannot have. */
RunPlan *run_plan_new(Translation *translation, bool becomes, GError **error);
void run_plan_free(RunPlan *plan);          /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunPlan, run_plan_free)

/* Sends descriptors and requests.  *error begins with the option that it comes from. */
bool run_plan_send(RunPlan *plan, Connection *conn, GError **error);

#endif
