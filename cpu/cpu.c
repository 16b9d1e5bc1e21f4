/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class cpu: a device with an accelerator and an index.  The classes below it
 * make the vCPU.
 */
#include "config.h"
#include "cpu/cpu.h"

#include "cpu/hotplug.h"
#include "cpu/types.h"
#include "qmp/error.h"
#include "qom/qapi-objects-cpu.h"

static const GPtrArray *realized(Object *root)
{
    const Accel *accel = accel_find(root);

    return accel ? accel->cpus : NULL;
}

guint cpu_count(Object *root)
{
    const GPtrArray *cpus = realized(root);

    return cpus ? cpus->len : 0;
}

Cpu *cpu_by_index(Object *root, guint index)
{
    const GPtrArray *cpus = realized(root);

    return cpus && index < cpus->len ? g_ptr_array_index(cpus, index) : NULL;
}

void cpu_foreach(Object *root, void (*f)(Cpu *cpu, void *data), void *data)
{
    for (guint i = 0; i < cpu_count(root); i++) {
        f(cpu_by_index(root, i), data);
    }
}

bool cpu_node(const Cpu *cpu, guint32 *ret)
{
    return topology_node(&cpu->accel->topology, &cpu->accel->nodes, &cpu->ids, ret);
}

static void add_taken(Cpu *cpu, void *data)
{
    CpuPlace place = { .ids = cpu->ids, .apic_id = cpu->apic_id, .cpu = cpu };

    place.has_node = cpu_node(cpu, &place.node);
    g_array_append_val(data, place);
}

static void note_apic_id(Cpu *cpu, void *data)
{
    g_hash_table_insert(data, GUINT_TO_POINTER(cpu->apic_id), cpu);
}

GArray *cpu_places(Object *root)
{
    const Accel *accel = accel_find(root);
    guint32 n = accel ? topology_n_places(&accel->topology) : 0;
    GArray *places = g_array_sized_new(FALSE, FALSE, sizeof(CpuPlace), n);
    g_autoptr(GHashTable) by_apic_id = g_hash_table_new(NULL, NULL);

    if (n == 0) {
        cpu_foreach(root, add_taken, places);
    }
    cpu_foreach(root, note_apic_id, by_apic_id);
    for (guint32 i = 0; i < n; i++) {
        CpuPlace place = { .ids = topology_ids_of_index(&accel->topology, i) };

        place.apic_id = topology_apic_id(&accel->topology, &place.ids);
        place.has_node = topology_node(&accel->topology, &accel->nodes, &place.ids, &place.node);
        place.cpu = g_hash_table_lookup(by_apic_id, GUINT_TO_POINTER(place.apic_id));
        g_array_append_val(places, place);
    }
    return places;
}

static guint lowest_free_index(const Accel *accel)
{
    guint i = 0;

    while (accel->cpus && i < accel->cpus->len &&
           to_cpu(g_ptr_array_index(accel->cpus, i))->index == i) {
        i++;
    }
    return i;
}

/* Where the list, which is sorted by index, has room for it. */
static guint position(const Accel *accel, guint index)
{
    guint i = 0;

    while (i < accel->cpus->len && to_cpu(g_ptr_array_index(accel->cpus, i))->index < index) {
        i++;
    }
    return i;
}

static void tell_host(const Accel *accel)
{
    if (accel->host && accel->host->cpus_changed) {
        accel->host->cpus_changed(accel->host_opaque);
    }
}

void cpu_enlist(Cpu *cpu)
{
    Accel *accel = cpu->accel;

    cpu->index = topology_n_places(&accel->topology)
                 ? topology_index_of_ids(&accel->topology, &cpu->ids) : lowest_free_index(accel);
    if (!accel->cpus) {
        accel->cpus = g_ptr_array_new();
    }
    g_ptr_array_insert(accel->cpus, position(accel, cpu->index), cpu);
    cpu->listed = true;
    tell_host(accel);
}

static void delist(Accel *accel, Cpu *cpu)
{
    if (!cpu->listed) {
        return;
    }
    cpu->listed = false;
    g_ptr_array_remove(accel->cpus, cpu);
    if (accel->cpus->len == 0) {
        g_clear_pointer(&accel->cpus, g_ptr_array_unref);
    }
    tell_host(accel);
}

/* Guests assume that all CPUs are of one kind. */
static bool check_class(const Accel *accel, Device *dev, GError **error)
{
    const Device *first = accel->cpus ? g_ptr_array_index(accel->cpus, 0) : NULL;

    if (!first || object_class(first) == object_class(dev)) {
        return true;
    }
    qmp_error_set_at(error, "driver", ERROR_REASON_INVALID_VALUE,
                     "the machine has CPUs of class '%s' and takes no '%s': its CPUs are of one "
                     "class", object_class_name(first), object_class_name(dev));
    return false;
}

static bool cpu_realize(Device *dev, GError **error)
{
    Cpu *cpu = to_cpu(dev);
    Accel *accel = accel_find(object_root(&dev->object));

    if (!accel) {
        qmp_error_set(error, ERROR_REASON_NO_ACCELERATOR,
                      "a CPU needs an accelerator: make one first, such as kvm-accel");
        return false;
    }
    if (!check_class(accel, dev, error) ||
        (dev->hotplugged && !cpu_check_hotplug(accel, "added", error))) {
        return false;
    }
    cpu->accel = object_ref(accel);
    return true;
}

static void cpu_unrealize(Device *dev)
{
    Cpu *cpu = to_cpu(dev);

    delist(cpu->accel, cpu);
    g_clear_pointer(&cpu->accel, object_unref);
}

/* The vCPU gets its reset state at the end, when memory and chips are ready. */
static void cpu_reset_exit(Device *dev)
{
    Cpu *cpu = to_cpu(dev);
    const AccelOps *ops = accel_ops(cpu->accel);
    g_autoptr(GError) error = NULL;
    bool ok = ops->vcpu_reset ? ops->vcpu_reset(cpu->accel, cpu, &cpu->reset_state, &error)
                              : ops->vcpu_set(cpu->accel, cpu, &cpu->reset_state, &error);

    if (!ok && cpu->accel->host) {
        cpu->accel->host->internal_error(cpu->accel->host_opaque, cpu,
                                         accel_failure(qmp_error_errno(error)), error->message);
    }
}

static bool cpu_store(Device *dev, void *ret_image, GError **error)
{
    Cpu *cpu = to_cpu(dev);

    return accel_ops(cpu->accel)->vcpu_get(cpu->accel, cpu, ret_image, error);
}

static bool cpu_load(Device *dev, const void *image, GError **error)
{
    Cpu *cpu = to_cpu(dev);
    const char *wrong = x86_state_wrong(image);

    if (wrong) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s': no CPU has such a value in %s", dev->object.name, wrong);
        return false;
    }
    return accel_ops(cpu->accel)->vcpu_set(cpu->accel, cpu, image, error);
}

static const DeviceImageOps cpu_image = {
    .size = sizeof(X86CpuState),
    .store = cpu_store,
    .load = cpu_load,
};

static const DeviceOps cpu_device = {
    .state = x86_state_rows,
    .image = &cpu_image,
    .realize = cpu_realize,
    .unrealize = cpu_unrealize,
    .reset_exit = cpu_reset_exit,
    .unplug_request = cpu_unplug_request,
};

const TypeInfo cpu_type = {
    .schema = &qmp_class_cpu,
    .size = sizeof(Cpu),
    .device = &cpu_device,
};
