/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables of a PC with an i440FX, a PIIX3 and a PIIX4's power management.
 *
 *     AcpiPcConfig config = { ... what the board knows ... };
 *
 *     acpi_pc_collect(machine, &config);          what the objects determine
 *     tables = acpi_pc_build(&config);            FACS, DSDT, FADT, MADT, ...
 *     acpi_pc_set_files(tables, fw_cfg, &error);  for firmware, or
 *     x86_start_kernel_tables(...)                for a kernel without firmware
 *     acpi_pc_clear(&config);
 *
 * acpi_pc_build() is a pure function.  Its output is constant data where
 * possible: the routing of PCI interrupts is a package, and no method has a
 * loop, except for one that turns once for each CPU of which there is news, since
 * a guest's interpreter is slow where guest kernel mode is emulated.
 */
#ifndef HW_I386_ACPI_BUILD_H
#define HW_I386_ACPI_BUILD_H

#include "hw/acpi/acpi-device.h"
#include "hw/acpi/acpi-numa.h"
#include "hw/acpi/acpi-tables.h"
#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg.h"

/* A PCI bus on which devices are plugged through the ACPI hotplug registers, or
 * with such buses behind it. */
typedef struct AcpiPciBus AcpiPciBus;
struct AcpiPciBus {
    guint8 devfn;               /* of the bridge that carries it; not for the root */
    int number;                 /* for the hotplug registers; -1: nothing is plugged here */
    guint32 fixed;              /* slots whose devices stay, one bit each */
    const AcpiPciBus *buses;    /* behind bridges on it */
    guint n_buses;
};

/* A range of guest addresses; size 0: none. */
typedef struct {
    guint64 start, size;
} AcpiWindow;

typedef struct {
    /* The board sets these. */
    AcpiOem oem;                /* QEMU's: "BOCHS", "BXPC" */
    guint8 fadt_revision;       /* 1, as QEMU's, or 3 */
    guint16 pm_base;            /* PIIX4's PMBA: 0x600 */
    guint16 gpe0;               /* 0xafe0 */
    guint16 reset_port;         /* 0xcf9, for revision 3; 0: none */
    bool pics;                  /* there are 8259As */
    bool s3, s4;                /* these sleep states are enabled */
    guint8 s4_value;            /* PIIX4's SUS_TYP for S4 */
    AcpiWindow hole32, hole64;  /* where PCI BARs may be, besides 0xa0000 to 0xbffff */
    guint16 hotplug_base;       /* of the hotplug registers: 0xae00; 0: there are none */
    const AcpiPciBus *root;     /* the buses that they serve; NULL without them */
    bool acpi_index;            /* devices may have one: each slot gets a _DSM */
    guint16 memory_hotplug_base;        /* of the registers of slots for memory: 0xa00 */
    guint n_memory_slots;       /* that they serve; 0: there are no such registers */
    guint16 cpu_hotplug_base;   /* of the registers of CPUs that come and go: 0xaf00; 0: there
                                   are none */
    const AcpiNuma *numa;       /* nodes; NULL: there are none */
    guint n_nvdimm_slots;       /* that may have an NVDIMM; 0: there is no way to find these */
    const GByteArray *fit;      /* of those that are there; NULL or empty: none */

    /* acpi_pc_collect() sets these. */
    GArray *cpus;               /* of AcpiCpu, in the order of cpu_places() */
    AcpiDevices devices;        /* their own descriptions */
} AcpiPcConfig;

/* Asks the CPUs and the devices of the machine's tree. */
void acpi_pc_collect(Machine *machine, AcpiPcConfig *config);
/* Frees what acpi_pc_collect made. */
void acpi_pc_clear(AcpiPcConfig *config);

AcpiTables *acpi_pc_build(const AcpiPcConfig *config);

/* Sets the three files of hw/acpi/acpi-tables.h, whose sizes do not depend on
 * their content, so that a board that has set them with its own FwCfgFileOps may
 * set them again when firmware selects one of them.  From then to the next reset
 * they must not change, as firmware reads one after the other.  Fails with
 * fw_cfg_set_file()'s errors. */
bool acpi_pc_set_files(const AcpiTables *tables, FwCfg *fw_cfg, GError **error);

#endif
