/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of hw/qtest/ share.
 *
 *   qtest.c       the object: its connection, turns, pending answers   lines.c
 *   bytes to lines   command.c     from a line to a row of the table, and from
 *   words to numbers   cmd-memory.c cmd-clock.c cmd-irq.c      the commands
 *   log.c   the log file
 *
 * A command answers with one line, by qtest_ok(), qtest_reply() or qtest_fail();
 * one that takes longer answers later, and until then no further line is read.
 * All functions run on the main loop with the machine lock held.
 */
#ifndef HW_QTEST_QTEST_INTERNAL_H
#define HW_QTEST_QTEST_INTERNAL_H

#include "hw/aio/file-writer.h"
#include "hw/chardev/char.h"
#include "hw/machine/machine.h"
#include "hw/qtest/lines.h"

struct event;
typedef struct QTest QTest;

enum {
    QTEST_MAX_WORDS = 5,                        /* words that a command uses */
    QTEST_DATA_MAX = 16 << 20,                  /* bytes that a command moves */
    QTEST_LINE_MAX = 2 * QTEST_DATA_MAX + 128,  /* as hexadecimal digits */
};

typedef struct {
    FileWriter *file;           /* NULL: none */
    bool created;               /* the file did not exist before */
    gint64 opened;              /* when the connection was opened, monotonic, in us */
} QtestLog;

struct QTest {
    Object object;
    Chardev *chr;
    bool connected;
    QtestLines lines;
    GByteArray *out;            /* answers that the chardev did not take yet */
    gsize sent;                 /* bytes of out that it took */
    struct event *event;        /* continues in the loop's next turn; NULL: no loop */
    guint work;                 /* work left for this turn */
    guint64 switched_on;        /* serial of the machine that it reset, or 0 */
    QtestLog log;
    /* cmd-clock.c */
    bool clock_moves;           /* a command waits for the clock */
    gint64 clock_to;
    /* cmd-irq.c */
    char *intercepted;          /* path of the object whose lines are observed */
};

/* At most QTEST_MAX_WORDS; missing ones are NULL. */
typedef struct {
    const char *name;
    guint n_words;              /* minimum, without the command's name */
    bool machine;               /* needs a machine */
    void (*run)(QTest *s, Machine *machine, char **words);
} QtestCommand;

/* ---- Answers: qtest.c ---- */

void qtest_ok(QTest *s);
void qtest_reply(QTest *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* "FAIL " before it. */
void qtest_fail(QTest *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Sends a line that is not an answer. */
void qtest_notify(QTest *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Accounts for bytes moved and timers fired by a command. */
void qtest_spend(QTest *s, gsize bytes, guint timers);

/* ---- Words: command.c ---- */

/* Modifies line. */
void qtest_run_line(QTest *s, char *line, gsize length);
/* Decimal, 0x hexadecimal or 0 octal, optionally with a sign; if it is not a
 * number, answers so and returns false. */
bool qtest_u64(QTest *s, const char *word, guint64 *ret_value);
bool qtest_i64(QTest *s, const char *word, gint64 *ret_value);

/* ---- Commands, each table ended by a name NULL ---- */

extern const QtestCommand qtest_memory_commands[];
extern const QtestCommand qtest_clock_commands[];
extern const QtestCommand qtest_irq_commands[];

/* Moves the clock on towards clock_to; answers when it has arrived. */
void qtest_clock_go_on(QTest *s);
/* Stops observing lines. */
void qtest_irq_release(QTest *s);

/* ---- log.c ---- */

/* path NULL or "none": no log.  Opens without changing existing content. */
bool qtest_log_open(QtestLog *log, const char *path, GError **error);
/* Makes it permanent: discards the old content. */
void qtest_log_keep(QtestLog *log);
void qtest_log_close(QtestLog *log, const char *path);
void qtest_log_event(QtestLog *log, bool opened);
/* what: 'R' for received, 'S' for sent; text without newline. */
void qtest_log_line(QtestLog *log, char what, const char *text);

#endif
