export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What a shell runs once: it then asks the program itself at each Tab, which knows its commands and the names of VMs. */
export const completionScript = (shell: Shell): string => scripts[shell];

// bash cuts words at = and :, so that they are put together again, and what it holds for done is cut off the answers.
const bash = `# mvirt completion for bash
_mvirt() {
  local rest=\${COMP_LINE:0:COMP_POINT} stripped word i
  local words=() answer=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    stripped=\${rest#"\${rest%%[![:space:]]*}"}
    word=\${COMP_WORDS[i]}
    ((i == COMP_CWORD)) && word=$stripped
    if ((i > 0)) && [[ $stripped == "$rest" ]]; then words[\${#words[@]}-1]+=$word; else words+=("$word"); fi
    rest=\${stripped#"$word"}
  done
  local current=\${words[\${#words[@]}-1]}
  local done=\${current%"\${current##*[=:]}"}
  mapfile -t answer < <("$1" __complete bash "\${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  if [[ \${answer[0]} == files ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "\${current#"$done"}")
  fi
  for word in "\${answer[@]:1}"; do
    COMPREPLY+=("$(printf %q "\${word#"$done"}")")
  done
}
complete -F _mvirt mvirt
`;

const zsh = `#compdef mvirt
# mvirt completion for zsh
_mvirt() {
  local -a answer shown
  answer=("\${(@f)$("\${words[1]}" __complete zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  shown=("\${(@)answer[2,-1]}")
  [[ -n "$shown" ]] && _describe mvirt shown
  [[ "$answer[1]" == files ]] && _files
  return 0
}
if [[ "$funcstack[1]" == _mvirt ]]; then _mvirt "$@"; else compdef _mvirt mvirt; fi
`;

const fish = `# mvirt completion for fish
function __mvirt_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
    test "$answer[1]" = files; and __fish_complete_path "$current"
    set -q answer[2]; and printf '%s\\n' $answer[2..-1]
end
complete -c mvirt -f -a '(__mvirt_complete)'
`;

const scripts: Record<Shell, string> = { bash, zsh, fish };
