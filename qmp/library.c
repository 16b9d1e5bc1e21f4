/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading libraries, see library.h.
 */
#include "config.h"
#include "qmp/library.h"

#include <dlfcn.h>
#include <string.h>

#include "qmp/error.h"

/* The text after this one. */
static const char *next(const char *text)
{
    return text + strlen(text) + 1;
}

static bool refuse(const Library *library, GError **error)
{
    const char *package = next(library->texts), *need = next(package);

    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                  "%s, which %s need, cannot be loaded (package %s): %s", library->texts, need,
                  package, dlerror());
    return false;
}

static bool find_functions(const Library *library, void *handle, GError **error)
{
    const char *name = next(next(next(library->texts)));

    for (guint i = 0; i < library->n_functions; i++, name = next(name)) {
        library->addresses[i] = dlsym(handle, name);
        if (!library->addresses[i]) {
            return refuse(library, error);
        }
    }
    return true;
}

bool library_load(Library *library, GError **error)
{
    static GMutex mutex;
    g_autoptr(GMutexLocker) locker = NULL;
    void *handle;

    if (g_atomic_int_get(&library->loaded)) {
        return true;
    }
    locker = g_mutex_locker_new(&mutex);
    if (library->loaded) {
        return true;
    }
    /* All symbols are bound now, as if it were linked.  It is reached by pointers only. */
    handle = dlopen(library->texts, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        return refuse(library, error);
    }
    if (!find_functions(library, handle, error)) {
        dlclose(handle);
        return false;
    }
    g_atomic_int_set(&library->loaded, true);
    return true;
}
