#!/bin/sh
# Manual pages and completion: every option is there, and what reads them takes them.
#   pages.sh KAON PAGES
# PAGES: the folder that the build has filled. Words about shells and readers that are not here are
# printed and their part is skipped.
kaon=$1 pages=$2
. "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/expect.sh"

fail() { echo "FAILED: $*"; bad=1; }

# lacks TOOL: says so and succeeds if the tool is not installed
lacks() {
    command -v "$1" >/dev/null 2>&1 && return 1
    echo "skipped: no $1"
}

# Options of a command, as its help has them.
options() { "$kaon" "$1" --help | sed -n 's/^  \(-.,\|   \) --\([a-z-]*\).*/\2/p'; }

commands=$("$kaon" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -l)" -ge 7 ] || fail "the commands are $commands"

for shell in bash zsh fish; do
    "$kaon" completion $shell >$shell.script || fail "completion $shell ends with $?"
done
cmp bash.script "$pages/kaon.bash" && cmp zsh.script "$pages/_kaon" &&
    cmp fish.script "$pages/kaon.fish" || fail "the build has other completion"
expect 2 'did you mean "bash"?' "$kaon" completion bsh
expect 2 'SHELL is missing' "$kaon" completion
expect 2 'did you mean "eval"?' "$kaon" help --man evla

"$kaon" help --man >kaon.1
for command in $commands; do
    "$kaon" help --man "$command" >"kaon-$command.1" || fail "no page of $command"
    cmp "kaon-$command.1" "$pages/kaon-$command.1" || fail "the build has another page of $command"
    grep -qF "kaon\\-$command (1)" kaon.1 || fail "kaon.1 lacks $command"
    [ "$(options "$command" | wc -l)" -ge 4 ] || fail "options of $command: $(options "$command")"
    sed -n "/^ *$command) _kaon_words '--/p" bash.script | tr "' " '\n\n' >bash.words
    sed -n "/^ *$command)\$/,/;;\$/p" zsh.script >zsh.words
    for option in $(options "$command"); do
        escaped=$(echo "--$option" | sed 's/-/\\-/g')
        grep -qF -e "\\fB$escaped\\fR" "kaon-$command.1" || fail "the page of $command lacks --$option"
        grep -qx -e "--$option" bash.words || fail "bash lacks $command --$option"
        grep -qF -e "--$option" zsh.words || fail "zsh lacks $command --$option"
        grep -q "from $command' -l $option " fish.script || fail "fish lacks $command --$option"
    done
done

# ---- readers of pages
if ! lacks groff; then
    for page in kaon.1 kaon-*.1; do
        groff -man -Tutf8 -ww "$page" 2>err >/dev/null || fail "groff: $page"
        [ ! -s err ] || fail "$page: $(cat err)"
    done
fi
if ! lacks mandoc; then # a date would differ from build to build
    mandoc -Tlint -Wwarning kaon.1 kaon-*.1 | grep -v 'missing date' >err
    [ ! -s err ] || fail "mandoc: $(cat err)"
fi
"$kaon" help --man run | grep -q '^\.SH EXIT STATUS' || fail "no exit status in a page"

# ---- bash
cat >ask.bash <<'EOF'
# ask.bash SCRIPT WORD...: what bash would offer for the last word
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_kaon
printf '%s\n' "${COMPREPLY[@]}"
EOF
# offers ANSWER WORD...: exactly the answer, lines joined by blanks
offers() {
    want=$1; shift
    got=$(bash ask.bash bash.script "$@" | tr '\n' ' ')
    [ "$got" = "$want " ] || fail "bash offers \"$got\" and not \"$want\" for $*"
}
if ! lacks bash; then
    bash -n bash.script || fail "bash takes no completion"
    offers --fractions kaon eval --fr
    offers 'eval' kaon ev
    offers 'bash zsh fish' kaon completion ''
    offers 'gzip' kaon eval --compression = g
    offers 'gzip lz4 none' kaon eval --compression ''
    offers 'roc,origin' kaon eval --plots roc,or
    offers '' kaon eval --limit ''
    offers 'merge' kaon help m
    mkdir folder
    offers 'folder' kaon eval -o fo
    offers '' kaon eval --data ''
fi

# ---- zsh and fish
if ! lacks zsh; then
    zsh -n zsh.script || fail "zsh takes no completion"
    zsh -fc 'autoload -U compinit && compinit -u -D && source ./zsh.script &&
        [[ $_comps[kaon] == _kaon ]]' || fail "zsh does not register it"
fi
if ! lacks fish; then
    HOME=$dir fish -n fish.script || fail "fish takes no completion"
    for part in 'eval --fr:--fractions' 'ev:eval' 'eval --compression l:lz4' 'completion z:zsh'; do
        got=$(HOME=$dir fish --no-config -c "source fish.script; complete -C 'kaon ${part%%:*}'" | cut -f1)
        [ "$got" = "${part#*:}" ] || fail "fish offers \"$got\" for ${part%%:*}"
    done
fi

[ $bad -eq 0 ] && echo "all as expected"
exit $bad
