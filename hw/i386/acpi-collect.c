/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a machine's objects to what its ACPI tables say: devices are known by
 * their class, and where they are by the properties that their realize hooks
 * wrote back.
 */
#include "config.h"
#include "hw/i386/acpi-build.h"

#include "qmp/qapi-types-object.h"
#include "qom/property.h"

enum { HPET_ADDRESS = 0xfed00000, IRQ_RTC = 8 };

/* A property with a number, or fallback if the class has none of that name. */
static guint32 number_of(Object *obj, const char *name, guint32 fallback)
{
    g_autoptr(QmpValue) value = name ? object_property_get(obj, name, NULL) : NULL;

    return value && value->kind == QMP_VALUE_INT ? value->i : fallback;
}

/* Classes and their properties; a class with two rows is two devices. */
static const struct {
    const char *klass;
    AcpiIsaKind kind;
    const char *iobase, *irq;
} isa_classes[] = {
    { "mc146818rtc", ACPI_ISA_RTC, "iobase", "irq" },
    { "i8042", ACPI_ISA_KEYBOARD, NULL, "kbd-irq" },
    { "i8042", ACPI_ISA_MOUSE, NULL, "mouse-irq" },
    { "isa-serial", ACPI_ISA_SERIAL, "iobase", "irq" },
    { "isa-parallel", ACPI_ISA_PARALLEL, "iobase", "irq" },
    { "pvpanic", ACPI_ISA_PVPANIC, "ioport", NULL },
    { "fw_cfg_io", ACPI_ISA_FW_CFG, "iobase", NULL },
};

static bool is_realized(Object *obj)
{
    return object_is_a(obj, &qmp_class_device) && ((Device *)obj)->realized;
}

static bool collect_device(Object *obj, void *data)
{
    AcpiPcConfig *config = data;

    if (!is_realized(obj)) {
        return true;
    }
    for (guint i = 0; i < G_N_ELEMENTS(isa_classes); i++) {
        if (g_str_equal(object_class_name(obj), isa_classes[i].klass)) {
            const AcpiIsaDevice dev = {
                .kind = isa_classes[i].kind,
                .iobase = number_of(obj, isa_classes[i].iobase, 0),
                .irq = number_of(obj, isa_classes[i].irq, 0),
            };

            g_array_append_val(config->isa, dev);
        }
    }
    if (g_str_equal(object_class_name(obj), "hpet")) {
        config->hpet = HPET_ADDRESS;
    }
    return true;
}

static void collect_cpu(Cpu *cpu, void *data)
{
    const AcpiCpu entry = { .apic_id = cpu->apic_id };

    g_array_append_val(((AcpiPcConfig *)data)->cpus, entry);
}

void acpi_pc_collect(Machine *machine, AcpiPcConfig *config)
{
    config->cpus = g_array_new(false, false, sizeof(AcpiCpu));
    config->isa = g_array_new(false, false, sizeof(AcpiIsaDevice));
    config->hpet = 0;
    cpu_foreach(object_root(&machine->object), collect_cpu, config);
    object_foreach_descendant(&machine->object, collect_device, config);
}

void acpi_pc_clear(AcpiPcConfig *config)
{
    g_clear_pointer(&config->cpus, g_array_unref);
    g_clear_pointer(&config->isa, g_array_unref);
}
