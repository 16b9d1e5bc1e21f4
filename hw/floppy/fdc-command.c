/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phases of the floppy disk controller's commands, the table of commands, and those that move no
 * data.  82077AA data sheet, section 5; 82078, section 6, for those that only this chip has.
 *
 * Seeks take no time: their interrupt comes at once.  What a command or a result may have of bytes
 * is in a table, and the FIFO is as long as the longest of them.
 */
#include "config.h"
#include "hw/floppy/fdc-internal.h"

#include <string.h>

#include "qom/guest-error.h"

enum {
    VERSION_82078 = 0x90,
    PART_82078 = 0x41,
    INVALID_COMMAND = ST0_INVALID,
    LAST_STEP = 79,             /* pulses of a RECALIBRATE that does not find track 0 */

    ST3_ONES = 0x28,
    ST3_TRACK_0 = 0x10,
    ST3_WRITE_PROTECTED = 0x40,

    CONFIG_MASK = 0x7f,
    PERPENDICULAR_OVERWRITE = 0x80,     /* the drives' bits count */
    PERPENDICULAR_MODE = 0x03,
    PERPENDICULAR_MASK = 0x3f,
    LOCK_SET = 0x80,                    /* in the command */
    RELATIVE_INWARDS = 0x40,            /* in the command */
    SPEC_DONE = 0x80,
    SPEC_NO_RESULT = 0x40,
    SPEC_UNIT_SHIFT = 5,
    SPEC_UNIT = 0x03,
    SPEC_MASK = 0x1f,
};

typedef struct {
    guint8 mask, code;          /* of the first byte */
    guint8 n_params;
    void (*run)(Fdc *s);
} Command;

/* ---- Phases ---- */

static void command_phase(Fdc *s)
{
    s->phase = PHASE_COMMAND;
    s->fifo_pos = s->fifo_length = 0;
}

void fdc_results(Fdc *s, const guint8 *bytes, guint n)
{
    memcpy(s->fifo, bytes, n);
    s->phase = PHASE_RESULT;
    s->fifo_pos = 0;
    s->fifo_length = n;
}

static void result_byte(Fdc *s, guint8 byte)
{
    fdc_results(s, &byte, 1);
}

/* ---- Seeks ---- */

/* A unit's head has moved, or was to move: its interrupt. */
static void seek_done(Fdc *s, guint unit, guint8 st0)
{
    s->pending |= 1 << unit;
    s->pending_st0[unit] = st0 | unit;
    s->seek_interrupt = true;
    fdc_update_irq(s);
}

void fdc_seek(Fdc *s, guint unit, guint cylinder)
{
    Floppy *f = fdc_drive(s, unit);

    s->cylinders[unit] = cylinder;
    if (f) {
        floppy_step_to(f, cylinder);
    }
}

static guint unit_of(const Fdc *s)
{
    return s->fifo[1] & 0x03;
}

static guint8 head_bit(const Fdc *s)
{
    return s->fifo[1] & 1 << ST0_HEAD_SHIFT;
}

static void run_seek(Fdc *s)
{
    guint unit = unit_of(s);

    fdc_seek(s, unit, s->fifo[2]);
    command_phase(s);
    seek_done(s, unit, ST0_SEEK_END | head_bit(s));
}

/* Moves from where it believes to be. */
static void run_relative_seek(Fdc *s)
{
    guint unit = unit_of(s);
    Floppy *f = fdc_drive(s, unit);
    bool inwards = s->fifo[0] & RELATIVE_INWARDS;
    guint8 steps = s->fifo[2];

    if (f) {
        guint track = floppy_track(f);

        floppy_step_to(f, inwards ? track + steps : track - MIN(track, steps));
    }
    s->cylinders[unit] += inwards ? steps : -steps;
    command_phase(s);
    seek_done(s, unit, ST0_SEEK_END | head_bit(s));
}

/* Steps outwards until the drive says that it is at track 0: an absent one never does. */
static void run_recalibrate(Fdc *s)
{
    guint unit = unit_of(s);
    Floppy *f = fdc_drive(s, unit);
    bool found = f && floppy_track(f) <= LAST_STEP;

    if (f) {
        floppy_step_to(f, floppy_track(f) - MIN(floppy_track(f), LAST_STEP));
    }
    s->cylinders[unit] = 0;
    command_phase(s);
    seek_done(s, unit, found ? ST0_SEEK_END
                                 : ST0_SEEK_END | ST0_ABNORMAL | ST0_EQUIPMENT_CHECK);
}

/* What a unit has to report.  After a reset one interrupt is for all of them. */
static void run_sense_interrupt(Fdc *s)
{
    gint unit = g_bit_nth_lsf(s->pending, -1);

    if (unit < 0) {
        result_byte(s, INVALID_COMMAND);
        return;
    }
    fdc_results(s, (const guint8[]){ s->pending_st0[unit], s->cylinders[unit] }, 2);
    s->pending &= ~(1 << unit);
    s->seek_interrupt = false;
    fdc_update_irq(s);
    for (guint i = 0; i < FDC_N_UNITS; i++) {
        s->seek_interrupt |= s->pending >> i & 1 &&
                             (s->pending_st0[i] & ST0_READY_CHANGED) != ST0_READY_CHANGED;
    }
    fdc_update_irq(s);
}

static void run_sense_drive(Fdc *s)
{
    const Floppy *f = fdc_drive(s, unit_of(s));

    result_byte(s, ST3_ONES | (s->fifo[1] & 0x07) |
                   (f && floppy_track(f) == 0 ? ST3_TRACK_0 : 0) |
                   (f && floppy_is_protected(f) ? ST3_WRITE_PROTECTED : 0));
}

/* ---- Modes ---- */

static void run_specify(Fdc *s)
{
    s->srt_hut = s->fifo[1];
    s->hlt_nd = s->fifo[2];
    command_phase(s);
}

static void run_configure(Fdc *s)
{
    s->config = s->fifo[2] & CONFIG_MASK;
    s->pretrk = s->fifo[3];
    command_phase(s);
}

static void run_perpendicular(Fdc *s)
{
    guint8 value = s->fifo[1], changed = PERPENDICULAR_MODE;

    if (value & PERPENDICULAR_OVERWRITE) {
        changed = PERPENDICULAR_MASK;
    }
    s->perpendicular = (s->perpendicular & ~changed) | (value & changed);
    command_phase(s);
}

static void run_lock(Fdc *s)
{
    s->lock = s->fifo[0] & LOCK_SET;
    result_byte(s, s->lock << 4);
}

static void run_version(Fdc *s)
{
    result_byte(s, VERSION_82078);
}

static void run_part_id(Fdc *s)
{
    result_byte(s, PART_82078);
}

static void run_powerdown(Fdc *s)
{
    s->powerdown = s->fifo[1];
    result_byte(s, s->powerdown);
}

static void run_option(Fdc *s)
{
    s->option = s->fifo[1];
    command_phase(s);
}

static guint8 lock_and_perpendicular(const Fdc *s)
{
    return s->lock << 7 | s->perpendicular;
}

static void run_dumpreg(Fdc *s)
{
    const guint8 *pcn = s->cylinders;
    const guint8 result[] = {
        pcn[0], pcn[1], pcn[2], pcn[3], s->srt_hut, s->hlt_nd, s->eot,
        lock_and_perpendicular(s), s->config, s->pretrk,
    };

    fdc_results(s, result, sizeof(result));
}

/* SAVE's result is what RESTORE takes. */
static void run_save(Fdc *s)
{
    const guint8 *pcn = s->cylinders;
    const guint8 result[] = {
        s->powerdown, s->option, pcn[0], pcn[1], pcn[2], pcn[3], s->srt_hut, s->hlt_nd, s->eot,
        lock_and_perpendicular(s), s->config, s->pretrk, s->rate, 0, 0, 0,
    };

    fdc_results(s, result, sizeof(result));
}

static void run_restore(Fdc *s)
{
    const guint8 *saved = s->fifo + 1;

    s->powerdown = saved[0];
    s->option = saved[1];
    memcpy(s->cylinders, saved + 2, FDC_N_UNITS);
    s->srt_hut = saved[6];
    s->hlt_nd = saved[7];
    s->eot = saved[8];
    s->lock = saved[9] >> 7;
    s->perpendicular = saved[9] & PERPENDICULAR_MASK;
    s->config = saved[10] & CONFIG_MASK;
    s->pretrk = saved[11];
    s->rate = saved[12] & 0x03;
    command_phase(s);
}

/* Called for each of its bytes but the first: one for each drive, and one that ends it. */
static void run_drive_specification(Fdc *s)
{
    guint8 byte = s->fifo[s->fifo_pos - 1];

    if (!(byte & SPEC_DONE)) {
        s->drive_spec[byte >> SPEC_UNIT_SHIFT & SPEC_UNIT] = byte & SPEC_MASK;
        s->fifo_pos = 1;
    } else if (byte & SPEC_NO_RESULT) {
        command_phase(s);
    } else {
        fdc_results(s, s->drive_spec, sizeof(s->drive_spec));
    }
}

static void run_invalid(Fdc *s)
{
    device_guest_error(&s->parent, "command 0x%02x does not exist", s->fifo[0]);
    result_byte(s, INVALID_COMMAND);
}

/* ---- Table ---- */

/* In order of their codes; bits outside the mask modify a command. */
static const Command commands[] = {
    { 0xbf, 0x02, 8, fdc_start_read_track },
    { 0xff, 0x03, 2, run_specify },
    { 0xff, 0x04, 1, run_sense_drive },
    { 0x3f, 0x05, 8, fdc_start_write },
    { 0x1f, 0x06, 8, fdc_start_read },
    { 0xff, 0x07, 1, run_recalibrate },
    { 0xff, 0x08, 0, run_sense_interrupt },
    { 0x3f, 0x09, 8, fdc_start_write },         /* deleted data */
    { 0xbf, 0x0a, 1, fdc_read_id },
    { 0x1f, 0x0c, 8, fdc_start_read_deleted },
    { 0xbf, 0x0d, 5, fdc_start_format },
    { 0xff, 0x0e, 0, run_dumpreg },
    { 0xff, 0x0f, 2, run_seek },
    { 0xff, 0x10, 0, run_version },
    { 0x1f, 0x11, 8, fdc_start_scan },          /* equal */
    { 0xff, 0x12, 1, run_perpendicular },
    { 0xff, 0x13, 3, run_configure },
    { 0x7f, 0x14, 0, run_lock },
    { 0x1f, 0x16, 8, fdc_start_verify },
    { 0xff, 0x17, 1, run_powerdown },
    { 0xff, 0x18, 0, run_part_id },
    { 0x1f, 0x19, 8, fdc_start_scan },          /* low or equal */
    { 0x1f, 0x1d, 8, fdc_start_scan },          /* high or equal */
    { 0xff, 0x2e, 0, run_save },
    { 0xff, 0x33, 1, run_option },
    { 0xff, 0x4e, 16, run_restore },
    { 0xff, 0x8e, 1, run_drive_specification },
    { 0xff, 0x8f, 2, run_relative_seek },       /* outwards */
    { 0xff, 0xcf, 2, run_relative_seek },       /* inwards */
    { 0x00, 0x00, 0, run_invalid },
};

static const Command *find_command(guint8 byte)
{
    const Command *command = commands;

    while ((byte & command->mask) != command->code) {
        command++;
    }
    return command;
}

/* ---- FIFO ---- */

static void take_command_byte(Fdc *s, guint8 value)
{
    const Command *command;

    s->fifo[s->fifo_pos++] = value;
    command = find_command(s->fifo[0]);
    if (s->fifo_pos == command->n_params + 1u) {
        command->run(s);
    }
}

bool fdc_fifo_is_valid(const Fdc *s)
{
    return s->fifo_pos == 0 || s->fifo_pos <= find_command(s->fifo[0])->n_params;
}

void fdc_write_fifo(Fdc *s, guint8 value)
{
    if (s->phase == PHASE_COMMAND) {
        take_command_byte(s, value);
    } else if (!fdc_uses_dma(s) && fdc_run_ready(s) && !fdc_run_to_host(s)) {
        fdc_run_write(s, value);
    } else {
        device_guest_error(&s->parent, "a write of the FIFO, which expects none");
    }
}

static guint8 take_result(Fdc *s)
{
    guint8 value = s->fifo[s->fifo_pos++];

    s->result_interrupt = false;
    fdc_update_irq(s);
    if (s->fifo_pos == s->fifo_length) {
        command_phase(s);
    }
    return value;
}

guint8 fdc_read_fifo(Fdc *s)
{
    if (s->phase == PHASE_RESULT) {
        return take_result(s);
    }
    if (!fdc_uses_dma(s) && fdc_run_ready(s) && fdc_run_to_host(s)) {
        return fdc_run_read(s);
    }
    device_guest_error(&s->parent, "a read of the FIFO, which is empty");
    return 0;
}

/* ---- Reset ---- */

/* Section 4: drives are polled, and LOCK keeps what CONFIGURE said of the FIFO. */
void fdc_command_reset(Fdc *s)
{
    fdc_run_stop(s);
    command_phase(s);
    s->result_interrupt = s->seek_interrupt = false;
    s->pending = 0;
    if (s->lock) {
        s->config &= CONFIG_NO_FIFO | CONFIG_THRESHOLD;
    } else {
        s->config = CONFIG_NO_FIFO;
        s->pretrk = 0;
    }
    s->perpendicular &= ~PERPENDICULAR_MODE;
    for (guint i = 0; i < FDC_N_UNITS; i++) {
        s->pending_st0[i] = ST0_READY_CHANGED | i;
    }
}
