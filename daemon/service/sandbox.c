/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sandbox: see sandbox.h.  A filter of system calls (seccomp(2)), which the kernel applies to all
 * threads at once.
 */
#include "config.h"
#include "daemon/service/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qmp/error.h"

/* Numbers from here on are those of the x32 ABI, which names the same calls again. */
#define X32_CALLS 0x40000000

#define REFUSE (SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))
/* The C library tries clone() instead, whose flags can be seen. */
#define ABSENT (SECCOMP_RET_ERRNO | (ENOSYS & SECCOMP_RET_DATA))

static const struct {
    const char *name;
    SandboxGroups group;
} names[] = {
    { "obsolete", SANDBOX_OBSOLETE },
    { "elevateprivileges", SANDBOX_ELEVATEPRIVILEGES },
    { "spawn", SANDBOX_SPAWN },
    { "resourcecontrol", SANDBOX_RESOURCECONTROL },
};

/* As QEMU 7.2 has them (softmmu/qemu-seccomp.c), as far as x86-64 does.  GLib's threads need
 * sched_setattr(). */
static const struct {
    int number;
    SandboxGroups group;
} calls[] = {
    { SYS_reboot, SANDBOX_DANGEROUS }, { SYS_swapon, SANDBOX_DANGEROUS },
    { SYS_swapoff, SANDBOX_DANGEROUS }, { SYS_syslog, SANDBOX_DANGEROUS },
    { SYS_mount, SANDBOX_DANGEROUS }, { SYS_umount2, SANDBOX_DANGEROUS },
    { SYS_kexec_load, SANDBOX_DANGEROUS }, { SYS_afs_syscall, SANDBOX_DANGEROUS },
    { SYS_getpmsg, SANDBOX_DANGEROUS }, { SYS_putpmsg, SANDBOX_DANGEROUS },
    { SYS_security, SANDBOX_DANGEROUS }, { SYS_tuxcall, SANDBOX_DANGEROUS },
    { SYS_vserver, SANDBOX_DANGEROUS },
    { SYS__sysctl, SANDBOX_OBSOLETE }, { SYS_create_module, SANDBOX_OBSOLETE },
    { SYS_get_kernel_syms, SANDBOX_OBSOLETE }, { SYS_query_module, SANDBOX_OBSOLETE },
    { SYS_sysfs, SANDBOX_OBSOLETE }, { SYS_uselib, SANDBOX_OBSOLETE },
    { SYS_ustat, SANDBOX_OBSOLETE },
    { SYS_setuid, SANDBOX_ELEVATEPRIVILEGES }, { SYS_setgid, SANDBOX_ELEVATEPRIVILEGES },
    { SYS_setpgid, SANDBOX_ELEVATEPRIVILEGES }, { SYS_setsid, SANDBOX_ELEVATEPRIVILEGES },
    { SYS_setreuid, SANDBOX_ELEVATEPRIVILEGES }, { SYS_setregid, SANDBOX_ELEVATEPRIVILEGES },
    { SYS_setresuid, SANDBOX_ELEVATEPRIVILEGES }, { SYS_setresgid, SANDBOX_ELEVATEPRIVILEGES },
    { SYS_setfsuid, SANDBOX_ELEVATEPRIVILEGES }, { SYS_setfsgid, SANDBOX_ELEVATEPRIVILEGES },
    { SYS_fork, SANDBOX_SPAWN }, { SYS_vfork, SANDBOX_SPAWN },
    { SYS_execve, SANDBOX_SPAWN }, { SYS_execveat, SANDBOX_SPAWN },
    { SYS_setpriority, SANDBOX_RESOURCECONTROL }, { SYS_sched_setparam, SANDBOX_RESOURCECONTROL },
    { SYS_sched_setscheduler, SANDBOX_RESOURCECONTROL },
    { SYS_sched_setaffinity, SANDBOX_RESOURCECONTROL },
};

static bool take_name(const char *name, SandboxGroups *groups)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(names[i].name, name)) {
            *groups |= names[i].group;
            return true;
        }
    }
    return false;
}

bool sandbox_parse(const char *text, SandboxGroups *ret, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    *ret = SANDBOX_DANGEROUS;
    for (guint i = 0; words[i]; i++) {
        if (!take_name(words[i], ret)) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                          "there is no group of system calls '%s'", words[i]);
            return false;
        }
    }
    return true;
}

static void add(GArray *code, struct sock_filter step)
{
    g_array_append_val(code, step);
}

/* Ends the filter with result for one call. */
static void add_call(GArray *code, int number, guint32 result)
{
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
}

/* clone() makes threads and processes.  The lower half of its first argument has the flags. */
static void add_clone(GArray *code)
{
    add_call(code, SYS_clone3, ABSENT);
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
    add(code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                           offsetof(struct seccomp_data, args)));
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
    add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, REFUSE));
    add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static GArray *make_code(SandboxGroups groups)
{
    GArray *code = g_array_new(FALSE, FALSE, sizeof(struct sock_filter));

    add(code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                           offsetof(struct seccomp_data, arch)));
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
    add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, REFUSE));
    add(code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                           offsetof(struct seccomp_data, nr)));
    add(code, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, 0, 1));
    add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, REFUSE));
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (groups & calls[i].group) {
            add_call(code, calls[i].number, REFUSE);
        }
    }
    if (groups & SANDBOX_SPAWN) {
        add_clone(code);
    }
    add(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return code;
}

bool sandbox_enter(SandboxGroups groups, GError **error)
{
    g_autoptr(GArray) code = make_code(groups);
    struct sock_fprog program = {
        .len = code->len, .filter = (struct sock_filter *)(void *)code->data,
    };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) != 0) {
        qmp_error_set_errno(error, ERROR_REASON_NOT_SUPPORTED, errno,
                            "--sandbox: the kernel has no filter of system calls");
        return false;
    }
    return true;
}
