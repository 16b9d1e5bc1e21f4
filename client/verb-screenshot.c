/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl screenshot: a picture of a screen.
 *
 * vmctl opens the file and passes it, since a confined daemon could not, and would resolve its
 * name in another directory.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/verb.h"
#include "qmp/new-file.h"

/* The name that the descriptor has on this connection. */
#define FD_NAME "screenshot"

/* Whether standard output may take a picture. */
static bool check_stdout(GError **error)
{
    if (isatty(STDOUT_FILENO)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "a picture is not for a terminal: give -o FILE");
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

static bool dump(Connection *conn, const char *device, const char *path, int fd, GError **error)
{
    const char *format = path && g_str_has_suffix(path, ".ppm") ? "ppm" : "png";
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

static bool dump_to_file(Connection *conn, const char *device, const char *path, GError **error)
{
    NewFile *file = new_file_begin(path);
    bool done;
    int number;

    if (!file) {
        return file_failed(path, errno, error);
    }
    done = dump(conn, device, path, new_file_fd(file), error);
    number = new_file_end(file, done);
    return done && number ? file_failed(path, number, error) : done;
}

static int run(const Verb *verb, Globals *globals, int argc, char **argv, GError **error)
{
    g_autoptr(Connection) conn = NULL;
    g_autofree char *path = NULL;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &path,
          "the file; its name ends in .ppm for that format, else it is a PNG", "FILE" },
        G_OPTION_ENTRY_NULL
    };
    bool done;

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    if (!conn) {
        return EXIT_ERROR;
    }
    if (path) {
        done = dump_to_file(conn, argv[1], path, error);
    } else {
        done = check_stdout(error) && dump(conn, argv[1], NULL, STDOUT_FILENO, error);
    }
    return done ? EXIT_OK : EXIT_ERROR;
}

const Verb verb_screenshot = {
    .name = "screenshot",
    .arguments = "[-o FILE] [DEVICE]",
    .summary = "make a picture of a screen",
    .description = "The picture is a PNG, and goes to standard output unless there is -o.\n"
                   "DEVICE is the id or path of a graphics card, by default of the first one.",
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
