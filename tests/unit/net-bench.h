/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bench for network backends: a tree with a real event loop, a pool of one
 * thread a job, and network cards that note what they get.
 */
#ifndef TESTS_UNIT_NET_BENCH_H
#define TESTS_UNIT_NET_BENCH_H

#include "hw/net/net.h"
#include "qmp/event.h"
#include "qmp/qapi-types-error.h"
#include "tests/unit/loop-bench.h"

typedef struct {
    Object *root;
    Env env;
    struct event_base *base;
    QmpEventQueue *queue;
    char *dir;                  /* a directory of the bench's own */
    int fds[4];                 /* what take_fd gives for "fd0" to "fd3", or -1 */
    bool locked;
    GString *events;            /* names and data of QMP events, a line each */
} Bench;

/* A card: takes `room` frames and keeps them. */
typedef struct {
    Bench *bench;
    Object *object;
    Nic *nic;
    guint room;
    GPtrArray *frames;          /* of GByteArray */
    guint writable, link_changes;
    NetHdr hdr;                 /* of the last frame */
    guint last_queue;
} Card;

Bench *bench_new(void);
void bench_free(Bench *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

/* netdev_add with arguments as printf-like JSON, ' for ": NULL and *error with
 * nothing left behind. */
NetBackend *bench_try(Bench *b, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The same; ends the test on failure. */
NetBackend *bench_add(Bench *b, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Asserts that it fails with this reason. */
void bench_refuse(Bench *b, ErrorReason reason, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* object-add in the same way. */
Object *bench_object(Bench *b, const char *id, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A card on net (or NULL); bench_free frees what is left. */
Card *card_new(Bench *b, NetBackend *net);
void card_free(Card *card);
/* Sends a frame; false: not taken. */
bool card_send(Card *card, const void *data, gsize size);
/* Makes room for n frames more. */
void card_accept(Card *card, guint n);
/* Frame i, which must be there. */
const GByteArray *card_frame(const Card *card, guint i);
void card_clear(Card *card);

/* One turn of the loop of at most so many milliseconds. */
void bench_turn(Bench *b, guint ms);
/* Runs the loop for so long. */
void bench_idle(Bench *b, guint ms);

/* Runs the loop until condition is true, at most some seconds; then fails. */
#define bench_until(b, condition) loop_bench_until(bench_turn(b, 50), condition)

#endif
