# SPDX-License-Identifier: GPL-2.0-or-later
# Fish completion of vmctl: the program itself knows what may come next.
function __vmctl_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] complete $words[2..-1] 2>/dev/null
end
complete -c vmctl -a '(__vmctl_complete)'
