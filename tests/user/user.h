/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Linux program of user space on the CPU in software, one process in one thread: its
 * code runs at CPL 3 on a real accelerator, and each of its system calls is passed on to
 * the host.  What it prints and how it ends is what it would be natively, which
 * programs.py holds it to.
 *
 * There is no kernel: SYSCALL goes to an OUT and a SYSRET, and in between the host
 * reads and writes the registers.  The program's addresses from USER_LOWEST up to USER_SIZE
 * are one piece of the host's memory, all of it readable, writable and executable; so a
 * pointer is translated by an addition.  Signals, threads and other processes
 * are refused (ENOSYS), and so is what no row of the table in user-calls.c names.
 */
#ifndef TESTS_USER_USER_H
#define TESTS_USER_USER_H

#include "tests/unit/tcg-rig.h"

#define USER_LOWEST 0x200000ull         /* below are the rig's tables */
#define USER_SIZE   0x40000000ull
#define USER_PIE    0x10000000ull       /* a program that may lie anywhere */
#define USER_LINKER 0x18000000ull       /* its dynamic linker */
#define USER_MAPS   0x20000000ull       /* mmap, up to the stack */
#define USER_STACK  0x3f000000ull

typedef struct {
    TcgRig *rig;
    guint8 *memory;             /* of address 0, which is not the program's */
    guint64 first_break, program_break;
    guint64 maps_end;           /* mmap gives out from here on */
    int status;                 /* once it has ended */
} User;

/* The host's pointer for the program's; NULL stays what it is, and what is no
 * address of the program is none of the host's. */
void *user_at(const User *user, guint64 address);
/* The host wrote there. */
void user_written(User *user, guint64 address, guint64 size);

/* Loads program and dynamic linker, and makes the stack.  Returns where to begin, or 0 with a
 * message. */
guint64 user_load(User *user, char **argv, char **envp, guint64 *ret_stack);

/* A system call, with the rig's lock: state's registers say which, and get its result. */
void user_call(User *user, TcgState *s);
/* It is not to run any more. */
void user_end(User *user, int status);

#endif
