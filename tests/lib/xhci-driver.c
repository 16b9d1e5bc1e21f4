/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of tests/lib/xhci-driver.h.
 */
#include "config.h"
#include "tests/lib/xhci-driver.h"

#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "qmp/bytes.h"

enum { DEVFN = PCI_DEVFN(4, 0), PAIRS = 8, PIECE = 0x10000 };

/* ---- Bench ---- */

static void add_ram(XhciBench *b)
{
    MemoryRegion *region;

    b->ram = mmap(NULL, XHCI_BENCH_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    g_assert_true(b->ram != MAP_FAILED);
    region = region_new_ram(&b->rig->machine->object, "xhci-ram", b->ram, XHCI_BENCH_RAM_SIZE);
    region_add(address_space_root(b->rig->memory), XHCI_BENCH_RAM, region, 0);
}

XhciBench *xhci_bench_on(Rig *rig, const char *driver)
{
    XhciBench *b = g_new0(XhciBench, 1);

    b->rig = rig;
    add_ram(b);
    b->hc = rig_device(rig, driver, "xhci", NULL, "addr", "4.0", NULL);
    g_assert_nonnull(b->hc);
    b->next = XHCI_BENCH_RAM;
    return b;
}

XhciBench *xhci_bench_new(const char *driver)
{
    XhciBench *b = xhci_bench_on(rig_new(), driver);

    b->owns_rig = true;
    rig_pci_hotplug(b->rig);
    rig_reset(b->rig);
    xhci_bench_place(b);
    xhci_bench_start(b);
    return b;
}

void xhci_bench_free(XhciBench *b)
{
    if (!b) {
        return;
    }
    if (b->owns_rig) {
        rig_free(b->rig);
    }
    munmap(b->ram, XHCI_BENCH_RAM_SIZE);
    g_free(b);
}

Device *xhci_bench_device(XhciBench *b, const char *driver, const char *id, ...)
{
    g_autoptr(GError) error = NULL;
    const char *pairs[2 * PAIRS + 1] = { NULL };
    Device *dev;
    va_list args;

    va_start(args, id);
    for (guint i = 0; i < 2 * PAIRS && (pairs[i] = va_arg(args, const char *)); i++) {
    }
    va_end(args);
    dev = rig_device(b->rig, driver, id, &error, pairs[0], pairs[1], pairs[2], pairs[3], pairs[4],
                     pairs[5], pairs[6], pairs[7], NULL);
    g_assert_no_error(error);
    return dev;
}

guint64 xhci_bench_alloc(XhciBench *b, gsize size, gsize align)
{
    guint64 at = (b->next + align - 1) / align * align;

    b->next = at + size;
    g_assert_cmpuint(b->next, <=, XHCI_BENCH_RAM + XHCI_BENCH_RAM_SIZE);
    memset(xhci_bench_ptr(b, at), 0, size);
    return at;
}

void *xhci_bench_ptr(XhciBench *b, guint64 address)
{
    return b->ram + (address - XHCI_BENCH_RAM);
}

guint32 xhci_get(XhciBench *b, guint offset)
{
    return address_space_read(b->rig->memory, XHCI_BENCH_MMIO + offset, 4);
}

void xhci_set(XhciBench *b, guint offset, guint32 value)
{
    address_space_write(b->rig->memory, XHCI_BENCH_MMIO + offset, value, 4);
}

static void set_address(XhciBench *b, guint offset, guint64 value)
{
    xhci_set(b, offset, value);
    xhci_set(b, offset + 4, value >> 32);
}

/* ---- Rings ---- */

static BenchRing new_ring(XhciBench *b)
{
    return (BenchRing){ .base = xhci_bench_alloc(b, BENCH_RING * TRB_SIZE, 64), .cycle = true };
}

static void write_trb(XhciBench *b, guint64 at, guint64 parameter, guint32 status, guint32 control)
{
    guint8 *bytes = xhci_bench_ptr(b, at);

    put_le(bytes, parameter, 8);
    put_le(bytes + 8, status, 4);
    put_le(bytes + 12, control, 4);
}

guint64 xhci_put(XhciBench *b, BenchRing *ring, guint64 parameter, guint32 status, guint32 control)
{
    guint64 at = ring->base + ring->next++ * TRB_SIZE;

    write_trb(b, at, parameter, status, control | (ring->cycle ? TRB_CYCLE : 0));
    if (ring->next == BENCH_RING - 1) {
        write_trb(b, at + TRB_SIZE, ring->base, 0,
                  TRB_LINK << TRB_TYPE_SHIFT | TRB_TOGGLE | (control & TRB_CHAIN) |
                  (ring->cycle ? TRB_CYCLE : 0));
        ring->next = 0;
        ring->cycle = !ring->cycle;
    }
    return at;
}

void xhci_doorbell(XhciBench *b, guint slot, guint endpoint)
{
    xhci_set(b, XHCI_DOORBELLS + 4 * slot, endpoint);
}

bool xhci_next_event(XhciBench *b, BenchEvent *ret)
{
    const guint8 *bytes = xhci_bench_ptr(b, b->events + b->event_at * TRB_SIZE);
    guint32 control = get_le32(bytes + 12), status = get_le32(bytes + 8);

    if ((control & TRB_CYCLE) != (b->event_cycle ? 1 : 0)) {
        return false;
    }
    *ret = (BenchEvent){
        .type = control >> TRB_TYPE_SHIFT & TRB_TYPE_MASK,
        .code = status >> TRB_CODE_SHIFT,
        .slot = control >> TRB_SLOT_SHIFT,
        .endpoint = control >> TRB_ENDPOINT_SHIFT & 0x1f,
        .pointer = get_le64(bytes),
        .length = status & EVENT_LENGTH_MASK,
    };
    if (++b->event_at == BENCH_EVENTS) {
        b->event_at = 0;
        b->event_cycle = !b->event_cycle;
    }
    return true;
}

void xhci_events_done(XhciBench *b)
{
    set_address(b, XHCI_INTERRUPTERS + INTR_ERDP,
                (b->events + b->event_at * TRB_SIZE) | ERDP_BUSY);
}

/* ---- Start ---- */

void xhci_bench_place(XhciBench *b)
{
    rig_pci_write(b->rig, 0, DEVFN, PCI_BASE_ADDRESS_0, XHCI_BENCH_MMIO, 4);
    rig_pci_write(b->rig, 0, DEVFN, PCI_BASE_ADDRESS_0 + 4, 0, 4);
    rig_pci_write(b->rig, 0, DEVFN, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

static void make_event_ring(XhciBench *b)
{
    guint8 *entry;

    b->erst = xhci_bench_alloc(b, ERST_ENTRY_SIZE, 64);
    b->events = xhci_bench_alloc(b, BENCH_EVENTS * TRB_SIZE, 64);
    b->event_at = 0;
    b->event_cycle = true;
    entry = xhci_bench_ptr(b, b->erst);
    put_le(entry, b->events, 8);
    put_le(entry + 8, BENCH_EVENTS, 4);
    xhci_set(b, XHCI_INTERRUPTERS + INTR_ERSTSZ, 1);
    xhci_events_done(b);
    set_address(b, XHCI_INTERRUPTERS + INTR_ERSTBA, b->erst);
}

void xhci_bench_start(XhciBench *b)
{
    b->next = XHCI_BENCH_RAM;
    memset(b->rings, 0, sizeof(b->rings));
    b->dcbaa = xhci_bench_alloc(b, 8 * 65, 64);
    b->input = xhci_bench_alloc(b, CONTEXT_SIZE * (N_CONTEXTS + 1), 64);
    b->commands = new_ring(b);
    xhci_set(b, XHCI_OPERATIONAL + OP_CONFIG, BENCH_SLOTS);
    set_address(b, XHCI_OPERATIONAL + OP_DCBAAP, b->dcbaa);
    set_address(b, XHCI_OPERATIONAL + OP_CRCR, b->commands.base | CRCR_CYCLE);
    make_event_ring(b);
    xhci_set(b, XHCI_INTERRUPTERS + INTR_IMOD, 0);
    xhci_set(b, XHCI_INTERRUPTERS + INTR_IMAN, IMAN_ENABLE);
    xhci_set(b, XHCI_OPERATIONAL + OP_USBCMD, USBCMD_RUN | USBCMD_INTE);
}

/* ---- Commands ---- */

guint8 xhci_command(XhciBench *b, guint64 parameter, guint32 status, guint32 control,
                    guint *ret_slot)
{
    guint64 at = xhci_put(b, &b->commands, parameter, status, control);
    BenchEvent event;

    xhci_doorbell(b, 0, 0);
    while (xhci_next_event(b, &event)) {
        if (event.type == TRB_COMMAND_EVENT && event.pointer == at) {
            if (ret_slot) {
                *ret_slot = event.slot;
            }
            xhci_events_done(b);
            return event.code;
        }
    }
    return 0;
}

static guint32 on_slot(guint type, guint slot, guint endpoint)
{
    return type << TRB_TYPE_SHIFT | slot << TRB_SLOT_SHIFT | endpoint << TRB_ENDPOINT_SHIFT;
}

static void put_context(XhciBench *b, guint index, const guint32 *words)
{
    guint8 *bytes = xhci_bench_ptr(b, b->input + index * CONTEXT_SIZE);

    memset(bytes, 0, CONTEXT_SIZE);
    for (guint i = 0; i < 5; i++) {
        put_le(bytes + 4 * i, words[i], 4);
    }
}

static void put_endpoint(XhciBench *b, guint slot, guint endpoint, guint type, guint packet)
{
    BenchRing *ring = &b->rings[slot][endpoint];

    *ring = new_ring(b);
    put_context(b, endpoint + 1, (guint32[]){
        0, type << EP_TYPE_SHIFT | packet << EP_PACKET_SHIFT | 3 << 1, ring->base | 1, 0, 8,
    });
}

guint8 xhci_address(XhciBench *b, guint slot, guint port, guint32 route, guint speed)
{
    guint64 *context = &b->contexts[slot];

    *context = xhci_bench_alloc(b, CONTEXT_SIZE * N_CONTEXTS, 64);
    put_le((guint8 *)xhci_bench_ptr(b, b->dcbaa) + 8 * slot, *context, 8);
    put_context(b, 0, (guint32[]){ 0, 3, 0, 0, 0 });
    put_context(b, 1, (guint32[]){ route | speed << 20 | 1 << SLOT_ENTRIES_SHIFT,
                                   port << SLOT_PORT_SHIFT, 0, 0, 0 });
    put_endpoint(b, slot, BENCH_CONTROL, EP_CONTROL, 64);
    return xhci_command(b, b->input, 0, on_slot(TRB_ADDRESS_DEVICE, slot, 0), NULL);
}

guint xhci_open(XhciBench *b, guint port)
{
    guint slot = 0, at = xhci_port_offset(port);
    guint32 sc;

    xhci_set(b, at, PORTSC_POWER | PORTSC_CHANGES);
    xhci_set(b, at, PORTSC_POWER | PORTSC_RESET);
    sc = xhci_get(b, at);
    g_assert_cmphex(sc & (PORTSC_CONNECTED | PORTSC_ENABLED), ==,
                    PORTSC_CONNECTED | PORTSC_ENABLED);
    g_assert_cmpuint(xhci_command(b, 0, 0, on_slot(TRB_ENABLE_SLOT, 0, 0), &slot), ==,
                     CODE_SUCCESS);
    g_assert_cmpuint(xhci_address(b, slot, port, 0, sc >> PORTSC_SPEED_SHIFT & 0xf), ==,
                     CODE_SUCCESS);
    return slot;
}

guint8 xhci_add_endpoint(XhciBench *b, guint slot, guint endpoint, guint type, guint packet)
{
    put_context(b, 0, (guint32[]){ 0, 1u << endpoint, 0, 0, 0 });
    put_endpoint(b, slot, endpoint, type, packet);
    return xhci_command(b, b->input, 0, on_slot(TRB_CONFIGURE, slot, 0), NULL);
}

/* ---- Transfers ---- */

guint8 xhci_transfer_event(XhciBench *b, BenchEvent *ret)
{
    bool found;

    do {
        found = xhci_next_event(b, ret);
    } while (found && ret->type != TRB_TRANSFER_EVENT);
    xhci_events_done(b);
    return found ? ret->code : 0;
}

/* After a halt. */
static void recover(XhciBench *b, guint slot, guint endpoint)
{
    const BenchRing *ring = &b->rings[slot][endpoint];

    xhci_command(b, 0, 0, on_slot(TRB_RESET_ENDPOINT, slot, endpoint), NULL);
    xhci_command(b, (ring->base + ring->next * TRB_SIZE) | ring->cycle, 0,
                 on_slot(TRB_SET_DEQUEUE, slot, endpoint), NULL);
}

guint8 xhci_control(XhciBench *b, guint slot, guint16 request, guint16 value, guint16 index,
                    guint16 length, void *data)
{
    BenchRing *ring = &b->rings[slot][BENCH_CONTROL];
    bool in = request >> 8 & 0x80;
    guint64 memory = length ? xhci_bench_alloc(b, length, 8) : 0;
    guint8 setup[8] = { request >> 8, request & 0xff }, code;
    BenchEvent event;

    put_le(setup + 2, value, 2);
    put_le(setup + 4, index, 2);
    put_le(setup + 6, length, 2);
    xhci_put(b, ring, get_le64(setup), 8, TRB_SETUP << TRB_TYPE_SHIFT | TRB_IMMEDIATE);
    if (length) {
        if (!in) {
            memcpy(xhci_bench_ptr(b, memory), data, length);
        }
        xhci_put(b, ring, memory, length, TRB_DATA << TRB_TYPE_SHIFT | (in ? TRB_IN : 0));
    }
    xhci_put(b, ring, 0, 0, TRB_STATUS << TRB_TYPE_SHIFT | TRB_IOC | (in && length ? 0 : TRB_IN));
    xhci_doorbell(b, slot, BENCH_CONTROL);
    code = xhci_transfer_event(b, &event);
    if (code != CODE_SUCCESS) {
        recover(b, slot, BENCH_CONTROL);
    } else if (in && length) {
        memcpy(data, xhci_bench_ptr(b, memory), length);
    }
    return code;
}

void xhci_configure_hid(XhciBench *b, guint slot)
{
    g_assert_cmpuint(xhci_control(b, slot, 0x0009, 1, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_add_endpoint(b, slot, 3, EP_INTERRUPT_IN, 8), ==, CODE_SUCCESS);
}

guint64 xhci_submit(XhciBench *b, guint slot, guint endpoint, guint64 memory, guint32 size)
{
    BenchRing *ring = &b->rings[slot][endpoint];
    guint64 at;

    for (; size > PIECE; size -= PIECE, memory += PIECE) {
        xhci_put(b, ring, memory, PIECE, TRB_NORMAL << TRB_TYPE_SHIFT | TRB_CHAIN);
    }
    at = xhci_put(b, ring, memory, size, TRB_NORMAL << TRB_TYPE_SHIFT | TRB_IOC | TRB_SHORT);
    xhci_doorbell(b, slot, endpoint);
    return at;
}

guint8 xhci_transfer(XhciBench *b, guint slot, guint endpoint, void *data, guint32 size,
                     guint32 *ret_moved)
{
    guint64 memory = xhci_bench_alloc(b, MAX(size, 1), 8);
    BenchEvent event = { 0 };
    guint8 code;

    if (!(endpoint & 1)) {
        memcpy(xhci_bench_ptr(b, memory), data, size);
    }
    xhci_submit(b, slot, endpoint, memory, size);
    code = xhci_transfer_event(b, &event);
    *ret_moved = code ? size - event.length : 0;
    if (endpoint & 1) {
        memcpy(data, xhci_bench_ptr(b, memory), size);
    }
    if (code == CODE_STALL || code == CODE_TRANSACTION) {
        recover(b, slot, endpoint);
    }
    return code;
}
