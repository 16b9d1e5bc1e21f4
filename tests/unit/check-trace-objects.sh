#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a trace point that is off costs, as it was compiled: a load, a branch that is not
# taken, and nothing else on the way.  See trace_example() in test-qom-trace.c.
object=$(ls "${G_TEST_BUILDDIR:-.}"/tests/unit/*test-qom-trace.o 2>/dev/null)

skip()
{
    echo "1..0 # SKIP $1"
    exit
}

command -v objdump >/dev/null || skip "objdump (binutils) is not installed"
[ -n "$object" ] || { echo "Bail out! there is no test-qom-trace.o"; exit 1; }
case $(nm -u "$object") in
*__asan_*|*__tsan_*|*__ubsan_*|*__gcov_*) skip "instrumented objects call their run-time library" ;;
esac
case $(uname -m) in
x86_64) ;;
*) skip "the instructions that are looked for are those of x86-64" ;;
esac

# The instructions up to the first that ends the way: one word each, jumps with their target.
way()
{
    objdump -d --no-show-raw-insn --disassemble=trace_example "$object" |
        sed -n 's/^ *\([0-9a-f]*\):\t/\1 /p' | grep -v 'endbr64\|[^a-z]nop'
}

echo 1..3
way | sed 's/^/# /'
case $(way | awk '{ print $2 } /ret|jmp/ { exit }' | tr '\n' ' ') in
"mov test jne ret "|"cmpl jne ret ")
    echo "ok 1 - off: a load, a branch that is not taken, and the end" ;;
*)
    echo "not ok 1 - off: a load, a branch that is not taken, and the end" ;;
esac
case $(way | awk '{ print $2 }' | grep -c '^call') in
0)  echo "ok 2 - no call on the way" ;;
*)  echo "not ok 2 - no call on the way" ;;
esac
# What is on goes on elsewhere, so the test has not looked at an empty function.
if objdump -dr --disassemble=trace_example "$object" | grep -q trace_emit_test_number; then
    echo "ok 3 - on: the line is made elsewhere"
else
    echo "not ok 3 - on: the line is made elsewhere"
fi
