/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user PROGRAM [ARGUMENTS]: see user.h.  Its exit status is the program's.
 */
#include "config.h"
#include "tests/user/user.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tcg/tcg-accel.h"

/* Behind those of the exceptions. */
enum { CALL_VECTOR = 0x20, STATUS_FAULT = 125, STATUS_USAGE = 126 };
enum { CODE_MIB = 32 };
#define USER_GPA    0x40000000ull
#define PAGE_TABLES 0x30000ull
#define STAR        0x0023002800000000ull

void *user_at(const User *user, guint64 address)
{
    if (!address) {
        return NULL;
    }
    return address < USER_SIZE ? user->memory + address : (void *)~(guintptr)0;
}

void user_written(User *user, guint64 address, guint64 size)
{
    user->rig->ops->memory_written(user->rig->accel, USER_GPA + address, size);
}

void user_end(User *user, int status)
{
    user->status = status;
    user->rig->n_done++;
}

static void on_event(TcgRig *rig, TcgRigEvent *event)
{
    User *user = rig->data;
    TcgState *s = ((TcgVcpu *)rig->cpu->vcpu)->state;

    if (event->vector == CALL_VECTOR) {
        user_call(user, s);
    } else {
        g_printerr("exception %u at 0x%" G_GINT64_MODIFIER "x, error %x, address 0x%"
                   G_GINT64_MODIFIER "x\n", event->vector, event->rip, event->error, s->cr2);
        user_end(user, STATUS_FAULT);
    }
}

/* ---- The machine ---- */

static void add_memory(User *user)
{
    TcgRig *rig = user->rig;
    AccelSlot slot = { .gpa = USER_GPA, .size = USER_SIZE };
    g_autoptr(GError) error = NULL;

    user->memory = slot.hva = mmap(NULL, USER_SIZE, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    g_assert_true(slot.hva != MAP_FAILED);
    rig->ops->slots_begin(rig->accel);
    rig->ops->slot_add(rig->accel, &slot);
    rig->ops->slots_commit(rig->accel, &error);
    g_assert_no_error(error);
}

/* The rig's first 2 MiB as they are, then the program's pages. */
static void make_page_tables(User *user)
{
    guint64 table[3][512] = { { (PAGE_TABLES + 0x1000) | 7 }, { (PAGE_TABLES + 0x2000) | 7 },
                              { 0x83 } };

    for (guint64 i = 1; i < 512; i++) {
        table[2][i] = (USER_GPA + (i << 21)) | 0x87;
    }
    tcg_rig_load(user->rig, PAGE_TABLES, table, sizeof(table));
}

static void make_call_handler(User *user)
{
    static const guint8 code[] = { 0xe6, TCG_RIG_EVENT, 0x48, 0x0f, 0x07 };     /* out; sysretq */

    tcg_rig_load(user->rig, TCG_RIG_HANDLERS + 16 * CALL_VECTOR, code, sizeof(code));
}

static void begin_at(User *user, guint64 entry, guint64 stack)
{
    X86CpuState state;

    tcg_rig_mode(user->rig, TCG_RIG_LONG_USER, &state);
    make_page_tables(user);
    make_call_handler(user);
    state.rip = entry;
    state.gpr[X86_RSP] = stack;
    state.gpr[X86_RDX] = 0;             /* no function to call at the end */
    state.cr3 = PAGE_TABLES;
    state.cr4 |= CR4_OSXSAVE;
    state.xcr0 = 7;
    state.msrs.star = STAR;
    state.msrs.lstar = TCG_RIG_HANDLERS + 16 * CALL_VECTOR;
    state.msrs.sfmask = EFLAGS_IF | EFLAGS_DF | EFLAGS_TF | EFLAGS_AC;
    tcg_rig_reset(user->rig, &state);
}

int main(int argc, char **argv)
{
    User user = { .status = STATUS_USAGE };
    guint64 entry, stack;

    if (argc < 2) {
        g_printerr("usage: user PROGRAM [ARGUMENTS]\n");
        return STATUS_USAGE;
    }
    user.rig = tcg_rig_new_sized(CODE_MIB);
    user.rig->data = &user;
    user.rig->on_event = on_event;
    add_memory(&user);
    entry = user_load(&user, argv + 1, environ, &stack);
    if (entry) {
        begin_at(&user, entry, stack);
        tcg_rig_run(user.rig, 0);
    }
    if (user.rig->internal_error || user.rig->n_resets) {
        g_printerr("%s\n", user.rig->internal_error ?: "a triple fault");
        user.status = STATUS_FAULT;
    }
    tcg_rig_free(user.rig);
    munmap(user.memory, USER_SIZE);
    return user.status;
}
