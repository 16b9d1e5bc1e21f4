/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries that are loaded when they are first needed.
 *
 * A library that is linked costs every daemon its page faults at the start and its relocated
 * pages for good.  One that few machines need gets a file that defines the functions of the
 * library that are called here, each under its own name and with the library's prototype:
 *
 *   #define SLIRP_FUNCTIONS(F) \
 *       F(void, slirp_input, (Slirp *slirp, const uint8_t *pkt, int pkt_len), \
 *         (slirp, pkt, pkt_len))
 *   LIBRARY_DEFINE(library, SLIRP_SONAME, "libslirp0", "user networks", SLIRP_FUNCTIONS)
 *
 * Callers include the library's header and are written as if it were linked.  Whoever is
 * about to make the first call has it loaded by library_load() before.
 */
#ifndef QMP_LIBRARY_H
#define QMP_LIBRARY_H

#include <glib.h>
#include <stdbool.h>

/* A function of it, and where its address goes. */
typedef struct {
    const char *name;
    void **address;
} LibrarySymbol;

/* Made by LIBRARY_DEFINE. */
typedef struct {
    const char *soname;
    const char *package;        /* Debian's, for people */
    const char *need;           /* who needs it: "user networks" */
    const LibrarySymbol *symbols;
    guint n_symbols;
    gint loaded;                /* atomic */
} Library;

/*
 * Loads it unless it is loaded, for good.  Any thread; it reads files, so a thread that
 * others wait for should not be the first.  Fails with not-supported if the library or one
 * of its functions is not there; the next call tries again.
 */
bool library_load(Library *library, GError **error);

/*
 * Defines `static Library variable` and the functions; soname, package, need: string
 * literals; functions: a macro as above, of type, name, parameters, and their names.
 */
#define LIBRARY_DEFINE(variable, soname_, package_, need_, functions) \
    functions(LIBRARY_FUNCTION_) \
    static const LibrarySymbol variable##_symbols[] = { functions(LIBRARY_SYMBOL_) }; \
    LIBRARY_NOTE_(variable##_note, soname_, need_) \
    static Library variable = { .soname = soname_, .package = package_, .need = need_, \
                                .symbols = variable##_symbols, \
                                .n_symbols = G_N_ELEMENTS(variable##_symbols) };

#define LIBRARY_FUNCTION_(type, name, parameters, arguments) \
    static __typeof__(name) *library_##name; \
    type name parameters { return library_##name arguments; }
#define LIBRARY_SYMBOL_(type, name, parameters, arguments) { #name, (void **)&library_##name },

/*
 * What packagers' tools read, as they read the list of linked libraries: a note in the program
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
