/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ATA drives and the buses that they sit on.
 *
 *     piix3-ide: a channel with ports (ide-channel.c) --\
 *                                                        IDE bus -> drive (ide-hd, ide-cd)
 *     ich9-ahci: a port with FISes (ahci-port.c) -------/
 *
 * The drive knows commands; how registers, data and interrupts travel is the matter of the
 * bus's IdeTransport.  A controller writes the drive's task file, and starts a command:
 *
 *     ide_exec() -> data():  a block of data waits;  it is moved by ide_data_* below
 *                -> dma():   data goes to memory;    ide_dma_go() when the controller is ready
 *                -> done():  the command has ended
 *
 * All functions: machine lock held; any thread unless they say otherwise.
 */
#ifndef HW_IDE_IDE_H
#define HW_IDE_IDE_H

#include "hw/block/disk.h"
#include "hw/ide/ata.h"

typedef struct IdeDrive IdeDrive;

/* What the host writes before a command; also what it reads afterwards. */
typedef struct {
    guint8 feature, count, lba_low, lba_mid, lba_high;
} IdeRegisters;

typedef struct {
    IdeRegisters now, previous; /* previous: by the write before, for 48-bit commands */
    guint8 device;
} IdeTaskFile;

/* A place in a controller's table of memory for DMA. */
typedef struct {
    guint32 index, offset;      /* of an entry, and in it */
    bool ended;                 /* the last entry was used up */
} IdeCursor;

typedef struct {
    guint64 addr;
    guint32 bytes;              /* 0: the table has no such entry */
    bool last;
} IdePiece;

/* How DMA ended. */
typedef enum {
    IDE_DMA_DONE,               /* as many bytes as the table has */
    IDE_DMA_MORE_TABLE,         /* the table has more */
    IDE_DMA_SHORT,              /* the table has less: the command waits for its rest */
    IDE_DMA_FAILED,             /* the table, or memory that it names, cannot be accessed */
    IDE_DMA_STOPPED,            /* ide_dma_stop(): the rest may be transferred later */
} IdeDmaEnd;

typedef struct {
    guint n_units;              /* drives that a bus can have */
    bool serial;                /* Serial ATA */
    bool hotplug;
    /* A block of data waits in the drive, or the drive waits for one; interrupt: the host is
     * to be told. */
    void (*data)(void *opaque, IdeDrive *drive, bool interrupt);
    /* The drive wants to transfer data by DMA. */
    void (*dma)(void *opaque, IdeDrive *drive);
    /* The entry with this index of the table of the drive's command (tag -1), or of a queued
     * one; false: it cannot be read. */
    bool (*piece)(void *opaque, IdeDrive *drive, gint tag, guint32 index, IdePiece *ret);
    /* DMA has ended, or was stopped. */
    void (*dma_ended)(void *opaque, IdeDrive *drive, IdeDmaEnd end);
    /* A command has ended. */
    void (*done)(void *opaque, IdeDrive *drive, bool interrupt);
    /* Queued commands, of Serial ATA: one has ended; one has failed, and with it all. */
    void (*queued_done)(void *opaque, IdeDrive *drive, guint tag);
    void (*queued_failed)(void *opaque, IdeDrive *drive);
    /* A reset is complete, and the task file has the drive's signature. */
    void (*ready)(void *opaque, IdeDrive *drive);
    /* A drive appeared; or is about to go, with nothing in flight. */
    void (*plugged)(void *opaque, IdeDrive *drive);
    void (*unplugged)(void *opaque, IdeDrive *drive);
} IdeTransport;

/* ---- Buses ---- */

typedef struct IdeBus IdeBus;

/* Makes a bus of owner, named as bus_new() does. opaque is passed to ops. */
IdeBus *ide_bus_new(Device *owner, const IdeTransport *ops, void *opaque);
/* A realized drive, or NULL; the bus's number among those of its owner. */
IdeDrive *ide_bus_drive(const IdeBus *bus, guint unit);
guint ide_bus_number(const IdeBus *bus);

/* ---- A drive, for its controller ---- */

IdeTaskFile *ide_task_file(IdeDrive *drive);
guint8 ide_status(const IdeDrive *drive);
guint8 ide_error(const IdeDrive *drive);
guint ide_unit(const IdeDrive *drive);
/* Whether it is a packet device, and whether the data that it waits for is a packet. */
bool ide_is_packet(const IdeDrive *drive);
bool ide_wants_packet(const IdeDrive *drive);
/* Whether the command moves data to the host: the data that waits, or the DMA. */
bool ide_to_host(const IdeDrive *drive);

/* Starts a command; a no-op if the drive is busy with another one, unless it is DEVICE RESET. */
void ide_exec(IdeDrive *drive, guint8 command);
/* The bytes that are left of the block that waits; NULL and 0 if none does. */
guint8 *ide_data(IdeDrive *drive, gsize *ret_size);
/* So many of them were moved, or go nowhere; after the last one the command goes on. */
void ide_data_moved(IdeDrive *drive, gsize size);
void ide_data_lost(IdeDrive *drive, gsize size);
/* Bytes that the command has moved. */
guint32 ide_bytes_moved(const IdeDrive *drive);
/* Begins or resumes the transfer that dma() announced, from a place in the table. */
void ide_dma_go(IdeDrive *drive, const IdeCursor *at);
/* Has it pause: dma_ended() comes at once, or when what is in flight has ended. */
void ide_dma_stop(IdeDrive *drive);
/* Whether DMA was announced, and its command has not ended. */
bool ide_dma_pending(const IdeDrive *drive);
/* Whether it moves data now, and must not be given another table. */
bool ide_dma_active(const IdeDrive *drive);
/* Ends a command whose DMA was too short, or whose block cannot be moved, with an error. */
void ide_abort(IdeDrive *drive);
/* Copies data to the memory of the command's table, or from there; returns the number of bytes:
 * less if the table ends before, or with *ret_failed if it cannot be accessed. */
gsize ide_table_copy(IdeDrive *drive, IdeCursor *at, void *data, gsize size, bool to_guest,
                     bool *ret_failed);
/* Whether requests are in flight, queued or not. */
bool ide_in_flight(const IdeDrive *drive);
/* Starts a queued command, whose tag the task file has; of a drive with a queue. */
bool ide_has_queue(const IdeDrive *drive);
void ide_queue_exec(IdeDrive *drive, guint8 command);
/* The controller forgets all commands, queued or not; one that is not leaves the drive busy until a
 * reset. Requests in flight end without a word. */
void ide_forget(IdeDrive *drive);
/* A reset by the host begins (the command is forgotten, and the drive busy until the end), and
 * ends; ready() follows when nothing is in flight any more. hard: the power-on values, too. */
void ide_reset_begin(IdeDrive *drive);
void ide_reset_end(IdeDrive *drive, bool hard);
/* Whether one has begun, and ready() has not followed. */
bool ide_in_reset(const IdeDrive *drive);

extern const TypeInfo ide_bus_type;
extern const TypeInfo ide_device_type;
extern const TypeInfo ide_hd_type;
extern const TypeInfo ide_cd_type;

#endif
