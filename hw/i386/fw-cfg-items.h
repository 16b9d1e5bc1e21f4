/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Items that every PC has in its firmware configuration device.
 */
#ifndef HW_I386_FW_CFG_ITEMS_H
#define HW_I386_FW_CFG_ITEMS_H

#include "hw/i386/boot.h"
#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg.h"

/* Sets the items that follow from the machine: RAM, CPUs, UUID, the routing of
 * the timer's interrupt, and the file "etc/e820" with these ranges.  For
 * MachineOps.start; may be called again.  Fails with fw_cfg_set_file()'s
 * errors. */
bool fw_cfg_items_set(FwCfg *fw_cfg, Machine *machine, const BootRange *ranges, guint n_ranges,
                      GError **error);

/* Only the number of CPUs: some have come or gone. */
void fw_cfg_items_set_n_cpus(FwCfg *fw_cfg, Machine *machine);

/* Which sleep states firmware may announce, as "etc/system-states". */
bool fw_cfg_items_set_sleep(FwCfg *fw_cfg, bool s3, bool s4, guint8 s4_value, GError **error);

#endif
