/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An accelerator that runs nothing and records what a machine asks of it.
 *
 * It takes the place of class `kvm-accel`, whose own code must not be linked.
 * All members may be read at any time; those under "knobs" may be set.
 * Everything runs on the test's thread, but messages may be sent from any.
 */
#ifndef TESTS_LIB_FAKE_ACCEL_H
#define TESTS_LIB_FAKE_ACCEL_H

#include "cpu/accel.h"
#include "cpu/x86-state.h"

#define FAKE_ACCEL_N_GSIS 24
#define FAKE_ACCEL_N_CHIPS 4

typedef struct {
    bool used;
    AccelMsi msi;
} FakeRoute;

typedef struct {
    guint gsi;
    int fd;
} FakeIrqfd;

typedef struct {
    Accel accel;
    GArray *slots;              /* of AccelSlot: as committed, in order of gpa */
    GArray *ioeventfds;         /* of AccelIoeventfd, in order of their making */
    guint commits;              /* successful slots_commit() calls */
    guint slot_adds, slot_dels; /* that were committed */
    guint64 dirty_gpa;          /* a page that the guest wrote, for dirty_log(); 0: none */
    gint writes;                /* memory_written() calls, from any thread; the last one's: */
    guint64 written_gpa, written_size;
    bool gsi[FAKE_ACCEL_N_GSIS];        /* levels */
    guint gsi_edges[FAKE_ACCEL_N_GSIS]; /* rising edges */
    GArray *routes;             /* of FakeRoute; GSI is index + FAKE_ACCEL_N_GSIS */
    guint route_updates;
    FakeRoute pins[FAKE_ACCEL_N_GSIS];  /* split: what the I/O APIC's pins send */
    bool extint;                /* by set_extint() */
    guint extint_edges;         /* rising ones */
    bool a20_off;               /* by set_a20() */
    GArray *irqfds;             /* of FakeIrqfd; KVM would take what is written there */
    GMutex msi_mutex;           /* for msis and writes */
    GArray *msis;               /* of AccelMsi: sent by msi_send(), and by split pins */
    bool pit;                   /* pit_create() was called */
    bool pit_off;               /* by pit_enable() */
    bool resumed;               /* vCPUs run */
    guint resumes, pauses;
    guint vcpus;                /* that exist */
    guint vcpu_sets;            /* vcpu_set() and vcpu_reset(); and the last state: */
    X86CpuState vcpu_state;
    guint8 chips[FAKE_ACCEL_N_CHIPS];   /* a chip's state is one byte, */
    X86Chip registers[FAKE_ACCEL_N_CHIPS];      /* and these */

    /* Knobs. */
    AccelIrqchip irqchip;       /* default: on */
    guint max_slots;            /* default: 32 */
    bool fail_commit;           /* slots_commit() fails */
    bool fail_pit;              /* pit_create() fails */
    guint max_routes;           /* default: 2048 */
    bool fail_irqfd;            /* irqfd_add() fails */

    GArray *pending;            /* of AccelSlot, between begin and commit */
    guint pending_adds, pending_dels;
} FakeAccel;

/* For object_register_types(). */
extern const TypeInfo *const fake_accel_types[];

/* A new one as child "accel" of root's /objects, complete; borrowed. */
FakeAccel *fake_accel_new(Object *root);

/* The message that a write to the event descriptor of an irqfd would send, or NULL. */
const AccelMsi *fake_accel_irqfd_msi(const FakeAccel *accel, int fd);

/* The slot that gpa lies in, or NULL. */
const AccelSlot *fake_accel_slot(const FakeAccel *accel, guint64 gpa);

/* The last message that msi_send() sent; there must be one. */
static inline const AccelMsi *fake_accel_last_msi(const FakeAccel *accel)
{
    return &g_array_index(accel->msis, AccelMsi, accel->msis->len - 1);
}

#endif
