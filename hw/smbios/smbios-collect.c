/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a machine's CPUs and a client's settings to a SmbiosConfig.
 */
#include "config.h"
#include "hw/smbios/smbios.h"

#include "hw/smbios/smbios-internal.h"
#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qom/place.h"
#include "qom/qapi-objects-firmware.h"
#include "qom/qapi-objects-machine.h"

/* ---- CPUs ---- */

static SmbiosSocket *socket_of(SmbiosConfig *config, guint32 id)
{
    const SmbiosSocket fresh = { .id = id };

    for (guint i = 0; i < config->sockets->len; i++) {
        SmbiosSocket *socket = &g_array_index(config->sockets, SmbiosSocket, i);

        if (socket->id == id) {
            return socket;
        }
    }
    g_array_append_val(config->sockets, fresh);
    return &g_array_index(config->sockets, SmbiosSocket, config->sockets->len - 1);
}

/* Without a number of sockets in the topology, each CPU has its own. */
static void collect_cpu(Cpu *cpu, void *data)
{
    SmbiosSocket *socket = socket_of(data, cpu->ids.socket);

    socket->threads++;
    if (cpu->ids.thread == 0 || socket->cores == 0) {
        socket->cores++;
    }
}

/* CPUID leaf 1: eax, edx. */
static guint64 processor_id(Machine *machine)
{
    const Cpu *cpu = cpu_by_index(object_root(&machine->object), 0);

    for (guint i = 0; cpu && cpu->cpuid && i < cpu->cpuid->len; i++) {
        const CpuidLeaf *leaf = &g_array_index(cpu->cpuid, CpuidLeaf, i);

        if (leaf->leaf == 1) {
            return (guint64)leaf->edx << 32 | leaf->eax;
        }
    }
    return 0;
}

/* ---- Settings ---- */

static void collect_strings(Object *obj, GPtrArray *strings)
{
    const SmbiosType11Props *props = smbios_type_11_props(obj);

    for (gsize i = 0; i < props->value.n; i++) {
        g_ptr_array_add(strings, props->value.items[i]);
    }
    if (smbios_type_11_text(obj)) {
        g_ptr_array_add(strings, (gpointer)smbios_type_11_text(obj));
    }
}

static bool collect_object(Object *obj, void *data)
{
    SmbiosConfig *config = data;
    const struct {
        const QmpClass *klass;
        const void *props;      /* pointer of config that is to be set */
    } rows[] = {
        { &qmp_class_smbios_type_0, &config->type0 },
        { &qmp_class_smbios_type_1, &config->type1 },
        { &qmp_class_smbios_type_2, &config->type2 },
        { &qmp_class_smbios_type_3, &config->type3 },
        { &qmp_class_smbios_type_4, &config->type4 },
        { &qmp_class_smbios_type_17, &config->type17 },
    };

    if (object_life(obj) != OBJECT_COMPLETE) {
        return true;
    }
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (object_class(obj) == rows[i].klass) {
            *(const void **)rows[i].props = obj->props;
        }
    }
    if (object_is_a(obj, &qmp_class_smbios_type_11)) {
        collect_strings(obj, config->strings);
    }
    return true;
}

static Object *objects_of(Machine *machine)
{
    return place_folder(object_root(&machine->object), &qmp_class_object);
}

bool smbios_collect(Machine *machine, SmbiosConfig *config, GError **error)
{
    config->uuid = machine_props(machine)->uuid;
    config->processor_id = processor_id(machine);
    config->sockets = g_array_new(false, false, sizeof(SmbiosSocket));
    config->strings = g_ptr_array_new();
    cpu_foreach(object_root(&machine->object), collect_cpu, config);
    object_foreach_child(objects_of(machine), collect_object, config);
    if (config->strings->len > SMBIOS_MAX_STRINGS) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "objects of class 'smbios-type-11' have %u strings, there is room for %u",
                      config->strings->len, SMBIOS_MAX_STRINGS);
        smbios_clear(config);
        return false;
    }
    return true;
}

void smbios_clear(SmbiosConfig *config)
{
    g_clear_pointer(&config->sockets, g_array_unref);
    g_clear_pointer(&config->strings, g_ptr_array_unref);
}

static bool find_setting(Object *obj, void *data)
{
    Object **found = data;

    if (object_is_a(obj, &qmp_class_smbios) && object_life(obj) == OBJECT_COMPLETE) {
        *found = obj;
    }
    return !*found;
}

bool smbios_refuse(Machine *machine, GError **error)
{
    Object *found = NULL;

    object_foreach_child(objects_of(machine), find_setting, &found);
    if (found) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "class '%s' has no SMBIOS tables, which object '%s' is for",
                      object_class_name(machine), found->name);
    }
    return !found;
}
