/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-machines, query-current-machine, query-kvm, query-accelerators, query-uuid, query-pci:
 * machine types are schema data, so the first needs neither machine nor accelerator.
 */
#include "config.h"

#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/i386/pc-numa.h"
#include "hw/machine/power.h"
#include "hw/pci/pci-query.h"
#include "kvm/kvm.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-control.h"
#include "qmp/recipe.h"
#include "qom/qapi-objects-machine.h"
#include "qom/qapi-objects-pc.h"
#include "tcg/tcg.h"

/* The result of query-uuid for a machine without UUID. */
#define UUID_NONE "00000000-0000-0000-0000-000000000000"

static MachineInfo *machine_info(const QmpClass *klass)
{
    MachineInfo *info = g_new0(MachineInfo, 1);

    info->name = qmp_machine_name(klass);
    info->alias = klass->aliases ? g_strdup(qmp_name(klass->aliases[0])) : NULL;
    info->has_is_default = info->is_default = klass->flags & QMP_CLASS_DEFAULT;
    info->cpu_max = klass->cpu_max;
    info->hotpluggable_cpus = qmp_class_is_a(klass, &qmp_class_generic_pc_machine);
    info->numa_mem_supported = pc_numa_takes_sizes(klass);
    info->deprecated = klass->flags & QMP_CLASS_DEPRECATED;
    info->default_ram_id = g_strdup(qmp_name_or_null(klass->default_ram_id));
    info->default_cpu_type = klass->default_cpu ? g_strdup(qmp_class(klass->default_cpu)->name)
                                                : NULL;
    return info;
}

bool qmp_query_machines(QmpRequest *req, MachineInfoList *ret, GError **error)
{
    ret->items = g_new0(MachineInfo *, qmp_n_classes);
    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *klass = qmp_classes[i];

        if ((klass->flags & QMP_CLASS_MACHINE) && !(klass->flags & QMP_CLASS_ABSTRACT)) {
            ret->items[ret->n++] = machine_info(klass);
        }
    }
    return true;
}

bool qmp_query_current_machine(QmpRequest *req, CurrentMachineParams **ret, GError **error)
{
    const Machine *machine = vmd_machine(qmp_request_context(req));

    *ret = g_new0(CurrentMachineParams, 1);
    (*ret)->wakeup_suspend_support = machine && machine_can_sleep(machine);
    return true;
}

bool qmp_query_kvm(QmpRequest *req, KvmInfo **ret, GError **error)
{
    const Accel *accel = vmd_accel(qmp_request_context(req));

    *ret = g_new0(KvmInfo, 1);
    (*ret)->present = kvm_present();
    (*ret)->enabled = accel && object_is_a(accel, &qmp_class_kvm_accel);
    return true;
}

bool qmp_query_accelerators(QmpRequest *req, AcceleratorInfo **ret, GError **error)
{
    const bool present[ACCELERATOR__MAX] = {
        [ACCELERATOR_KVM] = kvm_present(), [ACCELERATOR_QTEST] = true,
        [ACCELERATOR_TCG] = tcg_present(),
    };
    const Accel *accel = vmd_accel(qmp_request_context(req));

    *ret = g_new0(AcceleratorInfo, 1);
    (*ret)->present.items = g_new(Accelerator, ACCELERATOR__MAX);
    for (int i = 0; i < ACCELERATOR__MAX; i++) {
        if (present[i]) {
            (*ret)->present.items[(*ret)->present.n++] = i;
        }
    }
    if (accel) {
        (*ret)->has_enabled = true;
        (*ret)->enabled = vmd_accel_name(accel);
        (*ret)->why = g_strdup(accel->why);
    }
    return true;
}

bool qmp_query_uuid(QmpRequest *req, UuidInfo **ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    const Machine *machine = vmd_machine(vmd);
    const MachineProps *props = machine ? machine_props(machine) : NULL;

    *ret = g_new0(UuidInfo, 1);
    (*ret)->UUID = g_strdup(props && props->uuid ? props->uuid : UUID_NONE);
    return true;
}

bool qmp_query_pci(QmpRequest *req, PciInfoList *ret, GError **error)
{
    Machine *machine = vmd_machine(qmp_request_context(req));

    if (machine) {
        pci_query(&machine->object, ret);
    }
    return true;
}
