/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of the accelerator's chips, for kvm-ioapic, kvm-i8259 and kvm-pit.
 */
#include "config.h"
#include "hw/machine/accel-chip.h"

bool accel_chip_init(AccelChipState *state, Accel *accel, AccelChip chip, GError **error)
{
    const AccelOps *ops = accel_ops(accel);
    g_autofree guint8 *initial = g_malloc0(ops->chip_size(accel, chip));

    if (!ops->chip_get(accel, chip, initial, error)) {
        return false;
    }
    *state = (AccelChipState){
        .accel = accel,
        .chip = chip,
        .initial = g_steal_pointer(&initial),
    };
    return true;
}

void accel_chip_reset(const AccelChipState *state)
{
    g_autoptr(GError) error = NULL;

    if (!accel_ops(state->accel)->chip_set(state->accel, state->chip, state->initial, &error)) {
        g_warning("a chip of the accelerator was not reset: %s", error->message);
    }
}

void accel_chip_done(AccelChipState *state)
{
    accel_chip_reset(state);
    g_clear_pointer(&state->initial, g_free);
    state->accel = NULL;
}

bool accel_chip_save(const AccelChipState *state, X86Chip *ret_registers, GError **error)
{
    return accel_ops(state->accel)->chip_save(state->accel, state->chip, ret_registers, error);
}

bool accel_chip_load(const AccelChipState *state, const X86Chip *registers, GError **error)
{
    return accel_ops(state->accel)->chip_load(state->accel, state->chip, registers, error);
}
