/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables (ACPI 6.4, chapter 5) as one block of bytes and a root pointer,
 * before their address in guest memory is known.
 *
 * Pointers in the block are offsets into it, and a list of fixups says where
 * they and the checksums are.  Both ways to the guest use that list: a script
 * for firmware that allocates memory and patches, and acpi_relocate(), which
 * does the same for a kernel that is started without firmware.
 *
 *     AcpiTables *tables = acpi_tables_new(&oem);
 *     guint32 madt = acpi_madt(tables, &config);
 *     acpi_rsdt(tables, (const guint32[]){ fadt, madt }, 2);
 *     acpi_rsdp(tables, 0);
 *
 * Pure functions, independent of a machine.
 */
#ifndef HW_ACPI_ACPI_TABLES_H
#define HW_ACPI_ACPI_TABLES_H

#include <glib.h>
#include <stdbool.h>

/* Strings of 6 and 8 characters, shorter ones are filled up with spaces. */
typedef struct {
    const char *id;
    const char *table_id;
} AcpiOem;

typedef struct {
    bool in_rsdp;               /* it is in the root pointer, not in the block */
    guint32 offset;
    guint8 pointer_size;        /* 4 or 8: it points into the block; 0: a checksum of */
    guint32 start, length;      /* these bytes */
} AcpiFixup;

typedef struct {
    AcpiOem oem;
    GByteArray *block;
    GByteArray *rsdp;           /* empty before acpi_rsdp() */
    GArray *fixups;             /* of AcpiFixup, in order of application */
    guint32 root;               /* of the RSDT and, if there is one, XSDT in the block */
    guint32 xroot;              /* 0: none */
} AcpiTables;

/* oem's strings are borrowed. */
AcpiTables *acpi_tables_new(const AcpiOem *oem);
void acpi_tables_free(AcpiTables *tables);              /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AcpiTables, acpi_tables_free)

/* ---- Any table ---- */

/* Appends a header of 36 bytes to the block; returns its offset, for acpi_table_end. */
guint32 acpi_table_begin(AcpiTables *tables, const char *signature, guint8 revision);
/* Sets its length and leaves the checksum to a fixup. */
void acpi_table_end(AcpiTables *tables, guint32 start);
/* Appends a pointer of 4 or 8 bytes to the data at offset in the block. */
void acpi_append_pointer(AcpiTables *tables, guint32 offset, guint size);

/* ---- Tables by name; each returns its place in the block ---- */

guint32 acpi_facs(AcpiTables *tables);

/* Fixed hardware of a PC.  Blocks with address 0 do not exist. */
typedef struct {
    guint8 revision;            /* 1, or 3, which adds reset and 64-bit addresses */
    guint16 sci;                /* interrupt line */
    guint32 smi_port;           /* with the commands: */
    guint8 acpi_enable, acpi_disable;
    guint32 pm1_event, pm1_control, pm_timer, gpe0;     /* ports */
    guint8 gpe0_length;
    guint8 century;             /* index in the clock's memory; 0: none */
    bool cluster_model;         /* more than 8 CPUs: logical APIC ids of clusters */
    guint16 reset_port;         /* revision 3; 0: none */
    guint8 reset_value;
    bool has_8042;              /* revision 3 */
} AcpiFadt;
guint32 acpi_fadt(AcpiTables *tables, const AcpiFadt *fadt, guint32 facs, guint32 dsdt);

typedef struct {
    guint32 apic_id;
    guint32 node;               /* NUMA node */
    bool empty;                 /* a place without a CPU */
} AcpiCpu;

/* One redirected ISA line. */
typedef struct {
    guint8 line;
    guint32 gsi;
    guint16 flags;              /* ACPI_IRQ_* */
} AcpiOverride;
enum {
    ACPI_IRQ_AS_BUS = 0,        /* edge, active high, for ISA */
    ACPI_IRQ_LEVEL_HIGH = 0x0d,
};

typedef struct {
    const AcpiCpu *cpus;        /* their ACPI ids are 0, 1, ... */
    guint n_cpus;
    bool pics;                  /* there are 8259As as well */
    guint32 lapic_address;
    guint32 ioapic_address;
    guint8 ioapic_id;
    const AcpiOverride *overrides;
    guint n_overrides;
} AcpiMadt;
guint32 acpi_madt(AcpiTables *tables, const AcpiMadt *madt);
/* Appends the MADT's entry of a CPU by ACPI id. */
void acpi_madt_cpu(GByteArray *out, guint32 uid, const AcpiCpu *cpu);

guint32 acpi_hpet(AcpiTables *tables, guint32 event_timer_block_id, guint64 address);

typedef struct {
    guint64 base, size;         /* size 0: the entry says nothing */
    guint32 node;
    bool hotplug;               /* memory there may come and go */
    bool persistent;            /* it keeps its content */
} AcpiMemory;
guint32 acpi_srat(AcpiTables *tables, const AcpiCpu *cpus, guint n_cpus, const AcpiMemory *memory,
                  guint n_memory);

/* Structures that describe NVDIMMs (hw/acpi/acpi-nvdimm.h). */
guint32 acpi_nfit(AcpiTables *tables, const GByteArray *structures);

/* Says that one read of the PM timer is enough, as it is for an emulated one. */
guint32 acpi_waet(AcpiTables *tables);

/* ---- The root ---- */

void acpi_rsdt(AcpiTables *tables, const guint32 *entries, guint n);
void acpi_xsdt(AcpiTables *tables, const guint32 *entries, guint n);
/* Revision 0 has the RSDT, 2 both. */
void acpi_rsdp(AcpiTables *tables, guint8 revision);

/* ---- To the guest ---- */

/* For firmware: the contents of etc/table-loader, by which it allocates and
 * patches the files etc/acpi/tables and etc/acpi/rsdp. */
GByteArray *acpi_loader_script(const AcpiTables *tables);
/* Without firmware: patches both for the block at this address.  Once only. */
void acpi_relocate(AcpiTables *tables, guint64 address);

#define ACPI_FILE_TABLES "etc/acpi/tables"
#define ACPI_FILE_RSDP   "etc/acpi/rsdp"
#define ACPI_FILE_LOADER "etc/table-loader"

enum { ACPI_BLOCK_ALIGN = 64, ACPI_RSDP_ALIGN = 16 };

#endif
