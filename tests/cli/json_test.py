#!/usr/bin/env python3
"""What --json prints keeps to the schemas: every command that a store of one's own can answer, errors too."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import warnings

import jsonschema

warnings.simplefilter("ignore", DeprecationWarning)  # RefResolver: the newer way is not in Debian 12

root = os.environ["KIZ_SOURCE_DIR"]
schemas = {}
for path in glob.glob(f"{root}/cli/schemas/*.json"):
    with open(path, encoding="utf-8") as opened:
        schemas[os.path.basename(path)] = json.load(opened)
for schema in schemas.values():
    jsonschema.Draft7Validator.check_schema(schema)

failures = []
seen = set()


def kiz(folder, *words, exit_code=0, schema=None):
    """Runs kiz on the store s in the folder and checks what comes; returns the data."""
    env = {"HOME": folder, "PATH": os.environ["PATH"], "LANG": "C", "KIZ_STORE": f"{folder}/s",
           "KIZ_LOCALE_DIR": os.environ.get("KIZ_LOCALE_DIR", "")}
    ran = subprocess.run([os.environ["KIZ_BIN"] + "/kiz", "--json", *words], env=env, cwd=folder, capture_output=True,
                         stdin=subprocess.DEVNULL, timeout=120, check=False)
    told = " ".join(words)
    if ran.returncode != exit_code:
        failures.append(f"kiz {told}: exit {ran.returncode}, wanted {exit_code}: {ran.stdout!r} {ran.stderr!r}")
        return {}
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        failures.append(f"kiz {told}: no JSON: {ran.stdout!r}")
        return {}
    name = answer.get("schema", "").replace("/", ".") + ".json"
    if schema and answer.get("schema") != f"kiz.{schema}/1":
        failures.append(f"kiz {told}: schema {answer.get('schema')}, wanted kiz.{schema}/1")
    known = schemas.get(name, schemas["kiz.envelope.json"])
    if name not in schemas and answer.get("schema") != "kiz.error/1":
        failures.append(f"kiz {told}: there is no schema {name}")
    resolver = jsonschema.RefResolver("", known, store=schemas)
    for error in jsonschema.Draft7Validator(known, resolver=resolver).iter_errors(answer):
        failures.append(f"kiz {told}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    if answer.get("exit") != exit_code:
        failures.append(f"kiz {told}: says exit {answer.get('exit')}, ended with {exit_code}")
    seen.add(answer.get("schema"))
    return answer.get("data", {})


def another_office(folder):
    """An office joins by file and writes a bundle, in a store beside the first one."""
    invite = kiz(folder, "member", "invite", "Bocholt", schema="member.invite")
    for name in ("invite", "check"):
        with open(f"{folder}/{name}.txt", "w", encoding="utf-8") as file:
            file.write(invite.get(name, ""))
    kiz(folder, "--store", "t", "join", "invite.txt", "--check-file", "check.txt", "--answer", "answer.kiz", schema="join")
    kiz(folder, "bundle", "check", "answer.kiz", schema="bundle.check")
    device = kiz(folder, "bundle", "read", "answer.kiz", schema="bundle.read").get("device_ref", "")
    kiz(folder, "bundle", "write", "back.kiz", "--for", device, schema="bundle.write")
    kiz(folder, "--store", "t", "dump", "back.kiz", schema="bundle.dump")
    kiz(folder, "--store", "t", "join", "back.kiz", schema="join")
    kiz(folder, "--store", "t", "bundle", "read", "back.kiz", schema="bundle.read")
    kiz(folder, "--store", "t", "bundle", "write", "forth.kiz", "--whole", schema="bundle.write")
    kiz(folder, "bundle", "check", "forth.kiz", schema="bundle.check")


def main():
    with tempfile.TemporaryDirectory(prefix="kiz-json-") as folder:
        kiz(folder, "status", exit_code=10, schema="status")
        kiz(folder, "nonsense", exit_code=2)
        kiz(folder, "offer", "show", exit_code=2)
        kiz(folder, "init", "--kreis", "Nirgendwo", exit_code=16, schema="setup")
        kiz(folder, "init", "--kreis", "Borken", "--address", "127.0.0.1:9", "--members", "Ahaus,Bocholt",
            "--emergency-sheet", "sheet.txt", schema="setup")
        kiz(folder, "init", "--kreis", "Borken", exit_code=16, schema="setup")
        kiz(folder, "status", schema="status")
        kiz(folder, "verify", "--neu", schema="verify")
        kiz(folder, "member", "list", schema="member.list")
        kiz(folder, "member", "invite", "Ahaus", schema="member.invite")
        kiz(folder, "member", "invite", "Atlantis", exit_code=4, schema="member.invite")
        kiz(folder, "member", "invite", "--all", "--letters", "letters", schema="member.invite_all")
        kiz(folder, "member", "address", "localhost:7411", schema="member.address")
        kiz(folder, "rule", "list", schema="rule.list")
        kiz(folder, "rule", "set", "return_due_day=15", "papier_zaehlt=ja", schema="rule.set")
        kiz(folder, "rule", "set", "return_due_day=29", exit_code=16, schema="rule.set")
        kiz(folder, "rule", "set", "nothing=1", exit_code=4, schema="rule.set")
        kiz(folder, "rule", "set", "return_due_day", exit_code=2)
        kiz(folder, "device", "list", schema="device.list")
        kiz(folder, "device", "renew", schema="device.renew")
        kiz(folder, "device", "renew", "G-1", "--days", "700", schema="device.renew")
        kiz(folder, "device", "renew", "G-9", exit_code=4, schema="device.renew")
        kiz(folder, "device", "revoke", "G-9", "--yes", exit_code=4, schema="device.revoke")
        kiz(folder, "device", "confirm", "G-9", exit_code=4, schema="device.confirm")
        kiz(folder, "quarantine", "list", schema="quarantine.list")
        kiz(folder, "quarantine", "show", "Q-00000", exit_code=4, schema="quarantine.show")
        kiz(folder, "quarantine", "adopt", "Q-00000", exit_code=4, schema="quarantine.adopt")
        kiz(folder, "quarantine", "discard", "Q-00000", "--yes", exit_code=4, schema="quarantine.discard")
        kiz(folder, "quarantine", "retry", schema="quarantine.retry")
        kiz(folder, "key", "fingerprint", schema="key.fingerprint")
        with open(f"{folder}/no-sheet.txt", "w", encoding="utf-8") as file:
            file.write("KIZN1-nothing")
        kiz(folder, "key", "sheet", "no-sheet.txt", exit_code=16, schema="key.sheet")
        kiz(folder, "key", "sheet", "sheet.txt", schema="key.sheet")
        kiz(folder, "init", "--restore", "--emergency-sheet", "sheet.txt", "--yes", schema="key.epoch")
        kiz(folder, "--store", "elsewhere", "init", "--restore", "--emergency-sheet", "sheet.txt", schema="restore")
        with open(f"{folder}/passphrase.txt", "w", encoding="utf-8") as file:
            file.write("Sonnenblume\n")
        kiz(folder, "key", "password", "--new-file", "passphrase.txt", schema="key.password")
        kiz(folder, "status", exit_code=12, schema="status")
        os.truncate(f"{folder}/no-sheet.txt", 0)
        kiz(folder, "--password-file", "passphrase.txt", "key", "password", "--new-file", "no-sheet.txt", schema="key.password")

        ref = kiz(folder, "offer", "new", "title=Café", "provider=Caritas", "kind=meeting_place", "language+=ar",
                  schema="offer.new").get("ref", "")
        kiz(folder, "offer", "new", "title=", exit_code=16, schema="offer.new")
        for words in (["list"], ["search", "café"], ["overdue"]):
            kiz(folder, "offer", *words, schema="offer." + words[0])
        for words in (["show", ref], ["edit", ref, "phone=02561-72", "language-=ar"], ["confirm", ref], ["history", ref],
                      ["copy", ref], ["end", ref], ["export"], ["delete", ref, "--yes"]):
            kiz(folder, "offer", *words, schema="offer." + words[0])
        kiz(folder, "offer", "show", "A-ZZZZZZ", exit_code=4, schema="offer.show")
        kiz(folder, "undo", "--yes", schema="undo")
        need = kiz(folder, "need", "new", "title=Course", "kind=language_course", schema="need.new").get("ref", "")
        kiz(folder, "need", "list", schema="need.list")
        kiz(folder, "need", "show", need, schema="need.show")

        kiz(folder, "counts", "enter", "2026-01", "arrived:school_type=grundschule,age_band=6-9=6", schema="count.enter")
        kiz(folder, "counts", "enter", "2026-01", "arrived=-1", exit_code=16, schema="count.enter")
        kiz(folder, "counts", "tally", "2026-01", "counselled", "+2", schema="count.tally")
        kiz(folder, "counts", "show", "2026-01", schema="count.show")
        kiz(folder, "counts", "missing", "2026-01", schema="count.missing")

        with open(f"{folder}/text.txt", "w", encoding="utf-8") as file:
            file.write("the text")
        kiz(folder, "consent", "subject", "new", "--kind", "shape", "--title", "KIZ", "--file", "text.txt",
            schema="consent.subject_new")
        kiz(folder, "consent", "subject", "list", schema="consent.subject_list")
        kiz(folder, "consent", "status", schema="consent.status")
        kiz(folder, "consent", "grant", "--decided-on", "2026-01-01", exit_code=13, schema="consent.grant")
        kiz(folder, "consent", "paper", "Ahaus", "--decided-on", "2026-01-01", exit_code=2, schema="consent.paper")
        kiz(folder, "consent", "paper", "Ahaus", "--decided-on", "2026-01-01", "--body", "council", "--reference", "1/26",
            schema="consent.paper")
        kiz(folder, "consent", "confirm", "--yes", exit_code=4, schema="consent.confirm_paper")
        kiz(folder, "consent", "status", schema="consent.status")
        # Nobody to confirm it: it is kept, its answer is there, and that it was not confirmed is told.
        waited = kiz(folder, "need", "new", "title=Waits", "kind=language_course", "--wait", "--timeout", "1", exit_code=15,
                     schema="need.new")
        if not waited.get("ref"):
            failures.append("kiz need new --wait: the answer to the change is lost")
        kiz(folder, "conflict", "list", schema="conflict.list")
        kiz(folder, "conflict", "show", "K-1", exit_code=4, schema="conflict.show")
        for report in ("month", "returns"):
            kiz(folder, "report", report, "2026-01", schema="report." + report)
        for report in ("offers", "consents"):
            kiz(folder, "report", report, schema="report." + report)
        kiz(folder, "bundle", "write", "out.kiz", exit_code=2, schema="bundle.write")
        kiz(folder, "bundle", "write", "out.kiz", "--for", "Ahaus", exit_code=4, schema="bundle.write")
        kiz(folder, "bundle", "read", "none.kiz", exit_code=4, schema="bundle.read")
        kiz(folder, "bundle", "check", "text.txt", exit_code=16, schema="bundle.check")
        lasting = kiz(folder, "offer", "new", "title=Rat", "provider=Erika", "kind=counselling", schema="offer.new").get("ref", "")
        kiz(folder, "subject", lasting, schema="subject.show")
        order = kiz(folder, "erasure", "request", lasting, "--field", "provider", schema="erasure.request").get("order", {}).get("ref", "")
        kiz(folder, "erasure", "request", lasting, "--reason", "whim", exit_code=16, schema="erasure.request")
        kiz(folder, "erasure", "list", schema="erasure.list")
        kiz(folder, "erasure", "proof", order, schema="erasure.proof")
        kiz(folder, "erasure", "execute", schema="erasure.execute")
        kiz(folder, "erasure", "execute", order, "--yes", exit_code=13, schema="erasure.execute")
        kiz(folder, "erasure", "withdraw", order, schema="erasure.withdraw")
        kiz(folder, "privacy", "due", schema="privacy.due")
        kiz(folder, "privacy", "offer", exit_code=2, schema="privacy.offer")
        kiz(folder, "privacy", "offer", "--archive", "Archive", exit_code=4, schema="privacy.offer")
        kiz(folder, "privacy", "offer", "--archive", "Archive", "--months", "3", exit_code=16, schema="privacy.offer")
        kiz(folder, "erasure", "request", "--due", exit_code=4, schema="erasure.request")
        kiz(folder, "erasure", "request", "--due", "--reason", "unlawful", exit_code=2, schema="erasure.request")
        kiz(folder, "privacy", "archive", "AB-000", "taken", exit_code=4, schema="privacy.archive")
        kiz(folder, "erasure", "request", lasting, "--reason", "retention", exit_code=13, schema="erasure.request")
        kiz(folder, "consent", "subject", "close", kiz(folder, "consent", "subject", "list")["subjects"][0]["ref"],
            schema="consent.subject_close")
        kiz(folder, "privacy", "due", schema="privacy.due")
        kiz(folder, "privacy", "offer", "--archive", "Archive", "--dry-run", schema="privacy.offer")
        offered = kiz(folder, "privacy", "offer", "--archive", "Archive", "--file", "list.json", schema="privacy.offer")["offer"]["ref"]
        kiz(folder, "privacy", "archive", offered, "maybe", exit_code=16, schema="privacy.archive")
        kiz(folder, "privacy", "archive", offered, "taken", "--file", "list.csv", schema="privacy.archive")
        kiz(folder, "privacy", "register", schema="privacy.register")
        if not kiz(folder, "privacy", "log", schema="privacy.log")["events"]:
            failures.append("kiz privacy log: it forgets the order")
        kiz(folder, "privacy", "checkpoints", schema="privacy.checkpoints")
        kiz(folder, "privacy", "prune", "--dry-run", schema="privacy.prune")
        kiz(folder, "privacy", "prune", schema="privacy.prune")
        kiz(folder, "privacy", "checkpoints", schema="privacy.checkpoints")
        another_office(folder)
        backup = f"{folder}/one.kizbackup"
        with open(f"{folder}/recovery", "w", encoding="utf-8") as file:
            file.write("a long enough passphrase\n")
        kiz(folder, "backup", "write", exit_code=10, schema="backup.write")
        kiz(folder, "backup", "write", backup, "--dry-run", schema="backup.write")
        kiz(folder, "backup", "write", backup, "--recovery-file", "recovery", schema="backup.write")
        kiz(folder, "backup", "write", backup, exit_code=16, schema="backup.write")
        kiz(folder, "backup", "check", backup, schema="backup.check")
        kiz(folder, "backup", "check", backup, "--recovery-file", "text.txt", exit_code=16, schema="backup.check")
        kiz(folder, "backup", "check", f"{folder}/text.txt", exit_code=16, schema="backup.check")
        kiz(folder, "--store", f"{folder}/again", "backup", "read", backup, "--recovery-file", "recovery", schema="backup.read")
        kiz(folder, "backup", "read", backup, "--recovery-file", "recovery", exit_code=16, schema="backup.read")
        kiz(folder, "doctor", exit_code=0, schema="doctor")
        kiz(folder, "--store", f"{folder}/nowhere", "doctor", exit_code=10, schema="doctor")
        kiz(folder, "service", "status", schema="service.status")
        kiz(folder, "bugreport", schema="bugreport")
        kiz(folder, "config", "path", schema="config.path")
        kiz(folder, "config", "show", "--herkunft", schema="config.show")
        kiz(folder, "config", "check", schema="config.check")
        with open(f"{folder}/wrong.toml", "w", encoding="utf-8") as file:
            file.write("peers_max = 0\n")
        kiz(folder, "config", "check", "wrong.toml", exit_code=16, schema="config.check")
        kiz(folder, "config", "show", "wrong.toml", exit_code=16, schema="config.show")
        kiz(folder, "offline", schema="offline")
        kiz(folder, "online", schema="online")

    for failure in failures:
        print(failure)
    print(f"json: {len(seen)} kinds of answers, {len(failures)} wrong")
    return 1 if failures else 0


sys.exit(main())
