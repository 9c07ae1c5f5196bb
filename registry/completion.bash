# SPDX-License-Identifier: BSD-3-Clause
#
# Completion for bash: the options of muster-names.

_muster_names() {
    local word=$2
    case $3 in
    --key)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        compopt -o filenames 2>/dev/null
        ;;
    --iface)
        mapfile -t COMPREPLY < <(cd /sys/class/net 2>/dev/null && compgen -f -- "$word")
        ;;
    --port-range) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "--iface --port-range --key --background --verbose --help --version" -- "$word") ;;
    esac
}

complete -F _muster_names muster-names
