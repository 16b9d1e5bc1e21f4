/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library's side of a client, see vnc-encoder.h.
 *
 * Each encoder has a screen of the library's, with one client and a frame buffer of its own, so
 * nothing that the library does with one is seen by another.  The library's list of all clients
 * has a mutex that each new screen initializes again; `lists` is held where that list is used.
 */
#include "config.h"
#include "hw/vnc/vnc-encoder.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/vnc/vnc-library.h"
#include "hw/vnc/vnc-message.h"

/* Rectangles of an update, beyond which the library sends one around them all. */
enum { RECTANGLES_MAX = 512 };

/* How long the library waits for the rest of a message, or for room, in ms: forever, as the
 * server's thread ends a client that is too slow. */
enum { LIBRARY_WAIT = G_MAXINT32 };

/* Pseudo-encodings that the library does not have. */
enum { POINTER_MOTION = -257, EXTENDED_KEYS = -258, LED_STATE = -261 };

struct VncEncoder {
    GThread *thread;
    VncPicture *picture;
    char *name;
    int wake_fd, ended_fd;
    gint ended;                 /* atomic */
    gint features, leds, absolute;      /* atomic */

    /* The thread's. */
    int fd;                     /* until the library has it */
    rfbScreenInfoPtr screen;
    rfbClientPtr client;
    VncView view;
    VncFrame frame;
    bool follows;               /* the client has asked to be told of new sizes */
    guint told_features;        /* of those that have to be told once */
    int told_leds, told_absolute;       /* -1: nothing */
};

static GMutex lists;

/* ---- Rectangles without a picture ---- */

static void put16(guint8 *p, guint value)
{
    p[0] = value >> 8;
    p[1] = value;
}

/* An update with one rectangle of a pseudo-encoding, which has n bytes of data. */
static void send_pseudo(VncEncoder *e, gint32 encoding, guint x, guint width, guint height,
                        const guint8 *data, gsize n)
{
    guint8 message[32] = { 0 };

    put16(message + 2, 1);
    put16(message + 4, x);
    put16(message + 8, width);
    put16(message + 10, height);
    put16(message + 12, (guint32)encoding >> 16);
    put16(message + 14, encoding);
    for (gsize i = 0; i < n; i++) {
        message[16 + i] = data[i];
    }
    rfbWriteExact(e->client, (const char *)message, 16 + n);
}

static void send_state(VncEncoder *e)
{
    guint features = g_atomic_int_get(&e->features);
    int leds = g_atomic_int_get(&e->leds), absolute = g_atomic_int_get(&e->absolute);
    guint8 led = leds;

    if (features & VNC_FEATURE_KEYS & ~e->told_features) {
        send_pseudo(e, EXTENDED_KEYS, 0, e->frame.width, e->frame.height, NULL, 0);
    }
    if (features & VNC_FEATURE_MOTION && absolute != e->told_absolute) {
        e->told_absolute = absolute;
        send_pseudo(e, POINTER_MOTION, absolute, e->frame.width, e->frame.height, NULL, 0);
    }
    if (features & VNC_FEATURE_LEDS && leds != e->told_leds) {
        e->told_leds = leds;
        send_pseudo(e, LED_STATE, 0, 1, 1, &led, 1);
    }
    e->told_features |= features;
}

/* ---- Pictures ---- */

static void mark(void *opaque, guint x, guint y, guint width, guint height)
{
    VncEncoder *e = opaque;
    sraRegion *region = sraRgnCreateRect(x, y, x + width, y + height);

    sraRgnOr(e->client->modifiedRegion, region);
    sraRgnDestroy(region);
}

/* The frame is new: as rfbNewFramebuffer(), which takes another pixel format for granted. */
static void show_frame(VncEncoder *e)
{
    e->screen->frameBuffer = (char *)e->frame.pixels;
    if (e->screen->width != (int)e->frame.width || e->screen->height != (int)e->frame.height) {
        e->screen->width = e->frame.width;
        e->screen->height = e->frame.height;
        e->screen->paddedWidthInBytes = e->frame.width * sizeof(guint32);
        e->client->newFBSizePending = e->client->useNewFBSize;
        sraRgnDestroy(e->client->modifiedRegion);
        e->client->modifiedRegion = sraRgnCreateRect(0, 0, e->frame.width, e->frame.height);
    }
    mark(e, 0, 0, e->frame.width, e->frame.height);
}

/* Copies what has changed.  A client that is not told of new sizes keeps that of its start.  False:
 * there is no picture for a moment. */
static bool copy_picture(VncEncoder *e)
{
    bool keep = !e->client->useNewFBSize;

    if (!keep && !e->follows) {
        e->follows = true;
        e->frame.generation = 0;        /* it may have been kept */
    }
    while (!vnc_picture_copy(e->picture, &e->view, &e->frame, mark, e)) {
        if (!vnc_picture_fit(e->picture, &e->view, &e->frame, keep)) {
            return false;
        }
        show_frame(e);
    }
    return true;
}

/* Sends an update if the client has asked for one: a new size, or what has changed. */
static void update(VncEncoder *e)
{
    rfbClientPtr client = e->client;
    bool resizes;

    if (client->sock >= 0 && !sraRgnEmpty(client->requestedRegion) && copy_picture(e)) {
        resizes = client->newFBSizePending;
        rfbUpdateClient(client);
        if (resizes) {
            sraRgnMakeEmpty(client->requestedRegion);       /* it was for the old size */
        }
    }
}

/* ---- The library's client ---- */

static void set_format(rfbPixelFormat *format)
{
    format->depth = 24;
    format->redShift = 16;
    format->greenShift = 8;
    format->blueShift = 0;
}

/* The library takes fd in any case. */
static bool open_client(VncEncoder *e)
{
    g_mutex_lock(&lists);
    e->screen = rfbGetScreen(NULL, NULL, e->frame.width, e->frame.height, 8, 3, 4);
    if (e->screen) {
        set_format(&e->screen->serverFormat);
        e->screen->frameBuffer = (char *)e->frame.pixels;
        e->screen->desktopName = e->name;
        e->screen->cursor = NULL;       /* no card tells its own yet */
        e->screen->alwaysShared = TRUE;
        e->screen->deferUpdateTime = 0;
        e->screen->maxRectsPerUpdate = RECTANGLES_MAX;
        e->screen->maxClientWait = LIBRARY_WAIT;
        e->client = rfbNewClient(e->screen, e->fd);
    } else {
        close(e->fd);
    }
    e->fd = -1;
    g_mutex_unlock(&lists);
    return e->client;
}

static void close_client(VncEncoder *e)
{
    g_mutex_lock(&lists);
    if (e->client) {
        rfbClientConnectionGone(e->client);
    }
    if (e->screen) {
        e->screen->cursor = NULL;
        rfbScreenCleanup(e->screen);
    }
    g_mutex_unlock(&lists);
    if (e->fd >= 0) {
        close(e->fd);
    }
}

static void clear(int eventfd)
{
    guint64 count;
    ssize_t n;

    do {
        n = read(eventfd, &count, sizeof(count));
    } while (n < 0 && errno == EINTR);
}

/* The picture may be gone again, for a moment; false: so is the client. */
static bool wait_picture(VncEncoder *e)
{
    struct pollfd fds[] = { { .fd = e->fd }, { .fd = e->wake_fd, .events = POLLIN } };

    while (!vnc_picture_fit(e->picture, &e->view, &e->frame, false)) {
        if ((poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR) || fds[0].revents) {
            return false;
        }
        clear(e->wake_fd);
    }
    return true;
}

static void run(VncEncoder *e)
{
    struct pollfd fds[] = {
        { .fd = e->client->sock, .events = POLLIN }, { .fd = e->wake_fd, .events = POLLIN },
    };

    while (e->client->sock >= 0) {
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR) {
            return;
        }
        if (fds[1].revents) {
            clear(e->wake_fd);
        }
        if (fds[0].revents) {
            rfbProcessClientMessage(e->client);
        }
        if (e->client->state == RFB_NORMAL && e->client->sock >= 0) {
            send_state(e);
            update(e);
        }
    }
}

static void wake(int eventfd)
{
    const guint64 one = 1;
    ssize_t n;

    do {
        n = write(eventfd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
}

static gpointer thread_main(gpointer opaque)
{
    VncEncoder *e = opaque;

    vnc_picture_attach(e->picture, &e->view);
    if (wait_picture(e) && open_client(e)) {
        run(e);
    }
    vnc_picture_detach(e->picture, &e->view);
    close_client(e);
    g_free(e->frame.pixels);
    g_atomic_int_set(&e->ended, 1);
    wake(e->ended_fd);
    return NULL;
}

/* ---- The server's thread ---- */

VncEncoder *vnc_encoder_new(int fd, VncPicture *picture, const char *name, int ended_fd)
{
    VncEncoder *e = g_new0(VncEncoder, 1);

    e->fd = fd;
    e->picture = picture;
    e->name = g_strdup(name);
    e->ended_fd = ended_fd;
    e->told_leds = e->told_absolute = -1;
    e->wake_fd = e->view.eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    e->thread = e->wake_fd >= 0 ? g_thread_try_new("vnc-client", thread_main, e, NULL) : NULL;
    if (!e->thread) {
        close(fd);
        vnc_encoder_free(e);
        return NULL;
    }
    return e;
}

bool vnc_encoder_ended(VncEncoder *e)
{
    return g_atomic_int_get(&e->ended);
}

void vnc_encoder_free(VncEncoder *e)
{
    if (!e) {
        return;
    }
    if (e->thread) {
        g_thread_join(e->thread);
    }
    if (e->wake_fd >= 0) {
        close(e->wake_fd);
    }
    g_free(e->name);
    g_free(e);
}

void vnc_encoder_set_features(VncEncoder *e, guint features)
{
    g_atomic_int_set(&e->features, features);
}

void vnc_encoder_set_state(VncEncoder *e, guint leds, bool absolute)
{
    if (g_atomic_int_get(&e->leds) != (int)leds || g_atomic_int_get(&e->absolute) != absolute) {
        g_atomic_int_set(&e->leds, leds);
        g_atomic_int_set(&e->absolute, absolute);
        wake(e->wake_fd);
    }
}
