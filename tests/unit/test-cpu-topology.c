/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places of CPUs and APIC ids; the state after a reset.
 */
#include "config.h"
#include "cpu/topology.h"

#include "cpu/x86-state.h"

/* An all-zero topology: each CPU in its own socket. */
static void test_none(void)
{
    const CpuTopology none = { 0 };
    CpuIds ids = topology_ids_of_index(&none, 5);

    g_assert_cmpuint(ids.socket, ==, 5);
    g_assert_cmpuint(ids.core, ==, 0);
    g_assert_cmpuint(topology_apic_id(&none, &ids), ==, 5);
    g_assert_cmpuint(topology_threads_per_socket(&none), ==, 1);
    g_assert_cmpuint(topology_socket_shift(&none), ==, 0);
    g_assert_null(topology_check(&none, &ids));
    g_assert_cmpuint(topology_n_places(&none), ==, 0);
}

/* 3 cores need 2 bits, so ids have gaps. */
static void test_gaps(void)
{
    const CpuTopology topology = { .sockets = 2, .cores = 3, .threads = 2 };
    CpuIds ids = topology_ids_of_index(&topology, 11);

    g_assert_cmpuint(topology_core_shift(&topology), ==, 1);
    g_assert_cmpuint(topology_die_shift(&topology), ==, 3);
    g_assert_cmpuint(topology_socket_shift(&topology), ==, 3);
    g_assert_cmpuint(ids.socket, ==, 1);
    g_assert_cmpuint(ids.core, ==, 2);
    g_assert_cmpuint(ids.thread, ==, 1);
    g_assert_cmpuint(topology_apic_id(&topology, &ids), ==, 13);
    g_assert_cmpuint(topology_n_places(&topology), ==, 12);
}

/* Every CPU has an id of its own, from which its place comes back. */
static void test_round_trip(void)
{
    const CpuTopology topology = { .sockets = 3, .dies = 2, .cores = 5, .threads = 2 };
    guint32 last = 0;

    for (guint32 i = 0; i < 60; i++) {
        CpuIds ids = topology_ids_of_index(&topology, i);
        guint32 apic_id = topology_apic_id(&topology, &ids);
        CpuIds back = topology_ids(&topology, apic_id);

        g_assert_null(topology_check(&topology, &ids));
        g_assert_true(i == 0 || apic_id > last);
        g_assert_cmpuint(back.socket, ==, ids.socket);
        g_assert_cmpuint(back.die, ==, ids.die);
        g_assert_cmpuint(back.core, ==, ids.core);
        g_assert_cmpuint(back.thread, ==, ids.thread);
        last = apic_id;
    }
}

static void test_check(void)
{
    const CpuTopology topology = { .sockets = 2, .dies = 2, .cores = 3, .threads = 2 };

    g_assert_cmpstr(topology_check(&topology, &(CpuIds){ .socket = 2 }), ==, "socket-id");
    g_assert_cmpstr(topology_check(&topology, &(CpuIds){ .die = 2 }), ==, "die-id");
    g_assert_cmpstr(topology_check(&topology, &(CpuIds){ .core = 3 }), ==, "core-id");
    g_assert_cmpstr(topology_check(&topology, &(CpuIds){ .thread = 2 }), ==, "thread-id");
    g_assert_null(topology_check(&topology, &(CpuIds){ 1, 1, 2, 1 }));
}

/* SDM vol. 3A, table 10-1. */
static void test_reset_state(void)
{
    X86CpuState state;

    x86_state_reset(&state, true);
    g_assert_cmphex(state.segment[X86_CS].base + state.rip, ==, 0xfffffff0);
    g_assert_cmphex(state.segment[X86_CS].selector, ==, 0xf000);
    g_assert_cmphex(state.segment[X86_DS].limit, ==, 0xffff);
    g_assert_cmphex(state.rflags, ==, 2);
    g_assert_cmphex(state.cr0, ==, 0x60000010);
    g_assert_cmphex(state.apic_base, ==, 0xfee00900);
    g_assert_cmphex(state.efer | state.cr3 | state.cr4, ==, 0);
    g_assert_false(state.wait_for_sipi);

    x86_state_reset(&state, false);
    g_assert_cmphex(state.apic_base, ==, 0xfee00800);
    g_assert_true(state.wait_for_sipi);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/topology/none", test_none);
    g_test_add_func("/cpu/topology/gaps", test_gaps);
    g_test_add_func("/cpu/topology/round-trip", test_round_trip);
    g_test_add_func("/cpu/topology/check", test_check);
    g_test_add_func("/cpu/state/reset", test_reset_state);
    return g_test_run();
}
