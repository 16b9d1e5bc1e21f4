/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sandbox: what each group forbids, and what stays possible. */
#include "config.h"

#include <errno.h>
#include <glib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/service/sandbox.h"
#include "qmp/error.h"

static int try_mount(void)
{
    return mount("none", "/no/such", "tmpfs", 0, NULL);
}

static int try_obsolete(void)
{
    return syscall(SYS_sysfs, 3);
}

static int try_user(void)
{
    return setuid(getuid());
}

static int try_fork(void)
{
    int pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return pid < 0 ? -1 : waitpid(pid, NULL, 0) < 0 ? -1 : 0;
}

static int try_priority(void)
{
    return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0));
}

static const struct {
    SandboxGroups group;
    int (*try)(void);
    int otherwise;              /* errno of an allowed call, 0: it succeeds */
} calls[] = {
    { SANDBOX_DANGEROUS, try_mount, ENOENT },
    { SANDBOX_OBSOLETE, try_obsolete, 0 },
    { SANDBOX_ELEVATEPRIVILEGES, try_user, 0 },
    { SANDBOX_SPAWN, try_fork, 0 },
    { SANDBOX_RESOURCECONTROL, try_priority, 0 },
};

static gpointer thread(gpointer data)
{
    return data;
}

/* In a child: the number of the first call that is not as it should be, or 0. */
static int check(SandboxGroups groups)
{
    if (!sandbox_enter(groups, NULL)) {
        return 100;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        bool refused = groups & calls[i].group;
        int error = calls[i].try() < 0 ? errno : 0;

        /* Not every user may mount, and not every kernel has the obsolete one. */
        if (refused ? error != EPERM
                    : error != calls[i].otherwise && error != ENOSYS &&
                      !(error == EPERM && calls[i].group == SANDBOX_DANGEROUS)) {
            return i + 1;
        }
    }
    return g_thread_join(g_thread_new("t", thread, &groups)) == &groups ? 0 : 101;
}

static void test_groups(void)
{
    for (SandboxGroups groups = 0; groups < 32; groups++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            _exit(check(groups));
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmphex(status, ==, 0);
    }
}

static void test_parse(void)
{
    static const char *const wrong[] = { "x", "spawn,", "spawn,x", "dangerous", "Spawn" };
    SandboxGroups groups;

    g_assert_true(sandbox_parse("", &groups, NULL));
    g_assert_cmphex(groups, ==, SANDBOX_DANGEROUS);
    g_assert_true(sandbox_parse("spawn", &groups, NULL));
    g_assert_cmphex(groups, ==, SANDBOX_DANGEROUS | SANDBOX_SPAWN);
    g_assert_true(sandbox_parse("obsolete,elevateprivileges,spawn,resourcecontrol", &groups, NULL));
    g_assert_cmphex(groups, ==, 31);
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(sandbox_parse(wrong[i], &groups, &error));
        g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sandbox/parse", test_parse);
    g_test_add_func("/sandbox/groups", test_groups);
    return g_test_run();
}
