/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile driver that a fuzzer controls: the body of the fuzz targets of
 * virtio devices.
 *
 * The input is a list of actions, each a byte and its operands (numbers are little
 * endian; what is cut off reads as zero):
 *
 *   0  F          negotiate: bits of F switch features 0-5, 28, 29 off
 *   1  N S D A U  queue N of 2^(S & 15) descriptors, rings at D, A, U (16 bits)
 *   2             DRIVER_OK
 *   3  O L bytes  L bytes to RAM at O (16 bits)
 *   4  N I A L F X  descriptor I of queue N: address (32), length (32), flags (8),
 *                 next (16)
 *   5  N H        makes H available in queue N
 *   6  N          notifies queue N
 *   7  R V        register R (16) = V (32)
 *   8  O V        configuration at O (8) = V (32)
 *   9  T          the machine stops and goes on; T: time in 10 ms (8)
 *   10            reset of the machine
 *   11 X          the target's own
 *
 * Addresses count from the driver's RAM; the actions use the first 64 KiB.
 */
#ifndef TESTS_FUZZ_VIRTIO_FUZZ_H
#define TESTS_FUZZ_VIRTIO_FUZZ_H

#include "tests/lib/virtio-driver.h"

typedef struct {
    /* Makes the device behind d, and what it needs; returns it. */
    Device *(*make)(Rig *rig, VirtioDriver *d);
    /* Action 11, or NULL. */
    void (*act)(Rig *rig, Device *dev, guint8 x);
    /* Frees what make made besides, when the device is gone; or NULL. */
    void (*clear)(Rig *rig);
} VirtioFuzz;

/* Runs one input; ends the process if the daemon would have come to harm. */
void virtio_fuzz(const VirtioFuzz *fuzz, const guint8 *data, gsize size);

#endif
