/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/qtest/: lines from bytes; then the object on a backend that takes what the
 * test says: answers, limits, flow, interception, the log, and the end of a
 * connection.  That the answers are QEMU's is for tests/system/qtest.py to show.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "hw/chardev/char.h"
#include "hw/core/irq.h"
#include "hw/qtest/lines.h"
#include "hw/qtest/qtest-internal.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"
#include "tests/lib/rig.h"

/* ---- Lines ---- */

static void add(QtestLines *lines, const char *text)
{
    qtest_lines_add(lines, (const guint8 *)text, strlen(text));
}

static void assert_line(QtestLines *lines, const char *expected)
{
    char *line;
    gsize length;

    g_assert_cmpint(qtest_lines_next(lines, &line, &length), ==, QTEST_LINE);
    g_assert_cmpstr(line, ==, expected);
    g_assert_cmpuint(length, ==, strlen(expected));
}

static void assert_no_line(QtestLines *lines, QtestLine what)
{
    char *line;
    gsize length;

    g_assert_cmpint(qtest_lines_next(lines, &line, &length), ==, what);
}

static void test_lines(void)
{
    QtestLines lines;

    qtest_lines_init(&lines, 10);
    assert_no_line(&lines, QTEST_LINE_NONE);
    add(&lines, "one\n\ntw");
    g_assert_true(qtest_lines_waiting(&lines));
    assert_line(&lines, "one");
    assert_line(&lines, "");
    assert_no_line(&lines, QTEST_LINE_NONE);
    g_assert_false(qtest_lines_waiting(&lines));
    add(&lines, "o\r\n");
    assert_line(&lines, "two\r");
    add(&lines, "0123456789\n");
    assert_line(&lines, "0123456789");
    qtest_lines_clear(&lines);
    qtest_lines_done(&lines);
}

static void test_long_lines(void)
{
    QtestLines lines;

    qtest_lines_init(&lines, 10);
    add(&lines, "0123456789a\nnext\n");
    assert_no_line(&lines, QTEST_LINE_TOO_LONG);
    assert_line(&lines, "next");
    for (guint i = 0; i < 100; i++) {
        add(&lines, "0123456789");
        g_assert_cmpuint(lines.data->len, <=, 20);      /* it is not kept */
    }
    assert_no_line(&lines, QTEST_LINE_NONE);
    add(&lines, "end\nnext\n");
    assert_no_line(&lines, QTEST_LINE_TOO_LONG);
    assert_line(&lines, "next");
    add(&lines, "gone");
    qtest_lines_clear(&lines);
    add(&lines, "here\n");
    assert_line(&lines, "here");
    qtest_lines_done(&lines);
}

/* ---- A client ---- */

typedef struct {
    CharOps ops;                /* first: how it is found from a Chardev */
    GString *sent;
    gsize room;
} Host;

typedef struct {
    Rig *rig;
    Chardev *chr;
    Host host;
    Object *qtest;
    guint ends;                 /* of the machine, that the object asked for */
} Client;

static gsize host_write(Chardev *chr, const guint8 *data, gsize size)
{
    Host *host = (Host *)chr->ops;
    gsize n = MIN(size, host->room);

    host->room -= n;
    g_string_append_len(host->sent, (const char *)data, n);
    return n;
}

static char *host_filename(Chardev *chr)
{
    return g_strdup("host");
}

static void on_end(const Env *env)
{
    ((Client *)env->host)->ends++;
}

static void client_init(Client *c, Rig *rig, const char *log)
{
    g_autoptr(GError) error = NULL;

    *c = (Client){ .rig = rig, .host = { .ops = { .write = host_write,
                                                  .filename = host_filename } } };
    c->host.sent = g_string_new(NULL);
    c->host.room = G_MAXSIZE;
    rig->env.host = c;
    rig->env.end = on_end;
    c->chr = to_chardev(rig_object(rig, "chardev-null", "c0", &error, NULL));
    g_assert_no_error(error);
    c->chr->ops = &c->host.ops;
    c->qtest = rig_object(rig, "qtest", "q0", &error, "chardev", "c0", "log",
                          log ? log : "none", NULL);
    g_assert_no_error(error);
    g_assert_true(c->chr->connected);
}

static void client_done(Client *c)
{
    object_destroy(c->qtest);
    c->chr->ops = object_kind(c->chr);
    g_string_free(c->host.sent, true);
}

/* As a backend does: no more than is taken. */
static gsize say(Client *c, const char *text)
{
    gsize n = MIN(strlen(text), char_can_receive(c->chr));

    char_receive(c->chr, (const guint8 *)text, n);
    return n;
}

static void assert_answer(Client *c, const char *line, const char *expected)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    g_autofree char *answer = g_strconcat(expected, *expected ? "\n" : "", NULL);

    g_string_truncate(c->host.sent, 0);
    g_assert_cmpuint(say(c, text), ==, strlen(text));
    g_assert_cmpstr(c->host.sent->str, ==, answer);
}

static void test_commands(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Client c;

    client_init(&c, rig, NULL);
    rig_device(rig, "isa-serial", "s0", &error, "index", "0", NULL);
    g_assert_no_error(error);
    assert_answer(&c, "endianness", "OK little");
    assert_answer(&c, "inb 0x3fd", "OK 0x0060");    /* switched on by the first line */
    assert_answer(&c, "outb 0x3ff 0x5a", "OK");
    assert_answer(&c, "inw 0x3fe", "OK 0x5ab0");
    assert_answer(&c, "inl 0x3fc", "OK 0x5ab06000");
    assert_answer(&c, "inb 0x10000", "FAIL port 0x10000 is above 0xffff");
    assert_answer(&c, "inb", "FAIL 'inb' needs 1 arguments");
    assert_answer(&c, "readq 0", "OK 0x0000000000000000");
    assert_answer(&c, "writeq 0 -1", "OK");
    assert_answer(&c, "rtas x 0 0 0 0", "FAIL Unknown command 'rtas'");
    assert_answer(&c, "", "FAIL Unknown command ''");
    assert_answer(&c, "module_load a b", "FAIL");
    client_done(&c);
}

/* Nothing that a client says is too much to be refused. */
static void test_limits(void)
{
    g_autoptr(Rig) rig = rig_new();
    static const char zero[] = "endian\0ness\n";
    Client c;

    client_init(&c, rig, NULL);
    assert_answer(&c, "read 0 0x7fffffffffff",
                  "FAIL size 0x7fffffffffff is more than 0x1000000 bytes at once");
    assert_answer(&c, "memset 0 0x1000001 1",
                  "FAIL size 0x1000001 is more than 0x1000000 bytes at once");
    assert_answer(&c, "b64read 0 -1", "FAIL size -1 is more than 0x1000000 bytes at once");
    assert_answer(&c, "memset 0xfffffffffffffffe 0x1000000 1", "OK");
    assert_answer(&c, "read 0xfffffffffffffffe 4", "OK 0x00000000");
    assert_answer(&c, "write 0 0 0x", "ERR invalid argument size");
    assert_answer(&c, "write 0 2 0x0g", "FAIL data is not 0x and hexadecimal digits");
    assert_answer(&c, "b64write 0 2 A", "FAIL data is not base64");
    assert_answer(&c, "b64write 0 2 A===", "FAIL data is not base64");
    assert_answer(&c, "readb 0x10000000000000000",
                  "FAIL '0x10000000000000000' is not a number of 64 bits");
    g_string_truncate(c.host.sent, 0);
    char_receive(c.chr, (const guint8 *)zero, sizeof(zero) - 1);
    g_assert_cmpstr(c.host.sent->str, ==, "FAIL the line has a zero byte\n");
    client_done(&c);
}

static void on_timer(void *opaque, gint64 now)
{
    Timer **timer = opaque;

    timer_set(*timer, now + 1000);
}

static void test_clock(void)
{
    g_autoptr(Rig) rig = rig_new();
    Client c;
    Timer *timer;

    client_init(&c, rig, NULL);
    assert_answer(&c, "clock_step", "OK 0");        /* there is no timer */
    assert_answer(&c, "clock_step 100", "OK 100");
    timer = timer_new(rig->clock, CLOCK_KIND_VIRTUAL, 1, on_timer, &timer);
    timer_set(timer, 700);
    assert_answer(&c, "clock_step", "OK 700");
    assert_answer(&c, "clock_step", "OK 1700");
    assert_answer(&c, "clock_set 1000000", "OK 1000000");
    assert_answer(&c, "clock_set 5", "OK 1000000");
    assert_answer(&c, "clock_step -1", "FAIL the clock cannot be moved by -1 ns");
    assert_answer(&c, "clock_step 0x7fffffffffffffff",
                  "FAIL the clock cannot be moved by 9223372036854775807 ns");
    assert_answer(&c, "clock_set 0x8000000000000000",
                  "FAIL '0x8000000000000000' is not a number of 64 bits");
    timer_free(timer);
    client_done(&c);
}

/* A client that does not read keeps its own commands waiting, and all answers
 * come in the end. */
static void test_flow(void)
{
    g_autoptr(Rig) rig = rig_new();
    Client c;
    guint said = 0, lines = 0;

    client_init(&c, rig, NULL);
    c.host.room = 10;
    while (said < 100000 && say(&c, "read 0x0 4096\n") == strlen("read 0x0 4096\n")) {
        said++;
    }
    g_assert_cmpuint(said, <, 1000);                /* 8 KiB each, and a megabyte waits */
    g_assert_cmpuint(char_can_receive(c.chr), ==, 0);
    while (c.host.sent->len < said * (2 * 4096 + 6)) {
        c.host.room = 100000;
        char_writable(c.chr);
    }
    for (const char *p = c.host.sent->str; (p = strchr(p, '\n')); p++) {
        lines++;
    }
    g_assert_cmpuint(lines, ==, said);
    c.host.room = G_MAXSIZE;
    assert_answer(&c, "endianness", "OK little");
    client_done(&c);
}

static void on_input(void *opaque, guint n, bool level)
{
}

static void test_interrupts(void)
{
    g_autoptr(Rig) rig = rig_new();
    Object *a = object_container(rig->root, "a");
    Object *b = object_container(rig->root, "b");
    Client c;

    gpio_in_new(a, "in", 3, on_input, NULL);
    gpio_out_new(a, "out", 3);
    gpio_in_new(b, "in", 1, on_input, NULL);
    client_init(&c, rig, NULL);
    assert_answer(&c, "irq_intercept_in nobody", "FAIL Unknown device");
    assert_answer(&c, "irq_intercept_in /a", "OK");
    assert_answer(&c, "irq_intercept_out a", "OK"); /* the same again: nothing more */
    assert_answer(&c, "irq_intercept_in /b", "FAIL IRQ intercept already enabled");
    assert_answer(&c, "set_irq_in a in 2 1", "IRQ raise 2\nOK");
    assert_answer(&c, "set_irq_in a in 2 7", "OK");
    assert_answer(&c, "set_irq_in a in 0x2 0", "IRQ lower 2\nOK");
    assert_answer(&c, "set_irq_in a out 2 1", "FAIL 'a' has no input 'out[2]'");
    assert_answer(&c, "set_irq_in a in 3 1", "FAIL 'a' has no input 'in[3]'");
    assert_answer(&c, "set_irq_in a in -1 1", "FAIL 'a' has no input 'in[-1]'");
    g_string_truncate(c.host.sent, 0);
    irq_set(gpio(a, "in", 0), true);                /* whoever does it, at once */
    irq_set(gpio(a, "out", 1), true);
    g_assert_cmpstr(c.host.sent->str, ==, "IRQ raise 0\n");
    object_destroy(a);                              /* its lines go */
    assert_answer(&c, "endianness", "OK little");
    client_done(&c);
    irq_set(gpio(b, "in", 0), true);
}

/* Lines that change without end fill no memory without end. */
static void test_flood(void)
{
    g_autoptr(Rig) rig = rig_new();
    Object *a = object_container(rig->root, "a");
    Client c;

    gpio_in_new(a, "in", 1, on_input, NULL);
    client_init(&c, rig, NULL);
    assert_answer(&c, "irq_intercept_in a", "OK");
    g_string_truncate(c.host.sent, 0);
    c.host.room = 0;
    for (guint i = 0; i < 2000000; i++) {
        irq_pulse(gpio(a, "in", 0));
    }
    g_assert_cmpuint(c.chr->dropped, >, 0);
    c.host.room = G_MAXSIZE;
    char_writable(c.chr);
    g_assert_cmpuint(c.host.sent->len, <, 40 << 20);
    assert_answer(&c, "endianness", "OK little");
    client_done(&c);
}

static void test_end(void)
{
    g_autoptr(Rig) rig = rig_new();
    Object *a = object_container(rig->root, "a");
    Client c;

    gpio_in_new(a, "in", 1, on_input, NULL);
    client_init(&c, rig, NULL);
    assert_answer(&c, "irq_intercept_in a", "OK");
    say(&c, "half a li");
    char_event(c.chr, CHAR_EVENT_CLOSED);
    g_assert_cmpuint(c.ends, ==, 1);
    char_event(c.chr, CHAR_EVENT_CLOSED);
    g_assert_cmpuint(c.ends, ==, 1);
    g_string_truncate(c.host.sent, 0);
    irq_set(gpio(a, "in", 0), true);
    g_assert_cmpstr(c.host.sent->str, ==, "");
    char_event(c.chr, CHAR_EVENT_OPENED);           /* another client starts over */
    assert_answer(&c, "endianness", "OK little");
    assert_answer(&c, "set_irq_in a in 0 0", "OK");
    client_done(&c);
}

static void test_log(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("qtest-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "log", NULL);
    g_autofree char *text = NULL;
    Client c;

    client_init(&c, rig, path);
    assert_answer(&c, "endianness", "OK little");
    char_event(c.chr, CHAR_EVENT_CLOSED);
    client_done(&c);            /* until then it may be on its way */
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_assert_true(g_regex_match_simple("^\\[I \\d\\.\\d{6}\\] OPENED\n"
                                       "\\[R \\+\\d+\\.\\d{6}\\] endianness\n"
                                       "\\[S \\+\\d+\\.\\d{6}\\] OK little\n"
                                       "\\[I \\+\\d+\\.\\d{6}\\] CLOSED\n$", text, 0, 0));
    g_assert_null(rig_object(rig, "qtest", "q1", &error, "chardev", "c0", "log", "/dev/null/x",
                             NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    unlink(path);
    rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/lines", test_lines);
    g_test_add_func("/qtest/long-lines", test_long_lines);
    g_test_add_func("/qtest/commands", test_commands);
    g_test_add_func("/qtest/limits", test_limits);
    g_test_add_func("/qtest/clock", test_clock);
    g_test_add_func("/qtest/flow", test_flow);
    g_test_add_func("/qtest/interrupts", test_interrupts);
    g_test_add_func("/qtest/flood", test_flood);
    g_test_add_func("/qtest/end", test_end);
    g_test_add_func("/qtest/log", test_log);
    return g_test_run();
}
