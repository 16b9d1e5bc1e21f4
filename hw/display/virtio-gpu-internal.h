/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files behind virtio-gpu.h share; no other file includes it.
 *
 * Guest-hostile bounds: pictures and the lists of memory behind them take no more of the host's
 * memory than max_hostmem, with what keeps track of them, and what outputs show no more than that
 * again; rectangles lie within their picture; all memory of the guest that is named must be RAM,
 * and is reached by address each time, so that no command can lead to a register.
 */
#ifndef HW_DISPLAY_VIRTIO_GPU_INTERNAL_H
#define HW_DISPLAY_VIRTIO_GPU_INTERNAL_H

#include "hw/display/surface.h"
#include "hw/display/virtio-gpu.h"
#include "hw/virtio/virtio.h"

enum {
    VIRTIO_GPU_MAX_HEADS = 16,  /* of the specification */
    VIRTIO_GPU_MAX_SIDE = 16384,        /* pixels of a picture */
    VIRTIO_GPU_MAX_PIECES = 16384,      /* of memory behind one, as in QEMU */
    VIRTIO_GPU_MAX_RESOURCES = 1 << 20,
    VIRTIO_GPU_PIXEL = 4,       /* bytes, in all formats */
};

/* Section 5.7.6.7: responses. */
enum {
    VIRTIO_GPU_OK = 0x1100,
    VIRTIO_GPU_OK_DISPLAY_INFO = 0x1101,
    VIRTIO_GPU_OK_EDID = 0x1104,
    VIRTIO_GPU_FAILED = 0x1200,
    VIRTIO_GPU_NO_MEMORY = 0x1201,
    VIRTIO_GPU_NO_SCANOUT = 0x1202,
    VIRTIO_GPU_NO_RESOURCE = 0x1203,
    VIRTIO_GPU_BAD_PARAMETER = 0x1205,
};

typedef struct {
    guint32 x, y, width, height;
} VirtioGpuRect;

/* A range of the guest's memory. */
typedef struct {
    guint64 addr;
    guint32 length;
    guint64 start;              /* bytes before it */
} VirtioGpuPiece;

/* A picture. */
typedef struct {
    guint32 id, format, width, height;
    guint32 n_pieces;           /* of memory behind it; 0: none */
    VirtioGpuPiece *pieces;
    guint8 *pixels;             /* width * VIRTIO_GPU_PIXEL bytes to a row */
    bool stale;                 /* was loaded: pixels are still to be read from there */
} VirtioGpuResource;

/* An output. */
typedef struct {
    VirtioGpu *gpu;
    guint32 index;
    Console *console;
    bool watched;
    guint first, end;           /* rows that are to be drawn for watchers */
    /* What the driver is told to show: by properties, and by viewers. */
    bool wanted;
    guint32 want_width, want_height;
    /* What it shows. */
    guint32 resource;           /* 0: nothing */
    VirtioGpuRect rect;         /* of that; the size stays when it ends */
    guint32 cursor;             /* resource, 0: hidden */
    guint32 cursor_x, cursor_y, hot_x, hot_y;
} VirtioGpuHead;

struct VirtioGpu {
    VirtioDevice parent;
    guint32 events;             /* of the configuration space */
    GTree *resources;           /* of VirtioGpuResource, by id: guests choose ids */
    guint64 hostmem;            /* that they take */
    guint64 spent;              /* effort in this turn of the loop */
    VirtioGpuHead heads[VIRTIO_GPU_MAX_HEADS];
    guint32 n_heads;
    bool shown;                 /* the driver has shown something since the last reset */
    const ConsoleOps *vga_ops;  /* NULL: the card is no VGA */
    void *vga;
    /* For saving and loading. */
    struct VirtioGpuSaved *saved;
    guint32 n_saved;
    VirtioGpuPiece *saved_pieces;
    guint32 n_saved_pieces;
};

/* A command that is being executed. */
typedef struct {
    const VirtqElement *element;
    const guint8 *request;      /* as many bytes as its type has */
    guint8 *response;           /* after the header; zero */
    gsize response_size;        /* bytes there that count */
} VirtioGpuCommand;

/* Executes one; returns the response's type. */
typedef guint32 VirtioGpuRun(VirtioGpu *gpu, VirtioGpuCommand *command);

/* ---- virtio-gpu-command.c ---- */

enum {
    VIRTIO_GPU_HEADER = 24,     /* bytes before what a command or response has of its own */
    VIRTIO_GPU_MAX_REQUEST = 56,
    VIRTIO_GPU_MAX_RESPONSE = 1056,
};

void virtio_gpu_handle_control(VirtioDevice *dev, VirtQueue *queue);
void virtio_gpu_handle_cursor(VirtioDevice *dev, VirtQueue *queue);

/* ---- virtio-gpu-resource.c ---- */

VirtioGpuRun virtio_gpu_create_2d, virtio_gpu_unref, virtio_gpu_transfer, virtio_gpu_attach,
    virtio_gpu_detach;

/* An empty set of pictures. */
GTree *virtio_gpu_resources_new(void);
/* NULL: there is none. */
VirtioGpuResource *virtio_gpu_resource(const VirtioGpu *gpu, guint32 id);
/* Adds one; returns VIRTIO_GPU_OK, or why it cannot be. */
guint32 virtio_gpu_add_resource(VirtioGpu *gpu, guint32 id, guint32 format, guint32 width,
                                guint32 height);
/* Puts n pieces of memory behind one that has none; start is set here.  False: it is too much, or
 * not RAM. */
bool virtio_gpu_set_pieces(VirtioGpu *gpu, VirtioGpuResource *resource,
                           const VirtioGpuPiece *pieces, guint n);
/* Removes all. */
void virtio_gpu_drop_resources(VirtioGpu *gpu);
/* The pixels, from x and y on. */
const guint8 *virtio_gpu_pixels(VirtioGpu *gpu, VirtioGpuResource *resource, guint x, guint y);
SurfaceFormat virtio_gpu_format(const VirtioGpuResource *resource);
/* A pixel as 0xAARRGGBB. */
guint32 virtio_gpu_argb(const VirtioGpuResource *resource, const guint8 *pixel);

VirtioGpuRect virtio_gpu_get_rect(const guint8 *bytes);
bool virtio_gpu_rect_within(const VirtioGpuRect *rect, const VirtioGpuResource *resource);

/* ---- virtio-gpu-head.c ---- */

VirtioGpuRun virtio_gpu_get_display_info, virtio_gpu_get_edid, virtio_gpu_set_scanout,
    virtio_gpu_flush, virtio_gpu_update_cursor, virtio_gpu_move_cursor;

/* In realize, and its counterpart. */
void virtio_gpu_make_heads(VirtioGpu *gpu);
void virtio_gpu_free_heads(VirtioGpu *gpu);
/* A picture is about to go. */
void virtio_gpu_forget_resource(VirtioGpu *gpu, guint32 id);
/* Nothing is shown any more; a VGA is. */
void virtio_gpu_reset_heads(VirtioGpu *gpu);
/* Whether what was loaded fits to the pictures; and whether it is not too much, for all. */
bool virtio_gpu_head_valid(const VirtioGpuHead *head);
bool virtio_gpu_heads_fit(const VirtioGpu *gpu);
/* Shows what was loaded. */
void virtio_gpu_restore_heads(VirtioGpu *gpu);

/* ---- virtio-gpu-state.c ---- */

extern const StateRow virtio_gpu_state[];
void virtio_gpu_state_saving(Device *dev);
bool virtio_gpu_state_loaded(Device *dev, GError **error);
void virtio_gpu_state_clear(VirtioGpu *gpu);

#endif
