/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A byte code with a switch: jumps through a table.  The program counts primes by
 * trial division.
 */
#include "tests/bench/guests/guest.h"

enum { SET, ADD, SUB, MUL, LESS, EQUAL, JUMP, JUMP_IF, MOVE, MOD, END };

enum { A, B, ONE, LIMIT, COUNT, REST, FLAG, SQUARE, N_REGISTERS };

typedef struct {
    uint8_t op, a, b, c;
    int32_t number;
} Instruction;

const char bench_name[] = "interpreter";

/* for (a = 2; a < LIMIT; a++) { for (b = 2; b * b <= a; b++) if (a % b == 0) goto
 * next; count++; next: } */
static const Instruction program[] = {
    { SET, ONE, 0, 0, 1 },
    { SET, COUNT, 0, 0, 0 },
    { SET, A, 0, 0, 2 },
    { LESS, FLAG, A, LIMIT, 0 },        /* 3: next number */
    { JUMP_IF, FLAG, 0, 0, 6 },
    { END, 0, 0, 0, 0 },
    { SET, B, 0, 0, 2 },                /* 6 */
    { MUL, SQUARE, B, B, 0 },           /* 7: next divisor */
    { LESS, FLAG, A, SQUARE, 0 },
    { JUMP_IF, FLAG, 0, 0, 15 },
    { MOVE, REST, A, 0, 0 },
    { MOD, REST, REST, B, 0 },
    { JUMP_IF, REST, 0, 0, 14 },
    { JUMP, 0, 0, 0, 16 },
    { JUMP, 0, 0, 0, 18 },              /* 14 */
    { ADD, COUNT, COUNT, ONE, 0 },      /* 15: a prime */
    { ADD, A, A, ONE, 0 },              /* 16 */
    { JUMP, 0, 0, 0, 3 },
    { ADD, B, B, ONE, 0 },              /* 18 */
    { JUMP, 0, 0, 0, 7 },
};

static int64_t interpret(int64_t limit, uint64_t *ret_steps)
{
    int64_t r[N_REGISTERS] = { [LIMIT] = limit };
    const Instruction *at = program;

    for (uint64_t steps = 0;; steps++) {
        const Instruction *i = at++;

        switch (i->op) {
        case SET:
            r[i->a] = i->number;
            break;
        case ADD:
            r[i->a] = r[i->b] + r[i->c];
            break;
        case SUB:
            r[i->a] = r[i->b] - r[i->c];
            break;
        case MUL:
            r[i->a] = r[i->b] * r[i->c];
            break;
        case LESS:
            r[i->a] = r[i->b] < r[i->c];
            break;
        case EQUAL:
            r[i->a] = r[i->b] == r[i->c];
            break;
        case JUMP:
            at = program + i->number;
            break;
        case JUMP_IF:
            at = r[i->a] ? program + i->number : at;
            break;
        case MOVE:
            r[i->a] = r[i->b];
            break;
        case MOD:
            r[i->a] = (int64_t)((uint32_t)r[i->b] % (uint32_t)r[i->c]);
            break;
        default:
            *ret_steps += steps;
            return r[COUNT];
        }
    }
}

uint64_t bench_run(void)
{
    uint64_t steps = 0, sum = 0;

    for (int64_t limit = 200000; limit < 320000; limit += 40000)
        sum = bench_mix(sum, (uint64_t)interpret(limit, &steps));
    return bench_mix(sum, steps);
}
