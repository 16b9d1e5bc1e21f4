/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the commands of a CD drive share.
 */
#ifndef HW_SCSI_MMC_INTERNAL_H
#define HW_SCSI_MMC_INTERNAL_H

#include "hw/scsi/mmc.h"
#include "hw/scsi/scsi-codes.h"
#include "qmp/bytes.h"

/* A CD has 80 minutes at most; what is longer is a DVD. */
enum { MMC_FRAMES = 75, MMC_CD_MAX = 80 * 60 * MMC_FRAMES };

typedef MmcResult MmcHandler(Mmc *mmc, const guint8 *cdb, MmcAction *action);

bool mmc_is_dvd(const Mmc *mmc);

/* mmc-drive.c */
MmcHandler mmc_get_configuration, mmc_mechanism_status, mmc_start_stop, mmc_prevent, mmc_set_speed,
           mmc_event_status;
/* mmc-medium.c */
MmcHandler mmc_read_capacity, mmc_read_10, mmc_read_12, mmc_read_cd, mmc_seek, mmc_read_toc,
           mmc_disc_information, mmc_dvd_structure;

#endif
