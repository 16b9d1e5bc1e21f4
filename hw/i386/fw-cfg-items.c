/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Items of a PC's firmware configuration device; formats as SeaBIOS reads them.
 */
#include "config.h"
#include "hw/i386/fw-cfg-items.h"

#include "hw/core/uuid.h"
#include "hw/mem/numa.h"
#include "qmp/bytes.h"
#include "qom/qapi-objects-machine.h"

enum {
    STATE_SUPPORTED = 1 << 7,   /* of an entry of etc/system-states */
    N_STATES = 6,               /* S0 to S5 */
};

/* Of all places, empty ones included: a CPU may come. */
static guint32 highest_apic_id(const GArray *places)
{
    guint32 highest = 0;

    for (guint i = 0; i < places->len; i++) {
        highest = MAX(highest, g_array_index(places, CpuPlace, i).apic_id);
    }
    return highest;
}

/* The number of NUMA nodes, the node of each APIC id, and the RAM of each node. */
static void set_nodes(FwCfg *fw_cfg, const Machine *machine, const GArray *places)
{
    const Numa *numa = numa_of(machine);
    gsize n_ids = (gsize)MIN(highest_apic_id(places), G_MAXUINT16) + 1;
    g_autofree guint8 *nodes = g_malloc0(n_ids);
    GByteArray *list = g_byte_array_new();

    for (guint i = 0; i < places->len; i++) {
        const CpuPlace *place = &g_array_index(places, CpuPlace, i);

        if (place->has_node && place->apic_id < n_ids) {
            nodes[place->apic_id] = place->node;
        }
    }
    append_le(list, numa ? numa->n_nodes : 0, 8);
    for (gsize i = 0; i < n_ids; i++) {
        append_le(list, nodes[i], 8);
    }
    for (guint i = 0; numa && i < numa->n_nodes; i++) {
        append_le(list, numa->nodes[i]->size, 8);
    }
    fw_cfg_set(fw_cfg, FW_CFG_NUMA, g_byte_array_free_to_bytes(list));
}

void fw_cfg_items_set_n_cpus(FwCfg *fw_cfg, Machine *machine)
{
    fw_cfg_set_number(fw_cfg, FW_CFG_NB_CPUS, cpu_count(object_root(&machine->object)), 2);
}

/* Firmware sizes its tables by the largest APIC id, not by the number of CPUs. */
static void set_cpus(FwCfg *fw_cfg, Machine *machine)
{
    Object *root = object_root(&machine->object);
    g_autoptr(GArray) places = cpu_places(root);

    fw_cfg_items_set_n_cpus(fw_cfg, machine);
    fw_cfg_set_number(fw_cfg, FW_CFG_MAX_CPUS, highest_apic_id(places) + 1, 2);
    set_nodes(fw_cfg, machine, places);
}

static void set_uuid(FwCfg *fw_cfg, Machine *machine)
{
    const MachineProps *props = machine_props(machine);
    guint8 bytes[UUID_SIZE];

    uuid_bytes(props->uuid, bytes);
    fw_cfg_set(fw_cfg, FW_CFG_UUID, g_bytes_new(bytes, sizeof(bytes)));
}

bool fw_cfg_items_set(FwCfg *fw_cfg, Machine *machine, const BootRange *ranges, guint n_ranges,
                      GError **error)
{
    GByteArray *e820 = g_byte_array_new();

    fw_cfg_set_number(fw_cfg, FW_CFG_RAM_SIZE, machine->ram_size, 8);
    fw_cfg_set_number(fw_cfg, FW_CFG_NOGRAPHIC, 0, 2);
    fw_cfg_set_number(fw_cfg, FW_CFG_IRQ0_OVERRIDE, 1, 4);
    set_cpus(fw_cfg, machine);
    set_uuid(fw_cfg, machine);
    for (guint i = 0; i < n_ranges; i++) {
        append_le(e820, ranges[i].start, 8);
        append_le(e820, ranges[i].size, 8);
        append_le(e820, ranges[i].type, 4);
    }
    return fw_cfg_set_file(fw_cfg, "etc/e820", g_byte_array_free_to_bytes(e820), error);
}

bool fw_cfg_items_set_sleep(FwCfg *fw_cfg, bool s3, bool s4, guint8 s4_value, GError **error)
{
    const guint8 states[N_STATES] = {
        STATE_SUPPORTED, 0, 0,
        1 | (s3 ? STATE_SUPPORTED : 0),
        (s4_value & ~STATE_SUPPORTED) | (s4 ? STATE_SUPPORTED : 0),
        STATE_SUPPORTED,
    };

    return fw_cfg_set_file(fw_cfg, "etc/system-states", g_bytes_new(states, sizeof(states)),
                           error);
}
