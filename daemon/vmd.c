/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vmd: see vmd.h.
 */
#include "config.h"

#include "daemon/vmd.h"

#include "cpu/accel.h"
#include "qmp/error.h"

Accelerator vmd_accel_name(const Accel *accel)
{
    return qmp_enum_parse(&qmp_type_Accelerator, accel_ops(accel)->name);
}

const Accel *vmd_accel(Vmd *vmd)
{
    const Accel *accel = accel_find(vmd->root);

    return accel && object_life(&accel->object) == OBJECT_COMPLETE ? accel : NULL;
}

Machine *vmd_machine(Vmd *vmd)
{
    return machine_made(vmd->root);
}

Machine *vmd_require_machine(Vmd *vmd, GError **error)
{
    Machine *machine = vmd_machine(vmd);

    if (!machine) {
        qmp_error_set(error, ERROR_REASON_NO_MACHINE, "there is no machine; object-add makes one");
    }
    return machine;
}
