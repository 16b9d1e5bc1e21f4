/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw-cfg-file: a file of the client's in the guest's firmware configuration.
 * It waits below /objects until the machine starts, and its board takes it.
 */
#include "config.h"
#include "hw/nvram/fw-cfg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "hw/nvram/fw-cfg-internal.h"
#include "qmp/error.h"

typedef struct {
    Object object;
    GBytes *bytes;              /* since prepare */
} FwCfgFileObject;

GBytes *fw_cfg_file_bytes(Object *obj)
{
    return g_bytes_ref(((FwCfgFileObject *)obj)->bytes);
}

/* ---- Reading ---- */

static bool refuse(const char *path, const char *why, GError **error)
{
    qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "file '%s': %s", path, why);
    return false;
}

/* Reads up to size bytes; *ret_size is how many there were. */
static bool read_all(int fd, guint8 *data, gsize size, gsize *ret_size, GError **error)
{
    gsize done = 0;

    while (done < size) {
        gssize n = read(fd, data + done, size - done);

        if (n < 0 && errno != EINTR) {
            qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot read");
            return false;
        }
        if (n == 0) {
            break;
        }
        done += MAX(n, 0);
    }
    *ret_size = done;
    return true;
}

static GBytes *read_fd(int fd, const char *path, GError **error)
{
    g_autofree guint8 *data = NULL;
    struct stat st;
    gsize size;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        refuse(path, "it is no regular file", error);
        return NULL;
    }
    if (st.st_size > G_MAXINT32) {
        refuse(path, "it is longer than 2 GiB", error);
        return NULL;
    }
    data = g_try_malloc(st.st_size + 1);
    if (!data) {
        qmp_error_set(error, ERROR_REASON_NO_MEMORY, "no memory for file '%s'", path);
        return NULL;
    }
    if (!read_all(fd, data, st.st_size, &size, error)) {
        g_prefix_error(error, "file '%s': ", path);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), size);
}

static GBytes *read_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    GBytes *bytes;

    if (fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot open '%s'", path);
        return NULL;
    }
    bytes = read_fd(fd, path, error);
    close(fd);
    return bytes;
}

/* ---- Life ---- */

static bool file_prepare(Object *obj, GError **error)
{
    FwCfgFileObject *s = (FwCfgFileObject *)obj;
    const FwCfgFileProps *props = object_props(obj);

    if (!props->string == !props->file) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "a firmware configuration file needs either property 'string' or 'file'");
        return false;
    }
    s->bytes = props->string ? g_bytes_new(props->string, strlen(props->string))
                             : read_file(props->file, error);
    return s->bytes;
}

static void file_release(Object *obj)
{
    g_clear_pointer(&((FwCfgFileObject *)obj)->bytes, g_bytes_unref);
}

static bool is_started(Object *obj)
{
    Machine *machine = machine_find(object_root(obj));

    return machine && machine->started;
}

static bool file_complete(Object *obj, GError **error)
{
    if (is_started(obj)) {
        qmp_error_set(error, ERROR_REASON_WRONG_STATE,
                      "firmware configuration files are added before the machine starts");
        return false;
    }
    return true;
}

static bool file_may_delete(Object *obj, GError **error)
{
    if (is_started(obj)) {
        qmp_error_set(error, ERROR_REASON_IN_USE,
                      "firmware configuration file '%s' is in use by the machine",
                      ((const FwCfgFileProps *)object_props(obj))->name);
        return false;
    }
    return true;
}

const TypeInfo fw_cfg_file_type = {
    .schema = &qmp_class_fw_cfg_file,
    .size = sizeof(FwCfgFileObject),
    .object = &(const ObjectOps){
        .prepare = file_prepare,
        .release = file_release,
        .complete = file_complete,
        .may_delete = file_may_delete,
    },
};
