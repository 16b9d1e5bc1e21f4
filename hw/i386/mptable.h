/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MP table: how a guest without ACPI finds its CPUs and its I/O APIC.
 */
#ifndef HW_I386_MPTABLE_H
#define HW_I386_MPTABLE_H

#include <glib.h>
#include <stdbool.h>

/* APIC ids of a table have 8 bits, 255 is the broadcast, and one is needed for
 * the I/O APIC. */
enum { MPTABLE_MAX_CPUS = 254, MPTABLE_ALL_APICS = 255 };

typedef struct {
    const guint8 *apic_ids;     /* of the CPUs, the boot CPU's first */
    guint n_cpus;               /* 1 to MPTABLE_MAX_CPUS */
    bool pic;                   /* there are 8259As, wired to pin 0 and LINT0 */
} MptableConfig;

/* Both structures for address gpa (a multiple of 16), newly allocated. */
GByteArray *mptable_new(const MptableConfig *config, guint32 gpa);

#endif
