/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/chardev: pipe, pty and stdio, and what char-fd.c does for all of them:
 * bounded output, input at the frontend's pace, no busy loop.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "hw/chardev/char-fd.h"
#include "hw/chardev/char-pty.h"
#include "qmp/error.h"
#include "tests/unit/char-bench.h"

static void put(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
}

/* Reads what is there now. */
static char *take(int fd)
{
    char buf[100];
    ssize_t n = read(fd, buf, sizeof(buf));

    return n > 0 ? g_strndup(buf, n) : g_strdup("");
}

#define assert_taken(fd, text)                                              \
    do {                                                                    \
        g_autofree char *taken_ = take(fd);                                 \
        g_assert_cmpstr(taken_, ==, text);                                  \
    } while (0)

/* ---- Pipes ---- */

static Chardev *add_pipe(Bench *b, const char *path, GError **error)
{
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_PIPE);

    backend->u.pipe.data->device = g_strdup(path);
    return bench_add(b, "pipe0", backend, error);
}

typedef struct {
    char *path;
    int to, from;               /* our ends */
} Pipes;

static Pipes make_pipes(Bench *b)
{
    g_autofree char *in = bench_path(b, "p.in"), *out = bench_path(b, "p.out");

    g_assert_cmpint(mkfifo(in, 0600), ==, 0);
    g_assert_cmpint(mkfifo(out, 0600), ==, 0);
    return (Pipes) { .path = bench_path(b, "p"), .to = open(in, O_RDWR | O_NONBLOCK),
                     .from = open(out, O_RDWR | O_NONBLOCK) };
}

static void pipes_done(Pipes *p)
{
    close(p->to);
    close(p->from);
    g_free(p->path);
}

static void test_pipe(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    Pipes p = make_pipes(b);
    Chardev *chr = add_pipe(b, p.path, &error);

    g_assert_no_error(error);
    assert_filename(chr, "pipe");
    bench_attach(b, chr);
    g_assert_cmpstr(b->events->str, ==, "O");
    put(p.to, "to guest");
    bench_until(b, b->received->len == 8);
    g_assert_cmpstr(b->received->str, ==, "to guest");
    bench_write(b, chr, "to host");
    assert_taken(p.from, "to host");
    bench_remove(b, chr);
    pipes_done(&p);
}

static void test_pipe_missing(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = bench_path(b, "nothing");

    g_assert_null(add_pipe(b, path, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
}

/* Input comes as fast as the frontend takes it, and causes no other wake-ups. */
static void test_input_pace(void)
{
    g_autoptr(Bench) b = bench_new();
    Pipes p = make_pipes(b);
    Chardev *chr = add_pipe(b, p.path, NULL);

    b->room = 0;
    bench_attach(b, chr);
    put(p.to, "abcdef");
    g_assert_cmpuint(bench_wakeups(b, 100), <=, 3);
    g_assert_cmpuint(b->received->len, ==, 0);
    b->room = 2;
    char_accept_input(chr);
    bench_until(b, b->received->len == 2);
    g_assert_cmpuint(bench_wakeups(b, 100), <=, 3);
    b->room = 100;
    char_accept_input(chr);
    bench_until(b, b->received->len == 6);
    g_assert_cmpstr(b->received->str, ==, "abcdef");
    bench_remove(b, chr);
    pipes_done(&p);
}

/* Fills the host until char_write takes nothing; returns how much it took. */
static gsize fill(Chardev *chr)
{
    guint8 block[1000];
    gsize sum = 0, n;

    memset(block, 'x', sizeof(block));
    do {
        n = char_write(chr, block, sizeof(block));
        sum += n;
    } while (n == sizeof(block));
    g_assert_cmpuint(char_write(chr, block, 1), ==, 0);
    return sum;
}

static gsize drain(int fd)
{
    char buf[4096];
    gsize sum = 0;
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        sum += n;
    }
    return sum;
}

/* Output that is not read is kept up to a limit; then the frontend waits, and is
 * notified when there is room.  Nothing is lost. */
static void test_output_bound(void)
{
    g_autoptr(Bench) b = bench_new();
    Pipes p = make_pipes(b);
    Chardev *chr = add_pipe(b, p.path, NULL);
    gsize accepted, drained = 0;

    g_assert_cmpint(fcntl(p.from, F_SETPIPE_SZ, 4096), ==, 4096);
    bench_attach(b, chr);
    accepted = fill(chr);
    g_assert_cmpuint(accepted, >, CHAR_FD_PENDING_MAX);
    g_assert_cmpuint(accepted, <=, CHAR_FD_PENDING_MAX + 4096);
    g_assert_cmpuint(b->writable, ==, 0);
    bench_until(b, (drained += drain(p.from)) == accepted);
    bench_until(b, b->writable == 1);
    g_assert_cmpuint(chr->dropped, ==, 0);
    g_assert_cmpuint(bench_write(b, chr, "again"), ==, 5);
    assert_taken(p.from, "again");
    g_assert_cmpuint(bench_wakeups(b, 100), <=, 3);
    bench_remove(b, chr);
    pipes_done(&p);
}

#define MANY (1024 * 1024)

typedef struct {
    Bench *b;
    Chardev *chr;
} Writer;

/* As a vCPU does: under the lock, and waiting for room without it. */
static gpointer write_many(gpointer data)
{
    Writer *w = data;
    gsize sent = 0;

    g_mutex_lock(&w->b->lock);
    while (sent < MANY) {
        guint8 block[700];
        gsize size = MIN(sizeof(block), MANY - sent), n;

        for (gsize i = 0; i < size; i++) {
            block[i] = (sent + i) % 251;
        }
        n = char_write(w->chr, block, size);
        sent += n;
        if (n < size) {
            g_cond_wait(&w->b->writable_cond, &w->b->lock);
        }
    }
    g_mutex_unlock(&w->b->lock);
    return NULL;
}

/* Another thread writes while the loop runs: every byte comes, in order. */
static void test_other_thread(void)
{
    g_autoptr(Bench) b = bench_new();
    Pipes p = make_pipes(b);
    Writer w = { b, add_pipe(b, p.path, NULL) };
    GThread *thread;
    gsize got = 0;

    bench_attach(b, w.chr);
    thread = g_thread_new("writer", write_many, &w);
    while (got < MANY) {
        guint8 buf[5000];
        ssize_t n = read(p.from, buf, sizeof(buf));

        for (ssize_t i = 0; i < n; i++) {
            g_assert_cmpuint(buf[i], ==, got++ % 251);
        }
        bench_turn(b, 1);
    }
    g_thread_join(thread);
    g_assert_cmpuint(w.chr->dropped, ==, 0);
    bench_remove(b, w.chr);
    pipes_done(&p);
}

/* ---- Terminals ---- */

static Chardev *add_pty(Bench *b, const char *id)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr = bench_add(b, id, backend_new(CHARDEV_BACKEND_KIND_PTY), &error);

    g_assert_no_error(error);
    return chr;
}

static int open_terminal(Chardev *chr)
{
    int fd = open(char_pty_path(chr), O_RDWR | O_NOCTTY | O_NONBLOCK);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void test_pty(void)
{
    g_autoptr(Bench) b = bench_new();
    Chardev *chr = add_pty(b, "pty0");
    g_autofree char *name = g_strconcat("pty:", char_pty_path(chr), NULL);
    int fd;

    assert_filename(chr, name);
    bench_attach(b, chr);
    g_assert_cmpuint(bench_wakeups(b, 50), ==, 0);
    g_assert_cmpuint(bench_write(b, chr, "lost"), ==, 4);
    g_assert_cmpuint(chr->dropped, ==, 4);
    fd = open_terminal(chr);
    bench_until(b, b->events->len == 1);
    bench_write(b, chr, "a\nb");
    bench_turn(b, 20);
    assert_taken(fd, "a\nb");                   /* raw: nothing was added */
    put(fd, "x\rz");
    bench_until(b, b->received->len == 3);
    g_assert_cmpstr(b->received->str, ==, "x\rz");
    assert_taken(fd, "");                       /* no echo */
    close(fd);
    bench_until(b, b->events->len == 2);
    g_assert_cmpuint(bench_wakeups(b, 200), ==, 0);
    fd = open_terminal(chr);
    bench_until(b, b->events->len == 3);
    g_assert_cmpstr(b->events->str, ==, "OCO");
    bench_remove(b, chr);
    close(fd);
}

/* A peer that connects and leaves at once leaves its output behind. */
static void test_pty_quick(void)
{
    g_autoptr(Bench) b = bench_new();
    Chardev *chr = add_pty(b, "pty0");
    int fd;

    bench_attach(b, chr);
    fd = open_terminal(chr);
    put(fd, "quick");
    close(fd);
    bench_until(b, b->events->len == 2);
    g_assert_cmpstr(b->received->str, ==, "quick");
    g_assert_cmpstr(b->events->str, ==, "OC");
    bench_remove(b, chr);
}

/* It is noticed that the terminal was closed while the frontend is full, also with
 * input that was not taken, which comes before that of the next client. */
static void test_pty_full(void)
{
    g_autoptr(Bench) b = bench_new();
    Chardev *chr = add_pty(b, "pty0");
    int fd;

    b->room = 0;
    bench_attach(b, chr);
    fd = open_terminal(chr);
    bench_until(b, b->events->len == 1);
    close(fd);
    bench_until(b, b->events->len == 2);
    g_assert_cmpuint(bench_wakeups(b, 100), ==, 0);
    fd = open_terminal(chr);
    bench_until(b, b->events->len == 3);
    put(fd, "one,");
    bench_turn(b, 50);
    close(fd);
    bench_until(b, b->events->len == 4);
    g_assert_cmpuint(bench_wakeups(b, 100), ==, 0);
    fd = open_terminal(chr);
    bench_until(b, b->events->len == 5);
    put(fd, "two");
    bench_write(b, chr, "out");
    bench_turn(b, 50);
    assert_taken(fd, "out");
    b->room = 100;
    char_accept_input(chr);
    bench_until(b, b->received->len == 7);
    g_assert_cmpstr(b->received->str, ==, "one,two");
    close(fd);
    bench_remove(b, chr);
}

static void test_pty_two(void)
{
    g_autoptr(Bench) b = bench_new();
    Chardev *one = add_pty(b, "pty1"), *two = add_pty(b, "pty2");
    int fd = open_terminal(two);

    g_assert_cmpstr(char_pty_path(one), !=, char_pty_path(two));
    bench_until(b, two->connected);
    g_assert_false(one->connected);
    bench_write(b, one, "1");
    bench_write(b, two, "2");
    assert_taken(fd, "2");
    close(fd);
}

/* ---- Standard input and output ---- */

/* Both are the terminal of a pty for the length of a test. */
static void test_stdio(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    int saved_in = dup(STDIN_FILENO), saved_out = dup(STDOUT_FILENO), slave, flags;
    struct termios before, during = { 0 }, after;
    g_autofree char *sent = NULL;
    Chardev *chr, *other = NULL;

    g_assert_cmpint(grantpt(master) | unlockpt(master), ==, 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    fflush(stdout);
    dup2(slave, STDIN_FILENO);
    dup2(slave, STDOUT_FILENO);
    flags = fcntl(STDIN_FILENO, F_GETFL);
    tcgetattr(slave, &before);

    chr = bench_add(b, "stdio0", backend_new(CHARDEV_BACKEND_KIND_STDIO), &error);
    if (chr) {
        bench_attach(b, chr);
        bench_write(b, chr, "out");
        sent = take(master);
        put(master, "\003in");
        for (guint i = 0; i < 20 && b->received->len < 2; i++) {
            bench_turn(b, 50);
        }
        tcgetattr(slave, &during);
        other = bench_add(b, "stdio1", backend_new(CHARDEV_BACKEND_KIND_STDIO), &error);
        bench_remove(b, chr);
    }
    tcgetattr(slave, &after);
    flags ^= fcntl(STDIN_FILENO, F_GETFL);
    dup2(saved_in, STDIN_FILENO);
    dup2(saved_out, STDOUT_FILENO);

    g_assert_nonnull(chr);
    g_assert_null(other);
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_assert_cmpstr(sent, ==, "out");
    g_assert_cmpstr(b->received->str, ==, "in");        /* Ctrl-C was a signal */
    g_assert_cmpint(during.c_lflag & (ICANON | ECHO | ISIG), ==, ISIG);
    g_assert_cmpint(after.c_lflag, ==, before.c_lflag);
    g_assert_cmpint(after.c_iflag, ==, before.c_iflag);
    g_assert_cmpint(flags, ==, 0);
    close(slave);
    close(master);
    close(saved_in);
    close(saved_out);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chardev/pipe", test_pipe);
    g_test_add_func("/chardev/pipe/missing", test_pipe_missing);
    g_test_add_func("/chardev/input-pace", test_input_pace);
    g_test_add_func("/chardev/output-bound", test_output_bound);
    g_test_add_func("/chardev/other-thread", test_other_thread);
    g_test_add_func("/chardev/pty", test_pty);
    g_test_add_func("/chardev/pty/quick", test_pty_quick);
    g_test_add_func("/chardev/pty/full", test_pty_full);
    g_test_add_func("/chardev/pty/two", test_pty_two);
    g_test_add_func("/chardev/stdio", test_stdio);
    return g_test_run();
}
