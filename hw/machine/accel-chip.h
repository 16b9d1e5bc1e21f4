/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chip inside the accelerator: its state is a block of bytes whose layout
 * only the accelerator knows, and which is read and written through AccelOps.
 *
 * The state right after the chip was created is its reset state; it is kept,
 * and restored at each reset.
 */
#ifndef HW_MACHINE_ACCEL_CHIP_H
#define HW_MACHINE_ACCEL_CHIP_H

#include "cpu/accel.h"

typedef struct {
    Accel *accel;               /* of the device's machine; not counted */
    AccelChip chip;
    guint8 *initial;            /* state at realize */
} AccelChipState;

/* Records the current state as the reset state; fails with the accelerator's
 * error.  All functions need the machine lock. */
bool accel_chip_init(AccelChipState *state, Accel *accel, AccelChip chip, GError **error);
/* Mirror of accel_chip_init; the chip itself stays with the accelerator, in its reset state. */
void accel_chip_done(AccelChipState *state);
/* Restores the reset state. */
void accel_chip_reset(const AccelChipState *state);

/* Saves and loads the registers as state of the device. */
bool accel_chip_save(const AccelChipState *state, X86Chip *ret_registers, GError **error);
bool accel_chip_load(const AccelChipState *state, const X86Chip *registers, GError **error);

#endif
