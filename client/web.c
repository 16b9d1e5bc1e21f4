/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * noVNC for a browser, see web.h.  libwebsockets has the sockets and both protocols.
 */
#include "config.h"
#include "client/web.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/lws-library.h"
#include "qmp/error.h"

#define COOKIE "vmctl-screen"
#define WEBSOCKET_PATH "/websockify"
#define PAGE "/vnc.html?autoconnect=true&resize=scale&path=websockify"

enum { SECRET_SIZE = 16, PIECE = 16384, BUFFER_MAX = 65536, VALUE_MAX = 512 };

typedef struct {
    const WebOptions *options;
    struct lws_context *context;
    guint port;
    char *token;                /* NULL: a browser has used it */
    char *session;              /* the cookie's value */
    int signals;
    bool ended;
} Web;

/* A WebSocket and the Unix socket to which it is relayed; either may be gone. */
typedef struct {
    struct lws *browser, *server;
    int fd;                     /* of server */
    GByteArray *to_browser, *to_server;
} Relay;

/* ---- Secrets ---- */

/* Random characters for a URL, for g_free(); NULL with an error. */
static char *new_secret(GError **error)
{
    guint8 bytes[SECRET_SIZE];
    GString *text = g_string_new(NULL);

    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "there are no random numbers");
        g_string_free(text, TRUE);
        return NULL;
    }
    for (gsize i = 0; i < sizeof(bytes); i++) {
        g_string_append_printf(text, "%02x", bytes[i]);
    }
    return g_string_free(text, FALSE);
}

/* In a time that does not depend on where they differ. */
static bool is_secret(const char *text, const char *secret)
{
    guint8 differs = 0;

    if (!secret || strlen(text) != strlen(secret)) {
        return false;
    }
    for (gsize i = 0; secret[i]; i++) {
        differs |= text[i] ^ secret[i];
    }
    return !differs;
}

/* ---- Requests ---- */

static char *header(struct lws *wsi, enum lws_token_indexes name, char *buffer)
{
    return lws_hdr_copy(wsi, buffer, VALUE_MAX, name) > 0 ? buffer : NULL;
}

/* Whether the browser has been admitted, and calls this server by its own address. */
static bool is_admitted(const Web *web, struct lws *wsi)
{
    g_autofree char *host = g_strdup_printf("127.0.0.1:%u", web->port);
    char buffer[VALUE_MAX];
    g_auto(GStrv) cookies = NULL;

    if (g_strcmp0(header(wsi, WSI_TOKEN_HOST, buffer), host) ||
        !header(wsi, WSI_TOKEN_HTTP_COOKIE, buffer)) {
        return false;
    }
    cookies = g_strsplit(buffer, ";", -1);
    for (guint i = 0; cookies[i]; i++) {
        const char *cookie = g_strstrip(cookies[i]);

        if (g_str_has_prefix(cookie, COOKIE "=") &&
            is_secret(cookie + strlen(COOKIE "="), web->session)) {
            return true;
        }
    }
    return false;
}

/* The response has no body: the connection ends with it. */
static int respond(struct lws *wsi, const char *status, const char *headers)
{
    g_autofree char *text = g_strdup_printf("HTTP/1.1 %s\r\n%sContent-Length: 0\r\n"
                                            "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                                            status, headers);

    lws_write(wsi, (unsigned char *)text, strlen(text), LWS_WRITE_HTTP_HEADERS);
    return -1;
}

/* The token in "/?token=...": it is good for one browser. */
static int admit(Web *web, struct lws *wsi)
{
    char buffer[VALUE_MAX];
    const char *query = header(wsi, WSI_TOKEN_HTTP_URI_ARGS, buffer);
    g_autofree char *headers = NULL;

    if (!query || !g_str_has_prefix(query, "token=") ||
        !is_secret(query + strlen("token="), web->token)) {
        return respond(wsi, "403 Forbidden", "");
    }
    g_clear_pointer(&web->token, g_free);
    headers = g_strdup_printf("Location: " PAGE "\r\n"
                              "Set-Cookie: " COOKIE "=%s; HttpOnly; SameSite=Strict; Path=/\r\n",
                              web->session);
    return respond(wsi, "302 Found", headers);
}

static const char *type_of(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        { ".html", "text/html" }, { ".js", "text/javascript" }, { ".css", "text/css" },
        { ".json", "application/json" }, { ".svg", "image/svg+xml" }, { ".png", "image/png" },
        { ".ico", "image/x-icon" }, { ".ttf", "font/ttf" }, { ".woff", "font/woff" },
        { ".mp3", "audio/mpeg" }, { ".oga", "audio/ogg" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_has_suffix(path, types[i].end)) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* Whether a path stays below the folder, and is plain. */
static bool is_plain(const char *path)
{
    return path[0] == '/' && !strstr(path, "..") &&
           strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") ==
               strlen(path);
}

static int on_request(Web *web, struct lws *wsi, const char *path)
{
    g_autofree char *file = g_build_filename(web->options->folder, path, NULL);
    int n;

    if (!strcmp(path, "/")) {
        return admit(web, wsi);
    }
    if (!is_admitted(web, wsi)) {
        return respond(wsi, "403 Forbidden", "");
    }
    if (!is_plain(path) || !g_file_test(file, G_FILE_TEST_IS_REGULAR)) {
        return respond(wsi, "404 Not Found", "");
    }
    n = lws_serve_http_file(wsi, file, type_of(path), NULL, 0);
    return n < 0 || (n > 0 && lws_http_transaction_completed(wsi)) ? -1 : 0;
}

/* ---- Relays ---- */

static int connect_to(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(addr.sun_path, path, sizeof(addr.sun_path));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

/* Frees the relay with the last of its ends. */
static void relay_part(Relay *relay)
{
    if (!relay->browser && !relay->server) {
        g_byte_array_unref(relay->to_browser);
        g_byte_array_unref(relay->to_server);
        g_free(relay);
    }
}

static int open_relay(Web *web, struct lws *wsi)
{
    Relay *relay = g_new0(Relay, 1);
    lws_sock_file_fd_type fd = { .filefd = connect_to(web->options->vnc_path) };

    relay->fd = fd.filefd;
    relay->to_browser = g_byte_array_new();
    relay->to_server = g_byte_array_new();
    relay->browser = wsi;
    lws_set_opaque_user_data(wsi, relay);
    if (relay->fd < 0) {
        return -1;
    }
    relay->server = lws_adopt_descriptor_vhost(lws_get_vhost_by_name(web->context, "default"),
                                               LWS_ADOPT_RAW_FILE_DESC, fd, "relay", NULL);
    if (!relay->server) {
        return -1;
    }
    lws_set_opaque_user_data(relay->server, relay);
    return 0;
}

/* One end is gone: so will be the other. */
static void close_end(Relay *relay, struct lws **end)
{
    struct lws *other = end == &relay->browser ? relay->server : relay->browser;

    *end = NULL;
    if (other) {
        lws_set_timeout(other, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    }
    relay_part(relay);
}

/* Bytes for one end that its other end has sent; that waits if there are too many. */
static void pass(GByteArray *bytes, const void *data, gsize size, struct lws *from, struct lws *to)
{
    g_byte_array_append(bytes, data, size);
    if (bytes->len >= BUFFER_MAX) {
        lws_rx_flow_control(from, 0);
    }
    lws_callback_on_writable(to);
}

static void took(GByteArray *bytes, gsize n, struct lws *from, struct lws *to)
{
    g_byte_array_remove_range(bytes, 0, n);
    if (bytes->len < BUFFER_MAX && from) {
        lws_rx_flow_control(from, 1);
    }
    if (bytes->len) {
        lws_callback_on_writable(to);
    }
}

static int read_server(Relay *relay)
{
    guint8 data[PIECE];
    ssize_t n = read(relay->fd, data, sizeof(data));

    if (n > 0 && relay->browser) {
        pass(relay->to_browser, data, n, relay->server, relay->browser);
    }
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ? -1 : 0;
}

static int write_server(Relay *relay)
{
    ssize_t n = send(relay->fd, relay->to_server->data, relay->to_server->len, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        return -1;
    }
    took(relay->to_server, MAX(n, 0), relay->browser, relay->server);
    return 0;
}

/* The library wants room before the bytes for the head of a message. */
static int write_browser(Relay *relay)
{
    guint8 message[LWS_PRE + PIECE];
    gsize n = MIN(relay->to_browser->len, PIECE);

    if (!n) {
        return 0;
    }
    memcpy(message + LWS_PRE, relay->to_browser->data, n);
    if (lws_write(relay->browser, message + LWS_PRE, n, LWS_WRITE_BINARY) < (int)n) {
        return -1;
    }
    took(relay->to_browser, n, relay->server, relay->browser);
    return 0;
}

/* ---- The library's calls ---- */

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t size)
{
    Web *web = lws_context_user(lws_get_context(wsi));
    Relay *relay = lws_get_opaque_user_data(wsi);
    char path[VALUE_MAX];

    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return on_request(web, wsi, in);
    case LWS_CALLBACK_HTTP_FILE_COMPLETION:
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return is_admitted(web, wsi) &&
               !g_strcmp0(header(wsi, WSI_TOKEN_GET_URI, path), WEBSOCKET_PATH) ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        return open_relay(web, wsi);
    case LWS_CALLBACK_RECEIVE:
        if (relay && relay->server) {
            pass(relay->to_server, in, size, wsi, relay->server);
        }
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return relay ? write_browser(relay) : 0;
    case LWS_CALLBACK_CLOSED:
        if (relay) {
            close_end(relay, &relay->browser);
        }
        return 0;
    default:
        return 0;
    }
}

static int on_relay(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    Relay *relay = lws_get_opaque_user_data(wsi);

    switch (reason) {
    case LWS_CALLBACK_RAW_RX_FILE:
        return relay ? read_server(relay) : 0;
    case LWS_CALLBACK_RAW_WRITEABLE_FILE:
        return relay ? write_server(relay) : 0;
    case LWS_CALLBACK_RAW_CLOSE_FILE:
        if (relay) {
            close_end(relay, &relay->server);
        }
        return 0;
    default:
        return 0;
    }
}

/* Descriptors that end the server. */
static int on_watched(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                      size_t size)
{
    Web *web = lws_context_user(lws_get_context(wsi));
    bool is_signal = lws_get_opaque_user_data(wsi);

    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        web->ended |= is_signal || !web->options->watched(web->options->opaque);
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    { .name = "http", .callback = on_http, .rx_buffer_size = PIECE },
    { .name = "relay", .callback = on_relay, .rx_buffer_size = PIECE },
    { .name = "watched", .callback = on_watched },
    { 0 },
};

/* ---- The server ---- */

/* The descriptor is closed with the server. */
static bool watch(Web *web, int fd, bool is_signal)
{
    lws_sock_file_fd_type file = { .filefd = fd };
    struct lws *wsi = fd < 0 ? NULL : lws_adopt_descriptor_vhost(
        lws_get_vhost_by_name(web->context, "default"), LWS_ADOPT_RAW_FILE_DESC, file, "watched",
        NULL);

    if (wsi) {
        lws_set_opaque_user_data(wsi, is_signal ? web : NULL);
    }
    return wsi;
}

static int take_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool begin(Web *web, GError **error)
{
    const struct lws_context_creation_info info = {
        .port = web->options->port, .iface = "127.0.0.1", .protocols = protocols, .user = web,
        .gid = -1, .uid = -1, .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
    };

    web->context = lws_create_context(&info);
    if (!web->context) {
        qmp_error_set(error, ERROR_REASON_ADDRESS_IN_USE, "cannot listen on 127.0.0.1, port %u",
                      web->options->port);
        return false;
    }
    web->port = lws_get_vhost_listen_port(lws_get_vhost_by_name(web->context, "default"));
    if (!watch(web, take_signals(), true) || !watch(web, dup(web->options->watch_fd), false)) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "the host has no descriptors");
        return false;
    }
    return true;
}

static void serve(Web *web)
{
    g_autofree char *address = g_strdup_printf("http://127.0.0.1:%u/?token=%s", web->port,
                                               web->token);

    web->options->ready(address, web->options->opaque);
    while (!web->ended && lws_service(web->context, 0) >= 0) {
    }
}

bool web_serve(const WebOptions *options, GError **error)
{
    Web web = { .options = options };
    bool begun;

    if (!lws_library_load(error)) {
        return false;
    }
    web.token = new_secret(error);
    web.session = web.token ? new_secret(error) : NULL;
    begun = web.session && begin(&web, error);
    if (begun) {
        serve(&web);
    }
    g_clear_pointer(&web.context, lws_context_destroy);
    g_free(web.token);
    g_free(web.session);
    return begun;
}
