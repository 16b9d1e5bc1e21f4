/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries that are loaded when they are first needed.
 *
 * A linked library costs every daemon page faults at the start, and memory for its relocated
 * pages for good.  For a library that few machines need, a file defines those of its functions
 * that vmd calls, each under its own name and with the library's prototype:
 *
 *   #define SLIRP_FUNCTIONS(F, L) \
 *       F(L, void, slirp_input, (Slirp *slirp, const uint8_t *pkt, int pkt_len), \
 *         (slirp, pkt, pkt_len))
 *   LIBRARY_DEFINE(library, SLIRP_SONAME, "libslirp0", "user networks", SLIRP_FUNCTIONS)
 *
 * Callers include the library's header and are written as if it were linked.  Code that may
 * make the first call must call library_load() before.
 */
#ifndef QMP_LIBRARY_H
#define QMP_LIBRARY_H

#include <glib.h>
#include <stdbool.h>

/* Made by LIBRARY_DEFINE.  A pointer to each text and address would be relocated at every start. */
typedef struct {
    /* Its name; Debian's package, for people; what needs it ("user networks"); the names of the
     * functions.  Each ends in a null character. */
    const char *texts;
    void **addresses;           /* of the functions, once it is loaded */
    guint n_functions;
    gint loaded;                /* atomic */
} Library;

/*
 * Loads the library for good, unless it is loaded.  Any thread; the first call reads files, so
 * it should not be made on a thread that others wait for.  Fails with not-supported if the
 * library or one of its functions is missing; the next call tries again.
 */
bool library_load(Library *library, GError **error);

/*
 * Defines `static Library variable` and the functions; soname, package, need: string
 * literals; functions: a macro as above, of type, name, parameters, and their names.
 */
#define LIBRARY_DEFINE(variable, soname_, package_, need_, functions) \
    enum { functions(LIBRARY_INDEX_, variable) variable##_n_functions }; \
    static void *variable##_addresses[variable##_n_functions]; \
    functions(LIBRARY_FUNCTION_, variable) \
    LIBRARY_NOTE_(variable##_note, soname_, need_) \
    static Library variable = { \
        .texts = soname_ "\0" package_ "\0" need_ "\0" functions(LIBRARY_NAME_, variable), \
        .addresses = variable##_addresses, .n_functions = variable##_n_functions };

#define LIBRARY_INDEX_(variable, type, name, parameters, arguments) variable##_index_##name,
#define LIBRARY_NAME_(variable, type, name, parameters, arguments) #name "\0"
#define LIBRARY_FUNCTION_(variable, type, name, parameters, arguments) \
    type name parameters { \
        return ((__typeof__(name) *)variable##_addresses[variable##_index_##name]) arguments; \
    }

/*
 * A note in the program that names the library to packaging tools, as its list names linked ones
 * (systemd.io/ELF_DLOPEN_METADATA; `readelf -p .note.dlopen`).
 */
#define LIBRARY_NOTE_TYPE_ 0x407c0c0a
#define LIBRARY_NOTE_(variable, soname, need) \
    __attribute__((used, section(".note.dlopen"), aligned(4))) static const struct { \
        guint32 owner_size, size, type; \
        char owner[4]; \
        char text[sizeof(LIBRARY_NOTE_TEXT_(soname, need))] __attribute__((aligned(4))); \
    } variable = { 4, sizeof(LIBRARY_NOTE_TEXT_(soname, need)), LIBRARY_NOTE_TYPE_, "FDO", \
                   LIBRARY_NOTE_TEXT_(soname, need) };
#define LIBRARY_NOTE_TEXT_(soname, need) \
    "[{\"description\":\"" need "\",\"priority\":\"recommended\",\"soname\":[\"" soname "\"]}]"

#endif
