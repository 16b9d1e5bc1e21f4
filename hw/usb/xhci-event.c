/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event rings (xHCI 4.9.4) and interrupters (4.17).
 *
 * A ring consists of segments that a table lists.  One item stays free; before the last but one is
 * used up, an event says that the ring is full, and the controller starts no transfer or command
 * that would report to it until software has made room.
 */
#include "config.h"
#include "hw/usb/xhci.h"

#include "qmp/bytes.h"
#include "qom/qapi-trace.h"

#define IMOD_UNIT 250           /* ns */

static XhciIntr *intr_at(Xhci *s, guint n)
{
    return &s->intrs[n < s->n_intrs ? n : 0];
}

/* ---- Interrupts ---- */

static bool has_messages(const Xhci *s)
{
    return pci_msix_enabled(&s->parent);
}

static bool asserted(const Xhci *s, const XhciIntr *intr)
{
    return s->usbcmd & USBCMD_INTE && intr->iman & IMAN_ENABLE && intr->iman & IMAN_PENDING;
}

/* With messages, an interrupt is no longer pending when it has been sent. */
void xhci_update_irq(Xhci *s)
{
    bool level = false;

    for (guint i = 0; i < s->n_intrs; i++) {
        XhciIntr *intr = &s->intrs[i];

        if (!asserted(s, intr)) {
            continue;
        }
        if (has_messages(s)) {
            intr->iman &= ~IMAN_PENDING;
            pci_msix_notify(&s->parent, i);
        } else {
            level = true;
        }
    }
    pci_set_intx(&s->parent, level);
}

static gint64 now(const Xhci *s)
{
    return clock_now(s->parent.machine->clock, CLOCK_KIND_VIRTUAL);
}

static void interrupt(Xhci *s, XhciIntr *intr)
{
    intr->waits = false;
    intr->next = clock_add(now(s), (intr->imod & 0xffff) * IMOD_UNIT);
    intr->iman |= IMAN_PENDING;
    s->usbsts |= USBSTS_EVENT;
    xhci_update_irq(s);
}

void xhci_moderate(Xhci *s)
{
    gint64 first = CLOCK_NEVER;

    for (guint i = 0; i < s->n_intrs; i++) {
        if (s->intrs[i].waits) {
            first = MIN(first, s->intrs[i].next);
        }
    }
    timer_set(s->moderation, first);
}

void xhci_moderation_over(void *opaque, gint64 when)
{
    Xhci *s = opaque;

    for (guint i = 0; i < s->n_intrs; i++) {
        if (s->intrs[i].waits && s->intrs[i].next <= when) {
            interrupt(s, &s->intrs[i]);
        }
    }
    xhci_moderate(s);
}

/* There are events.  While software handles earlier ones (it is busy), it will look itself. */
static void notify(Xhci *s, XhciIntr *intr)
{
    bool busy = intr->erdp & ERDP_BUSY;

    intr->erdp |= ERDP_BUSY;
    if (busy) {
        return;
    }
    if (now(s) < intr->next) {
        intr->waits = true;
        xhci_moderate(s);
    } else {
        interrupt(s, intr);
    }
}

/* ---- Rings ---- */

/* Where an event goes, or would. */
typedef struct {
    guint64 segment;
    guint32 size, entry, item;
    bool cycle;
} Place;

static Place place_of(const XhciIntr *intr)
{
    return (Place){ intr->segment, intr->size, intr->entry, intr->item, intr->cycle };
}

static guint64 address_of(const Place *place)
{
    return place->segment + place->item * TRB_SIZE;
}

/* Reads an entry of the table; false: it cannot be used. */
static bool read_segment(Xhci *s, const XhciIntr *intr, Place *place)
{
    guint8 bytes[ERST_ENTRY_SIZE];

    if (!pci_dma_read(&s->parent, intr->erstba + place->entry * ERST_ENTRY_SIZE, bytes,
                      sizeof(bytes))) {
        return false;
    }
    place->segment = get_le64(bytes) & ~(guint64)0x3f;
    place->size = get_le16(bytes + 8);
    place->item = 0;
    return place->size >= ERST_SEGMENT_MIN && place->size <= ERST_SEGMENT_MAX;
}

static bool advance(Xhci *s, const XhciIntr *intr, Place *place)
{
    if (++place->item < place->size) {
        return true;
    }
    if (++place->entry >= intr->erstsz) {
        place->entry = 0;
        place->cycle = !place->cycle;
    }
    return read_segment(s, intr, place);
}

/* How many events there is room for, as far as 2. */
static guint room(Xhci *s, const XhciIntr *intr)
{
    Place place = place_of(intr);
    guint64 end = intr->erdp & ~(guint64)ERDP_LOW;

    for (guint n = 0; n < 2; n++) {
        if (!advance(s, intr, &place)) {
            xhci_die(s, "an event ring's segment cannot be used");
            return 0;
        }
        if (address_of(&place) == end) {
            return n;
        }
    }
    return 2;
}

static bool has_ring(const XhciIntr *intr)
{
    return intr->erstsz && intr->size;
}

static void put(Xhci *s, XhciIntr *intr, guint64 pointer, guint32 status, guint32 control)
{
    Place place = place_of(intr);
    guint8 bytes[TRB_SIZE];

    put_le(bytes, pointer, 8);
    put_le(bytes + 8, status, 4);
    put_le(bytes + 12, control | (place.cycle ? TRB_CYCLE : 0), 4);
    /* The cycle bit last, as a guest on another processor may be looking. */
    if (!pci_dma_write(&s->parent, address_of(&place), bytes, 12) ||
        !pci_dma_write(&s->parent, address_of(&place) + 12, bytes + 12, 4) ||
        !advance(s, intr, &place)) {
        xhci_die(s, "an event cannot be written");
        return;
    }
    intr->segment = place.segment;
    intr->size = place.size;
    intr->entry = place.entry;
    intr->item = place.item;
    intr->cycle = place.cycle;
}

bool xhci_has_room(Xhci *s, guint interrupter)
{
    const XhciIntr *intr = intr_at(s, interrupter);

    return !has_ring(intr) || (!intr->full && room(s, intr) == 2);
}

void xhci_event(Xhci *s, guint interrupter, const XhciEvent *event)
{
    XhciIntr *intr = intr_at(s, interrupter);
    guint n;

    if (s->usbsts & USBSTS_ERROR || !has_ring(intr) || intr->full) {
        return;
    }
    trace_usb_xhci_queue_event(s, interrupter, event->control >> TRB_TYPE_SHIFT & TRB_TYPE_MASK,
                               event->code, event->pointer);
    n = room(s, intr);
    intr->full = n < 2;
    if (n == 2) {
        put(s, intr, event->pointer, event->status | (guint32)event->code << TRB_CODE_SHIFT,
            event->control & ~(guint32)TRB_BLOCK);
    } else if (n == 1) {
        put(s, intr, 0, (guint32)CODE_RING_FULL << TRB_CODE_SHIFT,
            TRB_HOST_EVENT << TRB_TYPE_SHIFT);
    }
    if (!(event->control & TRB_BLOCK)) {
        notify(s, intr);
    }
}

/* ---- Registers (5.5.2) ---- */

/* The table has changed: the ring begins at its start. */
static void set_table(Xhci *s, XhciIntr *intr)
{
    Place place = { .cycle = true };

    intr->size = 0;
    intr->full = false;
    if (intr->erstsz && !read_segment(s, intr, &place)) {
        xhci_die(s, "the table of an event ring cannot be used");
        return;
    }
    intr->segment = place.segment;
    intr->size = place.size;
    intr->entry = place.entry;
    intr->item = place.item;
    intr->cycle = true;
}

/* Software has handled events.  It is interrupted again if there are more. */
static void moved(Xhci *s, XhciIntr *intr, bool not_busy)
{
    Place place = place_of(intr);

    if (not_busy) {
        intr->erdp &= ~(guint64)ERDP_BUSY;
    }
    if (!has_ring(intr)) {
        return;
    }
    if (not_busy && address_of(&place) != (intr->erdp & ~(guint64)ERDP_LOW)) {
        notify(s, intr);
    }
    if (intr->full && room(s, intr) == 2) {
        intr->full = false;
    }
    if (s->blocked && !intr->full) {
        s->blocked = false;
        xhci_kick_all(s);
    }
}

static guint32 half(guint64 value, bool high)
{
    return high ? value >> 32 : value;
}

static guint64 with_half(guint64 old, guint32 value, bool high)
{
    return high ? (guint32)old | (guint64)value << 32 : (old & ~(guint64)G_MAXUINT32) | value;
}

guint32 xhci_intr_read(Xhci *s, guint n, guint offset)
{
    const XhciIntr *intr = &s->intrs[n];

    switch (offset) {
    case INTR_IMAN:
        return intr->iman;
    case INTR_IMOD:
        return intr->imod;
    case INTR_ERSTSZ:
        return intr->erstsz;
    case INTR_ERSTBA:
    case INTR_ERSTBA + 4:
        return half(intr->erstba, offset & 4);
    case INTR_ERDP:
    case INTR_ERDP + 4:
        return half(intr->erdp, offset & 4);
    default:
        return 0;
    }
}

static void write_iman(Xhci *s, XhciIntr *intr, guint32 value)
{
    intr->iman = (intr->iman & ~(value & IMAN_PENDING) & IMAN_PENDING) | (value & IMAN_ENABLE);
    xhci_update_irq(s);
}

/* The low half of ERDP has the flags, and is written last or alone by drivers of 32 bits; those
 * of 64 bits write both. */
static void write_erdp(Xhci *s, XhciIntr *intr, guint32 value, bool high)
{
    bool busy = intr->erdp & ERDP_BUSY;

    intr->erdp = with_half(intr->erdp, high ? value : value & ~(guint32)ERDP_BUSY, high);
    if (busy && !high) {
        intr->erdp |= ERDP_BUSY;
    }
    moved(s, intr, !high && value & ERDP_BUSY);
}

void xhci_intr_write(Xhci *s, guint n, guint offset, guint32 value)
{
    XhciIntr *intr = &s->intrs[n];

    switch (offset) {
    case INTR_IMAN:
        write_iman(s, intr, value);
        break;
    case INTR_IMOD:
        intr->imod = value;
        break;
    case INTR_ERSTSZ:
        intr->erstsz = MIN(value & 0xffff, 1u << XHCI_ERST_LOG);
        break;
    case INTR_ERSTBA:
        intr->erstba = with_half(intr->erstba, value & ~0x3fu, false);
        break;
    case INTR_ERSTBA + 4:
        intr->erstba = with_half(intr->erstba, value, true);
        set_table(s, intr);
        break;
    case INTR_ERDP:
    case INTR_ERDP + 4:
        write_erdp(s, intr, value, offset & 4);
        break;
    }
}

void xhci_intrs_reset(Xhci *s)
{
    for (guint i = 0; i < XHCI_MAX_INTRS; i++) {
        s->intrs[i] = (XhciIntr){ .imod = IMOD_DEFAULT };
    }
    timer_cancel(s->moderation);
}
