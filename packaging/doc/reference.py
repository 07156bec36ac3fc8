#!/usr/bin/env python3
"""Writes packaging/doc/referenz/meldungen.md, befunde.md, json.md and metriken.md from the tables of the program itself.

    packaging/doc/reference.py           writes them
    packaging/doc/reference.py --check   writes nothing, says what is out of date and ends with 1

Refusals come from protocol/include/kiz/result.h, protocol/result.cc and libclient/refusals.cc, their German from
cli/po/de.po, what kizd ends with from daemon/main.cc, findings from libclient/doctor_kinds.h, answers from cli/schemas, metrics from daemon/metrics.cc.
"""
import ast
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# What an exit code means to a script. Every code of protocol/result.cc must stand here.
EXITS = {
    0: "erledigt; was eingetragen wurde, liegt auf der Platte",
    1: "fehlgeschlagen; auch jeder Code, den diese Tabelle nicht nennt, heißt das",
    2: "die Befehlszeile stimmt nicht",
    3: "zum Teil erledigt, oder mit Hinweisen",
    4: "nicht gefunden",
    10: "hier ist nichts eingerichtet",
    11: "der Speicher wird von einem anderen Programm benutzt",
    12: "Schlüssel oder Passwort stimmt nicht",
    13: "nicht erlaubt",
    14: "erst muss ein Mensch einen Konflikt klären",
    15: "niemand hat rechtzeitig bestätigt (nur mit `--warten`); die Daten sind sicher",
    16: "Eingabe abgelehnt, nichts wurde geändert",
    17: "Platte voll oder nicht lesbar, nichts wurde geändert",
    18: "der Speicher ist beschädigt, es wird nicht mehr geschrieben",
    19: "Version zu alt oder zu neu",
    20: "die Uhr ist unglaubwürdig, es wird nichts unterschrieben",
    130: "mit Strg-C abgebrochen; der Bestand ist in Ordnung",
    143: "von außen beendet (SIGTERM); der Bestand ist in Ordnung",
}
SYSEXITS = {"EX_OK": 0, "EX_USAGE": 64, "EX_UNAVAILABLE": 69, "EX_SOFTWARE": 70, "EX_CANTCREAT": 73, "EX_IOERR": 74,
            "EX_TEMPFAIL": 75, "EX_NOPERM": 77, "EX_CONFIG": 78}
SYSEXIT_WORDS = {
    0: "ordentlich beendet", 64: "die Befehlszeile stimmt nicht", 69: "eine Adresse ist nicht zu öffnen, oder der Speicher ist neuer als das Programm",
    70: "ein Fehler im Programm, oder ein anderer Grund; er steht im Journal", 73: "eine Datei lässt sich nicht anlegen",
    74: "Platte voll, nicht lesbar oder Speicher beschädigt",
    75: "der Speicher ist schon in Benutzung; später noch einmal", 77: "Schlüssel oder Passwort stimmt nicht, oder kein Recht",
    78: "die Konfiguration stimmt nicht",
}


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def unquoted(literals):
    """C string literals, one behind the other, as text."""
    return "".join(ast.literal_eval(found) for found in re.findall(r'"(?:\\.|[^"\\])*"', literals))


def catalogue():
    """English sentence -> German one."""
    out = {}
    for entry in text_of("cli/po/de.po").split("\n\n"):
        english = re.search(r'^msgid ((?:"(?:\\.|[^"\\])*"\s*)+)', entry, re.MULTILINE)
        german = re.search(r'^msgstr(?:\[0\])? ((?:"(?:\\.|[^"\\])*"\s*)+)', entry, re.MULTILINE)
        if english and german:
            out[unquoted(english.group(1))] = unquoted(german.group(1))
    out[""] = ""  # the catalogue's own header, not the German of a hint that is empty
    return out


def refusals():
    """[(number, name, exit, German sentence, German hint)] in the order of the numbers."""
    numbers = dict(re.findall(r"^  (\w+) = (\d+),", text_of("protocol/include/kiz/result.h"), re.MULTILINE))
    rows = re.findall(r'\{Errc::(\w+), "(\w+)", (\d+)\}', text_of("protocol/result.cc"))
    german = catalogue()
    told = {}
    literal = r'(?:"(?:\\.|[^"\\])*"\s*)+'
    for found in re.finditer(r"\{Errc::(\w+),\s*translatable\((" + literal + r")\),\s*(?:translatable\((" + literal + r")\)|\{\})\}",
                             text_of("libclient/refusals.cc")):
        sentence, hint = unquoted(found.group(2)), unquoted(found.group(3)) if found.group(3) else ""
        told[found.group(1)] = (german.get(sentence, sentence), german.get(hint, hint))
    out = []
    for code, name, exit_code in rows:
        if code == "ok":
            continue
        if code not in told:
            raise SystemExit(f"reference: {code} has no sentence in libclient/refusals.cc")
        if int(exit_code) not in EXITS:
            raise SystemExit(f"reference: exit code {exit_code} of {code} is not explained here")
        out.append((int(numbers[code]), name, int(exit_code), *told[code]))
    return sorted(out)


def daemon_exits():
    """sysexits that kizd uses, by its own source."""
    return sorted({SYSEXITS[word] for word in re.findall(r"\bEX_\w+", text_of("daemon/main.cc"))})


def cell(text):
    return text.replace("|", "\\|").replace("{}", "…").replace("\n", " ")


def messages():
    table = refusals()
    by_exit = {}
    for _, name, code, _, _ in table:
        by_exit.setdefault(code, []).append(name)
    out = ["# Exit-Codes und Meldungen", "",
           "Geschrieben von `packaging/doc/reference.py` aus den Tabellen des Programms; nicht von Hand ändern.", "",
           "Jede Ablehnung hat einen Satz, einen festen Namen und einen Exit-Code. Name und Code ändern sich nicht mehr; Skripte",
           "dürfen sich darauf verlassen. Den Namen sehen Sie mit `--json` unter `error.code`.", "",
           "## Exit-Codes von kiz", "", "| Code | Bedeutung | Namen |", "|---|---|---|"]
    out += [f"| {code} | {meaning} | {', '.join(f'`{name}`' for name in by_exit.get(code, [])) or '-'} |"
            for code, meaning in EXITS.items()]
    out += ["", "## Exit-Codes von kizd", "",
            "Wie in `sysexits.h`. systemd startet den Dienst nach 64, 77 und 78 nicht von selbst neu, weil das nichts ändern würde.", "",
            "| Code | Bedeutung |", "|---|---|"]
    out += [f"| {code} | {SYSEXIT_WORDS[code]} |" for code in daemon_exits()]
    out += ["", "## Ablehnungen", "",
            "Die Nummer steht im Protokoll zwischen den Rechnern. Für … stehen die Einzelheiten. Oft sagt das Programm einen genaueren Satz.",
            "", "| Nr. | Name | Exit-Code | Satz | Was zu tun ist |", "|---|---|---|---|---|"]
    out += [f"| {number} | `{name}` | {code} | {cell(sentence)} | {cell(hint) or '-'} |" for number, name, code, sentence, hint in table]
    return "\n".join(out) + "\n"


def described(schema):
    """The data of an answer: names, those that may be missing in parentheses."""
    then = schema.get("then")
    data = (then if isinstance(then, dict) else {}).get("properties", {}).get("data")
    data = data if isinstance(data, dict) else schema.get("properties", {}).get("data")
    if not isinstance(data, dict):
        return "-"
    required = set(data.get("required", []))
    names = []
    for name, kind in data.get("properties", {}).items():
        inner = kind.get("items", {}).get("properties") if isinstance(kind, dict) and isinstance(kind.get("items"), dict) else None
        shown = f"{name}[{', '.join(inner)}]" if inner else name
        names.append(shown if name in required else f"({shown})")
    return ", ".join(names) or "-"


def schemas():
    folder = os.path.join(ROOT, "cli", "schemas")
    out = ["# JSON", "",
           "Written by `packaging/doc/reference.py` from `cli/schemas`; do not edit by hand.", "",
           "With `--json` every command prints one object on standard output, for refusals too:", "", "```json",
           '{"schema": "kiz.status/1", "ok": true, "exit": 0, "data": {}, "warnings": [{"code": "W_UNREACHABLE", "text": "..."}]}',
           '{"schema": "kiz.status/1", "ok": false, "exit": 10, "data": {}, "warnings": [],',
           ' "error": {"code": "E_NOT_SET_UP", "exit": 10, "text": "...", "hint": "..."}}', "```", "",
           "Keys are English and frozen for a schema's number; a change that a reader could notice gets the next number. Times are",
           "RFC 3339 in UTC, numbers are never localised. Texts in `text` and `hint` are for people and follow the language.",
           "The schemas are installed under `share/kiz-sync/schemas`; every answer is tested against them.", "",
           "`exit` is the program's exit code ([table](meldungen.md)). Names in parentheses may be missing.", "",
           "| schema | data |", "|---|---|"]
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json") or name == "kiz.envelope.json":
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            schema = json.load(file)
        words = name[:-len(".json")].rsplit(".", 1)
        out.append(f"| `{words[0]}/{words[1]}` | {cell(described(schema))} |")
    return "\n".join(out) + "\n"


CHECKS = {"service": "Dienst", "store": "Speicher", "integrity": "Unversehrtheit", "clock": "Uhr", "network": "Netz und Gegenstellen",
          "membership": "Mitgliedschaft", "backup": "Sicherung", "disk": "Platte", "version": "Version", "permissions": "Rechte"}
STATES = {"note": "Hinweis", "warning": "Warnung", "bad": "Fehler"}
KIND = re.compile(r'\{"(\w+)", "(\w+)", State::(\w+)(?:, (?:translatable\()?"((?:\\.|[^"\\])*)"\)?)?(?:, (\d+))?\}')


def findings():
    german = catalogue()
    found = KIND.findall(text_of("libclient/doctor_kinds.h"))
    out = ["# Befunde von kiz pruefen", "",
           "Geschrieben von `packaging/doc/reference.py` aus der Tabelle des Programms; nicht von Hand ändern.", "",
           "Zu jedem Befund, der nicht gut ist, nennt `kiz pruefen` genau einen Befehl, der weiterhilft. Für … steht ein Pfad, ein Benutzer,",
           "eine Gruppe oder ein Gerät. Der Name steht mit `--json` unter `findings[].name`. Mit Warnungen endet der Befehl mit 3, bei einem",
           "Fehler mit dessen Exit-Code.", ""]
    for check, title in CHECKS.items():
        rows = [row for row in found if row[1] == check and row[2] in STATES]
        if not rows:
            raise SystemExit(f"reference: no findings of {check} in libclient/doctor_kinds.h")
        out += [f"## {title}", "", "| Name | Stufe | Exit-Code | Befehl |", "|---|---|---|---|"]
        out += [f"| `{name}` | {STATES[state]} | {code or '3' if state != 'note' else '-'} | `{german.get(mend, mend).replace('{}', '…')}` |"
                for name, _, state, mend, code in rows]
        out.append("")
    return "\n".join(out).rstrip("\n") + "\n"


METRIC = re.compile(r'(?:family|single)\(\s*"(\w+)",\s*"(counter|gauge|histogram)",\s*((?:"(?:\\.|[^"\\])*"\s*)+)'
                    r'|\bgauge\(\s*"(\w+)",\s*((?:"(?:\\.|[^"\\])*"\s*)+)')


def metrics():
    """Families with their labels: a label stands in a sample behind its family, before the next one."""
    source = text_of("daemon/metrics.cc")
    out = ["# Metrics", "", "Written by `packaging/doc/reference.py` from `daemon/metrics.cc`; do not edit by hand.", "",
           "`kizd` serves Prometheus text at `http://127.0.0.1:7413/metrics` once the installation is set up (`[metrics]` in the",
           "configuration). There is no password: keep it on the machine, or let a collector on it carry the figures away. Names of",
           "people, towns and values do not occur.", "",
           "`/health` (the same as `/health/ready`) answers 200 while the store can take an edit, else 503; `/health/live` answers 200",
           "while the program's loop turns. A load balancer asks the first, a supervisor the second.", "",
           "Alert rules, a scrape configuration and a Grafana dashboard lie in `packaging/monitoring`.", "",
           "| name | type | labels | meaning |", "|---|---|---|---|"]
    found = list(METRIC.finditer(source))
    for index, metric in enumerate(found):
        name, kind = metric.group(1) or metric.group(4), metric.group(2) or "gauge"
        end = found[index + 1].start() if index + 1 < len(found) else len(source)
        labels = [] if "single" in metric.group(0)[:6] or metric.group(4) else sorted(set(re.findall(r'\{"(\w+)",', source[metric.end():end])))
        if name == "kiz_runs_refused_total" or name == "kiz_sessions_ended_total":
            labels = ["reason"]
        out.append(f"| `{name}` | {kind} | {', '.join(labels) or '-'} | {cell(unquoted(metric.group(3) or metric.group(5)))} |")
    return "\n".join(out) + "\n"


def main():
    check = "--check" in sys.argv
    old = 0
    pages = [("meldungen.md", messages()), ("befunde.md", findings()), ("json.md", schemas())]
    if os.path.exists(os.path.join(ROOT, "daemon", "metrics.cc")):
        pages.append(("metriken.md", metrics()))
    for name, text in pages:
        path = os.path.join(HERE, "referenz", name)
        there = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                there = file.read()
        if there == text:
            continue
        old += 1
        if check:
            print(f"packaging/doc/referenz/{name} is out of date; run packaging/doc/reference.py")
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            print(f"written: packaging/doc/referenz/{name}")
    print(f"reference: {old} out of date" if check else "reference: done")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
