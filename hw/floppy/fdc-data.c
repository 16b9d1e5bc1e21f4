/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of the floppy disk controller that move data: parameters, which sector is meant, and
 * results.  82077AA data sheet, section 5.1.
 *
 * An image has the sectors that its geometry gives it, of 512 bytes, with normal data marks, in
 * MFM.  Other IDs are not found, and other densities and data rates find no address marks.  Where
 * the chip would wait for an index pulse that never comes (no medium), the command ends at once
 * in the same way.
 */
#include "config.h"
#include "hw/floppy/fdc-internal.h"

enum { COMMAND_MULTI_TRACK = 0x80, COMMAND_MFM = 0x40, COMMAND_SKIP = 0x20 };
enum { COMMAND_CODE = 0x1f, CODE_SCAN_EQUAL = 0x11, CODE_SCAN_LOW = 0x19 };
enum { PARAM_COUNT_ENABLED = 0x80, PARAM_HEAD_SHIFT = 2, PARAM_UNIT = 0x03 };

/* ---- Results ---- */

void fdc_end(Fdc *s, guint8 st0, guint8 st1, guint8 st2)
{
    const FdcTransfer *t = &s->transfer;
    const guint8 result[] = {
        st0 | (t->st1 ? ST0_ABNORMAL : 0) | t->head << ST0_HEAD_SHIFT | t->unit,
        st1 | t->st1, st2 | t->st2, t->c, t->h, t->r, t->code,
    };

    fdc_run_stop(s);
    fdc_results(s, result, sizeof(result));
    s->result_interrupt = true;
    fdc_update_irq(s);
}

/* Table 5-5: the ID after the last sector. */
void fdc_end_after(Fdc *s, guint8 last, guint8 st0, guint8 st1, guint8 st2)
{
    FdcTransfer *t = &s->transfer;

    t->r = last + 1;
    if (last == t->eot) {
        t->r = 1;
        t->c += !t->multi_track || t->head;
        t->h ^= t->multi_track;
    }
    fdc_end(s, st0, st1, st2);
}

/* ---- Which sector ---- */

/* Whether the head is over a track with address marks. */
static bool has_marks(const Fdc *s, const Floppy *f)
{
    const FloppyFormat *format = f ? floppy_format(f) : NULL;

    return format && format->rate == s->rate && s->transfer.head < format->heads &&
           floppy_track(f) < format->tracks;
}

/* An image may be shorter than its format. */
static bool has_sector(const Fdc *s, Floppy *f)
{
    const FdcTransfer *t = &s->transfer;
    const FloppyFormat *format = floppy_format(f);
    guint64 track = (guint64)t->c * format->heads + t->head;
    const BlockNode *node = disk_medium(floppy_disk(f));

    return t->h == t->head && t->code == SECTOR_CODE && t->r >= 1 && t->r <= format->sectors &&
           node && (track * format->sectors + t->r) * FLOPPY_SECTOR <= block_node_size(node);
}

bool fdc_check_sector(Fdc *s)
{
    Floppy *f = fdc_drive(s, s->transfer.unit);
    guint8 st1 = 0, st2 = 0;

    if (!has_marks(s, f)) {
        st1 = ST1_MISSING_ADDRESS_MARK;
    } else if (s->transfer.c != floppy_track(f)) {
        st1 = ST1_NO_DATA;
        st2 = ST2_WRONG_CYLINDER;
    } else if (!has_sector(s, f)) {
        st1 = ST1_NO_DATA;
    }
    if (st1) {
        fdc_end(s, ST0_ABNORMAL, st1, st2);
    }
    return !st1;
}

static bool check_writable(Fdc *s)
{
    const Floppy *f = fdc_drive(s, s->transfer.unit);

    if (f && floppy_is_protected(f)) {
        fdc_end(s, ST0_ABNORMAL, ST1_NOT_WRITABLE, 0);
        return false;
    }
    return true;
}

static bool check_mfm(Fdc *s)
{
    if (!(s->fifo[0] & COMMAND_MFM)) {
        fdc_end(s, ST0_ABNORMAL, ST1_MISSING_ADDRESS_MARK, 0);
        return false;
    }
    return true;
}

/* ---- Parameters ---- */

/* Those of all commands with an ID. */
static void begin(Fdc *s, FdcOp op)
{
    const guint8 *bytes = s->fifo;

    s->phase = PHASE_EXECUTION;
    s->eot = bytes[6];
    s->transfer = (FdcTransfer){
        .op = op,
        .unit = bytes[1] & PARAM_UNIT, .head = bytes[1] >> PARAM_HEAD_SHIFT & 1,
        .c = bytes[2], .h = bytes[3], .r = bytes[4], .code = bytes[5], .eot = bytes[6],
        .step = 1, .multi_track = bytes[0] & COMMAND_MULTI_TRACK,
    };
    if (s->config & CONFIG_IMPLIED_SEEK) {
        fdc_seek(s, s->transfer.unit, s->transfer.c);
    }
}

static void start(Fdc *s)
{
    if (check_mfm(s) && fdc_check_sector(s)) {
        fdc_run_begin(s);
    }
}

/* ---- Commands ---- */

void fdc_start_read(Fdc *s)
{
    begin(s, FDC_READ);
    start(s);
}

/* Section 5.1.2: no sector has a deleted mark, so the command skips all, or ends after the
 * first. */
void fdc_start_read_deleted(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    begin(s, FDC_READ);
    if (!check_mfm(s) || !fdc_check_sector(s)) {
        return;
    }
    t->st2 = ST2_CONTROL_MARK;
    t->one = true;
    if (s->fifo[0] & COMMAND_SKIP) {
        fdc_end_after(s, t->eot, 0, 0, 0);
    } else {
        fdc_run_begin(s);
    }
}

/* All sectors in their order, whatever the ID says, which is only compared. */
void fdc_start_read_track(Fdc *s)
{
    FdcTransfer *t = &s->transfer;
    const Floppy *f;

    begin(s, FDC_READ);
    f = fdc_drive(s, t->unit);
    if (f) {
        bool same = t->c == floppy_track(f) && t->h == t->head && t->r == 1 &&
                    t->code == SECTOR_CODE;

        t->st1 = same ? 0 : ST1_NO_DATA;
        t->c = floppy_track(f);
    }
    t->h = t->head;
    t->r = 1;
    t->code = SECTOR_CODE;
    t->multi_track = false;
    start(s);
}

/* Marks are not stored, so WRITE DELETED DATA is the same. */
void fdc_start_write(Fdc *s)
{
    begin(s, FDC_WRITE);
    if (check_writable(s)) {
        start(s);
    }
}

/* With bit EC, the last parameter counts sectors. */
void fdc_start_verify(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    begin(s, FDC_VERIFY);
    t->counted = s->fifo[1] & PARAM_COUNT_ENABLED;
    t->left = s->fifo[8] ? s->fifo[8] : 256;
    start(s);
}

void fdc_start_scan(Fdc *s)
{
    guint8 code = s->fifo[0] & COMMAND_CODE;

    begin(s, code == CODE_SCAN_EQUAL ? FDC_SCAN_EQUAL
             : code == CODE_SCAN_LOW ? FDC_SCAN_LOW : FDC_SCAN_HIGH);
    s->transfer.step = s->fifo[8] == 2 ? 2 : 1;
    start(s);
}

/* The host sends four bytes for each sector of the track. */
void fdc_start_format(Fdc *s)
{
    const guint8 *bytes = s->fifo;
    const Floppy *f = fdc_drive(s, bytes[1] & PARAM_UNIT);

    s->phase = PHASE_EXECUTION;
    s->eot = bytes[3];
    s->transfer = (FdcTransfer){
        .op = FDC_FORMAT,
        .unit = bytes[1] & PARAM_UNIT, .head = bytes[1] >> PARAM_HEAD_SHIFT & 1,
        .code = bytes[2], .eot = bytes[3], .filler = bytes[5],
        .c = f ? floppy_track(f) : 0, .h = bytes[1] >> PARAM_HEAD_SHIFT & 1, .r = 1,
    };
    if (!check_writable(s) || !check_mfm(s)) {
        return;
    }
    if (!has_marks(s, f)) {
        fdc_end(s, ST0_ABNORMAL, ST1_MISSING_ADDRESS_MARK, 0);
    } else if (s->transfer.code != SECTOR_CODE || !bytes[3]) {
        fdc_end(s, ST0_ABNORMAL, ST1_NO_DATA, 0);
    } else {
        s->n_buffer = 0;
        fdc_run_await(s, 4 * bytes[3]);
    }
}

void fdc_read_id(Fdc *s)
{
    const guint8 *bytes = s->fifo;
    Floppy *f = fdc_drive(s, bytes[1] & PARAM_UNIT);
    FdcTransfer *t = &s->transfer;

    s->phase = PHASE_EXECUTION;
    *t = (FdcTransfer){
        .op = FDC_READ,
        .unit = bytes[1] & PARAM_UNIT, .head = bytes[1] >> PARAM_HEAD_SHIFT & 1,
    };
    if (!check_mfm(s)) {
        return;
    }
    if (!has_marks(s, f)) {
        fdc_end(s, ST0_ABNORMAL, ST1_MISSING_ADDRESS_MARK, 0);
        return;
    }
    t->c = floppy_track(f);
    t->h = t->head;
    t->r = floppy_next_sector(f);
    t->code = SECTOR_CODE;
    fdc_end(s, 0, 0, 0);
}
