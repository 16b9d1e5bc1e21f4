/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of drives to the block layer, and the guest memory that they use in place.
 *
 * A controller's table has pieces of any size. A request takes as many as it has room for, and
 * whole sectors of them; a sector that is in more pieces than that is bounced.
 */
#include "config.h"
#include "hw/ide/ide-internal.h"

#include <string.h>

/* ---- The table ---- */

/* The rest of the entry at which the cursor is; false: there is none, or *ret_failed. */
static bool next_bytes(IdeDrive *drive, gint tag, const IdeCursor *at, IdePiece *ret,
                       bool *ret_failed)
{
    void *opaque;
    const IdeTransport *ops = ide_bus_ops(drive->bus, &opaque);

    if (at->ended) {
        return false;
    }
    if (!ops->piece(opaque, drive, tag, at->index, ret)) {
        *ret_failed = true;
        return false;
    }
    if (!ret->bytes) {
        return false;
    }
    /* The guest may have changed it. */
    if (at->offset >= ret->bytes) {
        *ret_failed = true;
        return false;
    }
    ret->addr += at->offset;
    ret->bytes -= at->offset;
    return true;
}

static void advance(IdeCursor *at, const IdePiece *piece, guint32 entry_left, guint64 used)
{
    if (used < entry_left) {
        at->offset += used;
        return;
    }
    at->offset = 0;
    at->index++;
    at->ended = piece->last;
}

/* Host memory of the next bytes; false: no more, or *ret_failed. */
static bool next_memory(IdeDrive *drive, gint tag, IdeCursor *at, guint64 want, bool to_guest,
                        struct iovec *ret, guint64 *ret_address, bool *ret_failed)
{
    MemoryView *view = ide_bus_view(drive->bus, drive->disk.front.machine->memory);
    IdePiece piece;
    guint64 n;

    if (!next_bytes(drive, tag, at, &piece, ret_failed)) {
        return false;
    }
    ret->iov_base = memory_view_map(view, piece.addr, MIN(piece.bytes, want), to_guest, &n);
    if (!ret->iov_base) {
        *ret_failed = true;
        return false;
    }
    ret->iov_len = n;
    *ret_address = piece.addr;
    advance(at, &piece, piece.bytes, n);
    return true;
}

static gsize copy(IdeDrive *drive, gint tag, IdeCursor *at, void *data, gsize size, bool to_guest,
                  bool *ret_failed)
{
    AddressSpace *memory = drive->disk.front.machine->memory;
    gsize done = 0;
    struct iovec iov;
    guint64 address;

    while (done < size &&
           next_memory(drive, tag, at, size - done, to_guest, &iov, &address, ret_failed)) {
        guint8 *bytes = (guint8 *)data + done;

        if (to_guest) {
            memcpy(iov.iov_base, bytes, iov.iov_len);
            memory_wrote(memory, address, iov.iov_len);
        } else {
            memcpy(bytes, iov.iov_base, iov.iov_len);
        }
        done += iov.iov_len;
    }
    return done;
}

gsize ide_table_copy(IdeDrive *drive, IdeCursor *at, void *data, gsize size, bool to_guest,
                     bool *ret_failed)
{
    return copy(drive, -1, at, data, size, to_guest, ret_failed);
}

/* ---- Memory of a request ---- */

static void take_memory(IdeRequest *r, const struct iovec *iov, guint64 address)
{
    struct iovec *last = r->n ? &r->iov[r->n - 1] : NULL;

    r->bytes += iov->iov_len;
    if (last && (char *)last->iov_base + last->iov_len == iov->iov_base &&
        r->addresses[r->n - 1] + last->iov_len == address) {
        last->iov_len += iov->iov_len;
        return;
    }
    r->iov[r->n] = *iov;
    r->addresses[r->n++] = address;
}

/* Cuts the end off, so that whole sectors are left; moves the place in the table back to them. */
static void cut(IdeRequest *r, guint64 bytes)
{
    guint64 left = bytes;
    bool failed = false;
    IdePiece piece;

    for (r->n = 0; left; r->n++) {
        r->iov[r->n].iov_len = MIN(r->iov[r->n].iov_len, left);
        left -= r->iov[r->n].iov_len;
    }
    r->bytes = bytes;
    for (r->to = r->from, left = bytes; left; ) {
        guint64 n;

        if (!next_bytes(r->drive, r->tag, &r->to, &piece, &failed)) {
            return;
        }
        n = MIN(piece.bytes, left);
        advance(&r->to, &piece, piece.bytes, n);
        left -= n;
    }
}

/* One sector by way of a buffer. */
static guint64 bounce(IdeRequest *r, bool to_guest, bool *ret_failed)
{
    g_autofree void *sector = g_malloc0(ATA_SECTOR);
    IdeCursor at = r->from;

    if (copy(r->drive, r->tag, &at, sector, ATA_SECTOR, false, ret_failed) < ATA_SECTOR) {
        return 0;
    }
    r->to = at;
    r->bytes = ATA_SECTOR;
    r->n = 1;
    r->bounce = g_steal_pointer(&sector);
    r->iov[0] = (struct iovec){ r->bounce, ATA_SECTOR };
    return r->bytes;
}

guint64 ide_request_map(IdeRequest *r, const IdeCursor *at, guint64 bytes, bool to_guest,
                        bool *ret_failed)
{
    IdeDrive *drive = r->drive;
    struct iovec iov;
    guint64 address;

    r->from = r->to = *at;
    r->n = 0;
    r->bytes = 0;
    while (r->bytes < bytes && r->n < IDE_MAX_PIECES &&
           next_memory(drive, r->tag, &r->to, bytes - r->bytes, to_guest, &iov, &address,
                       ret_failed)) {
        take_memory(r, &iov, address);
    }
    if (*ret_failed) {
        return 0;
    }
    if (r->bytes < ATA_SECTOR && r->n == IDE_MAX_PIECES) {
        return bounce(r, to_guest, ret_failed);
    }
    if (r->bytes % ATA_SECTOR) {
        cut(r, r->bytes - r->bytes % ATA_SECTOR);
    }
    if (r->bytes) {
        r->view = memory_view_ref(ide_bus_view(drive->bus, drive->disk.front.machine->memory));
    }
    return r->bytes;
}

void ide_request_map_buffer(IdeRequest *r, void *buffer, gsize bytes)
{
    r->n = 1;
    r->bytes = bytes;
    r->iov[0] = (struct iovec){ buffer, bytes };
}

/* ---- Life ---- */

void ide_request_drop(IdeRequest *r)
{
    g_clear_pointer(&r->view, memory_view_unref);
    g_clear_pointer(&r->bounce, g_free);
    r->n = 0;
}

/* The data that was read is in guest memory; if there was an error, part of it may be. */
static void wrote_memory(IdeRequest *r, int error)
{
    AddressSpace *memory = r->drive->disk.front.machine->memory;
    bool failed = false;

    if (r->bounce && !error) {
        IdeCursor at = r->from;

        copy(r->drive, r->tag, &at, r->bounce, r->bytes, true, &failed);
    } else if (r->view) {
        for (guint i = 0; i < r->n; i++) {
            memory_wrote(memory, r->addresses[i], r->iov[i].iov_len);
        }
    }
}

bool ide_in_flight(const IdeDrive *drive)
{
    return drive->n_in_flight;
}

static bool is_forgotten(const IdeRequest *r)
{
    return r->tag < 0 ? r->drive->op == IDE_OP_NONE : !r->drive->queue[r->tag].busy;
}

static void done(DiskRequest *request, int error)
{
    IdeRequest *r = (IdeRequest *)request;
    IdeDrive *drive = r->drive;

    if (request->front.block.op == BLOCK_OP_READ) {
        wrote_memory(r, error);
    }
    ide_request_drop(r);
    drive->n_in_flight--;
    if (drive->resetting) {
        ide_reset_idle(drive);
    } else if (!is_forgotten(r) && r->tag < 0) {
        ide_request_ended(drive, error);
    } else if (!is_forgotten(r)) {
        ide_queued_ended(drive, r->tag, error);
    }
}

void ide_request_init(IdeRequest *r, IdeDrive *drive, gint tag)
{
    r->drive = drive;
    r->tag = tag;
    r->disk.done = done;
}

void ide_request_start(IdeRequest *r, BlockOp op, guint flags, guint64 sector, guint64 bytes)
{
    BlockRequest *block = &r->disk.front.block;

    block->op = op;
    block->flags = flags;
    block->offset = sector * ATA_SECTOR;
    block->bytes = bytes;
    block->iov = r->iov;
    block->n_iov = r->n;
    r->drive->n_in_flight++;
    disk_submit(&r->drive->disk, &r->disk);
}
