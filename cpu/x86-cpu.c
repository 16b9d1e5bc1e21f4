/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class x86_64-cpu, and thus every CPU model, which are only data: realize
 * turns properties into a place in the machine, features, CPUID leaves and a
 * vCPU, and writes its choices back.
 */
#include "config.h"
#include "cpu/cpu.h"

#include "cpu/cpuid.h"
#include "cpu/hotplug.h"
#include "cpu/types.h"
#include "cpu/x86-features.h"
#include "cpu/x86-identity.h"
#include "qmp/error.h"
#include "qom/env.h"
#include "qom/qapi-objects-cpu.h"

/* ---- Place ---- */

typedef struct {
    const CpuTopology *topology;
    GHashTable *apic_ids;       /* that are reserved */
} PlaceSearch;

static CpuIds ids_from_props(const X8664CpuProps *props)
{
    return (CpuIds){
        .socket = props->has_socket_id ? props->socket_id : 0,
        .die = props->has_die_id ? props->die_id : 0,
        .core = props->has_core_id ? props->core_id : 0,
        .thread = props->has_thread_id ? props->thread_id : 0,
    };
}

static bool agrees(bool has, guint32 given, guint32 derived)
{
    return !has || given == derived;
}

static bool ids_agree(const X8664CpuProps *props, const CpuIds *ids)
{
    return agrees(props->has_socket_id, props->socket_id, ids->socket) &&
           agrees(props->has_die_id, props->die_id, ids->die) &&
           agrees(props->has_core_id, props->core_id, ids->core) &&
           agrees(props->has_thread_id, props->thread_id, ids->thread);
}

/* Another CPU with that APIC id, or NULL. */
static const Cpu *find_apic_id(const Cpu *cpu, guint32 apic_id)
{
    const GPtrArray *cpus = cpu->accel->cpus;

    for (guint i = 0; cpus && i < cpus->len; i++) {
        const Cpu *other = g_ptr_array_index(cpus, i);

        if (other != cpu && other->apic_id == apic_id) {
            return other;
        }
    }
    return NULL;
}

static bool names_place(const X8664CpuProps *props)
{
    return props->has_apic_id || props->has_socket_id || props->has_die_id ||
           props->has_core_id || props->has_thread_id;
}

/* Records the place that a pending CPU names. */
static bool note_place(const QmpClass *klass, const void *data, bool named, void *opaque)
{
    PlaceSearch *search = opaque;
    const X8664CpuProps *props = data;
    CpuIds ids;
    guint32 apic_id;

    if (qmp_class_is_a(klass, &qmp_class_x86_64_cpu) && names_place(props)) {
        ids = ids_from_props(props);
        apic_id = props->has_apic_id ? props->apic_id : topology_apic_id(search->topology, &ids);
        g_hash_table_add(search->apic_ids, GUINT_TO_POINTER(apic_id));
    }
    return true;
}

/* The first place that no other CPU has or will have; one of so many must be free. */
static CpuIds free_place(Cpu *cpu)
{
    const CpuTopology *topology = &cpu->accel->topology;
    g_autoptr(GHashTable) apic_ids = g_hash_table_new(NULL, NULL);
    PlaceSearch search = { .topology = topology, .apic_ids = apic_ids };
    guint n = cpu_count(object_root(&cpu->device.object));
    CpuIds ids = { 0 };

    env_foreach_pending(&cpu->device.object, NULL, note_place, &search);
    for (guint32 i = 0; i <= n + g_hash_table_size(apic_ids); i++) {
        guint32 apic_id;

        ids = topology_ids_of_index(topology, i);
        apic_id = topology_apic_id(topology, &ids);
        if (!find_apic_id(cpu, apic_id) &&
            !g_hash_table_contains(apic_ids, GUINT_TO_POINTER(apic_id))) {
            break;
        }
    }
    return ids;
}

static bool choose_ids(Cpu *cpu, GError **error)
{
    const X8664CpuProps *props = x86_64_cpu_props(cpu);
    const CpuTopology *topology = &cpu->accel->topology;
    const char *bad;

    if (props->has_apic_id) {
        cpu->ids = topology_ids(topology, props->apic_id);
        if (!ids_agree(props, &cpu->ids)) {
            qmp_error_set_at(error, "apic-id", ERROR_REASON_INVALID_VALUE,
                             "apic-id %u does not fit the other ids", props->apic_id);
            return false;
        }
    } else if (names_place(props)) {
        cpu->ids = ids_from_props(props);
    } else {
        cpu->ids = free_place(cpu);
    }
    bad = topology_check(topology, &cpu->ids);
    if (bad && !names_place(props)) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "the machine's topology has no place for another CPU");
        return false;
    }
    if (bad) {
        qmp_error_set_at(error, props->has_apic_id ? "apic-id" : bad, ERROR_REASON_OUT_OF_RANGE,
                         "the machine's topology has no place with that %s", bad);
        return false;
    }
    cpu->apic_id = topology_apic_id(topology, &cpu->ids);
    return true;
}

/* The first property that names a place. */
static const char *named_by(const X8664CpuProps *props)
{
    return props->has_apic_id ? "apic-id" : props->has_socket_id ? "socket-id"
           : props->has_die_id ? "die-id" : props->has_core_id ? "core-id" : "thread-id";
}

static bool check_apic_id_free(const Cpu *cpu, GError **error)
{
    const Cpu *other = find_apic_id(cpu, cpu->apic_id);
    g_autofree char *path = other ? object_path(&other->device.object) : NULL;

    if (other) {
        qmp_error_set_at(error, named_by(x86_64_cpu_props(cpu)), ERROR_REASON_ADDRESS_IN_USE,
                         "the place is taken: CPU '%s' has apic-id %u", path, cpu->apic_id);
    }
    return !other;
}

/* A node that was given only repeats what the machine says. */
static bool check_node(const Cpu *cpu, GError **error)
{
    const X8664CpuProps *props = x86_64_cpu_props(cpu);
    guint32 node;

    if (!props->has_node_id) {
        return true;
    }
    if (!cpu_node(cpu, &node)) {
        qmp_error_set_at(error, "node-id", ERROR_REASON_INVALID_VALUE,
                         "the CPU's place is in no NUMA node");
        return false;
    }
    if (node != props->node_id) {
        qmp_error_set_at(error, "node-id", ERROR_REASON_INVALID_VALUE,
                         "node-id is %u, and the CPU's place is in NUMA node %u", props->node_id,
                         node);
        return false;
    }
    return true;
}

static void write_ids_back(const Cpu *cpu)
{
    X8664CpuProps *props = x86_64_cpu_props(cpu);

    props->apic_id = cpu->apic_id;
    props->socket_id = cpu->ids.socket;
    props->die_id = cpu->ids.die;
    props->core_id = cpu->ids.core;
    props->thread_id = cpu->ids.thread;
    props->has_apic_id = props->has_socket_id = props->has_die_id = true;
    props->has_core_id = props->has_thread_id = true;
    props->has_node_id = cpu_node(cpu, &props->node_id);
}

/* ---- Life ---- */

static bool check_levels(const X8664CpuProps *props, GError **error)
{
    if (props->has_xlevel && props->xlevel && props->xlevel < 0x80000000) {
        qmp_error_set_at(error, "xlevel", ERROR_REASON_OUT_OF_RANGE,
                         "xlevel must be 0, or 0x80000000 and up");
        return false;
    }
    return true;
}

static void drop_description(Cpu *cpu)
{
    g_clear_pointer(&cpu->cpuid, g_array_unref);
    g_clear_pointer(&cpu->msrs, g_array_unref);
}

static bool x86_cpu_realize(Device *dev, GError **error)
{
    Cpu *cpu = to_cpu(dev);

    if (!check_levels(x86_64_cpu_props(cpu), error) || !choose_ids(cpu, error) ||
        !check_apic_id_free(cpu, error) || !check_node(cpu, error) ||
        !x86_features_resolve(cpu, error)) {
        return false;
    }
    write_ids_back(cpu);
    cpu_enlist(cpu);
    x86_identity_choose(cpu->accel, object_class(cpu), x86_64_cpu_props(cpu),
                        cpu->device.object.given);
    x86_state_reset(&cpu->reset_state, cpu_is_bsp(cpu));
    cpu->tsc_frequency = x86_64_cpu_props(cpu)->tsc_frequency;
    cpu->cpuid = cpuid_build(cpu);
    cpu->msrs = cpuid_build_msrs(cpu);
    if (!accel_ops(cpu->accel)->vcpu_create(cpu->accel, cpu, error)) {
        drop_description(cpu);
        return false;
    }
    cpu_plugged(cpu);
    return true;
}

static void x86_cpu_unrealize(Device *dev)
{
    Cpu *cpu = to_cpu(dev);

    cpu_unplugged(cpu);
    accel_ops(cpu->accel)->vcpu_destroy(cpu->accel, cpu);
    drop_description(cpu);
}

static const DeviceOps x86_cpu_device = {
    .realize = x86_cpu_realize,
    .unrealize = x86_cpu_unrealize,
    .no_state = "class cpu has all of a CPU's",
};

const TypeInfo x86_cpu_type = {
    .schema = &qmp_class_x86_64_cpu,
    .size = sizeof(Cpu),
    .device = &x86_cpu_device,
};
