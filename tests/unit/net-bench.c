/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench of net-bench.h.
 */
#include "config.h"
#include "tests/unit/net-bench.h"

#include <event2/event.h>
#include <unistd.h>

#include "hw/types.h"
#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/qapi-types-object.h"
#include "qmp/qapi-types-char.h"
#include "qmp/qapi-types-net.h"
#include "qmp/visit.h"

/* ---- Environment ---- */

static Bench *bench_of(const Env *env)
{
    return env->host;
}

static void bench_lock(const Env *env)
{
    g_assert_false(bench_of(env)->locked);
    bench_of(env)->locked = true;
}

static void bench_unlock(const Env *env)
{
    g_assert_true(bench_of(env)->locked);
    bench_of(env)->locked = false;
}

static QmpFd *bench_take_fd(const Env *env, const char *name, GError **error)
{
    Bench *b = bench_of(env);

    for (guint i = 0; i < G_N_ELEMENTS(b->fds); i++) {
        char own[4] = { 'f', 'd', '0' + i };

        if (g_str_equal(name, own) && b->fds[i] >= 0) {
            g_autoptr(QmpFds) fds = qmp_fds_new();
            QmpFd *fd = qmp_fd_new(fds, 1, b->fds[i]);

            b->fds[i] = -1;
            return fd;
        }
    }
    qmp_error_set(error, ERROR_REASON_FD_NOT_FOUND, "no descriptor '%s' was passed", name);
    return NULL;
}

static void note_event(const QmpEvent *event, void *data)
{
    Bench *b = data;

    if (event) {
        g_string_append_printf(b->events, "%s %.*s\n", event->name, (int)event->data_length,
                               event->data);
    }
}

Bench *bench_new(void)
{
    static gsize once;
    Bench *b = g_new0(Bench, 1);

    if (g_once_init_enter(&once)) {
        loop_bench_init();
        object_register_types(qom_types);
        object_register_types(hw_types);
        g_once_init_leave(&once, 1);
    }
    b->base = event_base_new();
    b->queue = qmp_event_queue_new(b->base);
    b->events = g_string_new(NULL);
    qmp_event_queue_add_sink(b->queue, note_event, b);
    b->env = (Env){ .base = b->base, .events = b->queue, .host = b, .run = loop_bench_run,
                    .take_fd = bench_take_fd, .lock = bench_lock, .unlock = bench_unlock };
    b->root = object_root_new();
    object_set_env(b->root, &b->env);
    b->dir = loop_bench_make_directory();
    for (guint i = 0; i < G_N_ELEMENTS(b->fds); i++) {
        b->fds[i] = -1;
    }
    return b;
}

void bench_free(Bench *b)
{
    if (b) {
        object_destroy(b->root);
        object_unref(b->root);
        qmp_event_queue_free(b->queue);
        event_base_free(b->base);
        loop_bench_remove_directory(b->dir);
        g_free(b->dir);
        g_string_free(b->events, true);
        g_free(b);
    }
}

/* ---- Requests ---- */

/* Decodes JSON with ' for ". */
static bool decode(const QmpType *type, const char *format, va_list args, void *storage,
                   GError **error)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    const QmpInput input = { .ops = &qmp_json_input, .mode = QMP_INPUT_STRICT };
    g_autoptr(GError) local = NULL;
    json_t *json;
    bool ok;

    g_strdelimit(text, "'", '"');
    json = qmp_json_parse(text, strlen(text), &local);
    g_assert_no_error(local);
    ok = qmp_decode(&input, type, json, storage, error);
    json_decref(json);
    return ok;
}

static NetBackend *try_add(Bench *b, GError **error, const char *format, va_list args)
{
    Netdev *options = NULL;
    NetBackend *net;

    if (!decode(&qmp_type_Netdev, format, args, &options, error)) {
        return NULL;
    }
    net = net_new(b->root, options, error);
    qmp_clear(&qmp_type_Netdev, &options);
    if (!net) {
        return NULL;
    }
    if (!loop_bench_make(&net->object, error)) {
        object_destroy(&net->object);
        return NULL;
    }
    return net;
}

NetBackend *bench_try(Bench *b, GError **error, const char *format, ...)
{
    NetBackend *net;
    va_list args;

    va_start(args, format);
    net = try_add(b, error, format, args);
    va_end(args);
    return net;
}

NetBackend *bench_add(Bench *b, const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    NetBackend *net;
    va_list args;

    va_start(args, format);
    net = try_add(b, &error, format, args);
    va_end(args);
    g_assert_no_error(error);
    return net;
}

void bench_refuse(Bench *b, ErrorReason reason, const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    va_list args;

    va_start(args, format);
    g_assert_null(try_add(b, &error, format, args));
    va_end(args);
    if (!qmp_error_is(error, reason)) {
        g_error("wrong reason: %s", error->message);
    }
    g_assert_cmpuint(object_n_children(object_container(b->root, "netdevs")), ==, 0);
}

Object *bench_object(Bench *b, const char *id, const char *format, ...)
{
    ObjectOptions *options = NULL;
    g_autoptr(GError) error = NULL;
    Object *obj;
    va_list args;

    va_start(args, format);
    decode(&qmp_type_ObjectOptions, format, args, &options, &error);
    va_end(args);
    g_assert_no_error(error);
    obj = object_new_with_props(options->qom_type, g_steal_pointer(&options->props),
                                g_steal_pointer(&options->given));
    qmp_clear(&qmp_type_ObjectOptions, &options);
    object_add_child(object_container(b->root, "objects"), id, obj, &error);
    g_assert_no_error(error);
    object_make(obj, &error);
    g_assert_no_error(error);
    object_unref(obj);
    return obj;
}

/* ---- Cards ---- */

static guint card_receive(void *opaque, guint queue, const NetFrame *frames, guint n)
{
    Card *card = opaque;

    n = MIN(n, card->room);
    for (guint i = 0; i < n; i++) {
        GByteArray *frame = g_byte_array_new();

        g_byte_array_set_size(frame, frames[i].size);
        g_assert_cmpuint(net_frame_copy(&frames[i], frame->data, frame->len), ==, frame->len);
        g_ptr_array_add(card->frames, frame);
        card->hdr = frames[i].hdr ? *frames[i].hdr : (NetHdr){ 0 };
    }
    card->room -= n;
    card->last_queue = queue;
    return n;
}

static void card_writable(void *opaque, guint queue)
{
    ((Card *)opaque)->writable++;
}

static void card_link_changed(void *opaque)
{
    ((Card *)opaque)->link_changes++;
}

static const NicOps card_ops = {
    .receive = card_receive,
    .writable = card_writable,
    .link_changed = card_link_changed,
};

Card *card_new(Bench *b, NetBackend *net)
{
    Card *card = g_new0(Card, 1);
    guint8 mac[6];

    nic_choose_mac(b->root, mac);
    card->bench = b;
    card->room = G_MAXUINT;
    card->frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    card->object = object_new(&qmp_class_container);
    object_add_child(object_container(b->root, "cards"), "card[*]", card->object, NULL);
    card->nic = nic_new(card->object, net, mac, &card_ops, card);
    return card;
}

void card_free(Card *card)
{
    nic_destroy(card->nic);
    object_unparent(card->object);
    object_unref(card->object);
    g_ptr_array_unref(card->frames);
    g_free(card);
}

bool card_send(Card *card, const void *data, gsize size)
{
    const struct iovec iov[2] = { { (void *)data, size / 2 },
                                  { (guint8 *)data + size / 2, size - size / 2 } };
    const NetFrame frame = { .iov = iov, .n_iov = 2, .size = size };
    guint n;

    nic_lock(card->nic);
    n = nic_send(card->nic, 0, &frame, 1);
    nic_unlock(card->nic);
    return n;
}

void card_accept(Card *card, guint n)
{
    nic_lock(card->nic);
    card->room += n;
    nic_ready(card->nic, 0);
    nic_unlock(card->nic);
}

const GByteArray *card_frame(const Card *card, guint i)
{
    g_assert_cmpuint(i, <, card->frames->len);
    return card->frames->pdata[i];
}

void card_clear(Card *card)
{
    g_ptr_array_set_size(card->frames, 0);
}

/* ---- Running ---- */

void bench_turn(Bench *b, guint ms)
{
    loop_bench_turn(b->base, ms);
}

void bench_idle(Bench *b, guint ms)
{
    gint64 end = g_get_monotonic_time() + ms * 1000;

    while (g_get_monotonic_time() < end) {
        bench_turn(b, MAX(1, (end - g_get_monotonic_time()) / 1000));
    }
}
