/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Topology: conversion between places, indices and APIC ids.
 */
#include "config.h"
#include "cpu/topology.h"

/* Bits that numbers from 0 to n - 1 need. */
static guint bits(guint32 n)
{
    return n > 1 ? g_bit_storage(n - 1) : 0;
}

guint topology_core_shift(const CpuTopology *topology)
{
    return bits(topology->threads);
}

guint topology_die_shift(const CpuTopology *topology)
{
    return topology_core_shift(topology) + bits(topology->cores);
}

guint topology_socket_shift(const CpuTopology *topology)
{
    return topology_die_shift(topology) + bits(topology->dies);
}

guint32 topology_threads_per_core(const CpuTopology *topology)
{
    return MAX(topology->threads, 1);
}

guint32 topology_threads_per_die(const CpuTopology *topology)
{
    return MAX(topology->cores, 1) * topology_threads_per_core(topology);
}

guint32 topology_threads_per_socket(const CpuTopology *topology)
{
    return MAX(topology->dies, 1) * topology_threads_per_die(topology);
}

guint32 topology_apic_id(const CpuTopology *topology, const CpuIds *ids)
{
    return ids->socket << topology_socket_shift(topology) |
           ids->die << topology_die_shift(topology) |
           ids->core << topology_core_shift(topology) | ids->thread;
}

/* Bits [from, to) of value. */
static guint32 field(guint32 value, guint from, guint to)
{
    return value >> from & ((1u << (to - from)) - 1);
}

CpuIds topology_ids(const CpuTopology *topology, guint32 apic_id)
{
    guint core = topology_core_shift(topology);
    guint die = topology_die_shift(topology);
    guint socket = topology_socket_shift(topology);

    return (CpuIds){
        .socket = apic_id >> socket,
        .die = field(apic_id, die, socket),
        .core = field(apic_id, core, die),
        .thread = field(apic_id, 0, core),
    };
}

guint32 topology_n_places(const CpuTopology *topology)
{
    return topology->sockets * topology_threads_per_socket(topology);
}

CpuIds topology_ids_of_index(const CpuTopology *topology, guint32 index)
{
    guint32 threads = topology_threads_per_core(topology);

    return (CpuIds){
        .socket = index / topology_threads_per_socket(topology),
        .die = index / topology_threads_per_die(topology) % MAX(topology->dies, 1),
        .core = index / threads % MAX(topology->cores, 1),
        .thread = index % threads,
    };
}

guint32 topology_index_of_ids(const CpuTopology *topology, const CpuIds *ids)
{
    return ids->socket * topology_threads_per_socket(topology) +
           ids->die * topology_threads_per_die(topology) +
           ids->core * topology_threads_per_core(topology) + ids->thread;
}

bool topology_node(const CpuTopology *topology, const CpuNodes *nodes, const CpuIds *ids,
                   guint32 *ret)
{
    if (!nodes->n) {
        return false;
    }
    *ret = nodes->of_place ? nodes->of_place[topology_index_of_ids(topology, ids)]
                           : ids->socket % nodes->n;
    return *ret != CPU_NO_NODE;
}

const char *topology_check(const CpuTopology *topology, const CpuIds *ids)
{
    if (topology->sockets && ids->socket >= topology->sockets) {
        return "socket-id";
    }
    if (ids->die >= MAX(topology->dies, 1)) {
        return "die-id";
    }
    if (ids->core >= MAX(topology->cores, 1)) {
        return "core-id";
    }
    if (ids->thread >= topology_threads_per_core(topology)) {
        return "thread-id";
    }
    return NULL;
}
