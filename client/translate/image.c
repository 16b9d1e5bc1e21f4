/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading images' headers: see image.h.  Only what names files is looked at; whether the
 * rest makes sense, the daemon says.
 */
#include "config.h"
#include "client/translate/image.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qmp/image-magic.h"

enum {
    HEADER_MAX = 2 << 20,       /* the largest cluster */
    LENGTH_V2 = 72,
    NAME_MAX_LENGTH = 1023,
    EXTENSION_BACKING_FORMAT = 0xe2792aca,
    EXTENSION_DATA_FILE = 0x44415441,
    FEATURE_DATA_FILE = 1 << 2,
};

typedef struct {
    guint8 *data;
    gsize size;
} Bytes;

static guint64 number(const Bytes *bytes, gsize at, guint n)
{
    guint64 value = 0;

    for (guint i = 0; i < n; i++) {
        value = value << 8 | (at + i < bytes->size ? bytes->data[at + i] : 0);
    }
    return value;
}

/* NULL if it is not all there, or has a zero in it. */
static char *text(const Bytes *bytes, guint64 at, guint64 length)
{
    if (!length || length > NAME_MAX_LENGTH || at > bytes->size || length > bytes->size - at ||
        memchr(bytes->data + at, 0, length)) {
        return NULL;
    }
    return g_strndup((const char *)bytes->data + at, length);
}

static void read_extensions(const Bytes *bytes, guint64 at, ImageHeader *header)
{
    bool has_data_file = number(bytes, 4, 4) >= 3 && number(bytes, 79, 1) & FEATURE_DATA_FILE;

    while (at < bytes->size && bytes->size - at >= 8) {
        guint64 type = number(bytes, at, 4), length = number(bytes, at + 4, 4);

        if (!type) {
            break;
        }
        if (type == EXTENSION_BACKING_FORMAT && !header->backing_format) {
            header->backing_format = text(bytes, at + 8, length);
        } else if (type == EXTENSION_DATA_FILE && has_data_file && !header->data_file) {
            header->data_file = text(bytes, at + 8, length);
        }
        at += 8 + (length + 7) / 8 * 8;
    }
}

static void parse(const Bytes *bytes, ImageHeader *header)
{
    const char *format = image_magic(bytes->data, bytes->size);

    header->qcow2 = g_strcmp0(format, "qcow2") == 0 && bytes->size >= LENGTH_V2;
    if (!header->qcow2) {
        header->other = format;
        return;
    }
    if (number(bytes, 8, 8)) {
        header->backing = text(bytes, number(bytes, 8, 8), number(bytes, 16, 4));
    }
    read_extensions(bytes, number(bytes, 4, 4) >= 3 ? number(bytes, 100, 4) : LENGTH_V2, header);
}

static gsize read_all(int fd, guint8 *data, gsize size)
{
    gsize done = 0;
    gssize n = 1;

    while (done < size && n > 0) {
        n = pread(fd, data + done, size - done, done);
        done += MAX(n, 0);
    }
    return done;
}

bool image_header_read(const char *path, ImageHeader *header)
{
    /* Opening a FIFO must not wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    Bytes bytes = { NULL, 0 };
    struct stat st;
    bool ok;

    *header = (ImageHeader){ .qcow2 = false };
    if (fd < 0) {
        return false;
    }
    ok = fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
    if (ok) {
        bytes.data = g_malloc(HEADER_MAX);
        bytes.size = read_all(fd, bytes.data, HEADER_MAX);
        parse(&bytes, header);
        g_free(bytes.data);
    }
    close(fd);
    return ok;
}

void image_header_clear(ImageHeader *header)
{
    g_clear_pointer(&header->backing, g_free);
    g_clear_pointer(&header->backing_format, g_free);
    g_clear_pointer(&header->data_file, g_free);
}

char *image_resolve(const char *path, const char *name)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (g_path_is_absolute(name) || g_str_equal(folder, ".")) {
        return g_strdup(name);
    }
    return g_build_filename(folder, name, NULL);
}

const char *image_protocol(const char *filename)
{
    return g_str_has_prefix(filename, "/dev/") && !g_str_has_prefix(filename, "/dev/fdset/")
           ? "host_device" : "file";
}
