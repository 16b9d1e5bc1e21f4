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
#include "hw/vnc/vnc-pseudo.h"

/* Rectangles of an update, beyond which the library sends one around them all. */
enum { RECTANGLES_MAX = 512 };

/* How long the library waits for the rest of a message, or for room, in ms: forever, as the
 * server's thread ends a client that is too slow. */
enum { LIBRARY_WAIT = G_MAXINT32 };

struct VncEncoder {
    GThread *thread;
    VncPicture *picture;
    char *name;
    int wake_fd, ended_fd;
    gint ended;                 /* atomic */
    GMutex mutex;               /* of the state */
    VncState state;

    /* The thread's. */
    int fd;                     /* until the library has it */
    rfbScreenInfoPtr screen;
    rfbClientPtr client;
    VncView view;
    VncFrame frame;
    bool follows;               /* the client has asked to be told of new sizes */
    bool resized;               /* and there is one that it was not told */
    VncCursor cursor;           /* the picture's, at the last copy */
    VncCover cover;             /* where it is painted */
    guint painted;              /* its shape */
    VncTold told;
};

static GMutex lists;

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
        e->resized = e->follows;
        sraRgnDestroy(e->client->modifiedRegion);
        e->client->modifiedRegion = sraRgnCreateRect(0, 0, e->frame.width, e->frame.height);
    }
    mark(e, 0, 0, e->frame.width, e->frame.height);
}

/* Copies what has changed.  A client that is not told of new sizes keeps that of its start.  False:
 * there is no picture for a moment. */
static bool copy_picture(VncEncoder *e, guint features)
{
    bool follows = features & (VNC_FEATURE_SIZE | VNC_FEATURE_SCREENS);

    if (follows && !e->follows) {
        e->frame.generation = 0;        /* it may have been kept */
    }
    e->follows = follows;
    while (!vnc_picture_copy(e->picture, &e->view, &e->frame, mark, e)) {
        if (!vnc_picture_fit(e->picture, &e->view, &e->frame, !follows)) {
            return false;
        }
        show_frame(e);
    }
    return true;
}

static void mark_cover(VncEncoder *e, const VncCover *cover)
{
    if (cover->width) {
        mark(e, cover->x, cover->y, cover->width, cover->height);
    }
}

static bool covers_same(const VncCover *a, const VncCover *b)
{
    return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

/* The same, with the cursor in it for a client that does not show it. */
static bool copy_screen(VncEncoder *e, guint features)
{
    VncCover before = e->cover;
    guint painted = e->painted;
    bool there;

    vnc_cursor_erase(&e->cover, e->frame.pixels, e->frame.width);
    there = copy_picture(e, features);
    vnc_picture_get_cursor(e->picture, &e->cursor);
    if (there && !(features & (VNC_FEATURE_CURSOR | VNC_FEATURE_ALPHA_CURSOR))) {
        vnc_cursor_paint(&e->cursor, &e->cover, e->frame.pixels, e->frame.width, e->frame.height);
        e->painted = e->cursor.shape;
    }
    if (!covers_same(&before, &e->cover) || painted != e->painted) {
        mark_cover(e, &before);
        mark_cover(e, &e->cover);
    }
    return there;
}

/* Sends an update if the client has asked for one: a new size, or what has changed. */
static void update(VncEncoder *e, const VncState *state)
{
    rfbClientPtr client = e->client;

    if (client->sock < 0 || sraRgnEmpty(client->requestedRegion) ||
        !copy_screen(e, state->features)) {
        return;
    }
    vnc_pseudo_cursor(client, &e->told, state, &e->cursor);
    if (e->resized) {
        e->resized = false;
        vnc_pseudo_size(client, state->features, 0, e->frame.width, e->frame.height);
        sraRgnMakeEmpty(client->requestedRegion);       /* it was for the old size */
    } else {
        rfbUpdateClient(client);
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
        e->screen->cursor = NULL;       /* vnc-cursor.h */
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

/* What there is to be told, and is told now. */
static VncState take_state(VncEncoder *e)
{
    VncState state;

    g_mutex_lock(&e->mutex);
    state = e->state;
    if (state.clipboard) {
        g_bytes_ref(state.clipboard);
    }
    e->state.tell_size = e->state.tell_clipboard = false;
    e->state.answer = e->state.cut = 0;
    g_mutex_unlock(&e->mutex);
    return state;
}

static void tell(VncEncoder *e)
{
    VncState state = take_state(e);

    vnc_pseudo_clipboard(e->client, &e->told, &state);
    vnc_pseudo_state(e->client, &e->told, &state, e->frame.width, e->frame.height);
    update(e, &state);
    if (state.clipboard) {
        g_bytes_unref(state.clipboard);
    }
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
            tell(e);
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
    vnc_cursor_clear(&e->cursor);
    vnc_cover_clear(&e->cover);
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
    e->told = (VncTold){ .leds = -1, .absolute = -1 };
    g_mutex_init(&e->mutex);
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
    g_clear_pointer(&e->state.clipboard, g_bytes_unref);
    g_mutex_clear(&e->mutex);
    g_free(e->name);
    g_free(e);
}

void vnc_encoder_answer(VncEncoder *e, guint answer)
{
    g_mutex_lock(&e->mutex);
    e->state.tell_size |= !answer;
    e->state.answer = answer ? answer : e->state.answer;
    g_mutex_unlock(&e->mutex);
    wake(e->wake_fd);
}

void vnc_encoder_set_clipboard(VncEncoder *e, GBytes *text, bool tell)
{
    g_mutex_lock(&e->mutex);
    g_clear_pointer(&e->state.clipboard, g_bytes_unref);
    e->state.clipboard = text;
    e->state.tell_clipboard = tell;
    g_mutex_unlock(&e->mutex);
    wake(e->wake_fd);
}

void vnc_encoder_cut(VncEncoder *e, VncCutKind kind)
{
    g_mutex_lock(&e->mutex);
    e->state.cut |= 1 << kind;
    g_mutex_unlock(&e->mutex);
    wake(e->wake_fd);
}

void vnc_encoder_set_features(VncEncoder *e, guint features)
{
    g_mutex_lock(&e->mutex);
    e->state.features = features;
    g_mutex_unlock(&e->mutex);
}

void vnc_encoder_set_state(VncEncoder *e, guint leds, bool absolute)
{
    bool changed;

    g_mutex_lock(&e->mutex);
    changed = e->state.leds != leds || e->state.absolute != absolute;
    e->state.leds = leds;
    e->state.absolute = absolute;
    g_mutex_unlock(&e->mutex);
    if (changed) {
        wake(e->wake_fd);
    }
}
