/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See human.h.  The run of a line steps only in turns of the loop of its own, never in a call from
 * the code that ended a request.
 */
#include "config.h"
#include "daemon/machine/human.h"

#include <event2/buffer.h>

#include "qmp/json.h"
#include "qmp/request.h"

struct HumanRun {
    Vmd *vmd;
    HmpLine *line;              /* NULL: cancelled */
    const QmpRequest *outer;    /* or NULL; borrowed */
    HumanDone *done;
    void *opaque;
    struct event *go;
    bool waiting;               /* for the end of a request */
};

/* A request on its way; it outlives the reply, since the journal is written from it. */
typedef struct {
    HumanRun *run;
    HmpRequest *request;
} Sent;

static void run_free(HumanRun *run)
{
    hmp_line_free(run->line);
    event_free(run->go);
    g_free(run);
}

static void sent_free(void *data)
{
    Sent *sent = data;

    hmp_request_free(sent->request);
    g_free(sent);
}

static void pass_result(HumanRun *run, const QmpRequest *req, const void *ret)
{
    struct evbuffer *text = evbuffer_new();

    qmp_request_print_result(req, ret, text);
    hmp_line_reply_text(run->line, (const char *)evbuffer_pullup(text, -1),
                        evbuffer_get_length(text));
    evbuffer_free(text);
}

static void on_end(QmpRequest *req, const void *ret, const GError *error, void *data)
{
    HumanRun *run = ((Sent *)data)->run;

    run->waiting = false;
    if (run->line && error) {
        hmp_line_reply_error(run->line, error->message);
    } else if (run->line) {
        pass_result(run, req, ret);
    }
    event_active(run->go, 0, 0);
}

static void execute(HumanRun *run, HmpRequest *request)
{
    const QmpInput input = { .ops = &qmp_json_input };
    Sent *sent = g_new(Sent, 1);
    QmpRequest *req;

    *sent = (Sent){ run, request };
    run->waiting = true;
    req = qmp_request_new(&run->vmd->dispatch, on_end, sent, sent_free);
    if (run->outer) {
        qmp_request_act_within(req, run->outer);
    }
    qmp_request_execute(req, request->command, &input, request->arguments);
}

static void on_go(evutil_socket_t fd, short what, void *data)
{
    HumanRun *run = data;
    HmpRequest *request;

    if (run->waiting) {
        return;
    }
    request = run->line ? hmp_line_next(run->line) : NULL;
    if (request) {
        execute(run, request);
        return;
    }
    if (run->line) {
        run->done(run->opaque, run->line);
    }
    run_free(run);
}

HumanRun *human_start(Vmd *vmd, HmpLine *line, const QmpRequest *outer, HumanDone *done,
                      void *opaque)
{
    HumanRun *run = g_new0(HumanRun, 1);

    run->vmd = vmd;
    run->line = line;
    run->outer = outer;
    run->done = done;
    run->opaque = opaque;
    run->go = event_new(vmd->base, -1, 0, on_go, run);
    event_active(run->go, 0, 0);
    return run;
}

void human_cancel(HumanRun *run)
{
    g_clear_pointer(&run->line, hmp_line_free);
    event_active(run->go, 0, 0);
}
