"""The command completion: prints a script, which runs `completion SHELL -- WORD...`."""

from collections.abc import Mapping

from contacts_audit.cli.complete import Shell
from contacts_audit.cli.host import Host
from contacts_audit.cli.options.declare import argument, grouped

BASH = r"""# bash completion of contacts-audit: add to ~/.bashrc
#   source <(contacts-audit completion bash)
_contacts_audit() {
    local last=${COMP_WORDS[COMP_CWORD]} kind
    [[ $last == [=:\'\"]* ]] || last=$2
    local -a lines
    mapfile -t lines < <("${1/#\~/$HOME}" completion bash -- \
        "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$last" 2>/dev/null)
    COMPREPLY=("${lines[@]:1}")
    case ${lines[0]} in
        files) compopt -o default ;;
        folders) compopt -o dirnames ;;
    esac
}
complete -F _contacts_audit contacts-audit
"""

ZSH = r"""#compdef contacts-audit
# zsh completion of contacts-audit: add to ~/.zshrc, below compinit
#   source <(contacts-audit completion zsh)
# or write it to a file _contacts-audit in a folder of $fpath.
_contacts-audit() {
    local -a lines
    lines=("${(@f)$(${~words[1]} completion zsh -- \
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case ${lines[1]} in
        files) compset -P '--*='; _files ;;
        folders) compset -P '--*='; _files -/ ;;
        *) shift lines; compadd -M 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}' -a lines ;;
    esac
}
if [[ ${funcstack[1]} == _contacts-audit ]]; then
    _contacts-audit "$@"
else
    compdef _contacts-audit contacts-audit
fi
"""

FISH = r"""# fish completion of contacts-audit: write it to
#   ~/.config/fish/completions/contacts-audit.fish
function __contacts_audit_words
    set -l before (commandline -opc)
    set -l current (string replace -r -- '^["\']' '' (commandline -ct) | string unescape)
    set -l lines ($before[1] completion fish -- $before[2..-1] "$current" 2>/dev/null)
    set -l option (string match -r -- '^--[^=]*=' "$current")
    switch "$lines[1]"
        case files
            printf '%s\n' "$option"(__fish_complete_path \
                (string replace -- "$option" '' "$current"))
        case folders
            printf '%s\n' "$option"(__fish_complete_directories \
                (string replace -- "$option" '' "$current") '')
        case words
            printf '%s\n' $lines[2..-1]
    end
end
complete -c contacts-audit -f -a '(__contacts_audit_words)'
"""

POWERSHELL = r"""# PowerShell completion of contacts-audit: add to $PROFILE
#   contacts-audit completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName contacts-audit -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.Value) { [string]$_.Value } else { $_.Extent.Text } })
    $program = $commandAst.CommandElements[0].Extent.Text
    $current = $wordToComplete.Trim('"', "'")
    # the dot keeps what is empty: an older PowerShell hands over no empty word
    $lines = @(& $program completion powershell -- @words ".$current" 2>$null)
    if ($lines.Count -gt 1) {
        $lines[1..($lines.Count - 1)] | ForEach-Object {
            $text = if ($_ -match '[^\w=.:/-]') { "'" + $_.Replace("'", "''") + "'" } else { $_ }
            [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
        }
    }
}
"""

SCRIPTS: Mapping[str, str] = {"bash": BASH, "zsh": ZSH, "fish": FISH, "powershell": POWERSHELL}


@grouped
def completion(
    host: Host, shell: Shell = argument("SHELL", "The shell: bash, zsh, fish or powershell.")
) -> None:
    """
    Print a shell completion script. Its first lines say where to put it.

    No file is changed.
    """
    host.screen.data(SCRIPTS[shell])
