/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where exceptions and interrupts arrive, for interrupt.c.
 */
    .code64
    .section .text, "ax"

/* Vectors 0 to 31, 16 bytes each; those that push no error code get a zero, so
 * that every frame looks the same (Intel SDM vol. 3A, table 6-1). */
    .globl  exception_entries
    .balign 16
exception_entries:
    vector = 0
    .rept   32
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq   $0
    .endif
    pushq   $vector
    jmp     exception_common
    vector = vector + 1
    .endr

exception_common:
    movq    %rsp, %rdi
    andq    $-16, %rsp
    call    exception_dispatch

    .globl  interrupt_entry
interrupt_entry:
    pushq   %rax
    pushq   %rcx
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    pushq   %rbp
    movq    %rsp, %rbp
    andq    $-16, %rsp
    cld
    call    interrupt_dispatch
    movq    %rbp, %rsp
    popq    %rbp
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %rcx
    popq    %rax
    iretq

    .section .note.GNU-stack, "", @progbits
