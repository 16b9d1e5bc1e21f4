/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmctl screenshot: a picture of a screen.
 *
 * vmctl opens the file and passes it, since a confined daemon could not, and would resolve its
 * name in another directory.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/verb.h"

/* The name that the descriptor has on this connection. */
#define FD_NAME "screenshot"

/* Standard output, or a new file; -1 with *error. */
static int open_output(const char *path, GError **error)
{
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path,
                    g_strerror(errno));
    } else if (!path && isatty(fd)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "a picture is not for a terminal: give -o FILE");
        return -1;
    }
    return fd;
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
    int fd;

    if (!verb_parse(verb, globals, entries, &argc, &argv, error)) {
        return EXIT_USAGE;
    }
    conn = verb_connect(globals, error);
    fd = conn ? open_output(path, error) : -1;
    if (fd < 0) {
        return EXIT_ERROR;
    }
    done = dump(conn, argv[1], path, fd, error);
    if (path) {
        close(fd);
        if (!done) {
            unlink(path);
        }
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
