/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs: the sectors of one side of a track that a command reads or writes in one request, and
 * their way between the disk, the controller's buffer and the host.
 *
 *     read    disk -> buffer (fdc_run_begin), buffer -> host (pump), next run
 *     write   host -> buffer (fdc_run_begin), buffer -> disk, next run
 *     scan    disk -> buffer, host -> behind it, compare, next sector
 *     format  host -> buffer: IDs, then fill bytes -> disk
 *
 * A controller that is reset while a request is in flight forgets it, and uses its buffer again
 * when the request has ended (stale).
 */
#include "config.h"
#include "hw/floppy/fdc-internal.h"

#include <errno.h>
#include <string.h>

#include "hw/machine/machine.h"
#include "qom/guest-error.h"
#include "qom/qapi-trace.h"

static bool is_scan(const Fdc *s)
{
    return s->transfer.op >= FDC_SCAN_EQUAL && s->transfer.op <= FDC_SCAN_HIGH;
}

bool fdc_run_to_host(const Fdc *s)
{
    return s->transfer.op == FDC_READ;
}

/* What the host sends during a scan is behind the sector of the disk. */
static guint8 *host_data(Fdc *s)
{
    return s->buffer + (is_scan(s) ? FLOPPY_SECTOR : 0);
}

/* ---- Interrupts of transfers without DMA ---- */

/* Bytes of each interrupt: the FIFO's, or one. */
static guint32 burst(const Fdc *s)
{
    return s->config & CONFIG_NO_FIFO ? 1 : 16 - (s->config & CONFIG_THRESHOLD);
}

/* ---- Disk ---- */

static bool request_is_stale(const Fdc *s)
{
    return s->request.busy && s->stale;
}

static guint64 run_offset(const Fdc *s, const FloppyFormat *format)
{
    const FdcTransfer *t = &s->transfer;
    guint64 track = (guint64)t->c * format->heads + t->head;

    return (track * format->sectors + t->r - 1) * FLOPPY_SECTOR;
}

static void io_done(Fdc *s, int error);

static void request_done(DiskRequest *request, int error)
{
    Fdc *s = container_of(request, Fdc, request);

    if (!s->stale) {
        io_done(s, error);
        return;
    }
    s->stale = false;
    fdc_run_resume(s);
}

/* Sends the transfer's request, now or when the one in flight has ended. */
static void submit(Fdc *s)
{
    const FdcTransfer *t = &s->transfer;
    Floppy *f = fdc_drive(s, t->unit);
    const FloppyFormat *format = f ? floppy_format(f) : NULL;

    if (s->request.busy) {
        return;
    }
    if (!format) {
        io_done(s, ENOMEDIUM);
        return;
    }
    s->stale = false;
    s->iov = (struct iovec){ s->buffer, t->n * FLOPPY_SECTOR };
    s->request.front.block = (BlockRequest){
        .op = t->io == FDC_IO_READ ? BLOCK_OP_READ : BLOCK_OP_WRITE,
        .offset = run_offset(s, format), .bytes = s->iov.iov_len,
        .iov = &s->iov, .n_iov = 1,
    };
    s->request.done = request_done;
    disk_submit(floppy_disk(f), &s->request);
}

static void start_io(Fdc *s, FdcIo io)
{
    s->transfer.io = io;
    s->reading ^= io == FDC_IO_READ;
    s->writing ^= io == FDC_IO_WRITE;
    isa_dma_request(&s->dma, false);
    submit(s);
}

/* ---- Host ---- */

/* The host is to move bytes.  Nothing may follow: by DMA it may do so at once. */
static void await_host(Fdc *s)
{
    if (request_is_stale(s)) {
        return;
    }
    if (!fdc_uses_dma(s)) {
        s->result_interrupt = true;
        fdc_update_irq(s);
        return;
    }
    isa_dma_request(&s->dma, s->dor & DOR_DMAGATE);
}

void fdc_run_await(Fdc *s, guint32 length)
{
    s->transfer.pos = 0;
    s->transfer.length = length;
    await_host(s);
}

bool fdc_run_ready(const Fdc *s)
{
    const FdcTransfer *t = &s->transfer;

    return s->phase == PHASE_EXECUTION && t->io == FDC_IO_NONE && t->pos < t->length &&
           !request_is_stale(s);
}

static void host_done(Fdc *s);

/* The host has moved bytes. */
static void moved(Fdc *s, guint32 n, bool tc)
{
    FdcTransfer *t = &s->transfer;

    t->pos += n;
    t->tc |= tc;
    if (tc) {
        trace_fdctrl_tc_pulse(s, 1);
    }
    if (n && (t->pos == t->length || t->tc)) {
        host_done(s);
    }
}

/* One byte without DMA.  Each burst has its interrupt. */
static void moved_byte(Fdc *s)
{
    bool more = s->transfer.pos + 1 < s->transfer.length;

    if ((s->transfer.pos + 1) % burst(s) == 0 || !more) {
        s->result_interrupt = false;
        fdc_update_irq(s);
        s->result_interrupt = more;
        fdc_update_irq(s);
    }
    moved(s, 1, false);
}

guint8 fdc_run_read(Fdc *s)
{
    guint8 value = host_data(s)[s->transfer.pos];

    moved_byte(s);
    return value;
}

void fdc_run_write(Fdc *s, guint8 value)
{
    host_data(s)[s->transfer.pos] = value;
    s->n_buffer = MAX(s->n_buffer, host_data(s) - s->buffer + s->transfer.pos + 1);
    moved_byte(s);
}

void fdc_run_pump(Fdc *s)
{
    FdcTransfer *t = &s->transfer;
    guint8 *data = host_data(s) + t->pos;
    guint32 size = t->length - t->pos, n;
    bool tc;

    if (!fdc_run_ready(s) || !fdc_uses_dma(s) || !s->machine->running) {
        return;
    }
    if (fdc_run_to_host(s)) {
        n = isa_dma_write(&s->dma, data, size, &tc);
    } else {
        n = isa_dma_read(&s->dma, data, size, &tc);
        s->n_buffer = MAX(s->n_buffer, data - s->buffer + n);
    }
    moved(s, n, tc);
}

/* ---- From one run to the next ---- */

static guint8 last_sector(const Fdc *s)
{
    return s->transfer.r + s->transfer.n - 1;
}

/* The sector that the host has got to. */
static guint8 host_sector(const Fdc *s)
{
    return s->transfer.r + (s->transfer.pos - 1) / FLOPPY_SECTOR;
}

/* The end of a side was reached, and the host has not said that it has all. */
static void end_of_side(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    if (t->multi_track && !t->head) {
        t->head = 1;
        t->h ^= 1;
        t->r = 1;
        if (fdc_check_sector(s)) {
            fdc_run_begin(s);
        }
    } else if (is_scan(s)) {
        fdc_end_after(s, last_sector(s), 0, 0, ST2_SCAN_NOT_SATISFIED);
    } else if (t->op == FDC_VERIFY) {
        fdc_end_after(s, last_sector(s), 0, 0, 0);
    } else {
        fdc_end_after(s, last_sector(s), ST0_ABNORMAL, ST1_END_OF_CYLINDER, 0);
    }
}

static void next_run(Fdc *s)
{
    FdcTransfer *t = &s->transfer;
    guint last = last_sector(s), step = is_scan(s) ? t->step : 1;

    if (t->one) {
        fdc_end_after(s, last, 0, 0, 0);
    } else if (last == t->eot || (last < t->eot && last + step > t->eot)) {
        end_of_side(s);
    } else {
        t->r = last + step;
        if (fdc_check_sector(s)) {
            fdc_run_begin(s);
        }
    }
}

/* ---- Scans ---- */

/* Whether the condition holds for a sector; a byte of ones matches any. */
static bool scan_matches(Fdc *s, guint32 n, bool *ret_equal)
{
    const guint8 *disk = s->buffer, *host = host_data(s);

    for (guint32 i = 0; i < n; i++) {
        if (disk[i] != host[i] && disk[i] != ANY_BYTE && host[i] != ANY_BYTE) {
            *ret_equal = false;
            return s->transfer.op == FDC_SCAN_LOW ? disk[i] < host[i]
                   : s->transfer.op == FDC_SCAN_HIGH && disk[i] > host[i];
        }
    }
    *ret_equal = true;
    return true;
}

static void scan_sector(Fdc *s)
{
    bool equal;

    if (scan_matches(s, s->transfer.pos, &equal)) {
        fdc_end_after(s, s->transfer.r, 0, 0, equal ? ST2_SCAN_EQUAL : 0);
    } else if (s->transfer.tc) {
        fdc_end_after(s, s->transfer.r, 0, 0, ST2_SCAN_NOT_SATISFIED);
    } else {
        next_run(s);
    }
}

/* ---- Formats ---- */

/* An image has the IDs that its geometry gives it, and no others. */
static bool take_ids(Fdc *s, const FloppyFormat *format)
{
    FdcTransfer *t = &s->transfer;

    for (guint32 i = 0; i + 4 <= t->pos; i += 4) {
        const guint8 *id = s->buffer + i;

        if (id[0] != t->c || id[1] != t->head || id[2] < 1 || id[2] > format->sectors ||
            id[3] != SECTOR_CODE) {
            return false;
        }
        t->map |= G_GUINT64_CONSTANT(1) << (id[2] - 1);
    }
    return true;
}

/* Fills the next sectors that follow each other. */
static void format_run(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    if (!t->map) {
        fdc_end(s, 0, 0, 0);
        return;
    }
    t->r = g_bit_nth_lsf(t->map, -1) + 1;
    t->n = 0;
    while (t->map >> (t->r - 1 + t->n) & 1) {
        t->map &= ~(G_GUINT64_CONSTANT(1) << (t->r - 1 + t->n));
        t->n++;
    }
    s->n_buffer = t->n * FLOPPY_SECTOR;
    memset(s->buffer, t->filler, s->n_buffer);
    start_io(s, FDC_IO_WRITE);
}

static void format_track(Fdc *s)
{
    const Floppy *f = fdc_drive(s, s->transfer.unit);
    const FloppyFormat *format = f ? floppy_format(f) : NULL;

    if (!format || !take_ids(s, format)) {
        fdc_end(s, ST0_ABNORMAL, format ? ST1_NO_DATA : ST1_MISSING_ADDRESS_MARK, 0);
        return;
    }
    format_run(s);
}

/* ---- Steps of a run ---- */

/* A sector of which the host has sent a part is filled with zeros. */
static void write_run(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    t->n = (t->pos + FLOPPY_SECTOR - 1) / FLOPPY_SECTOR;
    s->n_buffer = t->n * FLOPPY_SECTOR;
    memset(s->buffer + t->pos, 0, s->n_buffer - t->pos);
    start_io(s, FDC_IO_WRITE);
}

/* The host has moved all bytes that it can. */
static void host_done(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    isa_dma_request(&s->dma, false);
    if (t->op == FDC_WRITE) {
        write_run(s);
    } else if (t->op == FDC_FORMAT) {
        format_track(s);
    } else if (is_scan(s)) {
        scan_sector(s);
    } else if (t->tc) {
        fdc_end_after(s, host_sector(s), 0, 0, 0);
    } else {
        next_run(s);
    }
}

static void end_with_error(Fdc *s, int error)
{
    bool write = s->transfer.io == FDC_IO_WRITE;

    s->transfer.io = FDC_IO_NONE;
    if (error == ENOMEDIUM) {
        fdc_end(s, ST0_ABNORMAL, ST1_MISSING_ADDRESS_MARK, 0);
    } else if (error == EROFS) {
        fdc_end(s, ST0_ABNORMAL, ST1_NOT_WRITABLE, 0);
    } else if (write) {
        fdc_end(s, ST0_ABNORMAL | ST0_EQUIPMENT_CHECK, 0, 0);
    } else {
        fdc_end(s, ST0_ABNORMAL, ST1_DATA_ERROR, ST2_DATA_ERROR);
    }
}

static void verified(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    t->left -= t->counted ? t->n : 0;
    if (t->counted && !t->left) {
        fdc_end_after(s, last_sector(s), 0, 0, 0);
    } else {
        next_run(s);
    }
}

/* The disk has done its part. */
static void io_done(Fdc *s, int error)
{
    FdcTransfer *t = &s->transfer;

    if (error) {
        end_with_error(s, error);
        return;
    }
    t->io = FDC_IO_NONE;
    if (t->op == FDC_FORMAT) {
        format_run(s);
    } else if (t->op == FDC_VERIFY) {
        verified(s);
    } else if (t->op != FDC_WRITE) {
        fdc_run_await(s, t->n * FLOPPY_SECTOR);
    } else if (t->tc) {
        fdc_end_after(s, last_sector(s), 0, 0, 0);
    } else {
        next_run(s);
    }
}

/* ---- Beginning ---- */

/* To the end of the side, but no more than the host wants. */
static guint32 run_sectors(const Fdc *s, const FloppyFormat *format)
{
    const FdcTransfer *t = &s->transfer;
    guint32 n = (t->eot < t->r ? format->sectors : MIN(t->eot, format->sectors)) - t->r + 1;
    gsize wanted;

    if (t->one || is_scan(s) || (t->op == FDC_WRITE && !fdc_uses_dma(s))) {
        return 1;
    }
    if (t->op == FDC_VERIFY) {
        return t->counted ? MIN(n, t->left) : n;
    }
    wanted = fdc_uses_dma(s) ? isa_dma_left(&s->dma, fdc_run_to_host(s)) : 0;
    return wanted ? MIN(n, (wanted + FLOPPY_SECTOR - 1) / FLOPPY_SECTOR) : n;
}

void fdc_run_begin(Fdc *s)
{
    FdcTransfer *t = &s->transfer;

    t->n = run_sectors(s, floppy_format(fdc_drive(s, t->unit)));
    t->pos = t->length = 0;
    if (t->op == FDC_WRITE) {
        s->n_buffer = 0;
        fdc_run_await(s, t->n * FLOPPY_SECTOR);
        return;
    }
    s->n_buffer = t->n * FLOPPY_SECTOR;
    start_io(s, FDC_IO_READ);
}

void fdc_run_stop(Fdc *s)
{
    isa_dma_request(&s->dma, false);
    s->transfer.io = FDC_IO_NONE;
    s->transfer.pos = s->transfer.length = 0;
    s->stale = s->request.busy;
}

void fdc_run_resume(Fdc *s)
{
    if (s->phase != PHASE_EXECUTION || s->request.busy) {
        return;
    }
    if (s->transfer.io != FDC_IO_NONE) {
        submit(s);
    } else {
        await_host(s);
    }
}
