/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd/journal.c, against a journal's socket of the test's own.
 */
#include "config.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/error.h"
#include "systemd/journal.h"

typedef struct {
    char *directory, *path;
    int fd;                     /* the journal's */
    int text[2];                /* pipe for text */
} Fixture;

static void set_up(Fixture *f, const void *data)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    f->directory = g_dir_make_tmp("journal-XXXXXX", NULL);
    f->path = g_build_filename(f->directory, "socket", NULL);
    f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    g_strlcpy(address.sun_path, f->path, sizeof(address.sun_path));
    g_assert_cmpint(bind(f->fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(pipe(f->text), ==, 0);
}

static void tear_down(Fixture *f, const void *data)
{
    close(f->fd);
    close(f->text[0]);
    close(f->text[1]);
    g_unlink(f->path);
    g_rmdir(f->directory);
    g_free(f->path);
    g_free(f->directory);
}

/* The next entry, NUL-terminated in buffer; its length, or -1. */
static ssize_t receive(const Fixture *f, char *buffer, gsize size)
{
    ssize_t n = recv(f->fd, buffer, size - 1, 0);

    buffer[MAX(n, 0)] = '\0';
    return n;
}

static void expect_entry(const Fixture *f, const char *text)
{
    char buffer[4096];

    g_assert_cmpint(receive(f, buffer, sizeof(buffer)), >, 0);
    g_assert_cmpstr(buffer, ==, text);
}

static void expect_text(Fixture *f, const char *text)
{
    char buffer[4096] = "";

    g_assert_cmpint(read(f->text[0], buffer, sizeof(buffer) - 1), >, 0);
    g_assert_cmpstr(buffer, ==, text);
}

static void put(Journal *journal, GLogLevelFlags level, const char *message)
{
    const GLogField fields[] = {
        { "PRIORITY", "0", -1 },
        { "MESSAGE", message, -1 },
        { "GLIB_OLD_LOG_API", "1", -1 },
        { "CLIENT", "pid 12, uid 0", -1 },
        { "OBJECT", "/machine/x...", 10 },
    };

    g_assert_cmpint(journal_write(level, fields, G_N_ELEMENTS(fields), journal), ==,
                    G_LOG_WRITER_HANDLED);
}

static void test_entry(Fixture *f, const void *data)
{
    g_autoptr(Journal) journal = journal_new("web", G_LOG_LEVEL_INFO, f->path, f->text[1]);

    put(journal, G_LOG_LEVEL_WARNING, "hello");
    expect_entry(f, "PRIORITY=4\nSYSLOG_IDENTIFIER=vmd\nVM=web\nMESSAGE=hello\n"
                    "CLIENT=pid 12, uid 0\nOBJECT=/machine/x\n");
}

static void test_newline(Fixture *f, const void *data)
{
    static const char expected[] = "PRIORITY=6\nSYSLOG_IDENTIFIER=vmd\n"
                                   "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\nCLIENT";
    g_autoptr(Journal) journal = journal_new(NULL, G_LOG_LEVEL_INFO, f->path, f->text[1]);
    char buffer[4096];

    put(journal, G_LOG_LEVEL_INFO, "a\nb");
    g_assert_cmpint(receive(f, buffer, sizeof(buffer)), >, sizeof(expected));
    g_assert_cmpmem(buffer, sizeof(expected) - 1, expected, sizeof(expected) - 1);
}

static void test_long(Fixture *f, const void *data)
{
    g_autoptr(Journal) journal = journal_new(NULL, G_LOG_LEVEL_INFO, f->path, f->text[1]);
    g_autofree char *message = g_strnfill(1 << 20, 'x');
    g_autofree char *buffer = g_malloc(1 << 20);

    put(journal, G_LOG_LEVEL_INFO, message);
    g_assert_cmpint(receive(f, buffer, 1 << 20), >, 32768);
    g_assert_nonnull(strstr(buffer, "\nCLIENT=pid 12"));
}

static void test_levels(Fixture *f, const void *data)
{
    static const struct {
        const char *name;
        GLogLevelFlags level;
        const char *priority;
    } rows[] = {
        { "error", G_LOG_LEVEL_CRITICAL, "PRIORITY=3\n" },
        { "warning", G_LOG_LEVEL_WARNING, "PRIORITY=4\n" },
        { "notice", G_LOG_LEVEL_MESSAGE, "PRIORITY=5\n" },
        { "info", G_LOG_LEVEL_INFO, "PRIORITY=6\n" },
        { "debug", G_LOG_LEVEL_DEBUG, "PRIORITY=7\n" },
    };
    char buffer[4096];

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Journal) journal = NULL;
        GLogLevelFlags level;

        g_assert_true(journal_parse_level(rows[i].name, &level, NULL));
        g_assert_cmpint(level, ==, rows[i].level);
        journal = journal_new(NULL, level, f->path, f->text[1]);
        for (gsize j = 0; j < G_N_ELEMENTS(rows); j++) {
            put(journal, rows[j].level, "x");
            g_assert_cmpint(receive(f, buffer, sizeof(buffer)) > 0, ==, j <= i);
            g_assert_true(j > i || g_str_has_prefix(buffer, rows[j].priority));
        }
    }
}

static void test_wrong_level(void)
{
    g_autoptr(GError) error = NULL;
    GLogLevelFlags level = 0;

    g_assert_false(journal_parse_level("loud", &level, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    g_assert_cmpint(level, ==, 0);
}

/* A journal that does not read: logging goes on, and says so later. */
static void test_full(Fixture *f, const void *data)
{
    g_autoptr(Journal) journal = journal_new(NULL, G_LOG_LEVEL_INFO, f->path, f->text[1]);
    char buffer[4096];
    int n = 0, lost = 0;

    for (int i = 0; i < 100000; i++) {
        put(journal, G_LOG_LEVEL_INFO, "x");
    }
    while (receive(f, buffer, sizeof(buffer)) > 0) {
        n++;
    }
    put(journal, G_LOG_LEVEL_INFO, "again");
    g_assert_cmpint(receive(f, buffer, sizeof(buffer)), >, 0);
    g_assert_cmpint(sscanf(buffer, "PRIORITY=4\nSYSLOG_IDENTIFIER=vmd\nMESSAGE=%d messages were",
                           &lost), ==, 1);
    g_assert_cmpint(n + lost, ==, 100000);
    g_assert_cmpint(receive(f, buffer, sizeof(buffer)), >, 0);
    g_assert_nonnull(strstr(buffer, "MESSAGE=again"));
    put(journal, G_LOG_LEVEL_INFO, "more");
    g_assert_cmpint(receive(f, buffer, sizeof(buffer)), >, 0);
    g_assert_nonnull(strstr(buffer, "MESSAGE=more"));
}

/* The same of a reader of text; each thread that logs would wait for him. */
static void test_full_text(Fixture *f, const void *data)
{
    g_autoptr(Journal) journal = journal_new(NULL, G_LOG_LEVEL_INFO, NULL, f->text[1]);
    g_autofree char *message = g_strnfill(10000, 'x');
    g_autofree char *buffer = g_malloc0(1 << 21);
    const char *report;
    int n = 0, lost = 0;

    for (int i = 0; i < 1000; i++) {
        put(journal, G_LOG_LEVEL_INFO, i ? message : "first");
    }
    g_assert_cmpint(read(f->text[0], buffer, 1 << 20), >, 0);
    g_assert_true(g_str_has_prefix(buffer, "vmd: info: first\nvmd: info: xxx"));
    put(journal, G_LOG_LEVEL_INFO, "again");
    g_assert_cmpint(read(f->text[0], buffer + strlen(buffer), 1 << 20), >, 0);
    report = strstr(buffer, "x\nvmd: warning: ");
    g_assert_nonnull(report);
    g_assert_cmpint(sscanf(report, "x vmd: warning: %d messages were lost: nobody read them\n%n",
                           &lost, &n), ==, 1);
    g_assert_cmpint(lost, >, 900);
    g_assert_cmpstr(report + n, ==, "vmd: info: again\n");
}

/* What was switched on by itself is there whatever the level. */
static void test_trace(Fixture *f, const void *data)
{
    g_autoptr(Journal) journal = journal_new(NULL, G_LOG_LEVEL_WARNING, NULL, f->text[1]);
    const GLogField fields[] = { { "TRACE", "a_point", -1 }, { "MESSAGE", "seen", -1 } };

    put(journal, G_LOG_LEVEL_INFO, "silent");
    journal_write(G_LOG_LEVEL_INFO, fields, G_N_ELEMENTS(fields), journal);
    expect_text(f, "vmd: info: seen\n");
}

static void test_text(Fixture *f, const void *data)
{
    g_autoptr(Journal) journal = journal_new("web", G_LOG_LEVEL_INFO, NULL, f->text[1]);
    g_autoptr(Journal) no_socket = journal_new("web", G_LOG_LEVEL_INFO, "/no/such", f->text[1]);

    put(journal, G_LOG_LEVEL_WARNING, "hello");
    expect_text(f, "vmd: warning: hello\n");
    put(journal, G_LOG_LEVEL_DEBUG, "silent");
    put(no_socket, G_LOG_LEVEL_CRITICAL, "hello");
    expect_text(f, "vmd: error: hello\n");
}

static void test_stream(Fixture *f, const void *data)
{
    g_autofree char *stream = NULL;
    struct stat st;

    g_assert_cmpint(fstat(f->text[1], &st), ==, 0);
    stream = g_strdup_printf("%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    g_unsetenv("JOURNAL_STREAM");
    g_assert_false(journal_is_stream(f->text[1]));
    g_setenv("JOURNAL_STREAM", stream, TRUE);
    g_assert_true(journal_is_stream(f->text[1]));
    g_assert_false(journal_is_stream(f->fd));
    g_setenv("JOURNAL_STREAM", "8:", TRUE);
    g_assert_false(journal_is_stream(f->text[1]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) \
    g_test_add("/systemd/journal/" name, Fixture, NULL, set_up, test, tear_down)
    ADD("entry", test_entry);
    ADD("newline", test_newline);
    ADD("long", test_long);
    ADD("levels", test_levels);
    ADD("full", test_full);
    ADD("full-text", test_full_text);
    ADD("text", test_text);
    ADD("trace", test_trace);
    ADD("stream", test_stream);
    g_test_add_func("/systemd/journal/wrong-level", test_wrong_level);
    return g_test_run();
}
