/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/backends: memory of each kind, what its properties do to the mapping (read
 * back from the kernel), and that nothing is left behind when it cannot be had.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/backends/memory-backend-internal.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "qom/qapi-objects-memory.h"
#include "qom/types.h"

#define MIB (1024 * 1024)

static const TypeInfo *const types[] = {
    &memory_backend_type, &memory_backend_file_type, &memory_backend_memfd_type,
    &memory_backend_ram_type, NULL,
};

/* An object from property names and texts, made up to complete; or NULL. */
static Object *make(const char *name, GError **error, ...)
{
    const QmpInput input = { .ops = &qmp_value_input, .mode = QMP_INPUT_LENIENT };
    const QmpClass *klass = qmp_class_find(name);
    void *props = qmp_new_props(klass);
    QmpGiven *given = g_new0(QmpGiven, klass->props->n_members / 8 + 1);
    const char *property;
    Object *obj;
    va_list pairs;

    va_start(pairs, error);
    while ((property = va_arg(pairs, const char *))) {
        g_autoptr(QmpValue) value = qmp_value_str(va_arg(pairs, const char *));
        const QmpMember *member = qmp_class_member(klass, property);
        guint i = member - qmp_members(klass->props);

        given[i / 8] |= 1 << i % 8;
        g_assert_true(qmp_decode_member(&input, member, value, props, NULL));
    }
    va_end(pairs);
    obj = object_new_with_props(klass, props, given);
    if (!object_make(obj, error)) {
        g_clear_pointer((void **)&obj, object_unref);
    }
    return obj;
}

static void end(Object *obj)
{
    object_dismantle(obj);
    object_release(obj);
    object_unref(obj);
}

static guint8 *hva_of(Object *obj)
{
    return memory_backend_hva(to_memory_backend(obj));
}

/* The VmFlags of the mapping at hva as /proc/self/smaps has them. */
static bool has_flag(const void *hva, const char *flag)
{
    g_autofree char *text = NULL, *start = g_strdup_printf("\n%lx-", (gulong)hva);
    g_autofree char *line = NULL;
    const char *entry;

    g_assert_true(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
    entry = strstr(text, start);
    g_assert_nonnull(entry);
    entry = strstr(entry, "VmFlags:");
    line = g_strndup(entry, strcspn(entry, "\n"));
    return strstr(line, flag) != NULL;
}

static gsize resident(void *hva, gsize size)
{
    g_autofree guchar *pages = g_malloc(size / 4096);
    gsize n = 0;

    g_assert_cmpint(mincore(hva, size, pages), ==, 0);
    for (gsize i = 0; i < size / 4096; i++) {
        n += pages[i] & 1;
    }
    return n;
}

static gsize file_size(const char *path)
{
    struct stat st;

    g_assert_cmpint(stat(path, &st), ==, 0);
    return st.st_size;
}

/* How many descriptors are open. */
static guint descriptors(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir)) {
        n++;
    }
    g_dir_close(dir);
    return n;
}

/* One that cannot be made says why and leaves no descriptor. */
#define refuse(reason, ...)                                                 \
    do {                                                                    \
        g_autoptr(GError) error_ = NULL;                                    \
        guint before_ = descriptors();                                      \
        g_assert_null(make(__VA_ARGS__));                                   \
        g_assert_cmpint(qmp_error_reason(error_), ==, reason);              \
        g_assert_cmpuint(descriptors(), ==, before_);                       \
    } while (0)

/* ---- Anonymous ---- */

static void test_ram(void)
{
    g_autoptr(GError) error = NULL;
    Object *a = make("memory-backend-ram", &error, "size", "4M", NULL);
    Object *b = make("memory-backend-ram", &error, "size", "4096", NULL);

    g_assert_no_error(error);
    g_assert_cmpuint(memory_backend_size(to_memory_backend(a)), ==, 4 * MIB);
    g_assert_cmpint(to_memory_backend(a)->fd, ==, -1);
    g_assert_cmpuint((guintptr)hva_of(a) % (2 * MIB), ==, 0);
    g_assert_cmpuint(resident(hva_of(a), 4 * MIB), ==, 0);
    hva_of(a)[0] = hva_of(a)[4 * MIB - 1] = 0x5a;
    g_assert_cmphex(hva_of(b)[0], ==, 0);
    hva_of(b)[4095] = 1;
    end(a);
    end(b);
}

static void test_shared_ram(void)
{
    g_autoptr(GError) error = NULL;
    Object *a = make("memory-backend-ram", &error, "size", "1M", "share", "on", NULL);
    guint8 *other;

    g_assert_no_error(error);
    other = mmap(NULL, 4096, PROT_READ, MAP_SHARED, to_memory_backend(a)->fd, 0);
    hva_of(a)[1] = 0x77;
    g_assert_cmphex(other[1], ==, 0x77);
    munmap(other, 4096);
    end(a);
}

/* All pages are there, whichever way they are dealt out. */
static void test_prealloc(void)
{
    static const char *const threads[] = { "1", "3", "256" };

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(GError) error = NULL;
        Object *a = make("memory-backend-ram", &error, "size", "4100K", "prealloc", "on",
                         "prealloc-threads", threads[i], NULL);

        g_assert_no_error(error);
        g_assert_cmpuint(resident(hva_of(a), 4100 * 1024), ==, 1025);
        end(a);
    }
}

static void test_dump_merge(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpValue) on = qmp_value_bool(true), off = qmp_value_bool(false);
    const QmpInput input = { .ops = &qmp_value_input };
    Object *a = make("memory-backend-ram", &error, "size", "1M", "dump", "off", NULL);

    g_assert_no_error(error);
    g_assert_true(has_flag(hva_of(a), " dd"));
    g_assert_true(object_property_set(a, "dump", &input, on, &error));
    g_assert_false(has_flag(hva_of(a), " dd"));
    if (has_flag(hva_of(a), " mg")) {           /* the kernel can merge */
        g_assert_true(object_property_set(a, "merge", &input, off, &error));
        g_assert_false(has_flag(hva_of(a), " mg"));
    }
    g_assert_false(object_property_set(a, "share", &input, on, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_PROPERTY_NOT_SETTABLE));
    end(a);
}

static void test_reserve(void)
{
    g_autoptr(GError) error = NULL;
    Object *a = make("memory-backend-ram", &error, "size", "1M", "reserve", "off", NULL);

    g_assert_no_error(error);
    g_assert_true(has_flag(hva_of(a), " nr"));
    end(a);
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-ram", &error_, "size", "1M", "reserve",
           "off", "prealloc", "on", NULL);
}

static void test_too_large(void)
{
    refuse(ERROR_REASON_NO_MEMORY, "memory-backend-ram", &error_, "size", "1E", NULL);
    refuse(ERROR_REASON_NO_MEMORY, "memory-backend-ram", &error_, "size",
           "18446744073709547520", NULL);
    refuse(ERROR_REASON_NO_MEMORY, "memory-backend-ram", &error_, "size", "16T", "reserve", "on",
           "prealloc", "on", NULL);
    refuse(ERROR_REASON_NO_MEMORY, "memory-backend-memfd", &error_, "size", "16T", "prealloc",
           "on", NULL);
    refuse(ERROR_REASON_NO_MEMORY, "memory-backend-memfd", &error_, "size", "1E", NULL);
}

static void test_bad_properties(void)
{
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-ram", &error_, "size", "1000", NULL);
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-ram", &error_, "size", "1M", "policy",
           "bind", NULL);
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-memfd", &error_, "size", "1M",
           "hugetlbsize", "2M", NULL);
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-memfd", &error_, "size", "6M", "hugetlb",
           "on", "hugetlbsize", "3M", NULL);
}

/* Sets host-nodes, which has no text form here, and tries a policy. */
static bool bind_to(guint16 node, HostMemPolicy policy, GError **error)
{
    MemoryBackendProps *props = qmp_new_props(&qmp_class_memory_backend_ram);
    Object *obj;
    bool ok;

    props->size = MIB;
    props->policy = policy;
    props->host_nodes.n = 1;
    props->host_nodes.items = g_new0(uint16_t, 1);
    props->host_nodes.items[0] = node;
    obj = object_new_with_props(&qmp_class_memory_backend_ram, props, NULL);
    ok = object_make(obj, error);
    if (ok) {
        object_dismantle(obj);
        object_release(obj);
    }
    object_unref(obj);
    return ok;
}

static void test_policy(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(bind_to(0, HOST_MEM_POLICY_DEFAULT, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    g_clear_error(&error);
    g_assert_false(bind_to(5000, HOST_MEM_POLICY_BIND, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
    g_clear_error(&error);
    if (!bind_to(0, HOST_MEM_POLICY_BIND, &error)) {
        g_test_skip("the host's kernel has no NUMA policies");
        return;
    }
    g_assert_true(bind_to(0, HOST_MEM_POLICY_PREFERRED, NULL));
    g_assert_true(bind_to(0, HOST_MEM_POLICY_INTERLEAVE, NULL));
    g_assert_false(bind_to(1000, HOST_MEM_POLICY_BIND, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_HOST_ERROR));
}

static void test_claim(void)
{
    g_autoptr(GError) error = NULL;
    Object *a = make("memory-backend-ram", &error, "size", "1M", NULL);
    MemoryBackend *b = to_memory_backend(a);

    g_assert_true(memory_backend_claim(b, "memory-backend", true, &error));
    g_assert_false(memory_backend_claim(b, "memory-backend", true, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
    g_assert_false(object_may_delete(a, NULL));
    memory_backend_unclaim(b);
    g_assert_true(object_may_delete(a, NULL));
    end(a);
}

/* ---- memfd ---- */

static void test_memfd(void)
{
    g_autoptr(GError) error = NULL;
    Object *a = make("memory-backend-memfd", &error, "size", "4M", NULL);
    Object *b = make("memory-backend-memfd", &error, "size", "4M", "seal", "off", "share", "off",
                     NULL);
    int fd = to_memory_backend(a)->fd;
    guint8 *other;

    g_assert_no_error(error);
    g_assert_cmpint(fcntl(fd, F_GET_SEALS), ==, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    g_assert_cmpint(ftruncate(fd, 0), ==, -1);
    other = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    hva_of(a)[0] = 0x11;
    g_assert_cmphex(other[0], ==, 0x11);        /* shared by default */
    munmap(other, 4096);
    g_assert_cmpint(ftruncate(to_memory_backend(b)->fd, 8 * MIB), ==, 0);
    hva_of(b)[0] = 0x22;
    g_assert_cmpuint(resident(hva_of(b), 4 * MIB), >, 0);
    end(a);
    end(b);
}

static void test_huge_pages(void)
{
    g_autoptr(GError) error = NULL;
    Object *a = make("memory-backend-memfd", &error, "size", "4M", "hugetlb", "on",
                     "hugetlbsize", "2M", NULL);

    if (!a) {
        g_assert_true(qmp_error_is(error, ERROR_REASON_NO_MEMORY) ||
                      qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
        g_test_skip("the host has no free huge pages");
        return;
    }
    hva_of(a)[4 * MIB - 1] = 1;
    g_assert_true(has_flag(hva_of(a), " ht"));
    end(a);
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-memfd", &error_, "size", "3M", "hugetlb",
           "on", "hugetlbsize", "2M", NULL);
}

/* ---- Files ---- */

typedef struct {
    char *dir, *path;
} Folder;

static Folder folder_new(void)
{
    Folder f = { .dir = g_dir_make_tmp("vmd-memory-XXXXXX", NULL) };

    f.path = g_build_filename(f.dir, "file", NULL);
    return f;
}

static void folder_done(Folder *f)
{
    g_unlink(f->path);
    g_assert_cmpint(g_rmdir(f->dir), ==, 0);    /* fails if anything was left */
    g_free(f->dir);
    g_free(f->path);
}

static bool exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void test_file_created(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    Folder f = folder_new();
    Object *a = make("memory-backend-file", &error, "size", "8K", "mem-path", f.path, "share",
                     "on", NULL);

    g_assert_no_error(error);
    memcpy(hva_of(a), "hello", 5);
    end(a);
    g_assert_cmpuint(file_size(f.path), ==, 8192);
    g_assert_true(g_file_get_contents(f.path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "hello");
    a = make("memory-backend-file", &error, "size", "4K", "mem-path", f.path, NULL);
    g_assert_no_error(error);
    g_assert_cmpint(memcmp(hva_of(a), "hello", 6), ==, 0);
    hva_of(a)[0] = 'J';                         /* private: not in the file */
    end(a);
    g_assert_cmpuint(file_size(f.path), ==, 8192);
    g_clear_pointer(&text, g_free);
    g_assert_true(g_file_get_contents(f.path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "hello");
    folder_done(&f);
}

/* A file with content keeps its size; what fails leaves all as it was. */
static void test_file_kept(void)
{
    Folder f = folder_new();

    g_assert_true(g_file_set_contents(f.path, "short", -1, NULL));
    refuse(ERROR_REASON_FILE_NOT_USABLE, "memory-backend-file", &error_, "size", "8K",
           "mem-path", f.path, NULL);
    g_assert_cmpuint(file_size(f.path), ==, 5);
    g_assert_true(g_file_set_contents(f.path, "", -1, NULL));
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-file", &error_, "size", "8K", "mem-path",
           f.path, "policy", "bind", NULL);
    g_assert_cmpuint(file_size(f.path), ==, 0);
    g_unlink(f.path);
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-file", &error_, "size", "8K", "mem-path",
           f.path, "policy", "bind", NULL);
    g_assert_false(exists(f.path));
    refuse(ERROR_REASON_NO_MEMORY, "memory-backend-file", &error_, "size", "15E", "mem-path",
           f.path, NULL);
    g_assert_false(exists(f.path));
    refuse(ERROR_REASON_FILE_NOT_USABLE, "memory-backend-file", &error_, "size", "8K",
           "mem-path", "/no/such/file", NULL);
    refuse(ERROR_REASON_INVALID_VALUE, "memory-backend-file", &error_, "size", "8K", "mem-path",
           f.path, "align", "12288", NULL);
    folder_done(&f);
}

static void test_file_in_directory(void)
{
    g_autoptr(GError) error = NULL;
    Folder f = folder_new();
    Object *a = make("memory-backend-file", &error, "size", "8K", "mem-path", f.dir, "align",
                     "16M", NULL);

    g_assert_no_error(error);
    hva_of(a)[8191] = 1;
    g_assert_cmpuint((guintptr)hva_of(a) % (16 * MIB), ==, 0);
    folder_done(&f);                            /* there is no name */
    end(a);
}

static void test_file_readonly(void)
{
    g_autoptr(GError) error = NULL;
    Folder f = folder_new();
    g_autofree char *text = g_strnfill(4096, 'r');
    Object *a;

    refuse(ERROR_REASON_FILE_NOT_USABLE, "memory-backend-file", &error_, "size", "4K",
           "mem-path", f.path, "readonly", "on", NULL);
    g_assert_true(g_file_set_contents(f.path, text, -1, NULL));
    a = make("memory-backend-file", &error, "size", "4K", "mem-path", f.path, "readonly", "on",
             NULL);
    g_assert_no_error(error);
    g_assert_cmphex(hva_of(a)[4095], ==, 'r');
    g_assert_false(has_flag(hva_of(a), " wr"));
    g_assert_false(memory_backend_claim(to_memory_backend(a), "memory-backend", true, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    end(a);
    folder_done(&f);
}

static void test_file_discard(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    Folder f = folder_new();
    Object *a = make("memory-backend-file", &error, "size", "4K", "mem-path", f.path, "share",
                     "on", "discard-data", "on", NULL);

    g_assert_no_error(error);
    memcpy(hva_of(a), "secret", 6);
    end(a);
    g_assert_cmpuint(file_size(f.path), ==, 4096);
    g_assert_true(g_file_get_contents(f.path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "");
    folder_done(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    object_register_types(qom_types);
    object_register_types(types);
    g_test_add_func("/memory-backend/ram", test_ram);
    g_test_add_func("/memory-backend/ram/shared", test_shared_ram);
    g_test_add_func("/memory-backend/prealloc", test_prealloc);
    g_test_add_func("/memory-backend/dump-merge", test_dump_merge);
    g_test_add_func("/memory-backend/reserve", test_reserve);
    g_test_add_func("/memory-backend/too-large", test_too_large);
    g_test_add_func("/memory-backend/bad-properties", test_bad_properties);
    g_test_add_func("/memory-backend/policy", test_policy);
    g_test_add_func("/memory-backend/claim", test_claim);
    g_test_add_func("/memory-backend/memfd", test_memfd);
    g_test_add_func("/memory-backend/memfd/huge-pages", test_huge_pages);
    g_test_add_func("/memory-backend/file/created", test_file_created);
    g_test_add_func("/memory-backend/file/kept", test_file_kept);
    g_test_add_func("/memory-backend/file/in-directory", test_file_in_directory);
    g_test_add_func("/memory-backend/file/readonly", test_file_readonly);
    g_test_add_func("/memory-backend/file/discard", test_file_discard);
    return g_test_run();
}
