/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends and acknowledgements of interrupts, passed from local APICs of the
 * accelerator to interrupt controllers of the machine.  The chips register here,
 * so that this folder does not depend on them.
 */
#include "config.h"
#include "hw/machine/machine-internal.h"

typedef struct {
    void (*f)(void *opaque, guint8 vector);
    void *opaque;
} EoiListener;

struct MachineAcks {
    GArray *eoi;                /* of EoiListener */
    int (*intack)(void *opaque);
    void *intack_opaque;
};

struct MachineAcks *machine_acks_new(void)
{
    struct MachineAcks *acks = g_new0(struct MachineAcks, 1);

    acks->eoi = g_array_new(FALSE, FALSE, sizeof(EoiListener));
    return acks;
}

void machine_acks_free(struct MachineAcks *acks)
{
    if (acks) {
        g_array_unref(acks->eoi);
        g_free(acks);
    }
}

static void remove_eoi(GArray *listeners, const void *opaque)
{
    for (guint i = 0; i < listeners->len; i++) {
        if (g_array_index(listeners, EoiListener, i).opaque == opaque) {
            g_array_remove_index(listeners, i);
            return;
        }
    }
}

void machine_set_eoi(Machine *machine, void (*f)(void *opaque, guint8 vector), void *opaque)
{
    const EoiListener listener = { .f = f, .opaque = opaque };

    remove_eoi(machine->acks->eoi, opaque);
    if (f) {
        g_array_append_val(machine->acks->eoi, listener);
    }
}

void machine_set_intack(Machine *machine, int (*f)(void *opaque), void *opaque)
{
    struct MachineAcks *acks = machine->acks;

    if (!acks->intack || acks->intack_opaque == opaque) {
        acks->intack = f;
        acks->intack_opaque = opaque;
    }
}

void machine_tell_eoi(Machine *machine, guint8 vector)
{
    GArray *listeners = machine->acks->eoi;

    for (guint i = 0; i < listeners->len; i++) {
        const EoiListener listener = g_array_index(listeners, EoiListener, i);

        listener.f(listener.opaque, vector);
    }
}

int machine_intack(Machine *machine)
{
    struct MachineAcks *acks = machine->acks;

    return acks->intack ? acks->intack(acks->intack_opaque) : -1;
}
