/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places of CPUs in a machine, and their APIC ids: an APIC id consists of the
 * numbers of socket, die, core and thread, each in as many bits as the topology
 * needs.  SDM vol.  3A, section 9.9.
 *
 * Pure functions.
 */
#ifndef CPU_TOPOLOGY_H
#define CPU_TOPOLOGY_H

#include <glib.h>
#include <stdbool.h>

/* How many of each there are in the next larger unit.  0 counts as 1, except
 * for sockets as unlimited: an all-zero topology has each CPU in its own
 * socket. */
typedef struct {
    guint32 sockets, dies, cores, threads;
} CpuTopology;

/* Numbers from 0, each within the next larger unit. */
typedef struct {
    guint32 socket, die, core, thread;
} CpuIds;

/* Bits of an APIC id below those of the core, of the die and of the socket. */
guint topology_core_shift(const CpuTopology *topology);
guint topology_die_shift(const CpuTopology *topology);
guint topology_socket_shift(const CpuTopology *topology);

/* CPUs in a core, in a die, in a socket. */
guint32 topology_threads_per_core(const CpuTopology *topology);
guint32 topology_threads_per_die(const CpuTopology *topology);
guint32 topology_threads_per_socket(const CpuTopology *topology);

guint32 topology_apic_id(const CpuTopology *topology, const CpuIds *ids);
CpuIds topology_ids(const CpuTopology *topology, guint32 apic_id);

/* How many places there are for CPUs; 0: without limit. */
guint32 topology_n_places(const CpuTopology *topology);

/* The place of the index-th CPU, counted through threads, cores, dies, sockets. */
CpuIds topology_ids_of_index(const CpuTopology *topology, guint32 index);

/* Its inverse. */
guint32 topology_index_of_ids(const CpuTopology *topology, const CpuIds *ids);
/* The NUMA nodes that places are in. */
typedef struct {
    guint n;                    /* how many there are; 0: no place is in any */
    const guint8 *of_place;     /* the node of each place, by index, or CPU_NO_NODE; NULL: sockets
                                   are dealt out to the nodes in turn */
} CpuNodes;
enum { CPU_NO_NODE = 0xff };

/* The node of a place; false if it has none. */
bool topology_node(const CpuTopology *topology, const CpuNodes *nodes, const CpuIds *ids,
                   guint32 *ret);

/* Name of the first id that the topology has no room for ("core-id"), or NULL. */
const char *topology_check(const CpuTopology *topology, const CpuIds *ids);

#endif
