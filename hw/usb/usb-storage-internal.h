/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk on USB, after "Universal Serial Bus Mass Storage Class Bulk-Only Transport" 1.0 (BOT).
 * Its part `disk` is a unit of hw/scsi, on a bus of its own.
 *
 *   usb-storage.c        descriptors, packets, life, state
 *   usb-storage-disk.c   how the disk gets a command, and its result comes back
 *
 * A command goes through phases, each with packets of one kind: command (OUT), data, status (IN).
 * Between them the disk works, and packets get NAK.  Data pass through a buffer that is as long
 * as the host says, up to a limit, above which the command fails.
 *
 * Private to these files.  Machine lock held, unless it says otherwise.
 */
#ifndef HW_USB_USB_STORAGE_INTERNAL_H
#define HW_USB_USB_STORAGE_INTERNAL_H

#include <sys/uio.h>

#include "hw/machine/machine-aio.h"
#include "hw/scsi/scsi-codes.h"
#include "hw/scsi/scsi.h"
#include "hw/usb/usb-storage.h"
#include "hw/usb/usb.h"
#include "qom/qapi-objects-usb.h"

/* Of a status. */
enum { CSW_GOOD = 0, CSW_FAILED = 1, CSW_PHASE_ERROR = 2 };
/* Endpoints. */
enum { IN = 1, OUT = 2 };

typedef enum { PHASE_COMMAND, PHASE_DATA_OUT, PHASE_EXECUTE, PHASE_DATA_IN, PHASE_STATUS } Phase;

struct UsbStorage {
    UsbDevice usb;
    ScsiBus *scsi;
    AioContext *aio;
    int eventfd;
    AioWatch *watch;
    MachineListener *listener;
    ScsiRequest request;
    struct iovec iov;
    bool in_flight;             /* the disk has the request; */
    bool ended;                 /* or it has not been delivered yet */
    bool is_void;               /* nobody waits for its result */
    /* Guest-visible. */
    guint8 phase;
    bool broken;                /* a command was invalid: endpoints stall until a reset (6.6.1) */
    guint32 tag, expected;      /* bytes of data as the host says */
    bool in;                    /* to the host */
    guint8 lun, cdb_size;
    guint8 cdb[SCSI_CDB_SIZE];
    guint8 *data;
    guint32 size;               /* bytes of it */
    guint32 moved;              /* of data, by packets */
    guint32 used;               /* of data, by the disk */
    guint8 status;
    guint8 sense[SCSI_SENSE_SIZE];      /* of the last command, until REQUEST SENSE */
};

/* ---- usb-storage-disk.c ---- */

/* In realize and unrealize.  Fails with host-error, and what machine_aio() fails with. */
bool usb_storage_open(UsbStorage *s, GError **error);
void usb_storage_close(UsbStorage *s);
/* Has the disk execute the command. */
void usb_storage_execute(UsbStorage *s);
/* The command has a result, with so many bytes of data used; data to the host come first. */
void usb_storage_finish(UsbStorage *s, guint8 status, guint32 used);

#endif
