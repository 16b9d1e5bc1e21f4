/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DSDT of a PC: devices and their resources, and the routing of PCI
 * interrupts to the interrupt controllers (ACPI 6.4, chapters 6 and 7; 82371AB
 * data sheet for PIRQRC and SUS_TYP; PNP ids by the ACPI ID registry).
 */
#include "config.h"
#include "hw/i386/acpi-dsdt.h"

#include "hw/acpi/acpi-nvdimm.h"

enum {
    N_SLOTS = 32,
    N_PINS = 4,
    N_LINKS = 4,
    PM_SLOT = 1,                /* its functions' pin A is the SCI's, which is fixed */
    SCI = 9,

    CONFIG_ADDRESS = 0xcf8,     /* and CONFIG_DATA: 8 ports */
    CONFIG_PORTS = 8,
    HOTPLUG_PORTS = 0x18,
    MEMORY_PORTS = 0x18,
    CPU_PORTS = 12,
    GPE0_PORTS = 4,
    VGA_FIRST = 0xa0000,
    VGA_LAST = 0xbffff,
    HPET_SIZE = 0x400,

    PIRQRC = 0x60,              /* in the ISA bridge's configuration space */
    PIRQ_DISABLED = 0x80,

    STA_PRESENT = 0x0f,         /* present, enabled, shown, working */
    STA_HIDDEN = 0x0b,          /* the same, not shown to users */
    STA_DISABLED = 0x09,
};

/* ---- Ports that the host bridge passes on ---- */

typedef struct {
    guint32 start, size;
} Hole;

/* All ports except those of the holes, which are sorted. */
static void append_io_windows(Aml *aml, const Hole *holes, guint n)
{
    guint32 next = 0;

    for (guint i = 0; i < n; i++) {
        if (holes[i].size && holes[i].start > next) {
            aml_word_io(aml, next, holes[i].start - 1);
        }
        next = holes[i].size ? holes[i].start + holes[i].size : next;
    }
    aml_word_io(aml, next, 0xffff);
}

static void append_host_resources(Aml *aml, const AcpiPcConfig *config)
{
    const Hole holes[] = {
        { config->memory_hotplug_base, config->n_memory_slots ? MEMORY_PORTS : 0 },
        { ACPI_NVDIMM_PORT, config->n_nvdimm_slots ? ACPI_NVDIMM_PORT_SIZE : 0 },
        { CONFIG_ADDRESS, CONFIG_PORTS },
        { config->hotplug_base, config->hotplug_base ? HOTPLUG_PORTS : 0 },
        { config->cpu_hotplug_base, config->cpu_hotplug_base ? CPU_PORTS : 0 },
        { config->gpe0, GPE0_PORTS },
    };

    aml_name(aml, "_CRS");
    aml_resources(aml);
    aml_word_bus(aml, 0, 0xff);
    aml_io(aml, CONFIG_ADDRESS, CONFIG_PORTS);
    append_io_windows(aml, holes, G_N_ELEMENTS(holes));
    aml_dword_memory(aml, VGA_FIRST, VGA_LAST, true);
    if (config->hole32.size) {
        aml_dword_memory(aml, config->hole32.start,
                         config->hole32.start + config->hole32.size - 1, false);
    }
    if (config->hole64.size) {
        aml_qword_memory(aml, config->hole64.start,
                         config->hole64.start + config->hole64.size - 1, true);
    }
    aml_end(aml);
}

/* Ports that no device in the tree has: the guest must not use them for anything else. */
static void append_system_resources(Aml *aml, const AcpiPcConfig *config)
{
    aml_device(aml, "SYSR");
    aml_name_eisaid(aml, "_HID", "PNP0C02");
    aml_name_int(aml, "_UID", 1);
    aml_name(aml, "_CRS");
    aml_resources(aml);
    if (config->hotplug_base) {
        aml_io(aml, config->hotplug_base, HOTPLUG_PORTS);
    }
    if (config->cpu_hotplug_base) {
        aml_io(aml, config->cpu_hotplug_base, CPU_PORTS);
    }
    aml_io(aml, config->gpe0, GPE0_PORTS);
    if (config->n_memory_slots) {
        aml_io(aml, config->memory_hotplug_base, MEMORY_PORTS);
    }
    if (config->n_nvdimm_slots) {
        aml_io(aml, ACPI_NVDIMM_PORT, ACPI_NVDIMM_PORT_SIZE);
        aml_memory32(aml, ACPI_NVDIMM_BASE,
                     ACPI_NVDIMM_PAGE + acpi_nvdimm_fit_size(config->n_nvdimm_slots), true);
    }
    aml_end(aml);
    aml_end(aml);
}

/* ---- Interrupts ---- */

/* Pins are swizzled over the four links by slot, as the board wires them. */
static void append_routing(Aml *aml)
{
    aml_name(aml, "_PRT");
    aml_package(aml, N_SLOTS * N_PINS);
    for (guint i = 0; i < N_SLOTS * N_PINS; i++) {
        guint slot = i / N_PINS, pin = i % N_PINS;
        char link[] = "LNKA";

        link[3] += (slot + pin + N_LINKS - 1) % N_LINKS;
        aml_package(aml, 4);
        aml_int(aml, slot << 16 | 0xffff);
        aml_int(aml, pin);
        aml_path(aml, slot == PM_SLOT && pin == 0 ? "LNKS" : link);
        aml_int(aml, 0);
        aml_end(aml);
    }
    aml_end(aml);
}

static void append_interrupt_resource(Aml *aml, const char *name, const guint32 *irqs, guint n)
{
    aml_name(aml, name);
    aml_resources(aml);
    aml_interrupts(aml, irqs, n);
    aml_end(aml);
}

/* Present, but disabled if the link's register says so. */
static void append_link_status(Aml *aml, const char *reg)
{
    aml_method(aml, "_STA", 0, false);
    aml_if(aml);
    aml_op(aml, AML_AND);
    aml_path(aml, reg);
    aml_int(aml, PIRQ_DISABLED);
    aml_no_target(aml);
    aml_op(aml, AML_RETURN);
    aml_int(aml, STA_DISABLED);
    aml_end(aml);
    aml_op(aml, AML_RETURN);
    aml_int(aml, STA_HIDDEN);
    aml_end(aml);
}

/* _DIS, _CRS and _SRS turn a register into a resource and back. */
static void append_link_methods(Aml *aml, const char *reg)
{
    aml_method(aml, "_DIS", 0, false);
    aml_op(aml, AML_OR);
    aml_path(aml, reg);
    aml_int(aml, PIRQ_DISABLED);
    aml_path(aml, reg);
    aml_end(aml);

    append_interrupt_resource(aml, "NOW", (const guint32[]){ 0 }, 1);
    aml_method(aml, "_CRS", 0, true);
    aml_op(aml, AML_DWORD_FIELD);
    aml_path(aml, "NOW");
    aml_int(aml, AML_INTERRUPT_NUMBER);
    aml_path(aml, "IRQ");
    aml_op(aml, AML_AND);
    aml_path(aml, reg);
    aml_int(aml, 0x0f);
    aml_path(aml, "IRQ");
    aml_op(aml, AML_RETURN);
    aml_path(aml, "NOW");
    aml_end(aml);

    aml_method(aml, "_SRS", 1, true);
    aml_op(aml, AML_DWORD_FIELD);
    aml_arg(aml, 0);
    aml_int(aml, AML_INTERRUPT_NUMBER);
    aml_path(aml, "WANT");
    aml_op(aml, AML_STORE);
    aml_path(aml, "WANT");
    aml_path(aml, reg);
    aml_end(aml);
}

static void append_link(Aml *aml, guint n)
{
    static const guint32 possible[] = { 5, 10, 11 };
    char name[] = "LNKA", reg[] = "\\_SB.PCI0.ISA.PRQA";

    name[3] += n;
    reg[sizeof(reg) - 2] += n;
    aml_device(aml, name);
    aml_name_eisaid(aml, "_HID", "PNP0C0F");
    aml_name_int(aml, "_UID", n);
    append_interrupt_resource(aml, "_PRS", possible, G_N_ELEMENTS(possible));
    append_link_status(aml, reg);
    append_link_methods(aml, reg);
    aml_end(aml);
}

/* The SCI's link: it cannot be moved. */
static void append_sci_link(Aml *aml)
{
    static const guint32 sci[] = { SCI };

    aml_device(aml, "LNKS");
    aml_name_eisaid(aml, "_HID", "PNP0C0F");
    aml_name_int(aml, "_UID", N_LINKS);
    append_interrupt_resource(aml, "_PRS", sci, 1);
    append_interrupt_resource(aml, "_CRS", sci, 1);
    aml_name_int(aml, "_STA", STA_HIDDEN);
    aml_method(aml, "_DIS", 0, false);
    aml_end(aml);
    aml_method(aml, "_SRS", 1, false);
    aml_end(aml);
    aml_end(aml);
}

/* ---- ISA ---- */

enum { ISA_MAX_OF_NAME = 8 };

static void append_isa_resources(Aml *aml, const AcpiIsaDevice *dev)
{
    aml_name(aml, "_CRS");
    aml_resources(aml);
    for (guint i = 0; i < ACPI_ISA_MAX_PORTS && dev->ports[i].size; i++) {
        aml_io(aml, dev->ports[i].base, dev->ports[i].size);
    }
    if (dev->irq != ACPI_ISA_NO_IRQ) {
        aml_irq_noflags(aml, dev->irq);
    }
    if (dev->dma) {
        aml_dma(aml, dev->dma);
    }
    aml_end(aml);
}

/* n counts devices of the same name from 0. */
static void append_isa_device(Aml *aml, const AcpiIsaDevice *dev, guint n)
{
    g_autofree char *name = g_strdup(dev->name);

    name[3] += n;
    aml_device(aml, name);
    if (dev->eisaid) {
        aml_name_eisaid(aml, "_HID", dev->eisaid);
    } else {
        aml_name_string(aml, "_HID", dev->hid);
    }
    aml_name_int(aml, "_UID", n + 1);
    aml_name_int(aml, "_STA", dev->hidden ? STA_HIDDEN : STA_PRESENT);
    append_isa_resources(aml, dev);
    if (dev->has_floppies) {
        acpi_dsdt_floppies(aml, dev->floppies);
    }
    aml_end(aml);
}

static void append_isa_devices(Aml *aml, const GArray *devices)
{
    for (guint i = 0; i < devices->len; i++) {
        const AcpiIsaDevice *dev = &g_array_index(devices, AcpiIsaDevice, i);
        guint n = 0;

        for (guint j = 0; j < i; j++) {
            n += g_str_equal(g_array_index(devices, AcpiIsaDevice, j).name, dev->name);
        }
        if (n < ISA_MAX_OF_NAME) {
            append_isa_device(aml, dev, n);
        }
    }
}

static void append_isa_bridge(Aml *aml, const AcpiPcConfig *config)
{
    aml_device(aml, "ISA");
    aml_name_int(aml, "_ADR", PM_SLOT << 16);
    aml_region(aml, "PIRQ", AML_PCI_CONFIG, PIRQRC, N_LINKS);
    aml_field(aml, "PIRQ", AML_ACCESS_BYTE, AML_PRESERVE);
    for (guint i = 0; i < N_LINKS; i++) {
        char name[] = "PRQA";

        name[3] += i;
        aml_field_unit(aml, name, 8);
    }
    aml_end(aml);
    append_isa_devices(aml, config->devices.isa);
    aml_end(aml);
}

/* ---- HPET, sleep ---- */

static void append_hpet(Aml *aml, guint32 address)
{
    aml_device(aml, "HPET");
    aml_name_eisaid(aml, "_HID", "PNP0103");
    aml_name_int(aml, "_UID", 0);
    aml_name(aml, "_CRS");
    aml_resources(aml);
    aml_memory32(aml, address, HPET_SIZE, false);
    aml_end(aml);
    aml_end(aml);
}

/* SLP_TYP of PM1a, and of the absent PM1b. */
static void append_sleep_state(Aml *aml, const char *name, guint8 type)
{
    aml_name(aml, name);
    aml_package(aml, 4);
    aml_int(aml, type);
    aml_int(aml, type);
    aml_int(aml, 0);
    aml_int(aml, 0);
    aml_end(aml);
}

/* ---- All of it ---- */

static void append_host_bridge(Aml *aml, const AcpiPcConfig *config)
{
    aml_device(aml, "PCI0");
    aml_name_eisaid(aml, "_HID", "PNP0A03");
    aml_name_int(aml, "_UID", 0);
    append_host_resources(aml, config);
    append_routing(aml);
    append_isa_bridge(aml, config);
    if (config->hotplug_base && config->root) {
        acpi_dsdt_hotplug(aml, config);
    }
    aml_end(aml);
}

void acpi_dsdt(Aml *aml, const AcpiPcConfig *config)
{
    aml_scope(aml, "\\_SB");
    append_host_bridge(aml, config);
    append_system_resources(aml, config);
    for (guint i = 0; i < N_LINKS; i++) {
        append_link(aml, i);
    }
    append_sci_link(aml);
    acpi_dsdt_cpus(aml, config);
    if (config->n_memory_slots) {
        acpi_dsdt_memory(aml, config);
    }
    if (config->n_nvdimm_slots) {
        acpi_dsdt_nvdimm(aml, config);
    }
    if (config->devices.hpet) {
        append_hpet(aml, config->devices.hpet);
    }
    aml_end(aml);

    if (config->hotplug_base && config->root) {
        acpi_dsdt_hotplug_event(aml);
    }
    if (config->n_memory_slots) {
        acpi_dsdt_memory_event(aml);
    }
    if (config->cpu_hotplug_base) {
        acpi_dsdt_cpus_event(aml);
    }
    if (config->n_nvdimm_slots) {
        acpi_dsdt_nvdimm_event(aml);
    }
    if (config->s3) {
        append_sleep_state(aml, "\\_S3", 1);
    }
    if (config->s4) {
        append_sleep_state(aml, "\\_S4", config->s4_value);
    }
    append_sleep_state(aml, "\\_S5", 0);
}
