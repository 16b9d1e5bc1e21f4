/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outputs of a virtio-gpu, each with a console: what they show, cursors, monitors (section
 * 5.7.6.8; the cursor: 5.7.6.10).
 */
#include "config.h"
#include "hw/display/virtio-gpu-internal.h"

#include <string.h>

#include "hw/display/console-cursor.h"
#include "hw/display/edid.h"
#include "qmp/bytes.h"
#include "qom/qapi-objects-virtio-gpu.h"

enum {
    MIN_SIDE = 16,              /* of what is shown, as in QEMU */
    DARK_WIDTH = 640,           /* of an output that has shown nothing yet */
    DARK_HEIGHT = 480,
    CURSOR_SIDE = 64,
    EVENT_DISPLAY = 1,          /* section 5.7.4 */
};

/* ---- What is to be drawn ---- */

static void redraw(VirtioGpuHead *head, guint first, guint end)
{
    head->first = head->end ? MIN(head->first, first) : first;
    head->end = MAX(head->end, end);
}

static void redraw_all(VirtioGpuHead *head)
{
    redraw(head, 0, G_MAXUINT);
}

/* ---- The console ---- */

static bool vga_shows(const VirtioGpuHead *head)
{
    return head->gpu->vga_ops && !head->index && !head->gpu->shown;
}

static void head_size(void *opaque, guint *ret_width, guint *ret_height)
{
    const VirtioGpuHead *head = opaque;

    if (vga_shows(head)) {
        head->gpu->vga_ops->size(head->gpu->vga, ret_width, ret_height);
        return;
    }
    *ret_width = head->rect.width ? head->rect.width : DARK_WIDTH;
    *ret_height = head->rect.height ? head->rect.height : DARK_HEIGHT;
}

/* Row y of the picture, black without one. */
static void draw_row(VirtioGpuHead *head, VirtioGpuResource *resource, Surface *surface, guint y)
{
    if (resource) {
        surface_fill(surface, y, 1, virtio_gpu_format(resource),
                     virtio_gpu_pixels(head->gpu, resource, head->rect.x, head->rect.y + y),
                     resource->width * VIRTIO_GPU_PIXEL);
    } else {
        memset(surface_row(surface, y), 0, surface_width(surface) * sizeof(guint32));
    }
}

/* Draws rows that were flushed, and says which of them differ. */
static void draw_changed(VirtioGpuHead *head, VirtioGpuResource *resource, Surface *surface,
                         guint8 *rows)
{
    gsize size = surface_width(surface) * sizeof(guint32);
    g_autofree guint8 *before = g_malloc(size);

    for (guint y = head->first; y < MIN(head->end, surface_height(surface)); y++) {
        memcpy(before, surface_row(surface, y), size);
        draw_row(head, resource, surface, y);
        rows[y] = memcmp(before, surface_row(surface, y), size) != 0;
    }
    head->first = head->end = 0;
}

static void head_draw(void *opaque, Surface *surface, guint8 *rows)
{
    VirtioGpuHead *head = opaque;
    VirtioGpuResource *resource = virtio_gpu_resource(head->gpu, head->resource);

    if (vga_shows(head)) {
        head->gpu->vga_ops->draw(head->gpu->vga, surface, rows);
    } else if (rows) {
        draw_changed(head, resource, surface, rows);
    } else {
        for (guint y = 0; y < surface_height(surface); y++) {
            draw_row(head, resource, surface, y);
        }
    }
}

static void head_watched(void *opaque, bool watched)
{
    VirtioGpuHead *head = opaque;
    VirtioGpu *gpu = head->gpu;

    head->watched = watched;
    redraw_all(head);
    if (gpu->vga_ops && !head->index) {
        gpu->vga_ops->watched(gpu->vga, watched);
    }
}

static bool head_text(void *opaque, ConsoleText *ret)
{
    const VirtioGpuHead *head = opaque;

    return vga_shows(head) && head->gpu->vga_ops->text(head->gpu->vga, ret);
}

/* The driver learns it from GET_DISPLAY_INFO. */
static bool head_wish(void *opaque, guint width, guint height)
{
    VirtioGpuHead *head = opaque;

    head->wanted = width && height;
    if (head->wanted) {
        head->want_width = MIN(width, EDID_MAX_SIDE);
        head->want_height = MIN(height, EDID_MAX_SIDE);
    }
    head->gpu->events |= EVENT_DISPLAY;
    virtio_config_changed(&head->gpu->parent);
    return true;
}

static const ConsoleOps head_ops = {
    .size = head_size,
    .draw = head_draw,
    .watched = head_watched,
    .text = head_text,
    .wish = head_wish,
};

void virtio_gpu_set_vga(VirtioGpu *gpu, const ConsoleOps *ops, void *opaque)
{
    VirtioGpuHead *head = &gpu->heads[0];

    if (gpu->vga_ops && head->watched) {
        gpu->vga_ops->watched(gpu->vga, false);
    }
    gpu->vga_ops = ops;
    gpu->vga = opaque;
    redraw_all(head);
    if (ops && head->watched) {
        ops->watched(opaque, true);
    }
}

/* ---- Life ---- */

void virtio_gpu_make_heads(VirtioGpu *gpu)
{
    const VirtioGpuDeviceProps *props = virtio_gpu_device_props(gpu);

    gpu->n_heads = props->max_outputs;
    for (guint i = 0; i < gpu->n_heads; i++) {
        VirtioGpuHead *head = &gpu->heads[i];

        *head = (VirtioGpuHead){
            .gpu = gpu, .index = i, .wanted = i == 0,
            .want_width = i == 0 ? props->xres : 0, .want_height = i == 0 ? props->yres : 0,
        };
        head->console = console_new(&gpu->parent.device, i, &head_ops, head);
    }
}

void virtio_gpu_free_heads(VirtioGpu *gpu)
{
    for (guint i = 0; i < gpu->n_heads; i++) {
        g_clear_pointer(&gpu->heads[i].console, console_free);
    }
    gpu->n_heads = 0;
}

/* Its size stays. */
static void disable(VirtioGpuHead *head)
{
    head->resource = 0;
    redraw_all(head);
}

void virtio_gpu_forget_resource(VirtioGpu *gpu, guint32 id)
{
    for (guint i = 0; i < gpu->n_heads; i++) {
        if (gpu->heads[i].resource == id) {
            disable(&gpu->heads[i]);
        }
    }
}

static void hide_cursor(VirtioGpuHead *head)
{
    head->cursor = 0;
    if (console_cursor(head->console)) {
        console_set_cursor(head->console, 0, 0, false);
    }
}

/* A VGA's watch begins again, since the picture was another one in the meantime. */
void virtio_gpu_reset_heads(VirtioGpu *gpu)
{
    for (guint i = 0; i < gpu->n_heads; i++) {
        VirtioGpuHead *head = &gpu->heads[i];

        disable(head);
        hide_cursor(head);
        head->rect = (VirtioGpuRect){ 0 };
        head->cursor_x = head->cursor_y = head->hot_x = head->hot_y = 0;
    }
    gpu->shown = false;
    virtio_gpu_set_vga(gpu, gpu->vga_ops, gpu->vga);
}

/* ---- Monitors ---- */

enum { MODE_BYTES = 24 };       /* rectangle, whether it is enabled, flags */

guint32 virtio_gpu_get_display_info(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    for (guint i = 0; i < gpu->n_heads; i++) {
        const VirtioGpuHead *head = &gpu->heads[i];
        guint8 *mode = command->response + i * MODE_BYTES;

        if (head->wanted) {
            put_le(mode + 8, head->want_width, 4);
            put_le(mode + 12, head->want_height, 4);
            put_le(mode + 16, 1, 4);
        }
    }
    command->response_size = VIRTIO_GPU_MAX_HEADS * MODE_BYTES;
    return VIRTIO_GPU_OK_DISPLAY_INFO;
}

enum { EDID_ROOM = 1024 };

guint32 virtio_gpu_get_edid(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    guint32 index = get_le32(command->request + 24);
    EdidInfo info;

    if (!virtio_gpu_device_props(gpu)->edid) {
        return VIRTIO_GPU_FAILED;
    }
    if (index >= gpu->n_heads) {
        return VIRTIO_GPU_BAD_PARAMETER;
    }
    info = (EdidInfo){
        .width = gpu->heads[index].want_width, .height = gpu->heads[index].want_height,
    };
    put_le(command->response, EDID_ROOM, 4);
    edid_fill(command->response + 8, &info);
    command->response_size = 8 + EDID_ROOM;
    return VIRTIO_GPU_OK_EDID;
}

/* ---- What is shown ---- */

bool virtio_gpu_head_valid(const VirtioGpuHead *head)
{
    const VirtioGpuResource *resource = virtio_gpu_resource(head->gpu, head->resource);

    return !head->resource ||
           (resource && virtio_gpu_rect_within(&head->rect, resource) &&
            head->rect.width >= MIN_SIDE && head->rect.height >= MIN_SIDE);
}

/* A viewer has a copy of what each output shows, so all of them are within the bound for pictures,
 * too: one picture could be on all outputs. */
bool virtio_gpu_heads_fit(const VirtioGpu *gpu)
{
    guint64 size = 0;

    for (guint i = 0; i < gpu->n_heads; i++) {
        const VirtioGpuRect *rect = &gpu->heads[i].rect;

        size += (guint64)rect->width * rect->height * VIRTIO_GPU_PIXEL;
    }
    return size <= virtio_gpu_device_props(gpu)->max_hostmem;
}

/* Shows the rectangle of the picture; false: that is too much. */
static bool show(VirtioGpu *gpu, const VirtioGpuHead *new)
{
    VirtioGpuHead *head = &gpu->heads[new->index], old = *head;

    *head = *new;
    if (!virtio_gpu_heads_fit(gpu)) {
        *head = old;
        return false;
    }
    gpu->shown = true;
    redraw_all(head);
    return true;
}

guint32 virtio_gpu_set_scanout(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    guint32 index = get_le32(command->request + 40), id = get_le32(command->request + 44);
    VirtioGpuHead new;

    if (index >= gpu->n_heads) {
        return VIRTIO_GPU_NO_SCANOUT;
    }
    if (!id) {
        disable(&gpu->heads[index]);
        return VIRTIO_GPU_OK;
    }
    if (!virtio_gpu_resource(gpu, id)) {
        return VIRTIO_GPU_NO_RESOURCE;
    }
    new = gpu->heads[index];
    new.resource = id;
    new.rect = virtio_gpu_get_rect(command->request + 24);
    if (!virtio_gpu_head_valid(&new)) {
        return VIRTIO_GPU_BAD_PARAMETER;
    }
    return show(gpu, &new) ? VIRTIO_GPU_OK : VIRTIO_GPU_NO_MEMORY;
}

guint32 virtio_gpu_flush(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    VirtioGpuRect rect = virtio_gpu_get_rect(command->request + 24);
    guint32 id = get_le32(command->request + 40);
    const VirtioGpuResource *resource = virtio_gpu_resource(gpu, id);

    if (!resource) {
        return VIRTIO_GPU_NO_RESOURCE;
    }
    if (!virtio_gpu_rect_within(&rect, resource)) {
        return VIRTIO_GPU_BAD_PARAMETER;
    }
    for (guint i = 0; i < gpu->n_heads; i++) {
        VirtioGpuHead *head = &gpu->heads[i];
        guint top = head->rect.y, bottom = top + head->rect.height;
        guint first = MAX(rect.y, top), end = MIN(rect.y + rect.height, bottom);

        if (head->resource == id && first < end) {
            redraw(head, first - top, end - top);
        }
    }
    return VIRTIO_GPU_OK;
}

/* ---- The cursor ---- */

static VirtioGpuHead *cursor_head(VirtioGpu *gpu, const VirtioGpuCommand *command)
{
    guint32 index = get_le32(command->request + 24);

    return index < gpu->n_heads ? &gpu->heads[index] : NULL;
}

static void define_cursor(VirtioGpuHead *head, VirtioGpuResource *resource)
{
    guint32 pixels[CURSOR_SIDE * CURSOR_SIDE];
    const guint8 *from = virtio_gpu_pixels(head->gpu, resource, 0, 0);

    for (guint i = 0; i < G_N_ELEMENTS(pixels); i++) {
        pixels[i] = virtio_gpu_argb(resource, from + i * VIRTIO_GPU_PIXEL);
    }
    console_define_cursor(head->console, CURSOR_SIDE, CURSOR_SIDE,
                          MIN(head->hot_x, CURSOR_SIDE - 1), MIN(head->hot_y, CURSOR_SIDE - 1),
                          pixels);
}

/* It may be beside the picture, so the position has a sign. */
static void place_cursor(VirtioGpuHead *head)
{
    console_set_cursor(head->console, (gint32)head->cursor_x, (gint32)head->cursor_y,
                       head->cursor != 0);
}

static bool is_cursor(const VirtioGpuResource *resource)
{
    return resource && resource->width == CURSOR_SIDE && resource->height == CURSOR_SIDE;
}

guint32 virtio_gpu_move_cursor(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    VirtioGpuHead *head = cursor_head(gpu, command);

    if (!head) {
        return VIRTIO_GPU_NO_SCANOUT;
    }
    head->cursor_x = get_le32(command->request + 28);
    head->cursor_y = get_le32(command->request + 32);
    head->cursor = get_le32(command->request + 40);
    place_cursor(head);
    return VIRTIO_GPU_OK;
}

/* The image is as the picture is now. */
guint32 virtio_gpu_update_cursor(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    guint32 id = get_le32(command->request + 40);
    VirtioGpuHead *head = cursor_head(gpu, command);
    VirtioGpuResource *resource = virtio_gpu_resource(gpu, id);

    if (head && id && !is_cursor(resource)) {
        return resource ? VIRTIO_GPU_BAD_PARAMETER : VIRTIO_GPU_NO_RESOURCE;
    }
    if (head && id) {
        head->hot_x = get_le32(command->request + 44);
        head->hot_y = get_le32(command->request + 48);
        define_cursor(head, resource);
    }
    return virtio_gpu_move_cursor(gpu, command);
}

void virtio_gpu_restore_heads(VirtioGpu *gpu)
{
    for (guint i = 0; i < gpu->n_heads; i++) {
        VirtioGpuHead *head = &gpu->heads[i];
        VirtioGpuResource *resource = virtio_gpu_resource(gpu, head->cursor);

        redraw_all(head);
        if (is_cursor(resource)) {
            define_cursor(head, resource);
            place_cursor(head);
        } else {
            hide_cursor(head);
        }
    }
    virtio_gpu_set_vga(gpu, gpu->vga_ops, gpu->vga);
}
