/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/chardev/char-mux.c: several frontends on one backend, which is a socket
 * here, with the keys that one presses behind it.
 */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/chardev/char-mux.h"
#include "qmp/error.h"
#include "qmp/qapi-types-socket.h"
#include "qom/qapi-objects-char.h"
#include "tests/unit/char-bench.h"

typedef struct {
    gsize room;
    GString *received;
    GString *events;
    guint writable;
} Front;

typedef struct {
    Bench *b;
    Chardev *base, *mux;
    int host;                   /* the other end of the base's socket */
    Front front[3];
} Rig;

/* ---- Frontends ---- */

static gsize can_receive(void *opaque)
{
    return ((Front *)opaque)->room;
}

static void receive(void *opaque, const guint8 *data, gsize size)
{
    Front *f = opaque;

    g_assert_cmpuint(size, <=, f->room);
    f->room -= size;
    g_string_append_len(f->received, (const char *)data, size);
}

static void event(void *opaque, CharEvent event)
{
    g_string_append_c(((Front *)opaque)->events, "OCB"[event]);
}

static void writable(void *opaque)
{
    ((Front *)opaque)->writable++;
}

static const CharFrontOps front_ops = {
    .can_receive = can_receive,
    .receive = receive,
    .event = event,
    .writable = writable,
};
/* One that only writes, as a debug console does. */
static const CharFrontOps silent_ops = { 0 };

/* ---- Rig ---- */

static ChardevBackend *mux_backend(const char *base)
{
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_MUX);

    backend->u.mux.data->chardev.path = g_strdup(base);
    return backend;
}

static Chardev *add_base(Bench *b, int *ret_host)
{
    ChardevBackend *backend = backend_new(CHARDEV_BACKEND_KIND_SOCKET);
    ChardevSocket *options = backend->u.socket.data;
    g_autoptr(GError) error = NULL;
    Chardev *chr;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    b->passed_fd = pair[0];
    *ret_host = pair[1];
    options->addr = g_new0(SocketAddressLegacy, 1);
    options->addr->type = SOCKET_ADDRESS_TYPE_FD;
    options->addr->u.fd.data = g_new0(String, 1);
    options->addr->u.fd.data->str = g_strdup("fd1");
    options->has_server = true;
    chr = bench_add(b, "base", backend, &error);
    g_assert_no_error(error);
    return chr;
}

static void rig_attach(Rig *r, guint i)
{
    char_attach(r->mux, &front_ops, &r->front[i]);
}

static Rig *rig_new(guint n)
{
    Rig *r = g_new0(Rig, 1);
    g_autoptr(GError) error = NULL;

    r->b = bench_new();
    r->base = add_base(r->b, &r->host);
    r->mux = bench_add(r->b, "mux", mux_backend("base"), &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(r->front); i++) {
        r->front[i] = (Front){ .room = 1000, .received = g_string_new(NULL),
                               .events = g_string_new(NULL) };
    }
    for (guint i = 0; i < n; i++) {
        rig_attach(r, i);
    }
    return r;
}

static void rig_free(Rig *r)
{
    for (guint i = 0; i < G_N_ELEMENTS(r->front); i++) {
        char_detach(r->mux, &r->front[i]);
        g_string_free(r->front[i].received, true);
        g_string_free(r->front[i].events, true);
    }
    bench_free(r->b);
    close(r->host);
    g_free(r);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)

static void type(Rig *r, const char *text)
{
    g_assert_cmpint(send(r->host, text, strlen(text), 0), ==, strlen(text));
}

static void idle(Rig *r)
{
    while (bench_turn(r->b, 20)) {
    }
}

/* What came out at the host's side; newly allocated. */
static char *output(Rig *r)
{
    char buf[4096];
    ssize_t n = recv(r->host, buf, sizeof(buf), MSG_DONTWAIT);

    return g_strndup(buf, MAX(n, 0));
}

static void assert_output(Rig *r, const char *pattern)
{
    g_autofree char *text = output(r);

    if (!g_pattern_match_simple(pattern, text)) {
        g_error("'%s' is not like '%s'", text, pattern);
    }
}

static void assert_received(Rig *r, const char *first, const char *second, const char *third)
{
    const char *expect[] = { first, second, third };

    idle(r);
    for (guint i = 0; i < G_N_ELEMENTS(expect); i++) {
        g_assert_cmpstr(r->front[i].received->str, ==, expect[i]);
    }
}

/* ---- Focus ---- */

static void test_focus(void)
{
    g_autoptr(Rig) r = rig_new(3);

    type(r, "last\001cfirst\001cfirst+1\001cagain");
    assert_received(r, "first", "first+1", "lastagain");
    char_detach(r->mux, &r->front[0]);          /* not the one with the focus, which stays */
    type(r, "!");
    assert_received(r, "first", "first+1", "lastagain!");
    char_detach(r->mux, &r->front[2]);
    type(r, "!");
    assert_received(r, "first", "first+1!", "lastagain!");
    rig_attach(r, 0);
    type(r, "new");
    assert_received(r, "firstnew", "first+1!", "lastagain!");
    g_assert_true(char_in_use(r->mux));
    g_assert_true(char_in_use(r->base));
    char_detach(r->mux, &r->front[0]);
    char_detach(r->mux, &r->front[1]);
    g_assert_false(char_in_use(r->mux));
    g_assert_false(char_in_use(r->base));
    type(r, "kept");
    g_assert_cmpuint(bench_wakeups(r->b, 50), <=, 3);
    rig_attach(r, 1);
    assert_received(r, "firstnew", "first+1!kept", "lastagain!");
}

/* Keys other than those of the list do nothing; Ctrl-A twice is one. */
static void test_escape(void)
{
    g_autoptr(Rig) r = rig_new(2);

    type(r, "a\001");
    idle(r);
    type(r, "\001b\001zc\001");
    idle(r);
    type(r, "cd");
    assert_received(r, "d", "a\001bc", "");
    g_assert_cmpstr(r->front[1].events->str, ==, "O");
}

static void test_break(void)
{
    g_autoptr(Rig) r = rig_new(2);

    type(r, "x\001b\001c\001b\001b");
    assert_received(r, "", "x", "");
    g_assert_cmpstr(r->front[1].events->str, ==, "OB");
    g_assert_cmpstr(r->front[0].events->str, ==, "OBB");
}

static void test_notes(void)
{
    g_autoptr(Rig) r = rig_new(1);

    type(r, "\001h");
    idle(r);
    assert_output(r, "\r\nCtrl-A h *Ctrl-A x *Ctrl-A c *Ctrl-A b *Ctrl-A t *Ctrl-A Ctrl-A *\r\n");
    type(r, "\001?");
    idle(r);
    assert_output(r, "\r\nCtrl-A h *");
    type(r, "\001s");
    idle(r);
    assert_output(r, "\r\nCtrl-A s: *no snapshots*\r\n");
    type(r, "\001x");
    idle(r);
    assert_output(r, "\r\nCtrl-A x: *ends*\r\n");
    assert_received(r, "", "", "");
}

static void test_timestamps(void)
{
    g_autoptr(Rig) r = rig_new(2);

    type(r, "\001t");
    idle(r);
    bench_write(r->b, r->mux, "rest of a line\nnext ");
    bench_write(r->b, r->mux, "line\n");
    assert_output(r, "rest of a line\n[00:00:00.000] next line\n");
    g_usleep(20000);
    bench_write(r->b, r->mux, "later\n");
    assert_output(r, "[00:00:??.???] later\n");
    type(r, "\001t");
    idle(r);
    bench_write(r->b, r->mux, "plain\nplain\n");
    assert_output(r, "plain\nplain\n");
}

/* ---- Full frontends, full base ---- */

/* A frontend that takes nothing does not keep the focus, and loses nothing. */
static void test_stuck_front(void)
{
    g_autoptr(Rig) r = rig_new(2);
    g_autofree char *much = g_strnfill(2 * (MUX_HELD_MAX + MUX_INPUT_MAX), 'x');

    r->front[1].room = 0;
    type(r, "stuck\001cother");
    assert_received(r, "other", "", "");
    r->front[1].room = 1000;
    char_accept_input(r->mux);
    assert_received(r, "other", "stuck", "");

    r->front[0].room = 0;
    type(r, much);
    g_assert_cmpuint(bench_wakeups(r->b, 50), <=, 6);
    r->front[0].room = 100000;
    char_accept_input(r->mux);
    idle(r);
    g_assert_cmpuint(r->front[0].received->len, ==, strlen("other") + strlen(much));
    g_assert_cmpuint(r->mux->dropped, ==, 0);
}

static void test_silent_front(void)
{
    g_autoptr(Rig) r = rig_new(1);
    g_autofree char *much = g_strnfill(1000, 'x');

    char_attach(r->mux, &silent_ops, r);
    type(r, much);
    type(r, "\001cheard");
    assert_received(r, "heard", "", "");
    g_assert_cmpuint(r->mux->dropped, ==, 1000);
    char_detach(r->mux, r);
}

/* Output that the base does not take stays with the frontends, who all hear of
 * room; a note that waited is there in one piece. */
static void test_full_base(void)
{
    g_autoptr(Rig) r = rig_new(2);
    g_autofree char *block = g_strnfill(4096, 'x');
    gsize sent = 0, n;
    guint got = 0;
    g_autoptr(GString) text = g_string_new(NULL);

    while ((n = bench_write(r->b, r->mux, block))) {
        sent += n;
    }
    type(r, "\001x");
    idle(r);
    g_assert_cmpuint(bench_write(r->b, r->mux, "y"), ==, 0);
    g_assert_cmpuint(r->front[0].writable, ==, 0);
    while (!r->front[0].writable || !r->front[1].writable) {
        g_autofree char *part = output(r);

        g_string_append(text, part);
        idle(r);
        g_assert_cmpuint(got++, <, 10000);
    }
    g_assert_cmpuint(bench_write(r->b, r->mux, "y"), ==, 1);
    do {
        g_autofree char *part = output(r);

        n = strlen(part);
        g_string_append(text, part);
        idle(r);
    } while (n);
    g_assert_cmpuint(strspn(text->str, "x"), ==, sent);
    g_assert_true(g_str_has_prefix(text->str + sent, "\r\nCtrl-A x:"));
    g_assert_true(g_str_has_suffix(text->str, "\r\ny"));
}

/* Messages that are not read do not pile up. */
static void test_many_notes(void)
{
    g_autoptr(Rig) r = rig_new(1);
    g_autofree char *block = g_strnfill(4096, 'x');
    g_autoptr(GString) keys = g_string_new(NULL);

    while (bench_write(r->b, r->mux, block)) {
    }
    for (guint i = 0; i < 1000; i++) {
        g_string_append(keys, "\001h");
    }
    type(r, keys->str);
    idle(r);
    g_assert_cmpuint(to_char_mux(r->mux)->notes->len, >, MUX_NOTES_MAX / 2);
    g_assert_cmpuint(to_char_mux(r->mux)->notes->len, <=, MUX_NOTES_MAX);
}

/* ---- Life ---- */

static void refuse(Bench *b, const char *base, ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(bench_add(b, "refused", mux_backend(base), &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
}

static void test_refused(void)
{
    g_autoptr(Rig) r = rig_new(0);
    g_autoptr(GError) error = NULL;

    refuse(r->b, "none", ERROR_REASON_OBJECT_NOT_FOUND);
    refuse(r->b, "refused", ERROR_REASON_OBJECT_NOT_FOUND);
    refuse(r->b, "base", ERROR_REASON_IN_USE);
    refuse(r->b, "mux", ERROR_REASON_NOT_SUPPORTED);
    g_assert_false(object_may_delete(&r->base->object, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_IN_USE);
    bench_remove(r->b, r->mux);
    g_assert_true(object_may_delete(&r->base->object, NULL));
    r->mux = bench_add(r->b, "mux", mux_backend("base"), NULL);
    g_assert_nonnull(r->mux);
}

/* All frontends hear of the host's coming and going; logs are of the mux's own. */
static void test_events(void)
{
    g_autoptr(Rig) r = rig_new(2);

    g_assert_true(r->mux->connected);
    assert_filename(r->mux, "mux");
    shutdown(r->host, SHUT_RDWR);
    bench_until(r->b, !r->mux->connected);
    g_assert_cmpstr(r->front[0].events->str, ==, "OC");
    g_assert_cmpstr(r->front[1].events->str, ==, "OC");
    rig_attach(r, 2);
    g_assert_cmpstr(r->front[2].events->str, ==, "");
    g_assert_cmpuint(bench_write(r->b, r->mux, "lost"), ==, 4);
    g_assert_cmpuint(r->base->dropped, ==, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chardev/mux/focus", test_focus);
    g_test_add_func("/chardev/mux/escape", test_escape);
    g_test_add_func("/chardev/mux/break", test_break);
    g_test_add_func("/chardev/mux/notes", test_notes);
    g_test_add_func("/chardev/mux/timestamps", test_timestamps);
    g_test_add_func("/chardev/mux/stuck-front", test_stuck_front);
    g_test_add_func("/chardev/mux/silent-front", test_silent_front);
    g_test_add_func("/chardev/mux/full-base", test_full_base);
    g_test_add_func("/chardev/mux/many-notes", test_many_notes);
    g_test_add_func("/chardev/mux/refused", test_refused);
    g_test_add_func("/chardev/mux/events", test_events);
    return g_test_run();
}
