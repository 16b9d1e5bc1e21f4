/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit record: see exit-record.h.
 */
#include "config.h"
#include "daemon/service/exit-record.h"

#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "daemon/service/record-slots.h"
#include "qmp/visit.h"

/*
 * A message that does not fit in the slot is truncated to this; escaped, it can
 * be six times as long.
 */
enum { MESSAGE_MAX = 256 };

struct ExitRecorder {
    RecordSlots *slots;         /* where records go, or NULL */
    GMutex lock;                /* held at the end, which a fault causes on another thread */
    bool ended;                 /* the last record is written */
};

ExitRecorder *exit_recorder_new(void)
{
    ExitRecorder *recorder = g_new0(ExitRecorder, 1);

    g_mutex_init(&recorder->lock);
    return recorder;
}

void exit_recorder_free(ExitRecorder *recorder)
{
    if (recorder) {
        record_slots_free(recorder->slots);
        g_mutex_clear(&recorder->lock);
        g_free(recorder);
    }
}

static char *text_of(const ExitRecord *record)
{
    struct evbuffer *text = evbuffer_new();
    char *json;

    qmp_encode_json(&qmp_type_ExitRecord, &record, text);
    json = g_strndup((const char *)evbuffer_pullup(text, -1), evbuffer_get_length(text));
    evbuffer_free(text);
    return json;
}

/* Only the message and the name in a record have no fixed length, and the name is
 * short. */
static bool write_record(RecordSlots *slots, const ExitRecord *record, GError **error)
{
    g_autofree char *text = text_of(record);
    ExitRecord shorter = *record;

    if (strlen(text) >= RECORD_SLOT_SIZE && record->message) {
        g_autofree char *start = g_strndup(record->message, MESSAGE_MAX);
        g_autofree char *message = g_utf8_make_valid(start, -1);

        shorter.message = message;
        g_free(text);
        text = text_of(&shorter);
    }
    return record_slots_write(slots, text, strlen(text), error);
}

bool exit_recorder_begin(ExitRecorder *recorder, const char *directory, const ExitRecord *record,
                         GError **error)
{
    g_autoptr(RecordSlots) slots = record_slots_open(directory, error);

    if (!slots) {
        return false;
    }
    if (!write_record(slots, record, error) || !record_slots_take(slots, error)) {
        record_slots_remove(slots);
        return false;
    }
    recorder->slots = g_steal_pointer(&slots);
    return true;
}

bool exit_recorder_end(ExitRecorder *recorder, const ExitRecord *record)
{
    g_autoptr(GError) error = NULL;
    bool first;

    g_mutex_lock(&recorder->lock);
    first = !recorder->ended;
    recorder->ended = true;
    if (first && recorder->slots && !write_record(recorder->slots, record, &error)) {
        g_warning("%s", error->message);
    }
    g_mutex_unlock(&recorder->lock);
    return first;
}
