/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: interrupts.  SDM sections 13.4.17 to 13.4.21 (causes and masks), 13.4.18
 * (ITR), 13.4.30 to 13.4.31 and 13.4.44 to 13.4.46 (delays after frames).
 *
 * Frames are handled without the machine lock, so their events are first
 * recorded in `events`, and become causes and delays when the lock is held.
 */
#include "config.h"
#include "hw/net/e1000.h"
#include "qom/qapi-objects-net.h"
#include "qom/qapi-trace.h"

static gint64 now_of(const E1000 *s)
{
    return clock_now(s->machine->clock, CLOCK_KIND_VIRTUAL);
}

static bool mitigates(const E1000 *s)
{
    return e1000_props(s)->mitigation;
}

/* ---- Delays ---- */

/* Handles an event: `delay` restarts with each, `absolute` only with the first.
 * True: no delay is set, so the cause is raised immediately. */
static bool start_delay(E1000 *s, Timer *timer, guint32 delay, guint32 absolute,
                        bool *running, gint64 *absolute_deadline)
{
    gint64 now = now_of(s);

    if (!mitigates(s) || !delay) {
        return true;
    }
    if (!*running) {
        *running = true;
        *absolute_deadline = absolute ? clock_add(now, (gint64)absolute * E1000_DELAY_NS)
                                      : CLOCK_NEVER;
    }
    timer_set(timer, MIN(clock_add(now, (gint64)delay * E1000_DELAY_NS), *absolute_deadline));
    return false;
}

/* Turns recorded events into causes, now or after a delay. */
static void take_events(E1000 *s)
{
    guint32 events = s->events;

    s->events = 0;
    s->icr |= events & ICR_CAUSES;
    if (events & E1000_EVENT_RX &&
        start_delay(s, s->rx_timer, s->rdtr, s->radv, &s->rx_delayed,
                    &s->rx_absolute)) {
        s->icr |= ICR_RXT0;
    }
    if (events & E1000_EVENT_TX &&
        start_delay(s, s->tx_timer, s->tidv, s->tadv, &s->tx_delayed,
                    &s->tx_absolute)) {
        s->icr |= ICR_TXDW;
    }
}

/* Ends running delays. */
static void end_rx_delay(E1000 *s)
{
    s->icr |= s->rx_delayed ? ICR_RXT0 : 0;
    s->rx_delayed = false;
    timer_cancel(s->rx_timer);
}

static void end_tx_delay(E1000 *s)
{
    s->icr |= s->tx_delayed ? ICR_TXDW : 0;
    s->tx_delayed = false;
    timer_cancel(s->tx_timer);
}

void e1000_rx_delayed(void *opaque, gint64 now)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    end_rx_delay(s);
    e1000_update_irq(s);
    g_mutex_unlock(&s->mutex);
}

void e1000_tx_delayed(void *opaque, gint64 now)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    end_tx_delay(s);
    e1000_update_irq(s);
    g_mutex_unlock(&s->mutex);
}

/* ---- The line ---- */

void e1000_note(E1000 *s, guint32 events)
{
    s->events |= events;
}

/* 13.4.18: assertions are at least ITR units apart. */
void e1000_update_irq(E1000 *s)
{
    bool before = s->asserted;

    take_events(s);
    if (!(s->icr & s->ims)) {
        s->asserted = false;
    } else if (!s->asserted && !timer_pending(s->itr_timer)) {
        s->asserted = true;
        if (mitigates(s) && s->itr) {
            timer_set_after(s->itr_timer, (gint64)s->itr * E1000_ITR_NS);
        }
    }
    if (s->asserted != before) {
        trace_e1000_interrupt(s, s->asserted, s->icr, s->ims);
    }
    pci_set_intx(&s->parent, s->asserted);
}

void e1000_throttled(void *opaque, gint64 now)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    e1000_update_irq(s);
    g_mutex_unlock(&s->mutex);
}

void e1000_reset_irq(E1000 *s)
{
    timer_cancel(s->itr_timer);
    timer_cancel(s->rx_timer);
    timer_cancel(s->tx_timer);
    s->events = 0;
    s->rx_delayed = s->tx_delayed = false;
    e1000_update_irq(s);
}

/* Ends a delay that nothing would end, which only an invalid state has. */
void e1000_irq_loaded(E1000 *s)
{
    if (!timer_pending(s->rx_timer)) {
        end_rx_delay(s);
    }
    if (!timer_pending(s->tx_timer)) {
        end_tx_delay(s);
    }
    e1000_update_irq(s);
}

/* ---- Registers ---- */

guint32 e1000_read_icr(E1000 *s)
{
    guint32 value;

    take_events(s);
    value = s->icr;
    s->icr = 0;
    e1000_update_irq(s);
    return value;
}

/* FPD ends a running delay. */
void e1000_write_rdtr(E1000 *s, guint32 value)
{
    s->rdtr = value & 0xffff;
    if (value & RDTR_FPD) {
        end_rx_delay(s);
        e1000_update_irq(s);
    }
}
