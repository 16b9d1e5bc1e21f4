/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of the firmware configuration device at port 0x510.
 */
#ifndef GUEST_FW_CFG_H
#define GUEST_FW_CFG_H

/* Prints "fw_cfg: NAME, N bytes by DMA: TEXT" (or "by the data port"), with a
 * dot for what cannot be printed, or "fw_cfg: no file NAME" or "fw_cfg: no
 * device". */
void fw_cfg_print(const char *name);

#endif
