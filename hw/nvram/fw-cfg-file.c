/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw-cfg-file: a client's file in the guest's firmware configuration.  It waits
 * below /objects until the machine starts, and its board takes it.
 */
#include "config.h"
#include "hw/nvram/fw-cfg.h"

#include <string.h>

#include "hw/aio/file-bytes.h"
#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-firmware.h"

struct FwCfgFileObject {
    Object object;
    GBytes *bytes;              /* since prepare */
};

GBytes *fw_cfg_file_bytes(Object *obj)
{
    return g_bytes_ref(to_fw_cfg_file_object(obj)->bytes);
}

static bool file_prepare(Object *obj, GError **error)
{
    FwCfgFileObject *s = to_fw_cfg_file_object(obj);
    const FwCfgFileProps *props = fw_cfg_file_props(obj);

    if (!props->string == !props->file) {
        qmp_error_set_at(error, "string",
                         props->string ? ERROR_REASON_INVALID_VALUE : ERROR_REASON_PROPERTY_MISSING,
                         "a firmware configuration file needs either property 'string' or 'file'");
        return false;
    }
    s->bytes = props->string ? g_bytes_new(props->string, strlen(props->string))
                             : file_bytes_read(props->file, G_MAXINT32, error);
    return s->bytes || qmp_error_blame(error, "file");
}

static void file_release(Object *obj)
{
    g_clear_pointer(&to_fw_cfg_file_object(obj)->bytes, g_bytes_unref);
}

static bool file_complete(Object *obj, GError **error)
{
    if (machine_past_build(obj)) {
        qmp_error_set_at(error, "qom-type", ERROR_REASON_WRONG_STATE,
                         "firmware configuration files are added before the machine starts");
        return false;
    }
    return true;
}

static bool file_may_delete(Object *obj, GError **error)
{
    if (machine_past_build(obj)) {
        qmp_error_set_at(error, "id", ERROR_REASON_IN_USE,
                         "firmware configuration file '%s' is in use by the machine",
                         fw_cfg_file_props(obj)->name);
        return false;
    }
    return true;
}

const TypeInfo fw_cfg_file_type = {
    .schema = &qmp_class_fw_cfg_file,
    .size = sizeof(FwCfgFileObject),
    .object = &(const ObjectOps){
        .prepare = file_prepare,
        .release = file_release,
        .complete = file_complete,
        .may_delete = file_may_delete,
    },
};
