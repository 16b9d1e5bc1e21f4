/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every CPU but the first does, from its start in real mode on: it takes a number, writes
 * what CPUID tells into its record, counts itself and halts.  Copied to where a start-up IPI can
 * point at; see cpus.h for the layout.
 */
    .section .rodata
    .balign 16
    .globl cpus_start, cpus_start_end, cpus_leaves, cpus_ticket, cpus_done

    .code16
cpus_start:
    cli
    movw %cs, %ax
    movw %ax, %ds
    movl $1, %ebx
    lock xaddl %ebx, cpus_ticket - cpus_start
    cmpl $624, %ebx             /* CPUS_MAX */
    jae 2f
    shll $5, %ebx               /* records of 512 bytes, one page behind this code */
    addw $0x100, %bx
    addw %bx, %ax
    movw %ax, %es
    movw $cpus_leaves - cpus_start, %si
    xorw %di, %di
1:  movl (%si), %eax
    movl 4(%si), %ecx
    cmpl $-1, %eax
    je 2f
    cpuid
    movl %eax, %es:(%di)
    movl %ebx, %es:4(%di)
    movl %ecx, %es:8(%di)
    movl %edx, %es:12(%di)
    addw $8, %si
    addw $16, %di
    jmp 1b
2:  lock incl cpus_done - cpus_start
3:  hlt
    jmp 3b

    .balign 8
cpus_ticket:
    .long 0
cpus_done:
    .long 0
cpus_leaves:                    /* leaf and subleaf */
    .long 0, 0, 1, 0, 2, 0, 4, 0, 4, 1, 4, 2, 4, 3, 4, 4
    .long 0xb, 0, 0xb, 1, 0xb, 2, 0x1f, 0, 0x1f, 1, 0x1f, 2, 0x1f, 3
    .long 0x80000000, 0, 0x80000001, 0, 0x80000005, 0, 0x80000006, 0, 0x80000008, 0
    .long 0x8000001d, 0, 0x8000001d, 1, 0x8000001d, 2, 0x8000001d, 3, 0x8000001d, 4
    .long 0x8000001e, 0
    .long -1
cpus_start_end:
