/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmd: one process, one machine.  It starts empty and does what clients ask
 * over its sockets, until the machine or a client ends it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/sockets.h"
#include "daemon/vmd.h"
#include "systemd/journal.h"

/* How long clients may take to read the last messages. */
#define FLUSH_MS 1000

static int run(Vmd *vmd)
{
    g_autoptr(GError) error = NULL;

    if (!sockets_open(vmd, &error)) {
        fprintf(stderr, "vmd: %s\n", error->message);
        sockets_close(vmd);
        return EXIT_STATUS_START;
    }
    notify_ready(vmd->notify, qmp_enum_name(&qmp_type_RunState, vmd->run.state), 0);
    event_base_dispatch(vmd->base);
    sockets_close(vmd);
    qmp_server_flush(vmd->server, FLUSH_MS);
    return vmd->shutdown.status;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Options) options = options_parse(argc, argv, &error);
    g_autoptr(Vmd) vmd = NULL;

    if (!options) {
        fprintf(stderr, "vmd: %s\n", error->message);
        return EXIT_STATUS_USAGE;
    }
    if (options->version) {
        printf("vmd %s\n", PACKAGE_VERSION);
        return EXIT_STATUS_OK;
    }
    journal_install(options->name, options->log_level);
    vmd = vmd_new(options, &error);
    if (!vmd) {
        fprintf(stderr, "vmd: %s\n", error->message);
        return EXIT_STATUS_START;
    }
    return run(vmd);
}
