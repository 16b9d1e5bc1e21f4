/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI, as host adapters see it: the bus, commands and their results, task management.
 *
 *     virtio-scsi: a chain of a request queue
 *         -> ScsiRequest -> scsi_submit() -> a ScsiDisk's commands -> BlockFront -> node
 *         <- done()
 *
 * The bus has one AioContext, the host adapter's.  On its thread, without the machine lock,
 * commands run, and everything here is called there unless it says otherwise.  What the main
 * thread changes (units that come and go) it changes there, too, by aio_run_wait().
 */
#ifndef HW_SCSI_SCSI_H
#define HW_SCSI_SCSI_H

#include "hw/aio/aio.h"
#include "hw/block/front.h"
#include "qom/device.h"

typedef struct ScsiBus ScsiBus;
typedef struct ScsiDisk ScsiDisk;
typedef struct ScsiRequest ScsiRequest;
typedef struct ScsiTask ScsiTask;

enum {
    SCSI_MAX_TARGET = 255,
    SCSI_MAX_LUN = 16383,       /* of addresses with one level (SAM-5 section 4.7.7) */
    SCSI_CDB_SIZE = 16,         /* bytes that a command has at most */
    SCSI_SENSE_SIZE = 18,       /* bytes of fixed format sense data (SPC-4 section 4.5.3) */
};

/* ---- Commands ---- */

typedef enum {
    SCSI_DONE,                  /* status and sense say the rest */
    SCSI_NO_TARGET,             /* nothing has such a target */
    SCSI_OVERRUN,               /* the command needs more data than there is room for */
    SCSI_ABORTED,               /* by task management */
    SCSI_RESET,                 /* the same, by a reset */
    SCSI_REMOVED,               /* the device was removed while it had the command */
} ScsiOutcome;

/* A command, embedded in the host adapter's own request. */
struct ScsiRequest {
    /* Set by the host adapter. */
    guint8 cdb[SCSI_CDB_SIZE];
    guint cdb_size;             /* how many bytes the initiator sent; more than cdb has is
                                   allowed, and the rest of cdb is zero */
    guint target, lun;
    guint64 tag;
    struct iovec *out, *in;     /* the data buffers, either of which may be empty */
    guint n_out, n_in;
    gsize out_size, in_size;    /* bytes */
    /* The command is done, and the request may be used again.  May be called before
     * scsi_submit() returns. */
    void (*done)(ScsiRequest *request);

    /* The result, for done. */
    ScsiOutcome outcome;
    guint8 status;
    guint32 sense;              /* SENSE_*, if status is CHECK CONDITION */
    guint64 transferred;        /* bytes that were read from out, or written to in */

    /* Used by the device. */
    ScsiDisk *disk;             /* NULL: the answer is the target's */
    ScsiRequest *next, *prev;   /* of the device's commands */
    BlockFrontRequest front;
    /* What to do when the block request is done without an error. */
    void (*step)(ScsiRequest *request);
    guint64 need;               /* bytes of data that the command asks for */
    guint64 offset, left;       /* of the medium, in bytes: for commands in pieces */
    guint piece;
    struct iovec *cut;          /* the last vector of a buffer that is too long, and how long */
    gsize cut_size;
    struct iovec *repeated;     /* vectors, and a buffer after them: of VERIFY, WRITE SAME */
    bool *more;                 /* used by scsi_block_submit() */
    guint64 serial;             /* how many were submitted to the bus before */
    bool canceled;
    ScsiOutcome why;            /* it was canceled */
};

/* Starts a command. */
void scsi_submit(ScsiBus *bus, ScsiRequest *request);
/* The sense data of its result. */
void scsi_sense_data(const ScsiRequest *request, guint8 ret_data[SCSI_SENSE_SIZE]);

/* ---- Task management (SAM-5 chapter 7) ---- */

/* Commands that are being aborted, embedded in the host adapter's own request. */
struct ScsiTask {
    /* They are done, each with outcome SCSI_ABORTED or SCSI_RESET. */
    void (*done)(ScsiTask *task);

    /* Used by scsi-task.c. */
    ScsiTask *next;
    guint target, lun;
    bool all_luns;
    const guint64 *tag;
    guint64 serial;             /* commands with lower ones are in its scope */
};

typedef enum { SCSI_FOUND, SCSI_NO_LUN, SCSI_NO_SUCH_TARGET } ScsiLookup;

/* Whether there is such a unit. */
ScsiLookup scsi_lookup(const ScsiBus *bus, guint target, guint lun);
/* Whether it executes a command; the one with this tag, if tag is not NULL. */
bool scsi_executes(const ScsiBus *bus, guint target, guint lun, const guint64 *tag);
/* Aborts those, which may take as long as the host takes for what is in flight; task->done may
 * be called before it returns.  tag must live until then. */
void scsi_abort(ScsiBus *bus, guint target, guint lun, const guint64 *tag, ScsiTask *task);
/* Resets a unit, or with lun NULL all units of a target, and aborts their commands in the same
 * way.  target is one that scsi_lookup() found. */
void scsi_reset(ScsiBus *bus, guint target, const guint *lun, ScsiTask *task);

/* ---- Host adapters ---- */

/* News for the host adapter, whose initiator may be told; on the main thread with the machine
 * lock held. */
typedef struct {
    const char *bus_name;       /* NULL: by the owner's id, as usual */
    bool one_unit;              /* the bus has room for one, target 0 and LUN 0 */
    void (*plugged)(void *opaque, guint target, guint lun);
    void (*unplugged)(void *opaque, guint target, guint lun);
    /* What a unit attention says. */
    void (*changed)(void *opaque, guint target, guint lun, guint32 sense);
} ScsiHostOps;

/* Makes the bus of a host adapter, in its realize; or, with aio NULL, in its init, for units that
 * are parts of it: they use the main loop's.  Borrowed; aio and opaque must live as long as the
 * bus has devices.  Main thread, machine lock held. */
ScsiBus *scsi_bus_new(Device *owner, AioContext *aio, const ScsiHostOps *ops, void *opaque);
/* Resets all devices, none of which has a block request in flight: commands that were kept
 * after an error are dropped, and done is not called for them.  Main thread, machine lock held. */
void scsi_bus_reset(ScsiBus *bus);
/* Drops such commands alone: the state of the host adapter has been loaded. */
void scsi_bus_forget(ScsiBus *bus);

extern const TypeInfo scsi_bus_type;
extern const TypeInfo scsi_cd_type;
extern const TypeInfo scsi_disk_base_type;
extern const TypeInfo scsi_hd_type;

#endif
