/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class ramfb: a screen whose frame buffer is in guest RAM, where the guest says by writing the
 * file "etc/ramfb" of the firmware configuration (QEMU's include/standard-headers and OVMF's
 * QemuRamfbDxe have the layout; formats are the fourcc codes of Linux's drm_fourcc.h).
 *
 * What does not lie in RAM as a whole is refused, and the screen stays as it was.  The guest may
 * take the RAM away later: then the screen is dark.  Nobody logs writes to it: a watched picture
 * is compared row by row.
 */
#include "config.h"
#include "hw/display/ramfb.h"

#include <errno.h>
#include <string.h>

#include "hw/aio/file-bytes.h"
#include "hw/display/console.h"
#include "hw/machine/firmware.h"
#include "hw/machine/machine.h"
#include "hw/nvram/fw-cfg.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-display.h"
#include "qom/qapi-trace.h"

#define FILE_NAME "etc/ramfb"
/* SeaBIOS runs what is there as the BIOS of a card. */
#define BIOS "vgabios-ramfb.bin"
#define BIOS_FILE_NAME "vgaroms/" BIOS

enum {
    MIN_SIDE = 16, MAX_WIDTH = 16000, MAX_HEIGHT = 12000,
    DARK_WIDTH = 640, DARK_HEIGHT = 480,
    BIOS_MAX = 0x20000,
};

/* As the guest writes it, big endian. */
typedef struct {
    guint64 address;
    guint32 fourcc, flags, width, height, stride;
} RamfbFile;

enum { FILE_SIZE = 28 };        /* what comes after it in the struct is no member */

struct Ramfb {
    Device parent;
    AddressSpace *memory;
    Console *console;
    GBytes *bios;               /* or NULL */
    /* Guest-visible; fourcc 0: there is no frame buffer.  stride 0: lines follow one another; they
     * may also overlap. */
    guint64 address;
    guint32 fourcc, width, height, stride;
};

typedef struct {
    SurfaceFormat format;
    guint32 stride;
    const guint8 *bits;         /* NULL: it is not in RAM */
} Frame;

/* ---- Frame buffers ---- */

static bool find_format(guint32 fourcc, SurfaceFormat *ret)
{
    static const struct {
        char code[4];
        SurfaceFormat format;
    } formats[] = {
        { "XR24", SURFACE_XRGB8888 }, { "AR24", SURFACE_XRGB8888 }, { "RG24", SURFACE_RGB888 },
    };
    guint32 code = GUINT32_TO_LE(fourcc);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (memcmp(formats[i].code, &code, sizeof(code)) == 0) {
            *ret = formats[i].format;
            return true;
        }
    }
    return false;
}

/* False: there is no such frame buffer in any RAM. */
static bool find_frame(const Ramfb *s, Frame *ret)
{
    guint64 line, size;

    if (s->width < MIN_SIDE || s->width > MAX_WIDTH || s->height < MIN_SIDE ||
        s->height > MAX_HEIGHT || !find_format(s->fourcc, &ret->format)) {
        return false;
    }
    line = (guint64)s->width * surface_bytes(ret->format);
    ret->stride = s->stride ? s->stride : line;
    size = (guint64)ret->stride * (s->height - 1) + line;
    ret->bits = memory_map(s->memory, s->address, size, false);
    return true;
}

static RamfbFile to_file(const Ramfb *s)
{
    return (RamfbFile){
        .address = GUINT64_TO_BE(s->address), .fourcc = GUINT32_TO_BE(s->fourcc),
        .width = GUINT32_TO_BE(s->width), .height = GUINT32_TO_BE(s->height),
        .stride = GUINT32_TO_BE(s->stride),
    };
}

static void from_file(Ramfb *s, const RamfbFile *file)
{
    s->address = GUINT64_FROM_BE(file->address);
    s->fourcc = GUINT32_FROM_BE(file->fourcc);
    s->width = GUINT32_FROM_BE(file->width);
    s->height = GUINT32_FROM_BE(file->height);
    s->stride = GUINT32_FROM_BE(file->stride);
}

/* Software writes the file as a whole. */
static void file_written(void *opaque, const guint8 *data, guint32 offset, guint32 length)
{
    Ramfb *s = opaque, asked = *s;
    RamfbFile file;
    Frame frame;

    memcpy(&file, data, FILE_SIZE);
    from_file(&asked, &file);
    trace_ramfb_configure(s, asked.address, asked.fourcc, asked.width, asked.height, asked.stride);
    if (find_frame(&asked, &frame) && frame.bits) {
        *s = asked;
    } else {
        device_guest_error(&s->parent, "there is no frame buffer of %ux%u pixels at 0x%"
                           G_GINT64_MODIFIER "x with format 0x%08x and a stride of %u",
                           asked.width, asked.height, asked.address, asked.fourcc, asked.stride);
    }
}

static const FwCfgFileOps file_ops = {
    .written = file_written,
};

static bool set_file(Ramfb *s, FwCfg *fw_cfg, GError **error)
{
    RamfbFile file = to_file(s);

    return fw_cfg_set_file_ops(fw_cfg, FILE_NAME, g_bytes_new(&file, FILE_SIZE), &file_ops, s,
                               error);
}

/* ---- The picture ---- */

static void size(void *opaque, guint *ret_width, guint *ret_height)
{
    const Ramfb *s = opaque;

    *ret_width = s->fourcc ? s->width : DARK_WIDTH;
    *ret_height = s->fourcc ? s->height : DARK_HEIGHT;
}

static void draw(void *opaque, Surface *surface, guint8 *rows)
{
    const Ramfb *s = opaque;
    guint width = surface_width(surface);
    g_autofree guint32 *line = g_new0(guint32, width);
    Frame frame;
    bool found = find_frame(s, &frame) && frame.bits;

    for (guint y = 0; y < surface_height(surface); y++) {
        guint32 *row = surface_row(surface, y);

        if (found) {
            surface_convert(frame.format, frame.bits + (gsize)frame.stride * y, width, line);
        }
        if (rows) {
            rows[y] = memcmp(row, line, width * sizeof(*line)) != 0;
        }
        memcpy(row, line, width * sizeof(*line));
    }
}

/* Pictures are compared whether or not somebody watches. */
static void watched(void *opaque, bool watched)
{
}

static const ConsoleOps console_ops = {
    .size = size,
    .draw = draw,
    .watched = watched,
};

/* ---- Life ---- */

/* A firmware package without it is one of other firmware. */
static bool ramfb_prepare(Object *obj, GError **error)
{
    Ramfb *s = to_ramfb(obj);
    g_autofree char *path = firmware_path(BIOS);
    g_autoptr(GError) why = NULL;

    g_clear_pointer(&s->bios, g_bytes_unref);
    s->bios = file_bytes_read(path, BIOS_MAX, &why);
    if (!s->bios && qmp_error_errno(why) != ENOENT) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    return true;
}

static void ramfb_finalize(Object *obj)
{
    g_clear_pointer(&to_ramfb(obj)->bios, g_bytes_unref);
}

static FwCfg *check_fw_cfg(Ramfb *s, GError **error)
{
    FwCfg *fw_cfg = fw_cfg_find(machine_of(s));
    g_autoptr(GBytes) other = fw_cfg ? fw_cfg_get_file(fw_cfg, FILE_NAME) : NULL;

    if (!fw_cfg) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "ramfb needs a machine with a firmware configuration");
    } else if (other) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "the machine has a ramfb already");
        return NULL;
    }
    return fw_cfg;
}

static bool ramfb_realize(Device *dev, GError **error)
{
    Ramfb *s = to_ramfb(dev);
    FwCfg *fw_cfg = check_fw_cfg(s, error);

    s->memory = machine_of(dev)->memory;
    if (!fw_cfg || !set_file(s, fw_cfg, error)) {
        return false;
    }
    if (s->bios && !fw_cfg_set_file(fw_cfg, BIOS_FILE_NAME, g_bytes_ref(s->bios), error)) {
        fw_cfg_remove_file(fw_cfg, FILE_NAME);
        return false;
    }
    s->console = console_new(dev, 0, &console_ops, s);
    return true;
}

static void ramfb_unrealize(Device *dev)
{
    Ramfb *s = to_ramfb(dev);
    FwCfg *fw_cfg = fw_cfg_find(machine_of(dev));

    g_clear_pointer(&s->console, console_free);
    if (fw_cfg) {
        fw_cfg_remove_file(fw_cfg, FILE_NAME);
        fw_cfg_remove_file(fw_cfg, BIOS_FILE_NAME);
    }
}

/* The file, which the guest may read, says what is in use. */
static void ramfb_reset_hold(Device *dev)
{
    Ramfb *s = to_ramfb(dev);
    FwCfg *fw_cfg = fw_cfg_find(machine_of(dev));

    if (fw_cfg) {
        set_file(s, fw_cfg, NULL);
    }
}

static bool ramfb_state_loaded(Device *dev, GError **error)
{
    Ramfb *s = to_ramfb(dev);
    Frame frame;

    if (s->fourcc && !find_frame(s, &frame)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "there is no such frame buffer");
        return false;
    }
    ramfb_reset_hold(dev);
    return true;
}

static const StateRow ramfb_state[] = {
    STATE_FIELD(U64, Ramfb, address, 0),
    STATE_FIELD(U32, Ramfb, fourcc, 0),
    STATE_FIELD(U32, Ramfb, width, 0),
    STATE_FIELD(U32, Ramfb, height, 0),
    STATE_FIELD(U32, Ramfb, stride, 0),
    STATE_ROWS_END
};

const TypeInfo ramfb_type = {
    .schema = &qmp_class_ramfb,
    .size = sizeof(Ramfb),
    .object = &(const ObjectOps){
        .prepare = ramfb_prepare,
        .finalize = ramfb_finalize,
    },
    .device = &(const DeviceOps){
        .realize = ramfb_realize,
        .unrealize = ramfb_unrealize,
        .reset_hold = ramfb_reset_hold,
        .state = ramfb_state,
        .state_loaded = ramfb_state_loaded,
    },
};
