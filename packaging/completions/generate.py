#!/usr/bin/python3
"""Writes completions for bash, zsh and fish from what `kiz --describe` says.

    generate.py BIN OUTPUT      BIN: folder of kiz; OUTPUT gets kiz (bash), _kiz (zsh), kiz.fish

German words are offered where the environment asks for German, else English ones; what is typed in the other language is
completed all the same. A path is the canonical name of a command: its English words joined by "/".
"""
import json
import os
import subprocess
import sys

FILES = {"FILE", "PATH", "TARGET", "SOURCE", "INVITE|FILE", "INVITE"}
FOLDERS = {"DIR", "FOLDER"}
CHOICES = {"--color": "auto always never", "--lang": "de en"}


def kind_of(value, names=()):
    """What a value is completed with: file, folder, words after "=", or word (nothing)."""
    for name in names:
        if name in CHOICES:
            return "=" + CHOICES[name]
    if value is None:
        return ""
    if value in FILES:
        return "file"
    if value in FOLDERS:
        return "folder"
    if "|" in value and value == value.lower():
        return "=" + value.replace("|", " ")
    return "word"


class Tree:
    def __init__(self, programs):
        self.german, self.english = (self.describe(programs, language) for language in ("de", "en"))
        self.words = {"de": {}, "en": {}}   # path -> [(word, summary)]
        self.go = {}                        # (path, word) -> path
        self.options = {}                   # path -> [(names, kind, help_de, help_en)]
        self.operands = {}                  # path -> file, folder
        self.options["+"] = self.merged(self.german["options"], self.english["options"])
        self.walk("", self.german["commands"], self.english["commands"])

    @staticmethod
    def describe(programs, language):
        env = dict(os.environ, LANGUAGE=language, LC_ALL="C.UTF-8")
        said = subprocess.run([f"{programs}/kiz", "--lang", language, "--describe"], env=env, capture_output=True, check=True)
        return json.loads(said.stdout)

    @staticmethod
    def merged(german, english):
        return [(one["names"], kind_of(two["value"], one["names"]), one["help"], two["help"]) for one, two in zip(german, english)]

    def walk(self, path, german, english):
        for one, two in zip(german, english):
            below = f"{path}/{one['english']}".strip("/")
            self.words["de"].setdefault(path, []).append((one["german"], one["summary"]))
            self.words["en"].setdefault(path, []).append((one["english"], two["summary"]))
            for word in {one["german"], one["english"], *one["also"]}:
                self.go[path, word] = below
            if one["options"]:
                self.options[below] = self.merged(one["options"], two["options"])
            kinds = {kind_of(operand["name"]) for operand in two["operands"]} & {"file", "folder"}
            if kinds:
                self.operands[below] = sorted(kinds)[0]
            self.walk(below, one["commands"], two["commands"])

    def takes(self):
        """(path or "+", option) -> kind, for options that take a value"""
        return {(path, name): kind for path, options in self.options.items() for names, kind, _, _ in options if kind
                for name in names}


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


LANGUAGE = """  local named="${LANGUAGE:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}}"
  case $named in [dD][eE] | [dD][eE][_.:@-]*) mine=de other=en ;; *) mine=en other=de ;; esac
"""


def bash(tree):
    def table(name, rows):
        return f"declare -gA {name}=(\n" + "".join(f"  [{quoted(key)}]={quoted(value)}\n" for key, value in rows) + ")\n"

    out = "# bash completion of kiz(1). Written by packaging/completions/generate.py; do not edit.\n"
    out += table("_kiz_go", sorted((f"{path} {word}", below) for (path, word), below in tree.go.items()))
    for language in ("de", "en"):
        out += table(f"_kiz_words_{language}", sorted((path or "-", " ".join(word for word, _ in words))
                                                       for path, words in tree.words[language].items()))
    out += table("_kiz_options", sorted((path, " ".join(name for names, *_ in options for name in names))
                                        for path, options in tree.options.items()))
    out += table("_kiz_takes", sorted((f"{path} {name}", kind) for (path, name), kind in tree.takes().items()))
    out += table("_kiz_operands", sorted(tree.operands.items()))
    return out + """
_kiz_complete_as() {  # KIND PREFIX
  case $1 in
    file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    folder) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    =*) mapfile -t COMPREPLY < <(compgen -W "${1#=}" -- "$2") ;;
  esac
}

_kiz() {
  local path='' word kind mine other current=${COMP_WORDS[COMP_CWORD]} value_of='' i
""" + LANGUAGE + """  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $value_of && $word == = ]]; then continue; fi
    if [[ -n $value_of ]]; then value_of=''; continue; fi
    if [[ $word == -* ]]; then
      kind=${_kiz_takes["$path $word"]:-${_kiz_takes["+ $word"]:-}}
      [[ -n $kind ]] && value_of=$kind
      continue
    fi
    [[ -n ${_kiz_go["$path $word"]:-} ]] && path=${_kiz_go["$path $word"]}
  done
  if [[ -n $value_of ]]; then
    [[ $current == = ]] && current=''
    _kiz_complete_as "$value_of" "$current"
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${_kiz_options["${path:--}"]:-} ${_kiz_options["+"]}" -- "$current")
  elif [[ -n ${_kiz_operands["${path:--}"]:-} ]]; then
    _kiz_complete_as "${_kiz_operands["$path"]}" "$current"
  else
    local -n own="_kiz_words_$mine" foreign="_kiz_words_$other"
    mapfile -t COMPREPLY < <(compgen -W "${own["${path:--}"]:-}" -- "$current")
    [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -W "${foreign["${path:--}"]:-}" -- "$current")
  fi
}

complete -F _kiz kiz
"""


def zsh(tree):
    def table(name, rows):
        return f"typeset -gA {name}\n{name}=(\n" + "".join(f"  {quoted(key)} {quoted(value)}\n" for key, value in rows) + ")\n"

    def described(pairs):
        return "\n".join(f"{word}:{summary}" for word, summary in pairs)

    out = "#compdef kiz\n# zsh completion of kiz(1). Written by packaging/completions/generate.py; do not edit.\n"
    out += table("_kiz_go", sorted((f"{path} {word}", below) for (path, word), below in tree.go.items()))
    for at, language in enumerate(("de", "en")):
        out += table(f"_kiz_words_{language}", sorted((path or "-", described(words)) for path, words in tree.words[language].items()))
        out += table(f"_kiz_options_{language}", sorted(
            (path, described((name, option[2 + at]) for option in options for name in option[0]))
            for path, options in tree.options.items()))
    out += table("_kiz_takes", sorted((f"{path} {name}", kind) for (path, name), kind in tree.takes().items()))
    out += table("_kiz_operands", sorted(tree.operands.items()))
    return out + """
_kiz_complete_as() {
  case $1 in
    file) _files ;;
    folder) _files -/ ;;
    '='*) compadd -- ${=${1#=}} ;;
  esac
}

_kiz() {
  local path_='' word kind mine other current=${words[CURRENT]} value_of='' i
""" + LANGUAGE + """  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    if [[ -n $value_of ]]; then value_of=''; continue; fi
    if [[ $word == -* ]]; then
      kind=${_kiz_takes[$path_ $word]:-${_kiz_takes[+ $word]:-}}
      [[ -n $kind ]] && value_of=$kind
      continue
    fi
    [[ -n ${_kiz_go[$path_ $word]:-} ]] && path_=${_kiz_go[$path_ $word]}
  done
  if [[ -n $value_of ]]; then
    _kiz_complete_as "$value_of"
  elif [[ $current == -* ]]; then
    _kiz_describe options _kiz_options_$mine
  elif [[ -n ${_kiz_operands[$path_]:-} ]]; then
    _kiz_complete_as "${_kiz_operands[$path_]}"
  else
    _kiz_describe words _kiz_words_$mine || _kiz_describe words _kiz_words_$other
  fi
}

# What the table says of this path, and for options also of every path.
_kiz_describe() {
  local -A rows
  local -a lines
  rows=("${(@kvP)2}")
  lines=(${(f)rows[${path_:--}]})
  [[ $1 == options ]] && lines+=(${(f)rows[+]})
  _describe -t kiz-$1 $1 lines
}

_kiz "$@"
"""


def fish(tree):
    def said(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    out = "# fish completion of kiz(1). Written by packaging/completions/generate.py; do not edit.\n"
    out += "function __kiz_go\n    switch \"$argv\"\n"
    ways = {}
    for (path, word), below in tree.go.items():
        ways.setdefault(below, []).append(f"{path} {word}".strip())
    for below, typed in sorted(ways.items()):
        out += f"        case {' '.join(said(one) for one in sorted(typed))}\n            echo {said(below)}\n"
    out += "    end\nend\n\nfunction __kiz_takes_value\n    contains -- \"$argv\" " + " ".join(
        sorted({said(f"{path} {name}") for path, name in tree.takes()})) + "\nend\n"
    out += """
function __kiz_path
    set -l path ''
    set -l value_of ''
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test -n "$value_of"
            set value_of ''
        else if string match -q -- '-*' $word
            if __kiz_takes_value "$path $word"; or __kiz_takes_value "+ $word"
                set value_of $word
            end
        else
            set -l below (__kiz_go (string trim "$path $word"))
            test -n "$below"; and set path $below
        end
    end
    echo $path
end

function __kiz_german
    set -l named ''
    for variable in LANGUAGE LC_ALL LC_MESSAGES LANG
        if test -z "$named"; and set -q $variable
            set named $$variable
        end
    end
    string match -qir '^de([_.:@-]|$)' -- "$named"
end

function __kiz_in
    switch "$argv"
"""
    for language in ("de", "en"):
        for path, words in sorted(tree.words[language].items()):
            out += f"        case {said((language + ' ' + path).strip())}\n            printf '%s\\t%s\\n'"
            out += "".join(f" {said(word)} {said(summary)}" for word, summary in words) + "\n"
    out += """    end
end

function __kiz_words
    set -l path (__kiz_path)
    set -l mine en
    set -l other de
    if __kiz_german
        set mine de
        set other en
    end
    set -l found (__kiz_in (string trim "$mine $path"))
    if not string match -q -- (commandline -ct)'*' $found
        set found (__kiz_in (string trim "$other $path"))
    end
    test -n "$found"; and printf '%s\\n' $found
end

complete -c kiz -f
complete -c kiz -n 'not string match -q -- "-*" (commandline -ct)' -a '(__kiz_words)'
"""
    at_path = "test (__kiz_path) = {}"
    german = "__kiz_german"
    for path, options in sorted(tree.options.items()):
        for names, kind, help_de, help_en in options:
            rest = {"": "", "file": " -r -F", "folder": " -x -a '(__fish_complete_directories)'", "word": " -x"}.get(kind)
            if rest is None:
                rest = f" -x -a {said(kind[1:])}"
            for language, help_text in ((german, help_de), ("not " + german, help_en)):
                when = language if path == "+" else f"{at_path.format(path)}; and {language}"
                flags = "".join(f" -s {name[1:]}" if not name.startswith("--") else f" -l {name[2:]}" for name in names)
                out += f"complete -c kiz -n {said(when)}{flags}{rest} -d {said(help_text)}\n"
    for path, kind in sorted(tree.operands.items()):
        out += f"complete -c kiz -n {said(at_path.format(path))}" + (" -F\n" if kind == "file" else " -a '(__fish_complete_directories)'\n")
    return out


def main():
    programs, output = sys.argv[1:3]
    tree = Tree(programs)
    os.makedirs(output, exist_ok=True)
    for name, text in (("kiz", bash(tree)), ("_kiz", zsh(tree)), ("kiz.fish", fish(tree))):
        with open(os.path.join(output, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
