/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schedule of a UHCI controller (UHCI 1.2, 3): the frame list's entry leads to transfer
 * descriptors, each for a packet, and to queues of them.
 *
 * A guest may link them in a circle, as drivers do to use what is left of a frame; so a frame ends
 * when the budget of items or of bytes is used up, or when a round of queues moved nothing.
 *
 * Drivers change the schedule by writes to memory only, so it is executed as long as the
 * controller runs.  But when nothing has moved for a while, several frames are executed together;
 * a device that has something to say, or a write to a register, ends that.
 */
#include "config.h"
#include "hw/usb/uhci-internal.h"

#include "qmp/bytes.h"
#include "qom/guest-error.h"

enum { ITEMS = 256, BYTES = 1280, SEEN = 32 };
/* Runs in a row without a pause after something moved; frames of a pause, and of a run, at most. */
enum { EAGER = 64, SLOWEST = 16, MAX_FRAMES = 64 };

enum { LINK_END = 1 << 0, LINK_QUEUE = 1 << 1, LINK_DEPTH = 1 << 2, LINK_ADDRESS = ~0xf };

enum {
    TD_LENGTH = 0x7ff,          /* of the status word, and of the token */
    TD_TIMEOUT = 1 << 18, TD_NAK = 1 << 19, TD_BABBLE = 1 << 20, TD_BUFFER = 1 << 21,
    TD_STALLED = 1 << 22, TD_ACTIVE = 1 << 23, TD_IOC = 1 << 24,
    TD_ERRORS = 3 << 27, TD_SHORT = 1 << 29,
    TD_STATUS = 0x7f << 17,     /* active, and what went wrong */
    TOKEN_LENGTH_SHIFT = 21, TOKEN_ENDPOINT_SHIFT = 15, TOKEN_ADDRESS_SHIFT = 8,
};

typedef struct {
    guint32 at;
    guint32 link, status, token, buffer;
} Td;

/* What is left of a frame. */
typedef struct {
    guint items;
    gint bytes;
    guint32 seen[SEEN];         /* queues since the last packet that moved something */
    guint n_seen;
    bool moved;                 /* a descriptor is done */
} Frame;

/* ---- Memory ---- */

static void bad_memory(Uhci *s)
{
    device_guest_error(&s->parent.device, "the schedule cannot be read or written");
    s->cmd &= ~CMD_RUN;
    uhci_raise(s, STS_SYSTEM | STS_HALTED, 0);
}

static bool read_words(Uhci *s, guint32 at, guint32 *ret, guint n)
{
    guint8 bytes[16];

    if (!pci_dma_read(&s->parent, at, bytes, 4 * n)) {
        bad_memory(s);
        return false;
    }
    for (guint i = 0; i < n; i++) {
        ret[i] = get_le32(bytes + 4 * i);
    }
    return true;
}

static bool write_word(Uhci *s, guint32 at, guint32 value)
{
    guint8 bytes[4];

    put_le(bytes, value, 4);
    if (!pci_dma_write(&s->parent, at, bytes, 4)) {
        bad_memory(s);
        return false;
    }
    return true;
}

/* ---- Packets ---- */

typedef struct {
    UsbPacket packet;
    Uhci *uhci;
    guint32 buffer;
} UhciPacket;

static bool copy(UsbPacket *packet, gsize offset, void *data, gsize size)
{
    const UhciPacket *p = container_of(packet, UhciPacket, packet);
    guint64 at = (guint64)p->buffer + offset;

    return packet->pid == USB_PID_IN ? pci_dma_write(&p->uhci->parent, at, data, size)
                                     : pci_dma_read(&p->uhci->parent, at, data, size);
}

static guint32 error_bits(UsbResult result)
{
    switch (result) {
    case USB_BABBLE:
        return TD_BABBLE | TD_STALLED;
    case USB_LOST:
        return TD_TIMEOUT | TD_STALLED;
    case USB_BAD_MEMORY:
        return TD_BUFFER | TD_STALLED;
    default:
        return TD_STALLED;
    }
}

static bool is_short(const Td *td, const UsbPacket *packet)
{
    return packet->pid == USB_PID_IN && td->status & TD_SHORT && packet->actual < packet->size;
}

/* Whether the queue goes on to the next descriptor. */
static bool complete(Uhci *s, Td *td, const UsbPacket *packet, UsbResult result)
{
    bool advance = false;

    if (result == USB_NAK) {
        td->status |= TD_NAK;
    } else if (result == USB_ACK) {
        td->status &= ~(guint32)(TD_STATUS | TD_LENGTH);
        td->status |= (packet->actual - 1) & TD_LENGTH;
        advance = !is_short(td, packet);
        uhci_raise(s, td->status & TD_IOC || !advance ? STS_INTERRUPT : 0,
                   (td->status & TD_IOC ? WHY_COMPLETE : 0) | (advance ? 0 : WHY_SHORT));
    } else {
        td->status &= ~(guint32)(TD_ACTIVE | TD_ERRORS | TD_NAK);
        td->status |= error_bits(result);
        uhci_raise(s, STS_ERROR | (td->status & TD_IOC ? STS_INTERRUPT : 0),
                   td->status & TD_IOC ? WHY_COMPLETE : 0);
    }
    return advance;
}

static bool is_pid(guint8 pid)
{
    return pid == USB_PID_IN || pid == USB_PID_OUT || pid == USB_PID_SETUP;
}

/* Executes a descriptor; *ret_moved: it is done, and the frame moves something. */
static bool execute(Uhci *s, Frame *frame, Td *td, bool *ret_moved)
{
    UhciPacket p = { .uhci = s, .buffer = td->buffer };
    bool advance;

    *ret_moved = false;
    if (!(td->status & TD_ACTIVE)) {
        return false;
    }
    if (!is_pid(td->token & 0xff)) {
        device_guest_error(&s->parent.device, "a descriptor has the invalid PID 0x%02x",
                           td->token & 0xff);
        s->cmd &= ~CMD_RUN;
        uhci_raise(s, STS_PROCESS | STS_HALTED, 0);
        return false;
    }
    p.packet.pid = td->token & 0xff;
    p.packet.endpoint = td->token >> TOKEN_ENDPOINT_SHIFT & 0xf;
    p.packet.size = ((td->token >> TOKEN_LENGTH_SHIFT) + 1) & TD_LENGTH;
    p.packet.copy = copy;
    frame->bytes -= p.packet.size;
    advance = complete(s, td, &p.packet,
                       usb_packet(uhci_find(s, td->token >> TOKEN_ADDRESS_SHIFT & 0x7f),
                                  &p.packet));
    *ret_moved = !(td->status & TD_ACTIVE);
    frame->moved = frame->moved || *ret_moved;
    return write_word(s, td->at + 4, td->status) && advance;
}

static bool read_td(Uhci *s, guint32 link, Td *ret)
{
    guint32 words[4];

    if (!read_words(s, link & LINK_ADDRESS, words, 4)) {
        return false;
    }
    *ret = (Td){ link & LINK_ADDRESS, words[0], words[1], words[2], words[3] };
    return true;
}

/* ---- The schedule ---- */

/* Whether a queue was met since the last packet that moved something: then the frame is over. */
static bool meet(Frame *frame, guint32 queue)
{
    for (guint i = 0; i < frame->n_seen; i++) {
        if (frame->seen[i] == queue) {
            return true;
        }
    }
    if (frame->n_seen < SEEN) {
        frame->seen[frame->n_seen++] = queue;
    }
    return false;
}

/* Executes a queue's first descriptors, one, or more if they are linked depth first; returns where
 * the frame goes on. */
static guint32 run_queue(Uhci *s, Frame *frame, guint32 link)
{
    guint32 words[2], at = link & LINK_ADDRESS;
    bool advance = true;

    if (meet(frame, at) || !read_words(s, at, words, 2)) {
        return LINK_END;
    }
    while (advance && !(words[1] & (LINK_END | LINK_QUEUE)) && frame->items && frame->bytes > 0) {
        bool moved, depth;
        Td td;

        frame->items--;
        if (!read_td(s, words[1], &td)) {
            return LINK_END;
        }
        advance = execute(s, frame, &td, &moved);
        depth = td.link & LINK_DEPTH;
        frame->n_seen = moved ? 0 : frame->n_seen;
        if (advance) {
            words[1] = td.link;
            advance = write_word(s, at + 4, words[1]) && depth;
        }
    }
    return s->cmd & CMD_RUN ? words[0] : LINK_END;
}

static bool run_frame(Uhci *s)
{
    Frame frame = { .items = ITEMS, .bytes = BYTES };
    guint32 link;

    if (!read_words(s, s->base + (s->frnum & 0x3ff) * 4, &link, 1)) {
        return true;
    }
    while (!(link & LINK_END) && frame.items && frame.bytes > 0) {
        frame.items--;
        if (link & LINK_QUEUE) {
            link = run_queue(s, &frame, link);
        } else {
            bool moved;
            Td td;

            if (!read_td(s, link, &td)) {
                return true;
            }
            execute(s, &frame, &td, &moved);
            link = s->cmd & CMD_RUN ? td.link : LINK_END;
        }
    }
    return frame.moved;
}

/* ---- Time ---- */

static gint64 frames_passed(const Uhci *s)
{
    gint64 now = clock_now(s->parent.machine->clock, CLOCK_KIND_VIRTUAL);

    return s->cmd & CMD_RUN && now > s->since ? (now - s->since) / UHCI_FRAME : 0;
}

guint16 uhci_frame(const Uhci *s)
{
    return (s->frnum + frames_passed(s)) & FRNUM_MASK;
}

static void set_timer(Uhci *s)
{
    timer_set(s->timer, clock_add(s->since, (s->eager ? 1 : MAX(s->pause, 1)) * UHCI_FRAME));
}

/* Frames that passed long ago are not made up for. */
void uhci_frames_over(void *opaque, gint64 now)
{
    Uhci *s = opaque;
    gint64 passed = frames_passed(s);
    guint n = MIN(passed, MAX_FRAMES);
    bool moved = false;

    s->since += passed * UHCI_FRAME;
    s->frnum = (s->frnum + passed - n) & FRNUM_MASK;
    for (; n && s->cmd & CMD_RUN; n--) {
        moved = run_frame(s) || moved;
        s->frnum = (s->frnum + 1) & FRNUM_MASK;
    }
    if (moved) {
        s->eager = EAGER;
        s->pause = 1;
    } else if (s->eager) {
        s->eager--;
    } else {
        s->pause = MIN(MAX(s->pause, 1) * 2, SLOWEST);
    }
    if (s->cmd & CMD_RUN) {
        set_timer(s);
    }
}

void uhci_start(Uhci *s)
{
    s->since = clock_now(s->parent.machine->clock, CLOCK_KIND_VIRTUAL);
    s->eager = EAGER;
    set_timer(s);
}

void uhci_stop(Uhci *s)
{
    s->frnum = uhci_frame(s);
    timer_cancel(s->timer);
}

/* The frames up to now are executed with the next one. */
void uhci_kick(Uhci *s)
{
    bool waits = !s->eager;

    s->eager = EAGER;
    s->pause = 1;
    if (waits && s->cmd & CMD_RUN) {
        timer_set(s->timer, clock_add(s->since, (frames_passed(s) + 1) * UHCI_FRAME));
    }
}
