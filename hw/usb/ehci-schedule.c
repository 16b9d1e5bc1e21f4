/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schedules of an EHCI controller: the periodic one, a list for each frame (EHCI 3.3, 4.6), and
 * the asynchronous one, a circle of queues (4.8).
 *
 * A driver puts work on them by writes to memory only, so while one is enabled, it is looked at: in
 * each frame or microframe while something moves, and less and less often while nothing does.  A
 * device that has something to say, and writes to registers, end such a pause.  A run executes the
 * frames that have passed.  Without an enabled schedule there is no timer: FRINDEX comes from the
 * clock.
 *
 * A guest may link the lists as it likes; a run ends when its budget is used up.
 */
#include "config.h"
#include "hw/usb/ehci-internal.h"

#include "qmp/bytes.h"
#include "qom/guest-error.h"

enum { ITEMS = 256, FRAME_ITEMS = 128, BYTES = 1 << 18, EAGER = 32, MAX_FRAMES = 64 };
/* Microframes between two runs: the least and the most. */
enum { ASYNC_PAUSE = 1, ASYNC_SLOWEST = 64, PERIODIC_PAUSE = 8, PERIODIC_SLOWEST = 512 };

/* ---- Memory ---- */

static void bad_memory(Ehci *s)
{
    device_guest_error(&s->parent.device, "the schedule cannot be read or written");
    ehci_sync(s);
    s->cmd &= ~(guint32)CMD_RUN;
    ehci_raise(s, STS_SYSTEM | STS_HALTED);
}

bool ehci_read(Ehci *s, guint32 at, guint32 *ret, guint n)
{
    guint8 bytes[4 * EHCI_QUEUE_WORDS];

    if (!pci_dma_read(&s->parent, at, bytes, 4 * n)) {
        bad_memory(s);
        return false;
    }
    for (guint i = 0; i < n; i++) {
        ret[i] = get_le32(bytes + 4 * i);
    }
    return true;
}

bool ehci_write(Ehci *s, guint32 at, const guint32 *words, guint n)
{
    guint8 bytes[4 * EHCI_QUEUE_WORDS];

    for (guint i = 0; i < n; i++) {
        put_le(bytes + 4 * i, words[i], 4);
    }
    if (!pci_dma_write(&s->parent, at, bytes, 4 * n)) {
        bad_memory(s);
        return false;
    }
    return true;
}

/* ---- Isochronous transfers: each fails, as if nobody answered ---- */

enum { ITD_WORDS = 9, SITD_WORDS = 4, SITD_STATE = 3, SITD_ACTIVE = 1 << 7, SITD_LOST = 1 << 3,
       ITD_IOC = 1 << 15, ITD_LOST = 1 << 28, ITD_LENGTH = 0xfff << 16 };
#define ITD_ACTIVE (1u << 31)
#define SITD_IOC (1u << 31)

static bool refuse(Ehci *s, guint32 at, guint32 *word, guint32 active, guint32 lost, guint32 ioc)
{
    if (!(*word & active)) {
        return true;
    }
    *word = (*word & ~active) | lost;
    ehci_raise(s, STS_ERROR | (*word & ioc ? STS_INTERRUPT : 0));
    return ehci_write(s, at, word, 1);
}

static bool refuse_itd(Ehci *s, guint32 at, guint32 *ret_link)
{
    guint32 words[ITD_WORDS];

    if (!ehci_read(s, at, words, ITD_WORDS)) {
        return false;
    }
    for (guint i = 1; i < ITD_WORDS; i++) {
        words[i] &= words[i] & ITD_ACTIVE ? ~(guint32)ITD_LENGTH : G_MAXUINT32;
        if (!refuse(s, at + 4 * i, &words[i], ITD_ACTIVE, ITD_LOST, ITD_IOC)) {
            return false;
        }
    }
    *ret_link = words[0];
    return true;
}

static bool refuse_sitd(Ehci *s, guint32 at, guint32 *ret_link)
{
    guint32 words[SITD_WORDS];

    if (!ehci_read(s, at, words, SITD_WORDS) ||
        !refuse(s, at + 4 * SITD_STATE, &words[SITD_STATE], SITD_ACTIVE, SITD_LOST, SITD_IOC)) {
        return false;
    }
    *ret_link = words[0];
    return true;
}

/* ---- The periodic schedule ---- */

static guint count_bits(guint32 bits)
{
    guint n = 0;

    for (; bits; bits &= bits - 1) {
        n++;
    }
    return n;
}

/* A queue has a transfer in each microframe that its S-mask names. */
static bool run_interrupts(Ehci *s, EhciBudget *budget, guint32 at, guint32 *ret_link)
{
    guint32 words[EHCI_QUEUE_WORDS];

    if (!ehci_read(s, at, words, EHCI_QUEUE_WORDS)) {
        return false;
    }
    ehci_run_queue(s, budget, at, words, count_bits(words[EHCI_QUEUE_USE] & EHCI_QUEUE_SLOTS));
    *ret_link = words[EHCI_QUEUE_LINK];
    return s->cmd & CMD_RUN;
}

/* Executes an element of a list; false: the run is over. */
static bool run_element(Ehci *s, EhciBudget *budget, guint32 *link)
{
    guint32 at = *link & LINK_ADDRESS;

    switch (*link & LINK_TYPE) {
    case LINK_ITD:
        return refuse_itd(s, at, link);
    case LINK_SITD:
        return refuse_sitd(s, at, link);
    case LINK_FSTN:             /* its normal path (4.12.2.2) */
        return ehci_read(s, at, link, 1);
    default:
        return run_interrupts(s, budget, at, link);
    }
}

static bool run_frame(Ehci *s, guint32 frame)
{
    EhciBudget budget = { .items = FRAME_ITEMS, .bytes = BYTES };
    guint32 link;

    if (!ehci_read(s, s->periodic + (frame & LIST_MASK) * 4, &link, 1)) {
        return false;
    }
    while (!(link & LINK_END) && budget.items) {
        budget.items--;
        if (!run_element(s, &budget, &link)) {
            break;
        }
    }
    return budget.moved;
}

/* Executes the frames that have passed since the last run, but for those too long ago. */
static bool run_periodic(Ehci *s)
{
    guint32 now = s->frindex >> 3;
    guint n = MIN((now - s->frame) & FRAME_MASK, MAX_FRAMES);
    bool moved = false;

    for (guint i = n; i-- && s->cmd & CMD_RUN;) {
        moved = run_frame(s, now - i) || moved;
    }
    return moved;
}

/* ---- The asynchronous schedule ---- */

/* Goes once around the circle.  The address register stays at the head, which drivers do not
 * remove, unless the budget ends on the way. */
static bool run_async(Ehci *s)
{
    EhciBudget budget = { .items = ITEMS, .bytes = BYTES };
    guint32 words[EHCI_QUEUE_WORDS], at = s->async, first = at, head = 0;
    bool around = false;

    while (!around && budget.items && budget.bytes > 0) {
        budget.items--;
        if (!ehci_read(s, at, words, EHCI_QUEUE_WORDS)) {
            return false;
        }
        head = words[EHCI_QUEUE_ENDPOINT] & EHCI_QUEUE_HEAD ? at : head;
        ehci_run_queue(s, &budget, at, words, G_MAXUINT);
        if (words[EHCI_QUEUE_LINK] & LINK_END || !(s->cmd & CMD_RUN)) {
            break;
        }
        at = words[EHCI_QUEUE_LINK] & LINK_ADDRESS;
        around = at == first || at == head;
    }
    s->async = around && head ? head : at;
    return budget.moved;
}

void ehci_doorbell(Ehci *s)
{
    guint32 words[2], at = s->async;

    for (guint i = 0; i < ITEMS && s->cmd & CMD_RUN && s->cmd & CMD_ASYNC; i++) {
        if (!ehci_read(s, at, words, 2)) {
            return;
        }
        if (words[EHCI_QUEUE_ENDPOINT] & EHCI_QUEUE_HEAD || words[EHCI_QUEUE_LINK] & LINK_END) {
            s->async = at;
            break;
        }
        at = words[EHCI_QUEUE_LINK] & LINK_ADDRESS;
    }
    ehci_raise(s, STS_DOORBELL);
}

/* ---- Time ---- */

void ehci_sync(Ehci *s)
{
    gint64 now = clock_now(s->parent.machine->clock, CLOCK_KIND_VIRTUAL);
    gint64 passed = (now - s->since) / EHCI_MICROFRAME;

    if (!(s->cmd & CMD_RUN) || passed <= 0) {
        return;
    }
    if (s->frindex % FRINDEX_ROLLOVER + passed >= FRINDEX_ROLLOVER) {
        ehci_raise(s, STS_ROLLOVER);
    }
    s->frindex = (s->frindex + passed) & FRINDEX_MASK;
    s->since += passed * EHCI_MICROFRAME;
}

static bool has_schedule(const Ehci *s)
{
    return s->cmd & (CMD_PERIODIC | CMD_ASYNC);
}

/* Microframes until the next run, or until the guest wants to know that FRINDEX rolls over; 0:
 * never. */
static guint next_run(Ehci *s)
{
    guint fastest = s->cmd & CMD_ASYNC ? ASYNC_PAUSE : PERIODIC_PAUSE, n = 0;

    if (has_schedule(s)) {
        n = s->eager ? fastest : MAX(s->pause, fastest);
    }
    if (s->intr & STS_ROLLOVER) {
        guint left = FRINDEX_ROLLOVER - s->frindex % FRINDEX_ROLLOVER;

        n = n ? MIN(n, left) : left;
    }
    return n;
}

static void set_timer(Ehci *s)
{
    guint n = s->cmd & CMD_RUN ? next_run(s) : 0;

    if (n) {
        timer_set(s->timer, clock_add(s->since, n * EHCI_MICROFRAME));
    } else {
        timer_cancel(s->timer);
    }
}

static void hurry(Ehci *s)
{
    s->eager = EAGER;
    s->pause = ASYNC_PAUSE;
}

/* A run that comes soon is not put off. */
void ehci_kick(Ehci *s)
{
    bool soon = s->eager && timer_pending(s->timer);

    hurry(s);
    if (!soon) {
        ehci_sync(s);
        set_timer(s);
    }
}

void ehci_set_command(Ehci *s, guint32 value)
{
    guint32 started = value & ~s->cmd;

    ehci_sync(s);
    s->cmd = value;
    if (started & CMD_RUN) {
        s->since = clock_now(s->parent.machine->clock, CLOCK_KIND_VIRTUAL);
    }
    if (started & (CMD_RUN | CMD_PERIODIC)) {
        s->frame = s->frindex >> 3;
    }
    s->sts = (s->sts & ~(guint32)STS_HALTED) | (value & CMD_RUN ? 0 : STS_HALTED);
    hurry(s);
    set_timer(s);
}

static void slow_down(Ehci *s)
{
    guint slowest = s->cmd & CMD_ASYNC ? ASYNC_SLOWEST : PERIODIC_SLOWEST;

    if (s->eager) {
        s->eager--;
    } else {
        s->pause = MIN(MAX(s->pause, s->cmd & CMD_ASYNC ? ASYNC_PAUSE : PERIODIC_PAUSE) * 2,
                       slowest);
    }
}

void ehci_run(void *opaque, gint64 now)
{
    Ehci *s = opaque;
    bool moved = false;

    ehci_sync(s);
    if (s->cmd & CMD_PERIODIC) {
        moved = run_periodic(s);
    }
    s->frame = s->frindex >> 3;
    if (s->cmd & CMD_RUN && s->cmd & CMD_ASYNC) {
        moved = run_async(s) || moved;
    }
    if (moved) {
        hurry(s);
    } else {
        slow_down(s);
    }
    set_timer(s);
}
