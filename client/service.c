/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See service.h.
 */
#include "config.h"
#include "client/service.h"

#include "qmp/error.h"

/* Exit status 0; *ret_text is what it wrote to standard error. */
static bool run(const char *word, const char *option, const char *name, char **ret_text,
                GError **error)
{
    g_autofree char *unit = g_strdup_printf("vmd@%s.service", name);
    const char *words[] = { "systemctl", "--no-ask-password", word, unit, option, NULL };
    g_autoptr(GError) why = NULL;
    int status = 0;

    if (!g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, NULL, ret_text, &status, &why)) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "%s", why->message);
        return false;
    }
    return g_spawn_check_wait_status(status, NULL);
}

bool service_call(const char *word, const char *option, const char *name, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;

    if (run(word, option, name, &text, &why)) {
        return true;
    }
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    qmp_error_set(error, ERROR_REASON_HOST_ERROR, "systemctl %s: %s", word,
                  text && *text ? g_strstrip(text) : "failed");
    return false;
}

bool service_is(const char *word, const char *name)
{
    g_autofree char *text = NULL;

    return run(word, NULL, name, &text, NULL);
}
