/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/mem/numa.c, numa-check.c and numa-hmat.c: what steps make, and which are refused.
 */
#include "config.h"
#include "hw/mem/numa.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/options.h"

#define MIB (G_GUINT64_CONSTANT(1) << 20)

/* 2 sockets of 2 cores of 2 threads. */
static const CpuTopology eight = { .sockets = 2, .cores = 2, .threads = 2 };

#define ALL_CPUS "node,mem=64M,cpus=0-3", "node,mem=64M,cpus=4-7"
#define LATENCY "hmat-lb,hierarchy=memory,data-type=access-latency,"
#define BANDWIDTH "hmat-lb,hierarchy=memory,data-type=access-bandwidth,"
#define CACHE "hmat-cache,associativity=direct,policy=write-back,line=64,"

static bool add(Numa *numa, const char *text, GError **error)
{
    g_autoptr(QmpOptions) options = qmp_options_parse(text, "type", 0, NULL);
    NumaOptions *step = NULL;
    bool ok;

    g_assert_nonnull(options);
    g_assert_true(qmp_options_decode(options, &qmp_type_NumaOptions, &step, error));
    ok = numa_add(numa, step, error);
    qmp_clear(&qmp_type_NumaOptions, &step);
    return ok;
}

/* Of the steps before NULL, which all succeed. */
static Numa *make(const CpuTopology *topology, bool hmat, ...)
{
    Numa *numa = numa_new(topology, hmat);
    const char *text;
    va_list steps;

    va_start(steps, hmat);
    while ((text = va_arg(steps, const char *))) {
        g_autoptr(GError) error = NULL;

        add(numa, text, &error);
        g_assert_no_error(error);
    }
    va_end(steps);
    return numa;
}

static void assert_complete(Numa *numa, guint64 ram_size)
{
    g_autoptr(GError) error = NULL;

    numa_check(numa, ram_size, &error);
    g_assert_no_error(error);
}

/* ---- What steps make ---- */

static void test_nodes(void)
{
    g_autoptr(Numa) numa = make(&eight, false, "node,nodeid=1,mem=32M,cpus=1,cpus=4-7",
                                "node,nodeid=0,mem=96M", "cpu,node-id=0,socket-id=0,core-id=1",
                                "cpu,node-id=0,socket-id=0,core-id=0,thread-id=0", NULL);
    CpuNodes nodes = { .n = 2 };
    guint32 node;

    assert_complete(numa, 128 * MIB);
    g_assert_cmpuint(numa->n_nodes, ==, 2);
    g_assert_cmpuint(numa->nodes[0]->size, ==, 96 * MIB);
    g_assert_cmpuint(numa_memory(numa), ==, 128 * MIB);
    g_assert_false(numa_has_backends(numa));
    g_assert_cmpmem(numa->of_place, 8, "\0\1\0\0\1\1\1\1", 8);
    g_assert_false(numa->has_distances);
    nodes.of_place = numa->of_place;
    g_assert_true(topology_node(&eight, &nodes, &(CpuIds){ .thread = 1 }, &node));
    g_assert_cmpuint(node, ==, 1);
    g_assert_true(topology_node(&eight, &nodes, &(CpuIds){ .core = 1, .thread = 1 }, &node));
    g_assert_cmpuint(node, ==, 0);
}

/* Without steps about CPUs, sockets are dealt out to the nodes in turn. */
static void test_dealt_out(void)
{
    g_autoptr(Numa) numa = make(&eight, false, "node,mem=1M", "node,mem=1M", "node,mem=1M", NULL);
    const CpuNodes nodes = { .n = 3 };
    guint32 node;

    assert_complete(numa, 3 * MIB);
    g_assert_null(numa->of_place);
    g_assert_true(numa->nodes[1]->has_cpus);
    g_assert_false(numa->nodes[2]->has_cpus);
    g_assert_true(topology_node(&eight, &nodes, &(CpuIds){ .socket = 1, .core = 1 }, &node));
    g_assert_cmpuint(node, ==, 1);
    g_assert_true(topology_node(&(CpuTopology){ 0 }, &nodes, &(CpuIds){ .socket = 5 }, &node));
    g_assert_cmpuint(node, ==, 2);
    g_assert_false(topology_node(&eight, &(CpuNodes){ 0 }, &(CpuIds){ 0 }, &node));
}

static void test_only(void)
{
    g_autoptr(Numa) numa = make(&(CpuTopology){ 0 }, false, "node", NULL);
    g_autoptr(Numa) implied = numa_new(&eight, true);

    assert_complete(numa, 5 * MIB);
    g_assert_cmpuint(numa->nodes[0]->size, ==, 5 * MIB);
    numa_add_only(implied, 7 * MIB);
    assert_complete(implied, 7 * MIB);
    g_assert_cmpuint(implied->nodes[0]->initiator, ==, 0);
}

static void test_distances(void)
{
    g_autoptr(Numa) one_way = make(&eight, false, ALL_CPUS, "node", "dist,src=0,dst=1,val=20",
                                   "dist,src=2,dst=0,val=30", "dist,src=1,dst=2,val=255", NULL);
    g_autoptr(Numa) both_ways = make(&eight, false, ALL_CPUS, "dist,src=0,dst=1,val=20",
                                     "dist,src=1,dst=0,val=21", "dist,src=1,dst=1,val=10", NULL);

    assert_complete(one_way, 128 * MIB);
    g_assert_cmpmem(one_way->nodes[0]->distances, 3, "\x0a\x14\x1e", 3);
    g_assert_cmpmem(one_way->nodes[1]->distances, 3, "\x14\x0a\xff", 3);
    g_assert_cmpmem(one_way->nodes[2]->distances, 3, "\x1e\xff\x0a", 3);
    assert_complete(both_ways, 128 * MIB);
    g_assert_cmpmem(both_ways->nodes[0]->distances, 2, "\x0a\x14", 2);
    g_assert_cmpmem(both_ways->nodes[1]->distances, 2, "\x15\x0a", 2);
}

/* Values are multiples of the largest power that all of them share. */
static void test_speeds(void)
{
    g_autoptr(Numa) numa = make(&eight, true, ALL_CPUS, LATENCY "initiator=0,target=0,latency=0",
                                LATENCY "initiator=0,target=1,latency=1200",
                                LATENCY "initiator=1,target=0,latency=500",
                                BANDWIDTH "initiator=0,target=0,bandwidth=10G",
                                BANDWIDTH "initiator=0,target=1,bandwidth=6G", NULL);
    g_autoptr(Numa) none = make(&eight, true, ALL_CPUS, LATENCY "initiator=0,target=0,latency=0",
                                BANDWIDTH "initiator=0,target=0,bandwidth=0", NULL);

    assert_complete(numa, 128 * MIB);
    g_assert_cmpuint(numa->speeds[0][0].base, ==, 100);
    g_assert_cmpuint(numa->speeds[0][0].speeds->len, ==, 3);
    g_assert_cmpuint(numa->speeds[0][3].base, ==, 2048 * MIB);
    g_assert_null(numa->speeds[1][0].speeds);
    g_assert_cmpuint(none->speeds[0][0].base, ==, 1);
    g_assert_cmpuint(none->speeds[0][3].base, ==, MIB);
    g_assert_false(none->nodes[0]->has_latency);
}

static void test_caches(void)
{
    g_autoptr(Numa) numa = make(&eight, true, ALL_CPUS, LATENCY "initiator=0,target=1,latency=5",
                                BANDWIDTH "initiator=0,target=1,bandwidth=1M",
                                CACHE "node-id=1,level=1,size=1K",
                                CACHE "node-id=1,level=2,size=2K", NULL);

    assert_complete(numa, 128 * MIB);
    g_assert_cmpuint(numa->nodes[1]->caches[2].size, ==, 2048);
    g_assert_cmpuint(numa->nodes[1]->caches[3].level, ==, 0);
}

static void test_initiators(void)
{
    g_autoptr(Numa) numa = make(&eight, true, "node,mem=1M,cpus=0-7", "node,mem=1M,initiator=0",
                                NULL);

    assert_complete(numa, 2 * MIB);
    g_assert_cmpuint(numa->nodes[0]->initiator, ==, 0);
    g_assert_cmpuint(numa->nodes[1]->initiator, ==, 0);
}

/* ---- What is refused ---- */

typedef struct {
    const char *steps[6];       /* the last one fails */
    bool hmat;
    ErrorReason reason;
    const char *path;
} Refused;

static const Refused refused[] = {
    { { "node,nodeid=128" }, false, ERROR_REASON_OUT_OF_RANGE, "nodeid" },
    { { "node", "node,nodeid=0" }, false, ERROR_REASON_INVALID_VALUE, "nodeid" },
    { { "node,cpus=8" }, false, ERROR_REASON_OUT_OF_RANGE, "cpus" },
    { { "node,cpus=0-3", "node,cpus=3-7" }, false, ERROR_REASON_INVALID_VALUE, "cpus" },
    { { "node,initiator=0" }, false, ERROR_REASON_INVALID_VALUE, "initiator" },
    { { "node,initiator=128" }, true, ERROR_REASON_OUT_OF_RANGE, "initiator" },
    { { "node,initiator=1,cpus=0" }, true, ERROR_REASON_INVALID_VALUE, "cpus" },
    { { "cpu,node-id=0" }, false, ERROR_REASON_INVALID_VALUE, "node-id" },
    { { "node", "cpu,node-id=-1" }, false, ERROR_REASON_INVALID_VALUE, "node-id" },
    { { "node", "cpu,socket-id=0" }, false, ERROR_REASON_PROPERTY_MISSING, "node-id" },
    { { "node", "cpu,node-id=0,socket-id=2" }, false, ERROR_REASON_OUT_OF_RANGE, NULL },
    { { "node", "cpu,node-id=0,die-id=1" }, false, ERROR_REASON_OUT_OF_RANGE, NULL },
    { { "node,cpus=0", "node", "cpu,node-id=1,socket-id=0" }, false,
      ERROR_REASON_INVALID_VALUE, "node-id" },
    { { "node", "dist,src=1,dst=0,val=20" }, false, ERROR_REASON_INVALID_VALUE, "src" },
    { { "node", "dist,src=0,dst=300,val=20" }, false, ERROR_REASON_INVALID_VALUE, "dst" },
    { { "node", "node", "dist,src=0,dst=1,val=9" }, false, ERROR_REASON_OUT_OF_RANGE, "val" },
    { { "node", "dist,src=0,dst=0,val=11" }, false, ERROR_REASON_INVALID_VALUE, "val" },
    { { ALL_CPUS, LATENCY "initiator=0,target=0,latency=1" }, false,
      ERROR_REASON_INVALID_VALUE, "type" },
    { { ALL_CPUS, CACHE "node-id=0,level=1,size=1K" }, false, ERROR_REASON_INVALID_VALUE, "type" },
    { { ALL_CPUS, LATENCY "initiator=2,target=0,latency=1" }, true,
      ERROR_REASON_INVALID_VALUE, "initiator" },
    { { ALL_CPUS, LATENCY "initiator=0,target=2,latency=1" }, true,
      ERROR_REASON_INVALID_VALUE, "target" },
    { { "node", LATENCY "initiator=0,target=0,latency=1" }, true,
      ERROR_REASON_INVALID_VALUE, "initiator" },
    { { ALL_CPUS, LATENCY "initiator=0,target=0" }, true,
      ERROR_REASON_PROPERTY_MISSING, "latency" },
    { { ALL_CPUS, LATENCY "initiator=0,target=0,latency=1,bandwidth=1M" }, true,
      ERROR_REASON_INVALID_VALUE, "bandwidth" },
    { { ALL_CPUS, BANDWIDTH "initiator=0,target=0" }, true,
      ERROR_REASON_PROPERTY_MISSING, "bandwidth" },
    { { ALL_CPUS, BANDWIDTH "initiator=0,target=0,bandwidth=1M,latency=1" }, true,
      ERROR_REASON_INVALID_VALUE, "latency" },
    { { ALL_CPUS, BANDWIDTH "initiator=0,target=0,bandwidth=1K" }, true,
      ERROR_REASON_INVALID_VALUE, "bandwidth" },
    { { ALL_CPUS, LATENCY "initiator=0,target=0,latency=1",
        LATENCY "initiator=0,target=0,latency=1" }, true, ERROR_REASON_INVALID_VALUE, "target" },
    { { ALL_CPUS, LATENCY "initiator=0,target=0,latency=1",
        LATENCY "initiator=0,target=1,latency=65535" }, true,
      ERROR_REASON_OUT_OF_RANGE, "latency" },
    { { ALL_CPUS, BANDWIDTH "initiator=0,target=0,bandwidth=65535M" }, true,
      ERROR_REASON_OUT_OF_RANGE, "bandwidth" },
    { { ALL_CPUS, CACHE "node-id=7,level=1,size=1K" }, true,
      ERROR_REASON_INVALID_VALUE, "node-id" },
    { { ALL_CPUS, LATENCY "initiator=0,target=0,latency=1", CACHE "node-id=0,level=1,size=1K" },
      true, ERROR_REASON_INVALID_VALUE, "node-id" },
};

static void assert_refused(const Refused *r)
{
    g_autoptr(Numa) numa = numa_new(&eight, r->hmat);
    g_autoptr(GError) error = NULL;
    guint i = 0;

    while (i < G_N_ELEMENTS(r->steps) - 1 && r->steps[i + 1]) {
        add(numa, r->steps[i++], &error);
        g_assert_no_error(error);
    }
    g_test_message("%s", r->steps[i]);
    g_assert_false(add(numa, r->steps[i], &error));
    g_assert_cmpint(qmp_error_reason(error), ==, r->reason);
    g_assert_cmpstr(qmp_error_path(error), ==, r->path);
}

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        assert_refused(&refused[i]);
    }
}

/* Levels come in order, and grow. */
static void test_refused_caches(void)
{
    static const struct {
        const char *step;
        ErrorReason reason;
        const char *path;
    } cases[] = {
        { CACHE "node-id=0,level=0,size=1K", ERROR_REASON_OUT_OF_RANGE, "level" },
        { CACHE "node-id=0,level=4,size=1K", ERROR_REASON_OUT_OF_RANGE, "level" },
        { CACHE "node-id=0,level=1,size=4K", ERROR_REASON_INVALID_VALUE, "level" },
        { CACHE "node-id=0,level=3,size=4K", ERROR_REASON_INVALID_VALUE, "level" },
        { CACHE "node-id=0,level=2,size=1K", ERROR_REASON_INVALID_VALUE, "size" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Numa) numa = make(&eight, true, ALL_CPUS,
                                    LATENCY "initiator=0,target=0,latency=1",
                                    BANDWIDTH "initiator=0,target=0,bandwidth=1M",
                                    CACHE "node-id=0,level=1,size=1K", NULL);
        g_autoptr(GError) error = NULL;

        g_assert_false(add(numa, cases[i].step, &error));
        g_assert_cmpint(qmp_error_reason(error), ==, cases[i].reason);
        g_assert_cmpstr(qmp_error_path(error), ==, cases[i].path);
    }
}

static void assert_incomplete(Numa *numa, guint64 ram_size, ErrorReason reason, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(numa_check(numa, ram_size, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
    g_assert_cmpstr(error->message, ==, text);
    numa_free(numa);
}

static void test_incomplete(void)
{
    assert_incomplete(make(&eight, false, "node,nodeid=2,mem=1M", "node,nodeid=0", NULL), MIB,
                      ERROR_REASON_PROPERTY_MISSING,
                      "NUMA node 1 is missing: there is a node 2");
    assert_incomplete(make(&eight, false, ALL_CPUS, NULL), MIB, ERROR_REASON_INVALID_VALUE,
                      "the NUMA nodes have 0x8000000 bytes of memory, and the machine has 0x100000");
    /* A sum of 2^64 and 1 MiB. */
    assert_incomplete(make(&eight, false, "node,mem=0xffffffffffffffff", "node,mem=0x100001", NULL),
                      MIB, ERROR_REASON_INVALID_VALUE, "the NUMA nodes have 0xffffffffffffffff "
                      "bytes of memory, and the machine has 0x100000");
    assert_incomplete(make(&eight, false, "node,mem=1M,cpus=0-6", "node", NULL), MIB,
                      ERROR_REASON_PROPERTY_MISSING, "CPU 7 is in no NUMA node, and others are: "
                      "each CPU up to 'maxcpus', 8, needs one");
    assert_incomplete(make(&eight, false, ALL_CPUS, "node", "dist,src=0,dst=1,val=20", NULL),
                      128 * MIB, ERROR_REASON_PROPERTY_MISSING,
                      "the distance from NUMA node 0 to 2 is missing");
    assert_incomplete(make(&eight, false, ALL_CPUS, "node", "dist,src=0,dst=1,val=20",
                           "dist,src=1,dst=0,val=30", "dist,src=0,dst=2,val=20",
                           "dist,src=1,dst=2,val=20", NULL),
                      128 * MIB, ERROR_REASON_PROPERTY_MISSING,
                      "the distance from NUMA node 2 to 0 is missing: distances of a pair differ, "
                      "so those of all pairs are needed in both directions");
    assert_incomplete(make(&eight, true, "node,mem=1M,cpus=0-7", "node", NULL), MIB,
                      ERROR_REASON_PROPERTY_MISSING, "NUMA node 1 has no CPUs, and needs an "
                      "'initiator', as the machine's property 'hmat' is on");
    assert_incomplete(make(&eight, true, "node,mem=1M,cpus=0-7", "node,initiator=5", NULL), MIB,
                      ERROR_REASON_INVALID_VALUE,
                      "the initiator of NUMA node 1 is 5, which does not exist");
    assert_incomplete(make(&eight, true, "node,mem=1M,cpus=0-7", "node,initiator=1", NULL), MIB,
                      ERROR_REASON_INVALID_VALUE,
                      "the initiator of NUMA node 1 is 1, which has no CPUs");
    /* Its CPUs are dealt out later than it says that another node is nearer. */
    assert_incomplete(make(&eight, true, "node,mem=1M", "node,initiator=0", NULL), MIB,
                      ERROR_REASON_INVALID_VALUE, "the initiator of NUMA node 1 is 0, and must be "
                      "itself, as it has CPUs");
}

/* CPUs can be named only if it is known how many there are. */
static void test_unnamed_cpus(void)
{
    static const char *const steps[] = { "node,nodeid=1,cpus=0", "cpu,node-id=0" };

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(Numa) numa = make(&(CpuTopology){ 0 }, false, "node", NULL);
        g_autoptr(GError) error = NULL;

        g_assert_false(add(numa, steps[i], &error));
        g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_PROPERTY_MISSING);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/numa/nodes", test_nodes);
    g_test_add_func("/numa/dealt-out", test_dealt_out);
    g_test_add_func("/numa/only", test_only);
    g_test_add_func("/numa/distances", test_distances);
    g_test_add_func("/numa/speeds", test_speeds);
    g_test_add_func("/numa/caches", test_caches);
    g_test_add_func("/numa/initiators", test_initiators);
    g_test_add_func("/numa/refused", test_refused);
    g_test_add_func("/numa/refused-caches", test_refused_caches);
    g_test_add_func("/numa/incomplete", test_incomplete);
    g_test_add_func("/numa/unnamed-cpus", test_unnamed_cpus);
    return g_test_run();
}
