/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI and SMBIOS tables of a PC, built from its chips.
 *
 *     PcTables tables;
 *
 *     if (pc_tables_build(&tables, &chips, &error)) {
 *         pc_tables_set_files(...) or x86_start_kernel_tables(...)
 *         pc_tables_clear(&tables);
 *     }
 *
 * Machine lock held.
 */
#ifndef HW_I386_PC_TABLES_H
#define HW_I386_PC_TABLES_H

#include "hw/acpi/acpi-numa.h"
#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg.h"
#include "hw/smbios/smbios.h"

typedef struct {
    Machine *machine;
    Device *host, *pm;          /* i440FX-pcihost, PIIX4_PM */
    bool acpi;                  /* ACPI tables are wanted */
    bool smbios_64;             /* the entry point of version 3.0 */
    guint64 ram_low;
    const AcpiNuma *numa;       /* nodes; NULL: there are none */
    guint16 pm_base;
} PcTablesConfig;

typedef struct {
    AcpiTables *acpi;           /* or NULL */
    SmbiosTables *smbios;
} PcTables;

/* Fails with limit-exceeded. */
bool pc_tables_build(PcTables *tables, const PcTablesConfig *config, GError **error);
void pc_tables_clear(PcTables *tables);

/* Passes them to firmware.  Fails with fw_cfg_set_file()'s errors. */
bool pc_tables_set_files(const PcTables *tables, FwCfg *fw_cfg, GError **error);

#endif
