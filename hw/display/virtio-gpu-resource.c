/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures of a virtio-gpu, and transfers to them (section 5.7.6.8).
 */
#include "config.h"
#include "hw/display/virtio-gpu-internal.h"

#include "qmp/bytes.h"
#include "qom/qapi-objects-virtio-gpu.h"

enum { BOOKKEEPING = 256 };     /* bytes for each picture besides its pixels */

/* Section 5.7.6.8: enum virtio_gpu_formats, named by the order of the bytes of a pixel: where blue,
 * green, red and alpha are; -1: there is none. */
static const struct {
    guint32 format;
    SurfaceFormat surface;
    gint8 blue, green, red, alpha;
} formats[] = {
    { 1, SURFACE_XRGB8888, 0, 1, 2, 3 },        /* B8G8R8A8 */
    { 2, SURFACE_XRGB8888, 0, 1, 2, -1 },
    { 3, SURFACE_BGRX8888, 3, 2, 1, 0 },        /* A8R8G8B8 */
    { 4, SURFACE_BGRX8888, 3, 2, 1, -1 },
    { 67, SURFACE_XBGR8888, 2, 1, 0, 3 },       /* R8G8B8A8 */
    { 68, SURFACE_RGBX8888, 1, 2, 3, -1 },
    { 121, SURFACE_RGBX8888, 1, 2, 3, 0 },      /* A8B8G8R8 */
    { 134, SURFACE_XBGR8888, 2, 1, 0, -1 },
};

/* The index there; -1: no format. */
static gint format_index(guint32 format)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].format == format) {
            return i;
        }
    }
    return -1;
}

SurfaceFormat virtio_gpu_format(const VirtioGpuResource *resource)
{
    return formats[format_index(resource->format)].surface;
}

guint32 virtio_gpu_argb(const VirtioGpuResource *resource, const guint8 *pixel)
{
    gint i = format_index(resource->format);
    guint32 alpha = formats[i].alpha < 0 ? 0xff : pixel[formats[i].alpha];

    return alpha << 24 | pixel[formats[i].red] << 16 | pixel[formats[i].green] << 8 |
           pixel[formats[i].blue];
}

/* ---- Rectangles ---- */

VirtioGpuRect virtio_gpu_get_rect(const guint8 *bytes)
{
    return (VirtioGpuRect){
        .x = get_le32(bytes), .y = get_le32(bytes + 4),
        .width = get_le32(bytes + 8), .height = get_le32(bytes + 12),
    };
}

bool virtio_gpu_rect_within(const VirtioGpuRect *rect, const VirtioGpuResource *resource)
{
    return (guint64)rect->x + rect->width <= resource->width &&
           (guint64)rect->y + rect->height <= resource->height;
}

/* ---- All of them ---- */

static gint compare_ids(gconstpointer a, gconstpointer b, gpointer unused)
{
    guint32 one = GPOINTER_TO_UINT(a), other = GPOINTER_TO_UINT(b);

    return one < other ? -1 : one > other;
}

static void resource_free(gpointer data)
{
    VirtioGpuResource *resource = data;

    g_free(resource->pieces);
    g_free(resource->pixels);
    g_free(resource);
}

GTree *virtio_gpu_resources_new(void)
{
    return g_tree_new_full(compare_ids, NULL, NULL, resource_free);
}

VirtioGpuResource *virtio_gpu_resource(const VirtioGpu *gpu, guint32 id)
{
    return g_tree_lookup(gpu->resources, GUINT_TO_POINTER(id));
}

void virtio_gpu_drop_resources(VirtioGpu *gpu)
{
    g_tree_unref(gpu->resources);
    gpu->resources = virtio_gpu_resources_new();
    gpu->hostmem = 0;
}

static gsize pitch_of(const VirtioGpuResource *resource)
{
    return (gsize)resource->width * VIRTIO_GPU_PIXEL;
}

/* Takes that much of the host's memory; false: the driver has all of its share. */
static bool take_hostmem(VirtioGpu *gpu, gsize size)
{
    if (gpu->hostmem + size > virtio_gpu_device_props(gpu)->max_hostmem) {
        return false;
    }
    gpu->hostmem += size;
    return true;
}

/* What a picture costs, with what the allocator and the tree need for it. */
static gsize picture_size(const VirtioGpuResource *resource)
{
    return pitch_of(resource) * resource->height + BOOKKEEPING;
}

static guint32 check_new(const VirtioGpu *gpu, guint32 id, guint32 format, guint32 width,
                         guint32 height)
{
    if (!id || virtio_gpu_resource(gpu, id)) {
        return VIRTIO_GPU_NO_RESOURCE;
    }
    if (format_index(format) < 0 || !width || width > VIRTIO_GPU_MAX_SIDE || !height ||
        height > VIRTIO_GPU_MAX_SIDE) {
        return VIRTIO_GPU_BAD_PARAMETER;
    }
    return g_tree_nnodes(gpu->resources) < VIRTIO_GPU_MAX_RESOURCES ? VIRTIO_GPU_OK
                                                                     : VIRTIO_GPU_NO_MEMORY;
}

guint32 virtio_gpu_add_resource(VirtioGpu *gpu, guint32 id, guint32 format, guint32 width,
                                guint32 height)
{
    guint32 ret = check_new(gpu, id, format, width, height);
    VirtioGpuResource new = { .id = id, .format = format, .width = width, .height = height };

    if (ret != VIRTIO_GPU_OK) {
        return ret;
    }
    if (!take_hostmem(gpu, picture_size(&new))) {
        return VIRTIO_GPU_NO_MEMORY;
    }
    new.pixels = g_try_malloc0(pitch_of(&new) * height);
    if (!new.pixels) {
        gpu->hostmem -= picture_size(&new);
        return VIRTIO_GPU_NO_MEMORY;
    }
    g_tree_insert(gpu->resources, GUINT_TO_POINTER(id), g_memdup2(&new, sizeof(new)));
    return VIRTIO_GPU_OK;
}

guint32 virtio_gpu_create_2d(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    const guint8 *request = command->request;

    return virtio_gpu_add_resource(gpu, get_le32(request + 24), get_le32(request + 28),
                                   get_le32(request + 32), get_le32(request + 36));
}

/* ---- The guest's memory ---- */

static bool is_ram(MemoryView *view, guint64 addr, guint64 size)
{
    while (size) {
        guint64 n;

        if (!memory_view_map(view, addr, size, false, &n)) {
            return false;
        }
        addr += n;
        size -= n;
    }
    return true;
}

static bool all_ram(const VirtioGpu *gpu, const VirtioGpuPiece *pieces, guint n)
{
    MemoryView *view = memory_view_new(gpu->parent.machine->memory);
    bool good = true;

    for (guint i = 0; i < n && good; i++) {
        good = is_ram(view, pieces[i].addr, pieces[i].length);
    }
    memory_view_unref(view);
    return good;
}

bool virtio_gpu_set_pieces(VirtioGpu *gpu, VirtioGpuResource *resource,
                           const VirtioGpuPiece *pieces, guint n)
{
    guint64 start = 0;

    if (!all_ram(gpu, pieces, n) || !take_hostmem(gpu, n * sizeof(*pieces))) {
        return false;
    }
    resource->pieces = g_memdup2(pieces, n * sizeof(*pieces));
    resource->n_pieces = n;
    for (guint i = 0; i < n; i++) {
        resource->pieces[i].start = start;
        start += pieces[i].length;
    }
    return true;
}

static void drop_pieces(VirtioGpu *gpu, VirtioGpuResource *resource)
{
    gpu->hostmem -= resource->n_pieces * sizeof(*resource->pieces);
    g_clear_pointer(&resource->pieces, g_free);
    resource->n_pieces = 0;
}

/* The last piece that begins at or before this byte. */
static guint piece_at(const VirtioGpuResource *resource, guint64 offset)
{
    guint low = 0, high = resource->n_pieces;

    while (high - low > 1) {
        guint middle = low + (high - low) / 2;

        if (resource->pieces[middle].start <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Reads bytes from the memory behind a picture, as far as there are any.  False: some of it is no
 * longer RAM. */
static bool read_behind(VirtioGpu *gpu, const VirtioGpuResource *resource, guint64 offset,
                        guint8 *ret, gsize size)
{
    gpu->spent += size;
    for (guint i = piece_at(resource, offset); size && i < resource->n_pieces; i++) {
        const VirtioGpuPiece *piece = &resource->pieces[i];
        guint64 skip = offset - piece->start;
        gsize n = skip < piece->length ? MIN(size, piece->length - skip) : 0;

        if (n && !memory_read(gpu->parent.machine->memory, piece->addr + skip, ret, n)) {
            return false;
        }
        offset += n;
        ret += n;
        size -= n;
    }
    return true;
}

/* What was loaded has no pixels yet: they are in the guest's memory, where drivers keep them. */
static void refresh(VirtioGpu *gpu, VirtioGpuResource *resource)
{
    if (resource->stale && resource->n_pieces) {
        read_behind(gpu, resource, 0, resource->pixels, pitch_of(resource) * resource->height);
    }
    resource->stale = false;
}

const guint8 *virtio_gpu_pixels(VirtioGpu *gpu, VirtioGpuResource *resource, guint x, guint y)
{
    refresh(gpu, resource);
    return resource->pixels + y * pitch_of(resource) + x * VIRTIO_GPU_PIXEL;
}

/* ---- Commands ---- */

guint32 virtio_gpu_unref(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    guint32 id = get_le32(command->request + 24);
    VirtioGpuResource *resource = virtio_gpu_resource(gpu, id);

    if (!resource) {
        return VIRTIO_GPU_NO_RESOURCE;
    }
    virtio_gpu_forget_resource(gpu, id);
    drop_pieces(gpu, resource);
    gpu->hostmem -= picture_size(resource);
    g_tree_remove(gpu->resources, GUINT_TO_POINTER(id));
    return VIRTIO_GPU_OK;
}

/* struct virtio_gpu_mem_entry: address, length, padding. */
enum { ENTRY = 16 };

guint32 virtio_gpu_attach(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    VirtioGpuResource *resource = virtio_gpu_resource(gpu, get_le32(command->request + 24));
    guint32 n = get_le32(command->request + 28);
    g_autofree VirtioGpuPiece *pieces = NULL;
    g_autofree guint8 *entries = NULL;

    if (!resource) {
        return VIRTIO_GPU_NO_RESOURCE;
    }
    if (resource->n_pieces || n > VIRTIO_GPU_MAX_PIECES) {
        return VIRTIO_GPU_FAILED;
    }
    entries = g_malloc(n * ENTRY);
    if (virtq_read(command->element, VIRTIO_GPU_HEADER + 8, entries, n * ENTRY) < n * ENTRY) {
        return VIRTIO_GPU_FAILED;
    }
    pieces = g_new0(VirtioGpuPiece, n);
    for (guint i = 0; i < n; i++) {
        pieces[i].addr = get_le64(entries + i * ENTRY);
        pieces[i].length = get_le32(entries + i * ENTRY + 8);
    }
    gpu->spent += n * ENTRY;
    return virtio_gpu_set_pieces(gpu, resource, pieces, n) ? VIRTIO_GPU_OK : VIRTIO_GPU_FAILED;
}

guint32 virtio_gpu_detach(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    VirtioGpuResource *resource = virtio_gpu_resource(gpu, get_le32(command->request + 24));

    if (!resource) {
        return VIRTIO_GPU_NO_RESOURCE;
    }
    if (!resource->n_pieces) {
        return VIRTIO_GPU_FAILED;
    }
    refresh(gpu, resource);
    drop_pieces(gpu, resource);
    return VIRTIO_GPU_OK;
}

/* Rows in the guest's memory are as far apart as in the picture. */
static bool transfer_rows(VirtioGpu *gpu, VirtioGpuResource *resource, const VirtioGpuRect *rect,
                          guint64 offset)
{
    gsize pitch = pitch_of(resource), row = (gsize)rect->width * VIRTIO_GPU_PIXEL;
    guint8 *to = resource->pixels + rect->y * pitch + rect->x * VIRTIO_GPU_PIXEL;
    bool good = true;

    if (row == pitch) {
        return read_behind(gpu, resource, offset, to, pitch * rect->height);
    }
    for (guint y = 0; y < rect->height && good; y++) {
        good = read_behind(gpu, resource, offset + y * pitch, to + y * pitch, row);
    }
    return good;
}

guint32 virtio_gpu_transfer(VirtioGpu *gpu, VirtioGpuCommand *command)
{
    VirtioGpuRect rect = virtio_gpu_get_rect(command->request + 24);
    VirtioGpuResource *resource = virtio_gpu_resource(gpu, get_le32(command->request + 48));
    guint64 offset = get_le64(command->request + 40);

    if (!resource) {
        return VIRTIO_GPU_NO_RESOURCE;
    }
    if (!resource->n_pieces) {
        return VIRTIO_GPU_FAILED;
    }
    if (!virtio_gpu_rect_within(&rect, resource) || offset > G_MAXINT64) {
        return VIRTIO_GPU_BAD_PARAMETER;
    }
    refresh(gpu, resource);
    return transfer_rows(gpu, resource, &rect, offset) ? VIRTIO_GPU_OK : VIRTIO_GPU_FAILED;
}
