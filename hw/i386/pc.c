/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines `pc-i440fx-*`: a PC with PCI, ISA and firmware.  Its chips are in the
 * recipe (qmp/schema/pc.json); this file lays out memory, maps the firmware,
 * and provides its data.
 *
 *     0x00000000  RAM; from 0xa0000 to 1 MiB as the i440FX steers it
 *     end of RAM  PCI, up to the I/O APIC
 *     0xfec00000  I/O APIC
 *     0xfed00000  HPET
 *     0xfee00000  local APICs
 *     below 4 GiB firmware
 *     0x100000000 the rest of RAM; memory devices; then PCI again
 *
 * With property `kernel` no firmware runs: reset_done does what firmware would
 * have done before it starts a kernel.
 */
#include "config.h"
#include "hw/i386/pc.h"

#include "cpu/hotplug.h"
#include "hw/acpi/piix4-pm.h"
#include "hw/floppy/fdc.h"
#include "hw/floppy/floppy-format.h"
#include "hw/i386/fw-cfg-items.h"
#include "hw/i386/pc-boot-config.h"
#include "hw/i386/pc-cmos.h"
#include "hw/i386/pc-firmware.h"
#include "hw/i386/pc-memory.h"
#include "hw/i386/pc-numa.h"
#include "hw/i386/pc-tables.h"
#include "hw/i386/x86-machine.h"
#include "hw/ide/piix3-ide.h"
#include "hw/isa/isa-bus.h"
#include "hw/isa/piix3.h"
#include "hw/pci-host/i440fx.h"
#include "qmp/error.h"
#include "qom/property.h"
#include "qom/qapi-objects-device.h"
#include "qom/qapi-objects-firmware.h"
#include "qom/qapi-objects-machine.h"
#include "qom/qapi-objects-pc.h"

/* Where RAM below 4 GiB ends if not all of it fits. */
#define PC_RAM_SPLIT G_GUINT64_CONSTANT(0xc0000000)

enum { PC_PM_BASE = 0x600 };

struct PcMachine {
    X86Machine x86;
    PcFirmware firmware;        /* empty: a kernel is started directly */
    GBytes *splash;             /* of property boot, or NULL */
    /* Chips, from wire to teardown. */
    Device *host, *piix3, *ide, *pm, *rtc;
    FwCfg *fw_cfg;
    bool booted;                /* boot order `once` has been used */
    bool outdated;              /* CPUs have come or gone since tables were made */
};

static PcMachine *pc_machine(void *machine)
{
    return machine;
}

static bool starts_kernel(const PcMachine *pc)
{
    return !pc->firmware.image.data;
}

/* ---- Properties ---- */

/* Resolves `auto` and writes the result back into the property. */
static void resolve(OnOffAuto *value, bool automatic)
{
    if (*value == ON_OFF_AUTO_AUTO) {
        *value = automatic ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
    }
}

static bool check_boot(const BootConfiguration *boot, GError **error)
{
    if (boot && boot->order && !pc_cmos_check_order(boot->order, error)) {
        return qmp_error_blame(error, "boot.order");
    }
    if (boot && boot->once && !pc_cmos_check_order(boot->once, error)) {
        return qmp_error_blame(error, "boot.once");
    }
    return true;
}

/* Why the guest would not hear that a CPU comes or goes; NULL: it would. */
static const char *no_hotplug(const Machine *machine)
{
    if (!x86_machine_props(machine)->smp) {
        return "the machine's property 'smp' says of no places for it";
    }
    return generic_pc_machine_props(machine)->acpi == ON_OFF_AUTO_OFF
           ? "the machine's property 'acpi' is off" : NULL;
}

/* Undoes whatever was done. */
static void pc_undo_setup(X86Machine *x86)
{
    pc_memory_teardown(x86);
    pc_numa_teardown(x86);
    x86_teardown(&x86->machine);
}

static bool pc_setup(Machine *machine, GError **error)
{
    GenericPcMachineProps *props = generic_pc_machine_props(machine);
    X86Machine *x86 = &pc_machine(machine)->x86;

    if (!x86_check_irqchip(machine, error)) {
        return false;
    }
    resolve(&props->acpi, true);
    resolve(&props->pit, true);
    resolve(&props->smm, false);
    if (!check_boot(props->boot, error)) {
        return false;
    }
    x86->low_max = props->max_ram_below_4g;
    x86->low_split = MIN(props->max_ram_below_4g, PC_RAM_SPLIT);
    if (!x86_setup_cpus(machine, error) || !pc_numa_setup(x86, error) ||
        !x86_setup(machine, error) || !pc_memory_setup(x86, error)) {
        pc_undo_setup(x86);
        return false;
    }
    cpu_set_no_hotplug(machine->accel, no_hotplug(machine));
    return true;
}

/* ---- Wiring ---- */

/* The clock's line goes through the HPET, which blocks it while its timer 1
 * replaces the clock. */
static void wire_hpet(PcMachine *pc)
{
    Device *hpet = x86_chip(&pc->x86.machine, PC_I440FX_MACHINE_PART_HPET0);
    Irq *line = gpio(&pc->rtc->object, "irq", 0);

    if (hpet) {
        isa_disconnect_irq(pc->rtc, line, mc146818rtc_props(pc->rtc)->irq);
        irq_connect(line, gpio(&hpet->object, "unnamed-gpio-in", 1), false);
    }
}

/* Address line 20 is enabled unless both of its gates are closed.  The keyboard
 * controller's is open after a reset; without one, its wire is pulled up. */
static void wire_a20(Machine *machine)
{
    if (!x86_chip(machine, PC_I440FX_MACHINE_PART_KBC)) {
        irq_set(gpio(&machine->object, "a20", 0), true);
    }
}

static bool pc_wire(Machine *machine, GError **error)
{
    PcMachine *pc = pc_machine(machine);
    const X86Chips chips = {
        .ioapic = x86_chip(machine, PC_I440FX_MACHINE_PART_IOAPIC),
        .i8259 = x86_chip(machine, PC_I440FX_MACHINE_PART_I8259),
        .i8259_slave = x86_chip(machine, PC_I440FX_MACHINE_PART_I8259_SLAVE),
    };

    pc->host = x86_chip(machine, PC_I440FX_MACHINE_PART_I440FX);
    pc->piix3 = x86_chip(machine, PC_I440FX_MACHINE_PART_PIIX3);
    pc->ide = x86_chip(machine, PC_I440FX_MACHINE_PART_PIIX3_IDE);
    pc->pm = x86_chip(machine, PC_I440FX_MACHINE_PART_PIIX4_PM);
    pc->rtc = x86_chip(machine, PC_I440FX_MACHINE_PART_MC146818);
    pc->fw_cfg = to_fw_cfg(x86_chip(machine, PC_I440FX_MACHINE_PART_FW_CFG));
    i440fx_set_ram(pc->host, pc->x86.ram_low, pc_memory_end(&pc->x86));
    wire_hpet(pc);
    wire_a20(machine);
    i440fx_pass_ports(pc->host, &piix3_ports_ops, pc->piix3);
    if (starts_kernel(pc)) {
        /* Without firmware nothing would jump to the wake-up address of a sleeping guest. */
        piix4_pm_props(pc->pm)->disable_s3 = 1;
    } else {
        pc_firmware_map(&pc->firmware, &machine->object, i440fx_pci_memory(pc->host));
    }
    x86_wire(machine, &chips);
    return true;
}

/* Chips are gone, and with them the memory that they mapped. */
static void pc_teardown(Machine *machine)
{
    pc_firmware_unmap(&pc_machine(machine)->firmware);
    pc_undo_setup(&pc_machine(machine)->x86);
}

/* ---- Start ---- */

static const char *boot_order(const PcMachine *pc)
{
    const BootConfiguration *boot = generic_pc_machine_props(pc)->boot;

    if (boot && boot->once && !pc->booted) {
        return boot->once;
    }
    return boot && boot->order ? boot->order : "cad";
}

static guint8 floppy_number(Machine *machine, guint unit)
{
    Device *fdc = x86_chip(machine, PC_I440FX_MACHINE_PART_FDC);

    return floppy_type_number(fdc_drive_type(fdc, unit));
}

static guint n_cpus(Machine *machine)
{
    return MAX(cpu_count(object_root(&machine->object)), 1);
}

static void fill_cmos(PcMachine *pc)
{
    Machine *machine = &pc->x86.machine;
    const PcCmos cmos = {
        .ram_low = pc->x86.ram_low,
        .ram_high = machine->ram_size - pc->x86.ram_low,
        .n_cpus = n_cpus(machine),
        .floppies = { floppy_number(machine, 0), floppy_number(machine, 1) },
    };

    pc_cmos_fill(pc->rtc, &cmos);
    pc_cmos_set_disks(pc->rtc, pc->ide);
}

/* RAM only: firmware knows the rest. */
static guint ram_ranges(const PcMachine *pc, BootRange ret_ranges[2])
{
    guint64 high = pc->x86.machine.ram_size - pc->x86.ram_low;

    ret_ranges[0] = (BootRange){ 0, pc->x86.ram_low, BOOT_RAM };
    ret_ranges[1] = (BootRange){ BOOT_4G, high, BOOT_RAM };
    return high ? 2 : 1;
}

static bool build_tables(PcMachine *pc, PcTables *tables, GError **error)
{
    const GenericPcMachineProps *props = generic_pc_machine_props(pc);
    g_autoptr(AcpiNuma) numa = pc_numa_describe(&pc->x86);
    const PcTablesConfig config = {
        .machine = &pc->x86.machine,
        .host = pc->host,
        .pm = pc->pm,
        .acpi = props->acpi == ON_OFF_AUTO_ON,
        .smbios_64 = props->smbios_entry_point_type == SMBIOS_ENTRY_POINT_TYPE_64,
        .ram_low = pc->x86.ram_low,
        .numa = numa,
        .pm_base = PC_PM_BASE,
    };

    return pc_tables_build(tables, &config, error);
}

static bool set_boot_order(PcMachine *pc, GError **error)
{
    const BootConfiguration *boot = generic_pc_machine_props(pc)->boot;

    return pc_boot_set_order(pc->fw_cfg, &pc->x86.machine,
                             boot && boot->has_strict && boot->strict, error);
}

static bool fill_fw_cfg(PcMachine *pc, const PcTables *tables, GError **error)
{
    Machine *machine = &pc->x86.machine;
    const BootConfiguration *boot = generic_pc_machine_props(machine)->boot;
    const Piix4PmProps *pm = piix4_pm_props(pc->pm);
    BootRange ranges[2];
    guint n = ram_ranges(pc, ranges);

    return fw_cfg_items_set(pc->fw_cfg, machine, ranges, n, error) &&
           pc_memory_set_items(&pc->x86, pc->fw_cfg, error) &&
           fw_cfg_items_set_sleep(pc->fw_cfg, !pm->disable_s3, !pm->disable_s4, pm->s4_val,
                                  error) &&
           pc_boot_set_items(pc->fw_cfg, boot, pc->splash, error) &&
           set_boot_order(pc, error) &&
           pc_boot_set_geometries(pc->fw_cfg, machine, error) &&
           pc_tables_set_files(tables, pc->fw_cfg, error) &&
           fw_cfg_add_client_files(pc->fw_cfg, error);
}

static bool load_kernel(PcMachine *pc, const PcTables *tables, GError **error)
{
    const X86Tables all = { .acpi = tables->acpi, .smbios = tables->smbios };

    return !starts_kernel(pc) ||
           x86_start_kernel_tables(&pc->x86.machine, generic_pc_machine_props(pc)->append, true,
                                   &all, error);
}

static bool pc_start(Machine *machine, GError **error)
{
    PcMachine *pc = pc_machine(machine);
    PcTables tables;
    bool ok;

    if ((!accel_ops(machine->accel)->idle && !x86_check_cpus(machine, error)) ||
        !pc_numa_check(&pc->x86, error)) {
        return false;
    }
    fill_cmos(pc);
    if (!build_tables(pc, &tables, error)) {
        return false;
    }
    ok = fill_fw_cfg(pc, &tables, error) && load_kernel(pc, &tables, error);
    pc_tables_clear(&tables);
    pc->outdated = false;
    return ok;
}

static void pc_cpus_changed(Machine *machine)
{
    x86_cpus_changed(machine);
    pc_machine(machine)->outdated = true;
}

/* CPUs have come or gone: what firmware, or a kernel that starts without, will read of them. */
static bool renew_tables(PcMachine *pc, GError **error)
{
    Machine *machine = &pc->x86.machine;
    X86Tables all;
    PcTables tables;
    bool ok;

    if (!pc->outdated) {
        return true;
    }
    pc->outdated = false;
    pc_cmos_set_n_cpus(pc->rtc, n_cpus(machine));
    fw_cfg_items_set_n_cpus(pc->fw_cfg, machine);
    if (!build_tables(pc, &tables, error)) {
        return false;
    }
    all = (X86Tables){ .acpi = tables.acpi, .smbios = tables.smbios };
    ok = pc_tables_set_files(&tables, pc->fw_cfg, error) &&
         x86_renew_tables(machine, true, &all, error);
    pc_tables_clear(&tables);
    return ok;
}

/* ---- Reset ---- */

static void pc_reset(Machine *machine)
{
    PcMachine *pc = pc_machine(machine);
    g_autoptr(GError) error = NULL;

    /* Devices may have been added since, or have another address. */
    if (!set_boot_order(pc, &error)) {
        g_warning("boot order: %s", error->message);
    }
    g_clear_error(&error);
    if (!renew_tables(pc, &error)) {
        g_warning("tables that describe the CPUs: %s", error->message);
    }
    pc_cmos_set_order(pc->rtc, boot_order(pc), generic_pc_machine_props(pc)->fd_bootchk);
    pc->booted = true;
    x86_reset_cpu(machine);
}

/* The ISA lines that firmware gives to PCI lines. */
static const guint8 pci_irqs[PCI_N_PINS] = { 10, 10, 11, 11 };

static guint8 pci_irq_of(void *opaque, guint line)
{
    return pci_irqs[line];
}

/* Does what firmware would have done. */
static void pc_reset_done(Machine *machine)
{
    PcMachine *pc = pc_machine(machine);
    PciWindows windows;

    if (!starts_kernel(pc)) {
        return;
    }
    i440fx_windows(pc->host, &windows);
    windows.irq_of = pci_irq_of;
    pci_setup(i440fx_bus(pc->host), &windows);
    piix3_route(pc->piix3, pci_irqs);
    piix3_ide_enable(pc->ide);
    piix4_pm_map(pc->pm, PC_PM_BASE);
    i440fx_show_ram(pc->host);
    x86_place_images(machine);
}

/* The firmware finds its memory preserved, and a flag in the clock's memory
 * that makes it jump to the guest's wake-up address. */
static void pc_wake(Machine *machine)
{
    PcMachine *pc = pc_machine(machine);
    guint8 pam[I440FX_N_PAMS];

    i440fx_get_pam(pc->host, pam);
    pc_cmos_set_resume(pc->rtc);
    device_reset_tree(&machine->object);
    i440fx_set_pam(pc->host, pam);
}

static const MachineOps pc_ops = {
    .fetch_begin = x86_fetch_begin,
    .fetch_work = x86_fetch_work,
    .fetch_end = x86_fetch_end,
    .setup = pc_setup,
    .wire = pc_wire,
    .start = pc_start,
    .reset = pc_reset,
    .reset_done = pc_reset_done,
    .wake = pc_wake,
    .cpus_changed = pc_cpus_changed,
    .teardown = pc_teardown,
};

/* ---- Class ---- */

/* Checks properties whose effect depends on others. */
static bool check_effects(const Object *obj, GError **error)
{
    const GenericPcMachineProps *props = generic_pc_machine_props(obj);
    const BootConfiguration *boot = props->boot;

    if (props->kernel && object_property_given(obj, "firmware")) {
        qmp_error_set_at(error, "firmware", ERROR_REASON_INVALID_VALUE,
                         "properties 'kernel' and 'firmware' exclude each other: a kernel is "
                         "started without firmware");
        return false;
    }
    if (boot && (boot->splash || boot->has_splash_time) && !boot->menu) {
        const char *name = boot->splash ? "splash" : "splash-time";
        g_autofree char *path = g_strconcat("boot.", name, NULL);

        qmp_error_set_at(error, path, ERROR_REASON_INVALID_VALUE,
                         "'%s' has no effect unless 'menu' is on", name);
        return false;
    }
    return true;
}

static bool pc_prepare(Object *obj, GError **error)
{
    const GenericPcMachineProps *props = generic_pc_machine_props(obj);
    PcMachine *pc = pc_machine(obj);

    if (!check_effects(obj, error)) {
        return false;
    }
    if (!pc_boot_load_splash(props->boot, &pc->splash, error)) {
        return qmp_error_blame(error, "boot.splash");
    }
    if (!props->kernel && !pc_firmware_load(&pc->firmware, props->firmware, error)) {
        g_clear_pointer(&pc->splash, g_bytes_unref);
        return qmp_error_blame(error, "firmware");
    }
    return true;
}

static void pc_release(Object *obj)
{
    pc_firmware_free(&pc_machine(obj)->firmware);
    g_clear_pointer(&pc_machine(obj)->splash, g_bytes_unref);
}

static bool pc_changed(Object *obj, const QmpMember *member, GError **error)
{
    return !g_str_equal(qmp_name(member->name), "numa") ||
           pc_numa_update(&pc_machine(obj)->x86, error);
}

const TypeInfo pc_machine_type = {
    .schema = &qmp_class_generic_pc_machine,
    .size = sizeof(PcMachine),
    .object = &(const ObjectOps){
        .prepare = pc_prepare,
        .release = pc_release,
        .changed = pc_changed,
    },
    .kind = &pc_ops,
};
