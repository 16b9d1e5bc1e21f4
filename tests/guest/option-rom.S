/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An expansion ROM, whose code a PC's firmware calls after it has copied it below
 * 1 MiB: it says so on the debug console and returns.  Header: PCI Firmware
 * Specification 3.0, section 5.1; the test makes the checksum right and fills in
 * the ids of its function.
 */
    .code16
    .text
    .globl _start

    .equ DEBUG, 0x402

_start:
    .word 0xaa55
    .byte (end - _start) / 512
    jmp init
    .org 0x18
    .word pci_data - _start
    .org 0x1c
pci_data:
    .ascii "PCIR"
    .word 0x1b36, 0x0005        /* vendor, device */
    .word 0
    .word 0x18                  /* length of this structure */
    .byte 0, 0, 0, 0            /* revision, class */
    .word (end - _start) / 512
    .word 0
    .byte 0, 0x80               /* code of a PC, the last image */
    .word 0

init:
    pushw %ax
    pushw %dx
    pushw %si
    pushw %ds
    pushw %cs
    popw %ds
    movw $hello - _start, %si
    movw $DEBUG, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  popw %ds
    popw %si
    popw %dx
    popw %ax
    lret

hello:
    .asciz "ROM: initialised\n"
    .org 512
end:
