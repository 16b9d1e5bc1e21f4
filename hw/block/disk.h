/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `disk`: what drives of all kinds have in common (ide-hd, scsi-cd, floppy):
 * the properties of a disk, its BlockFront, and its medium and tray.
 *
 *     blockdev-insert-medium -> disk_insert() -> BlockFront
 *     a chip's registers     -> disk_submit() (disk-request.h) -> BlockFront -> node
 *     a ring of virtio-scsi  -> block_front_submit() -> node
 *
 * A drive's class has a DiskOps. Its parent has realized the disk when its own realize hook
 * runs: the front is attached, and disk_medium() is what `drive` names.
 *
 * All functions: main thread with the machine lock held, unless they say otherwise.
 */
#ifndef HW_BLOCK_DISK_H
#define HW_BLOCK_DISK_H

#include "hw/block/disk-request.h"
#include "hw/block/front.h"

typedef struct Disk Disk;

/* The TypeInfo.kind of a class of drives. Main thread, machine lock held. */
typedef struct {
    /* Its property `drive`. */
    QmpLink *(*drive)(Disk *disk);
    /* The context that its requests run on; NULL: the main loop's. */
    AioContext *(*aio)(Disk *disk, GError **error);
    /* Requests come from registers, with the machine lock: by disk_submit(). */
    bool registers;
    bool removable;             /* the medium can be removed, and may be absent */
    bool has_tray;              /* it must be open for that */
    bool writable;              /* the guest expects to write: no node that is read-only */
    /* The medium is smaller or larger now; or NULL. */
    void (*resized)(Disk *disk);
    /* There is another medium, or none; or, with a tray, it has opened or closed; or NULL. */
    void (*medium_changed)(Disk *disk);
    /* A client wants the medium, which the guest has locked: the guest may be told; or NULL. */
    void (*eject_requested)(Disk *disk);
} DiskOps;

struct Disk {
    Device device;
    const DiskOps *ops;
    BlockFront front;
    DiskQueue queue;            /* of requests, if ops->registers */
    BlockNode *medium;          /* atomic; see disk_medium() */
    MachineListener *listener;
    guint block_size;           /* logical, bytes */
    bool changing;              /* a medium is being removed, requests may be in flight */
    /* The front's, while state is saved or loaded. */
    bool write_cache, tray_open, locked;
};

/* The node of the medium, or NULL. On the thread of the front's context, or with the machine lock
 * if ops->registers: no medium disappears between this call and a request submitted after it,
 * and one that has been removed fails no request in flight. */
static inline BlockNode *disk_medium(const Disk *disk)
{
    return __atomic_load_n(&disk->medium, __ATOMIC_ACQUIRE);
}

/* Whether the tray is open: by the guest or by a client. Any thread. */
bool disk_tray_open(const Disk *disk);
/* Whether the guest has locked the medium. Any thread. */
bool disk_locked(const Disk *disk);
/* The guest locks or unlocks the medium; also to be called by the drive's reset. The thread of
 * disk_medium(). */
void disk_set_locked(Disk *disk, bool locked);
/* The guest, or a client, moves the tray, which sends DEVICE_TRAY_MOVED if it was not there
 * already. medium_changed is not called. Any thread. */
void disk_move_tray(Disk *disk, bool open);

/* ---- For clients ---- */

/* The disk with this device id, QOM path, or (device) name in query-block, exactly one of which
 * must be given. Fails with property-missing, device-not-found, and not-supported for a device
 * whose medium cannot be removed. */
Disk *disk_find(Object *root, const char *device, const char *id, GError **error);
/* Opens the tray. A medium that the guest has locked: with force it opens nevertheless; without,
 * the guest is asked to open it, and *ret_asked says so. A no-op without a tray. */
void disk_open_tray(Disk *disk, bool force, bool *ret_asked);
void disk_close_tray(Disk *disk);
/* Takes the medium out, if there is one, and calls done(opaque) when nothing uses it any more,
 * which may be at once. Fails with wrong-state: the tray is closed, or it is being removed. */
bool disk_remove(Disk *disk, void (*done)(void *opaque), void *opaque, GError **error);
/* Puts a node in. Fails with wrong-state (a medium is there; the tray is closed), in-use, and
 * invalid-value (the node is read-only, or its alignment does not fit). */
bool disk_insert(Disk *disk, BlockNode *node, GError **error);

#endif
