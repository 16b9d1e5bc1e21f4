/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_add and device_del.
 */
#include "config.h"

#include "daemon/machine/creation.h"
#include "daemon/machine/removal.h"
#include "daemon/qapi-commands.h"
#include "daemon/vmd.h"
#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qmp/qapi-types-pci.h"
#include "qmp/visit.h"
#include "qom/defaults.h"
#include "qom/device.h"
#include "qom/place.h"
#include "qom/qapi-objects-cpu.h"
#include "qom/qapi-objects-object.h"

static bool check_id(Vmd *vmd, const char *id, GError **error)
{
    if (!object_check_id(id, error)) {
        return qmp_error_blame(error, "id");
    }
    if (place_child(vmd->root, &qmp_class_device, id)) {
        qmp_error_set_at(error, "id", ERROR_REASON_ID_IN_USE, "there is a device '%s' already", id);
        return false;
    }
    return true;
}

/* The bus for a device of a class that sits on one; *ret NULL if it does not. */
static bool find_bus(Vmd *vmd, const DeviceOptions *args, Bus **ret, GError **error)
{
    *ret = NULL;
    if (!args->driver->bus) {
        if (args->bus) {
            qmp_error_set_at(error, "bus", ERROR_REASON_BUS_TYPE_MISMATCH,
                             "device class '%s' does not sit on a bus", args->driver->name);
        }
        return !args->bus;
    }
    *ret = bus_find(vmd->root, args->bus, args->driver, error);
    return *ret ? true : qmp_error_blame(error, args->bus ? "bus" : "driver");
}

/* The argument to blame if a device cannot get its place in the tree. */
static const char *argument_for(const DeviceOptions *args, ErrorReason reason)
{
    switch (reason) {
    case ERROR_REASON_ID_IN_USE:
        return "id";
    case ERROR_REASON_BUS_FULL:
    case ERROR_REASON_BUS_NOT_HOTPLUGGABLE:
        return args->bus ? "bus" : "driver";
    case ERROR_REASON_NOT_HOTPLUGGABLE:
        return "driver";
    default:
        return NULL;
    }
}

/* No CPU executes while another one is added, and finds half of it. */
static Device *make_in(Vmd *vmd, Object *parent, DeviceOptions *args, Bus *bus, GError **error)
{
    bool is_cpu = qmp_class_is_a(args->driver, &qmp_class_cpu);
    Device *dev;

    if (is_cpu) {
        machine_hold(vmd_machine(vmd));
    }
    dev = device_make(parent, args->id ? args->id : "device[*]", args->driver, bus,
                      g_steal_pointer(&args->props), g_steal_pointer(&args->given), error);
    if (is_cpu) {
        machine_release(vmd_machine(vmd));
    }
    return dev;
}

/* Coldplug before the first `cont`, hotplug after it. */
static Device *device_begin(Vmd *vmd, DeviceOptions *args, GError **error)
{
    Object *parent = args->id ? place_folder(vmd->root, &qmp_class_device)
                              : place_anonymous(vmd->root, &qmp_class_device);
    Device *dev;
    Bus *bus;

    if (!find_bus(vmd, args, &bus, error)) {
        return NULL;
    }
    dev = make_in(vmd, parent, args, bus, error);
    if (!dev && error) {
        qmp_error_blame(error, argument_for(args, qmp_error_reason(*error)));
    }
    return dev;
}

static bool check_device(Vmd *vmd, const DeviceOptions *args, GError **error)
{
    if (!vmd_require_machine(vmd, error)) {
        return false;
    }
    if (args->driver->plug == QMP_PLUG_BOARD) {
        qmp_error_set_at(error, "driver", ERROR_REASON_NOT_USER_CREATABLE,
                         "device class '%s' is made by machine types only", args->driver->name);
        return false;
    }
    return !args->id || check_id(vmd, args->id, error);
}

static void add_device(QmpRequest *req, DeviceOptions *args)
{
    Vmd *vmd = qmp_request_context(req);
    GError *error = NULL;

    if (qmp_request_is_cancelled(req, &error) || !check_device(vmd, args, &error) ||
        !device_begin(vmd, args, &error)) {
        qmp_request_fail(req, error);
        return;
    }
    status_tell(&vmd->status);
    qmp_request_return(req, NULL);
}

/* A device whose ROM is read first, since its file system might not answer. */
typedef struct {
    QmpRequest *req;
    DeviceOptions *args;        /* the request's */
    VmdFile file;
} Reading;

static void read_work(void *data)
{
    VmdFile *file = &((Reading *)data)->file;

    file->bytes = pci_rom_read(file->path, &file->error);
}

/* Much may have changed meanwhile: checks are made only now. */
static void read_finish(void *data)
{
    Reading *reading = data;
    Vmd *vmd = qmp_request_context(reading->req);
    VmdFile *file = &reading->file;

    if (!file->bytes && !file->error) {         /* the pool is shutting down */
        qmp_error_set(&file->error, ERROR_REASON_WRONG_STATE, "the daemon ends");
    }
    vmd->file = file;
    add_device(reading->req, reading->args);
    vmd->file = NULL;
    g_free(file->path);
    g_clear_pointer(&file->bytes, g_bytes_unref);
    g_clear_error(&file->error);
    g_free(reading);
}

/* The file that a device will read, or NULL. */
static char *rom_path(Vmd *vmd, const DeviceOptions *args)
{
    void *props = NULL;
    char *path;

    if (!qmp_class_is_a(args->driver, &qmp_class_pci_device)) {
        return NULL;
    }
    qmp_clone(args->driver->props, &props, &args->props);
    path = defaults_apply(vmd->root, args->driver, props, args->given, NULL)
           ? pci_rom_path(props) : NULL;
    qmp_clear(args->driver->props, &props);
    return path;
}

void qmp_device_add(QmpRequest *req, DeviceOptions *args)
{
    Vmd *vmd = qmp_request_context(req);
    g_autofree char *path = NULL;
    GError *error = NULL;
    Reading *reading;

    if (!creation_check_room(vmd, &error) || !check_device(vmd, args, &error)) {
        qmp_request_fail(req, error);
        return;
    }
    path = rom_path(vmd, args);
    if (!path) {
        add_device(req, args);
        return;
    }
    reading = g_new0(Reading, 1);
    *reading = (Reading){ .req = req, .args = args, .file.path = g_steal_pointer(&path) };
    pool_run(vmd->pool, POOL_REQUEST, read_work, read_finish, reading);
}

/* A device by id or path; only what device_add made can be removed. */
static Device *device_for_removal(Vmd *vmd, const char *id, GError **error)
{
    Object *obj = vmd_machine(vmd) ? place_child(vmd->root, &qmp_class_device, id) : NULL;

    if (!obj && id[0] == '/') {
        obj = object_resolve(vmd->root, id, NULL);
    }
    if (!obj || !object_is_a(obj, &qmp_class_device)) {
        qmp_error_set_at(error, "id", ERROR_REASON_DEVICE_NOT_FOUND, "Device '%s' not found", id);
        return NULL;
    }
    if (!place_has(&qmp_class_device, obj)) {
        qmp_error_set_at(error, "id", ERROR_REASON_NOT_HOTPLUGGABLE,
                         "device '%s' belongs to the machine", id);
        return NULL;
    }
    if (!object_may_delete(obj, error)) {
        qmp_error_blame(error, "id");
        return NULL;
    }
    return to_device(obj);
}

bool qmp_device_del(QmpRequest *req, DeviceDelArgs *args, GError **error)
{
    Vmd *vmd = qmp_request_context(req);
    Device *dev = device_for_removal(vmd, args->id, error);

    if (!dev) {
        return false;
    }
    if (!vmd_machine(vmd)->started) {
        removal_unmake(vmd, dev);
        return true;
    }
    return device_unplug_request(dev, error) || qmp_error_blame(error, "id");
}
