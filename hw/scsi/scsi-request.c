/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command's way through SCSI: to its unit, the checks that all commands share, its result.
 *
 * Data is not copied: the vectors of the initiator's buffer, cut to what the command
 * transfers, are those of the block request.  Small answers are copied into them.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "hw/aio/iov.h"
#include "qom/qapi-objects-scsi.h"
#include "qom/qapi-trace.h"

/* ---- Data ---- */

gsize scsi_read_out(const ScsiRequest *request, gsize offset, void *buf, gsize size)
{
    return iov_read(request->out, request->n_out, offset, buf, size);
}

gsize scsi_write_in(const ScsiRequest *request, gsize offset, const void *buf, gsize size)
{
    return iov_write(request->in, request->n_in, offset, buf, size);
}

/* ---- Results ---- */

static void list_request(ScsiDisk *s, ScsiRequest *request)
{
    request->prev = NULL;
    request->next = s->requests;
    if (s->requests) {
        s->requests->prev = request;
    }
    s->requests = request;
}

static void unlist_request(ScsiRequest *request)
{
    if (request->prev) {
        request->prev->next = request->next;
    } else {
        request->disk->requests = request->next;
    }
    if (request->next) {
        request->next->prev = request->prev;
    }
}

void scsi_uncut(ScsiRequest *request)
{
    if (request->cut) {
        request->cut->iov_len = request->cut_size;
        request->cut = NULL;
    }
}

void scsi_complete(ScsiRequest *request)
{
    ScsiBus *bus = request->canceled ? request->disk->bus : NULL;

    if (request->disk) {
        unlist_request(request);
    }
    if (request->canceled) {
        request->outcome = request->why;
        request->transferred = 0;
    }
    scsi_uncut(request);
    g_clear_pointer(&request->repeated, g_free);
    request->done(request);
    if (bus) {
        scsi_end_tasks(bus);
    }
}

void scsi_good(ScsiRequest *request)
{
    request->status = SCSI_GOOD;
    scsi_complete(request);
}

void scsi_fail(ScsiRequest *request, guint32 sense)
{
    if (request->disk) {
        trace_scsi_disk_check_condition(request->disk, request->tag, sense >> 16, sense >> 8,
                                        sense);
    }
    request->status = SCSI_CHECK_CONDITION;
    request->sense = sense;
    scsi_complete(request);
}

void scsi_reply(ScsiRequest *request, const void *data, gsize size)
{
    request->transferred = scsi_write_in(request, 0, data, MIN(size, request->need));
    scsi_good(request);
}

/* SPC-4 section 4.5.3. */
void scsi_sense_data(const ScsiRequest *request, guint8 ret_data[SCSI_SENSE_SIZE])
{
    memset(ret_data, 0, SCSI_SENSE_SIZE);
    ret_data[0] = 0x70;
    ret_data[2] = request->sense >> 16;
    ret_data[7] = SCSI_SENSE_SIZE - 8;
    ret_data[12] = request->sense >> 8;
    ret_data[13] = request->sense;
}

/* ---- News ---- */

guint32 scsi_news_sense(guint32 news)
{
    static const guint32 senses[] = {
        SENSE_POWER_ON, SENSE_DEVICE_RESET, SENSE_LUNS_CHANGED, SENSE_MEDIUM_CHANGED,
        SENSE_CAPACITY_CHANGED,
    };

    return senses[g_bit_nth_lsf(news, -1)];
}

void scsi_add_news(ScsiDisk *s, guint32 news)
{
    guint32 sense = scsi_news_sense(news);

    trace_scsi_device_set_ua(s, sense >> 16, sense >> 8, sense);
    g_atomic_int_or(&s->news, news);
}

guint32 scsi_take_news(ScsiDisk *s)
{
    guint32 news = g_atomic_int_get(&s->news);

    if (!news) {
        return SENSE_NONE;
    }
    g_atomic_int_and(&s->news, ~(news & -news));
    return scsi_news_sense(news);
}

/* ---- Commands ---- */

/* Bytes of a command, by its group; 0: no command of fixed length is in it (SPC-4 section
 * 4.2.5.1). */
static guint cdb_length(guint8 opcode)
{
    static const guint8 lengths[] = { 6, 10, 10, 0, 16, 12, 0, 0 };

    return lengths[opcode >> 5];
}

/* The bit NACA of its last byte, which asks for a state that no device here has. */
static bool asks_for_aca(const ScsiRequest *request)
{
    return request->cdb[cdb_length(request->cdb[0]) - 1] & 0x04;
}

/* What keeps a unit from executing a command, or SENSE_NONE. */
static guint32 refusal(ScsiDisk *s, const ScsiRequest *request, const ScsiCommand *command)
{
    guint32 sense = command && command->flags & SCSI_WITH_NEWS ? SENSE_NONE : scsi_take_news(s);

    if (sense) {
        return sense;
    }
    if (!command) {
        return SENSE_INVALID_OPCODE;
    }
    if (request->cdb_size < cdb_length(request->cdb[0]) || asks_for_aca(request)) {
        return SENSE_INVALID_FIELD;
    }
    if (command->flags & SCSI_FOR_MEDIUM) {
        sense = scsi_not_ready(s);
    }
    if (!sense && command->flags & SCSI_WRITES && disk_medium(&s->disk)->read_only) {
        sense = SENSE_WRITE_PROTECTED;
    }
    return sense;
}

static bool has_room(const ScsiRequest *request, ScsiData data)
{
    switch (data) {
    case SCSI_NO_DATA:
        return true;
    case SCSI_OUT_4:
    case SCSI_OUT_7:
    case SCSI_OUT_BLOCKS:
    case SCSI_OUT_VERIFY:
    case SCSI_OUT_SAME:
        return request->need <= request->out_size;
    default:
        return request->need <= request->in_size;
    }
}

static void execute(ScsiDisk *s, ScsiRequest *request)
{
    const ScsiCommand *command = scsi_find_command(s, request->cdb[0]);
    guint32 sense = refusal(s, request, command);

    if (sense) {
        scsi_fail(request, sense);
        return;
    }
    request->need = scsi_data_need(s, request, command->data);
    trace_scsi_req_parsed(s, request->tag, request->cdb[0], request->need);
    if (!has_room(request, command->data)) {
        request->outcome = SCSI_OVERRUN;
        scsi_complete(request);
        return;
    }
    command->execute(s, request);
}

void scsi_submit(ScsiBus *bus, ScsiRequest *request)
{
    ScsiDisk *s = scsi_find(bus, request->target, request->lun);

    aio_assert(bus->aio);
    request->disk = s;
    request->outcome = SCSI_DONE;
    request->sense = SENSE_NONE;
    request->transferred = request->need = 0;
    request->canceled = false;
    request->serial = bus->serial++;
    request->cut = request->repeated = NULL;
    request->more = NULL;
    if (s) {
        list_request(s, request);
        execute(s, request);
    } else {
        scsi_target_execute(bus, request);
    }
}
