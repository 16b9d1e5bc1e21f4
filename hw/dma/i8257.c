/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA controller of a PC, after Intel's data sheet "8237A High Performance Programmable DMA
 * Controller", September 1993 (231466-005), with the page registers of "82371AB PCI-to-ISA /
 * IDE Xcelerator (PIIX4)", April 1997 (290562-001), section 4.2.1.
 *
 * Controller 1 moves bytes on channels 0 to 3, controller 2 moves words on channels 4 to 7
 * (property dshift): its addresses and counts are in words, and bit 0 of its page registers
 * is not used.  An address wraps within its page, 64 KiB or 128 KiB.
 *
 * Modelled: all four modes, both directions and verification, autoinitialization, masks, terminal
 * count, disabling.  A device asks for as many bytes as it has, so single, demand and block mode
 * differ only in who may have the bus between two bytes, which a guest does not see.
 *
 * Not modelled: memory-to-memory transfers, priorities, timing and the levels of DREQ and DACK,
 * which boards of this kind do not use.  Channels 0 to 3 do not depend on channel 4, over which
 * the chips are cascaded, and which therefore never moves anything.
 *
 * Made by boards, before devices that use DMA.
 */
#include "config.h"
#include "hw/dma/i8257.h"

#include <string.h>

#include "hw/isa/isa-bus.h"
#include "hw/isa/isa-dma.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-pc.h"
#include "qom/qapi-trace.h"

enum { N_CHANNELS = 4, N_PAGES = 8, N_REGISTERS = 16, CASCADE_CHANNEL = 4 };

enum {                          /* registers from 8 on; below are two for each channel */
    REG_STATUS = 8,             /* read */
    REG_COMMAND = 8,            /* write */
    REG_REQUEST,
    REG_SINGLE_MASK,
    REG_MODE,
    REG_CLEAR_FLIP_FLOP,
    REG_TEMPORARY,              /* read */
    REG_MASTER_CLEAR = REG_TEMPORARY,   /* write */
    REG_CLEAR_MASKS,
    REG_ALL_MASKS,
};

enum {                          /* command */
    COMMAND_MEMORY_TO_MEMORY = 0x01,
    COMMAND_DISABLE = 0x04,
};

enum {                          /* mode; its lowest two bits are the channel */
    MODE_CHANNEL = 0x03,
    MODE_TRANSFER = 0x0c,
    MODE_VERIFY = 0x00,
    MODE_WRITE = 0x04,          /* to memory */
    MODE_READ = 0x08,
    MODE_AUTOINIT = 0x10,
    MODE_DECREMENT = 0x20,
    MODE_SELECT = 0xc0,
    MODE_BLOCK = 0x80,
    MODE_CASCADE = 0xc0,
};

enum { REQUEST_SET = 0x04, MASK_SET = 0x04, ALL_MASKS = 0x0f };

typedef struct {
    guint16 base_address, base_count;
    guint16 address, count;     /* the next unit; units that are left after it */
    guint8 mode;
} Channel;

struct I8257 {
    Device parent;
    /* Guest-visible. */
    Channel channels[N_CHANNELS];
    guint8 pages[N_PAGES], high_pages[N_PAGES];
    guint8 command;
    guint8 mask;                /* one bit for each channel, as in those below */
    guint8 reached;             /* terminal count, since the status was read */
    bool second;                /* the flip-flop: the next byte is the upper one */
    /* Wiring. */
    guint8 requests;            /* levels of DREQ */
    guint shift;                /* of addresses: 1 for words */
    guint first;                /* number of the first channel */
    AddressSpace *memory;
    MemoryRegion *registers, *page_ports, *high_page_ports;
};

/* ---- Transfers ---- */

/* Which of the page registers a channel has, by its port. */
static const guint8 page_of[N_CHANNELS] = { 7, 3, 1, 2 };

static guint32 unit_address(const I8257 *s, guint n)
{
    guint page = page_of[n];
    guint32 low = (guint32)s->channels[n].address << s->shift;

    return (guint32)s->high_pages[page] << 24 |
           (guint32)(s->pages[page] & ~s->shift) << 16 | low;
}

/* Moves units that lie in one piece of memory; those that are not in RAM read as an empty bus,
 * and writes to them are lost. */
static void move_run(const I8257 *s, guint n, guint8 *data, gsize size)
{
    guint32 address = unit_address(s, n);
    guint transfer = s->channels[n].mode & MODE_TRANSFER;

    if (transfer == MODE_WRITE) {
        memory_write(s->memory, address, data, size);
    } else if (transfer == MODE_READ && !memory_read(s->memory, address, data, size)) {
        memset(data, 0xff, size);
    }
}

static void end_transfer(I8257 *s, guint n)
{
    Channel *c = &s->channels[n];

    s->reached |= 1 << n;
    if (c->mode & MODE_AUTOINIT) {
        c->address = c->base_address;
        c->count = c->base_count;
    } else {
        s->mask |= 1 << n;
    }
}

/* Advances past units; the last one of a transfer ends it. */
static void advance(I8257 *s, guint n, guint32 units)
{
    Channel *c = &s->channels[n];
    bool last = units == c->count + 1u;

    c->address += c->mode & MODE_DECREMENT ? -units : units;
    c->count -= units;
    if (last) {
        end_transfer(s, n);
    }
}

/* Up to where units follow each other in memory: the end of the page. */
static guint32 run_length(const Channel *c)
{
    return c->mode & MODE_DECREMENT ? 1 : 0x10000u - c->address;
}

static gsize i8257_left(Device *dev, guint channel, bool to_memory)
{
    const I8257 *s = to_i8257(dev);
    guint n = channel - s->first;
    const Channel *c = &s->channels[n];
    guint transfer = c->mode & MODE_TRANSFER;
    bool fits = to_memory ? transfer == MODE_WRITE || transfer == MODE_VERIFY
                          : transfer == MODE_READ;

    if (!fits || s->mask >> n & 1 || s->command & COMMAND_DISABLE ||
        (c->mode & MODE_SELECT) == MODE_CASCADE || channel == CASCADE_CHANNEL) {
        return 0;
    }
    return (c->count + (gsize)1) << s->shift;
}

static gsize i8257_move(Device *dev, guint channel, bool to_memory, guint8 *data, gsize size,
                        bool *ret_tc)
{
    I8257 *s = to_i8257(dev);
    guint n = channel - s->first;
    gsize left = i8257_left(dev, channel, to_memory), done = 0;
    gsize total = MIN(size, left) >> s->shift << s->shift;

    *ret_tc = total && total == left;
    while (done < total) {
        gsize units = MIN(run_length(&s->channels[n]), (total - done) >> s->shift);

        move_run(s, n, data + done, units << s->shift);
        advance(s, n, units);
        done += units << s->shift;
    }
    return total;
}

static void i8257_request(Device *dev, guint channel, bool level)
{
    I8257 *s = to_i8257(dev);
    guint8 bit = 1 << (channel - s->first);

    s->requests = level ? s->requests | bit : s->requests & ~bit;
}

static const IsaDmaOps dma_ops = {
    .request = i8257_request,
    .left = i8257_left,
    .move = i8257_move,
};

/* After the guest has changed what decides whether a channel may run. */
static void channels_changed(I8257 *s, guint8 which)
{
    for (guint n = 0; n < N_CHANNELS; n++) {
        guint channel = s->first + n;

        if (which & s->requests & 1 << n &&
            (i8257_left(&s->parent, channel, true) || i8257_left(&s->parent, channel, false))) {
            isa_dma_channel_ready(&s->parent, channel);
        }
    }
}

/* A request by software counts in block mode only: the channel runs to its end.  No device answers,
 * so nothing drives the bus; memory keeps its contents. */
static void request_by_software(I8257 *s, guint8 value)
{
    guint n = value & MODE_CHANNEL;
    const Channel *c = &s->channels[n];

    if (value & REQUEST_SET && (c->mode & MODE_SELECT) == MODE_BLOCK &&
        !(s->command & COMMAND_DISABLE)) {
        trace_i8257_unregistered_dma(s, s->first + n, unit_address(s, n), c->count);
        advance(s, n, c->count + 1u);
    }
}

/* ---- Registers ---- */

static void master_clear(I8257 *s)
{
    s->command = 0;
    s->reached = 0;
    s->second = false;
    s->mask = ALL_MASKS;
}

static guint8 take_status(I8257 *s)
{
    guint8 status = s->requests << N_CHANNELS | s->reached;

    s->reached = 0;
    return status;
}

/* The current address or count, low byte first. */
static guint8 read_current(I8257 *s, guint reg)
{
    const Channel *c = &s->channels[reg / 2];
    guint16 value = reg % 2 ? c->count : c->address;
    guint8 byte = s->second ? value >> 8 : value;

    s->second = !s->second;
    return byte;
}

static guint64 i8257_read(void *opaque, guint64 offset, guint size)
{
    I8257 *s = opaque;
    guint reg = offset >> s->shift;

    if (reg < REG_STATUS) {
        return read_current(s, reg);
    }
    switch (reg) {
    case REG_STATUS:
        return take_status(s);
    case REG_ALL_MASKS:
        return s->mask;
    default:                    /* REG_TEMPORARY: memory-to-memory only */
        return 0;
    }
}

static guint16 with_byte(guint16 value, bool second, guint8 byte)
{
    return second ? (value & 0x00ff) | byte << 8 : (value & 0xff00) | byte;
}

/* Both the base and the current register. */
static void write_base(I8257 *s, guint reg, guint8 byte)
{
    Channel *c = &s->channels[reg / 2];

    if (reg % 2) {
        c->base_count = with_byte(c->base_count, s->second, byte);
        c->count = c->base_count;
    } else {
        c->base_address = with_byte(c->base_address, s->second, byte);
        c->address = c->base_address;
    }
    s->second = !s->second;
}

static void write_command(I8257 *s, guint8 value)
{
    if (value & COMMAND_MEMORY_TO_MEMORY) {
        device_guest_error(&s->parent, "memory-to-memory transfers do not exist on this board");
    }
    s->command = value;
    channels_changed(s, ALL_MASKS);
}

static void write_single_mask(I8257 *s, guint8 value)
{
    guint8 bit = 1 << (value & MODE_CHANNEL);

    s->mask = value & MASK_SET ? s->mask | bit : s->mask & ~bit;
    channels_changed(s, bit);
}

static void write_masks(I8257 *s, guint8 value)
{
    s->mask = value & ALL_MASKS;
    channels_changed(s, ALL_MASKS);
}

static void write_mode(I8257 *s, guint8 value)
{
    s->channels[value & MODE_CHANNEL].mode = value & ~MODE_CHANNEL;
    channels_changed(s, 1 << (value & MODE_CHANNEL));
}

static void i8257_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    I8257 *s = opaque;
    guint reg = offset >> s->shift;

    if (reg < REG_COMMAND) {
        write_base(s, reg, value);
        return;
    }
    switch (reg) {
    case REG_COMMAND:
        write_command(s, value);
        break;
    case REG_REQUEST:
        request_by_software(s, value);
        break;
    case REG_SINGLE_MASK:
        write_single_mask(s, value);
        break;
    case REG_MODE:
        write_mode(s, value);
        break;
    case REG_CLEAR_FLIP_FLOP:
        s->second = false;
        break;
    case REG_MASTER_CLEAR:
        master_clear(s);
        break;
    case REG_CLEAR_MASKS:
        write_masks(s, 0);
        break;
    case REG_ALL_MASKS:
        write_masks(s, value);
        break;
    }
}

static const RegionOps register_ops = {
    .read = i8257_read,
    .write = i8257_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- Page registers: four that are used, and four that only keep a byte ---- */

static guint64 page_read(void *opaque, guint64 offset, guint size)
{
    return to_i8257(opaque)->pages[offset];
}

static void page_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    to_i8257(opaque)->pages[offset] = value;
}

static const RegionOps page_ops = {
    .read = page_read,
    .write = page_write,
    .min_size = 1,
    .max_size = 1,
};

static guint64 high_page_read(void *opaque, guint64 offset, guint size)
{
    return to_i8257(opaque)->high_pages[offset];
}

static void high_page_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    to_i8257(opaque)->high_pages[offset] = value;
}

static const RegionOps high_page_ops = {
    .read = high_page_read,
    .write = high_page_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- State ---- */

static const StateRow channel_rows[] = {
    STATE_FIELD(U16, Channel, base_address, 0),
    STATE_FIELD(U16, Channel, base_count, 0),
    STATE_FIELD(U16, Channel, address, 0),
    STATE_FIELD(U16, Channel, count, 0),
    STATE_FIELD(U8, Channel, mode, 0),
    STATE_ROWS_END
};

static const StateRow i8257_state[] = {
    STATE_STRUCTS(I8257, channels, channel_rows),
    STATE_ARRAY(U8, I8257, pages, 0),
    STATE_ARRAY(U8, I8257, high_pages, 0),
    STATE_FIELD(U8, I8257, command, 0),
    STATE_FIELD(U8, I8257, mask, ALL_MASKS),
    STATE_FIELD(U8, I8257, reached, 0),
    STATE_FIELD(BOOL, I8257, second, false),
    STATE_ROWS_END
};

static bool i8257_state_loaded(Device *dev, GError **error)
{
    const I8257 *s = to_i8257(dev);
    bool ok = !(s->mask & ~ALL_MASKS) && !(s->reached & ~ALL_MASKS);

    for (guint n = 0; n < N_CHANNELS; n++) {
        ok &= !(s->channels[n].mode & MODE_CHANNEL);
    }
    if (!ok) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "state of '%s' is not that of a DMA controller", dev->object.name);
    }
    return ok;
}

/* ---- Life ---- */

static void unmap(Device *dev, I8257 *s)
{
    isa_unmap(dev, g_steal_pointer(&s->high_page_ports));
    isa_unmap(dev, g_steal_pointer(&s->page_ports));
    isa_unmap(dev, g_steal_pointer(&s->registers));
}

static bool map(Device *dev, I8257 *s, GError **error)
{
    const I8257Props *props = i8257_props(dev);

    s->registers = isa_map_ports(dev, "dma-chan", &register_ops, props->base,
                                 N_REGISTERS << s->shift, error);
    if (s->registers) {
        s->page_ports = isa_map_ports(dev, "dma-page", &page_ops, props->page_base, N_PAGES,
                                      error);
    }
    if (s->page_ports && props->pageh_base >= 0) {
        s->high_page_ports = isa_map_ports(dev, "dma-pageh", &high_page_ops, props->pageh_base,
                                           N_PAGES, error);
        return s->high_page_ports != NULL;
    }
    return s->page_ports != NULL;
}

static bool i8257_realize(Device *dev, GError **error)
{
    I8257 *s = to_i8257(dev);

    s->shift = i8257_props(dev)->dshift;
    s->first = s->shift ? N_CHANNELS : 0;
    s->memory = machine_of(dev)->memory;
    if (!map(dev, s, error) || !isa_dma_serve(dev, &dma_ops, s->first, N_CHANNELS, error)) {
        unmap(dev, s);
        return false;
    }
    return true;
}

static void i8257_unrealize(Device *dev)
{
    isa_dma_stop_serving(dev);
    unmap(dev, to_i8257(dev));
}

const TypeInfo i8257_type = {
    .schema = &qmp_class_i8257,
    .size = sizeof(I8257),
    .device = &(const DeviceOps){
        .realize = i8257_realize,
        .unrealize = i8257_unrealize,
        .state = i8257_state,
        .state_loaded = i8257_state_loaded,
    },
};
