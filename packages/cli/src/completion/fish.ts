/**
 * The script for fish, of our own: the one of @pnpm/tabtab evaluates the words on the line, so that a request's JSON breaks
 * it, and one with `(…)` in quotes would be run at the Tab key.
 */
export function fishScript(program: string, filesMark: string): string {
  return `function _${program}_completion
  set -l line (commandline -cp | string collect)
  set -lx COMP_LINE $line
  set -lx COMP_POINT (string length -- $line)
  set -lx COMP_CWORD 1
  set -lx SHELL fish
  set -l found (${program} completion-server 2>/dev/null)
  if test "$found" = ${filesMark}
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $found
  end
end

complete -f -c ${program} -a '(_${program}_completion)'
`;
}
