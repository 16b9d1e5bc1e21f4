/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy: each kind of input that may be marked, lenient input, and what is hidden
 * of replies and events.
 */
#include "config.h"

#include <string.h>

#include "qmp/error.h"
#include "tests/unit/test-qmp-rows.h"
#include "tests/unit/test-qmp-server-rig.h"

typedef struct {
    Rig *rig;
    Client *client;
    QmpPolicy policy;
    GString *log;
} Case;

static void write_log(void *opaque, const char *message)
{
    g_string_append_printf(opaque, "%s\n", message);
}

static Case *case_new(void)
{
    Case *c = g_new0(Case, 1);

    c->rig = rig_new(NULL);
    c->log = g_string_new(NULL);
    c->policy.log = write_log;
    c->policy.opaque = c->log;
    c->rig->dispatch.policy = &c->policy;
    c->client = client_new(c->rig, QMP_DIALECT_QMP, "\"error-details\"");
    return c;
}

static void case_free(Case *c)
{
    client_free(c->client);
    rig_free(c->rig);
    g_string_free(c->log, TRUE);
    g_free(c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Case, case_free)

/* ---- Input */

typedef struct {
    QmpPolicyKind kind;
    const char *command;
    const char *arguments;
    const char *path;           /* NULL: the command itself */
    const char *log;            /* what is said of it */
} Marked;

static const Marked marked[] = {
    { QMP_POLICY_DEPRECATED, "test-old", "{}", NULL, "command 'test-old' is deprecated" },
    { QMP_POLICY_UNSTABLE, "test-new", "{}", NULL, "command 'test-new' is unstable" },
    { QMP_POLICY_DEPRECATED, "test-marked", "{'old': 'x'}", "old",
      "parameter 'old' is deprecated" },
    { QMP_POLICY_UNSTABLE, "test-marked", "{'plain': 'x', 'inner': {'new': 1}}", "inner.new",
      "parameter 'inner.new' is unstable" },
    { QMP_POLICY_DEPRECATED, "test-marked", "{'both': true}", "both",
      "parameter 'both' is deprecated" },
    { QMP_POLICY_UNSTABLE, "test-marked", "{'both': true}", "both",
      "parameter 'both' is unstable" },
    { QMP_POLICY_DEPRECATED, "test-marked", "{'mode': 'old'}", "mode",
      "value 'old' of parameter 'mode' is deprecated" },
    { QMP_POLICY_UNSTABLE, "test-marked", "{'mode': 'new'}", "mode",
      "value 'new' of parameter 'mode' is unstable" },
    { QMP_POLICY_DEPRECATED, "test-add", "{'qom-type': 'test-aged', 'size': 1}", "qom-type",
      "class name 'test-aged' of parameter 'qom-type' is deprecated" },
    { QMP_POLICY_UNSTABLE, "test-add", "{'qom-type': 'aging', 'size': 1}", "qom-type",
      "class name 'aging' of parameter 'qom-type' is unstable" },
    { QMP_POLICY_DEPRECATED, "test-marked", "{'options': {'qom-type': 'unripe', 'size': 1}}",
      "options.qom-type", "class name 'unripe' of parameter 'options.qom-type' is deprecated" },
    { QMP_POLICY_UNSTABLE, "test-add", "{'qom-type': 'ripe', 'size': 1, 'later': 1}", "later",
      "parameter 'later' is unstable" },
    { QMP_POLICY_LENIENT, "test-plug", "{'qom-type': 'disk', 'size': 1, 'index': '1'}", "index",
      "parameter 'index' is a string for an integer" },
    { QMP_POLICY_LENIENT, "test-plug", "{'qom-type': 'disk', 'size': 1, 'speed': '1'}", "speed",
      "parameter 'speed' is a string for an integer" },
    { QMP_POLICY_LENIENT, "test-plug", "{'qom-type': 'disk', 'size': 1, 'share': 'on'}", "share",
      "parameter 'share' is a string for a boolean" },
    { QMP_POLICY_LENIENT, "test-plug", "{'qom-type': 'disk', 'size': 1, 'rate': '1.5'}", "rate",
      "parameter 'rate' is a string for a number" },
    { QMP_POLICY_LENIENT, "test-plug", "{'qom-type': 'disk', 'size': 1, 'serial': null}", "serial",
      "parameter 'serial' is null for a string" },
};

static const char *const reasons[QMP_POLICY_KINDS] = {
    [QMP_POLICY_DEPRECATED] = "deprecated-input",
    [QMP_POLICY_UNSTABLE] = "unstable-input",
    [QMP_POLICY_LENIENT] = "lenient-input",
};

/* Sends it; the reply. */
static char *send_marked(Case *c, const Marked *m)
{
    g_autofree char *request = g_strdup_printf("{'execute': '%s', 'arguments': %s}", m->command,
                                               m->arguments);
    char *line;

    g_strdelimit(request, "'", '"');
    client_send(c->client, request);
    for (;;) {
        line = client_line(c->client);
        if (!strstr(line, "\"event\"")) {
            return line;
        }
        g_free(line);
    }
}

static void expect_ok(Case *c, const Marked *m)
{
    g_autofree char *reply = send_marked(c, m);

    g_test_message("%s", reply);
    g_assert_true(g_str_has_prefix(reply, "{\"return\": "));
}

static void expect_refusal(Case *c, const Marked *m)
{
    guint handled = c->rig->handled;
    g_autofree char *reply = send_marked(c, m), *reason = NULL, *path = NULL;

    reason = g_strdup_printf("\"reason\": \"%s\"", reasons[m->kind]);
    g_assert_nonnull(strstr(reply, reason));
    g_assert_nonnull(strstr(reply, "the policy rejects"));
    if (m->path) {
        g_assert_nonnull(strstr(reply, "\"class\": \"GenericError\""));
        path = g_strdup_printf("\"path\": \"%s\"", m->path);
        g_assert_nonnull(strstr(reply, path));
    } else {
        g_assert_nonnull(strstr(reply, "\"class\": \"CommandNotFound\""));
        g_assert_null(strstr(reply, "\"path\""));
    }
    g_assert_cmpuint(c->rig->handled, ==, handled);
}

static void test_input(gconstpointer data)
{
    const Marked *m = data;
    g_autoptr(Case) c = case_new();
    g_autofree char *line = g_strdup_printf("%s\n", m->log);

    expect_ok(c, m);
    g_assert_cmpstr(c->log->str, ==, "");
    c->policy.input[m->kind] = QMP_POLICY_REJECT;
    expect_refusal(c, m);
    g_assert_cmpstr(c->log->str, ==, "");
    c->policy.input[m->kind] = QMP_POLICY_LOG;
    expect_ok(c, m);
    g_assert_cmpstr(c->log->str, ==, line);
    /* What is of another kind passes. */
    for (guint kind = 0; kind < QMP_POLICY_KINDS; kind++) {
        c->policy.input[kind] = kind == m->kind ? QMP_POLICY_ACCEPT : QMP_POLICY_REJECT;
    }
    if (!strstr(m->arguments, "both") && !strstr(m->arguments, "aging")) {
        expect_ok(c, m);
    }
}

static const Marked plain[] = {
    { 0, "test-marked", "{'plain': 'x', 'mode': 'plain', 'inner': {'plain': 'y'}}", NULL, NULL },
    { 0, "test-add", "{'qom-type': 'ripe', 'size': 1}", NULL, NULL },
    { 0, "test-add", "{'qom-type': 'test-ripe', 'size': 1, 'id': 'x'}", NULL, NULL },
    { 0, "test-plug", "{'qom-type': 'disk', 'size': 1, 'index': 1, 'serial': 'x'}",
      NULL, NULL },
    { 0, "query-status", "{}", NULL, NULL },
};

static void test_plain_input(void)
{
    g_autoptr(Case) c = case_new();

    for (guint kind = 0; kind < QMP_POLICY_KINDS; kind++) {
        c->policy.input[kind] = QMP_POLICY_REJECT;
    }
    for (guint i = 0; i < G_N_ELEMENTS(plain); i++) {
        expect_ok(c, &plain[i]);
    }
    g_assert_cmpstr(c->log->str, ==, "");
}

/* A dispatcher without a policy. */
static void test_no_policy(void)
{
    g_autoptr(Case) c = case_new();

    c->rig->dispatch.policy = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(marked); i++) {
        expect_ok(c, &marked[i]);
    }
}

/* One value, as qom-set has it decoded: what it names is judged, not where it goes. */
static void test_member(void)
{
    const QmpMember *row = &qmp_members(&qmp_type_TestMarked)[4];
    QmpPolicy policy = { .input[QMP_POLICY_UNSTABLE] = QMP_POLICY_REJECT };
    QmpInput input = { .ops = &qmp_value_input, .policy = &policy };
    g_autoptr(QmpValue) value = qmp_value_str("new");
    TestMarked *marked_struct = qmp_new(&qmp_type_TestMarked);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(qmp_name(row->name), ==, "mode");
    g_assert_false(qmp_decode_member(&input, row, value, marked_struct, &error));
    g_assert_error(error, QMP_ERROR, ERROR_REASON_UNSTABLE_INPUT);
    g_assert_cmpstr(qmp_error_path(error), ==, "mode");
    g_assert_false(marked_struct->has_mode);
    policy.input[QMP_POLICY_UNSTABLE] = QMP_POLICY_LOG;     /* to nobody */
    g_assert_true(qmp_decode_member(&input, row, value, marked_struct, NULL));
    g_assert_true(marked_struct->has_mode && marked_struct->mode == TEST_MARKED_MODE_NEW);
    qmp_clear(&qmp_type_TestMarked, &marked_struct);
}

static void test_class_name(void)
{
    const QmpPolicy policy = { .input[QMP_POLICY_DEPRECATED] = QMP_POLICY_REJECT };
    g_autoptr(GError) error = NULL;

    g_assert_true(qmp_policy_judge_class(&policy, "test-ripe", NULL));
    g_assert_true(qmp_policy_judge_class(&policy, "ripe", NULL));
    g_assert_true(qmp_policy_judge_class(&policy, "nothing", NULL));
    g_assert_true(qmp_policy_judge_class(NULL, "unripe", NULL));
    g_assert_false(qmp_policy_judge_class(&policy, "aging", NULL));
    g_assert_false(qmp_policy_judge_class(&policy, "unripe", &error));
    g_assert_error(error, QMP_ERROR, ERROR_REASON_DEPRECATED_INPUT);
    g_assert_nonnull(strstr(error->message, "the name 'unripe' of class 'test-ripe'"));
}

/* In the other dialect: as a command that is not there. */
static void test_jsonrpc(void)
{
    g_autoptr(Case) c = case_new();
    g_autoptr(Client) client = client_new(c->rig, QMP_DIALECT_JSONRPC, NULL);

    c->policy.input[QMP_POLICY_UNSTABLE] = QMP_POLICY_REJECT;
    client_call(client, "{\"jsonrpc\": \"2.0\", \"method\": \"test-new\", \"id\": 1}",
                "{\"jsonrpc\": \"2.0\", \"error\": {\"code\": -32601, \"message\": "
                "\"command 'test-new' is unstable, and the policy rejects that\", \"data\": "
                "{\"class\": \"CommandNotFound\", \"reason\": \"unstable-input\"}}, \"id\": 1}");
    c->policy.hidden = QMP_MARKS;
    client_call(client, "{\"jsonrpc\": \"2.0\", \"method\": \"test-whole\", \"params\": "
                "{\"plain\": \"x\", \"old\": \"y\"}, \"id\": 2}",
                "{\"jsonrpc\": \"2.0\", \"result\": {\"plain\": \"x\", \"old\": \"y\"}, \"id\": 2}");
}

/* ---- Output */

#define ALL "{\"plain\": \"x\", \"old\": \"y\", \"new\": 1, \"both\": true, " \
            "\"inner\": {\"old\": \"z\"}, " \
            "\"options\": {\"qom-type\": \"test-ripe\", \"size\": 1, \"later\": 1}}"

static void expect_output(Case *c, const char *command, guint32 hidden, const char *output)
{
    g_autofree char *request = g_strdup_printf("{\"execute\": \"%s\", \"arguments\": %s}",
                                               command, ALL);
    g_autofree char *reply = g_strdup_printf("{\"return\": %s}", output);
    g_autofree char *data = g_strdup_printf("\"data\": %s}", output), *line = NULL;

    c->policy.hidden = hidden;
    qmp_event_queue_set_hidden(c->rig->queue, hidden);
    client_send(c->client, request);
    if (!strcmp(command, "test-marked")) {
        line = client_line(c->client);
        g_assert_true(g_str_has_suffix(line, data));
    }
    client_expect(c->client, reply);
}

static void test_hidden_members(void)
{
    g_autoptr(Case) c = case_new();

    expect_output(c, "test-marked", 0, ALL);
    expect_output(c, "test-marked", QMP_MARK_DEPRECATED, "{\"plain\": \"x\", \"new\": 1, "
                  "\"inner\": {}, "
                  "\"options\": {\"qom-type\": \"test-ripe\", \"size\": 1, \"later\": 1}}");
    expect_output(c, "test-marked", QMP_MARK_UNSTABLE, "{\"plain\": \"x\", \"old\": \"y\", "
                  "\"inner\": {\"old\": \"z\"}, "
                  "\"options\": {\"qom-type\": \"test-ripe\", \"size\": 1}}");
    expect_output(c, "test-marked", QMP_MARKS, "{\"plain\": \"x\", \"inner\": {}, "
                  "\"options\": {\"qom-type\": \"test-ripe\", \"size\": 1}}");
    expect_output(c, "test-whole", QMP_MARKS, ALL);
    expect_output(c, "test-marked", 0, ALL);
}

static void test_hidden_events(void)
{
    g_autoptr(Case) c = case_new();
    g_autofree char *line = NULL;

    client_send(c->client, "{\"execute\": \"test-old\"}");
    line = client_line(c->client);
    g_assert_nonnull(strstr(line, "\"event\": \"TEST_OLD\""));
    client_expect(c->client, "{\"return\": {}}");
    qmp_event_queue_set_hidden(c->rig->queue, QMP_MARK_UNSTABLE);
    client_send(c->client, "{\"execute\": \"test-old\"}");
    g_free(line);
    line = client_line(c->client);
    g_assert_nonnull(strstr(line, "\"event\": \"TEST_OLD\""));
    client_expect(c->client, "{\"return\": {}}");
    qmp_event_queue_set_hidden(c->rig->queue, QMP_MARK_DEPRECATED);
    client_call(c->client, "{\"execute\": \"test-old\"}", "{\"return\": {}}");
    client_expect_silence(c->client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(marked); i++) {
        g_autofree char *path = g_strdup_printf("/policy/input/%s/%u", reasons[marked[i].kind], i);

        g_test_add_data_func(path, &marked[i], test_input);
    }
    g_test_add_func("/policy/plain-input", test_plain_input);
    g_test_add_func("/policy/no-policy", test_no_policy);
    g_test_add_func("/policy/member", test_member);
    g_test_add_func("/policy/class-name", test_class_name);
    g_test_add_func("/policy/jsonrpc", test_jsonrpc);
    g_test_add_func("/policy/hidden-members", test_hidden_members);
    g_test_add_func("/policy/hidden-events", test_hidden_events);
    return g_test_run();
}
