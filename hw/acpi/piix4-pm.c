/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PIIX4, function 3: power management, after Intel's data sheet "82371AB PCI ISA
 * IDE Xcelerator (PIIX4)", sections 7.1 (configuration registers), 7.3 (power
 * management I/O registers) and 11 (their meaning).
 *
 * The general purpose events are not those of the data sheet (GPSTS, GPEN): PC
 * machine types have had the block at 0xafe0, PCI hotplug at 0xae00 and memory
 * hotplug at 0xa00 instead since they support hotplug.  ACPI tables name them.
 *
 * There is no system management mode.  DEVACTB says that SMIs on APMC are
 * enabled, from which firmware concludes that SMM is set up, and a write to
 * APMC takes effect immediately as if an SMI handler had answered it.  Activity
 * monitors and traps have nothing to watch: their registers only store what is
 * written.
 */
#include "config.h"
#include "hw/acpi/piix4-pm.h"

#include <string.h>

#include "hw/acpi/piix4-smbus.h"
#include "hw/acpi/pm1.h"
#include "hw/machine/power.h"
#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qom/qapi-objects-pc.h"
#include "qom/qapi-trace.h"

enum {                          /* configuration registers */
    PMBA = 0x40,                /* 4 bytes */
    CNTA = 0x44,                /* and others up to 0x7b, 4 bytes each */
    DEVACTB = 0x58,
    DEV_END = 0x7c,
    PMREGMISC = 0x80,
    SMBBA = 0x90,               /* 4 bytes */
    SMBHSTCFG = 0xd2,
    SMBREV = 0xd6,
};

enum {
    PMBA_MASK = 0xffc0,         /* 64 ports; bit 0 says I/O */
    SMBBA_MASK = 0xfff0,
    PMIOSE = 0x01,              /* PMREGMISC: the ports are enabled */
    SMB_HST_EN = 0x01,          /* SMBHSTCFG */
    SMB_INTRSEL = 0x0e,
    SMB_IRQ9 = 4 << 1,
};

#define DEVACTB_APMC_EN (1u << 25)

enum {                          /* power management I/O registers */
    PM_SIZE = 64,
    PMSTS = 0x00,               /* and PMEN at 2 */
    PMCNTRL = 0x04,
    PMTMR = 0x08,
    GPIREG = 0x30,              /* inputs, three of them */
    GPOREG = 0x34,
};

enum { APM_BASE = 0xb2, APM_SIZE = 2, APMC = 0, APMS = 1 };
enum { APMC_ACPI_DISABLE = 0xf0, APMC_ACPI_ENABLE = 0xf1 };
enum { SLP_TYP_S5 = 0, SLP_TYP_S3 = 1 };
enum {
    GPE_PCI_HOTPLUG = 1 << 1, GPE_CPU_HOTPLUG = 1 << 2, GPE_MEMORY_HOTPLUG = 1 << 3, N_GPES = 16,
};

struct Piix4Pm {
    PciDevice parent;
    /* Guest-visible. */
    Pm1 pm1;
    guint8 ports[PM_SIZE];      /* registers that only store what is written */
    guint16 gpe_sts, gpe_en;
    guint8 apmc, apms;
    Piix4Smbus smbus;
    AcpiPciHotplug hotplug;
    AcpiMemoryHotplug memory;
    AcpiCpuHotplug cpus;
    MachinePower power;
    /* Wiring. */
    Irq *sci;
    MemoryRegion *pm, *smb, *gpe, *apm;
};

/* ---- Interrupt ---- */

static bool smbus_interrupts(const Piix4Pm *s)
{
    return (s->parent.config[SMBHSTCFG] & SMB_INTRSEL) == SMB_IRQ9 &&
           piix4_smbus_pending(&s->smbus);
}

/* The only place that drives the line.  While ACPI is off, events would be SMIs. */
static void update_sci(Piix4Pm *s)
{
    bool pending = pm1_update(&s->pm1) || s->gpe_sts & s->gpe_en;

    irq_set(s->sci, (pending && s->pm1.cnt & PM1_SCI_EN) || smbus_interrupts(s));
}

static void timer_turned(void *opaque, gint64 now)
{
    update_sci(opaque);
}

/* ---- Power management I/O registers ---- */

static void power_off(Piix4Pm *s)
{
    machine_request_shutdown(machine_of(s), SHUTDOWN_CAUSE_GUEST_SHUTDOWN, 0);
}

/* SLP_EN was written.  Undefined sleep types have no effect. */
static void go_to_sleep(Piix4Pm *s)
{
    const Piix4PmProps *props = piix4_pm_props(s);
    guint type = (s->pm1.cnt & PM1_SLP_TYP) >> PM1_SLP_TYP_SHIFT;

    if (type == SLP_TYP_S5) {
        power_off(s);
    } else if (type == SLP_TYP_S3 && !props->disable_s3) {
        machine_request_suspend(machine_of(s));
    } else if (type == props->s4_val && !props->disable_s4) {
        machine_request_suspend_disk(machine_of(s));
    }
}

static void write_pmcntrl(Piix4Pm *s, guint offset, guint32 value, guint size)
{
    guint32 mask = ((1u << size * 8) - 1) << offset * 8;
    guint32 bits = value << offset * 8 & mask;

    s->pm1.cnt = (s->pm1.cnt & ~mask) | (bits & PM1_CNT_BITS);
    if (bits & PM1_SLP_EN) {
        go_to_sleep(s);
    }
}

/* Which bits of the other registers the guest can set: control and enable bits
 * from PCNTRL (0x10) on; status registers (0x0c, 0x18, 0x1c) show no events. */
static const guint8 port_bits[PM_SIZE] = {
    [0x0e] = 0x01, [0x0f] = 0x0f,
    [0x10] = 0xff, [0x11] = 0x3f, [0x12] = 0x03,
    [0x20] = 0xff, [0x21] = 0x01,
    [0x28] = 0xff, [0x29] = 0xff, [0x2a] = 0xff, [0x2b] = 0x07,
    [0x2c] = 0xff, [0x2d] = 0xff, [0x2e] = 0xff, [0x2f] = 0x01,
    [GPOREG] = 0xff, [GPOREG + 1] = 0xff, [GPOREG + 2] = 0xff, [GPOREG + 3] = 0x7f,
};

static guint32 bytes_read(const guint8 *bytes, guint size)
{
    guint32 value = 0;

    for (guint i = 0; i < size; i++) {
        value |= (guint32)bytes[i] << i * 8;
    }
    return value;
}

static const char *register_name(guint64 offset)
{
    static const TraceRegister names[] = {
        { PMSTS, "PMSTS" }, { PMSTS + 2, "PMEN" }, { PMCNTRL, "PMCNTRL" }, { PMTMR, "PMTMR" },
        { GPOREG, "GPOREG" },
    };

    return trace_register(names, G_N_ELEMENTS(names), offset, "?");
}

static guint64 read_register(Piix4Pm *s, guint64 offset, guint size)
{
    if (offset < PMCNTRL) {
        return pm1_event_read(&s->pm1, offset, size);
    }
    if (offset < PMCNTRL + 2) {
        return s->pm1.cnt >> (offset - PMCNTRL) * 8;
    }
    if (offset >= PMTMR && offset < PMTMR + 4) {
        return pm1_timer_read(&s->pm1) >> (offset - PMTMR) * 8;
    }
    return bytes_read(s->ports + offset, size);
}

static guint64 pm_read(void *opaque, guint64 offset, guint size)
{
    guint64 value = read_register(opaque, offset, size);

    if (trace_wanted(TRACE_PM_READ)) {
        trace_pm_read(opaque, register_name(offset), offset, value);
    }
    return value;
}

static void pm_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Piix4Pm *s = opaque;

    if (trace_wanted(TRACE_PM_WRITE)) {
        trace_pm_write(s, register_name(offset), offset, value);
    }
    if (offset < PMCNTRL) {
        pm1_event_write(&s->pm1, offset, value, size);
    } else if (offset < PMCNTRL + 2) {
        write_pmcntrl(s, offset - PMCNTRL, value, MIN(size, PMCNTRL + 2 - offset));
    } else {
        for (guint i = 0; i < size; i++) {
            guint8 bits = port_bits[offset + i];

            s->ports[offset + i] = (s->ports[offset + i] & ~bits) | (value >> i * 8 & bits);
        }
    }
    update_sci(s);
}

static const RegionOps pm_ops = {
    .read = pm_read,
    .write = pm_write,
    .min_size = 1,
    .max_size = 4,
};

/* ---- General purpose events ---- */

static guint64 gpe_read(void *opaque, guint64 offset, guint size)
{
    const Piix4Pm *s = opaque;
    guint16 reg = offset < 2 ? s->gpe_sts : s->gpe_en;

    return reg >> offset % 2 * 8;
}

/* Status bits are cleared by writing 1. */
static void gpe_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Piix4Pm *s = opaque;
    guint shift = offset % 2 * 8;

    if (offset < 2) {
        s->gpe_sts &= ~(value << shift);
    } else {
        s->gpe_en = (s->gpe_en & ~(0xff << shift)) | value << shift;
    }
    update_sci(s);
}

static const RegionOps gpe_ops = {
    .read = gpe_read,
    .write = gpe_write,
    .min_size = 1,
    .max_size = 1,
};

static void raise_event(Piix4Pm *s, guint16 bit)
{
    s->gpe_sts |= bit;
    update_sci(s);
}

static void hotplug_event(void *opaque)
{
    raise_event(opaque, GPE_PCI_HOTPLUG);
}

static void cpu_event(void *opaque)
{
    raise_event(opaque, GPE_CPU_HOTPLUG);
}

static void memory_event(void *opaque)
{
    raise_event(opaque, GPE_MEMORY_HOTPLUG);
}

/* An event of another chip: a general-purpose event that stays until the guest clears it. */
static void event_raised(void *opaque, guint n, bool level)
{
    if (level) {
        raise_event(opaque, 1 << n);
    }
}

/* ---- APM control and status ports ---- */

static guint64 apm_read(void *opaque, guint64 offset, guint size)
{
    const Piix4Pm *s = opaque;

    return offset == APMC ? s->apmc : s->apms;
}

static void apm_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Piix4Pm *s = opaque;

    if (offset == APMS) {
        s->apms = value;
        return;
    }
    s->apmc = value;
    if (value == APMC_ACPI_ENABLE) {
        s->pm1.cnt |= PM1_SCI_EN;
    } else if (value == APMC_ACPI_DISABLE) {
        s->pm1.cnt &= ~PM1_SCI_EN;
    }
    update_sci(s);
}

static const RegionOps apm_ops = {
    .read = apm_read,
    .write = apm_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- SMBus host ---- */

static guint64 smb_read(void *opaque, guint64 offset, guint size)
{
    return piix4_smbus_read(&to_piix4_pm(opaque)->smbus, offset);
}

static void smb_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Piix4Pm *s = opaque;

    piix4_smbus_write(&s->smbus, offset, value);
    update_sci(s);
}

static const RegionOps smb_ops = {
    .read = smb_read,
    .write = smb_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- Configuration registers ---- */

/* Maps both blocks at their base registers, if they are enabled. */
static void update_maps(Piix4Pm *s)
{
    const guint8 *config = s->parent.config;
    AddressSpace *io = machine_of(s)->io;

    region_transaction_begin(io);
    region_set_offset(s->pm, pci_get_word(config + PMBA) & PMBA_MASK);
    region_set_enabled(s->pm, config[PMREGMISC] & PMIOSE);
    region_set_offset(s->smb, pci_get_word(config + SMBBA) & SMBBA_MASK);
    region_set_enabled(s->smb, config[SMBHSTCFG] & SMB_HST_EN);
    region_transaction_commit(io);
}

static void pm_config_written(PciDevice *dev, guint offset, guint size)
{
    Piix4Pm *s = to_piix4_pm(dev);

    if (offset + size > PMBA) {
        update_maps(s);
        update_sci(s);
    }
}

void piix4_pm_map(Device *dev, guint16 io_base)
{
    Piix4Pm *s = to_piix4_pm(dev);

    pci_set_word(s->parent.config + PMBA, (io_base & PMBA_MASK) | 1);
    s->parent.config[PMREGMISC] = PMIOSE;
    update_maps(s);
}

const AcpiPciHotplug *piix4_pm_hotplug(Device *dev)
{
    return &to_piix4_pm(dev)->hotplug;
}

static void fill_config(Piix4Pm *s)
{
    PciDevice *dev = &s->parent;

    pci_set_word(dev->writable + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_SPECIAL);
    pci_set_word(dev->config + PCI_STATUS, PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM);
    pci_set_word(dev->config + PMBA, 1);
    pci_set_word(dev->writable + PMBA, PMBA_MASK);
    memset(dev->writable + CNTA, 0xff, DEV_END - CNTA);
    pci_set_long(dev->config + DEVACTB, DEVACTB_APMC_EN);
    dev->writable[PMREGMISC] = PMIOSE;
    pci_set_word(dev->config + SMBBA, (piix4_pm_props(s)->smb_io_base & SMBBA_MASK) | 1);
    pci_set_word(dev->writable + SMBBA, SMBBA_MASK);
    dev->config[SMBHSTCFG] = piix4_pm_props(s)->smb_io_base ? SMB_HST_EN | SMB_IRQ9 : 0;
    dev->writable[SMBHSTCFG] = SMB_HST_EN | SMB_INTRSEL;
}

/* ---- Power button ---- */

static void pressed(void *opaque)
{
    Piix4Pm *s = opaque;

    s->pm1.sts |= PM1_PWRBTN;
    update_sci(s);
}

static bool can_sleep(void *opaque)
{
    return !piix4_pm_props(opaque)->disable_s3;
}

/* An alarm wakes the guest if it has enabled it (PMEN, RTC_EN); other reasons have no bit. */
static bool wakes(void *opaque, WakeReason reason)
{
    const Piix4Pm *s = opaque;

    return reason != WAKE_REASON_RTC || s->pm1.en & PM1_RTC;
}

/* Called after the reset that begins a wake-up. */
static void woken(void *opaque, WakeReason reason)
{
    Piix4Pm *s = opaque;

    s->pm1.sts |= PM1_WAK_STS | (reason == WAKE_REASON_RTC ? PM1_RTC : 0);
    update_sci(s);
}

static const MachinePowerOps power_ops = {
    .pressed = pressed,
    .can_sleep = can_sleep,
    .wakes = wakes,
    .woken = woken,
};

/* ---- Life cycle ---- */

static const StateRow pm_state[] = {
    STATE_FIELD(U16, Piix4Pm, pm1.sts, 0),
    STATE_FIELD(U16, Piix4Pm, pm1.en, 0),
    STATE_FIELD(U16, Piix4Pm, pm1.cnt, 0),
    STATE_FIELD_KEEP(U64, Piix4Pm, pm1.halves),
    STATE_ARRAY(BYTES, Piix4Pm, ports, 0),
    STATE_FIELD(U16, Piix4Pm, gpe_sts, 0),
    STATE_FIELD(U16, Piix4Pm, gpe_en, 0),
    STATE_FIELD(U8, Piix4Pm, apmc, 0),
    STATE_FIELD(U8, Piix4Pm, apms, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.hststs, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.hstcnt, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.hstcmd, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.hstadd, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.hstdat0, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.hstdat1, 0),
    STATE_ARRAY(BYTES, Piix4Pm, smbus.blkdat, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.blkindex, 0),
    STATE_FIELD(U8, Piix4Pm, smbus.slvcnt, 0),
    STATE_ARRAY(BYTES, Piix4Pm, smbus.slvevt, 0),
    STATE_ARRAY(U32, Piix4Pm, hotplug.up, 0),
    STATE_ARRAY_KEEP(U32, Piix4Pm, hotplug.down),
    STATE_FIELD(U32, Piix4Pm, hotplug.select, 0),
    STATE_FIELD(U32, Piix4Pm, hotplug.acpi_index, 0),
    STATE_FIELD_KEEP(U32, Piix4Pm, memory.selector),
    STATE_STRUCT_SOME(Piix4Pm, memory.slots, memory.n_slots, acpi_slot_state),
    STATE_FIELD_KEEP(BOOL, Piix4Pm, cpus.modern),
    STATE_FIELD(U32, Piix4Pm, cpus.selector, 0),
    STATE_FIELD(U8, Piix4Pm, cpus.command, 0),
    STATE_STRUCT_SOME(Piix4Pm, cpus.slots, cpus.n_slots, acpi_slot_state),
    STATE_ROWS_END
};

static MemoryRegion *map(Piix4Pm *s, const char *name, const RegionOps *ops, guint64 base,
                         guint64 size)
{
    MemoryRegion *region = region_new_io(&s->parent.device.object, name, ops, s, size);

    region_add(address_space_root(machine_of(s)->io), base, region, 0);
    return region;
}

static bool pm_realize(Device *dev, GError **error)
{
    Piix4Pm *s = to_piix4_pm(dev);
    const Piix4PmProps *props = piix4_pm_props(s);
    Machine *machine = machine_of(dev);

    gpio_out_new(&dev->object, "sci", 1);
    gpio_in_new(&dev->object, "gpe", N_GPES, event_raised, s);
    s->sci = gpio(&dev->object, "sci", 0);
    pm1_init(&s->pm1, machine->clock, timer_turned, s);
    fill_config(s);
    s->pm = map(s, "piix4-pm", &pm_ops, 0, PM_SIZE);
    s->smb = map(s, "pm-smbus", &smb_ops, 0, PIIX4_SMBUS_SIZE);
    s->gpe = map(s, "acpi-gpe0", &gpe_ops, PIIX4_GPE0_BASE, PIIX4_GPE0_SIZE);
    s->apm = map(s, "apm-io", &apm_ops, APM_BASE, APM_SIZE);
    update_maps(s);
    acpi_pci_hotplug_init(&s->hotplug, dev, dev->bus, props->acpi_root_pci_hotplug,
                          props->acpi_pci_hotplug_with_bridge_support, hotplug_event, s);
    if (props->memory_hotplug_support) {
        acpi_memory_hotplug_init(&s->memory, dev, memory_event, s);
    }
    acpi_cpu_hotplug_init(&s->cpus, dev, cpu_event, s);
    s->power = (MachinePower){ .ops = &power_ops, .opaque = s };
    machine_add_power(machine, &s->power);
    return true;
}

static void unmap(Piix4Pm *s, MemoryRegion **region)
{
    region_remove(address_space_root(machine_of(s)->io), *region);
    region_free(*region);
    *region = NULL;
}

static void pm_unrealize(Device *dev)
{
    Piix4Pm *s = to_piix4_pm(dev);

    machine_remove_power(machine_of(dev), &s->power);
    acpi_cpu_hotplug_done(&s->cpus);
    acpi_memory_hotplug_done(&s->memory);
    acpi_pci_hotplug_done(&s->hotplug);
    unmap(s, &s->apm);
    unmap(s, &s->gpe);
    unmap(s, &s->smb);
    unmap(s, &s->pm);
    pm1_done(&s->pm1);
}

/* pci-device has reset the registers. */
static void pm_reset_hold(Device *dev)
{
    Piix4Pm *s = to_piix4_pm(dev);

    pci_set_long(s->ports + GPOREG, 0x7fffbfff);
    update_maps(s);
    acpi_pci_hotplug_reset(&s->hotplug);
    acpi_memory_hotplug_reset(&s->memory);
    acpi_cpu_hotplug_reset(&s->cpus);
    update_sci(s);
}

static bool pm_state_loaded(Device *dev, GError **error)
{
    Piix4Pm *s = to_piix4_pm(dev);

    if (!acpi_memory_hotplug_loaded(&s->memory, error) ||
        !acpi_cpu_hotplug_loaded(&s->cpus, error)) {
        return false;
    }
    s->smbus.blkindex %= PIIX4_SMBUS_BLOCK;
    s->pm1.cnt &= PM1_CNT_BITS;
    update_maps(s);
    update_sci(s);
    return true;
}

static const DeviceOps pm_device_ops = {
    .realize = pm_realize,
    .unrealize = pm_unrealize,
    .reset_hold = pm_reset_hold,
    .state = pm_state,
    .state_loaded = pm_state_loaded,
};

const TypeInfo piix4_pm_type = {
    .schema = &qmp_class_PIIX4_PM,
    .size = sizeof(Piix4Pm),
    .device = &pm_device_ops,
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x7113,
        .class_id = 0x0680,
        .revision = 3,
        .pin = 1,
        .config_written = pm_config_written,
    },
};
