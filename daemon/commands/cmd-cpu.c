/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands about CPUs: schema/cpu.json.
 */
#include "config.h"
#include "daemon/vmd.h"

#include "cpu/cpu.h"
#include "daemon/qapi-commands.h"
#include "qmp/qapi-types-cpu-query.h"
#include "qmp/qapi-types-cpu.h"

static CpuInstanceProperties *place(const Cpu *cpu)
{
    CpuInstanceProperties *props = g_new0(CpuInstanceProperties, 1);

    *props = (CpuInstanceProperties){
        .has_socket_id = true, .socket_id = cpu->ids.socket,
        .has_die_id = true, .die_id = cpu->ids.die,
        .has_core_id = true, .core_id = cpu->ids.core,
        .has_thread_id = true, .thread_id = cpu->ids.thread,
    };
    return props;
}

static CpuInfoFast *describe(Cpu *cpu)
{
    CpuInfoFast *info = g_new0(CpuInfoFast, 1);

    info->cpu_index = cpu->index;
    info->qom_path = object_path(&cpu->device.object);
    info->thread_id = g_atomic_int_get(&cpu->thread_id);
    info->props = place(cpu);
    info->target = SYS_EMU_TARGET_X86_64;
    return info;
}

bool qmp_query_cpus_fast(QmpRequest *req, CpuInfoFastList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    guint n = cpu_count(vmd->root);

    ret->items = g_new0(CpuInfoFast *, n);
    for (guint i = 0; i < n; i++) {
        ret->items[ret->n++] = describe(cpu_by_index(vmd->root, i));
    }
    return true;
}

static HotpluggableCPU *describe_place(Cpu *cpu)
{
    HotpluggableCPU *info = g_new0(HotpluggableCPU, 1);

    info->type = g_strdup(object_class_name(cpu));
    info->vcpus_count = 1;
    info->props = place(cpu);
    info->qom_path = object_path(&cpu->device.object);
    return info;
}

bool qmp_query_hotpluggable_cpus(QmpRequest *req, HotpluggableCPUList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    guint n = cpu_count(vmd->root);

    if (!vmd_require_machine(vmd, error)) {
        return false;
    }
    ret->items = g_new0(HotpluggableCPU *, n);
    for (guint i = n; i > 0; i--) {
        ret->items[ret->n++] = describe_place(cpu_by_index(vmd->root, i - 1));
    }
    return true;
}
