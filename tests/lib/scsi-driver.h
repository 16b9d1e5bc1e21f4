/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initiator's side of SCSI: a small driver of virtio-scsi on a virtio driver
 * (tests/lib/virtio-driver.h), which sends commands and has the loop run until they are done.
 *
 *     ScsiDriver s = { .virtio = d, .aio = aio, .target = 0, .lun = 0 };
 *
 *     scsi_driver_start(&s);                  // queues; takes the news that each unit has
 *     ScsiAnswer a = scsi_command(&s, CDB(0x00), NULL, 0, false);
 *     g_assert_cmphex(a.sense, ==, 0x023a00);
 */
#ifndef TESTS_LIB_SCSI_DRIVER_H
#define TESTS_LIB_SCSI_DRIVER_H

#include "hw/aio/aio.h"
#include "tests/lib/virtio-driver.h"

enum { SCSI_QUEUE = 2, SCSI_QUEUE_SIZE = 64, SCSI_PENDING = 0xff };

typedef struct {
    VirtioDriver *virtio;
    AioContext *aio;            /* NULL: nothing is polled */
    guint target, lun;
    guint64 tag;                /* of the command sent last */
} ScsiDriver;

typedef struct {
    guint8 response;            /* SCSI_PENDING: not yet */
    guint8 status;
    guint32 sense;              /* key << 16 | asc << 8 | ascq; 0: none */
    guint32 residual;
} ScsiAnswer;

/* A command as two arguments: its bytes and their number. */
#define CDB(...) (const guint8[]){ __VA_ARGS__ }, sizeof((const guint8[]){ __VA_ARGS__ })

/* Starts the device with n request queues, and has events buffers to go to. */
void scsi_driver_start(ScsiDriver *s, guint n);
/* Takes the news that a unit has after power on. */
void scsi_driver_clear(ScsiDriver *s);

/* Sends a command on a request queue with size bytes, which are copied to or (write) from data,
 * and polls the loop.  */
ScsiAnswer scsi_command(ScsiDriver *s, const guint8 *cdb, gsize n, void *data, guint32 size,
                        bool write);
/* Only sends one, from or into guest memory; returns the guest address of its response. */
guint64 scsi_send(ScsiDriver *s, guint queue, const guint8 *cdb, gsize n, guint64 data,
                  guint32 size, bool write);
ScsiAnswer scsi_answer(ScsiDriver *s, guint64 response);

/* Task management: returns the guest address of the response's byte; polls nothing. */
guint64 scsi_manage(ScsiDriver *s, guint32 subtype, guint64 tag);
guint8 scsi_byte(ScsiDriver *s, guint64 address);
/* The next event: false, there is none. */
bool scsi_event(ScsiDriver *s, guint32 *ret_event, guint *ret_target, guint32 *ret_reason);
void scsi_poll(ScsiDriver *s);

#endif
