/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot sector, started by a PC's firmware at 0000:7c00 in real mode.  It says so
 * on the serial port and on the debug console, reads the sector after it by the
 * firmware's disk services, and says what is in there.  Then it does what the
 * first byte behind that text asks for: 'r' resets by port 0xcf9, 'o' switches
 * the machine off by the PIIX4's registers at 0x600, 's' puts it to sleep (S3),
 * anything else waits.
 */
    .code16
    .text
    .globl _start

    .equ SERIAL, 0x3f8
    .equ DEBUG, 0x402
    .equ SECOND, 0x7e00
    .equ TEXT_SIZE, 32

_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    sti
    movb %dl, drive
    movw $hello, %si
    call print
    movw $0x0201, %ax           /* read one sector, the second one */
    movw $0x0002, %cx
    xorb %dh, %dh
    movb drive, %dl
    movw $SECOND, %bx
    int $0x13
    jc failed
    movb $0, SECOND + TEXT_SIZE - 1
    movw $SECOND, %si
    call print
    movb SECOND + TEXT_SIZE, %al
    cmpb $'r', %al
    je reset
    cmpb $'o', %al
    je off
    cmpb $'s', %al
    je sleep
stop:
    hlt
    jmp stop

failed:
    movw $failure, %si
    call print
    jmp stop

reset:
    movw $0xcf9, %dx
    movb $0x06, %al
    outb %al, %dx
    jmp stop

off:
    movw $0x604, %dx            /* SUS_TYP 0, SUS_EN */
    movw $0x2000, %ax
    outw %ax, %dx
    jmp stop

sleep:
    movw $0x604, %dx            /* SUS_TYP 1, SUS_EN */
    movw $0x2400, %ax
    outw %ax, %dx
    jmp stop

/* Prints the text at si, with an end of line. */
print:
    lodsb
    testb %al, %al
    jz end_of_line
    call put
    jmp print
end_of_line:
    movb $'\n', %al
put:
    movw $DEBUG, %dx
    outb %al, %dx
    pushw %ax
    movw $SERIAL + 5, %dx
1:  inb %dx, %al
    testb $0x20, %al
    jz 1b
    popw %ax
    movw $SERIAL, %dx
    outb %al, %dx
    ret

drive:
    .byte 0
hello:
    .asciz "BOOT: sector started"
failure:
    .asciz "BOOT: disk cannot be read"

    .org 510
    .word 0xaa55
