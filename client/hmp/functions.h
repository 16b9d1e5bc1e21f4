/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the commands, hmp_ID() for each that the table has one of.  Private to
 * client/hmp/.
 */
#ifndef CLIENT_HMP_FUNCTIONS_H
#define CLIENT_HMP_FUNCTIONS_H

#include "client/hmp/line.h"

#define HMP_COMMAND(id, names, args, help, qmp) void hmp_##id(HmpLine *line);
#define HMP_DIRECT(id, names, args, help, qmp)
#define HMP_ABSENT(id, names, why)
#include "client/hmp/commands.h"
#undef HMP_COMMAND

#endif
