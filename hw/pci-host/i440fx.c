/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI function 0 of the 82441FX, after Intel's data sheet "82441FX PCI and
 * Memory Controller (PMC)", section 3.2: configuration registers.  It decides
 * what the processor sees between 640 KiB and 1 MiB (PAM and SMRAM).
 *
 * Registers of DRAM timing, buffers and latency exist with their reset values
 * and only store what is written: there is nothing to tune.  The same is true
 * of error reporting, since there are no errors.
 *
 * There is no system management mode: with SMRAM closed, the area at 0xa0000
 * always belongs to PCI.
 */
#include "config.h"
#include "hw/pci-host/i440fx.h"

#include <string.h>

#include "hw/machine/machine.h"
#include "qom/qapi-objects-pc.h"

enum {                          /* configuration registers */
    PMCCFG = 0x50,              /* 2 bytes */
    DETURBO = 0x52,
    DBC = 0x53,
    AXC = 0x54,
    DRT = 0x55,                 /* 2 bytes */
    DRAMC = 0x57,
    DRAMT = 0x58,
    PAM0 = 0x59,                /* to PAM6 */
    DRB0 = 0x60,                /* to DRB7 */
    FDHC = 0x68,
    MTT = 0x70,
    CLT = 0x71,
    SMRAM = 0x72,
    ERRCMD = 0x90,
    ERRSTS = 0x91,
    TRC = 0x93,
};

enum {                          /* PAM: attributes of one segment */
    PAM_RE = 1,
    PAM_WE = 2,
    PAM_SEGMENT = 7,            /* with CE, cache enable, which does nothing */
};

enum {                          /* SMRAM */
    SMRAM_BASE = 0x02,          /* fixed: 0xa0000 */
    SMRAM_G_SMRAME = 0x08,
    SMRAM_D_LCK = 0x10,
    SMRAM_D_CLS = 0x20,
    SMRAM_D_OPEN = 0x40,
    SMRAM_WRITABLE = SMRAM_G_SMRAME | SMRAM_D_LCK | SMRAM_D_CLS | SMRAM_D_OPEN,
};

enum { TRC_RCPU = 0x04 };       /* its rise resets */

enum {
    N_SEGMENTS = 13,
    SEGMENT_SIZE = 0x4000,
    SEGMENTS_START = 0xc0000,
    BIOS_START = 0xf0000,       /* segment 12, of 64 KiB */
    BIOS_SIZE = 0x10000,
    SMRAM_START = 0xa0000,
    SMRAM_SIZE = 0x20000,
};

typedef struct I440fx I440fx;

/* The mapping of one segment: PCI, RAM, or reads from PCI and writes to RAM. */
typedef struct {
    I440fx *s;
    guint32 start, size;
    MemoryRegion *pci, *ram;
    MemoryRegion *split;        /* in the last case */
    MemoryView *view;           /* of PCI, if split reads from memory */
} Segment;

struct I440fx {
    PciDevice parent;
    Segment segments[N_SEGMENTS];
    MemoryRegion *smram_pci;    /* PCI at 0xa0000 */
    AddressSpace *pci;          /* what split segments read */
    guint8 trc;                 /* value before a write, to detect a rise */
    guint8 smram;
};

/* ---- Split segments ---- */

static guint64 split_read(void *opaque, guint64 offset, guint size)
{
    const Segment *segment = opaque;

    return address_space_read(segment->s->pci, segment->start + offset, size);
}

static void split_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    const Segment *segment = opaque;
    Machine *machine = machine_of(segment->s);
    guint64 addr = segment->start + offset;

    /* Byte by byte: RAM may consist of several pieces. */
    for (guint i = 0; machine->ram && i < size; i++) {
        guint8 *byte = region_host(machine->ram, addr + i, 1);

        if (byte) {
            *byte = value >> 8 * i;
            memory_wrote(machine->memory, addr + i, 1);
        }
    }
}

static const RegionOps split_ops = {
    .read = split_read,
    .write = split_write,
    .min_size = 1,
    .max_size = 8,
};

static void drop(MemoryRegion *root, MemoryRegion **region)
{
    if (*region) {
        region_remove(root, *region);
        region_free(*region);
        *region = NULL;
    }
}

/* Firmware that copies itself runs in the segment meanwhile, and an accelerator
 * may be unable to execute from anything but memory.  So reads of the segment are
 * memory if PCI has memory there now. */
static MemoryRegion *split_new(Segment *segment)
{
    Object *obj = &segment->s->parent.device.object;
    guint64 size;
    void *hva;

    segment->view = memory_view_new(segment->s->pci);
    hva = memory_view_map(segment->view, segment->start, segment->size, false, &size);
    if (hva && size == segment->size) {
        return region_new_rom_device(obj, "pam-split[*]", &split_ops, segment, hva, size);
    }
    g_clear_pointer(&segment->view, memory_view_unref);
    return region_new_io(obj, "pam-split[*]", &split_ops, segment, segment->size);
}

static void set_split(Segment *segment, bool split)
{
    MemoryRegion *root = address_space_root(machine_of(segment->s)->memory);

    if (split && !segment->split) {
        segment->split = split_new(segment);
        region_add(root, segment->start, segment->split, 1);
    } else if (!split) {
        drop(root, &segment->split);
        g_clear_pointer(&segment->view, memory_view_unref);
    }
}

/* ---- What is seen where ---- */

/* PAM0's low half is reserved, its high half the BIOS area; the others have two
 * segments each. */
static guint8 segment_attributes(const I440fx *s, guint n)
{
    if (n == N_SEGMENTS - 1) {
        return s->parent.config[PAM0] >> 4;
    }
    return s->parent.config[PAM0 + 1 + n / 2] >> n % 2 * 4;
}

static void show_segment(Segment *segment, guint8 attributes)
{
    bool re = attributes & PAM_RE, we = attributes & PAM_WE;

    region_set_enabled(segment->pci, !re && !we);
    set_split(segment, !re && we);
    if (segment->ram) {
        region_set_enabled(segment->ram, re);
        region_set_readonly(segment->ram, !we);
    }
}

static void update_view(I440fx *s)
{
    AddressSpace *memory = machine_of(s)->memory;
    guint8 smram = s->parent.config[SMRAM];

    region_transaction_begin(memory);
    for (guint i = 0; i < N_SEGMENTS; i++) {
        show_segment(&s->segments[i], segment_attributes(s, i));
    }
    region_set_enabled(s->smram_pci, !(smram & SMRAM_D_OPEN) || !(smram & SMRAM_G_SMRAME));
    region_transaction_commit(memory);
    s->smram = smram;
    s->trc = s->parent.config[TRC];
}

/* ---- Registers ---- */

/* Once locked, SMRAM stays closed and locked until a reset. */
static void write_smram(I440fx *s)
{
    guint8 *smram = &s->parent.config[SMRAM];

    if (s->smram & SMRAM_D_LCK) {
        *smram |= SMRAM_D_LCK;
    }
    if (*smram & SMRAM_D_LCK) {
        *smram &= ~SMRAM_D_OPEN;
    }
}

static void write_trc(I440fx *s)
{
    if (s->parent.config[TRC] & ~s->trc & TRC_RCPU) {
        machine_request_reset(machine_of(s), SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

static bool touches(guint offset, guint size, guint first, guint last)
{
    return offset <= last && offset + size > first;
}

static void i440fx_config_written(PciDevice *dev, guint offset, guint size)
{
    I440fx *s = to_i440fx(dev);

    if (touches(offset, size, SMRAM, SMRAM)) {
        write_smram(s);
    }
    if (touches(offset, size, TRC, TRC)) {
        write_trc(s);
    }
    if (touches(offset, size, PAM0, PAM0 + 6) || touches(offset, size, SMRAM, SMRAM) ||
        touches(offset, size, TRC, TRC)) {
        update_view(s);
    }
}

/* ---- Life cycle ---- */

typedef struct {
    guint8 offset, reset, writable;
} Register;

/* Each byte that is not always zero, except for the header. */
static const Register registers[] = {
    { PMCCFG, 0, 0x7f }, { PMCCFG + 1, 0, 0xff }, { DETURBO, 0, 0xff }, { DBC, 0x83, 0xff },
    { AXC, 0, 0xff }, { DRT, 0, 0xff }, { DRT + 1, 0, 0xff }, { DRAMC, 0x01, 0x7f },
    { DRAMT, 0x10, 0xff }, { PAM0, 0, PAM_SEGMENT << 4 }, { DRB0, 1, 0xff }, { DRB0 + 1, 1, 0xff },
    { DRB0 + 2, 1, 0xff }, { DRB0 + 3, 1, 0xff }, { DRB0 + 4, 1, 0xff }, { DRB0 + 5, 1, 0xff },
    { DRB0 + 6, 1, 0xff }, { DRB0 + 7, 1, 0xff }, { FDHC, 0, 0xc0 }, { MTT, 0, 0xff },
    { CLT, 0x10, 0xff }, { SMRAM, SMRAM_BASE, SMRAM_WRITABLE }, { ERRCMD, 0, 0xff },
    { TRC, 0, 0x0f },
};

static void fill_header(PciDevice *dev)
{
    /* A host bridge is always a master and always answers. */
    pci_set_word(dev->config + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci_set_word(dev->writable + PCI_COMMAND, PCI_COMMAND_SERR | PCI_COMMAND_PARITY);
    pci_set_word(dev->config + PCI_STATUS, PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM);
    dev->writable[PCI_INTERRUPT_LINE] = 0;
    dev->writable[PCI_CACHE_LINE_SIZE] = 0;
    dev->writable[PCI_LATENCY_TIMER] = 0xf8;
}

static void fill_registers(PciDevice *dev)
{
    for (guint i = 0; i < G_N_ELEMENTS(registers); i++) {
        dev->config[registers[i].offset] = registers[i].reset;
        dev->writable[registers[i].offset] = registers[i].writable;
    }
    for (guint i = 1; i < 7; i++) {
        dev->writable[PAM0 + i] = PAM_SEGMENT << 4 | PAM_SEGMENT;
    }
}

static void add_hidden(MemoryRegion *root, guint64 start, MemoryRegion *region)
{
    region_set_enabled(region, false);
    region_add(root, start, region, 1);
}

static void make_segment(I440fx *s, guint n, MemoryRegion *pci)
{
    Object *obj = &s->parent.device.object;
    Machine *machine = machine_of(s);
    MemoryRegion *root = address_space_root(machine->memory);
    bool bios = n == N_SEGMENTS - 1;
    Segment *segment = &s->segments[n];

    segment->s = s;
    segment->start = bios ? BIOS_START : SEGMENTS_START + n * SEGMENT_SIZE;
    segment->size = bios ? BIOS_SIZE : SEGMENT_SIZE;
    segment->pci = region_new_alias(obj, "pam-pci[*]", pci, segment->start, segment->size);
    add_hidden(root, segment->start, segment->pci);
    if (machine->ram) {
        segment->ram = region_new_alias(obj, "pam-ram[*]", machine->ram, segment->start,
                                        segment->size);
        add_hidden(root, segment->start, segment->ram);
    }
}

static void make_view(I440fx *s)
{
    Object *obj = &s->parent.device.object;
    Machine *machine = machine_of(s);
    MemoryRegion *pci = i440fx_pci_memory(s->parent.device.bus->owner);

    s->pci = address_space_new(obj, "pci-view", 0, machine->lock);
    region_add(address_space_root(s->pci), 0, region_new_alias(obj, "pci-view-memory", pci, 0, 0),
               0);
    region_transaction_begin(machine->memory);
    for (guint i = 0; i < N_SEGMENTS; i++) {
        make_segment(s, i, pci);
    }
    s->smram_pci = region_new_alias(obj, "smram-pci", pci, SMRAM_START, SMRAM_SIZE);
    add_hidden(address_space_root(machine->memory), SMRAM_START, s->smram_pci);
    update_view(s);
    region_transaction_commit(machine->memory);
}

static bool i440fx_realize(Device *dev, GError **error)
{
    I440fx *s = to_i440fx(dev);

    fill_header(&s->parent);
    fill_registers(&s->parent);
    make_view(s);
    return true;
}

static void i440fx_unrealize(Device *dev)
{
    I440fx *s = to_i440fx(dev);
    Machine *machine = machine_of(s);
    MemoryRegion *root = address_space_root(machine->memory);

    region_transaction_begin(machine->memory);
    drop(root, &s->smram_pci);
    for (guint i = 0; i < N_SEGMENTS; i++) {
        drop(root, &s->segments[i].pci);
        set_split(&s->segments[i], false);
        drop(root, &s->segments[i].ram);
    }
    region_transaction_commit(machine->memory);
    g_clear_pointer(&s->pci, address_space_free);
}

/* pci-device has reset the registers. */
static void i440fx_reset_enter(Device *dev)
{
    update_view(to_i440fx(dev));
}

static bool i440fx_state_loaded(Device *dev, GError **error)
{
    update_view(to_i440fx(dev));
    return true;
}

/* ---- For the board ---- */

static PciDevice *function_of(Device *host)
{
    return pci_function_at(i440fx_bus(host), PCI_DEVFN(0, 0));
}

void i440fx_get_pam(Device *host, guint8 ret_pam[I440FX_N_PAMS])
{
    memcpy(ret_pam, function_of(host)->config + PAM0, I440FX_N_PAMS);
}

void i440fx_set_pam(Device *host, const guint8 pam[I440FX_N_PAMS])
{
    PciDevice *dev = function_of(host);

    memcpy(dev->config + PAM0, pam, I440FX_N_PAMS);
    update_view(to_i440fx(dev));
}

void i440fx_show_ram(Device *host)
{
    guint8 pam[I440FX_N_PAMS];

    memset(pam, (PAM_RE | PAM_WE) << 4 | PAM_RE | PAM_WE, sizeof(pam));
    pam[0] = (PAM_RE | PAM_WE) << 4;
    i440fx_set_pam(host, pam);
}

static const DeviceOps i440fx_device_ops = {
    .realize = i440fx_realize,
    .unrealize = i440fx_unrealize,
    .reset_enter = i440fx_reset_enter,
    .no_state = "its registers are in configuration space, which pci-device has",
    .state_loaded = i440fx_state_loaded,
};

const TypeInfo i440fx_type = {
    .schema = &qmp_class_i440FX,
    .size = sizeof(I440fx),
    .device = &i440fx_device_ops,
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x1237,
        .class_id = 0x0600,
        .revision = 2,
        .config_written = i440fx_config_written,
    },
};
