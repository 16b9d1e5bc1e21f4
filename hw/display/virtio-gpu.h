/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-gpu in 2D, and what cards that contain one need of it.  VIRTIO 1.2 section 5.7.
 *
 *   virtio-gpu.c           configuration, life
 *   virtio-gpu-command.c   queues: commands and their responses
 *   virtio-gpu-resource.c  pictures in the device, and the guest's memory behind them
 *   virtio-gpu-head.c      outputs: what they show, the cursor, consoles, monitors
 *   virtio-gpu-state.c     saving and loading
 *   virtio-vga.c           the card that is a VGA, too
 *
 * Machine lock, which its queues' handlers have as well.
 */
#ifndef HW_DISPLAY_VIRTIO_GPU_H
#define HW_DISPLAY_VIRTIO_GPU_H

#include "hw/display/console.h"
#include "qom/device.h"

typedef struct VirtioGpu VirtioGpu;

/* From now on the console of the first output shows this card's picture until the driver shows one
 * of its own, and again after a reset; ops NULL: no longer. */
void virtio_gpu_set_vga(VirtioGpu *gpu, const ConsoleOps *ops, void *opaque);

extern const TypeInfo virtio_gpu_type;
extern const TypeInfo virtio_gpu_pci_type;
extern const TypeInfo virtio_vga_type;

#endif
