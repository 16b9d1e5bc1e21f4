/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines: making and undoing, recipes, running, requests; and that what a
 * vCPU exits with arrives where it should.
 */
#include "config.h"
#include "hw/machine/machine.h"

#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/thread.h>

#include "hw/core/irq.h"
#include "hw/i386/acpi-build.h"
#include "hw/i386/x86-machine.h"
#include "hw/types.h"
#include "qmp/error.h"
#include "qmp/qapi-types-common.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-device.h"
#include "qom/qapi-objects-machine.h"
#include "tests/lib/rig.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)
#define GIB (G_GUINT64_CONSTANT(1) << 30)

/* Ends the rig's machine alone: the accelerator stays. */
static void end_machine(Rig *rig)
{
    object_dismantle(&rig->machine->object);
    object_destroy(&rig->machine->object);
    rig->machine = NULL;
}

/* Takes the rig's machine out of its tree, and makes another one there. */
static Machine *replace_machine(Rig *rig, const QmpClass *klass, void *props, GError **error)
{
    g_autoptr(Object) obj = NULL;
    const MachineHost *host = NULL;
    void *opaque = NULL;

    if (rig->machine) {
        host = rig->machine->host;
        opaque = rig->machine->host_opaque;
        end_machine(rig);
    }
    obj = object_new_with_props(klass, props, NULL);
    machine_set_host(to_machine(obj), &rig->lock, host, opaque);
    object_add_child(rig->root, "machine", obj, NULL);
    if (!object_make(obj, error)) {
        object_destroy(obj);
        return NULL;
    }
    rig->machine = to_machine(obj);
    return rig->machine;
}

static MicrovmMachineProps *microvm_props(Rig *rig, const char *size)
{
    MicrovmMachineProps *props = qmp_new_props(&qmp_class_microvm_machine);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(rig_object(rig, "memory-backend-ram", "ram0", &error, "size", size,
                                "reserve", "off", NULL));
    props->memory_backend.path = g_strdup("ram0");
    return props;
}

static Machine *microvm(Rig *rig, MicrovmMachineProps *props)
{
    g_autoptr(GError) error = NULL;
    Machine *machine = replace_machine(rig, &qmp_class_microvm_machine, props, &error);

    g_assert_no_error(error);
    return machine;
}

static void assert_has(Machine *machine, const char *name, bool there)
{
    if ((object_child(&machine->object, name) != NULL) != there) {
        g_error("%s is %sthere", name, there ? "not " : "");
    }
}

/* ---- Life ---- */

static void test_accel_moves(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autofree char *path = object_path(&rig->accel->accel.object);
    g_autofree char *home = NULL;

    g_assert_cmpstr(path, ==, "/machine/accel");
    g_assert_true(rig->machine->accel == &rig->accel->accel);
    g_assert_nonnull(rig->accel->accel.host);
    g_assert_true(machine_find(rig->root) == rig->machine);
    g_assert_true(machine_of(rig->isabus) == rig->machine);
    /* A device that was added goes with its machine. */
    g_assert_nonnull(rig_device(rig, "isa-debug-exit", "exit0", NULL, NULL));
    end_machine(rig);
    home = object_path(&rig->accel->accel.object);
    g_assert_cmpstr(home, ==, "/objects/accel");
    g_assert_null(rig->accel->accel.host);
    g_assert_null(machine_find(rig->root));
}

static void test_no_accel(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    end_machine(rig);
    object_destroy(&rig->accel->accel.object);
    g_assert_null(replace_machine(rig, &qmp_class_none_machine,
                                  qmp_new_props(&qmp_class_none_machine), &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_NO_ACCELERATOR);
}

static PropertyDefaultList one_default(const char *driver, const char *property, gint64 value)
{
    PropertyDefaultList list = { .n = 1, .items = g_new0(PropertyDefault *, 1) };

    list.items[0] = g_new0(PropertyDefault, 1);
    list.items[0]->driver = g_strdup(driver);
    list.items[0]->property = g_strdup(property);
    list.items[0]->value = qmp_value_int(value);
    return list;
}

static Machine *none_with_default(Rig *rig, const char *driver, const char *property,
                                  gint64 value, GError **error)
{
    NoneMachineProps *props = qmp_new_props(&qmp_class_none_machine);

    props->defaults = one_default(driver, property, value);
    return replace_machine(rig, &qmp_class_none_machine, props, error);
}

static void assert_bad_default(const char *driver, const char *property, gint64 value,
                               ErrorReason reason)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(none_with_default(rig, driver, property, value, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
}

static void test_defaults(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dev;

    g_assert_nonnull(none_with_default(rig, "isa-debug-exit", "iosize", 4, &error));
    g_assert_no_error(error);
    dev = device_make(&rig->machine->object, "isabus", &qmp_class_isabus_bridge, NULL, NULL, NULL,
                      &error);
    g_assert_no_error(error);
    dev = rig_device(rig, "isa-debug-exit", "a", &error, "iobase", "0x501", NULL);
    g_assert_cmpuint(isa_debug_exit_props(dev)->iosize, ==, 4);
    dev = rig_device(rig, "isa-debug-exit", "b", &error, "iobase", "0x601", "iosize", "1", NULL);
    g_assert_cmpuint(isa_debug_exit_props(dev)->iosize, ==, 1);
    assert_bad_default("no-such-device", "x", 1, ERROR_REASON_CLASS_NOT_FOUND);
    assert_bad_default("isa-debug-exit", "x", 1, ERROR_REASON_PROPERTY_NOT_FOUND);
    assert_bad_default("isa-debug-exit", "iosize", 9, ERROR_REASON_OUT_OF_RANGE);
}

static void test_two_machines(void)
{
    g_autoptr(Rig) a = rig_new();
    g_autoptr(Rig) b = rig_new();

    irq_set(gpio(&a->isabus->object, "irq", 5), true);
    g_assert_cmpuint(rig_irq_edges(a, 5), ==, 1);
    g_assert_cmpuint(rig_irq_edges(b, 5), ==, 0);
    clock_advance(a->clock, 100);
    g_assert_cmpint(clock_now(b->clock, CLOCK_KIND_VIRTUAL), ==, 0);
}

/* ---- microvm ---- */

static void test_microvm(void)
{
    g_autoptr(Rig) rig = rig_new();
    MicrovmMachineProps *props = microvm_props(rig, "64M");
    Machine *machine = microvm(rig, props);

    g_assert_cmpint(props->pic, ==, ON_OFF_AUTO_ON);
    g_assert_cmpint(props->pit, ==, ON_OFF_AUTO_ON);
    g_assert_cmpint(props->rtc, ==, ON_OFF_AUTO_ON);    /* the accelerator is not KVM */
    assert_has(machine, "isabus", true);
    assert_has(machine, "ioapic", true);
    assert_has(machine, "i8259", true);
    assert_has(machine, "i8259-slave", true);
    assert_has(machine, "i8254", true);
    assert_has(machine, "mc146818", true);
    assert_has(machine, "peripheral", true);
    g_assert_true(rig->accel->pit);
    irq_set(gpio(object_child(&machine->object, "isabus"), "irq", 4), true);
    g_assert_cmpuint(rig->accel->gsi_edges[4], ==, 1);
    g_assert_true(rig->accel->gsi[4]);
    g_assert_cmpuint(rig->accel->slots->len, ==, 1);
    g_assert_cmphex(fake_accel_slot(rig->accel, 0)->size, ==, 64 * MIB);
    end_machine(rig);
    g_assert_cmpuint(rig->accel->slots->len, ==, 0);
}

static void test_microvm_without(void)
{
    g_autoptr(Rig) rig = rig_new();
    MicrovmMachineProps *props = microvm_props(rig, "64M");
    Machine *machine;

    props->pic = props->pit = props->rtc = ON_OFF_AUTO_OFF;
    machine = microvm(rig, props);
    assert_has(machine, "ioapic", true);
    assert_has(machine, "i8259", false);
    assert_has(machine, "i8259-slave", false);
    assert_has(machine, "i8254", false);
    assert_has(machine, "mc146818", false);
    g_assert_false(rig->accel->pit);
}

static void test_ram_layout(void)
{
    g_autoptr(Rig) rig = rig_new();
    Machine *machine = microvm(rig, microvm_props(rig, "5G"));
    const AccelSlot *low = fake_accel_slot(rig->accel, 0);
    const AccelSlot *high = fake_accel_slot(rig->accel, 4 * GIB);

    g_assert_cmphex(low->size, ==, 3 * GIB);
    g_assert_cmphex(high->gpa, ==, 4 * GIB);
    g_assert_cmphex(high->size, ==, 2 * GIB);
    g_assert_true((guint8 *)high->hva == (guint8 *)low->hva + 3 * GIB);
    g_assert_null(fake_accel_slot(rig->accel, 3 * GIB));
    g_assert_cmphex(machine->ram_size, ==, 5 * GIB);
    end_machine(rig);
}

/* RAM of `none` begins at 0; the backend is held while the machine has it. */
static void test_none_ram(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    NoneMachineProps *props = qmp_new_props(&qmp_class_none_machine);
    Object *ram = rig_object(rig, "memory-backend-ram", "ram0", &error, "size", "1M", NULL);
    guint32 value = 0x12345678;

    g_assert_no_error(error);
    props->memory_backend.path = g_strdup("ram0");
    g_assert_nonnull(replace_machine(rig, &qmp_class_none_machine, props, &error));
    g_assert_no_error(error);
    g_assert_true(memory_write(rig->machine->memory, MIB - 4, &value, 4));
    g_assert_cmphex(address_space_read(rig->machine->memory, MIB - 4, 4), ==, value);
    g_assert_false(memory_write(rig->machine->memory, MIB - 3, &value, 4));
    g_assert_false(object_may_delete(ram, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_IN_USE);
    g_clear_error(&error);
    end_machine(rig);
    g_assert_true(object_may_delete(ram, &error));
}

static void test_no_ram(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(replace_machine(rig, &qmp_class_microvm_machine,
                                  qmp_new_props(&qmp_class_microvm_machine), &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_PROPERTY_MISSING);
    g_assert_null(rig->accel->accel.host);
}

/* A chip that cannot be had: nothing is left, and it works the second time. */
static void test_undo(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    MicrovmMachineProps *props = microvm_props(rig, "64M");
    MicrovmMachineProps *again = qmp_new_props(&qmp_class_microvm_machine);
    g_autofree char *path = NULL;

    again->memory_backend.path = g_strdup("ram0");
    rig->accel->fail_pit = true;
    g_assert_null(replace_machine(rig, &qmp_class_microvm_machine, props, &error));
    g_assert_cmpstr(error->message, ==, "no timer");
    path = object_path(&rig->accel->accel.object);
    g_assert_cmpstr(path, ==, "/objects/accel");
    g_assert_cmpuint(rig->accel->slots->len, ==, 0);
    rig->accel->fail_pit = false;
    microvm(rig, again);
}

static void test_no_irqchip(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    MicrovmMachineProps *props = microvm_props(rig, "64M");

    rig->accel->irqchip = ACCEL_IRQCHIP_OFF;
    g_assert_null(replace_machine(rig, &qmp_class_microvm_machine, props, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_NOT_SUPPORTED);
    g_assert_nonnull(strstr(error->message, "kernel-irqchip"));
}

/* ---- Split interrupt controllers ---- */

static void out_port(Rig *rig, guint16 port, guint8 value)
{
    address_space_write(rig->machine->io, port, value, 1);
}

/* Both 8259As: vectors from 0x30 and 0x38, cascaded, all lines open. */
static void init_pics(Rig *rig)
{
    static const struct {
        guint16 port;
        guint8 value;
    } words[] = {
        { 0x20, 0x11 }, { 0x21, 0x30 }, { 0x21, 0x04 }, { 0x21, 0x01 }, { 0x21, 0x00 },
        { 0xa0, 0x11 }, { 0xa1, 0x38 }, { 0xa1, 0x02 }, { 0xa1, 0x01 }, { 0xa1, 0x00 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        out_port(rig, words[i].port, words[i].value);
    }
}

static int intack(Rig *rig)
{
    const Accel *accel = &rig->accel->accel;
    int vector;

    rig_unlock(rig);
    vector = accel->host->intack(accel->host_opaque);
    rig_lock(rig);
    return vector;
}

static void set_line(Rig *rig, guint gsi, bool level)
{
    irq_set(gpio(&rig->machine->object, "gsi", gsi), level);
}

/* The machine's own chips: lines reach both kinds, and the CPU's acknowledgement the
 * 8259A whose turn it is. */
static void test_split(void)
{
    g_autoptr(Rig) rig = rig_new();

    rig->accel->irqchip = ACCEL_IRQCHIP_SPLIT;
    microvm(rig, microvm_props(rig, "64M"));
    g_assert_false(rig->accel->pit);                /* it is the machine's */
    assert_has(rig->machine, "i8254", true);
    assert_has(rig->machine, "pcspk", true);
    init_pics(rig);
    g_assert_cmpint(intack(rig), ==, -1);           /* nobody asks */
    set_line(rig, 4, true);
    g_assert_true(rig->accel->extint);
    g_assert_cmphex(intack(rig), ==, 0x34);
    g_assert_false(rig->accel->extint);
    set_line(rig, 10, true);                        /* the slave's, of a higher priority */
    g_assert_true(rig->accel->extint);
    g_assert_cmphex(intack(rig), ==, 0x3a);
    g_assert_false(rig->accel->extint);
    out_port(rig, 0xa0, 0x20);
    out_port(rig, 0x20, 0x20);
    set_line(rig, 5, true);                         /* waits for the end of 4 */
    g_assert_false(rig->accel->extint);
    out_port(rig, 0x20, 0x20);
    g_assert_cmphex(intack(rig), ==, 0x35);
    g_assert_cmpuint(rig->accel->msis->len, ==, 0); /* the I/O APIC is masked */
    end_machine(rig);
    g_assert_false(rig->accel->extint);
}

/* A request that goes before its acknowledgement: of the slave, its IR7 comes; the
 * master's line has fallen, and there is nothing to acknowledge. */
static void test_split_spurious(void)
{
    g_autoptr(Rig) rig = rig_new();

    rig->accel->irqchip = ACCEL_IRQCHIP_SPLIT;
    microvm(rig, microvm_props(rig, "64M"));
    init_pics(rig);
    out_port(rig, 0x4d0, 1 << 5);                   /* levels */
    out_port(rig, 0x4d1, 1 << 2);
    set_line(rig, 5, true);
    set_line(rig, 5, false);
    g_assert_false(rig->accel->extint);
    g_assert_cmpint(intack(rig), ==, -1);
    set_line(rig, 10, true);
    set_line(rig, 10, false);
    g_assert_true(rig->accel->extint);              /* the master has seen an edge */
    g_assert_cmphex(intack(rig), ==, 0x3f);
    g_assert_cmphex(address_space_read(rig->machine->io, 0xa0, 1), ==, 0);
    out_port(rig, 0xa0, 0x0b);                      /* its ISR */
    g_assert_cmphex(address_space_read(rig->machine->io, 0xa0, 1), ==, 0);
    out_port(rig, 0x20, 0x0b);                      /* the master's */
    g_assert_cmphex(address_space_read(rig->machine->io, 0x20, 1), ==, 1 << 2);
}

static void test_split_without(void)
{
    g_autoptr(Rig) rig = rig_new();
    MicrovmMachineProps *props = microvm_props(rig, "64M");

    props->pic = props->pit = ON_OFF_AUTO_OFF;
    rig->accel->irqchip = ACCEL_IRQCHIP_SPLIT;
    microvm(rig, props);
    assert_has(rig->machine, "i8259", false);
    assert_has(rig->machine, "i8254", false);
    assert_has(rig->machine, "pcspk", false);
    g_assert_cmpint(intack(rig), ==, -1);
    /* I/O APIC, pin 5: vector 0x45, unmasked */
    address_space_write(rig->machine->memory, 0xfec00000, 0x10 + 2 * 5, 4);
    address_space_write(rig->machine->memory, 0xfec00010, 0x45, 4);
    set_line(rig, 5, true);
    g_assert_cmpuint(rig->accel->gsi_edges[5], ==, 1);
    g_assert_cmphex(fake_accel_last_msi(rig->accel)->data, ==, 0x4045);
    /* From a data path */
    address_space_write(rig->machine->memory, 0xfec00000, 0x10 + 2 * 6, 4);
    address_space_write(rig->machine->memory, 0xfec00010, 0x46, 4);
    machine_set_gsi(rig->machine, 6, true);
    g_assert_cmphex(fake_accel_last_msi(rig->accel)->data, ==, 0x4046);
}

static void test_chip_reset(void)
{
    g_autoptr(Rig) rig = rig_new();

    rig->accel->chips[ACCEL_CHIP_IOAPIC] = 0x11;
    rig->accel->chips[ACCEL_CHIP_PIC_MASTER] = 0x22;
    rig->accel->chips[ACCEL_CHIP_PIC_SLAVE] = 0x33;
    rig->accel->chips[ACCEL_CHIP_PIT] = 0x44;
    microvm(rig, microvm_props(rig, "64M"));
    memset(rig->accel->chips, 0, sizeof(rig->accel->chips));
    rig_reset(rig);
    g_assert_cmphex(rig->accel->chips[ACCEL_CHIP_IOAPIC], ==, 0x11);
    g_assert_cmphex(rig->accel->chips[ACCEL_CHIP_PIC_MASTER], ==, 0x22);
    g_assert_cmphex(rig->accel->chips[ACCEL_CHIP_PIC_SLAVE], ==, 0x33);
    g_assert_cmphex(rig->accel->chips[ACCEL_CHIP_PIT], ==, 0x44);
}

/* ---- Starting ---- */

static void assert_no_start(Rig *rig, ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(machine_run(rig->machine, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
    g_assert_false(rig->machine->started);
    g_assert_false(rig->machine->running);
    g_assert_cmpuint(rig->accel->resumes, ==, 0);
}

static void add_cpu(Rig *rig)
{
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(rig_device(rig, "qemu64-x86_64-cpu", "cpu0", &error, NULL));
}

static void test_start_errors(void)
{
    g_autoptr(Rig) rig = rig_new();
    MicrovmMachineProps *props = microvm_props(rig, "64M");

    microvm(rig, props);
    assert_no_start(rig, ERROR_REASON_PROPERTY_MISSING);        /* no CPU */
    add_cpu(rig);
    assert_no_start(rig, ERROR_REASON_PROPERTY_MISSING);        /* no kernel */
}

/* A 32-bit ELF of one instruction, with the note that makes it a kernel. */
static char *write_kernel(void)
{
    static const guint32 words[] = {
        0x464c457f, 0x00010101, 0, 0,
        0x00030002, 1, 0x100000, 52, 0, 0, 0x00200034, 0x00280002, 0,
        4, 116, 0, 0, 20, 20, 0, 4,                     /* PT_NOTE */
        1, 136, 0x100000, 0x100000, 4, 8, 7, 4,         /* PT_LOAD */
        4, 4, 18, 0x006e6558, 0x100000,                 /* note */
        0x90f4f4f4,                                     /* code */
    };
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("vmd-test-XXXXXX", &name, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, words, sizeof(words)), ==, sizeof(words));
    close(fd);
    return g_steal_pointer(&name);
}

static void test_kernel_errors(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    MicrovmMachineProps *props = microvm_props(rig, "64M");
    g_autofree char *kernel = write_kernel();

    props->kernel = g_strdup("/nonexistent/kernel");
    g_assert_null(replace_machine(rig, &qmp_class_microvm_machine, props, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_FILE_NOT_USABLE);
    g_clear_error(&error);
    props = qmp_new_props(&qmp_class_microvm_machine);
    props->memory_backend.path = g_strdup("ram0");
    props->kernel = g_strdup(kernel);
    props->initrd = g_strdup("/nonexistent/initrd");
    g_assert_null(replace_machine(rig, &qmp_class_microvm_machine, props, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_FILE_NOT_USABLE);
    unlink(kernel);
}

/* Finds the ACPI root as a kernel does; 0: there is none. */
static guint32 find_rsdp(Machine *machine)
{
    for (guint32 at = 0xe0000; at < 0x100000; at += 16) {
        char text[8] = "";

        memory_read(machine->memory, at, text, sizeof(text));
        if (!memcmp(text, "RSD PTR ", 8)) {
            return at;
        }
    }
    return 0;
}

static guint32 read_32(Machine *machine, guint32 at)
{
    guint32 value = 0;

    g_assert_true(memory_read(machine->memory, at, &value, 4));
    return value;
}

/* A kernel without firmware finds tables by scanning, and by its start info. */
static void test_start_tables(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    MicrovmMachineProps *props = microvm_props(rig, "64M");
    AcpiPcConfig acpi = { .oem = { "BOCHS", "BXPC" }, .fadt_revision = 1 };
    SmbiosConfig smbios = { .product = "test", .ram_size = 64 * MIB };
    g_autoptr(SmbiosTables) smbios_tables = NULL;
    g_autoptr(AcpiTables) acpi_tables = NULL;
    X86Tables tables;
    Machine *machine;
    guint32 rsdp;

    props->kernel = write_kernel();
    machine = microvm(rig, props);
    add_cpu(rig);
    unlink(props->kernel);
    acpi_pc_collect(machine, &acpi);
    acpi_tables = acpi_pc_build(&acpi);
    g_assert_true(smbios_collect(machine, &smbios, &error));
    smbios_tables = smbios_build(&smbios, &error);
    tables = (X86Tables){ acpi_tables, smbios_tables };
    g_assert_true(x86_start_kernel_tables(machine, NULL, true, &tables, &error));
    x86_reset(machine);
    rsdp = find_rsdp(machine);
    g_assert_cmphex(rsdp, !=, 0);
    g_assert_cmphex(read_32(machine, 0x1000 + 32), ==, rsdp);           /* PVH's rsdp_paddr */
    g_assert_cmphex(read_32(machine, read_32(machine, rsdp + 16)), ==, 0x54445352);   /* RSDT */
    g_assert_cmphex(read_32(machine, rsdp + 16), <, 64 * MIB);
    g_assert_cmphex(read_32(machine, BOOT_SMBIOS), ==, 0x5f4d535f);     /* _SM_ */
    g_assert_cmphex(read_32(machine, 0xf0000), ==, 0x5f504d5f);         /* _MP_ */
    acpi_pc_clear(&acpi);
    smbios_clear(&smbios);
}

static void test_start(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    MicrovmMachineProps *props = microvm_props(rig, "64M");
    Machine *machine;
    guint32 code = 0;

    props->kernel = write_kernel();
    machine = microvm(rig, props);
    add_cpu(rig);
    g_assert_true(machine_run(machine, &error));
    g_assert_no_error(error);
    g_assert_true(machine->started && machine->running && rig->accel->resumed);
    g_assert_cmphex(rig->accel->vcpu_state.rip, ==, 0x100000);
    g_assert_cmphex(rig->accel->vcpu_state.gpr[X86_RBX], !=, 0);
    g_assert_true(memory_read(machine->memory, 0x100000, &code, 4));
    g_assert_cmphex(code, ==, 0x90f4f4f4);
    g_assert_true(memory_read(machine->memory, 0xf0000, &code, 4));
    g_assert_cmphex(code, ==, 0x5f504d5f);              /* _MP_ */
    code = 0;
    g_assert_true(memory_write(machine->memory, 0x100000, &code, 4));
    machine_reset(machine);                             /* parks, reloads, goes on */
    g_assert_true(rig->accel->resumed);
    g_assert_cmpuint(rig->accel->pauses, ==, 1);
    g_assert_true(memory_read(machine->memory, 0x100000, &code, 4));
    g_assert_cmphex(code, ==, 0x90f4f4f4);
    g_assert_false(object_may_delete(&machine->object, &error));
    unlink(props->kernel);
    machine_pause(machine);
}

/* ---- Running ---- */

typedef struct {
    GString *log;
    char name;
} Listener;

static void on_state(void *opaque, bool running)
{
    Listener *l = opaque;

    g_string_append_printf(l->log, "%c%d ", l->name, running);
}

static void test_listeners(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GString) log = g_string_new(NULL);
    Listener a = { log, 'a' }, b = { log, 'b' };
    MachineListener *listener = machine_add_listener(rig->machine, on_state, &a);

    machine_add_listener(rig->machine, on_state, &b);
    g_assert_true(machine_run(rig->machine, NULL));
    g_assert_true(machine_run(rig->machine, NULL));
    machine_pause(rig->machine);
    machine_pause(rig->machine);
    g_assert_cmpstr(log->str, ==, "a1 b1 b0 a0 ");
    machine_remove_listener(rig->machine, listener);
    g_assert_true(machine_run(rig->machine, NULL));
    g_assert_cmpstr(log->str, ==, "a1 b1 b0 a0 b1 ");
    g_assert_cmpuint(rig->accel->resumes, ==, 2);
    machine_pause(rig->machine);
}

static void *request_from_thread(void *data)
{
    machine_request_reset(data, SHUTDOWN_CAUSE_GUEST_RESET);
    return NULL;
}

static void test_requests(void)
{
    g_autoptr(Rig) rig = rig_new();
    const AccelHost *host = rig->accel->accel.host;

    machine_request_shutdown(rig->machine, SHUTDOWN_CAUSE_GUEST_SHUTDOWN, 7);
    g_assert_cmpuint(rig->shutdowns, ==, 0);
    rig_deliver(rig);
    rig_deliver(rig);
    g_assert_cmpuint(rig->shutdowns, ==, 1);
    g_assert_cmpint(rig->cause, ==, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    g_assert_cmpint(rig->status, ==, 7);
    g_thread_join(g_thread_new("reset", request_from_thread, rig->machine));
    machine_request_panic(rig->machine, NULL);
    host->request(rig->machine, ACCEL_REQUEST_RESET);
    host->request(rig->machine, ACCEL_REQUEST_SHUTDOWN);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 1);       /* asked twice before the answer */
    g_assert_cmpuint(rig->panics, ==, 1);
    g_assert_cmpuint(rig->shutdowns, ==, 2);
    g_assert_cmpint(rig->status, ==, 0);
    machine_request_shutdown(rig->machine, SHUTDOWN_CAUSE_HOST_ERROR, 0);       /* dropped */
}

typedef struct {
    Rig *rig;
    guint resets;
} Insistent;

static void reset_again(void *opaque, ShutdownCause cause)
{
    Insistent *x = opaque;

    if (++x->resets < 1000) {
        machine_request_reset(x->rig->machine, cause);
    }
}

/* A guest that asks again while it is answered has to wait for the next turn. */
static void test_insistent(void)
{
    static const MachineHost host = { .reset = reset_again };
    g_autoptr(Rig) rig = rig_new();
    Insistent x = { .rig = rig };

    machine_set_host(rig->machine, &rig->lock, &host, &x);
    machine_request_reset(rig->machine, SHUTDOWN_CAUSE_GUEST_RESET);
    for (guint i = 1; i <= 10; i++) {
        rig_deliver(rig);
        g_assert_cmpuint(x.resets, ==, i);
    }
}

/* ---- On a loop ---- */

static void stop_loop(void *opaque, ShutdownCause cause, int status)
{
    Rig *rig = opaque;

    g_assert_true(fair_lock_mine(&rig->lock));
    event_base_loopbreak(rig->env.base);
}

static void *shut_down(void *data)
{
    g_usleep(10000);
    machine_request_shutdown(data, SHUTDOWN_CAUSE_GUEST_SHUTDOWN, 0);
    return NULL;
}

/* A request of another thread wakes a loop that sleeps. */
static void test_loop(void)
{
    static const MachineHost host = { .shutdown = stop_loop };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    GThread *thread;

    rig->env.base = event_base_new();
    replace_machine(rig, &qmp_class_none_machine, qmp_new_props(&qmp_class_none_machine), &error);
    g_assert_no_error(error);
    machine_set_host(rig->machine, &rig->lock, &host, rig);
    thread = g_thread_new("shut-down", shut_down, rig->machine);
    rig_unlock(rig);
    g_assert_cmpint(event_base_loop(rig->env.base, EVLOOP_NO_EXIT_ON_EMPTY), ==, 0);
    rig_lock(rig);
    g_thread_join(thread);
    end_machine(rig);
    event_base_free(rig->env.base);
    rig->env.base = NULL;
}

/* ---- Exits ---- */

static guint64 count_read(void *opaque, guint64 offset, guint size)
{
    return ++*(guint64 *)opaque;
}

static const RegionOps count_ops = { .read = count_read };

static void test_exits(void)
{
    g_autoptr(Rig) rig = rig_new();
    const AccelHost *host = rig->accel->accel.host;
    guint64 count = 0;
    guint8 items[4] = { 0 };
    MemoryRegion *pio = region_new_io(rig->root, "pio", &count_ops, &count, 4);
    MemoryRegion *mmio = region_new_io(rig->root, "mmio", &count_ops, &count, 4);

    region_add(address_space_root(rig->io), 0x300, pio, 0);
    region_add(address_space_root(rig->memory), 0x300, mmio, 0);
    rig_unlock(rig);
    host->pio(rig->machine, 0x300, items, 1, 4, false);
    g_assert_cmpmem(items, 4, "\1\2\3\4", 4);
    host->pio(rig->machine, 0x300, items, 2, 1, false);
    g_assert_cmphex(items[0], ==, 5);
    g_assert_cmphex(items[1], ==, 0);
    host->mmio(rig->machine, 0x302, items, 1, false);
    g_assert_cmphex(items[0], ==, 6);
    host->pio(rig->machine, 0xffff, items, 4, 1, false);
    g_assert_cmpmem(items, 4, "\377\377\377\377", 4);
    rig_lock(rig);
    region_remove(address_space_root(rig->io), pio);
    region_remove(address_space_root(rig->memory), mmio);
}

static void test_uuid(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    NoneMachineProps *props = qmp_new_props(&qmp_class_none_machine);

    props->uuid = g_strdup("00112233-4455-6677-8899-aabbccddeefg");
    g_assert_null(replace_machine(rig, &qmp_class_none_machine, props, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
    g_clear_error(&error);
    props = qmp_new_props(&qmp_class_none_machine);
    props->uuid = g_strdup("00112233-4455-6677-8899-aabbccddeeff");
    g_assert_nonnull(replace_machine(rig, &qmp_class_none_machine, props, &error));
}

typedef struct {
    bool level[24];
    guint rises[24], falls[24];
} Gsis;

static void gsi_changed(void *opaque, guint n, bool level)
{
    Gsis *gsis = opaque;

    gsis->level[n] = level;
    gsis->rises[n] += level;
    gsis->falls[n] += !level;
}

static void *set_gsis(void *opaque)
{
    for (guint i = 0; i < 10; i++) {
        machine_set_gsi(opaque, 5, true);
        machine_set_gsi(opaque, 5, false);
    }
    machine_set_gsi(opaque, 9, true);
    machine_set_gsi(opaque, 9, false);
    machine_set_gsi(opaque, 9, true);
    machine_set_gsi(opaque, 24, true);              /* there is none */
    return NULL;
}

/* With the accelerator's controllers it hears of them; without, lines do, set by the holder
 * of the lock. */
static void test_gsis(void)
{
    g_autoptr(Rig) rig = rig_new();
    Gsis gsis = { 0 };

    machine_set_gsi(rig->machine, 3, true);
    g_assert_true(rig->accel->gsi[3]);
    machine_set_gsi(rig->machine, 3, false);
    rig->accel->irqchip = ACCEL_IRQCHIP_OFF;
    machine_set_gsi(rig->machine, 4, true);         /* a board without lines */
    machine_set_gsi(rig->machine, 4, false);
    gpio_in_new(&rig->machine->object, "gsi", 24, gsi_changed, &gsis);
    machine_set_gsi(rig->machine, 4, true);
    g_assert_true(gsis.level[4]);
    g_thread_join(g_thread_new("gsis", set_gsis, rig->machine));
    g_assert_cmpuint(gsis.rises[5] + gsis.rises[9], ==, 0);
    machine_set_gsi(rig->machine, 4, false);
    g_assert_false(gsis.level[4]);
    g_assert_cmpuint(gsis.rises[5], ==, 1);         /* of many one, and the last level */
    g_assert_cmpuint(gsis.falls[5], ==, 1);
    g_assert_true(gsis.level[9]);
    g_assert_cmpuint(gsis.rises[9], ==, 1);
    g_thread_join(g_thread_new("gsis", set_gsis, rig->machine));
    machine_set_gsi(rig->machine, 4, true);
    g_assert_true(gsis.level[9]);
    g_assert_cmpuint(gsis.rises[9], ==, 2);         /* it fell between */
    g_assert_cmpuint(gsis.falls[9], ==, 1);
    g_assert_false(rig->accel->gsi[5]);
}

int main(int argc, char **argv)
{
    evthread_use_pthreads();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/machine/accel-moves", test_accel_moves);
    g_test_add_func("/machine/no-accel", test_no_accel);
    g_test_add_func("/machine/defaults", test_defaults);
    g_test_add_func("/machine/two-machines", test_two_machines);
    g_test_add_func("/machine/microvm", test_microvm);
    g_test_add_func("/machine/microvm-without", test_microvm_without);
    g_test_add_func("/machine/ram-layout", test_ram_layout);
    g_test_add_func("/machine/none-ram", test_none_ram);
    g_test_add_func("/machine/no-ram", test_no_ram);
    g_test_add_func("/machine/undo", test_undo);
    g_test_add_func("/machine/no-irqchip", test_no_irqchip);
    g_test_add_func("/machine/split", test_split);
    g_test_add_func("/machine/split-spurious", test_split_spurious);
    g_test_add_func("/machine/split-without", test_split_without);
    g_test_add_func("/machine/chip-reset", test_chip_reset);
    g_test_add_func("/machine/start-errors", test_start_errors);
    g_test_add_func("/machine/kernel-errors", test_kernel_errors);
    g_test_add_func("/machine/start", test_start);
    g_test_add_func("/machine/start-tables", test_start_tables);
    g_test_add_func("/machine/listeners", test_listeners);
    g_test_add_func("/machine/requests", test_requests);
    g_test_add_func("/machine/requests/insistent", test_insistent);
    g_test_add_func("/machine/loop", test_loop);
    g_test_add_func("/machine/exits", test_exits);
    g_test_add_func("/machine/uuid", test_uuid);
    g_test_add_func("/machine/gsis", test_gsis);
    return g_test_run();
}
