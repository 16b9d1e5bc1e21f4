/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Property `boot` of a PC: checked, and passed to the firmware through its
 * configuration device.
 */
#ifndef HW_I386_PC_BOOT_CONFIG_H
#define HW_I386_PC_BOOT_CONFIG_H

#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg.h"
#include "qmp/qapi-types-pc.h"

/* Reads the picture that boot names, or none; boot may be NULL.  May block.  Fails
 * with file-not-usable. */
bool pc_boot_load_splash(const BootConfiguration *boot, GBytes **ret_splash, GError **error);

/* Sets the items for a menu, a picture (or NULL), and what happens if nothing can
 * be booted.  Fails with fw_cfg_set_file()'s errors. */
bool pc_boot_set_items(FwCfg *fw_cfg, const BootConfiguration *boot, GBytes *splash,
                       GError **error);

/* Sets the file "bootorder": devices of machine in order of their boot indices.
 * Fails with fw_cfg_set_file()'s errors. */
bool pc_boot_set_order(FwCfg *fw_cfg, Machine *machine, bool strict, GError **error);

/* Sets the file "bios-geometry": cylinders, heads and sectors of disks of machine for which a
 * client gave them. Fails with fw_cfg_set_file()'s errors. */
bool pc_boot_set_geometries(FwCfg *fw_cfg, Machine *machine, GError **error);

#endif
