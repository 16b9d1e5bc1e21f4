/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA nodes of a PC: see pc-numa.h.
 */
#include "config.h"
#include "hw/i386/pc-numa.h"

#include "hw/machine-ram.h"
#include "hw/mem/numa.h"
#include "qmp/error.h"
#include "qmp/qapi-types-memory.h"
#include "qmp/qapi-types-pc.h"
#include "qom/qapi-objects-pc.h"

enum { PAGE = 4096 };

/* ---- From the property ---- */

static bool at_step(gsize step, GError **error)
{
    g_autofree char *path = g_strdup_printf("numa[%" G_GSIZE_FORMAT "]", step);

    qmp_error_prefix_path(error ? *error : NULL, path);
    return false;
}

/* Before QEMU 5.1 a node could be a part of the only memory backend. */
bool pc_numa_takes_sizes(const QmpClass *klass)
{
    return qmp_class_is_a(klass, &qmp_class_pc_i440fx_5_0_machine);
}

/* What a machine of this kind takes of a node. */
static bool check_node(const X86Machine *x86, const NumaNodeOptions *options, GError **error)
{
    if (options->has_mem && !pc_numa_takes_sizes(object_class(x86))) {
        qmp_error_set_at(error, "mem", ERROR_REASON_NOT_SUPPORTED,
                         "'mem' is not supported by this machine type: 'memdev' is");
        return false;
    }
    if (options->memdev.target && generic_pc_machine_props(x86)->memory_backend.target) {
        qmp_error_set_at(error, "memdev", ERROR_REASON_INVALID_VALUE,
                         "'memdev' and the machine's property 'memory-backend' exclude each other");
        return false;
    }
    return true;
}

static Numa *build(const X86Machine *x86, GError **error)
{
    const GenericPcMachineProps *props = generic_pc_machine_props(x86);
    g_autoptr(Numa) numa = numa_new(&x86->machine.accel->topology, props->hmat);

    for (gsize i = 0; i < props->numa.n; i++) {
        const NumaOptions *step = props->numa.items[i];

        if ((step->type == NUMA_OPTIONS_TYPE_NODE && !check_node(x86, &step->u.node, error)) ||
            !numa_add(numa, step, error)) {
            at_step(i, error);
            return NULL;
        }
    }
    return g_steal_pointer(&numa);
}

/* ---- RAM ---- */

/* The step that names a backend. */
static gsize step_of(const X86Machine *x86, const MemoryBackend *backend)
{
    const NumaOptionsList *list = &generic_pc_machine_props(x86)->numa;
    gsize i = 0;

    while (i < list->n && (list->items[i]->type != NUMA_OPTIONS_TYPE_NODE ||
                           list->items[i]->u.node.memdev.target != backend)) {
        i++;
    }
    return i;
}

static bool place_backends(X86Machine *x86, const Numa *numa, GError **error)
{
    guint64 offset = 0;

    for (guint i = 0; i < numa->n_numbers; i++) {
        const NumaNode *node = numa->nodes[i];

        if (node && node->backend &&
            !machine_ram_place(&x86->machine, node->backend, offset, error)) {
            qmp_error_replace_path(error ? *error : NULL, "memdev");
            return at_step(step_of(x86, node->backend), error);
        }
        offset += node ? node->size : 0;
    }
    return true;
}

static bool has_backend(const Numa *numa, const MemoryBackend *backend)
{
    for (guint i = 0; numa && i < numa->n_numbers; i++) {
        if (numa->nodes[i] && numa->nodes[i]->backend == backend) {
            return true;
        }
    }
    return false;
}

/* Takes out what is in one description and not in the other; each may be NULL. */
static void displace_others(X86Machine *x86, const Numa *from, const Numa *kept)
{
    for (guint i = 0; from && i < from->n_numbers; i++) {
        const NumaNode *node = from->nodes[i];

        if (node && node->backend && !has_backend(kept, node->backend)) {
            machine_ram_displace(&x86->machine, node->backend);
        }
    }
}

/* The size that the machine is to have, or 0. */
static guint64 ram_size(const X86Machine *x86, const Numa *numa)
{
    const GenericPcMachineProps *props = generic_pc_machine_props(x86);

    if (props->memory_backend.target) {
        return memory_backend_size(props->memory_backend.target);
    }
    return props->memory && props->memory->has_size ? props->memory->size : numa_memory(numa);
}

static bool make_ram(X86Machine *x86, const Numa *numa, GError **error)
{
    guint64 size = ram_size(x86, numa);

    if (generic_pc_machine_props(x86)->memory_backend.target || !size) {
        return true;
    }
    if (size % PAGE) {
        qmp_error_set_at(error, "memory.size", ERROR_REASON_INVALID_VALUE, "'size' is 0x%"
                         G_GINT64_MODIFIER "x, which is not a multiple of %u", size, PAGE);
        return false;
    }
    machine_ram_make(&x86->machine, size);
    return place_backends(x86, numa, error);
}

/* ---- Whether it is complete ---- */

static bool check(const X86Machine *x86, Numa *numa, guint64 size, GError **error)
{
    if (numa && !numa_check(numa, size, error)) {
        return qmp_error_blame(error, "numa");
    }
    if (!generic_pc_machine_props(x86)->memory_backend.target &&
        !(numa && numa_has_backends(numa))) {
        qmp_error_set_at(error, "memory-backend", ERROR_REASON_PROPERTY_MISSING, "the machine has "
                         "no RAM: property 'memory-backend', or 'memdev' in 'numa', is missing");
        return false;
    }
    return true;
}

/* Whether more steps may follow: the nodes do not have all memory yet. */
static bool is_open(const X86Machine *x86, const Numa *numa)
{
    const GenericPcMachineProps *props = generic_pc_machine_props(x86);

    return !props->memory_backend.target && props->memory && props->memory->has_size &&
           numa_memory(numa) < props->memory->size;
}

bool pc_numa_check(const X86Machine *x86, GError **error)
{
    return check(x86, numa_of(&x86->machine), x86->machine.ram_size, error);
}

/* ---- Life ---- */

static void set_nodes(X86Machine *x86, Numa *numa)
{
    if (!numa->n_nodes) {
        g_clear_pointer(&numa, numa_free);
    }
    numa_set(&x86->machine, numa);
}

bool pc_numa_setup(X86Machine *x86, GError **error)
{
    g_autoptr(Numa) numa = build(x86, error);

    if (!numa || !make_ram(x86, numa, error)) {
        return false;
    }
    if (numa->n_nodes && !is_open(x86, numa) && !check(x86, numa, ram_size(x86, numa), error)) {
        return false;
    }
    set_nodes(x86, g_steal_pointer(&numa));
    return true;
}

void pc_numa_teardown(X86Machine *x86)
{
    numa_set(&x86->machine, NULL);
}

void pc_numa_imply(X86Machine *x86)
{
    Numa *numa;

    if (!numa_of(&x86->machine)) {
        numa = numa_new(&x86->machine.accel->topology, generic_pc_machine_props(x86)->hmat);
        numa_add_only(numa, x86->machine.ram_size);
        numa_set(&x86->machine, numa);
    }
}

/* Its last step is the new one. */
static bool check_room(const X86Machine *x86, const Numa *numa, GError **error)
{
    const NumaOptionsList *list = &generic_pc_machine_props(x86)->numa;
    guint64 sum = numa_memory(numa), size = x86->machine.ram_size;

    if (sum > size) {
        qmp_error_set_at(error, list->items[list->n - 1]->u.node.has_mem ? "mem" : "memdev",
                         ERROR_REASON_INVALID_VALUE, "the NUMA nodes would have 0x%"
                         G_GINT64_MODIFIER "x bytes of memory, and the machine has 0x%"
                         G_GINT64_MODIFIER "x", sum, size);
        return at_step(list->n - 1, error);
    }
    return true;
}

bool pc_numa_update(X86Machine *x86, GError **error)
{
    g_autoptr(Numa) numa = build(x86, error);
    const Numa *old = numa_of(&x86->machine);

    if (!numa || !check_room(x86, numa, error)) {
        return false;
    }
    if (!place_backends(x86, numa, error)) {
        displace_others(x86, numa, old);
        if (old) {
            place_backends(x86, old, NULL);
        }
        return false;
    }
    displace_others(x86, old, numa);
    set_nodes(x86, g_steal_pointer(&numa));
    return true;
}
