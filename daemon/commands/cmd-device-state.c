/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-device-state: the guest-visible state of a device or a CPU
 * (schema/state.json).
 */
#include "config.h"
#include "daemon/vmd.h"

#include "daemon/qapi-commands.h"
#include "qmp/error.h"
#include "qmp/qapi-types-state.h"
#include "qom/state-stream.h"

static Device *resolve(Vmd *vmd, const char *path, GError **error)
{
    Object *obj = object_resolve(vmd->root, path, error);
    Device *dev;

    if (!obj) {
        qmp_error_blame(error, "path");
        if (error && qmp_error_is(*error, ERROR_REASON_OBJECT_NOT_FOUND)) {
            qmp_error_not_there(error);
        }
        return NULL;
    }
    dev = device_in_use(obj);
    if (!dev) {
        qmp_error_set_at(error, "path", ERROR_REASON_INVALID_VALUE, "'%s' is not a device in use",
                         obj->name);
        return NULL;
    }
    return dev;
}

bool qmp_query_device_state(QmpRequest *req, QueryDeviceStateArgs *args, DeviceState **ret,
                            GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Device *dev = resolve(vmd, args->path, error);
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autofree char *path = NULL;
    bool ok;

    if (!dev) {
        return false;
    }
    machine_hold(machine_of(dev));
    ok = device_save(dev, state, error);
    machine_release(machine_of(dev));
    if (!ok) {
        return false;
    }
    path = object_path(&dev->object);
    *ret = state_show(path, state->data, state->len, error);
    return *ret != NULL;
}
