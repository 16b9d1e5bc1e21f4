/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: the files that an image is based on.  A chain is read from the images and becomes
 * nodes that the request names one by one.
 */
#include "config.h"
#include "client/translate/drive-chain.h"

#include <stdlib.h>
#include <string.h>

#include "client/translate/image.h"
#include "qmp/text.h"

/* Where vmctl itself reads a file: for /dev/fdset/N that is a descriptor of -add-fd, which it was
 * started with. */
static char *readable_path(const Plan *plan, const char *filename)
{
    const char *set = filename + strlen("/dev/fdset/");
    guint64 n;

    if (!g_str_has_prefix(filename, "/dev/fdset/") ||
        !g_ascii_string_to_unsigned(set, 10, 0, G_MAXINT, &n, NULL)) {
        return g_strdup(filename);
    }
    for (guint i = 0; i < plan->out->fds->len; i++) {
        const TranslationFd *fd = plan->out->fds->pdata[i];
        json_t *arguments = json_object_get(fd->request, "arguments");

        if (json_integer_value(json_object_get(arguments, "fdset-id")) == (json_int_t)n) {
            return g_strconcat("/proc/self/fd/", fd->number, NULL);
        }
    }
    return g_strdup(filename);
}

static char *guess_format(const char *filename)
{
    ImageHeader header;
    bool ok = image_header_read(filename, &header);
    char *format = ok && header.qcow2 ? g_strdup("qcow2") : NULL;

    image_header_clear(&header);
    return format;
}

char *drive_guess_format(const Plan *plan, const char *filename)
{
    g_autofree char *path = readable_path(plan, filename);

    return guess_format(path);
}

const char *drive_see_format(const char *filename)
{
    ImageHeader header;
    bool ok = image_header_read(filename, &header);
    const char *format = !ok ? NULL : header.qcow2 ? "qcow2" : header.other;

    image_header_clear(&header);
    return format;
}

static bool set_file(QmpOptions *node, const char *prefix, const char *key, const char *filename,
                     GError **error)
{
    const char *protocol = image_protocol(filename);
    g_autofree char *driver = g_strconcat(prefix, key, ".driver", NULL);
    g_autofree char *name = g_strconcat(prefix, key, ".filename", NULL);

    return qmp_options_add(node, driver, protocol, 0, error) &&
           qmp_options_add(node, name, filename, 0, error);
}

/* A name that is a place on the network, or a description. */
static bool check_name(const char *name, GError **error)
{
    gsize length = strcspn(name, ":/");
    g_autofree char *quoted = NULL;

    if (name[length] != ':') {
        return true;
    }
    quoted = qmp_text_quote(name);
    return plan_refuse(error, "the image is based on %s, which is no file here: give it with "
                       "-blockdev", quoted);
}

/* The format of a backing file: what the image says, or what the file begins with. */
static char *format_of(const ImageHeader *header, const char *filename)
{
    char *guessed = NULL;

    if (header->backing_format) {
        return g_strdup(header->backing_format);
    }
    guessed = guess_format(filename);
    return guessed ? guessed : g_strdup("raw");
}

/* One step: filename becomes the next image, NULL at the end of the chain. */
static bool add_below(Plan *plan, QmpOptions *node, GString *prefix, char **filename,
                      GError **error)
{
    ImageHeader header;
    g_autofree char *path = g_steal_pointer(filename);
    g_autofree char *data = NULL, *format = NULL;
    bool ok = true;

    if (image_header_read(path, &header) && header.qcow2) {
        if (header.data_file) {
            data = image_resolve(path, header.data_file);
            plan_note(plan, "the data of '%s' are in '%s'", path, data);
            ok = check_name(header.data_file, error) &&
                 set_file(node, prefix->str, "data-file", data, error);
        }
        if (ok && header.backing) {
            g_autofree char *driver = g_strconcat(prefix->str, "backing.driver", NULL);

            *filename = image_resolve(path, header.backing);
            format = format_of(&header, *filename);
            plan_note(plan, "'%s' is based on '%s', in format %s", path, *filename, format);
            g_string_append(prefix, "backing.");
            ok = check_name(header.backing, error) &&
                 qmp_options_add(node, driver, format, 0, error) &&
                 set_file(node, prefix->str, "file", *filename, error);
            if (!ok || !g_str_equal(format, "qcow2")) {
                g_clear_pointer(filename, g_free);
            }
        }
    }
    image_header_clear(&header);
    return ok;
}

/* False if an image stands in the chain already. */
static bool note_image(GHashTable *seen, const char *filename)
{
    char *path = realpath(filename, NULL);
    bool fresh = !path || g_hash_table_add(seen, g_strdup(path));

    free(path);
    return fresh;
}

bool drive_add_chain(Plan *plan, QmpOptions *node, const char *filename, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) prefix = g_string_new(NULL);
    g_autofree char *next = g_strdup(filename);

    while (next) {
        if (!note_image(seen, next)) {
            return plan_refuse(error, "'%s' is based on itself: its chain is a loop", next);
        }
        if (!add_below(plan, node, prefix, &next, error)) {
            return false;
        }
    }
    return true;
}
