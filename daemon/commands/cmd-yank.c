/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * yank and query-yank: connections of chardevs that hang.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/chardev/char-yank.h"
#include "qmp/error.h"
#include "qmp/qapi-types-yank.h"
#include "qom/place.h"
#include "qom/qapi-objects-char.h"

/* The chardev that an instance names, or NULL. */
static Chardev *find(const Vmd *vmd, const YankInstance *instance)
{
    Chardev *chr = NULL;

    if (instance->type == YANK_INSTANCE_TYPE_CHARDEV) {
        chr = chardev_find(vmd->root, instance->u.chardev.id, NULL);
    }
    return chr && char_can_yank(chr) ? chr : NULL;
}

bool qmp_yank(QmpRequest *req, YankArgs *args, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);

    for (gsize i = 0; i < args->instances.n; i++) {
        if (!find(vmd, args->instances.items[i])) {
            g_autofree char *path = g_strdup_printf("instances[%" G_GSIZE_FORMAT "]", i);

            qmp_error_set_at(error, path, ERROR_REASON_DEVICE_NOT_FOUND,
                             "Instance not found: nothing here has such a connection");
            return false;
        }
    }
    for (gsize i = 0; i < args->instances.n; i++) {
        char_yank(find(vmd, args->instances.items[i]));
    }
    return true;
}

static bool add_instance(Object *obj, void *data)
{
    YankInstance *instance;

    if (object_life(obj) == OBJECT_COMPLETE && char_can_yank(to_chardev(obj))) {
        instance = g_new0(YankInstance, 1);
        instance->type = YANK_INSTANCE_TYPE_CHARDEV;
        instance->u.chardev.id = g_strdup(obj->name);
        g_ptr_array_add(data, instance);
    }
    return true;
}

bool qmp_query_yank(QmpRequest *req, YankInstanceList *ret, GError **error)
{
    const Vmd *vmd = qmp_request_context(req);
    GPtrArray *list = g_ptr_array_new();

    object_foreach_child(place_folder(vmd->root, &qmp_class_chardev), add_instance, list);
    ret->n = list->len;
    ret->items = (YankInstance **)g_ptr_array_free(list, false);
    return true;
}
