/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind class `vnc-server` share; no other file includes it:
 *
 *   vnc-server.c     the object: its life, notes, passwords
 *   vnc-query.c      what commands ask
 *   vnc-listen.c     where it listens
 *   vnc-screen.c     main loop: watches the console while there are clients
 *   vnc-input.c      main loop: gives the guest what clients press and move
 *   vnc-loop.c       the server's thread: accepts and polls
 *   vnc-client.c     a client on it: bytes between its socket and its encoder
 *   vnc-stream.c     its socket, with TLS and WebSocket
 *   vnc-handshake.c  until a client is let in
 *   vnc-vencrypt.c   the part of that about encrypted connections
 *   vnc-keys.c       keys that clients press
 *   vnc-clipboard.c  texts that clients share
 *   vnc-address.c    addresses as events and queries have them
 *
 * and, without knowledge of the server: vnc-message.h, vnc-cut.h, vnc-picture.h, vnc-cursor.h,
 * vnc-encoder.h, vnc-pseudo.h, vnc-guard.h, vnc-keymap.h.
 *
 * Threads: the server's thread has the sockets, and never takes the machine lock.  It sends notes
 * to the main loop (vnc_post), and stops reading from its clients while too many wait.  The main
 * loop sets what is atomic, or under VncServer.mutex, and wakes the thread.
 */
#ifndef HW_VNC_VNC_INTERNAL_H
#define HW_VNC_VNC_INTERNAL_H

#include <poll.h>

#include "hw/chardev/socket-address.h"
#include "hw/chardev/websocket.h"
#include "hw/display/console.h"
#include "hw/input/input.h"
#include "hw/tls/tls-session.h"
#include "hw/vnc/vnc-encoder.h"
#include "hw/vnc/vnc-guard.h"
#include "hw/vnc/vnc-keymap.h"
#include "hw/vnc/vnc-message.h"
#include "hw/vnc/vnc.h"
#include "qmp/fds.h"
#include "qom/qapi-objects-vnc.h"

struct event;

typedef struct VncClient VncClient;

enum { VNC_PASSWORD_MAX = 8, VNC_CHALLENGE_SIZE = 16 };

/* ---- Notes to the main loop ---- */

typedef enum {
    VNC_NOTE_ENTER,             /* a client waits for the picture */
    VNC_NOTE_LEAVE,             /* one that had entered is gone */
    VNC_NOTE_KEY,
    VNC_NOTE_POINTER,
    VNC_NOTE_WISH,              /* x and y are a size that a client would like */
    VNC_NOTE_CLIPBOARD,
} VncNoteKind;

typedef struct {
    VncNoteKind kind;
    guint key;                  /* QKeyCode */
    bool down;
    bool relative;              /* x and y are movements */
    guint buttons, old_buttons;
    int x, y;
    GBytes *text;               /* of a clipboard; the note's */
    guint64 from;               /* its client's number */
} VncNote;

/* One for the protocol itself, and one for WebSocket. */
enum { VNC_LISTENERS = 2 };

typedef struct {
    bool websocket;
    QmpFd *given;               /* of an `fd` address, until prepare */
    int fd;                     /* -1: it does not listen */
    SocketNode node;
    VncServerInfo *info;        /* where it listens; constant from complete to dismantle, or NULL */
    gint64 accept_again;        /* after a failure: when; or 0.  The server's thread's */
} VncListener;

struct VncServer {
    Object object;
    VncListener listeners[VNC_LISTENERS];
    VncKeymap *keymap;          /* constant, from prepare to release */
    bool needs_password;        /* constant from complete to dismantle */
    TlsCreds *creds;            /* the same; NULL: connections are not encrypted */

    /* The main loop's. */
    Machine *machine;
    struct event *event;        /* notes */
    int main_fd;                /* an eventfd for it */
    guint n_entered;            /* clients */
    ConsoleWatch *watch;        /* while there are any and there is a screen */
    Surface *surface;           /* the console's, while it is watched */
    ConsoleObserver console_observer;
    InputObserver input_observer;

    /* Any thread. */
    VncPicture picture;
    gint stop, leds, absolute;  /* atomic */
    gint resizable;             /* the same: the card can tell the guest what size is wished for */
    int wake_fd;                /* wakes the server's thread */
    GMutex mutex;               /* of what follows */
    char password[VNC_PASSWORD_MAX + 1];
    bool has_password;
    gint64 expiry;              /* of the password, in seconds since 1970; or G_MAXINT64 */
    GBytes *clipboard;          /* a text, while there are clients; or NULL */
    guint clipboard_serial;     /* counts texts */
    guint64 clipboard_from;     /* the number of the client that sent it, if that is one of ours */
    GQueue notes;               /* of VncNote */
    GPtrArray *entered;         /* VncClientInfo of those that have been let in */

    /* The server's thread's. */
    GThread *thread;
    GPtrArray *clients;         /* of VncClient */
    GPtrArray *ending;          /* VncEncoder of clients that are gone */
    GArray *polls;              /* of struct pollfd */
    guint64 n_clients;          /* so far */
    VncGuard guard;
    gint64 lines_from;          /* the log: an interval's start, and lines in it */
    guint n_lines;
};

/* ---- A client ---- */

typedef enum {
    VNC_PHASE_UPGRADE,          /* its request for a WebSocket is expected */
    VNC_PHASE_VERSION,          /* its version is expected */
    VNC_PHASE_SECURITY,         /* its choice of a security type */
    VNC_PHASE_VENCRYPT,         /* its version of VeNCrypt */
    VNC_PHASE_SUBTYPE,          /* its choice of a security type there */
    VNC_PHASE_TLS,              /* the handshake of TLS */
    VNC_PHASE_RESPONSE,         /* its answer to the challenge */
    VNC_PHASE_INIT,             /* its wish to share the screen */
    VNC_PHASE_PICTURE,          /* it has been let in, and waits for a picture */
    VNC_PHASE_NORMAL,
    VNC_PHASE_LAST,             /* what waits for it is sent; then it is ended */
} VncPhase;

/* What it may have sent that is not handled yet, and what may wait for it. */
enum { VNC_IN_MAX = 4096, VNC_OUT_MAX = 65536 };

/* A connection whose bytes are in WebSocket's frames. */
typedef struct {
    WebSocketReader reader;
    gsize n_pong;               /* bytes of the answer to the last ping, if it was not sent */
    guint8 pong[WEBSOCKET_FRAME_MAX];
} VncWebSocket;

G_STATIC_ASSERT((int)VNC_IN_MAX >= (int)VNC_MESSAGE_MAX);

struct VncClient {
    VncServer *server;
    guint64 number;             /* from 1 */
    const VncListener *listener;        /* from which it came */
    int fd;
    VncClientInfo *info;
    VncPhase phase;
    guint minor;                /* of its protocol version 3.x: 3, 7 or 8 */
    bool exclusive, entered;
    const char *ended;          /* why it is ended: "it ..."; or "" if it left; or NULL */
    gint64 started;             /* us of monotonic time, here and below */
    gint64 heard;               /* when it last sent something */
    gint64 taken;               /* when it last took something, or nothing waited */
    guint8 challenge[VNC_CHALLENGE_SIZE];
    TlsSession *tls;            /* of an encrypted connection, from VNC_PHASE_TLS on */
    VncWebSocket *websocket;    /* of such a connection, after VNC_PHASE_UPGRADE; or NULL */

    guint8 in[VNC_IN_MAX];
    gsize n_in;
    GByteArray *out;
    gsize sent;                 /* of out */

    VncParser parser;
    int library_fd;             /* the encoder is at its other end; or -1 */
    GByteArray *to_library;
    gsize greeting;             /* bytes of the library that are still not for the client */
    VncEncoder *encoder;

    guint features;             /* VncFeature */
    guint8 held[Q_KEY_CODE__MAX];       /* keys that are down */
    guint buttons;
    int x, y;                   /* of its pointer; -1: unknown */
    GByteArray *cut;            /* a clipboard that comes; or NULL */
    bool cut_extended;
    guint clipboard_serial;     /* of the text that its encoder has */
};

/* ---- vnc-server.c ---- */

/* Sends a note to the main loop. */
void vnc_post(VncServer *s, const VncNote *note);
/* Whether so many notes wait that clients have to. */
bool vnc_notes_full(VncServer *s);
/* Whether a password lets its sender in: the response to the challenge.  Any thread. */
bool vnc_check_response(VncServer *s, const guint8 *challenge, const guint8 *response);
void vnc_wake(int eventfd);
void vnc_wake_clear(int eventfd);

/* ---- vnc-listen.c: the object's life ---- */

void vnc_listen_init(VncServer *s);
/* Takes passed descriptors.  Fails with fd-not-found. */
bool vnc_listen_link(VncServer *s, GError **error);
/* Opens the sockets; a pool thread.  Fails as socket_listen() does. */
bool vnc_listen_open(VncServer *s, GError **error);
void vnc_listen_close(VncServer *s);
/* Shows the ports that the host chose, and keeps where it listens for events. */
void vnc_listen_note(VncServer *s);
void vnc_listen_forget(VncServer *s);

/* ---- vnc-screen.c: main loop, lock held ---- */

void vnc_screen_enter(VncServer *s);
void vnc_screen_leave(VncServer *s);
void vnc_screen_end(VncServer *s);
/* A client would like a picture of this size. */
void vnc_screen_wish(VncServer *s, guint width, guint height);
/* The console that it shows.  Fails as console_find() does. */
Console *vnc_screen_find(VncServer *s, GError **error);
/* The machine has a new console. */
void vnc_screen_appeared(void *opaque);

/* ---- vnc-input.c: main loop, lock held ---- */

void vnc_input_note(VncServer *s, const VncNote *note);
/* The LEDs, or the devices, have changed. */
void vnc_input_changed(void *opaque);

/* ---- vnc-loop.c ---- */

/* Fails with host-error. */
bool vnc_loop_start(VncServer *s, GError **error);
/* Ends all clients, too. */
void vnc_loop_stop(VncServer *s);
/* A line about a client, unless there are too many. */
void vnc_log(VncServer *s, const VncClient *client, const char *text);

/* ---- vnc-client.c ---- */

/* Takes fd. */
VncClient *vnc_client_new(VncServer *s, VncListener *listener, int fd, gint64 now);
/* Its encoder is left in `ending`. */
void vnc_client_free(VncClient *c);
/* Adds its descriptors to polls, always two. */
void vnc_client_fill(VncClient *c, GArray *polls);
/* After the poll; afterwards it may have `ended`. */
void vnc_client_poll(VncClient *c, const struct pollfd *polls, gint64 now);
/* When it has to be looked at without a poll; G_MAXINT64: never. */
gint64 vnc_client_deadline(const VncClient *c);
/* It is ended: why is a static text, "it ...". */
void vnc_client_end(VncClient *c, const char *why);
/* The same when its output has been sent; "" if it leaves. */
void vnc_client_end_after_output(VncClient *c, const char *why);

/* ---- vnc-stream.c ---- */

/* Whether there is input that a poll of the socket does not show. */
bool vnc_stream_pending(const VncClient *c);
/* Adds to `in` what has come, if there is room; false: nothing has, or it is ended. */
bool vnc_stream_read(VncClient *c);
/* Bytes of its output that wait. */
gsize vnc_stream_waiting(const VncClient *c);
/* Puts bytes into its output. */
void vnc_client_put(VncClient *c, const void *data, gsize size);
void vnc_client_put32(VncClient *c, guint32 value);
/* Sends output, which waits; false: nothing was taken, or it is ended. */
bool vnc_stream_write(VncClient *c);
/* Puts an answer of WebSocket's into the output, if one is due and there is room. */
void vnc_stream_answer(VncClient *c);
/* A new client is to become a WebSocket. */
void vnc_stream_upgrade(VncClient *c);
/* As vnc_handshake(), in VNC_PHASE_UPGRADE. */
gsize vnc_stream_take_request(VncClient *c);
void vnc_stream_close(VncClient *c);

/* ---- vnc-handshake.c ---- */

void vnc_handshake_begin(VncClient *c);
/* Handles what is in `in`, in a phase before VNC_PHASE_PICTURE.  Returns bytes used; 0: more are
 * needed, or it is ended. */
gsize vnc_handshake(VncClient *c, gint64 now);
/* Asks for the password, or lets the client in without one. */
void vnc_handshake_authenticate(VncClient *c);

/* ---- vnc-vencrypt.c ---- */

enum { VNC_SECURITY_VENCRYPT = 19 };

/* The client has chosen VNC_SECURITY_VENCRYPT. */
void vnc_vencrypt_begin(VncClient *c);
/* As vnc_handshake(), in the phases VNC_PHASE_VENCRYPT and VNC_PHASE_SUBTYPE. */
gsize vnc_vencrypt(VncClient *c);
/* Goes on in VNC_PHASE_TLS, with nothing in `out`. */
void vnc_vencrypt_go_on(VncClient *c);

/* ---- vnc-keys.c ---- */

extern const VncMessageOps vnc_message_ops;     /* opaque: VncClient */
/* Lets go of what it holds. */
void vnc_keys_release(VncClient *c);

/* ---- vnc-clipboard.c ---- */

/* A clipboard that comes, as in VncMessageOps. */
void vnc_clipboard_begin(VncClient *c, bool extended);
void vnc_clipboard_add(VncClient *c, const guint8 *data, gsize size);
void vnc_clipboard_end(VncClient *c);
/* The client has an encoder now, and hears of texts that others send from here on. */
void vnc_clipboard_enter(VncClient *c);
/* Gives its encoder the text that there is, if it is another one. */
void vnc_clipboard_tell(VncClient *c);
/* Main loop, lock held: a client of s has sent a text, which becomes that of all servers. */
void vnc_clipboard_share(VncServer *s, const VncNote *note);
/* Main loop: the last client is gone, and the text with it. */
void vnc_clipboard_drop(VncServer *s);

/* ---- vnc-address.c ---- */

/* The socket's own address, or its peer's; for qmp_clear(). */
VncServerInfo *vnc_server_info(const VncServer *s, const VncListener *listener);
VncClientInfo *vnc_client_info(int fd);

#endif
