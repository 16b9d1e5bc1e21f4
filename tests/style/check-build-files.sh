#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each folder has one build file, subdir.am, whose lists are sorted, each test that stands
# in a folder of tests is built and run, and what a README says of files is true.
cd "${G_TEST_SRCDIR:-.}" || exit 99
LC_ALL=C
export LC_ALL
all=$(find qmp qom systemd cpu kvm tcg qtest hw client daemon docs tests \
      -type f ! -path '*/node_modules/*' | sort)
files=$(echo "$all" | grep '\.am$')
. tests/style/report.sh

report "a folder's build file is subdir.am" "$(echo "$files" | grep -v '/subdir\.am$')"

# A list is an assignment of one word a line; lines that follow each other with the same
# first word "include" are one, too.
report "lists in build files are sorted" "$(awk '
    function item(word) {
        if (last != "" && word < last)
            print FILENAME ":" FNR ": " word " stands behind " last
        last = word
    }
    FNR == 1 { last = ""; list = 0 }
    $1 == "include" { item($2); list = 0; next }
    list && /^\t[^ \t]+( \\)?$/ { item($1); list = / \\$/; next }
    { last = ""; list = /^[A-Za-z0-9_%]+ \+?= \\$/ }' $files)"

# Words of build files, as paths.
words=$(for file in $files; do
    sed "s,%reldir%,$(dirname "$file"),g" "$file"; done | tr -s ' \t\\' '\n' | sort -u)
report "each test and fuzz target has a place in the build" "$(
    echo "$all" | grep -E '^tests/(.*/)?(test-[^/]*\.(c|py)|fuzz-[^/]*\.c)$' |
    while read -r file; do
        echo "$words" | grep -qxF -e "$file" -e "${file%.c}" || echo "$file"
    done)"
report "the header made from each schema file is listed" "$(
    for file in qmp/schema/*.json; do
        header=qmp/qapi-types-$(basename "$file" .json).h
        echo "$words" | grep -qxF "$header" || echo "$header"
    done)"
report "the header made of the classes in a schema file is listed" "$(
    for file in $(grep -lE "^\{ '(class|machine)'" qmp/schema/*.json); do
        header=qom/qapi-objects-$(basename "$file" .json).h
        echo "$words" | grep -qxF "$header" || echo "$header"
    done)"
report "files that a README names are there" "$(
    echo "$all" | grep '/README$' | while read -r readme; do
        folder=$(dirname "$readme")
        grep -oE '[A-Za-z0-9_/.*-]+\.(c|h|py|sh|am|md)\>' "$readme" | sort -u |
        while read -r name; do
            pattern=$(echo "$name" | sed 's/\./\\./g; s/\*/[^\/]*/g')
            echo "$all" | grep -qE "^($folder/(.*/)?)?$pattern\$" || echo "$readme: $name"
        done
    done)"
echo "1..$n"
