/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rig for tests of the KVM accelerator: a VM with one CPU, memory at 0, and a
 * fake machine that records what the guest does.
 *
 * The test's thread holds the machine lock as the main loop would, except while
 * it waits.  Guests are bytes in the tests; they run in real mode from
 * RIG_CODE, unless the test sets another state.  They are written for a KVM
 * that emulates instructions as well as for an ordinary one.
 */
#ifndef TESTS_UNIT_KVM_RIG_H
#define TESTS_UNIT_KVM_RIG_H

#include "cpu/cpu.h"

enum {
    RIG_RAM_SIZE = 0xa0000,
    RIG_CODE = 0x1000,          /* where guests begin, CS 0 */
    RIG_STACK = 0x8000,
    RIG_MMIO = 0xa0000,         /* nothing is there: accesses exit */
    RIG_HANDLER = 0x2000,       /* interrupt handlers of the tests */
    RIG_DONE = 0xf4,            /* port: the guest is done */
};

typedef struct {
    bool pio;
    guint64 address;
    guint size, count;
    bool is_write;
    guint8 data[64];            /* the first bytes */
} RigAccess;

typedef struct Rig Rig;
struct Rig {
    Object *root;
    Accel *accel;
    const AccelOps *ops;
    Cpu *cpu;
    guint8 *ram;
    GMutex lock;                /* the machine lock */
    GCond changed;
    /* All below under the lock. */
    GArray *accesses;           /* of RigAccess; only the first thousand */
    guint64 n_accesses;
    guint64 read_value;         /* what reads return */
    guint n_done, n_resets, n_shutdowns;
    char *internal_error;
    int pic_vector;             /* what the PICs have for the CPU; -1: nothing */
    guint n_eois;
    guint8 eoi_vector;          /* the last one */
    /* Called in each access on the vCPU's thread, lock held; may be NULL. */
    void (*on_access)(Rig *rig, const RigAccess *access);
    void *data;
};

/* Whether KVM can be used; if not, the reason was printed as a TAP plan of no
 * tests.  To be asked in main(). */
bool rig_available(void);

/* A rig whose CPU is ready to run from RIG_CODE; irqchip NULL: "on". */
Rig *rig_new(const char *irqchip);
void rig_free(Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)

/* One more CPU; rig->cpu is the first. */
Cpu *rig_make_cpu(Rig *rig);
Cpu *rig_make_cpu_with_id(Rig *rig, guint32 apic_id);

/* An accelerator alone, made in a tree of its own; NULL and *error. */
Accel *rig_accel_new(Object *root, const char *irqchip, const char *device, GError **error);

/* Puts bytes into RAM. */
void rig_load(Rig *rig, guint address, const guint8 *code, gsize size);
#define RIG_LOAD(rig, address, ...) \
    G_STMT_START { \
        const guint8 rig_bytes[] = { __VA_ARGS__ }; \
        rig_load((rig), (address), rig_bytes, sizeof(rig_bytes)); \
    } G_STMT_END

/* The state that rig_new sets: real mode, RIG_CODE, RIG_STACK. */
void rig_state_real(X86CpuState *state);
/* 64-bit mode at RIG_CODE, with the first 4 GiB mapped one to one (page tables
 * from 0x10000 on). */
void rig_state_long(Rig *rig, X86CpuState *state);
void rig_set_state(Rig *rig, const X86CpuState *state);

void rig_resume(Rig *rig);
void rig_pause(Rig *rig);
/* Lets the lock go until condition holds; fails the test after 20 seconds. */
void rig_wait(Rig *rig, bool (*condition)(Rig *rig));
/* Runs until the guest wrote RIG_DONE, then pauses. */
void rig_run(Rig *rig);
/* Conditions. */
bool rig_is_done(Rig *rig);
bool rig_has_failed(Rig *rig);
bool rig_was_reset(Rig *rig);
/* Forgets what was recorded. */
void rig_clear(Rig *rig);

const RigAccess *rig_access(Rig *rig, guint i);

void rig_slot(Rig *rig, const AccelSlot *add, const AccelSlot *del);

#endif
