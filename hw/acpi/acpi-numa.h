/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables about NUMA nodes besides the SRAT: how far they are from each other (SLIT, ACPI 6.4,
 * section 5.2.17), and how fast their memory is (HMAT, section 5.2.27).
 *
 * Pure functions, independent of a machine.
 */
#ifndef HW_ACPI_ACPI_NUMA_H
#define HW_ACPI_ACPI_NUMA_H

#include "hw/acpi/acpi-tables.h"

enum { ACPI_NO_INITIATOR = 0x80 };      /* beyond all nodes */

/* Latencies or bandwidths of one kind of access. */
typedef struct {
    guint8 level;               /* 0: memory; 1 to 3: its caches */
    guint8 type;                /* 0 to 2: latency of accesses, reads, writes; 3 to 5: bandwidth */
    guint64 unit;               /* of values: picoseconds, or MiB/s */
    guint16 *values;            /* by initiator, then by node; owned; 0: not said */
} AcpiSpeeds;

/* A cache in front of a node's memory. */
typedef struct {
    guint32 node;
    guint8 n_levels, level;     /* of the node; its own, from 1 */
    guint8 associativity, policy;       /* codes of the HMAT */
    guint16 line;               /* bytes */
    guint64 size;
} AcpiSideCache;

typedef struct {
    GArray *nearest;            /* of guint32: the initiator of each node, or ACPI_NO_INITIATOR */
    GArray *initiators;         /* of guint32: nodes with CPUs */
    GArray *speeds;             /* of AcpiSpeeds */
    GArray *caches;             /* of AcpiSideCache */
} AcpiHmat;

/* What the tables say of nodes. */
typedef struct {
    GArray *memory;             /* of AcpiMemory, for the SRAT */
    guint n_nodes;
    guint8 *distances;          /* by node, then by node; NULL: there is no SLIT */
    AcpiHmat *hmat;             /* NULL: there is no HMAT */
} AcpiNuma;

AcpiHmat *acpi_hmat_new(void);
/* Empty; the caller fills it.  Free accepts NULL. */
AcpiNuma *acpi_numa_new(void);
void acpi_numa_free(AcpiNuma *numa);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AcpiNuma, acpi_numa_free)

/* Appends SRAT, SLIT and HMAT, as far as there are any; returns how many, with their places. */
enum { ACPI_NUMA_MAX_TABLES = 3 };
guint acpi_numa_tables(AcpiTables *tables, const AcpiNuma *numa, const AcpiCpu *cpus, guint n_cpus,
                       guint32 ret_entries[ACPI_NUMA_MAX_TABLES]);

#endif
