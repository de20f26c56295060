"""Completion for shells: small scripts that ask the program itself, so that they never fall behind its tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from regbrowse.cli.complete import SHELLS, wanted
from regbrowse.cli.diagnostics import ExitCode
from regbrowse.cli.output import Output
from regbrowse.errors import ConfigError
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.cli.arguments import Arguments
    from regbrowse.cli.connect import Start

_BASH = r"""# bash completion for regbrowse: source <(regbrowse completion bash)
_regbrowse() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} answer breaks start word
    COMPREPLY=()
    # The name of a file is bash's own business.
    if ! answer=$("${1/#\~\//$HOME/}" completion bash --line="$line" 2>/dev/null </dev/null); then
        compopt -o default 2>/dev/null
        return
    fi
    # bash ends words at colons too, and replaces only what stands behind the last of them.
    word=${line##*[[:space:]]} breaks=${COMP_WORDBREAKS//[^:=@]/} start=
    if [[ -n $breaks && $word == *[$breaks]* ]]; then
        start=${word%"${word##*[$breaks]}"}
    fi
    while IFS= read -r word; do
        [[ -z $word ]] || COMPREPLY+=("${word#"$start"}")
    done <<<"$answer"
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _regbrowse regbrowse
"""
_ZSH = r"""#compdef regbrowse
# zsh completion for regbrowse: source <(regbrowse completion zsh), or a file _regbrowse in a folder of $fpath
_regbrowse() {
    local answer line
    local -a closed shown open
    # The name of a file is zsh's own business.
    if ! answer=$(${~words[1]} completion zsh --line="${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null </dev/null); then
        _files
        return
    fi
    for line in ${(f)answer}; do
        if [[ ${line%%$'\t'*} == *[/:] ]]; then
            open+=(${line%%$'\t'*})
        else
            closed+=(${line%%$'\t'*})
            shown+=(${line/$'\t'/  -- })
        fi
    done
    if [[ $answer == *$'\t'* ]]; then
        compadd -Q -l -d shown -a closed
    else
        compadd -Q -a closed
    fi
    compadd -Q -S '' -a open
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _regbrowse "$@"
else
    compdef _regbrowse regbrowse
fi
"""
_FISH = r"""# fish completion for regbrowse: regbrowse completion fish | source
function __regbrowse_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    # The name of a file is fish's own business.
    if set -l answer ($words[1] completion fish --line="$words $current" 2>/dev/null </dev/null)
        printf '%s\n' $answer
    else
        __fish_complete_path "$current"
    end
end
complete -c regbrowse -f -a '(__regbrowse_complete)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def run(arguments: Arguments, start: Callable[[Arguments], Start]) -> int:
    """Prints the script, or with --line the words, one a line; exit code 1 when the name of a file is wanted."""
    shell = arguments.words[0]
    if shell not in SHELLS:
        known = f"{', '.join(SHELLS[:-1])} and {SHELLS[-1]}"
        raise ConfigError(f'There is no completion for "{visible(shell, 32)}".', hint=f"There is one for {known}.")
    output = Output.standard()
    if not arguments.line:
        output.raw(SCRIPTS[shell].encode())
        output.flush()
        return ExitCode.OK
    want = wanted(arguments.line)
    if want.file:
        return ExitCode.NO
    words, over = list(want.words), True
    if want.reference:
        from regbrowse.cli.begun import references

        switched: dict[str, Any] = dict.fromkeys(want.switches, True)
        found, over = references(want.begun, arguments._replace(**switched), start)
        words += [(word, "") for word in found]
    lines = [f"{word}\t{means}\n" if means and shell != "bash" else f"{word}\n" for word, means in words]
    output.raw("".join(lines).encode())
    output.flush()
    if not over:
        os._exit(ExitCode.OK)  # what still hangs would be waited for
    return ExitCode.OK
