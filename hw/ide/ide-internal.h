/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the drives share:
 *
 *   ide-bus.c        the bus
 *   ide-drive.c      class ide-device: life, state, reset
 *   ide-request.c    requests to the block layer, and memory for their data
 *   ide-transfer.c   data of a command, in blocks (PIO) or by DMA
 *   ide-queue.c      queued commands
 *   ide-hd.c         class ide-hd
 *   ata-command.c    the table of commands, and those without data
 *   ata-data.c       commands that read, write, verify, flush or trim
 *   ata-identify.c   IDENTIFY DEVICE and IDENTIFY PACKET DEVICE
 *   ata-features.c   SET FEATURES
 *   ata-smart.c      SMART, and logs
 *   ide-cd.c         class ide-cd: media and tray
 *   atapi.c          the PACKET command
 *   atapi-command.c  a packet device's commands, with mmc.h's of a CD drive
 *   atapi-drive.c    what it says of itself
 *
 * A command is an operation (IdeOp) in a phase. The state rows have both, and where the transfer
 * is, so a loaded drive continues: what was in flight is requested again.
 */
#ifndef HW_IDE_IDE_INTERNAL_H
#define HW_IDE_IDE_INTERNAL_H

#include "hw/ide/ide.h"
#include "hw/machine/machine.h"
#include "hw/scsi/mmc.h"

enum {
    IDE_BUFFER = 65536,         /* bytes that move by PIO between requests */
    IDE_MAX_PIECES = 128,       /* of memory in a request */
    IDE_MAX_UNITS = 2,
    IDE_MAX_MULTIPLE = 16,
    IDE_MAX_TRIM = 8,           /* sectors of ranges */
    IDE_PACKET = 12,
    IDE_N_TAGS = 32,
    IDE_SELF_TESTS = 21,
};

/* What a command does while it is not done. The numbers are in saved state. */
typedef enum {
    IDE_OP_NONE,
    IDE_OP_REPLY,               /* the buffer goes to the host */
    IDE_OP_READ,
    IDE_OP_WRITE,
    IDE_OP_VERIFY,
    IDE_OP_FLUSH,
    IDE_OP_TRIM,                /* the buffer has ranges */
    IDE_OP_PACKET,              /* waits for a packet */
    IDE_OP_PACKET_REPLY,
    IDE_OP_PACKET_READ,
    IDE_OP_PACKET_RAW,          /* sectors that are composed in the buffer */
    IDE_N_OPS,
} IdeOp;

typedef enum {
    IDE_IDLE,
    IDE_BLOCK,                  /* a block waits for the host */
    IDE_DISK,                   /* a request is in flight */
    IDE_DMA,                    /* waits for the controller */
    IDE_N_PHASES,
} IdePhase;

/* A request to the block layer. */
typedef struct {
    DiskRequest disk;           /* must come first */
    IdeDrive *drive;
    gint tag;                   /* of a queued command, or -1 */
    /* Guest memory, while in flight. */
    MemoryView *view;
    guint n;
    guint64 bytes;
    IdeCursor from, to;         /* where it is in the table */
    void *bounce;               /* for a sector in very small pieces */
    struct iovec iov[IDE_MAX_PIECES];
    guint64 addresses[IDE_MAX_PIECES];
} IdeRequest;

/* A command of the queue. */
typedef struct {
    bool busy;
    bool to_host, fua;
    guint64 sector;             /* the next one of 512 bytes */
    guint32 left;
    IdeCursor cursor;
} IdeQueued;

typedef struct {
    guint16 cylinders, heads, sectors;
} IdeGeometry;

/* What a packet device that was given another medium still has to tell. */
typedef enum {
    ATAPI_UNCHANGED,
    ATAPI_TELL_REMOVED,
    ATAPI_TELL_CHANGED,
    ATAPI_N_CHANGES,
} AtapiChange;

/* What a class of drives is; the TypeInfo.kind, whose DiskOps is first. */
typedef struct {
    DiskOps disk;
    bool packet;
    const char *model;
} IdeKind;

struct IdeDrive {
    Disk disk;
    const IdeKind *kind;
    IdeBus *bus;                /* while it is attached */
    guint unit;
    IdeGeometry geometry;       /* physical */
    guint64 n_sectors;          /* of ide-hd */
    char *serial;
    MachineListener *listener;
    IdeRequest request;         /* of a command that is not queued */
    guint n_in_flight;
    bool loaded;                /* what was in flight is to start when the machine runs */

    /* Guest-visible. */
    IdeTaskFile task;
    guint8 status, error, command;
    guint8 op, phase;           /* IdeOp, IdePhase */
    bool resetting;             /* ready when nothing is in flight, unless SRST */
    bool reset_held;            /* is set; */
    bool reset_hard;            /* with all values of power-on */
    bool to_host, dma;          /* which way data go, and whether by DMA */
    bool dma_active, dma_stopping;      /* ide_dma_go(), ide_dma_stop() */
    IdeCursor cursor;           /* where the DMA is */
    guint64 sector;             /* the next one on the medium, of 512 bytes */
    guint32 left;               /* sectors that have not been moved */
    guint32 moved;              /* bytes between host and drive */
    guint8 *buffer;             /* IDE_BUFFER bytes, */
    guint32 filled;             /* so many in use, or to be filled */
    guint32 at, block_end;      /* the block that waits */
    guint32 block;              /* bytes in a block */
    guint8 io_op;               /* in phase IDE_DISK: the request for the buffer */
    guint32 io_flags;
    guint64 io_sector, io_bytes;
    /* Settings. */
    guint16 heads, sectors;     /* current geometry */
    guint8 multiple;
    guint8 transfer_mode;       /* of SET FEATURES: low half of word 62, 63 or 88 */
    bool look_ahead, keep;      /* keep: a software reset changes no setting */
    guint8 power;               /* Sector Count of CHECK POWER MODE */
    /* SMART. */
    bool smart, smart_autosave;
    guint8 smart_tests;         /* that were run */
    guint8 smart_log[IDE_SELF_TESTS * 24];
    /* Packets. */
    guint8 packet[IDE_PACKET];
    guint32 limit;              /* bytes of a block at most */
    Mmc mmc;
    guint32 sense;              /* SENSE_* (scsi-codes.h), until the host reads it */
    guint8 change;              /* AtapiChange */
    /* Queued commands. */
    IdeQueued queue[IDE_N_TAGS];
    bool queue_failed;          /* until log page 10h is read */
    guint8 queue_error[16];     /* the beginning of that page */
    IdeRequest *queued;         /* of IDE_N_TAGS; NULL: no queue */
};

/* ---- ide-bus.c ---- */

const IdeTransport *ide_bus_ops(const IdeBus *bus, void **ret_opaque);
/* The current view of guest memory, borrowed. */
MemoryView *ide_bus_view(IdeBus *bus, AddressSpace *memory);

/* ---- ide-request.c ---- */

void ide_request_init(IdeRequest *request, IdeDrive *drive, gint tag);
/* Fills the request's memory from the drive's table, up to bytes in whole sectors; returns
 * the number, 0 if the table has no more, or with *ret_failed if it cannot be accessed. */
guint64 ide_request_map(IdeRequest *request, const IdeCursor *at, guint64 bytes, bool to_guest,
                        bool *ret_failed);
void ide_request_map_buffer(IdeRequest *request, void *buffer, gsize bytes);
/* Starts it at a sector of 512 bytes, with the memory that was mapped, or without for operations
 * other than reads and writes. */
void ide_request_start(IdeRequest *request, BlockOp op, guint flags, guint64 sector, guint64 bytes);
/* Nothing is in flight: frees what it holds. */
void ide_request_drop(IdeRequest *request);

/* ---- ide-transfer.c ---- */

/* How an operation goes on. */
typedef struct {
    /* The block was moved; or all data, by DMA. */
    void (*moved)(IdeDrive *drive);
    /* The request for the buffer has ended, or DMA of the medium with an error. */
    void (*disk)(IdeDrive *drive, int error);
    bool medium;                /* DMA goes to the medium, not to the buffer */
} IdeOpOps;

void ide_set_op(IdeDrive *drive, IdeOp op, bool to_host, bool dma);
/* So many bytes of the buffer from drive->at on wait for the host. */
void ide_block(IdeDrive *drive, gsize size, bool interrupt);
/* DMA of drive->left sectors, or of drive->filled bytes of the buffer, as the op says. */
void ide_dma_announce(IdeDrive *drive);
/* The same; if DMA of a part of the data was announced before, it goes on with the next. */
void ide_dma_next(IdeDrive *drive);
/* Whether a saved operation can be in this phase. */
bool ide_op_can(guint op, guint phase);
/* A request for the beginning of the buffer (if it is a read or write). */
void ide_disk(IdeDrive *drive, BlockOp op, guint flags, guint64 sector, guint64 bytes);
/* The command has ended: with this status; well; with an error; with one at a sector. */
void ide_done_with(IdeDrive *drive, guint8 status, bool interrupt);
void ide_done(IdeDrive *drive, bool interrupt);
void ide_fail(IdeDrive *drive, guint8 error);
void ide_fail_at(IdeDrive *drive, guint8 error, guint64 sector);
/* The host's error as that of the command. */
guint8 ide_error_of(int error);
/* drive->request has ended. */
void ide_request_ended(IdeDrive *drive, int error);
/* Starts again what was in flight when the state was saved. */
void ide_restart(IdeDrive *drive);

/* ---- ide-drive.c ---- */

/* For the classes: the drive is complete, and can be seen by its controller; it is about to go. */
void ide_drive_ready(IdeDrive *drive);
void ide_drive_gone(IdeDrive *drive);
/* A request has ended while the drive is being reset. */
void ide_reset_idle(IdeDrive *drive);
void ide_set_signature(IdeDrive *drive);

/* ---- ide-queue.c ---- */

void ide_queue_init(IdeDrive *drive);
/* Its commands end without a result; requests in flight end later. */
void ide_queue_forget(IdeDrive *drive);
/* drive->queued[tag] has ended, whose command was not forgotten. */
void ide_queued_ended(IdeDrive *drive, guint tag, int error);
bool ide_queue_busy(const IdeDrive *drive);
bool ide_queue_valid(const IdeDrive *drive);
void ide_queue_restart(IdeDrive *drive);

/* ---- ata-*.c ---- */

extern const IdeOpOps ide_reply_ops, ide_read_ops, ide_write_ops, ide_verify_ops, ide_flush_ops,
                      ide_trim_ops;
/* So many bytes of the buffer are the reply of a PIO command. */
void ata_reply(IdeDrive *drive, gsize size);
/* Address and number of sectors of the command to drive->sector and left, counted or 1;
 * fails the command and returns false if they are not on the medium. */
bool ata_take_range(IdeDrive *drive, bool counted);
guint64 ata_address_48(const IdeTaskFile *task);
void ata_set_address(IdeDrive *drive, guint64 sector);
void ata_identify(IdeDrive *drive);
void ata_identify_packet(IdeDrive *drive);
void ata_set_features(IdeDrive *drive);
void ata_smart(IdeDrive *drive);
void ata_read_log(IdeDrive *drive);
void ata_read_write(IdeDrive *drive);
void ata_verify(IdeDrive *drive);
void ata_flush(IdeDrive *drive);
void ata_data_set_management(IdeDrive *drive);

/* ---- atapi.c ---- */

extern const IdeOpOps ide_packet_ops, ide_packet_reply_ops, ide_packet_read_ops,
                      ide_packet_raw_ops;
void atapi_packet(IdeDrive *drive);
/* Whether the loaded state of a packet command is possible. */
bool atapi_state_valid(const IdeDrive *drive);

/* ---- atapi-command.c ---- */

/* Performs a command, as mmc_command() does; if it fails, drive->sense tells why. */
MmcResult atapi_command(IdeDrive *drive, const guint8 cdb[MMC_CDB], MmcAction *action);
/* For DiskOps.medium_changed; and a reset. */
void atapi_medium_changed(IdeDrive *drive);
void atapi_reset(IdeDrive *drive);

/* ---- atapi-drive.c ---- */

MmcResult atapi_inquiry(IdeDrive *drive, const guint8 *cdb, MmcAction *action);
MmcResult atapi_mode_sense(IdeDrive *drive, const guint8 *cdb, MmcAction *action);

#endif
