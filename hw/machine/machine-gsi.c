/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GSIs that data paths set without the machine lock.
 *
 * An accelerator with interrupt controllers takes them from any thread.  Where
 * the controllers are devices, the lock is needed: then the change is recorded,
 * and the next holder of the lock, at the latest the main loop, applies it.  Of
 * several changes in between, the last level and one edge of each kind count: no
 * controller can have more than one rise pending.
 */
#include "config.h"
#include "hw/machine/machine.h"

#include <event2/event.h>

#include "hw/core/irq.h"
#include "hw/machine/machine-internal.h"

enum { N_GSIS = 24 };

/* Bits by GSI. */
typedef struct {
    guint32 level;              /* the last level set */
    guint32 rose, fell;         /* since they were last applied */
} Noted;

struct MachineGsis {
    Machine *machine;
    struct event *event;        /* NULL: lines are set by holders of the lock only */
    GMutex mutex;               /* guards noted; nothing is called while it is held */
    Noted noted;
};

static Noted take_noted(struct MachineGsis *gsis)
{
    Noted noted;

    g_mutex_lock(&gsis->mutex);
    noted = gsis->noted;
    gsis->noted.rose = gsis->noted.fell = 0;
    g_mutex_unlock(&gsis->mutex);
    return noted;
}

/* Machine lock held. */
static void make_so(struct MachineGsis *gsis)
{
    const Noted noted = take_noted(gsis);

    for (guint n = 0; n < N_GSIS; n++) {
        guint32 bit = 1u << n;
        Irq *line = (noted.rose | noted.fell) & bit ? gpio(&gsis->machine->object, "gsi", n) : NULL;

        if (!line) {
            continue;
        }
        if (noted.fell & bit) {
            irq_set(line, false);
        }
        if (noted.rose & bit) {
            irq_set(line, true);
        }
        irq_set(line, noted.level & bit);
    }
}

static void note(struct MachineGsis *gsis, guint gsi, bool level)
{
    guint32 bit = 1u << gsi;

    g_mutex_lock(&gsis->mutex);
    if (level) {
        gsis->noted.rose |= bit & ~gsis->noted.level;
        gsis->noted.level |= bit;
    } else {
        gsis->noted.fell |= bit & gsis->noted.level;
        gsis->noted.level &= ~bit;
    }
    g_mutex_unlock(&gsis->mutex);
}

void machine_set_gsi(Machine *machine, guint gsi, bool level)
{
    Accel *accel = machine->accel;

    if (!accel || gsi >= N_GSIS) {
        return;
    }
    if (accel_ops(accel)->irqchip(accel) == ACCEL_IRQCHIP_ON) {
        accel_ops(accel)->set_gsi(accel, gsi, level);
        return;
    }
    note(machine->gsis, gsi, level);
    if (!machine->lock || fair_lock_mine(machine->lock)) {
        make_so(machine->gsis);
    } else if (machine->gsis->event) {
        event_active(machine->gsis->event, EV_READ, 0);
    }
}

static void gsis_ready(evutil_socket_t fd, short what, void *opaque)
{
    struct MachineGsis *gsis = opaque;

    fair_lock_acquire(gsis->machine->lock);
    make_so(gsis);
    fair_lock_release(gsis->machine->lock);
}

struct MachineGsis *machine_gsis_new(Machine *machine, struct event_base *base)
{
    struct MachineGsis *gsis = g_new0(struct MachineGsis, 1);

    gsis->machine = machine;
    g_mutex_init(&gsis->mutex);
    if (base && machine->lock) {
        gsis->event = event_new(base, -1, 0, gsis_ready, gsis);
        if (!gsis->event) {
            machine_gsis_free(gsis);
            return NULL;
        }
    }
    return gsis;
}

void machine_gsis_free(struct MachineGsis *gsis)
{
    if (!gsis) {
        return;
    }
    if (gsis->event) {
        event_free(gsis->event);
    }
    g_mutex_clear(&gsis->mutex);
    g_free(gsis);
}
