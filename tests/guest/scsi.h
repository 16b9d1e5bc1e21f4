/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for virtio-scsi (VIRTIO 1.2 section 5.6) that measures as that of blk.h does.
 */
#ifndef GUEST_SCSI_H
#define GUEST_SCSI_H

#include "tests/guest/blk.h"

/* Reads from target 0's LUN 0 of the first virtio-scsi; prints the time stamp counter's ticks,
 * or what is wrong. */
void scsi_bench(const BootInfo *info, const BlkBench *bench);

#endif
