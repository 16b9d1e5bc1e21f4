/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients ask about migration: migration.json.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/qapi-types-migration.h"
#include "qmp/visit.h"

bool qmp_query_migrate(QmpRequest *req, MigrationInfo **ret, GError **error)
{
    *ret = g_new0(MigrationInfo, 1);
    return true;
}

bool qmp_query_migrate_capabilities(QmpRequest *req, MigrationCapabilityStatusList *ret,
                                    GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    ret->n = 1;
    ret->items = g_new(MigrationCapabilityStatus *, 1);
    ret->items[0] = g_new(MigrationCapabilityStatus, 1);
    *ret->items[0] = (MigrationCapabilityStatus){ MIGRATION_CAPABILITY_EVENTS,
                                                  vmd->migration_events };
    return true;
}

/* All or none. */
static bool check(const MigrationCapabilityStatusList *list, GError **error)
{
    for (gsize i = 0; i < list->n; i++) {
        const MigrationCapabilityStatus *status = list->items[i];

        if (status->state && status->capability != MIGRATION_CAPABILITY_EVENTS) {
            qmp_error_set_at(error, "capabilities", ERROR_REASON_NOT_SUPPORTED,
                             "there is no migration, and so no capability '%s' of it",
                             qmp_enum_name(&qmp_type_MigrationCapability, status->capability));
            return false;
        }
    }
    return true;
}

bool qmp_migrate_set_capabilities(QmpRequest *req, MigrateSetCapabilitiesArgs *args,
                                  GError **error)
{
    Vmd *vmd = qmp_request_context(req);

    if (!check(&args->capabilities, error)) {
        return false;
    }
    for (gsize i = 0; i < args->capabilities.n; i++) {
        if (args->capabilities.items[i]->capability == MIGRATION_CAPABILITY_EVENTS) {
            vmd->migration_events = args->capabilities.items[i]->state;
        }
    }
    return true;
}
