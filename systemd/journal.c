/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log writer, see journal.h.
 *
 * This implements the journal's native protocol
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL) instead of calling sd_journal_sendv() or
 * g_log_writer_journald(), because both block when the journal's socket is
 * full, and a stopped journal must not stop a machine.
 */
#include "config.h"
#include "systemd/journal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"

/* Longer values are truncated: a datagram must fit into the socket's buffer. */
#define MAX_VALUE 32768

struct Journal {
    char *vm;                   /* or NULL */
    GLogLevelFlags level;
    int socket;                 /* connected to the journal, or -1: text */
    int fd;                     /* text goes here */
    gint dropped;               /* atomic: messages that were not taken */

    /* For text: messages are written completely and do not interleave. */
    GMutex text_lock;
    bool stuck;                 /* the last message was not taken */
    bool cut;                   /* ... but in part: its line is incomplete */
};

/* How long a text message waits for a slow reader; after that, later ones do not wait
 * until the reader reads again. */
enum { PATIENCE_MS = 50 };

static const struct {
    const char *name;
    GLogLevelFlags level;
    const char *priority;       /* syslog's number */
} levels[] = {
    { "error",   G_LOG_LEVEL_ERROR,    "3" },
    { "error",   G_LOG_LEVEL_CRITICAL, "3" },
    { "warning", G_LOG_LEVEL_WARNING,  "4" },
    { "notice",  G_LOG_LEVEL_MESSAGE,  "5" },
    { "info",    G_LOG_LEVEL_INFO,     "6" },
    { "debug",   G_LOG_LEVEL_DEBUG,    "7" },
};

/* Index into levels; undefined levels count as debug. */
static gsize level_index(GLogLevelFlags level)
{
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
        if (level & levels[i].level) {
            return i;
        }
    }
    return G_N_ELEMENTS(levels) - 1;
}

bool journal_parse_level(const char *text, GLogLevelFlags *ret_level, GError **error)
{
    /* From the end: of the two rows named "error", that of CRITICAL includes both. */
    for (gsize i = G_N_ELEMENTS(levels); i-- > 0;) {
        if (g_str_equal(text, levels[i].name)) {
            *ret_level = levels[i].level;
            return true;
        }
    }
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                  "log level '%s' is not error, warning, notice, info or debug", text);
    return false;
}

bool journal_is_stream(int fd)
{
    const char *stream = g_getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    char end;

    return stream && sscanf(stream, "%llu:%llu%c", &device, &inode, &end) == 2 &&
           fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

Journal *journal_new(const char *vm, GLogLevelFlags level, const char *socket_path, int fd)
{
    Journal *journal = g_new0(Journal, 1);

    journal->vm = g_strdup(vm);
    journal->level = level;
    journal->socket = socket_path ? open_socket(socket_path) : -1;
    journal->fd = fd;
    g_mutex_init(&journal->text_lock);
    return journal;
}

void journal_free(Journal *journal)
{
    if (!journal) {
        return;
    }
    if (journal->socket >= 0) {
        close(journal->socket);
    }
    g_mutex_clear(&journal->text_lock);
    g_free(journal->vm);
    g_free(journal);
}

static gsize field_length(const GLogField *field)
{
    return field->length < 0 ? strlen(field->value) : (gsize)field->length;
}

static const GLogField *find_field(const GLogField *fields, gsize n_fields, const char *key)
{
    for (gsize i = 0; i < n_fields; i++) {
        if (g_str_equal(fields[i].key, key)) {
            return &fields[i];
        }
    }
    return NULL;
}

/* KEY=value, or with a newline in the value: KEY, its length as 64 bits little
 * endian, value. */
static void append_entry(GString *entry, const char *key, const char *value, gsize length)
{
    guint64 size;

    length = MIN(length, MAX_VALUE);
    g_string_append(entry, key);
    if (memchr(value, '\n', length)) {
        size = GUINT64_TO_LE(length);
        g_string_append_c(entry, '\n');
        g_string_append_len(entry, (const char *)&size, sizeof(size));
    } else {
        g_string_append_c(entry, '=');
    }
    g_string_append_len(entry, value, length);
    g_string_append_c(entry, '\n');
}

static GString *start_entry(const Journal *journal, GLogLevelFlags level)
{
    GString *entry = g_string_sized_new(512);
    const char *priority = levels[level_index(level)].priority;

    append_entry(entry, "PRIORITY", priority, strlen(priority));
    append_entry(entry, "SYSLOG_IDENTIFIER", "vmd", 3);
    if (journal->vm) {
        append_entry(entry, "VM", journal->vm, strlen(journal->vm));
    }
    return entry;
}

static bool send_entry(const Journal *journal, const GString *entry)
{
    ssize_t n;

    do {
        n = send(journal->socket, entry->str, entry->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n >= 0;
}

/* Reports how many messages were lost, if the journal accepts that now. */
static void report_dropped(Journal *journal)
{
    gint dropped = g_atomic_int_get(&journal->dropped);
    g_autoptr(GString) entry = NULL;
    g_autofree char *message = NULL;

    if (!dropped || !g_atomic_int_compare_and_exchange(&journal->dropped, dropped, 0)) {
        return;
    }
    entry = start_entry(journal, G_LOG_LEVEL_WARNING);
    message = g_strdup_printf("%d messages were lost: the journal did not take them", dropped);
    append_entry(entry, "MESSAGE", message, strlen(message));
    if (!send_entry(journal, entry)) {
        g_atomic_int_add(&journal->dropped, dropped);
    }
}

static void write_entry(Journal *journal, GLogLevelFlags level, const GLogField *fields,
                        gsize n_fields)
{
    g_autoptr(GString) entry = start_entry(journal, level);

    for (gsize i = 0; i < n_fields; i++) {
        /* GLib's PRIORITY ignores fatal warnings; its API mark is noise. */
        if (!g_str_equal(fields[i].key, "PRIORITY") &&
            !g_str_equal(fields[i].key, "GLIB_OLD_LOG_API")) {
            append_entry(entry, fields[i].key, fields[i].value, field_length(&fields[i]));
        }
    }
    report_dropped(journal);
    if (!send_entry(journal, entry)) {
        g_atomic_int_inc(&journal->dropped);
    }
}

/* ---- Text ---- */

/* A writable pipe takes PIPE_BUF bytes without blocking, a terminal or a file any number.
 * So a message is written in pieces of that size; pieces that are not taken in time are
 * lost.  Lock held. */
static bool write_pieces(Journal *journal, const GString *line)
{
    struct pollfd room = { .fd = journal->fd, .events = POLLOUT };
    gsize done = 0;

    while (done < line->len) {
        ssize_t n = poll(&room, 1, journal->stuck ? 0 : PATIENCE_MS);

        if (n > 0) {
            n = write(journal->fd, line->str + done, MIN(line->len - done, PIPE_BUF));
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        journal->stuck = n == 0;
        if (n <= 0) {
            journal->cut |= done > 0;
            return false;
        }
        done += n;
    }
    return true;
}

static GString *text_line(GLogLevelFlags level)
{
    GString *line = g_string_new("vmd: ");

    g_string_append_printf(line, "%s: ", levels[level_index(level)].name);
    return line;
}

/* Lock held. */
static void report_lost_text(Journal *journal)
{
    gint dropped = g_atomic_int_get(&journal->dropped);
    g_autoptr(GString) line = NULL;

    if (dropped) {
        line = text_line(G_LOG_LEVEL_WARNING);
        if (journal->cut) {
            g_string_prepend_c(line, '\n');
        }
        g_string_append_printf(line, "%d messages were lost: nobody read them\n", dropped);
        if (write_pieces(journal, line)) {
            g_atomic_int_set(&journal->dropped, 0);
            journal->cut = false;
        }
    }
}

/* "vmd: warning: message"; lines of threads do not interleave. */
static void write_text(Journal *journal, GLogLevelFlags level, const GLogField *fields,
                       gsize n_fields)
{
    g_autoptr(GString) line = text_line(level);
    const GLogField *message = find_field(fields, n_fields, "MESSAGE");

    if (message) {
        g_string_append_len(line, message->value, field_length(message));
    }
    g_string_append_c(line, '\n');
    g_mutex_lock(&journal->text_lock);
    report_lost_text(journal);
    if (g_atomic_int_get(&journal->dropped) || !write_pieces(journal, line)) {
        g_atomic_int_inc(&journal->dropped);
    }
    g_mutex_unlock(&journal->text_lock);
}

/* GLib's levels are bits: less important ones are higher.  A trace point, which a user
 * has switched on, is independent of the level. */
static bool is_wanted(const Journal *journal, GLogLevelFlags level, const GLogField *fields,
                      gsize n_fields)
{
    return (level & G_LOG_LEVEL_MASK) <= (journal->level & G_LOG_LEVEL_MASK) ||
           find_field(fields, n_fields, "TRACE");
}

GLogWriterOutput journal_write(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                               gpointer data)
{
    Journal *journal = data;

    if (!is_wanted(journal, level, fields, n_fields)) {
        return G_LOG_WRITER_HANDLED;
    }
    if (journal->socket >= 0) {
        write_entry(journal, level, fields, n_fields);
    } else {
        write_text(journal, level, fields, n_fields);
    }
    return G_LOG_WRITER_HANDLED;
}

void journal_install(const char *vm, GLogLevelFlags level)
{
    const char *path = journal_is_stream(STDERR_FILENO) ? JOURNAL_SOCKET : NULL;

    g_log_set_writer_func(journal_write, journal_new(vm, level, path, STDERR_FILENO),
                          (GDestroyNotify)journal_free);
}
