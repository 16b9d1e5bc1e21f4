/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF programs and their dynamic linkers into memory, and the stack that a program begins
 * with: System V ABI, AMD64 supplement, section 3.4.1.
 */
#include "config.h"
#include "tests/user/user.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "cpu/types.h"

typedef struct {
    guint64 entry, base, headers, end;
    guint n_headers;
    char *linker;               /* NULL: it needs none */
} Image;

/* ---- Images ---- */

static bool load_segment(User *user, const char *file, gsize size, guint64 base,
                         const Elf64_Phdr *header)
{
    guint64 address = base + header->p_vaddr;

    if (header->p_offset > size || header->p_filesz > size - header->p_offset ||
        address < USER_LOWEST || address >= USER_STACK ||
        header->p_filesz > header->p_memsz || header->p_memsz > USER_STACK - address) {
        return false;
    }
    memcpy(user->memory + address, file + header->p_offset, header->p_filesz);
    return true;
}

static bool load_segments(User *user, const char *file, gsize size, Image *ret_image)
{
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *header = (const Elf64_Phdr *)(file + elf->e_phoff);

    for (guint i = 0; i < elf->e_phnum; i++, header++) {
        if (header->p_type == PT_INTERP) {
            ret_image->linker = g_strndup(file + header->p_offset, header->p_filesz);
        } else if (header->p_type == PT_LOAD) {
            if (!load_segment(user, file, size, ret_image->base, header)) {
                return false;
            }
            ret_image->end = MAX(ret_image->end,
                                 ret_image->base + header->p_vaddr + header->p_memsz);
            if (header->p_offset <= elf->e_phoff &&
                elf->e_phoff < header->p_offset + header->p_filesz) {
                ret_image->headers = ret_image->base + header->p_vaddr + elf->e_phoff -
                                     header->p_offset;
            }
        }
    }
    return true;
}

static bool load_image(User *user, const char *path, guint64 base, Image *ret_image)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL;
    const Elf64_Ehdr *elf;
    gsize size;

    if (!g_file_get_contents(path, &file, &size, &error)) {
        g_printerr("%s\n", error->message);
        return false;
    }
    elf = (const Elf64_Ehdr *)file;
    if (size < sizeof(*elf) || memcmp(file, ELFMAG, SELFMAG) != 0 ||
        elf->e_machine != EM_X86_64 || elf->e_phoff > size ||
        elf->e_phnum * sizeof(Elf64_Phdr) > size - elf->e_phoff) {
        g_printerr("%s is not a program for x86-64\n", path);
        return false;
    }
    *ret_image = (Image){ .base = elf->e_type == ET_DYN ? base : 0,
                          .n_headers = elf->e_phnum };
    ret_image->entry = ret_image->base + elf->e_entry;
    if (!load_segments(user, file, size, ret_image)) {
        g_printerr("%s does not fit into memory\n", path);
        return false;
    }
    return true;
}

/* ---- The stack ---- */

static guint64 push_text(User *user, guint64 *top, const char *text)
{
    gsize size = strlen(text) + 1;

    *top -= size;
    memcpy(user->memory + *top, text, size);
    return *top;
}

static void add(GArray *words, guint64 word)
{
    g_array_append_val(words, word);
}

static void add_texts(User *user, GArray *words, guint64 *top, char **texts)
{
    for (; *texts; texts++) {
        add(words, push_text(user, top, *texts));
    }
    add(words, 0);
}

static void add_auxiliary(User *user, GArray *words, guint64 *top, const Image *image,
                          guint64 linker, const char *path)
{
    guint64 random = push_text(user, top, "fifteen letters");
    const guint64 pairs[][2] = {
        { AT_PHDR, image->headers }, { AT_PHENT, sizeof(Elf64_Phdr) },
        { AT_PHNUM, image->n_headers }, { AT_PAGESZ, 4096 }, { AT_BASE, linker },
        { AT_FLAGS, 0 }, { AT_ENTRY, image->entry }, { AT_UID, getuid() },
        { AT_EUID, geteuid() }, { AT_GID, getgid() }, { AT_EGID, getegid() }, { AT_SECURE, 0 },
        { AT_CLKTCK, getauxval(AT_CLKTCK) }, { AT_RANDOM, random },
        { AT_EXECFN, push_text(user, top, path) },
        { AT_PLATFORM, push_text(user, top, "x86_64") }, { AT_NULL, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        add(words, pairs[i][0]);
        add(words, pairs[i][1]);
    }
}

static guint64 make_stack(User *user, char **argv, char **envp, const Image *image,
                          guint64 linker)
{
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(guint64));
    guint64 top = USER_SIZE - 16;

    add(words, g_strv_length(argv));
    add_texts(user, words, &top, argv);
    add_texts(user, words, &top, envp);
    add_auxiliary(user, words, &top, image, linker, argv[0]);
    top = (top - words->len * sizeof(guint64)) & ~(guint64)15;
    memcpy(user->memory + top, words->data, words->len * sizeof(guint64));
    return top;
}

guint64 user_load(User *user, char **argv, char **envp, guint64 *ret_stack)
{
    Image program, linker = { .base = 0 };
    g_autofree char *linker_path = NULL;

    if (!load_image(user, argv[0], USER_PIE, &program)) {
        return 0;
    }
    linker_path = program.linker;
    if (linker_path && !load_image(user, linker_path, USER_LINKER, &linker)) {
        return 0;
    }
    user->first_break = user->program_break = (program.end + 4095) & ~(guint64)4095;
    user->maps_end = USER_MAPS;
    *ret_stack = make_stack(user, argv, envp, &program, linker.base);
    return linker_path ? linker.entry : program.entry;
}
