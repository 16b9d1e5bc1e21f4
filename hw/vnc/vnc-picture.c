/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's copy of the screen, see vnc-picture.h.
 */
#include "config.h"
#include "hw/vnc/vnc-picture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static guint n_columns(const VncPicture *picture)
{
    return (picture->width + VNC_TILE_WIDTH - 1) / VNC_TILE_WIDTH;
}

static guint n_rows(const VncPicture *picture)
{
    return (picture->height + VNC_TILE_HEIGHT - 1) / VNC_TILE_HEIGHT;
}

static gsize n_tiles(const VncPicture *picture)
{
    return (gsize)n_columns(picture) * n_rows(picture);
}

static void tell(VncView *view)
{
    const guint64 one = 1;
    ssize_t n;

    if (view->told) {
        return;
    }
    view->told = true;
    do {
        n = write(view->eventfd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
}

/* ---- The main loop's side ---- */

void vnc_picture_init(VncPicture *picture)
{
    g_mutex_init(&picture->mutex);
    picture->views = g_ptr_array_new();
}

void vnc_picture_done(VncPicture *picture)
{
    g_mutex_clear(&picture->mutex);
    g_clear_pointer(&picture->views, g_ptr_array_unref);
    g_clear_pointer(&picture->pixels, g_free);
    vnc_cursor_clear(&picture->cursor);
}

/* Everything is new to the view. */
static void renew(const VncPicture *picture, VncView *view)
{
    g_free(view->dirty);
    view->dirty = g_malloc(MAX(n_tiles(picture), 1));
    memset(view->dirty, 1, n_tiles(picture));
    tell(view);
}

/* Nobody sees a part of the new picture. */
void vnc_picture_resize(VncPicture *picture, guint width, guint height, Surface *surface)
{
    guint32 *pixels = g_new0(guint32, (gsize)width * height), *old;

    for (guint y = 0; surface && y < height; y++) {
        memcpy(pixels + (gsize)y * width, surface_row(surface, y), width * sizeof(guint32));
    }
    g_mutex_lock(&picture->mutex);
    old = picture->pixels;
    picture->pixels = pixels;
    picture->width = width;
    picture->height = height;
    picture->generation++;
    for (guint i = 0; i < picture->views->len; i++) {
        renew(picture, picture->views->pdata[i]);
    }
    g_mutex_unlock(&picture->mutex);
    g_free(old);
}

void vnc_picture_drop(VncPicture *picture)
{
    vnc_picture_resize(picture, 0, 0, NULL);
}

/* Shapes are counted on, also if there is none for a while. */
void vnc_picture_set_cursor(VncPicture *picture, const VncCursor *cursor, bool new_shape)
{
    VncCursor *own = &picture->cursor, new = cursor ? *cursor : (VncCursor){ 0 };

    g_mutex_lock(&picture->mutex);
    new.shape = cursor ? own->shape : 0;
    if (cursor && (new_shape || !new.shape)) {
        new.shape = ++picture->n_shapes;
    }
    vnc_cursor_copy(own, &new);
    for (guint i = 0; i < picture->views->len; i++) {
        tell(picture->views->pdata[i]);
    }
    g_mutex_unlock(&picture->mutex);
}

void vnc_picture_get_cursor(VncPicture *picture, VncCursor *cursor)
{
    g_mutex_lock(&picture->mutex);
    vnc_cursor_copy(cursor, &picture->cursor);
    g_mutex_unlock(&picture->mutex);
}

bool vnc_picture_ready(VncPicture *picture)
{
    bool ready;

    g_mutex_lock(&picture->mutex);
    ready = picture->width;
    g_mutex_unlock(&picture->mutex);
    return ready;
}

/* Copies what differs of row y; the mutex is held. */
static void update_row(VncPicture *picture, const guint32 *new, guint y)
{
    guint32 *own = picture->pixels + (gsize)y * picture->width;
    gsize tile = (gsize)(y / VNC_TILE_HEIGHT) * n_columns(picture);

    for (guint x = 0; x < picture->width; x += VNC_TILE_WIDTH, tile++) {
        gsize size = MIN(VNC_TILE_WIDTH, picture->width - x) * sizeof(guint32);

        if (!memcmp(own + x, new + x, size)) {
            continue;
        }
        memcpy(own + x, new + x, size);
        for (guint i = 0; i < picture->views->len; i++) {
            VncView *view = picture->views->pdata[i];

            view->dirty[tile] = 1;
            tell(view);
        }
    }
}

void vnc_picture_update(VncPicture *picture, Surface *surface, guint first, guint n)
{
    for (guint y = first, end; y < first + n; y = end) {
        end = MIN(first + n, (y / VNC_TILE_HEIGHT + 1) * VNC_TILE_HEIGHT);
        g_mutex_lock(&picture->mutex);
        for (guint row = y; row < end; row++) {
            update_row(picture, surface_row(surface, row), row);
        }
        g_mutex_unlock(&picture->mutex);
    }
}

/* ---- Views ---- */

void vnc_picture_attach(VncPicture *picture, VncView *view)
{
    g_mutex_lock(&picture->mutex);
    g_ptr_array_add(picture->views, view);
    renew(picture, view);
    g_mutex_unlock(&picture->mutex);
}

void vnc_picture_detach(VncPicture *picture, VncView *view)
{
    g_mutex_lock(&picture->mutex);
    g_ptr_array_remove(picture->views, view);
    g_clear_pointer(&view->dirty, g_free);
    g_mutex_unlock(&picture->mutex);
}

/* Copies tiles [first, first + n) of a row of tiles, as far as the frame has them. */
static void copy_tiles(const VncPicture *picture, VncFrame *frame, guint row, guint first,
                       guint n, VncChanged *f, void *opaque)
{
    guint x = first * VNC_TILE_WIDTH, y = row * VNC_TILE_HEIGHT;
    guint right = MIN((first + n) * VNC_TILE_WIDTH, MIN(picture->width, frame->width));
    guint bottom = MIN(y + VNC_TILE_HEIGHT, MIN(picture->height, frame->height));

    if (x >= right || y >= bottom) {
        return;
    }
    for (guint i = y; i < bottom; i++) {
        memcpy(frame->pixels + (gsize)i * frame->width + x,
               picture->pixels + (gsize)i * picture->width + x, (right - x) * sizeof(guint32));
    }
    f(opaque, x, y, right - x, bottom - y);
}

static void copy_row(const VncPicture *picture, VncView *view, VncFrame *frame, guint row,
                     VncChanged *f, void *opaque)
{
    guint columns = n_columns(picture);
    guint8 *dirty = view->dirty + (gsize)row * columns;

    for (guint i = 0, n; i < columns; i += n) {
        for (n = 1; i + n < columns && dirty[i + n] == dirty[i]; n++) {
        }
        if (dirty[i]) {
            memset(dirty + i, 0, n);
            copy_tiles(picture, frame, row, i, n, f, opaque);
        }
    }
}

bool vnc_picture_copy(VncPicture *picture, VncView *view, VncFrame *frame, VncChanged *f,
                      void *opaque)
{
    bool same;

    g_mutex_lock(&picture->mutex);
    view->told = false;
    same = picture->generation == frame->generation;
    for (guint row = 0; same && row < n_rows(picture); row++) {
        copy_row(picture, view, frame, row, f, opaque);
        g_mutex_unlock(&picture->mutex);        /* others may want it */
        g_mutex_lock(&picture->mutex);
        same = picture->generation == frame->generation;
    }
    g_mutex_unlock(&picture->mutex);
    return same;
}

bool vnc_picture_fit(VncPicture *picture, VncView *view, VncFrame *frame, bool keep)
{
    bool there;

    g_mutex_lock(&picture->mutex);
    view->told = false;
    there = picture->width;
    if (there) {
        frame->generation = picture->generation;
        renew(picture, view);
        if (!keep) {
            frame->width = picture->width;
            frame->height = picture->height;
            g_free(frame->pixels);
            frame->pixels = g_new0(guint32, (gsize)frame->width * frame->height);
        }
    }
    g_mutex_unlock(&picture->mutex);
    if (there && keep) {
        memset(frame->pixels, 0, (gsize)frame->width * frame->height * sizeof(guint32));
    }
    return there;
}
