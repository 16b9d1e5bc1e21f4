/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUs: the device class that every CPU model extends.  A CPU is realized by
 * making a vCPU in the accelerator; it runs when the machine does.
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "cpu/accel.h"
#include "cpu/x86-state.h"
#include "qom/device.h"

/* One CPUID leaf as the guest should see it. */
typedef struct {
    guint32 leaf, subleaf;
    bool has_subleaf;
    guint32 eax, ebx, ecx, edx;
} CpuidLeaf;

/* An MSR with which the CPU describes itself. */
typedef struct {
    guint32 index;
    guint64 value;
} CpuMsr;

struct Cpu {
    Device device;
    Accel *accel;               /* held while realized */
    guint index;                /* cpu-index: the number of its place, or, if places are not
                                   limited, the lowest that was free */
    bool listed;                /* in accel->cpus */
    guint32 apic_id;
    CpuIds ids;                 /* its place in the topology */
    int thread_id;              /* of the vCPU's thread; 0: the accelerator has none */
    GArray *cpuid;              /* of CpuidLeaf; for vcpu_create */
    GArray *msrs;               /* of CpuMsr: those that the CPU has; for vcpu_create */
    guint64 tsc_frequency;      /* Hz; 0: the host's */
    void *vcpu;                 /* private to the accelerator */
    /* State that a reset loads into the vCPU: since realize the state after
     * RESET; the board may change it before it resets the CPU (PVH). */
    X86CpuState reset_state;
};

/* Number of realized CPUs in a tree, and the i-th one in order of index. */
guint cpu_count(Object *root);
Cpu *cpu_by_index(Object *root, guint index);

/* Calls f for every realized CPU in order of index. */
void cpu_foreach(Object *root, void (*f)(Cpu *cpu, void *data), void *data);

/* A place for a CPU in the machine's topology. */
typedef struct {
    CpuIds ids;
    guint32 apic_id;
    bool has_node;
    guint32 node;               /* of NUMA, with has_node */
    Cpu *cpu;                   /* borrowed; NULL: it is empty */
} CpuPlace;

/* The NUMA node of a CPU that has its place; false if it is in none. */
bool cpu_node(const Cpu *cpu, guint32 *ret);

/* All places, in the order in which CPUs get them; if their number is not limited, those that are
 * taken, in order of index.  An array of CpuPlace, for the caller to unref.  Machine lock held. */
GArray *cpu_places(Object *root);

/* For the classes below: gives cpu, whose ids are chosen, an index, and lists it among the CPUs of
 * its accelerator.  It is taken out of the list when it is unrealized. */
void cpu_enlist(Cpu *cpu);

/* Whether it is the boot CPU, which runs at power-on; the others wait for a SIPI. */
static inline bool cpu_is_bsp(const Cpu *cpu)
{
    return cpu->index == 0;
}

#endif
