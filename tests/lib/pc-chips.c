/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chips of a PC on a bench; see pc-chips.h.
 */
#include "config.h"
#include "tests/lib/pc-chips.h"

#include <sys/mman.h>

#include "hw/pci-host/i440fx.h"

static void line_changed(void *opaque, guint n, bool level)
{
    PcChips *chips = opaque;

    chips->irq_levels[n] = level;
    chips->irq_edges[n] += level;
}

static void add_ram(PcChips *chips)
{
    Machine *machine = chips->rig->machine;

    chips->ram = mmap(NULL, PC_CHIPS_RAM_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(chips->ram != MAP_FAILED);
    machine->ram = region_new_ram(&machine->object, "ram", chips->ram, PC_CHIPS_RAM_SIZE);
    machine->ram_size = PC_CHIPS_RAM_SIZE;
    region_add(address_space_root(chips->rig->memory), 0, machine->ram, 0);
}

static void add_lines(PcChips *chips)
{
    Object *machine = &chips->rig->machine->object;

    gpio_in_new(machine, "pc-irq", ISA_N_IRQS, line_changed, chips);
    for (guint i = 0; i < ISA_N_IRQS; i++) {
        irq_connect(gpio(&chips->piix3->object, "irq", i), gpio(machine, "pc-irq", i), false);
    }
    irq_connect(gpio(&chips->pm->object, "sci", 0), gpio(&chips->piix3->object, "irq", 9), false);
}

PcChips *pc_chips_new(void)
{
    return pc_chips_new_slots(0);
}

PcChips *pc_chips_new_slots(guint n_slots)
{
    return pc_chips_new_places(n_slots, 0);
}

Device *pc_chips_add_cpu(PcChips *chips, const char *id, const char *core, GError **error)
{
    return rig_device(chips->rig, "qemu64-x86_64-cpu", id, error, "core-id", core, NULL);
}

PcChips *pc_chips_new_places(guint n_slots, guint n_cpus)
{
    PcChips *chips = g_new0(PcChips, 1);
    g_autoptr(GError) error = NULL;

    chips->rig = rig_new();
    add_ram(chips);
    if (n_slots) {
        chips->memory = device_memory_new(chips->rig->machine, G_GUINT64_CONSTANT(1) << 32,
                                          PC_CHIPS_DEVICE_MEMORY, PC_CHIPS_DEVICE_MEMORY, n_slots);
        chips->memory->acpi = true;
    }
    if (n_cpus) {
        chips->rig->accel->accel.topology =
            (CpuTopology){ .sockets = 1, .dies = 1, .cores = n_cpus, .threads = 1 };
    }
    chips->host = rig_device(chips->rig, "i440FX-pcihost", "host", &error, NULL);
    g_assert_no_error(error);
    chips->pci = i440fx_bus(chips->host);
    chips->piix3 = rig_device(chips->rig, "PIIX3", "piix3", &error, "addr", "1.0", NULL);
    g_assert_no_error(error);
    chips->pm = rig_device(chips->rig, "PIIX4_PM", "pm", &error, "addr", "1.3", "smb_io_base",
                           "0xb100", NULL);
    g_assert_no_error(error);
    if (n_cpus) {
        pc_chips_add_cpu(chips, "cpu0", "0", &error);
        g_assert_no_error(error);
    }
    add_lines(chips);
    rig_reset(chips->rig);
    return chips;
}

void pc_chips_free(PcChips *chips)
{
    if (chips) {
        Machine *machine = chips->rig->machine;

        while (chips->memory && chips->memory->places->len) {
            device_unmake(((MemoryPlace *)chips->memory->places->pdata[0])->device);
        }
        device_unmake(chips->pm);
        device_unmake(chips->piix3);
        device_unmake(chips->host);
        device_memory_free(chips->memory);
        region_remove(address_space_root(machine->memory), machine->ram);
        region_free(machine->ram);
        machine->ram = NULL;
        rig_free(chips->rig);
        munmap(chips->ram, PC_CHIPS_RAM_SIZE);
        g_free(chips);
    }
}

static void select_register(PcChips *chips, guint devfn, guint offset)
{
    rig_out(chips->rig, 0xcf8, 0x80000000u | devfn << 8 | (offset & ~3u), 4);
}

guint32 pc_chips_read(PcChips *chips, guint devfn, guint offset, guint size)
{
    select_register(chips, devfn, offset);
    return rig_in(chips->rig, 0xcfc + (offset & 3), size);
}

void pc_chips_write(PcChips *chips, guint devfn, guint offset, guint32 value, guint size)
{
    select_register(chips, devfn, offset);
    rig_out(chips->rig, 0xcfc + (offset & 3), value, size);
}
