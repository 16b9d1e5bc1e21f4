/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of an EHCI controller (EHCI 3.5, 3.6, 4.10): a head that has a copy of the transfer
 * descriptor (qTD) that is in progress, its overlay, and links to those that follow.
 *
 * A descriptor is sent as one packet of all its bytes, of which a device takes or gives as much as
 * it can.  What it leaves stays active, as after NAK on a wire.
 */
#include "config.h"
#include "hw/usb/ehci-internal.h"

#include "qom/guest-error.h"

enum { QTD_NEXT, QTD_SHORT, QTD_TOKEN, QTD_BUFFER, QTD_WORDS = QTD_BUFFER + 5, N_PAGES = 5,
       PAGE = 4096 };

/* The token (3.5.3). */
enum {
    TOKEN_LOST = 1 << 3, TOKEN_BABBLE = 1 << 4, TOKEN_BUFFER = 1 << 5, TOKEN_HALTED = 1 << 6,
    TOKEN_ACTIVE = 1 << 7, TOKEN_PID_SHIFT = 8, TOKEN_ERRORS_SHIFT = 10,
    TOKEN_ERRORS = 3 << TOKEN_ERRORS_SHIFT, TOKEN_PAGE_SHIFT = 12, TOKEN_PAGE = 7 << 12,
    TOKEN_IOC = 1 << 15, TOKEN_SIZE_SHIFT = 16, TOKEN_SIZE = 0x7fff,
};
#define TOKEN_TOGGLE (1u << 31)

/* The head's second word (3.6.1). */
enum {
    END_ADDRESS = 0x7f, END_INACTIVATE = 1 << 7, END_NUMBER_SHIFT = 8, END_SPEED_SHIFT = 12,
    END_SPEED_HIGH = 2, END_TOGGLES = 1 << 14, END_PACKET_SHIFT = 16, END_PACKET = 0x7ff,
};

typedef struct {
    UsbPacket packet;
    Ehci *ehci;
    guint32 at;
    guint32 *words;             /* of the head */
    guint32 *overlay;           /* among them */
    bool changed;               /* the overlay has to be written */
} Queue;

/* ---- Memory ---- */

static guint page_of(const Queue *q)
{
    return (q->overlay[QTD_TOKEN] & TOKEN_PAGE) >> TOKEN_PAGE_SHIFT;
}

/* The transfer's bytes are in up to five pages; the first has an offset (3.5.4). */
static bool copy(UsbPacket *packet, gsize offset, void *data, gsize size)
{
    const Queue *q = container_of(packet, Queue, packet);
    guint8 *bytes = data;

    while (size) {
        gsize position = (q->overlay[QTD_BUFFER] & (PAGE - 1)) + offset;
        gsize page = page_of(q) + position / PAGE, n = MIN(size, PAGE - position % PAGE);
        guint64 at;

        if (page >= N_PAGES) {
            return false;
        }
        at = (q->overlay[QTD_BUFFER + page] & ~(guint32)(PAGE - 1)) + position % PAGE;
        if (!(packet->pid == USB_PID_IN ? pci_dma_write(&q->ehci->parent, at, bytes, n)
                                        : pci_dma_read(&q->ehci->parent, at, bytes, n))) {
            return false;
        }
        bytes += n;
        offset += n;
        size -= n;
    }
    return true;
}

/* The overlay first: a driver that finds a descriptor done may look at the head. */
static bool write_back(Queue *q)
{
    q->changed = false;
    return ehci_write(q->ehci, q->at + 4 * EHCI_QUEUE_CURRENT, q->words + EHCI_QUEUE_CURRENT,
                      EHCI_QUEUE_WORDS - EHCI_QUEUE_CURRENT) &&
           ehci_write(q->ehci, (q->words[EHCI_QUEUE_CURRENT] & LINK_ADDRESS) + 4 * QTD_TOKEN,
                      &q->overlay[QTD_TOKEN], 1);
}

/* ---- Descriptors ---- */

/* Copies the next descriptor into the overlay, if it is active (4.10.2).  A driver activates one
 * by the last write to it: so all other words are read after that one. */
static bool advance(Queue *q)
{
    guint32 token = q->overlay[QTD_TOKEN];
    bool is_short = token >> TOKEN_SIZE_SHIFT & TOKEN_SIZE && !(q->overlay[QTD_SHORT] & LINK_END);
    guint32 link = q->overlay[is_short ? QTD_SHORT : QTD_NEXT], next[QTD_WORDS];
    guint32 at = link & LINK_ADDRESS;

    if (link & LINK_END || !ehci_read(q->ehci, at + 4 * QTD_TOKEN, next, 1) ||
        !(next[0] & TOKEN_ACTIVE) || !ehci_read(q->ehci, at, next, QTD_WORDS)) {
        return false;
    }
    if (!(q->words[EHCI_QUEUE_ENDPOINT] & END_TOGGLES)) {
        next[QTD_TOKEN] = (next[QTD_TOKEN] & ~TOKEN_TOGGLE) | (token & TOKEN_TOGGLE);
    }
    q->words[EHCI_QUEUE_CURRENT] = at;
    for (guint i = 0; i < QTD_WORDS; i++) {
        q->overlay[i] = next[i];
    }
    q->changed = true;
    return true;
}

/* How many packets on a wire the bytes are; `ends`: the device had no more. */
static guint count_packets(const Queue *q, gsize bytes, bool ends)
{
    gsize size = q->words[EHCI_QUEUE_ENDPOINT] >> END_PACKET_SHIFT & END_PACKET;

    if (!size) {
        return ends;
    }
    return ends && q->packet.pid == USB_PID_IN && bytes < q->packet.size ? bytes / size + 1
           : ends ? MAX(1, (bytes + size - 1) / size) : bytes / size;
}

/* The bytes that the packet has moved are done with. */
static void account(Queue *q, bool ends)
{
    gsize moved = q->packet.actual;
    gsize position = (q->overlay[QTD_BUFFER] & (PAGE - 1)) + moved;
    guint32 page = MIN(page_of(q) + position / PAGE, N_PAGES);
    guint32 *token = &q->overlay[QTD_TOKEN];

    *token -= (guint32)moved << TOKEN_SIZE_SHIFT;
    *token = (*token & ~(guint32)TOKEN_PAGE) | page << TOKEN_PAGE_SHIFT;
    *token ^= count_packets(q, moved, ends) & 1 ? TOKEN_TOGGLE : 0;
    q->overlay[QTD_BUFFER] = (q->overlay[QTD_BUFFER] & ~(guint32)(PAGE - 1)) | position % PAGE;
}

static guint32 error_bits(UsbResult result)
{
    switch (result) {
    case USB_BABBLE:
        return TOKEN_BABBLE;
    case USB_BAD_MEMORY:
        return TOKEN_BUFFER;
    case USB_LOST:
        return TOKEN_LOST;
    default:
        return 0;               /* STALL */
    }
}

/* A descriptor whose error counter is 0 is tried again and again if nobody answers (3.5.3). */
static bool fail(Queue *q, UsbResult result)
{
    guint32 *token = &q->overlay[QTD_TOKEN];

    *token |= error_bits(result);
    if (result == USB_LOST && !(*token & TOKEN_ERRORS)) {
        return false;
    }
    *token &= ~(guint32)(TOKEN_ACTIVE | (result == USB_LOST ? TOKEN_ERRORS : 0));
    *token |= TOKEN_HALTED;
    ehci_raise(q->ehci, STS_ERROR | (*token & TOKEN_IOC ? STS_INTERRUPT : 0));
    return true;
}

/* Whether the descriptor is done. */
static bool complete(Queue *q, UsbResult result)
{
    bool is_short;

    if (result == USB_NAK) {
        q->changed = q->changed || q->packet.actual;
        account(q, false);
        return false;
    }
    q->changed = true;
    if (result != USB_ACK) {
        return fail(q, result);
    }
    is_short = q->packet.pid == USB_PID_IN && q->packet.actual < q->packet.size;
    account(q, true);
    q->overlay[QTD_TOKEN] &= ~(guint32)TOKEN_ACTIVE;
    if (is_short || q->overlay[QTD_TOKEN] & TOKEN_IOC) {
        ehci_raise(q->ehci, STS_INTERRUPT);
    }
    return true;
}

/* Sends what is left of the transfer; whether the descriptor is done. */
static bool execute(Queue *q)
{
    static const UsbPid pids[] = { USB_PID_OUT, USB_PID_IN, USB_PID_SETUP };
    guint32 end = q->words[EHCI_QUEUE_ENDPOINT], token = q->overlay[QTD_TOKEN];
    bool high = (end >> END_SPEED_SHIFT & 3) == END_SPEED_HIGH;
    guint pid = token >> TOKEN_PID_SHIFT & 3;

    if (pid >= G_N_ELEMENTS(pids)) {
        device_guest_error(&q->ehci->parent.device, "a transfer has the invalid PID code %u", pid);
        return complete(q, USB_STALL);
    }
    q->packet = (UsbPacket){
        .pid = pids[pid],
        .endpoint = end >> END_NUMBER_SHIFT & USB_MAX_ENDPOINT,
        .size = token >> TOKEN_SIZE_SHIFT & TOKEN_SIZE,
        .copy = copy,
    };
    return complete(q, usb_packet(high ? ehci_find(q->ehci, end & END_ADDRESS) : NULL,
                                  &q->packet));
}

void ehci_run_queue(Ehci *s, EhciBudget *budget, guint32 at, guint32 words[EHCI_QUEUE_WORDS],
                    guint most)
{
    Queue q = { .ehci = s, .at = at, .words = words, .overlay = words + EHCI_QUEUE_OVERLAY };

    while (most-- && budget->items && budget->bytes > 0) {
        bool done;

        budget->items--;
        if (q.overlay[QTD_TOKEN] & TOKEN_HALTED) {
            break;
        }
        if (!(q.overlay[QTD_TOKEN] & TOKEN_ACTIVE) &&
            (words[EHCI_QUEUE_ENDPOINT] & END_INACTIVATE || !advance(&q))) {
            break;
        }
        done = execute(&q);
        budget->bytes -= q.packet.actual;
        budget->moved = budget->moved || done || q.packet.actual;
        if (!done || !write_back(&q)) {
            break;
        }
    }
    if (q.changed) {
        write_back(&q);
    }
}
