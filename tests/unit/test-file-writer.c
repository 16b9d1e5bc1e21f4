/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FileWriter, with pipes, which take no bytes for as long as the test wants; and with
 * regular files.
 */
#include "config.h"
#include "hw/aio/file-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A divisor of the page size: a pipe keeps each write in one page. */
enum { MAX = 1024 };

typedef struct {
    FileWriter *w;
    int reader;
    gsize room;                 /* of the pipe */
} Bench;

static void setup(Bench *b, gconstpointer data)
{
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC | O_NONBLOCK), ==, 0);
    b->reader = fds[0];
    b->room = fcntl(fds[1], F_GETPIPE_SZ);
    b->w = file_writer_new(fds[1], MAX, NULL);
    g_assert_nonnull(b->w);
    g_assert_cmpint(file_writer_fd(b->w), ==, fds[1]);
}

static void teardown(Bench *b, gconstpointer data)
{
    file_writer_free(b->w);
    close(b->reader);
}

static gint64 in_seconds(gint n)
{
    return g_get_monotonic_time() + n * G_USEC_PER_SEC;
}

static gsize put(Bench *b, gsize size)
{
    g_autofree char *text = g_strnfill(size, 'x');

    return file_writer_put(b->w, (const guint8 *)text, size);
}

/* The thread is busy with a write, and the pipe is not read. */
static void fill(Bench *b)
{
    for (gsize left = b->room; left; left -= MIN(left, MAX)) {
        g_assert_cmpuint(put(b, MIN(left, MAX)), ==, MIN(left, MAX));
        g_assert_true(file_writer_flush(b->w, in_seconds(10)));
    }
    g_assert_cmpuint(put(b, MAX), ==, MAX);
}

static gsize drain(Bench *b, gsize size)
{
    g_autofree char *text = g_malloc(size);
    gssize n = read(b->reader, text, size);

    return n < 0 ? 0 : n;
}

static void test_write(Bench *b, gconstpointer data)
{
    char text[10] = "";

    for (guint i = 0; i < 3; i++) {
        g_assert_cmpuint(file_writer_put(b->w, (const guint8 *)"abc", 3), ==, 3);
        g_assert_true(file_writer_flush(b->w, in_seconds(10)));
        g_assert_cmpint(read(b->reader, text, sizeof(text)), ==, 3);
        g_assert_cmpstr(text, ==, "abc");
    }
    g_assert_cmpuint(file_writer_news(b->w).written, ==, 9);
    g_assert_cmpuint(file_writer_news(b->w).written, ==, 0);
    g_assert_cmpuint(file_writer_free(g_steal_pointer(&b->w)), ==, 0);
    g_assert_cmpint(read(b->reader, text, sizeof(text)), ==, 0);    /* closed */
}

/* Bytes for which there is no room are not taken; a line is not taken in part. */
static void test_full(Bench *b, gconstpointer data)
{
    gsize taken = 0;

    fill(b);
    while (taken < MAX) {       /* the thread takes the bytes that waited: there is room once */
        taken += put(b, MAX - taken);
        g_thread_yield();
    }
    g_assert_cmpuint(put(b, 1), ==, 0);
    g_assert_false(file_writer_put_all(b->w, (const guint8 *)"abc", 3));
    g_assert_false(file_writer_idle(b->w));
    g_assert_cmpuint(drain(b, b->room), ==, b->room);
    g_assert_true(file_writer_flush(b->w, in_seconds(10)));
    g_assert_cmpuint(drain(b, b->room), ==, MAX + taken);
    g_assert_true(file_writer_put_all(b->w, (const guint8 *)"abc", 3));
}

/* A flush ends, and the number of unwritten bytes is returned at the end. */
static void test_stuck(Bench *b, gconstpointer data)
{
    fill(b);
    g_assert_false(file_writer_flush(b->w, g_get_monotonic_time()));
    g_assert_cmpuint(file_writer_free(g_steal_pointer(&b->w)), ==, MAX);
}

/* No flush waits longer than the patience, even if the deadline is far away. */
static void test_patience(Bench *b, gconstpointer data)
{
    fill(b);
    g_assert_false(file_writer_flush(b->w, G_MAXINT64));
}

static void moved(void *opaque, int error)
{
    g_atomic_int_set((gint *)opaque, error);
}

static void test_error(Bench *b, gconstpointer data)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    FileWriter *w = file_writer_new(fd, MAX, NULL);
    FileWriterNews news;
    gint error = 0;

    file_writer_watch(w, moved, &error);
    g_assert_cmpuint(file_writer_put(w, (const guint8 *)"abc", 3), ==, 3);
    g_assert_true(file_writer_flush(w, in_seconds(10)));
    g_assert_cmpint(g_atomic_int_get(&error), ==, ENOSPC);
    news = file_writer_news(w);
    g_assert_cmpuint(news.lost, ==, 3);
    g_assert_cmpint(news.error, ==, ENOSPC);
    file_writer_watch(w, NULL, NULL);
    g_assert_cmpuint(file_writer_free(w), ==, 0);
}

/* ---- Regular files ---- */

static char *new_file(const char *content)
{
    char *path = NULL;

    close(g_file_open_tmp("vmd-writer-XXXXXX", &path, NULL));
    g_assert_true(g_file_set_contents(path, content, -1, NULL));
    return path;
}

static void assert_content(const char *path, const char *expect)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expect);
}

static void test_empty(Bench *b, gconstpointer data)
{
    g_autofree char *path = new_file("old content");
    FileWriter *w = file_writer_new(open(path, O_WRONLY | O_CLOEXEC), MAX, NULL);

    file_writer_empty(w);
    g_assert_true(file_writer_flush(w, in_seconds(10)));
    assert_content(path, "");
    g_assert_true(file_writer_put_all(w, (const guint8 *)"new", 3));
    g_assert_cmpuint(file_writer_free(w), ==, 0);
    assert_content(path, "new");
    file_writer_empty(b->w);                    /* no effect on a pipe */
    g_assert_true(file_writer_flush(b->w, in_seconds(10)));
    g_assert_cmpint(file_writer_news(b->w).error, ==, 0);
    g_unlink(path);
}

static void test_cannot_empty(Bench *b, gconstpointer data)
{
    g_autofree char *path = new_file("old content");
    FileWriter *w = file_writer_new(open(path, O_RDONLY | O_CLOEXEC), MAX, NULL);
    gint error = 0;

    file_writer_watch(w, moved, &error);
    file_writer_empty(w);
    g_assert_true(file_writer_flush(w, in_seconds(10)));
    g_assert_cmpint(g_atomic_int_get(&error), ==, EINVAL);
    g_assert_cmpint(file_writer_news(w).error, ==, EINVAL);
    file_writer_free(w);
    assert_content(path, "old content");
    g_unlink(path);
}

/* A file that may have 10 bytes keeps two puts of 4, and no part of what follows. */
static void test_whole(Bench *b, gconstpointer data)
{
    g_autofree char *path = new_file("");
    FileWriter *w = file_writer_new(open(path, O_WRONLY | O_CLOEXEC), MAX, NULL);
    const struct iovec parts[] = { { (void *)"ef", 2 }, { (void *)"", 0 }, { (void *)"gh", 2 } };
    struct rlimit before, limit;
    FileWriterNews news;

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    limit = (struct rlimit){ .rlim_cur = 10, .rlim_max = before.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    file_writer_keep_whole(w);
    g_assert_true(file_writer_put_all(w, (const guint8 *)"abcd", 4));
    g_assert_true(file_writer_put_vector(w, parts, G_N_ELEMENTS(parts)));
    g_assert_true(file_writer_put_all(w, (const guint8 *)"ijkl", 4));
    g_assert_true(file_writer_flush(w, in_seconds(10)));
    g_assert_true(file_writer_put_all(w, (const guint8 *)"m", 1));
    g_assert_true(file_writer_flush(w, in_seconds(10)));
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    news = file_writer_news(w);
    g_assert_cmpint(news.error, ==, EFBIG);
    g_assert_cmpuint(news.written, ==, 10);
    g_assert_cmpuint(news.lost, ==, 3);
    g_assert_cmpuint(file_writer_free(w), ==, 0);
    assert_content(path, "abcdefgh");
    g_unlink(path);
}

static guint count_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

/* A writer that has been freed has no open descriptors, whatever its thread is doing. */
static void test_closed(void)
{
    const guint before = count_descriptors();

    for (guint i = 0; i < 500; i++) {
        file_writer_free(file_writer_new(open("/dev/null", O_WRONLY | O_CLOEXEC), MAX, NULL));
        g_assert_cmpuint(count_descriptors(), ==, before);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/file-writer/write", Bench, NULL, setup, test_write, teardown);
    g_test_add("/file-writer/full", Bench, NULL, setup, test_full, teardown);
    g_test_add("/file-writer/stuck", Bench, NULL, setup, test_stuck, teardown);
    g_test_add("/file-writer/patience", Bench, NULL, setup, test_patience, teardown);
    g_test_add("/file-writer/error", Bench, NULL, setup, test_error, teardown);
    g_test_add("/file-writer/empty", Bench, NULL, setup, test_empty, teardown);
    g_test_add("/file-writer/cannot-empty", Bench, NULL, setup, test_cannot_empty, teardown);
    g_test_add("/file-writer/whole", Bench, NULL, setup, test_whole, teardown);
    g_test_add_func("/file-writer/closed", test_closed);
    return g_test_run();
}
