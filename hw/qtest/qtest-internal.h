/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of hw/qtest/ share.
 *
 *   qtest.c       the object: its connection, turns, answers on their way out
 *   lines.c       bytes to lines
 *   command.c     a line to a row of the table, and words to numbers
 *   cmd-memory.c cmd-clock.c cmd-irq.c      what the rows do
 *   log.c         the log file
 *
 * A command answers with one line, by qtest_ok(), qtest_reply() or qtest_fail();
 * one that takes its time answers later, and until then no further line is read.
 * Everything runs on the main loop with the machine lock held.
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
    QTEST_MAX_WORDS = 5,                        /* that a command looks at */
    QTEST_DATA_MAX = 16 << 20,                  /* bytes that a command moves */
    QTEST_LINE_MAX = 2 * QTEST_DATA_MAX + 128,  /* as hexadecimal digits */
};

typedef struct {
    FileWriter *file;           /* NULL: none */
    bool created;               /* it did not exist before */
    gint64 opened;              /* when the connection was, monotonic, in us */
} QtestLog;

struct QTest {
    Object object;
    Chardev *chr;
    bool connected;
    QtestLines lines;
    GByteArray *out;            /* answers that the chardev did not take yet */
    gsize sent;                 /* of those, what it did */
    struct event *event;        /* goes on in the loop's next turn; NULL: no loop */
    guint work;                 /* left for this turn */
    guint64 switched_on;        /* serial of the machine that it reset, or 0 */
    QtestLog log;
    /* cmd-clock.c */
    bool clock_moves;           /* a command waits for the clock */
    gint64 clock_to;
    /* cmd-irq.c */
    char *intercepted;          /* path of the object whose lines are observed */
};

/* Never more than QTEST_MAX_WORDS; those that are not there are NULL. */
typedef struct {
    const char *name;
    guint n_words;              /* at least so many, the command's name not counted */
    bool machine;               /* there must be one */
    void (*run)(QTest *s, Machine *machine, char **words);
} QtestCommand;

/* ---- Answers: qtest.c ---- */

void qtest_ok(QTest *s);
void qtest_reply(QTest *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* "FAIL " before it. */
void qtest_fail(QTest *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A line of its own that is not an answer. */
void qtest_notify(QTest *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A command moved so many bytes or fired so many timers. */
void qtest_spend(QTest *s, gsize bytes, guint timers);

/* ---- Words: command.c ---- */

/* line is taken apart in place. */
void qtest_run_line(QTest *s, char *line, gsize length);
/* Decimal, 0x hexadecimal or 0 octal, with a sign if the caller likes it; false,
 * and answered, if it is not a number. */
bool qtest_u64(QTest *s, const char *word, guint64 *ret_value);
bool qtest_i64(QTest *s, const char *word, gint64 *ret_value);

/* ---- Commands, each table ended by a name NULL ---- */

extern const QtestCommand qtest_memory_commands[];
extern const QtestCommand qtest_clock_commands[];
extern const QtestCommand qtest_irq_commands[];

/* Lets the clock go on towards clock_to; answers when it is there. */
void qtest_clock_go_on(QTest *s);
/* Observes no line any more. */
void qtest_irq_release(QTest *s);

/* ---- log.c ---- */

/* path NULL or "none": no log.  Opens without doing harm to what is there. */
bool qtest_log_open(QtestLog *log, const char *path, GError **error);
/* It is there to stay: what was in it goes. */
void qtest_log_keep(QtestLog *log);
void qtest_log_close(QtestLog *log, const char *path);
void qtest_log_event(QtestLog *log, bool opened);
/* what: 'R' for received, 'S' for sent; text without newline. */
void qtest_log_line(QtestLog *log, char what, const char *text);

#endif
