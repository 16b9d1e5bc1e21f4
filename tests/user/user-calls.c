/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls of the program: most are the host's with pointers translated, those on
 * memory and on the process itself are answered here.
 */
#include "config.h"
#include "tests/user/user.h"

#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tcg/system.h"

typedef gint64 Call(User *user, TcgState *s, guint64 arguments[6]);

/* ---- Memory ---- */

static guint64 pages(guint64 size)
{
    return (size + 4095) & ~(guint64)4095;
}

static gint64 call_brk(User *user, TcgState *s, guint64 a[6])
{
    guint64 limit = user->first_break < USER_PIE ? USER_PIE : USER_LINKER;

    if (a[0] >= user->first_break && a[0] < limit) {
        if (a[0] < user->program_break) {
            memset(user->memory + a[0], 0, user->program_break - a[0]);
        }
        user->program_break = a[0];
    }
    return user->program_break;
}

static bool may_map(guint64 address, guint64 size)
{
    return address >= USER_LOWEST && !(address & 4095) && size && size <= USER_STACK &&
           address <= USER_STACK - size;
}

static gint64 call_mmap(User *user, TcgState *s, guint64 a[6])
{
    guint64 size = pages(a[1]), address = a[3] & MAP_FIXED ? a[0] : user->maps_end;
    gint64 got = 0;

    if (!may_map(address, size)) {
        return -ENOMEM;
    }
    memset(user->memory + address, 0, size);
    for (gint64 n = 1; !(a[3] & MAP_ANONYMOUS) && n > 0 && got < (gint64)a[1]; got += n) {
        n = pread((int)a[4], user->memory + address + got, a[1] - got, a[5] + got);
        if (n < 0) {
            return -errno;
        }
    }
    user->maps_end = MAX(user->maps_end, address + size);
    user_written(user, address, size);
    return address;
}

/* What was given out last can be given out again. */
static gint64 call_munmap(User *user, TcgState *s, guint64 a[6])
{
    if (!may_map(a[0], pages(a[1]))) {
        return -EINVAL;
    }
    if (a[0] + pages(a[1]) == user->maps_end && a[0] >= USER_MAPS) {
        user->maps_end = a[0];
    }
    return 0;
}

/* ---- The process ---- */

static gint64 call_arch_prctl(User *user, TcgState *s, guint64 a[6])
{
    if (a[0] != ARCH_SET_FS) {
        return -EINVAL;
    }
    s->segment[TCG_FS].base = a[1];
    return 0;
}

static gint64 call_exit(User *user, TcgState *s, guint64 a[6])
{
    user_end(user, a[0] & 0xff);
    return 0;
}

/* They send a signal: to itself. */
static gint64 call_kill(User *user, TcgState *s, guint64 a[6])
{
    user_end(user, 128 + (a[1] & 0x7f));
    return 0;
}

static gint64 call_tgkill(User *user, TcgState *s, guint64 a[6])
{
    user_end(user, 128 + (a[2] & 0x7f));
    return 0;
}

static gint64 call_nothing(User *user, TcgState *s, guint64 a[6])
{
    return 0;
}

static gint64 call_own_id(User *user, TcgState *s, guint64 a[6])
{
    return getpid();
}

/* ---- Calls of the host ---- */

static gint64 pass_on(guint number, const guint64 a[6])
{
    gint64 result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);

    return result == -1 ? -errno : result;
}

static gint64 call_vectors(User *user, guint number, guint64 a[6])
{
    const struct iovec *from = user_at(user, a[1]);
    struct iovec to[64];
    guint n = MIN(a[2], G_N_ELEMENTS(to));

    for (guint i = 0; i < n; i++) {
        to[i].iov_base = user_at(user, (guintptr)from[i].iov_base);
        to[i].iov_len = from[i].iov_len;
    }
    return pass_on(number, (guint64[6]){ a[0], (guintptr)to, n });
}

static gint64 call_readv(User *user, TcgState *s, guint64 a[6])
{
    return call_vectors(user, SYS_readv, a);
}

static gint64 call_writev(User *user, TcgState *s, guint64 a[6])
{
    return call_vectors(user, SYS_writev, a);
}

static gint64 call_fcntl(User *user, TcgState *s, guint64 a[6])
{
    switch (a[1]) {
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
        a[2] = (guintptr)user_at(user, a[2]);
    }
    return pass_on(SYS_fcntl, a);
}

typedef struct {
    guint16 number;
    Call *call;
} Own;

static const Own own_calls[] = {
    { SYS_brk, call_brk }, { SYS_mmap, call_mmap }, { SYS_munmap, call_munmap },
    { SYS_mprotect, call_nothing }, { SYS_madvise, call_nothing },
    { SYS_arch_prctl, call_arch_prctl }, { SYS_exit, call_exit }, { SYS_exit_group, call_exit },
    { SYS_tgkill, call_tgkill },
    { SYS_kill, call_kill }, { SYS_rt_sigaction, call_nothing },
    { SYS_rt_sigprocmask, call_nothing }, { SYS_sigaltstack, call_nothing },
    { SYS_set_robust_list, call_nothing }, { SYS_set_tid_address, call_own_id },
    { SYS_gettid, call_own_id }, { SYS_readv, call_readv }, { SYS_writev, call_writev },
    { SYS_fcntl, call_fcntl },
};

/* The host's; bit i of pointers: argument i is one. */
typedef struct {
    guint16 number;
    guint8 pointers;
} Passed;

static const Passed passed_calls[] = {
    { SYS_read, 2 }, { SYS_write, 2 }, { SYS_pread64, 2 }, { SYS_pwrite64, 2 }, { SYS_open, 1 },
    { SYS_openat, 2 }, { SYS_close, 0 }, { SYS_lseek, 0 }, { SYS_stat, 3 }, { SYS_lstat, 3 },
    { SYS_fstat, 2 }, { SYS_newfstatat, 6 }, { SYS_statx, 18 }, { SYS_statfs, 3 },
    { SYS_fstatfs, 2 }, { SYS_access, 1 }, { SYS_faccessat, 2 }, { SYS_faccessat2, 2 },
    { SYS_readlink, 3 }, { SYS_readlinkat, 6 }, { SYS_getdents64, 2 }, { SYS_getcwd, 1 },
    { SYS_chdir, 1 }, { SYS_fchdir, 0 }, { SYS_unlink, 1 }, { SYS_unlinkat, 2 },
    { SYS_rename, 3 }, { SYS_mkdir, 1 }, { SYS_rmdir, 1 }, { SYS_chmod, 1 }, { SYS_fchmod, 0 },
    { SYS_chown, 1 }, { SYS_fchown, 0 }, { SYS_umask, 0 }, { SYS_utimensat, 6 },
    { SYS_ftruncate, 0 }, { SYS_fsync, 0 }, { SYS_fadvise64, 0 }, { SYS_ioctl, 4 },
    { SYS_dup, 0 }, { SYS_dup2, 0 }, { SYS_dup3, 0 }, { SYS_pipe, 1 }, { SYS_pipe2, 1 },
    { SYS_poll, 1 }, { SYS_getpid, 0 }, { SYS_getppid, 0 }, { SYS_getuid, 0 }, { SYS_geteuid, 0 },
    { SYS_getgid, 0 }, { SYS_getegid, 0 }, { SYS_getgroups, 2 }, { SYS_getpgrp, 0 },
    { SYS_uname, 1 }, { SYS_sysinfo, 1 }, { SYS_getrlimit, 2 }, { SYS_getrusage, 2 },
    { SYS_prlimit64, 12 }, { SYS_gettimeofday, 3 }, { SYS_time, 1 }, { SYS_times, 1 },
    { SYS_clock_gettime, 2 }, { SYS_clock_getres, 2 }, { SYS_clock_nanosleep, 12 },
    { SYS_nanosleep, 3 }, { SYS_sched_yield, 0 }, { SYS_sched_getaffinity, 4 },
    { SYS_getrandom, 1 }, { SYS_futex, 1 },
};

static gint64 pass_call(User *user, const Passed *row, guint64 a[6])
{
    gint64 result;

    for (guint i = 0; i < 6; i++) {
        if (row->pointers >> i & 1) {
            a[i] = (guintptr)user_at(user, a[i]);
        }
    }
    result = pass_on(row->number, a);
    if (result > 0 && (row->number == SYS_read || row->number == SYS_pread64)) {
        user_written(user, a[1] - (guintptr)user->memory, result);
    }
    return result;
}

static gint64 answer(User *user, TcgState *s, guint64 number, guint64 a[6])
{
    for (guint i = 0; i < G_N_ELEMENTS(own_calls); i++) {
        if (own_calls[i].number == number) {
            return own_calls[i].call(user, s, a);
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(passed_calls); i++) {
        if (passed_calls[i].number == number) {
            return pass_call(user, &passed_calls[i], a);
        }
    }
    return -ENOSYS;
}

void user_call(User *user, TcgState *s)
{
    guint64 arguments[6] = { s->gpr[TCG_RDI], s->gpr[TCG_RSI], s->gpr[TCG_RDX],
                             s->gpr[10], s->gpr[8], s->gpr[9] };

    s->gpr[TCG_RAX] = answer(user, s, s->gpr[TCG_RAX], arguments);
}
