/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware configuration device (QEMU Firmware Configuration Device,
 * docs/specs/fw_cfg): a selector register chooses an item, a data register reads
 * it byte by byte, and a DMA register copies parts of it.  This file has the
 * items; hw/nvram/fw-cfg-internal.h lists the other files.
 *
 * Not modelled: writing through the data register, which the interface replaced
 * by DMA; FW_CFG_WRITE_CHANNEL is accepted in a selector and ignored.
 */
#include "config.h"
#include "hw/nvram/fw-cfg.h"

#include <string.h>

#include "hw/machine/machine.h"
#include "hw/machine/service.h"
#include "hw/nvram/fw-cfg-internal.h"
#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qom/place.h"
#include "qom/qapi-objects-firmware.h"
#include "qom/qapi-trace.h"

enum {
    ID_TRADITIONAL = 1 << 0,
    ID_DMA         = 1 << 1,

    DIRECTORY_COUNT = 4,        /* bytes of its head */
    DIRECTORY_ENTRY = 64,       /* size, selector, reserved, name */
};

MACHINE_SERVICE(first_fw_cfg, FwCfg, NULL)

FwCfg *fw_cfg_find(const Machine *machine)
{
    return first_fw_cfg(machine);
}

/* ---- Items ---- */

static void item_clear(FwCfgItem *item)
{
    g_clear_pointer(&item->bytes, g_bytes_unref);
    g_clear_pointer(&item->buffer, g_free);
    item->size = 0;
}

/* Takes bytes' reference. */
static void item_set(FwCfgItem *item, GBytes *bytes, bool writable)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(bytes, &size);

    item_clear(item);
    item->size = size;
    if (writable) {
        item->buffer = g_memdup2(data, size);
        g_bytes_unref(bytes);
    } else {
        item->bytes = bytes;
    }
}

const guint8 *fw_cfg_item_data(const FwCfgItem *item)
{
    return item->bytes ? g_bytes_get_data(item->bytes, NULL) : item->buffer;
}

static FwCfgItem *find_fixed(FwCfg *s, guint16 key)
{
    guint index = key & ~(FW_CFG_ARCH_LOCAL | FW_CFG_WRITE_CHANNEL);

    return index < FW_CFG_N_FIXED ? &s->fixed[!!(key & FW_CFG_ARCH_LOCAL)][index] : NULL;
}

void fw_cfg_set(FwCfg *s, guint16 key, GBytes *data)
{
    FwCfgItem *item = find_fixed(s, key);

    g_return_if_fail(item && g_bytes_get_size(data) <= G_MAXUINT32);
    item_set(item, data, false);
}

void fw_cfg_set_number(FwCfg *s, guint16 key, guint64 value, guint size)
{
    guint64 le = GUINT64_TO_LE(value);

    fw_cfg_set(s, key, g_bytes_new(&le, size));
}

/* ---- Files ---- */

static void file_free(gpointer data)
{
    FwCfgFile *file = data;

    item_clear(&file->item);
    g_free(file->name);
    g_free(file);
}

/* The file of that name; if there is none, NULL, and *ret_place is its position. */
static FwCfgFile *find_file(const FwCfg *s, const char *name, guint *ret_place)
{
    guint i;

    for (i = 0; i < s->files->len; i++) {
        FwCfgFile *file = s->files->pdata[i];
        int order = strcmp(file->name, name);

        if (order == 0) {
            return file;
        }
        if (order > 0) {
            break;
        }
    }
    *ret_place = i;
    return NULL;
}

static void append_be(GByteArray *out, guint64 value, guint size)
{
    guint64 be = GUINT64_TO_BE(value);

    g_byte_array_append(out, (const guint8 *)&be + 8 - size, size);
}

static void update_directory(FwCfg *s)
{
    GByteArray *out = g_byte_array_new();

    append_be(out, s->files->len, DIRECTORY_COUNT);
    for (guint i = 0; i < s->files->len; i++) {
        const FwCfgFile *file = s->files->pdata[i];
        char name[FW_CFG_NAME_MAX + 1] = "";

        memcpy(name, file->name, MIN(strlen(file->name), FW_CFG_NAME_MAX));
        append_be(out, file->item.size, 4);
        append_be(out, FW_CFG_FILE_FIRST + i, 2);
        append_be(out, 0, 2);
        g_byte_array_append(out, (const guint8 *)name, sizeof(name));
    }
    fw_cfg_set(s, FW_CFG_FILE_DIR, g_byte_array_free_to_bytes(out));
}

static bool check_new_file(const FwCfg *s, const char *name, GError **error)
{
    const FwCfgProps *props = fw_cfg_props(s);

    if (!*name || strlen(name) > FW_CFG_NAME_MAX) {
        qmp_error_set_at(error, "name", ERROR_REASON_INVALID_VALUE,
                         "firmware configuration file '%s' needs a name of 1 to %u characters",
                         name, FW_CFG_NAME_MAX);
        return false;
    }
    if (s->files->len >= props->x_file_slots) {
        qmp_error_set_at(error, "name", ERROR_REASON_LIMIT_EXCEEDED,
                         "there is no slot for firmware configuration file '%s': there are %u",
                         name, props->x_file_slots);
        return false;
    }
    return true;
}

/* Finds or makes the file to set. */
static FwCfgFile *make_file(FwCfg *s, const char *name, bool client, GError **error)
{
    guint place = 0;
    FwCfgFile *file = find_file(s, name, &place);

    if (file && (client || file->client)) {
        qmp_error_set_at(error, "name", ERROR_REASON_ID_IN_USE,
                         "there is a firmware configuration file '%s' already", name);
        return NULL;
    }
    if (!file) {
        if (!check_new_file(s, name, error)) {
            return NULL;
        }
        file = g_new0(FwCfgFile, 1);
        file->name = g_strdup(name);
        file->client = client;
        g_ptr_array_insert(s->files, place, file);
    }
    return file;
}

static bool set_file(FwCfg *s, const char *name, GBytes *data, const FwCfgFileOps *ops,
                     void *opaque, bool client, GError **error)
{
    FwCfgFile *file;

    if (g_bytes_get_size(data) > G_MAXUINT32) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "firmware configuration file '%s' is longer than 4 GiB", name);
        g_bytes_unref(data);
        return false;
    }
    file = make_file(s, name, client, error);
    if (!file) {
        g_bytes_unref(data);
        return false;
    }
    file->ops = ops;
    file->opaque = opaque;
    item_set(&file->item, data, ops && ops->written);
    update_directory(s);
    return true;
}

bool fw_cfg_set_file_ops(FwCfg *s, const char *name, GBytes *data, const FwCfgFileOps *ops,
                         void *opaque, GError **error)
{
    return set_file(s, name, data, ops, opaque, false, error);
}

bool fw_cfg_set_file(FwCfg *s, const char *name, GBytes *data, GError **error)
{
    guint place;
    const FwCfgFile *file = find_file(s, name, &place);

    return set_file(s, name, data, file ? file->ops : NULL, file ? file->opaque : NULL, false,
                    error);
}

GBytes *fw_cfg_get_file(const FwCfg *s, const char *name)
{
    guint place;
    const FwCfgFile *file = find_file(s, name, &place);

    return file ? g_bytes_new(fw_cfg_item_data(&file->item), file->item.size) : NULL;
}

void fw_cfg_remove_file(FwCfg *s, const char *name)
{
    guint place;
    FwCfgFile *file = find_file(s, name, &place);

    if (file && g_ptr_array_remove(s->files, file)) {
        update_directory(s);
    }
}

/* ---- Files of clients ---- */

static void remove_client_files(FwCfg *s)
{
    for (guint i = s->files->len; i-- > 0;) {
        if (((FwCfgFile *)s->files->pdata[i])->client) {
            g_ptr_array_remove_index(s->files, i);
        }
    }
    update_directory(s);
}

typedef struct {
    FwCfg *s;
    GError **error;
    bool failed;
} ClientFiles;

static bool add_client_file(Object *obj, void *data)
{
    ClientFiles *files = data;
    GBytes *bytes;

    if (!object_is_a(obj, &qmp_class_fw_cfg_file) || object_life(obj) != OBJECT_COMPLETE) {
        return true;
    }
    bytes = fw_cfg_file_bytes(obj);
    files->failed = !set_file(files->s, fw_cfg_file_props(obj)->name, bytes,
                              NULL, NULL, true, files->error);
    return !files->failed;
}

bool fw_cfg_add_client_files(FwCfg *s, GError **error)
{
    Object *root = object_root(&s->device.object);
    ClientFiles files = { .s = s, .error = error };

    remove_client_files(s);
    object_foreach_child(place_folder(root, &qmp_class_object), add_client_file, &files);
    if (files.failed) {
        remove_client_files(s);
    }
    return !files.failed;
}

/* ---- Selecting and reading ---- */

const FwCfgFile *fw_cfg_selected_file(FwCfg *s)
{
    guint index = s->selector & ~FW_CFG_WRITE_CHANNEL;

    return index >= FW_CFG_FILE_FIRST && index - FW_CFG_FILE_FIRST < s->files->len
               ? s->files->pdata[index - FW_CFG_FILE_FIRST]
               : NULL;
}

const FwCfgItem *fw_cfg_selected(FwCfg *s)
{
    static const FwCfgItem nothing;
    const FwCfgFile *file = fw_cfg_selected_file(s);
    const FwCfgItem *item = file ? &file->item : find_fixed(s, s->selector);

    return item ? item : &nothing;
}

void fw_cfg_select(FwCfg *s, guint16 selector)
{
    const FwCfgFile *file;

    s->selector = selector;
    s->offset = 0;
    file = fw_cfg_selected_file(s);
    if (file && file->ops && file->ops->selected) {
        file->ops->selected(file->opaque);
    }
    if (trace_wanted(TRACE_FW_CFG_SELECT)) {
        trace_fw_cfg_select(s, selector, file ? file->name : NULL, fw_cfg_selected(s)->size);
    }
}

guint8 fw_cfg_read_byte(FwCfg *s)
{
    const FwCfgItem *item = fw_cfg_selected(s);

    return s->offset < item->size ? fw_cfg_item_data(item)[s->offset++] : 0;
}

/* ---- Life ---- */

static const StateRow fw_cfg_state[] = {
    STATE_FIELD(U16, FwCfg, selector, FW_CFG_SIGNATURE),
    STATE_FIELD(U32, FwCfg, offset, 0),
    STATE_FIELD(U64, FwCfg, dma_register, 0),
    STATE_FIELD(U32, FwCfg, dma_control, 0),
    STATE_FIELD(U32, FwCfg, dma_left, 0),
    STATE_FIELD(U64, FwCfg, dma_address, 0),
    STATE_FIELD(U64, FwCfg, dma_descriptor, 0),
    STATE_ROWS_END
};

static void fw_cfg_init(Object *obj)
{
    to_fw_cfg(obj)->files = g_ptr_array_new_with_free_func(file_free);
}

static void fw_cfg_finalize(Object *obj)
{
    FwCfg *s = to_fw_cfg(obj);

    for (guint i = 0; i < FW_CFG_N_FIXED; i++) {
        item_clear(&s->fixed[0][i]);
        item_clear(&s->fixed[1][i]);
    }
    g_ptr_array_unref(s->files);
}

static bool fw_cfg_realize(Device *dev, GError **error)
{
    FwCfg *s = to_fw_cfg(dev);
    const FwCfgProps *props = fw_cfg_props(dev);
    Machine *machine = machine_of(dev);

    s->memory = machine->memory;
    s->clock = machine->clock;
    s->timer = timer_new(s->clock, CLOCK_KIND_VIRTUAL, 1, fw_cfg_dma_continue, s);
    fw_cfg_set(s, FW_CFG_SIGNATURE, g_bytes_new_static("QEMU", 4));
    fw_cfg_set_number(s, FW_CFG_ID, ID_TRADITIONAL | (props->dma_enabled ? ID_DMA : 0), 4);
    update_directory(s);
    if (!first_fw_cfg(machine)) {
        set_first_fw_cfg(machine, s);
    }
    return true;
}

static void fw_cfg_unrealize(Device *dev)
{
    FwCfg *s = to_fw_cfg(dev);
    Machine *machine = machine_of(dev);

    if (first_fw_cfg(machine) == s) {
        set_first_fw_cfg(machine, NULL);
    }
    g_clear_pointer(&s->timer, timer_free);
    s->memory = NULL;
}

static void fw_cfg_reset_enter(Device *dev)
{
    timer_cancel(to_fw_cfg(dev)->timer);
}

/* Every state that loads is one that a guest can cause. */
static bool fw_cfg_state_loaded(Device *dev, GError **error)
{
    FwCfg *s = to_fw_cfg(dev);

    timer_cancel(s->timer);
    if (s->dma_control) {
        timer_set_after(s->timer, 0);
    }
    return true;
}

const TypeInfo fw_cfg_type = {
    .schema = &qmp_class_fw_cfg,
    .size = sizeof(FwCfg),
    .object = &(const ObjectOps){
        .init = fw_cfg_init,
        .finalize = fw_cfg_finalize,
    },
    .device = &(const DeviceOps){
        .realize = fw_cfg_realize,
        .unrealize = fw_cfg_unrealize,
        .reset_enter = fw_cfg_reset_enter,
        .state = fw_cfg_state,
        .state_loaded = fw_cfg_state_loaded,
    },
};
