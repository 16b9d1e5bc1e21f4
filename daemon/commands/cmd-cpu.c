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

static CpuInstanceProperties *show_place(const CpuPlace *place)
{
    const CpuIds *ids = &place->ids;
    CpuInstanceProperties *props = g_new0(CpuInstanceProperties, 1);

    *props = (CpuInstanceProperties){
        .has_node_id = place->has_node, .node_id = place->node,
        .has_socket_id = true, .socket_id = ids->socket,
        .has_die_id = true, .die_id = ids->die,
        .has_core_id = true, .core_id = ids->core,
        .has_thread_id = true, .thread_id = ids->thread,
    };
    return props;
}

static CpuInfoFast *describe(Cpu *cpu)
{
    CpuInfoFast *info = g_new0(CpuInfoFast, 1);
    CpuPlace place = { .ids = cpu->ids };

    place.has_node = cpu_node(cpu, &place.node);
    info->cpu_index = cpu->index;
    info->qom_path = object_path(&cpu->device.object);
    info->thread_id = g_atomic_int_get(&cpu->thread_id);
    info->props = show_place(&place);
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

/* The class of the machine's CPUs, which is that of the first one. */
static const char *cpu_type(Vmd *vmd)
{
    const Cpu *first = cpu_by_index(vmd->root, 0);
    const QmpClass *usual = qmp_class(object_class(vmd_machine(vmd))->default_cpu);

    return first ? object_class_name(first) : usual->name;
}

static HotpluggableCPU *describe_place(const CpuPlace *place, const char *type)
{
    HotpluggableCPU *info = g_new0(HotpluggableCPU, 1);

    info->type = g_strdup(type);
    info->vcpus_count = 1;
    info->props = show_place(place);
    info->qom_path = place->cpu ? object_path(&place->cpu->device.object) : NULL;
    return info;
}

bool qmp_query_hotpluggable_cpus(QmpRequest *req, HotpluggableCPUList *ret, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    g_autoptr(GArray) places = NULL;

    if (!vmd_require_machine(vmd, error)) {
        return false;
    }
    places = cpu_places(vmd->root);
    ret->items = g_new0(HotpluggableCPU *, places->len);
    for (guint i = places->len; i > 0; i--) {
        ret->items[ret->n++] = describe_place(&g_array_index(places, CpuPlace, i - 1),
                                              cpu_type(vmd));
    }
    return true;
}
