/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of sessions and servers: a server in the test's own process,
 * with the commands of qmp-schema.json, and clients on socket pairs.  The loop
 * runs only while a test waits for something.
 */
#ifndef TESTS_UNIT_TEST_QMP_SERVER_RIG_H
#define TESTS_UNIT_TEST_QMP_SERVER_RIG_H

#include <event2/event.h>

#include "qmp/event.h"
#include "qmp/qapi-types.h"
#include "qmp/server.h"

typedef struct {
    struct event_base *base;
    QmpDispatch dispatch;
    QmpEventQueue *queue;
    QmpServer *server;
    RunState state;
    GQueue later;               /* requests of test-later */
    GString *log;               /* "COMMAND ARGS ok|failed\n" of each request */
    guint handled;              /* handlers that ran */
} Rig;

typedef struct {
    Rig *rig;
    int fd;
    GString *in;                /* read and not yet asked for */
    bool eof;
} Client;

/* limits NULL: the defaults. */
Rig *rig_new(const QmpServerLimits *limits);
void rig_free(Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)

/* Runs the loop for so long, or one round without waiting (0). */
void rig_run(Rig *rig, guint ms);

/* Ends the oldest test-later. */
void rig_release(Rig *rig);

/* A connected client; with QMP its greeting is read, and it has negotiated with
 * these capabilities ("" for none) unless they are NULL. */
Client *client_new(Rig *rig, QmpDialectId dialect, const char *enable);
void client_free(Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/* Sends all of it, running the loop if the socket is full. */
void client_send(Client *client, const char *text);
void client_send_bytes(Client *client, const char *bytes, gsize length);

/* Sends bytes with descriptors, which stay the caller's. */
void client_send_fds(Client *client, const char *text, const int *fds, guint n);

/* The next line without its CRLF; fails the test after 10 seconds or at the end
 * of the stream.  Free with g_free(). */
char *client_line(Client *client);

/* The next line must be this. */
void client_expect(Client *client, const char *line);

/* Sends a request, and expects the line in return. */
void client_call(Client *client, const char *request, const char *line);

/* Nothing may come within 20 ms. */
void client_expect_silence(Client *client);

/* The server must close the connection within 10 seconds. */
void client_expect_close(Client *client);

#endif
