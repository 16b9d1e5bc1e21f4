/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between generated code and C.  tcg/state.h says which register is where.
 *
 * tcg_thread() reserves the state under its own frame and calls the dispatcher
 * (dispatch.c) from there, again and again: it returns the address of code to run,
 * or NULL for the end.  No C frame that is returned to lies below the state while
 * generated code runs, so a helper may be left by a jump (tcg_abandon).
 *
 * Nothing here needs unwinding: C above returns only through tcg_thread().
 */
#include "tcg/offsets.h"

    .text

#define DEFAULT_MXCSR 0x1f80
#define AT(offset) offset(%rsp)
#define GPR(n) (TCG_OFF_GPR + 8 * (n))

/* extra: bytes pushed since rsp was the state. */
.macro save_registers extra
    mov %rax, \extra + GPR(0)(%rsp)
    mov %rcx, \extra + GPR(1)(%rsp)
    mov %rdx, \extra + GPR(2)(%rsp)
    mov %rbx, \extra + GPR(3)(%rsp)
    mov %r9, \extra + GPR(4)(%rsp)
    mov %rbp, \extra + GPR(5)(%rsp)
    mov %rsi, \extra + GPR(6)(%rsp)
    mov %rdi, \extra + GPR(7)(%rsp)
    mov %r8, \extra + GPR(8)(%rsp)
    mov %r12, \extra + GPR(12)(%rsp)
    mov %r13, \extra + GPR(13)(%rsp)
    mov %r14, \extra + GPR(14)(%rsp)
    mov %r15, \extra + GPR(15)(%rsp)
.endm

.macro load_registers extra
    mov \extra + GPR(0)(%rsp), %rax
    mov \extra + GPR(1)(%rsp), %rcx
    mov \extra + GPR(2)(%rsp), %rdx
    mov \extra + GPR(3)(%rsp), %rbx
    mov \extra + GPR(4)(%rsp), %r9
    mov \extra + GPR(5)(%rsp), %rbp
    mov \extra + GPR(6)(%rsp), %rsi
    mov \extra + GPR(7)(%rsp), %rdi
    mov \extra + GPR(8)(%rsp), %r8
    mov \extra + GPR(12)(%rsp), %r12
    mov \extra + GPR(13)(%rsp), %r13
    mov \extra + GPR(14)(%rsp), %r14
    mov \extra + GPR(15)(%rsp), %r15
.endm

.macro function name
    .globl \name
    .hidden \name
    .type \name, @function
    .p2align 4
\name:
.endm

/* void tcg_thread(TcgVcpu *vcpu, gsize state_size, void (*init)(TcgState *, TcgVcpu *)) */
function tcg_thread
    push %rbp
    mov %rsp, %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rax
    sub %rsi, %rsp
    and $-64, %rsp
    mov %rdi, %rsi
    mov %rax, %r12
    mov %rsp, %rdi
    call *%rdx
    mov %r12, AT(TCG_OFF_RETURN_RSP)
    /* The guest's vector registers go into the host's; C has the default control words until then. */
    mov AT(TCG_OFF_XSAVE_MASK), %eax
    mov TCG_OFF_XSAVE_MASK + 4(%rsp), %edx
    xrstor64 AT(TCG_OFF_VECTOR)
    jmp loop

/* In: r10, where to go on, r11, the TcgExit. */
function tcg_thunk_exit
    mov %r11, AT(TCG_OFF_CHAIN)
/* In: r10, where to go on. */
function tcg_thunk_rip
    mov %r10, AT(TCG_OFF_RIP)
/* In: s->rip is set. */
function tcg_thunk_loop
    save_registers 0
loop:
    mov %rsp, %rdi
    cld
    call tcg_dispatch
    test %rax, %rax
    jz end
    mov %rax, %r11
    load_registers 0
    jmp *%r11

end:
    mov AT(TCG_OFF_RETURN_RSP), %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret

/* Called from generated code, so rsp is 8 below the state.  In: r11, the TcgInsn. */
function tcg_thunk_helper
    save_registers 8
    sub $8, %rsp
    lea 16(%rsp), %rdi
    mov %r11, %rsi
    call tcg_run_helper
    test %eax, %eax
    jnz left
    load_registers 16
    add $8, %rsp
    ret
left:
    add $16, %rsp
    jmp loop

/* In: r10, linear address; r11, the TcgMemop.  C says where to go on, and what r10 is there. */
function tcg_thunk_slow
    save_registers 0
    mov %rsp, %rdi
    mov %r10, %rsi
    mov %r11, %rdx
    call tcg_slow
    test %rax, %rax
    jz loop
continue:
    mov %rax, %r11
    load_registers 0
    mov AT(TCG_OFF_SCRATCH), %r10
    jmp *%r11

/* In: r10, offset in the segment; r11, the TcgMemop. */
function tcg_thunk_segment
    save_registers 0
    mov %rsp, %rdi
    mov %r10, %rsi
    mov %r11, %rdx
    call tcg_slow_segment
    jmp continue

/* In: r11, the TcgMemop; the host's flags are what the instruction made of them.  r10 stays. */
function tcg_thunk_copied
    mov %r10, AT(TCG_OFF_SCRATCH)
    mov %rax, AT(TCG_OFF_SAVE_RAX)
    lahf
    seto %al
    mov %eax, AT(TCG_OFF_COPY_FLAGS)
    mov AT(TCG_OFF_SAVE_RAX), %rax
    save_registers 0
    mov %rsp, %rdi
    mov %r11, %rsi
    call tcg_copied
    test %rax, %rax
    jz loop
    mov %rax, %r11
    mov AT(TCG_OFF_COPY_FLAGS), %eax
    add $0x7f, %al
    sahf
    load_registers 0
    mov AT(TCG_OFF_SCRATCH), %r10
    jmp *%r11

/* The signal handler continues here after a fault in generated code; registers are as they were. */
function tcg_thunk_fault
    save_registers 0
    mov %rsp, %rdi
    cld
    call tcg_host_fault
    jmp loop

/* _Noreturn void tcg_abandon(TcgState *s): out of light C, whatever lies on the stack. */
function tcg_abandon
    mov %rdi, %rsp
    jmp loop

/* Vector register n, or its upper half, and its place in an image for xrstor. */
#define XMM(n) (TCG_OFF_VECTOR + 160 + 16 * (n))
#define UPPER(n) (TCG_OFF_VECTOR + 576 + 16 * (n))
#define MXCSR (TCG_OFF_VECTOR + 24)
#define IN_USE (TCG_OFF_VECTOR + 512)
#define N_VECTORS 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define X87 1
#define SSE 2
#define AVX 4

/* eax: X87 and AVX as far as they are not as after a reset; changes ecx, edx.  Not cheap. */
.macro get_in_use
    mov $1, %ecx
    xgetbv
.endm

/* guint64 tcg_heavy(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument)
 * guint64 tcg_heavy_inside(the same)
 *
 * The guest's vectors go into an image for xrstor, and C begins as the ABI has it.  As long
 * as the guest's x87 is as after a reset, which is nearly always, moves do what xsave, fninit and
 * xrstor take four times as long for; and if it was not used, what C makes of it does not count.
 * If neither it nor AVX was, nothing has to be asked. */
.macro heavy name, run
function \name
    push %rbx
    push %r12
    sub $8, %rsp
    mov %rdi, %rbx
    mov %rdx, %r8
    cmpl $0, TCG_OFF_SEES_IN_USE(%rbx)
    je 1f
    xor %eax, %eax
    cmpq $0, TCG_OFF_X87_USED(%rbx)
    je 5f
    get_in_use
    test $X87, %al
    jz 5f
    cmpl $0, TCG_OFF_X87_USED(%rbx)
    jne 1f
5:  stmxcsr MXCSR(%rbx)
    .irp n, N_VECTORS
    movaps %xmm\n, XMM(\n)(%rbx)
    .endr
    and $AVX, %eax
    jz 2f
    .irp n, N_VECTORS
    vextractf128 $1, %ymm\n, UPPER(\n)(%rbx)
    .endr
    vzeroupper
2:  or $SSE, %eax
    mov %rax, IN_USE(%rbx)
    cmpl $DEFAULT_MXCSR, MXCSR(%rbx)
    je 4f
    jmp 3f
1:  mov $(X87 | SSE | AVX), %eax
    xor %edx, %edx
    xsave64 TCG_OFF_VECTOR(%rbx)
    vzeroupper
    fninit
3:  ldmxcsr default_mxcsr(%rip)
4:  mov %r8, %rdx
    call \run
    mov %rax, %r12

    /* What C has made of the image counts, and of the x87. */
    mov IN_USE(%rbx), %r8d
    mov %r8d, %eax
    and $(X87 | SSE), %eax
    cmp $SSE, %eax
    jne 1f
    cmpl $0, TCG_OFF_SEES_IN_USE(%rbx)
    je 1f
    cmpl $0, TCG_OFF_X87_USED(%rbx)
    je 5f
    get_in_use
    test $X87, %al
    jnz 1f
5:  .irp n, N_VECTORS
    movaps XMM(\n)(%rbx), %xmm\n
    .endr
    test $AVX, %r8b
    jz 2f
    .irp n, N_VECTORS
    vinsertf128 $1, UPPER(\n)(%rbx), %ymm\n, %ymm\n
    .endr
    movl $1, TCG_OFF_AVX_USED(%rbx)
    jmp 3f
2:  vzeroupper
3:  stmxcsr (%rsp)
    mov MXCSR(%rbx), %eax
    cmp %eax, (%rsp)
    je 4f
    ldmxcsr MXCSR(%rbx)
    jmp 4f
1:  mov TCG_OFF_XSAVE_MASK(%rbx), %eax
    mov TCG_OFF_XSAVE_MASK + 4(%rbx), %edx
    xrstor64 TCG_OFF_VECTOR(%rbx)
    movl $1, TCG_OFF_X87_USED(%rbx)
    movl $1, TCG_OFF_AVX_USED(%rbx)
4:  mov %r12, %rax
    add $8, %rsp
    pop %r12
    pop %rbx
    ret
.endm

    heavy tcg_heavy, tcg_run_heavy
    heavy tcg_heavy_inside, tcg_run_inside

    .section .rodata
    .p2align 2
default_mxcsr:
    .long DEFAULT_MXCSR

    .section .note.GNU-stack, "", @progbits
