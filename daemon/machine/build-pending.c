/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What later requests of a build have reserved, and what waits for its end.
 */
#include "config.h"
#include "daemon/machine/build.h"

#include "daemon/vmd.h"
#include "qmp/qapi-types-object.h"
#include "qom/device.h"

typedef struct {
    EnvKeep keep;
    Object *obj;                /* held */
} Kept;

/* Whether the bus that options name is this one.  A name may stand for one of several
 * buses, the first with room; a bus that queries pending devices to find out whether
 * it has room must not be queried again meanwhile. */
static bool names_bus(Build *build, const DeviceOptions *options, Object *bus)
{
    Bus *named;

    build->naming = true;
    named = bus_find(object_root(bus), options->bus, options->driver, NULL);
    build->naming = false;
    return named && &named->object == bus;
}

/* Whether options will, or may, put a device on bus (NULL: any, or none). */
static bool may_sit_on(Build *build, const DeviceOptions *options, Object *bus)
{
    if (!bus) {
        return true;
    }
    if (!options->driver->bus || !object_is_a(bus, options->driver->bus)) {
        return false;
    }
    return !options->bus || names_bus(build, options, bus);
}

void build_foreach_pending(Build *build, Object *bus, EnvPending f, void *opaque)
{
    for (guint i = 0; build && !build->naming && i < build->items->len; i++) {
        const BuildItem *item = &g_array_index(build->items, BuildItem, i);
        const DeviceOptions *options;

        if (item->started || item->request->execute != BUILD_COMMAND_DEVICE_ADD) {
            continue;
        }
        options = item->request->u.device_add.arguments;
        if (may_sit_on(build, options, bus) &&
            !f(options->driver, options->props, options->bus != NULL, opaque)) {
            return;
        }
    }
}

static void kept_free(gpointer data)
{
    Kept *kept = data;

    object_unref(kept->obj);
    g_free(kept);
}

bool build_defer(Build *build, Object *obj, EnvKeep keep)
{
    Kept *kept;

    if (!build) {
        return false;
    }
    kept = g_new(Kept, 1);
    *kept = (Kept){ .keep = keep, .obj = object_ref(obj) };
    if (!build->keeps) {
        build->keeps = g_ptr_array_new_with_free_func(kept_free);
    }
    g_ptr_array_add(build->keeps, kept);
    return true;
}

bool build_keep_all(Build *build, GError **error)
{
    for (guint i = 0; build->keeps && i < build->keeps->len; i++) {
        const Kept *kept = build->keeps->pdata[i];

        if (!kept->keep(kept->obj, error)) {
            return false;
        }
    }
    return true;
}
