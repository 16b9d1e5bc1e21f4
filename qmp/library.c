/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading libraries, see library.h.
 */
#include "config.h"
#include "qmp/library.h"

#include <dlfcn.h>

#include "qmp/error.h"

static bool refuse(const Library *library, GError **error)
{
    qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                  "%s, which %s need, cannot be loaded (package %s): %s", library->soname,
                  library->need, library->package, dlerror());
    return false;
}

static bool find_symbols(const Library *library, void *handle, GError **error)
{
    for (guint i = 0; i < library->n_symbols; i++) {
        void *address = dlsym(handle, library->symbols[i].name);

        if (!address) {
            return refuse(library, error);
        }
        *library->symbols[i].address = address;
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
    handle = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        return refuse(library, error);
    }
    if (!find_symbols(library, handle, error)) {
        dlclose(handle);
        return false;
    }
    g_atomic_int_set(&library->loaded, true);
    return true;
}
