/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file or another item of the firmware configuration device at port 0x510.
 */
#ifndef GUEST_FW_CFG_H
#define GUEST_FW_CFG_H

#include <stdbool.h>

/* Prints "fw_cfg: NAME, N bytes by DMA: TEXT" (or "by the data port"), with a
 * dot for what cannot be printed, or "fw_cfg: no file NAME" or "fw_cfg: no
 * device". */
void fw_cfg_print(const char *name);
/* text is KEY,N: prints N bytes of an item as "fw_cfg: item KEY, bytes 01 02", with zeros after its
 * end; false if text is not so. */
bool fw_cfg_print_item(const char *text);

#endif
