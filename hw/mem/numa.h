/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NUMA nodes of a machine, as its property `numa` describes them step by step.
 *
 *     Numa *numa = numa_new(&topology, hmat);
 *
 *     numa_add(numa, options->items[0], &error);       as often as needed
 *     numa_check(numa, ram_size, &error);              nothing is missing
 *     numa_set(machine, numa);                         the machine has it now
 *
 * Rules and figures are those of QEMU's `-numa`, but that a CPU must be in a node if any is
 * put into one.  Pure data, apart from the last step.  Machine lock held.
 */
#ifndef HW_MEM_NUMA_H
#define HW_MEM_NUMA_H

#include "hw/backends/memory-backend.h"
#include "hw/machine/machine.h"
#include "qmp/qapi-types-numa.h"

enum {
    NUMA_MAX_NODES = 128,
    NUMA_LOCAL_DISTANCE = 10,
    NUMA_LEVELS = HMAT_LB_MEMORY_HIERARCHY__MAX,        /* memory and its caches */
    NUMA_NO_NODE = NUMA_MAX_NODES,
};

typedef struct {
    bool has_cpus;
    bool has_mem;                       /* `mem` was given */
    bool has_latency, has_bandwidth;    /* of its memory are known */
    guint64 size;                       /* bytes of memory */
    MemoryBackend *backend;             /* or NULL; the machine's property holds it */
    guint initiator;                    /* NUMA_NO_NODE: not said */
    guint8 distances[NUMA_MAX_NODES];   /* to each node; 0: not said */
    NumaHmatCacheOptions caches[NUMA_LEVELS];   /* by level; level 0: there is none */
} NumaNode;

/* A latency in nanoseconds, or a bandwidth in bytes per second. */
typedef struct {
    guint16 initiator, target;
    guint64 value;
} NumaSpeed;

/* What is said of one kind of access to one level. */
typedef struct {
    GArray *speeds;             /* of NumaSpeed; NULL: nothing */
    guint64 base;               /* what all of them are multiples of */
} NumaSpeeds;

typedef struct {
    CpuTopology topology;       /* sockets 0: CPUs cannot be named */
    bool hmat;
    guint n_nodes;
    guint n_numbers;            /* the highest number of a node, and 1 */
    NumaNode *nodes[NUMA_MAX_NODES];    /* NULL: not present */
    guint8 *of_place;           /* as in CpuNodes; NULL: no CPU was put into a node */
    bool has_distances;
    NumaSpeeds speeds[NUMA_LEVELS][HMAT_LB_DATA_TYPE__MAX];
} Numa;

/* hmat: the machine's property of that name is on. */
Numa *numa_new(const CpuTopology *topology, bool hmat);
void numa_free(Numa *numa);                     /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Numa, numa_free)

/* Adds a step.  Fails with invalid-value, out-of-range, property-missing, in-use or
 * not-supported, naming the member (`cpus`); numa may be used no more then. */
bool numa_add(Numa *numa, const NumaOptions *options, GError **error);
/* Makes the only node, which has all RAM and all CPUs. */
void numa_add_only(Numa *numa, guint64 ram_size);

/* Checks that nothing is missing for a machine with that much RAM, and completes what may
 * be left out.  Fails with invalid-value or property-missing, without a path. */
bool numa_check(Numa *numa, guint64 ram_size, GError **error);

/* Bytes of all nodes. */
guint64 numa_memory(const Numa *numa);
/* Whether nodes have memory backends. */
bool numa_has_backends(const Numa *numa);

/* ---- The machine's ---- */

/* Gives it to a machine, whose former one is freed, and tells the accelerator which node a
 * CPU is in.  NULL: there are no nodes. */
void numa_set(Machine *machine, Numa *numa);
/* The machine's, or NULL. */
Numa *numa_of(const Machine *machine);
/* That a machine has this node, for the property `node` of a device.  Fails with
 * out-of-range. */
bool numa_check_node(const Machine *machine, guint32 node, GError **error);

/* ---- Among the files of this module ---- */

/* Notes that a node has CPUs; member names what put them there, or is NULL. */
bool numa_take_cpus(Numa *numa, guint number, const char *member, GError **error);

/* Parts of numa_add() and numa_check(), of the same errors. */
bool numa_add_speed(Numa *numa, const NumaHmatLBOptions *options, GError **error);
bool numa_add_cache(Numa *numa, const NumaHmatCacheOptions *options, GError **error);
bool numa_check_initiators(const Numa *numa, GError **error);

#endif
