/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ending: see ending.h.
 */
#include "config.h"
#include "daemon/machine/ending.h"

void ending_set(Ending *ending, ShutdownCause cause, const ShutdownDetail *detail, int status)
{
    ending->cause = cause;
    ending->has_detail = detail != NULL;
    ending->detail = detail ? *detail : 0;
    ending->status = status;
}

void ending_set_message(Ending *ending, const char *message)
{
    g_free(ending->message);
    ending->message = g_strdup(message);
}

void ending_clear(Ending *ending)
{
    g_clear_pointer(&ending->message, g_free);
}

bool ending_is_guests(ShutdownCause cause)
{
    return cause == SHUTDOWN_CAUSE_GUEST_SHUTDOWN || cause == SHUTDOWN_CAUSE_GUEST_RESET ||
           cause == SHUTDOWN_CAUSE_GUEST_PANIC;
}

char *ending_text(const Ending *ending)
{
    const char *cause = qmp_enum_name(&qmp_type_ShutdownCause, ending->cause);

    return ending->has_detail
           ? g_strdup_printf("%s, %s", cause,
                             qmp_enum_name(&qmp_type_ShutdownDetail, ending->detail))
           : g_strdup(cause);
}
