/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chip that the accelerator has: its state is a block of bytes whose layout
 * only the accelerator knows, and which comes and goes by AccelOps.
 *
 * The state right after the chip was made is its reset state; it is kept, and
 * put back at each reset.
 */
#ifndef HW_MACHINE_ACCEL_CHIP_H
#define HW_MACHINE_ACCEL_CHIP_H

#include "cpu/accel.h"

typedef struct {
    Accel *accel;               /* of the device's machine; not counted */
    AccelChip chip;
    guint8 *initial;            /* state at realize */
} AccelChipState;

/* Takes the present state for the reset state; fails with the accelerator's
 * error.  All functions need the machine lock. */
bool accel_chip_init(AccelChipState *state, Accel *accel, AccelChip chip, GError **error);
/* Mirror; the chip itself stays with the accelerator, in its reset state. */
void accel_chip_done(AccelChipState *state);
/* Puts the reset state back. */
void accel_chip_reset(const AccelChipState *state);

/* Registers in and out, as state of the device. */
bool accel_chip_save(const AccelChipState *state, X86Chip *ret_registers, GError **error);
bool accel_chip_load(const AccelChipState *state, const X86Chip *registers, GError **error);

#endif
