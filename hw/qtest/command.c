/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a line to a command: words are separated by single spaces, the first one
 * names the command, and surplus words are ignored, as in QEMU.  Where QEMU
 * aborts (a word is missing, or not a number), the answer is FAIL with the
 * reason.
 */
#include "config.h"
#include "hw/qtest/qtest-internal.h"

#include <errno.h>
#include <string.h>

static void run_endianness(QTest *s, Machine *machine, char **words)
{
    qtest_reply(s, "OK little");
}

static void run_module_load(QTest *s, Machine *machine, char **words)
{
    qtest_reply(s, "FAIL");     /* clients load no modules into this program */
}

static const QtestCommand general_commands[] = {
    { "endianness", 0, false, run_endianness },
    { "module_load", 2, false, run_module_load },
    { NULL, 0, false, NULL },
};

static const QtestCommand *const tables[] = {
    qtest_memory_commands, qtest_clock_commands, qtest_irq_commands, general_commands,
};

static const QtestCommand *find_command(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const QtestCommand *command = tables[i]; command->name; command++) {
            if (g_str_equal(command->name, name)) {
                return command;
            }
        }
    }
    return NULL;
}

/* Splits line into words and returns their number without the first. */
static guint split(char *line, char *words[QTEST_MAX_WORDS + 1])
{
    guint n = 0;

    for (char *next = line; next && n < QTEST_MAX_WORDS; n++) {
        words[n] = next;
        next = strchr(next, ' ');
        if (next) {
            *next++ = '\0';
        }
    }
    return n - 1;
}

static Machine *find_machine(QTest *s)
{
    Machine *machine = machine_find(object_root(&s->object));

    return machine && object_life(&machine->object) == OBJECT_COMPLETE ? machine : NULL;
}

void qtest_run_line(QTest *s, char *line, gsize length)
{
    char *words[QTEST_MAX_WORDS + 1] = { NULL };
    const QtestCommand *command;
    Machine *machine;
    guint n;

    if (memchr(line, '\0', length)) {
        qtest_fail(s, "the line has a zero byte");
        return;
    }
    n = split(line, words);
    command = find_command(words[0]);
    machine = find_machine(s);
    if (!command) {
        qtest_fail(s, "Unknown command '%s'", words[0]);
    } else if (n < command->n_words) {
        qtest_fail(s, "'%s' needs %u arguments", words[0], command->n_words);
    } else if (command->machine && !machine) {
        qtest_fail(s, "there is no machine");
    } else {
        command->run(s, machine, words);
    }
}

/* ---- Numbers ---- */

/* Rejects leading spaces, which strtoull() would accept. */
static bool is_number(const char *word, const char *end)
{
    return errno == 0 && end != word && !*end && !g_ascii_isspace(*word);
}

bool qtest_u64(QTest *s, const char *word, guint64 *ret_value)
{
    char *end;

    errno = 0;
    *ret_value = g_ascii_strtoull(word, &end, 0);
    if (!is_number(word, end)) {
        qtest_fail(s, "'%.40s' is not a number of 64 bits", word);
        return false;
    }
    return true;
}

bool qtest_i64(QTest *s, const char *word, gint64 *ret_value)
{
    char *end;

    errno = 0;
    *ret_value = g_ascii_strtoll(word, &end, 0);
    if (!is_number(word, end)) {
        qtest_fail(s, "'%.40s' is not a number of 64 bits", word);
        return false;
    }
    return true;
}
