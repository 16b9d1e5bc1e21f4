/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the handlers about machine types share.
 */
#ifndef DAEMON_CMD_MACHINE_H
#define DAEMON_CMD_MACHINE_H

#include "qmp/type.h"

/* A machine type's name: its class's without the ending; newly allocated. */
char *machine_name(const QmpClass *klass);

#endif
