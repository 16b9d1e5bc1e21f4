/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/chardev: null, ringbuf, file and the log file, with what is left behind
 * when one cannot be made.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/chardev/char-ringbuf.h"
#include "qmp/error.h"
#include "tests/unit/char-bench.h"

static void assert_content(const char *path, const char *expect)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expect);
}

static void put_file(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static bool exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static Chardev *add_file(Bench *b, const char *out, const char *in, bool append, GError **error)
{
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_FILE);

    backend->u.file.data->out = g_strdup(out);
    backend->u.file.data->in = g_strdup(in);
    backend->u.file.data->has_append = backend->u.file.data->append = append;
    return bench_add(b, "file0", backend, error);
}

static void test_null(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    Chardev *chr = bench_add(b, "null0", backend_new(CHARDEV_BACKEND_KIND_NULL), &error);

    g_assert_no_error(error);
    bench_attach(b, chr);
    g_assert_cmpuint(bench_write(b, chr, "abc"), ==, 3);
    g_assert_cmpstr(b->events->str, ==, "O");
    assert_filename(chr, "null");
    g_assert_cmpuint(char_write(NULL, (const guint8 *)"abc", 3), ==, 3);
    bench_remove(b, chr);
}

static Chardev *add_ring(Bench *b, guint64 size, GError **error)
{
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_RINGBUF);

    backend->u.ringbuf.data->has_size = true;
    backend->u.ringbuf.data->size = size;
    return bench_add(b, "ring0", backend, error);
}

static void assert_ring(Chardev *chr, gsize size, const char *expect)
{
    char buf[100] = "";

    g_assert_cmpuint(char_ringbuf_read(chr, (guint8 *)buf, size), ==, strlen(expect));
    g_assert_cmpstr(buf, ==, expect);
}

static void test_ringbuf(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    Chardev *chr = add_ring(b, 8, &error);

    g_assert_no_error(error);
    assert_ring(chr, 10, "");
    bench_write(b, chr, "abcde");
    assert_ring(chr, 3, "abc");
    bench_write(b, chr, "fghij");               /* around the end */
    g_assert_cmpuint(char_ringbuf_length(chr), ==, 7);
    assert_ring(chr, 50, "defghij");
    bench_write(b, chr, "0123456789");          /* more than it holds */
    g_assert_cmpuint(chr->dropped, ==, 2);
    assert_ring(chr, 50, "23456789");
    bench_write(b, chr, "abcdefgh");
    bench_write(b, chr, "ij");
    assert_ring(chr, 50, "cdefghij");
    bench_remove(b, chr);

    g_assert_null(add_ring(b, 100, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

static void test_out(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = bench_path(b, "out");
    Chardev *chr;

    put_file(path, "old content");
    chr = add_file(b, path, NULL, false, &error);
    g_assert_no_error(error);
    bench_write(b, chr, "new");
    chardevs_flush(b->root, 10000);
    assert_content(path, "new");
    bench_remove(b, chr);
    chr = add_file(b, path, NULL, true, &error);
    bench_write(b, chr, " more");
    assert_filename(chr, "file");
    bench_remove(b, chr);
    assert_content(path, "new more");
}

/* Input is read as far as the frontend takes it; its end is not an event. */
static void test_in(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *in = bench_path(b, "in"), *out = bench_path(b, "out");
    g_autofree char *text = g_strnfill(10000, 'x');
    Chardev *chr;

    put_file(in, text);
    chr = add_file(b, out, in, false, &error);
    g_assert_no_error(error);
    b->room = 5000;
    bench_attach(b, chr);
    bench_until(b, b->received->len == 5000);
    g_assert_cmpuint(bench_wakeups(b, 50), <=, 2);
    b->room = 100000;
    char_accept_input(chr);
    bench_until(b, b->received->len == 10000);
    g_assert_cmpuint(bench_wakeups(b, 50), <=, 2);
    g_assert_cmpstr(b->events->str, ==, "O");
    bench_remove(b, chr);
    g_assert_true(exists(out));                 /* made by it, and kept */
}

/* What fails changes nothing: no file is emptied, none is left behind. */
static void test_failure(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *kept = bench_path(b, "kept"), *fresh = bench_path(b, "fresh");
    g_autofree char *missing = bench_path(b, "no/such");
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_FILE);

    put_file(kept, "content");
    g_assert_null(add_file(b, kept, missing, false, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    g_clear_error(&error);
    assert_content(kept, "content");

    backend->u.file.data->out = g_strdup(missing);
    backend->u.file.data->logfile = g_strdup(fresh);
    g_assert_null(bench_add(b, "file0", backend, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    g_clear_error(&error);
    g_assert_false(exists(fresh));

    g_assert_null(add_file(b, b->dir, NULL, false, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    g_assert_null(object_child(object_container(b->root, "chardevs"), "file0"));
}

/* A FIFO that nobody reads is an error instead of a wait. */
static void test_fifo(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = bench_path(b, "fifo");
    char buf[10] = "";
    Chardev *chr;
    int fd;

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_assert_null(add_file(b, path, NULL, false, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    g_clear_error(&error);
    fd = open(path, O_RDONLY | O_NONBLOCK);
    chr = add_file(b, path, NULL, false, &error);
    g_assert_no_error(error);
    bench_write(b, chr, "abc");
    g_assert_cmpint(read(fd, buf, sizeof(buf)), ==, 3);
    close(fd);
    bench_write(b, chr, "lost");                /* broken pipe, no signal */
    g_assert_cmpuint(chr->dropped, ==, 4);
    bench_remove(b, chr);
    g_assert_true(exists(path));
}

static void test_disk_full(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    Chardev *chr = add_file(b, "/dev/full", NULL, false, &error);

    g_assert_no_error(error);
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_WARNING, "*loses output*");
    g_assert_cmpuint(bench_write(b, chr, "abc"), ==, 3);
    g_test_assert_expected_messages();
    g_assert_cmpuint(bench_write(b, chr, "abc"), ==, 3);    /* said once */
    g_assert_cmpuint(chr->dropped, ==, 6);
    bench_remove(b, chr);
}

static void test_logfile(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = bench_path(b, "log");

    put_file(path, "old");
    for (guint append = 0; append < 2; append++) {
        ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_NULL);
        Chardev *chr;

        backend->u.null.data->logfile = g_strdup(path);
        backend->u.null.data->has_logappend = true;
        backend->u.null.data->logappend = append;
        chr = bench_add(b, "null0", backend, &error);
        g_assert_no_error(error);
        bench_write(b, chr, "abc");
        bench_remove(b, chr);
        assert_content(path, append ? "abcabc" : "abc");
    }
}

static void test_ids(void)
{
    g_autoptr(Bench) b = bench_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(bench_add(b, "0x", backend_new(CHARDEV_BACKEND_KIND_NULL), &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ID_INVALID));
    g_clear_error(&error);
    bench_add(b, "a", backend_new(CHARDEV_BACKEND_KIND_NULL), &error);
    g_assert_no_error(error);
    g_assert_null(bench_add(b, "a", backend_new(CHARDEV_BACKEND_KIND_NULL), &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ID_IN_USE));
    g_clear_error(&error);
    g_assert_null(chardev_find(b->root, "b", &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OBJECT_NOT_FOUND));
    g_assert_nonnull(chardev_find(b->root, "a", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chardev/null", test_null);
    g_test_add_func("/chardev/ringbuf", test_ringbuf);
    g_test_add_func("/chardev/file/out", test_out);
    g_test_add_func("/chardev/file/in", test_in);
    g_test_add_func("/chardev/file/failure", test_failure);
    g_test_add_func("/chardev/file/fifo", test_fifo);
    g_test_add_func("/chardev/file/disk-full", test_disk_full);
    g_test_add_func("/chardev/logfile", test_logfile);
    g_test_add_func("/chardev/ids", test_ids);
    return g_test_run();
}
