/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MultiProcessor Specification 1.4 (Intel 242016-006), chapter 4: floating
 * pointer, configuration table, and its base entries in the required order:
 * CPUs, buses, I/O APICs, I/O interrupts, local interrupts.
 *
 * Wires: ISA line 0 (the timer) is pin 2 of the I/O APIC, ISA line N its pin N,
 * as on every PC.  Line 2 connects the two PICs.
 */
#include "config.h"
#include "hw/i386/mptable.h"

#include "qmp/bytes.h"

enum {
    SPEC_REVISION = 4,          /* of 1.4 */
    POINTER_SIZE = 16,
    POINTER_CHECKSUM = 10,

    TABLE_LENGTH = 4,
    TABLE_CHECKSUM = 7,
    TABLE_COUNT = 34,

    ENTRY_CPU = 0,
    ENTRY_BUS = 1,
    ENTRY_IOAPIC = 2,
    ENTRY_IO_INTERRUPT = 3,
    ENTRY_LOCAL_INTERRUPT = 4,

    CPU_ENABLED = 1 << 0,
    CPU_BOOT = 1 << 1,
    CPU_APIC_VERSION = 0x14,
    CPU_SIGNATURE = 0x600,
    CPU_FEATURES = 0x201,       /* FPU, APIC */

    IOAPIC_VERSION = 0x11,
    IOAPIC_ENABLED = 1 << 0,

    INTERRUPT_INT = 0,
    INTERRUPT_NMI = 1,
    INTERRUPT_EXTINT = 3,

    ISA_BUS = 0,
    N_ISA_LINES = 16,
};

#define LAPIC_ADDRESS  0xfee00000u
#define IOAPIC_ADDRESS 0xfec00000u

static guint8 checksum(const guint8 *data, guint size)
{
    guint8 sum = 0;

    for (guint i = 0; i < size; i++) {
        sum += data[i];
    }
    return -sum;
}

static void append_pointer(GByteArray *out, guint32 table)
{
    g_byte_array_append(out, (const guint8 *)"_MP_", 4);
    append_le(out, table, 4);
    append_le(out, 1, 1);                       /* length in units of 16 bytes */
    append_le(out, SPEC_REVISION, 1);
    append_le(out, 0, 6);                       /* checksum; features: table, virtual wire */
    out->data[POINTER_CHECKSUM] = checksum(out->data, POINTER_SIZE);
}

static void append_header(GByteArray *table)
{
    g_byte_array_append(table, (const guint8 *)"PCMP", 4);
    append_le(table, 0, 2);                     /* length, set at the end */
    append_le(table, SPEC_REVISION, 1);
    append_le(table, 0, 1);                     /* checksum, set at the end */
    append_text(table, "VMD", 8);
    append_text(table, "MICROVM", 12);
    append_le(table, 0, 6);                     /* no OEM table */
    append_le(table, 0, 2);                     /* entries, set at the end */
    append_le(table, LAPIC_ADDRESS, 4);
    append_le(table, 0, 4);                     /* no extended table */
}

static void append_cpu(GByteArray *table, guint8 apic_id, bool boot)
{
    append_le(table, ENTRY_CPU, 1);
    append_le(table, apic_id, 1);
    append_le(table, CPU_APIC_VERSION, 1);
    append_le(table, CPU_ENABLED | (boot ? CPU_BOOT : 0), 1);
    append_le(table, CPU_SIGNATURE, 4);
    append_le(table, CPU_FEATURES, 4);
    append_le(table, 0, 8);
}

static void append_isa_bus(GByteArray *table)
{
    append_le(table, ENTRY_BUS, 1);
    append_le(table, ISA_BUS, 1);
    append_text(table, "ISA", 6);
}

static void append_ioapic(GByteArray *table, guint8 id)
{
    append_le(table, ENTRY_IOAPIC, 1);
    append_le(table, id, 1);
    append_le(table, IOAPIC_VERSION, 1);
    append_le(table, IOAPIC_ENABLED, 1);
    append_le(table, IOAPIC_ADDRESS, 4);
}

/* Polarity and trigger mode are those of the bus. */
static void append_interrupt(GByteArray *table, guint8 entry, guint8 type, guint8 line,
                             guint8 apic, guint8 pin)
{
    append_le(table, entry, 1);
    append_le(table, type, 1);
    append_le(table, 0, 2);
    append_le(table, ISA_BUS, 1);
    append_le(table, line, 1);
    append_le(table, apic, 1);
    append_le(table, pin, 1);
}

static guint append_interrupts(GByteArray *table, const MptableConfig *config, guint8 ioapic)
{
    guint n = 0;

    if (config->pic) {
        append_interrupt(table, ENTRY_IO_INTERRUPT, INTERRUPT_EXTINT, 0, ioapic, 0);
        n++;
    }
    for (guint line = 0; line < N_ISA_LINES; line++) {
        if (line != 2) {
            append_interrupt(table, ENTRY_IO_INTERRUPT, INTERRUPT_INT, line, ioapic,
                             line ? line : 2);
            n++;
        }
    }
    if (config->pic) {
        append_interrupt(table, ENTRY_LOCAL_INTERRUPT, INTERRUPT_EXTINT, 0, config->apic_ids[0],
                         0);
        n++;
    }
    append_interrupt(table, ENTRY_LOCAL_INTERRUPT, INTERRUPT_NMI, 0, MPTABLE_ALL_APICS, 1);
    return n + 1;
}

/* The lowest id that no CPU has; there is one, since there are fewer CPUs than ids. */
static guint8 free_apic_id(const MptableConfig *config)
{
    guint8 id = 0;

    while (memchr(config->apic_ids, id, config->n_cpus)) {
        id++;
    }
    return id;
}

GByteArray *mptable_new(const MptableConfig *config, guint32 gpa)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) table = g_byte_array_new();
    guint8 ioapic = free_apic_id(config);
    guint n;

    append_header(table);
    for (guint i = 0; i < config->n_cpus; i++) {
        append_cpu(table, config->apic_ids[i], i == 0);
    }
    append_isa_bus(table);
    append_ioapic(table, ioapic);
    n = config->n_cpus + 2 + append_interrupts(table, config, ioapic);
    put_le(table->data + TABLE_LENGTH, table->len, 2);
    put_le(table->data + TABLE_COUNT, n, 2);
    table->data[TABLE_CHECKSUM] = checksum(table->data, table->len);

    append_pointer(out, gpa + POINTER_SIZE);
    g_byte_array_append(out, table->data, table->len);
    return out;
}
