/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl qemu: vmctl in the place of QEMU (front.h).
 */
#include "config.h"

#include "client/front.h"
#include "client/verb.h"
#include "qmp/error.h"

/* All words are QEMU's, -h and --help too. */
static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    int first = argc > 1 && g_str_equal(argv[1], "--") ? 2 : 1;

    if (globals->socket || globals->name) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "vmctl qemu: the options -qmp and -name "
                      "take the place of --socket and --name");
        return EXIT_USAGE;
    }
    return front_run("vmctl qemu", argc - first, (const char *const *)argv + first);
}

const Verb verb_qemu = {
    .name = "qemu",
    .arguments = "[QEMU-OPTION...]",
    .summary = "become the machine of a QEMU command line, as a process like QEMU",
    .min_args = 0,
    .max_args = -1,
    .run = run,
};
