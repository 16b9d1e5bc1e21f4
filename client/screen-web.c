/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen in a browser, see screen-web.h.
 *
 * The VNC server listens on a Unix socket in a folder that only this user can enter; it is a
 * descriptor that vmctl passes, so the daemon, which may be confined, needs no name for it and
 * opens no port.  The browser talks to vmctl (web.h).
 */
#include "config.h"
#include "client/screen-web.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "client/web.h"
#include "qmp/error.h"
#include "qmp/listen.h"

/* The name of the socket's descriptor on this connection. */
#define FD_NAME "vmctl-web"

typedef struct {
    Connection *conn;
    char *folder, *path;        /* of the socket */
    char *id;                   /* of the server */
} Screen;

static bool check_novnc(const char *folder, GError **error)
{
    g_autofree char *page = g_build_filename(folder, "vnc.html", NULL);

    if (access(page, R_OK) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot read '%s' (package novnc; --novnc names another folder)", page);
        return false;
    }
    return true;
}

/* ---- The VNC server ---- */

static bool pass_socket(Screen *screen, GError **error)
{
    int fd = qmp_listen_unix(screen->path, error);
    Message *reply;
    bool passed;

    if (fd < 0) {
        return false;
    }
    reply = connection_request(screen->conn, "{\"execute\":\"getfd\",\"arguments\":"
                               "{\"fdname\":\"" FD_NAME "\"}}", &fd, 1, error);
    close(fd);
    passed = reply && !message_is_error(reply, error);
    message_free(reply);
    return passed;
}

static bool add_server(Screen *screen, const char *device, GError **error)
{
    json_t *arguments = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "qom-type", "vnc-server", "id",
                                  screen->id, "share", "ignore", "addr", "type", "fd", "str",
                                  FD_NAME);

    if (device) {
        json_object_set_new(arguments, "display", json_string(device));
    }
    return connection_call(screen->conn, "object-add", arguments, NULL, error);
}

static bool make_folder(Screen *screen, GError **error)
{
    g_autofree char *folder = g_build_filename(g_get_tmp_dir(), "vmctl-XXXXXX", NULL);

    if (!g_mkdtemp(folder)) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno,
                            "cannot make a folder in '%s'", g_get_tmp_dir());
        return false;
    }
    screen->folder = g_steal_pointer(&folder);
    screen->path = g_build_filename(screen->folder, "vnc", NULL);
    return true;
}

static void remove_folder(Screen *screen)
{
    if (screen->folder) {
        unlink(screen->path);
        rmdir(screen->folder);
    }
    g_free(screen->folder);
    g_free(screen->path);
    g_free(screen->id);
}

/* ---- The browser ---- */

static void on_ready(const char *address, void *opaque)
{
    printf("%s\n", address);
    fflush(stdout);
}

/* The daemon's events do not matter, only its end. */
static bool on_daemon(void *opaque)
{
    Screen *screen = opaque;
    ConnectionResult result;
    Message *event = NULL;

    do {
        g_clear_pointer(&event, message_free);
        result = connection_next_event(screen->conn, 0, &event, NULL);
    } while (result == CONNECTION_EVENT);
    return result == CONNECTION_TIMEOUT;
}

static bool serve(Screen *screen, const char *novnc, guint port, GError **error)
{
    const WebOptions options = {
        .folder = novnc, .vnc_path = screen->path, .port = port, .ready = on_ready,
        .watch_fd = connection_fd(screen->conn), .watched = on_daemon, .opaque = screen,
    };
    bool served = web_serve(&options, error);

    /* There may be no daemon any more. */
    connection_call(screen->conn, "object-del", json_pack("{s:s}", "id", screen->id), NULL, NULL);
    return served;
}

bool screen_web(Connection *conn, const char *device, const char *novnc, guint port,
                GError **error)
{
    Screen screen = { .conn = conn, .id = g_strdup_printf("vmctl-web-%d", (int)getpid()) };
    bool served = check_novnc(novnc, error) && make_folder(&screen, error) &&
                  pass_socket(&screen, error) && add_server(&screen, device, error) &&
                  serve(&screen, novnc, port, error);

    remove_folder(&screen);
    return served;
}
