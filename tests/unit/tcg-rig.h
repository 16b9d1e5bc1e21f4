/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rig for tests of the whole CPU in software: a real accelerator with one CPU or several, RAM,
 * ROM, and a fake machine.
 *
 * Each mode has its tables, and a handler for each vector, which tells the fake machine
 * and returns.  So the host sees each event with its frame, may change the frame, and
 * makes the trace that a test compares.  The test's thread holds the machine lock,
 * except while it waits.
 */
#ifndef TESTS_UNIT_TCG_RIG_H
#define TESTS_UNIT_TCG_RIG_H

#include "cpu/cpu.h"
#include "tcg/tcg-accel.h"

enum {
    TCG_RIG_RAM = 0x400000,     /* at 0, and its first ALIAS_SIZE bytes once more at ALIAS */
    TCG_RIG_ALIAS = 0x800000,
    TCG_RIG_ALIAS_SIZE = 0x100000,
    TCG_RIG_ROM = 0x600000,
    TCG_RIG_ROM_SIZE = 0x10000,
    TCG_RIG_CODE = 0x1000,      /* of all modes; CS.base is 0 */
    TCG_RIG_STACK = 0x8000,
    TCG_RIG_KERNEL_STACK = 0x9000,
    TCG_RIG_HANDLERS = 0x3000,  /* 16 bytes a vector */
    TCG_RIG_TABLES = 0x5000,    /* GDT, TSS, IDT, up to 0x8000 */
    TCG_RIG_PAGE_TABLES = 0x10000,      /* up to 0x17000 */
    TCG_RIG_DATA = 0x20000,     /* from here on memory is free */
    TCG_RIG_DONE = 0xf4,        /* port: the guest is done */
    TCG_RIG_EVENT = 0x41,       /* port: of the handlers */
    TCG_RIG_TRACE = 0x42,       /* port: a letter for the trace */
};

typedef enum {
    TCG_RIG_REAL,
    TCG_RIG_PROTECTED16,
    TCG_RIG_PROTECTED32,
    TCG_RIG_USER32,
    TCG_RIG_PAGED32,
    TCG_RIG_PAGED_USER32,
    TCG_RIG_V86,
    TCG_RIG_LONG,
    TCG_RIG_LONG_USER,
    TCG_RIG_N_MODES,
} TcgRigMode;

enum { TCG_RIG_MAX_CPUS = 8 };

typedef struct {
    guint8 vector;
    guint32 error;
    guint64 rip;
    guint32 flags;
} TcgRigEvent;

typedef struct TcgRig TcgRig;
struct TcgRig {
    Object *root;
    Accel *accel;
    const AccelOps *ops;
    Cpu *cpu;                   /* the first */
    Cpu *cpus[TCG_RIG_MAX_CPUS];
    guint n_cpus;
    guint8 *ram, *rom;
    TcgRigMode mode;
    GMutex lock;                /* the machine lock */
    GCond changed;
    /* All below under the lock. */
    GString *trace;
    gint64 virtual_time;        /* stands still; atomic */
    GRand *random;              /* what reads return; NULL: zeros */
    guint n_done, n_resets, n_events;
    guint wanted;               /* this many CPUs must be done for a run to end */
    guint max_events;           /* this many end the run as well; 0: no bound */
    char *internal_error;
    /* Called for each event, on the vCPU's thread; what it makes of rip and flags is what
     * the handler returns to.  NULL: traces it. */
    void (*on_event)(TcgRig *rig, TcgRigEvent *event);
    /* Called for each write to where no memory is, and to a port that is none of the rig's.  NULL:
     * ignored. */
    void (*on_device)(TcgRig *rig);
    void *data;
};

/* A rig with tb-size 1, or with as many MiB as asked for. */
TcgRig *tcg_rig_new(void);
TcgRig *tcg_rig_new_sized(guint tb_size);
/* The same with several CPUs, all of which have to be done. */
TcgRig *tcg_rig_new_smp(guint n_cpus, guint tb_size);
void tcg_rig_free(TcgRig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcgRig, tcg_rig_free)

/* Fills memory with a mode's tables and handlers, and ret_state with registers. */
void tcg_rig_mode(TcgRig *rig, TcgRigMode mode, X86CpuState *ret_state);
/* Puts bytes into RAM; the CPU is told. */
void tcg_rig_load(TcgRig *rig, guint address, const void *bytes, gsize size);
void tcg_rig_reset(TcgRig *rig, const X86CpuState *state);
/* That of one CPU. */
void tcg_rig_reset_cpu(TcgRig *rig, guint i, const X86CpuState *state);
/* Runs until the guest is done, has caused a reset or max_events; or microseconds have
 * passed, if that is not 0.  Then pauses. */
void tcg_rig_run(TcgRig *rig, guint64 microseconds);
/* Its three steps, for a test that does something while the guest runs. */
void tcg_rig_begin(TcgRig *rig);
void tcg_rig_wait(TcgRig *rig, guint64 microseconds);
void tcg_rig_end(TcgRig *rig);
/* Adds a line to the trace. */
void tcg_rig_trace_event(TcgRig *rig, const TcgRigEvent *event);

#endif
