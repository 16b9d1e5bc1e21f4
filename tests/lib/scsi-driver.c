/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initiator's side of SCSI: see scsi-driver.h.
 */
#include "config.h"
#include "tests/lib/scsi-driver.h"

#include "qmp/bytes.h"

enum {
    CDB_SIZE = 32, HEADER = 19 + CDB_SIZE,
    SENSE_SIZE = 96, RESPONSE = 12 + SENSE_SIZE,
    N_EVENTS = 4, EVENT_SIZE = 16,
};

void scsi_poll(ScsiDriver *s)
{
    while (s->aio && aio_poll(s->aio, true)) {
        continue;
    }
}

void scsi_driver_start(ScsiDriver *s, guint n)
{
    VirtioDriver *d = s->virtio;

    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), SCSI_QUEUE + n, SCSI_QUEUE_SIZE);
    for (guint i = 0; i < N_EVENTS; i++) {
        virtio_driver_add(d, 1, &(VirtioBuffer){ virtio_driver_alloc(d, EVENT_SIZE, 4), EVENT_SIZE,
                                                 true }, 1);
    }
    virtio_driver_kick(d, 1);
    scsi_poll(s);
}

void scsi_driver_clear(ScsiDriver *s)
{
    while (scsi_command(s, CDB(0x00, 0, 0, 0, 0, 0), NULL, 0, false).sense >> 16 == 6) {
        continue;
    }
}

static void put_lun(const ScsiDriver *s, guint8 lun[8])
{
    memset(lun, 0, 8);
    lun[0] = 1;
    lun[1] = s->target;
    put_be(lun + 2, s->lun | 0x4000, 2);
}

guint64 scsi_send(ScsiDriver *s, guint queue, const guint8 *cdb, gsize n, guint64 data,
                  guint32 size, bool write)
{
    VirtioDriver *d = s->virtio;
    guint8 header[HEADER] = { 0 };
    guint64 response = virtio_driver_alloc(d, RESPONSE, 4);
    VirtioBuffer buffers[3];
    guint count = 0;

    put_lun(s, header);
    put_le(header + 8, ++s->tag, 8);
    memcpy(header + 19, cdb, n);
    *(guint8 *)virtio_driver_ptr(d, response + 11) = SCSI_PENDING;
    buffers[count++] = (VirtioBuffer){ virtio_driver_data(d, header, HEADER), HEADER, false };
    if (size && !write) {
        buffers[count++] = (VirtioBuffer){ data, size, false };
    }
    buffers[count++] = (VirtioBuffer){ response, RESPONSE, true };
    if (size && write) {
        buffers[count++] = (VirtioBuffer){ data, size, true };
    }
    virtio_driver_add(d, queue, buffers, count);
    virtio_driver_kick(d, queue);
    return response;
}

ScsiAnswer scsi_answer(ScsiDriver *s, guint64 response)
{
    const guint8 *p = virtio_driver_ptr(s->virtio, response);
    ScsiAnswer answer = { .response = p[11], .status = p[10], .residual = get_le32(p + 4) };

    if (get_le32(p)) {
        g_assert_cmpuint(get_le32(p), ==, 18);
        g_assert_cmphex(p[12], ==, 0x70);
        answer.sense = p[14] << 16 | p[24] << 8 | p[25];
    }
    return answer;
}

ScsiAnswer scsi_command(ScsiDriver *s, const guint8 *cdb, gsize n, void *data, guint32 size,
                        bool write)
{
    VirtioDriver *d = s->virtio;
    guint64 buffer = size ? virtio_driver_alloc(d, size, 512) : 0;
    guint64 response;

    if (size && !write) {
        memcpy(virtio_driver_ptr(d, buffer), data, size);
    } else if (size) {
        memset(virtio_driver_ptr(d, buffer), 0xee, size);
    }
    response = scsi_send(s, SCSI_QUEUE, cdb, n, buffer, size, write);
    scsi_poll(s);
    g_assert_true(virtio_driver_used(d, SCSI_QUEUE, NULL, NULL));
    if (size && write) {
        memcpy(data, virtio_driver_ptr(d, buffer), size);
    }
    return scsi_answer(s, response);
}

guint64 scsi_manage(ScsiDriver *s, guint32 subtype, guint64 tag)
{
    VirtioDriver *d = s->virtio;
    guint64 response = virtio_driver_alloc(d, 1, 1);
    guint8 request[24] = { 0 };

    put_le(request + 4, subtype, 4);
    put_lun(s, request + 8);
    put_le(request + 16, tag, 8);
    *(guint8 *)virtio_driver_ptr(d, response) = SCSI_PENDING;
    virtio_driver_add(d, 0, (VirtioBuffer[]){
        { virtio_driver_data(d, request, sizeof(request)), sizeof(request), false },
        { response, 1, true } }, 2);
    virtio_driver_kick(d, 0);
    return response;
}

guint8 scsi_byte(ScsiDriver *s, guint64 address)
{
    return *(guint8 *)virtio_driver_ptr(s->virtio, address);
}

bool scsi_event(ScsiDriver *s, guint32 *ret_event, guint *ret_target, guint32 *ret_reason)
{
    VirtioDriver *d = s->virtio;
    VirtioDriverQueue *queue = &d->queues[1];
    const guint8 *desc, *p;
    guint16 head;
    guint32 length;

    if (!virtio_driver_used(d, 1, &head, &length)) {
        return false;
    }
    g_assert_cmpuint(length, ==, EVENT_SIZE);
    desc = virtio_driver_ptr(d, queue->desc + head * 16);
    p = virtio_driver_ptr(d, get_le64(desc));
    *ret_event = get_le32(p);
    *ret_target = p[5];
    *ret_reason = get_le32(p + 12);
    return true;
}
