/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classes that the daemon itself implements.
 */
#include "config.h"
#include "daemon/types.h"

#include "daemon/machine/monitor.h"
#include "daemon/service/policy.h"

const TypeInfo *const daemon_types[] = {
    &monitor_hmp_type,
    &monitor_qmp_type,
    &policy_type,
    NULL,
};
