/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * human-monitor-command.
 */
#include "config.h"

#include "daemon/machine/human.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/qapi-types-monitor.h"
#include "qmp/request.h"

typedef struct {
    QmpRequest *req;
    HmpMonitor *monitor;        /* for this line only */
} Command;

static void on_done(void *opaque, const HmpLine *line)
{
    Command *command = opaque;
    g_auto(GStrv) rows = g_strsplit(hmp_line_output(line), "\n", -1);
    /* Line ends as QEMU sends them. */
    g_autofree char *output = g_strjoinv("\r\n", rows);

    qmp_request_return(command->req, &output);
    hmp_monitor_free(command->monitor);
    g_free(command);
}

void qmp_human_monitor_command(QmpRequest *req, HumanMonitorCommandArgs *args)
{
    Command *command = g_new(Command, 1);

    command->req = req;
    command->monitor = hmp_monitor_new();
    command->monitor->cpu = args->cpu_index;
    human_start(qmp_request_context(req), hmp_line_new(command->monitor, args->command_line),
                req, on_done, command);
}
