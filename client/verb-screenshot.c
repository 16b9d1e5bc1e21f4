/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl screenshot: a picture of a screen.
 *
 * vmctl opens the file and passes it, since a confined daemon could not, and would resolve its
 * name in another directory.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/terminal-picture.h"
#include "client/verb.h"
#include "qmp/new-file.h"

/* The name that the descriptor has on this connection. */
#define FD_NAME "screenshot"

/* Whether standard output may take a picture. */
static bool check_stdout(GError **error)
{
    if (isatty(STDOUT_FILENO)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "a picture is not for a terminal: give -o FILE, or --show");
        return false;
    }
    return true;
}

static bool file_failed(const char *path, int number, GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "%s: %s", path,
                g_strerror(number));
    return false;
}

static bool pass(Connection *conn, int fd, GError **error)
{
    g_autoptr(Message) reply = connection_request(
        conn, "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"" FD_NAME "\"}}", &fd, 1, error);

    return reply && !message_is_error(reply, error);
}

static bool dump(Connection *conn, const char *device, const char *format, int fd, GError **error)
{
    json_t *arguments;

    if (!pass(conn, fd, error)) {
        return false;
    }
    arguments = json_pack("{s:s, s:s}", "fdname", FD_NAME, "format", format);
    if (device) {
        json_object_set_new(arguments, "device", json_string(device));
    }
    return connection_call(conn, "screendump", arguments, NULL, error);
}

/* ---- To a file ---- */

static bool dump_to_file(Connection *conn, const char *device, const char *path, GError **error)
{
    const char *format = g_str_has_suffix(path, ".ppm") ? "ppm" : "png";
    NewFile *file = new_file_begin(path);
    bool done;
    int number;

    if (!file) {
        return file_failed(path, errno, error);
    }
    done = dump(conn, device, format, new_file_fd(file), error);
    number = new_file_end(file, done);
    return done && number ? file_failed(path, number, error) : done;
}

static bool save(Connection *conn, const char *device, const char *path, GError **error)
{
    if (path) {
        return dump_to_file(conn, device, path, error);
    }
    return check_stdout(error) && dump(conn, device, "png", STDOUT_FILENO, error);
}

/* ---- To the terminal ---- */

/* The whole of a file, for g_bytes_unref(). */
static GBytes *read_all(int fd, GError **error)
{
    struct stat st;
    guint8 *data;

    if (fstat(fd, &st) == 0) {
        data = g_malloc(st.st_size);
        if (pread(fd, data, st.st_size, 0) == st.st_size) {
            return g_bytes_new_take(data, st.st_size);
        }
        g_free(data);
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO, "the picture cannot be read");
    return NULL;
}

static GBytes *take(Connection *conn, const char *device, const char *format, GError **error)
{
    int fd = memfd_create("vmctl-screenshot", MFD_CLOEXEC);
    GBytes *bytes = NULL;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "no memory for the picture: %s", g_strerror(errno));
        return NULL;
    }
    if (dump(conn, device, format, fd, error)) {
        bytes = read_all(fd, error);
    }
    close(fd);
    return bytes;
}

static bool show(Connection *conn, const char *device, TerminalPicture kind, GError **error)
{
    g_autoptr(GBytes) bytes = take(conn, device, kind == TERMINAL_PICTURE_PNG ? "png" : "ppm",
                                   error);
    g_autoptr(GString) text = NULL;

    if (!bytes) {
        return false;
    }
    text = terminal_picture_make(kind, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    if (!text) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "the daemon's picture is no PPM");
        return false;
    }
    g_string_append_c(text, '\n');
    if (fwrite(text->str, text->len, 1, stdout) != 1 || fflush(stdout) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "standard output: %s",
                    g_strerror(errno));
        return false;
    }
    return true;
}

/* ---- The verb ---- */

static bool check_show(const char *path, GError **error)
{
    if (path) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--output and --show exclude each other");
        return false;
    }
    if (!isatty(STDOUT_FILENO)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "--show needs a terminal as standard output");
        return false;
    }
    return true;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    g_autofree char *path = NULL;
    gboolean shown = FALSE;
    TerminalPicture kind = TERMINAL_PICTURE_PNG;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &path,
          "the file; its name ends in .ppm for that format, else it is a PNG", "FILE" },
        { "show", 0, 0, G_OPTION_ARG_NONE, &shown,
          "show it on the terminal, if that shows pictures", NULL },
        G_OPTION_ENTRY_NULL
    };

    if (!verb_parse(verb, globals, entries, &argc, &argv, error) ||
        (shown && !check_show(path, error))) {
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    if (!conn || (shown && !terminal_picture_ask(&kind, error))) {
        return EXIT_ERROR;
    }
    return (shown ? show(conn, argv[1], kind, error) : save(conn, argv[1], path, error))
           ? EXIT_OK : EXIT_ERROR;
}

const Verb verb_screenshot = {
    .name = "screenshot",
    .arguments = "[-o FILE | --show] [DEVICE]",
    .summary = "make a picture of a screen",
    .description = "The picture is a PNG, and goes to standard output unless there is -o.  With\n"
                   "--show it is on the terminal, by kitty's protocol or as sixels.\n"
                   "DEVICE is the id or path of a graphics card, by default of the first one.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
