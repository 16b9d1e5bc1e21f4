/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Common parts of x86 boards; see hw/i386/x86-machine.h.
 */
#include "config.h"
#include "hw/i386/x86-machine.h"

#include "cpu/hotplug.h"
#include "hw/core/irq.h"
#include "hw/i386/x86-smp.h"
#include "hw/intc/i8259.h"
#include "hw/machine-ram.h"
#include "qmp/error.h"
#include "qmp/qapi-types-common.h"
#include "qmp/qapi-types-pc.h"
#include "qom/qapi-objects-machine.h"
#include "qom/qapi-objects-object.h"

enum { N_PIC_INPUTS = 8, PIC_CASCADE = 2 };

/* ---- RAM and lines ---- */

static guint64 choose_ram_low(const X86Machine *x86)
{
    guint64 size = x86->machine.ram_size;

    return size < x86->low_max ? size : MIN(size, x86->low_split);
}

static void map_ram(X86Machine *x86)
{
    Machine *machine = &x86->machine;
    MemoryRegion *root = address_space_root(machine->memory);
    guint64 low = x86->ram_low = choose_ram_low(x86);

    x86->ram_below_4g = region_new_alias(&machine->object, "ram-below-4g", machine->ram, 0, low);
    region_add(root, 0, x86->ram_below_4g, 0);
    if (machine->ram_size > low) {
        x86->ram_above_4g = region_new_alias(&machine->object, "ram-above-4g", machine->ram, low,
                                             machine->ram_size - low);
        region_add(root, BOOT_4G, x86->ram_above_4g, 0);
    }
}

static void unmap_alias(Machine *machine, MemoryRegion **alias)
{
    if (*alias) {
        region_remove(address_space_root(machine->memory), *alias);
        region_free(*alias);
        *alias = NULL;
    }
}

static void gsi_set(void *opaque, guint n, bool level)
{
    Accel *accel = to_machine(opaque)->accel;

    /* Lines briefly outlive the accelerator when a machine is torn down. */
    if (accel && accel_ops(accel)->irqchip(accel) == ACCEL_IRQCHIP_ON) {
        accel_ops(accel)->set_gsi(accel, n, level);
    }
}

/* INT of the first 8259A. */
static void intr_set(void *opaque, guint n, bool level)
{
    Accel *accel = to_machine(opaque)->accel;

    if (accel && accel_ops(accel)->set_extint) {
        accel_ops(accel)->set_extint(accel, level);
    }
}

static void a20_set(void *opaque, guint n, bool level)
{
    Accel *accel = to_machine(opaque)->accel;

    if (accel && accel_ops(accel)->set_a20) {
        accel_ops(accel)->set_a20(accel, level);
    }
}

static void make_lines(X86Machine *x86)
{
    Object *machine = &x86->machine.object;

    if (!x86->has_lines) {
        gpio_in_new(machine, "gsi", X86_N_GSIS, gsi_set, machine);
        gpio_in_new(machine, "intr", 1, intr_set, machine);
        gpio_in_new(machine, "a20", 1, a20_set, machine);
        x86->has_lines = true;
    }
}

/* ---- Properties ---- */

static OnOffSplit accel_irqchip(Accel *accel)
{
    switch (accel_ops(accel)->irqchip(accel)) {
    case ACCEL_IRQCHIP_OFF:
        return ON_OFF_SPLIT_OFF;
    case ACCEL_IRQCHIP_SPLIT:
        return ON_OFF_SPLIT_SPLIT;
    default:
        return ON_OFF_SPLIT_ON;
    }
}

/* Before QEMU 6.2, each CPU got its own socket by default. */
bool x86_setup_cpus(Machine *machine, GError **error)
{
    X86MachineProps *props = x86_machine_props(machine);
    bool sockets_first = object_is_a(machine, &qmp_class_pc_i440fx_6_1_machine);
    CpuTopology topology;

    if (!props->smp) {
        return true;
    }
    if (!x86_smp_resolve(props->smp, sockets_first, &topology, error)) {
        return false;
    }
    if (props->smp->maxcpus > object_class(machine)->cpu_max) {
        qmp_error_set_at(error, "smp", ERROR_REASON_OUT_OF_RANGE, "'maxcpus' is %" G_GINT64_FORMAT
                         ", and the machine's type takes %u CPUs", props->smp->maxcpus,
                         object_class(machine)->cpu_max);
        return false;
    }
    machine->accel->topology = topology;
    machine->n_cpus = props->smp->cpus;
    return true;
}

bool x86_check_irqchip(Machine *machine, GError **error)
{
    const AccelOps *accel = accel_ops(machine->accel);

    if (!accel->idle && accel->irqchip(machine->accel) == ACCEL_IRQCHIP_OFF) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "CPUs need local APICs of the accelerator: kernel-irqchip 'on' or 'split'");
        return false;
    }
    return true;
}

bool x86_setup(Machine *machine, GError **error)
{
    X86Machine *x86 = to_x86_machine(machine);
    X86MachineProps *props = x86_machine_props(machine);

    props->irqchip = accel_irqchip(machine->accel);
    if (!machine->ram && !machine_ram_claim(machine, error)) {
        return false;
    }
    if (!machine->ram) {
        qmp_error_set_at(error, "memory-backend", ERROR_REASON_PROPERTY_MISSING,
                         "the machine has no RAM: property 'memory-backend' is missing");
        return false;
    }
    map_ram(x86);
    make_lines(x86);
    return true;
}

/* ---- Wiring ---- */

/* Wires a line to an input of a chip, if the chip exists. */
static void wire_gsi(Machine *machine, guint gsi, Device *chip, guint input)
{
    Irq *to = chip ? gpio(&chip->object, "unnamed-gpio-in", input) : NULL;

    if (to) {
        irq_connect(gpio(&machine->object, "gsi", gsi), to, false);
    }
}

/* The CPU's acknowledgement goes to both 8259As: the first one decides which one
 * answers.  Machine lock held. */
static int acknowledge(void *opaque)
{
    Machine *machine = opaque;
    const X86Chips *chips = &to_x86_machine(machine)->chips;
    guint8 vector;
    guint ir;

    if (!irq_level(gpio(&machine->object, "intr", 0))) {
        return -1;
    }
    vector = i8259_acknowledge(chips->i8259, &ir);
    return ir == PIC_CASCADE && chips->i8259_slave ? i8259_acknowledge(chips->i8259_slave, &ir)
                                                   : vector;
}

static void wire_intr(Machine *machine)
{
    Device *master = to_x86_machine(machine)->chips.i8259;

    if (master) {
        irq_connect(gpio(&master->object, "unnamed-gpio-out", 0),
                    gpio(&machine->object, "intr", 0), false);
        machine_set_intack(machine, acknowledge, machine);
    }
}

Device *x86_chip(Machine *machine, const char *name)
{
    return to_device(object_child(&machine->object, name));
}

/* Input 2 of the master belongs to the slave; line 0 of the I/O APIC is handled
 * there. */
void x86_wire(Machine *machine, const X86Chips *chips)
{
    const X86MachineProps *props = x86_machine_props(machine);

    to_x86_machine(machine)->chips = *chips;
    if (props->irqchip == ON_OFF_SPLIT_ON) {
        return;
    }
    wire_intr(machine);
    for (guint gsi = 0; gsi < X86_N_GSIS; gsi++) {
        if (gsi < N_PIC_INPUTS && gsi != PIC_CASCADE) {
            wire_gsi(machine, gsi, chips->i8259, gsi);
        } else if (gsi >= N_PIC_INPUTS && gsi < 2 * N_PIC_INPUTS) {
            wire_gsi(machine, gsi, chips->i8259_slave, gsi - N_PIC_INPUTS);
        }
        wire_gsi(machine, gsi, chips->ioapic, gsi);
    }
}

void x86_teardown(Machine *machine)
{
    X86Machine *x86 = to_x86_machine(machine);

    g_clear_pointer(&x86->boot, boot_free);
    machine_set_intack(machine, NULL, machine);
    x86->chips = (X86Chips){ 0 };
    a20_set(machine, 0, true);  /* the gate's sources are gone */
    machine->accel->topology = (CpuTopology){ 0 };
    cpu_set_no_hotplug(machine->accel, NULL);
    unmap_alias(machine, &x86->ram_above_4g);
    unmap_alias(machine, &x86->ram_below_4g);
    machine_ram_release(machine);
}

/* ---- Direct boot ---- */

static void x86_release(Object *obj)
{
    X86Machine *x86 = to_x86_machine(obj);

    g_clear_pointer(&x86->kernel, loader_close);
    g_clear_pointer(&x86->modules, g_ptr_array_unref);
}

/* Properties for a kernel have no effect without one. */
static bool check_kernel(const X86MachineProps *props, GError **error)
{
    const char *name = props->append ? "append" : props->initrd ? "initrd" : NULL;

    if (props->kernel || !name) {
        return true;
    }
    qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE,
                     "property '%s' has no effect without property 'kernel'", name);
    return false;
}

/* Opens and reads the files on the pool, where a slow file system blocks nothing else. */
static bool x86_prepare(Object *obj, GError **error)
{
    X86Machine *x86 = to_x86_machine(obj);
    const X86MachineProps *props = x86_machine_props(obj);

    if (!check_kernel(props, error)) {
        return false;
    }
    if (props->kernel) {
        x86->kernel = loader_open("kernel", props->kernel, error);
    }
    if (props->initrd && x86->kernel) {
        x86->modules = boot_open_modules(x86->kernel, props->initrd, error);
    }
    if ((props->kernel && !x86->kernel) || (props->initrd && !x86->modules) ||
        !x86_hold_files(x86, error)) {
        x86_release(obj);
        return false;
    }
    return true;
}

/* CPUID 80000001.edx bit 29. */
static bool has_long_mode(const Cpu *cpu)
{
    for (guint i = 0; cpu->cpuid && i < cpu->cpuid->len; i++) {
        const CpuidLeaf *leaf = &g_array_index(cpu->cpuid, CpuidLeaf, i);

        if (leaf->leaf == 0x80000001) {
            return leaf->edx >> 29 & 1;
        }
    }
    return false;
}

bool x86_check_cpus(Machine *machine, GError **error)
{
    const X86MachineProps *props = x86_machine_props(machine);
    guint n = cpu_count(object_root(&machine->object));
    guint max = object_class(machine)->cpu_max;

    if (!n) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING,
                      "the machine has no CPU: add one with device_add");
        return false;
    }
    if (!cpu_is_bsp(cpu_by_index(object_root(&machine->object), 0))) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING,
                      "the machine has no boot CPU: its first place for a CPU is empty");
        return false;
    }
    if (n > max) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "the machine has %u CPUs, its type takes %u", n, max);
        return false;
    }
    if (props->smp && n < props->smp->cpus) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the machine has %u CPUs, and its "
                      "property 'smp' says %" G_GINT64_FORMAT, n, props->smp->cpus);
        return false;
    }
    return true;
}

void x86_cpus_changed(Machine *machine)
{
    SMPConfiguration *smp = x86_machine_props(machine)->smp;
    guint n = cpu_count(object_root(&machine->object));

    if (smp) {
        smp->cpus = MIN(smp->cpus, MAX(n, 1));
    }
}

BootConfig x86_boot_config(Machine *machine)
{
    const Cpu *cpu = cpu_by_index(object_root(&machine->object), 0);
    guint64 low = to_x86_machine(machine)->ram_low;

    return (BootConfig){
        .ram_low = low,
        .ram_high = machine->ram_size - low,
        .long_mode = cpu && has_long_mode(cpu),
    };
}

static Cpu *boot_cpu(Machine *machine)
{
    return cpu_by_index(object_root(&machine->object), 0);
}

void x86_reset_cpu(Machine *machine)
{
    const Boot *boot = to_x86_machine(machine)->boot;
    Cpu *cpu = boot_cpu(machine);

    if (boot && cpu) {
        cpu->reset_state = boot->entry;
    }
}

void x86_place_images(Machine *machine)
{
    const Boot *boot = to_x86_machine(machine)->boot;
    Cpu *cpu = boot_cpu(machine);
    g_autoptr(GError) error = NULL;

    if (boot && cpu && !boot_place(boot, machine->memory, &error)) {
        machine_request_internal_error(machine, cpu, SHUTDOWN_DETAIL_INTERNAL_ERROR,
                                       error->message);
    }
    if (boot) {
        x86_let_files_go(to_x86_machine(machine));
    }
}

void x86_reset(Machine *machine)
{
    x86_reset_cpu(machine);
    x86_place_images(machine);
}

static void x86_init(Object *obj)
{
    X86Machine *x86 = to_x86_machine(obj);

    x86->low_max = x86->low_split = X86_RAM_HOLE;
}

const TypeInfo x86_machine_type = {
    .schema = &qmp_class_x86_machine,
    .size = sizeof(X86Machine),
    .object = &(const ObjectOps){
        .init = x86_init,
        .prepare = x86_prepare,
        .release = x86_release,
    },
};
