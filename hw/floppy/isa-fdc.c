/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class isa-fdc: registers, lines and life of the floppy disk controller; see fdc-internal.h.
 *
 *   0  SRA, read                         4  MSR, read; DSR, write
 *   1  SRB, read                         5  FIFO
 *   2  DOR                               7  DIR, read; CCR, write
 *   3  TDR                               6  is a disk controller's
 *
 * SRA and SRB are as in the chip's PS/2 mode, the rest as in its AT mode.  Motors are not
 * modelled: a drive is always ready.
 */
#include "config.h"
#include "hw/floppy/fdc-internal.h"

#include "hw/acpi/acpi-device.h"
#include "hw/isa/isa-bus.h"
#include "qmp/error.h"
#include "qom/qapi-objects-floppy.h"
#include "qom/qapi-trace.h"

enum { REG_SRA, REG_SRB, REG_DOR, REG_TDR, REG_MSR, REG_FIFO, N_PORTS, REG_DIR };

enum {                          /* status register A */
    SRA_INTERRUPT = 0x80,
    SRA_ONE_DRIVE = 0x40,
    SRA_NOT_TRACK_0 = 0x10,
    SRA_NOT_PROTECTED = 0x02,
};

enum {                          /* status register B */
    SRB_ONES = 0xc0,
    SRB_DRIVE_0 = 0x20,
    SRB_WRITES = 0x10,
    SRB_READS = 0x08,
};

enum {                          /* main status register */
    MSR_BUSY = 0x10,
    MSR_NO_DMA = 0x20,
    MSR_TO_HOST = 0x40,
    MSR_READY = 0x80,
};

enum { DSR_RESET = 0x80, DSR_RATE = 0x03, DSR_PRECOMPENSATION = 0x1c };
enum { TDR_MASK = 0x03, DIR_CHANGED = 0x80, MOTORS_SHIFT = 4, MOTORS = 0x03 };
enum { ALL_UNITS = (1 << FDC_N_UNITS) - 1 };

/* ---- Lines ---- */

void fdc_update_irq(Fdc *s)
{
    irq_set(s->irq, (s->result_interrupt || s->seek_interrupt) && s->dor & DOR_DMAGATE);
}

Floppy *fdc_drive(const Fdc *s, guint unit)
{
    return floppy_bus_drive(s->bus, unit);
}

FdcDriveType fdc_drive_type(Device *fdc, guint unit)
{
    const Floppy *f = fdc_drive(to_fdc(fdc), unit);

    return f ? floppy_type(f) : FDC_DRIVE_TYPE_NONE;
}

static const Floppy *selected(const Fdc *s)
{
    return fdc_drive(s, s->dor & DOR_UNIT);
}

/* ---- Registers ---- */

static guint8 read_sra(const Fdc *s)
{
    const Floppy *f = selected(s);

    return (s->result_interrupt || s->seek_interrupt ? SRA_INTERRUPT : 0) |
           (fdc_drive(s, 1) ? 0 : SRA_ONE_DRIVE) |
           (f && floppy_track(f) == 0 ? 0 : SRA_NOT_TRACK_0) |
           (f && floppy_is_protected(f) ? 0 : SRA_NOT_PROTECTED);
}

static guint8 read_srb(const Fdc *s)
{
    return SRB_ONES | (s->dor & DOR_UNIT ? 0 : SRB_DRIVE_0) | (s->writing ? SRB_WRITES : 0) |
           (s->reading ? SRB_READS : 0) | (s->dor >> MOTORS_SHIFT & MOTORS);
}

static guint8 read_msr(const Fdc *s)
{
    guint8 status = MSR_BUSY;

    if (!(s->dor & DOR_NOT_RESET)) {
        return 0;
    }
    switch (s->phase) {
    case PHASE_COMMAND:
        return MSR_READY | (s->fifo_pos ? MSR_BUSY : 0);
    case PHASE_RESULT:
        return MSR_READY | MSR_TO_HOST | MSR_BUSY;
    default:
        if (!fdc_uses_dma(s)) {
            status |= MSR_NO_DMA | (fdc_run_ready(s) ? MSR_READY : 0) |
                      (fdc_run_to_host(s) ? MSR_TO_HOST : 0);
        }
        return status;
    }
}

/* The reset ends: the units report that they may have another medium. */
static void leave_reset(Fdc *s)
{
    s->pending = ALL_UNITS;
    s->seek_interrupt = true;
    fdc_update_irq(s);
}

static void write_dor(Fdc *s, guint8 value)
{
    guint8 before = s->dor;

    s->dor = value;
    if (!(value & DOR_NOT_RESET)) {
        fdc_command_reset(s);
    } else if (!(before & DOR_NOT_RESET)) {
        leave_reset(s);
    }
    fdc_update_irq(s);
    if ((before ^ value) & DOR_DMAGATE) {
        fdc_run_resume(s);
    }
}

static void write_dsr(Fdc *s, guint8 value)
{
    s->rate = value & DSR_RATE;
    s->precompensation = value & DSR_PRECOMPENSATION;
    if (value & DSR_RESET && s->dor & DOR_NOT_RESET) {
        fdc_command_reset(s);
        leave_reset(s);
    }
}

static guint8 read_register(Fdc *s, guint reg)
{
    switch (reg) {
    case REG_SRA:
        return read_sra(s);
    case REG_SRB:
        return read_srb(s);
    case REG_DOR:
        return s->dor;
    case REG_TDR:
        return s->tdr;
    case REG_MSR:
        return read_msr(s);
    default:                    /* REG_FIFO */
        return s->dor & DOR_NOT_RESET ? fdc_read_fifo(s) : 0;
    }
}

static void write_register(Fdc *s, guint reg, guint8 value)
{
    switch (reg) {
    case REG_DOR:
        write_dor(s, value);
        break;
    case REG_TDR:
        s->tdr = value & TDR_MASK;
        break;
    case REG_MSR:
        write_dsr(s, value);
        break;
    case REG_FIFO:
        if (s->dor & DOR_NOT_RESET) {
            fdc_write_fifo(s, value);
        }
        break;
    }
}

/* The medium's data are not shown by trace points. */
static bool is_data(const Fdc *s, guint reg)
{
    return reg == REG_FIFO && s->phase == PHASE_EXECUTION;
}

static guint64 fdc_read(void *opaque, guint64 offset, guint size)
{
    Fdc *s = opaque;
    bool data = is_data(s, offset);
    guint8 value = read_register(s, offset);

    trace_fdc_ioport_read(s, offset, data ? 0 : value);
    return value;
}

static void fdc_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Fdc *s = opaque;

    trace_fdc_ioport_write(s, offset, is_data(s, offset) ? 0 : value);
    write_register(s, offset, value);
}

static guint64 dir_read(void *opaque, guint64 offset, guint size)
{
    Fdc *s = opaque;
    const Floppy *f = selected(s);
    guint8 value = f && floppy_is_changed(f) ? DIR_CHANGED : 0;

    trace_fdc_ioport_read(s, REG_DIR, value);
    return value;
}

static void ccr_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Fdc *s = opaque;

    trace_fdc_ioport_write(s, REG_DIR, value);
    s->rate = value & DSR_RATE;
}

static const RegionOps register_ops = {
    .read = fdc_read,
    .write = fdc_write,
    .min_size = 1,
    .max_size = 1,
    .secret = true,
};

static const RegionOps dir_ops = {
    .read = dir_read,
    .write = ccr_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- State ---- */

#define U8(field, reset) STATE_FIELD(U8, FdcTransfer, field, reset)
#define U32(field, reset) STATE_FIELD(U32, FdcTransfer, field, reset)
#define FLAG(field) STATE_FIELD(BOOL, FdcTransfer, field, false)

static const StateRow transfer_rows[] = {
    U8(op, 0), U8(io, 0), U8(unit, 0), U8(head, 0), U8(c, 0), U8(h, 0), U8(r, 0), U8(code, 0),
    U8(eot, 0), U8(step, 0), U8(filler, 0), U8(st1, 0), U8(st2, 0), FLAG(multi_track), FLAG(one),
    FLAG(counted), FLAG(tc), U32(left, 0), U32(n, 0), U32(pos, 0), U32(length, 0),
    STATE_FIELD(U64, FdcTransfer, map, 0),
    STATE_ROWS_END
};

#undef U8
#undef U32
#undef FLAG

#define U8(field, reset) STATE_FIELD(U8, Fdc, field, reset)
#define FLAG(field) STATE_FIELD(BOOL, Fdc, field, false)

static const StateRow fdc_state[] = {
    U8(dor, 0), U8(tdr, 0), U8(rate, FLOPPY_250K), U8(precompensation, 0),
    U8(phase, PHASE_COMMAND), STATE_ARRAY(U8, Fdc, fifo, 0), STATE_FIELD(U32, Fdc, fifo_pos, 0),
    STATE_FIELD(U32, Fdc, fifo_length, 0), FLAG(result_interrupt), FLAG(seek_interrupt),
    U8(pending, 0), STATE_ARRAY(U8, Fdc, pending_st0, 0), STATE_ARRAY(U8, Fdc, cylinders, 0),
    U8(srt_hut, 0), U8(hlt_nd, 0), U8(config, CONFIG_NO_FIFO), U8(pretrk, 0),
    U8(perpendicular, 0), U8(powerdown, 0), U8(option, 0), U8(eot, 0),
    STATE_ARRAY(U8, Fdc, drive_spec, 0), FLAG(lock), FLAG(reading), FLAG(writing),
    STATE_STRUCT(Fdc, transfer, transfer_rows),
    STATE_SOME_BYTES(Fdc, buffer, n_buffer),
    STATE_ROWS_END
};

#undef U8
#undef FLAG

/* A transfer's numbers are offsets in the buffer, and sectors of a track; of a scan, whose sector
 * shares the buffer with the host's bytes, one. */
static bool transfer_is_valid(const Fdc *s)
{
    const FdcTransfer *t = &s->transfer;
    bool scan = t->op >= FDC_SCAN_EQUAL && t->op <= FDC_SCAN_HIGH;
    guint32 max = scan ? 1 : FDC_MAX_SECTORS, room = max * FLOPPY_SECTOR;

    return t->op < N_FDC_OPS && t->io < N_FDC_IOS && t->unit < FDC_N_UNITS && t->head < 2 &&
           t->n <= max && t->r + t->n <= G_MAXUINT8 + 1 &&
           (t->r >= 1 || t->io == FDC_IO_NONE) && t->length <= room && t->pos <= t->length &&
           t->map >> FDC_MAX_SECTORS == 0 && t->step <= 2;
}

static bool fdc_state_loaded(Device *dev, GError **error)
{
    Fdc *s = to_fdc(dev);
    bool command = s->phase == PHASE_COMMAND;

    if (s->phase >= N_FDC_PHASES || s->fifo_length > FDC_FIFO || s->fifo_pos >= FDC_FIFO ||
        (s->phase == PHASE_RESULT && s->fifo_pos >= s->fifo_length) ||
        (command && !fdc_fifo_is_valid(s)) || s->rate & ~DSR_RATE || s->pending & ~ALL_UNITS ||
        !transfer_is_valid(s)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a floppy disk controller", dev->object.name);
        return false;
    }
    isa_dma_request(&s->dma, false);    /* until the machine runs */
    fdc_update_irq(s);
    return true;
}

static void machine_state_changed(void *opaque, bool running)
{
    if (running) {
        fdc_run_resume(opaque);
    }
}

/* ---- Reset ---- */

/* In reset, until the guest sets a bit of DOR. */
static void fdc_reset_hold(Device *dev)
{
    Fdc *s = to_fdc(dev);

    s->lock = false;
    fdc_command_reset(s);
    fdc_update_irq(s);
}

/* ---- What the guest is told ---- */

/* The ports and drives as QEMU describes them. */
static void fdc_acpi(Device *dev, AcpiDevices *devices)
{
    const IsaFdcProps *props = isa_fdc_props(dev);
    AcpiIsaDevice fdc = {
        .name = "FDC0", .eisaid = "PNP0700",
        .ports = { { props->iobase + REG_DOR, N_PORTS - REG_DOR },
                   { props->iobase + REG_DIR, 1 } },
        .irq = props->irq, .dma = props->dma < 4 ? 1 << props->dma : 0, .has_floppies = true,
    };

    for (guint i = 0; i < FLOPPY_MAX_DRIVES; i++) {
        FdcDriveType type = fdc_drive_type(dev, i);
        FloppyFormat limits;

        if (floppy_format_limits(type, &limits)) {
            fdc.floppies[i] = (AcpiFloppy){
                .type = floppy_type_number(type), .tracks = limits.tracks,
                .sectors = limits.sectors, .heads = limits.heads,
            };
        }
    }
    acpi_add_isa(devices, &fdc);
}

/* ---- Life ---- */

static void fdc_init(Object *obj)
{
    gpio_out_new(obj, "irq", 1);
}

static void unmap(Fdc *s)
{
    isa_unmap(&s->parent, g_steal_pointer(&s->dir_port));
    isa_unmap(&s->parent, g_steal_pointer(&s->ports));
}

static bool map(Fdc *s, GError **error)
{
    const IsaFdcProps *props = isa_fdc_props(s);

    s->ports = isa_map_ports(&s->parent, "fdc", &register_ops, props->iobase, N_PORTS, error);
    if (!s->ports) {
        return false;
    }
    s->dir_port = isa_map_ports(&s->parent, "fdc-dir", &dir_ops, props->iobase + REG_DIR, 1,
                                error);
    return s->dir_port != NULL;
}

static void dma_ready(void *opaque)
{
    fdc_run_pump(opaque);
}

static bool connect_lines(Fdc *s, GError **error)
{
    const IsaFdcProps *props = isa_fdc_props(s);

    s->dma.ready = dma_ready;
    s->dma.opaque = s;
    if (!isa_dma_connect(&s->parent, &s->dma, props->dma, error)) {
        return false;
    }
    if (!isa_connect_irq(&s->parent, s->irq, props->irq, error)) {
        isa_dma_disconnect(&s->dma);
        return false;
    }
    return true;
}

static bool fdc_realize(Device *dev, GError **error)
{
    Fdc *s = to_fdc(dev);
    const IsaFdcProps *props = isa_fdc_props(dev);
    const FloppyTypes types = {
        .types = { props->fdtypeA, props->fdtypeB }, .fallback = props->fallback,
    };

    s->irq = gpio(&dev->object, "irq", 0);
    if (!map(s, error) || !connect_lines(s, error)) {
        unmap(s);
        return false;
    }
    s->bus = floppy_bus_new(dev, &types);
    s->machine = machine_of(dev);
    s->listener = machine_add_listener(s->machine, machine_state_changed, s);
    return true;
}

static void fdc_unrealize(Device *dev)
{
    Fdc *s = to_fdc(dev);

    machine_remove_listener(s->machine, g_steal_pointer(&s->listener));
    irq_set(s->irq, false);
    isa_disconnect_irq(dev, s->irq, isa_fdc_props(dev)->irq);
    isa_dma_disconnect(&s->dma);
    unmap(s);
}

const TypeInfo isa_fdc_type = {
    .schema = &qmp_class_isa_fdc,
    .size = sizeof(Fdc),
    .object = &(const ObjectOps){
        .init = fdc_init,
    },
    .device = &(const DeviceOps){
        .realize = fdc_realize,
        .unrealize = fdc_unrealize,
        .reset_hold = fdc_reset_hold,
        .state = fdc_state,
        .state_loaded = fdc_state_loaded,
        .acpi = fdc_acpi,
    },
};
