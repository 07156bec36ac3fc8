#!/usr/bin/python3
"""The examples of the man pages are typed as they stand, in both languages, on a terminal: in a Kreis with five towns (kiz demo),
each at the office that would type it, one after the other. Questions are answered; what stands for something of one's own (A-7K3,
/var/backups/kiz-sync, 2026-10 for last month) is that of this Kreis.

    man_examples_test.py BIN SHARE      SHARE: folder with man/, as built; KIZ_LOCALE_DIR as for the programs

Each ends with 0, or with what ENDS says and why.
"""
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import man_pages

BIN, SHARE = (os.path.abspath(path) for path in sys.argv[1:3])
ROOT = os.environ.get("KIZ_SOURCE_DIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from terminal import run_on_terminal  # noqa: E402

KIZ = os.path.join(BIN, "kiz")
TOLD = "drei-kurze-woerter"

# Who types the examples of a group, by its English word. A town unless it stands here.
OFFICES = {"kiz": "new", "member": "kreis", "rule": "kreis", "report": "kreis", "quarantine": "kreis", "key": "own", "erasure": "privacy", "privacy": "privacy"}
# Examples that are for somebody else than the rest of their page, by their beginning in either language.
ELSEWHERE = [(r"kiz (einrichten|init) ", "own"), (r"kiz (paket schreiben|bundle write) gronau", "gronau"), (r"kiz (paket|bundle) ", "kreis"),
             (r"kiz (sicherung lesen|backup read) ", "restored")]
# Nobody is there who could type these with another end.
ENDS = [(r"kiz (loeschung vollziehen|erasure execute) ", 13),  # a second person confirms; here one person types all of it
        (r"kiz (datenschutz anbieten|privacy offer) ", 4)]  # nothing of this week is due


class World:
    def __init__(self, folder, language):
        self.folder, self.language, self.check, self.sheet = folder, language, "", ""
        last_month = datetime.date.today().replace(day=1) - datetime.timedelta(days=1)
        self.refs = {"/var/backups/kiz-sync": self.path("backups"), "2026-10": f"{last_month:%Y-%m}"}
        self.env = {"HOME": folder, "PATH": f"{BIN}:{os.environ['PATH']}", "LANGUAGE": language, "LC_ALL": "C.UTF-8", "COLUMNS": "200", "TERM": "dumb",
                    "TZ": "UTC", "XDG_RUNTIME_DIR": folder, "KIZ_LOCALE_DIR": os.environ.get("KIZ_LOCALE_DIR", "")}
        self.run("demo", "--folder", "d")
        shutil.copy(os.path.join(ROOT, "packaging/demo/angebote-ahaus.csv"), self.path("angebote.csv"))
        shutil.copy(self.path("angebote.csv"), self.path("offers.csv"))
        for name, text in (("passwort.txt", TOLD), ("passphrase.txt", TOLD), ("konzept.txt", "Wir bauen ein Zentrum.")):
            self.write(name, text + "\n")
        os.mkdir(self.path("backups"))
        self.prepare_consent()
        self.prepare_erasure()
        self.prepare_quarantine()
        self.prepare_backup()
        self.invite("Stadtlohn", "einladung.txt", "invite.txt")

    def path(self, name):
        return os.path.join(self.folder, name)

    def store(self, office):
        demo = self.path(os.path.join("d", office))
        return demo if os.path.isdir(demo) else self.path(office)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, *words, store=None, exits=(0, 3)):
        ran = subprocess.run([KIZ, *(("--store", self.store(store)) if store else ()), "--json", *words], env=self.env, cwd=self.folder, capture_output=True,
                             text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
        assert ran.returncode in exits, (words, ran)
        return json.loads(ran.stdout)["data"] if ran.returncode in (0, 3) else {}

    def invite(self, town, *files, role="consent"):
        invited = self.run("member", "invite", town, "--role", role, store="kreis")
        self.check = str(invited["check"])
        for file in files:
            self.write(file, invited["invite"] + "\n")

    def join(self, town, store, **more):
        self.invite(town, f"{store}.txt", **more)
        self.write("check.txt", self.check + "\n")
        self.run("join", f"{store}.txt", "--check-file", "check.txt", "--device", store, store=store)

    def prepare_consent(self):
        self.run("consent", "subject", "new", "--kind", "concept", "--title", "Zentrum", "--file", "konzept.txt", store="kreis")
        self.run("sync", "--wait", store="ahaus")

    def prepare_erasure(self):
        """An offer with a contact, and a device that may have it erased."""
        offer = self.run("offer", "new", "title=Lesekreis", "provider=Caritas", "kind=meeting_place", "contact_person=Erika Muster", store="ahaus")
        self.refs["A-7K3"] = offer["ref"]
        self.run("sync", "--wait", store="ahaus")
        self.join("Ahaus", "privacy", role="privacy")

    def prepare_quarantine(self):
        """Signed on the way by a device that was locked out in the meantime."""
        self.join("Borken", "laptop")
        self.run("sync", "--wait", store="laptop")
        self.run("offer", "new", "title=Unterwegs", "provider=DRK", "kind=meeting_place", store="laptop")
        device = next(each["ref"] for each in self.run("device", "list", store="kreis")["devices"] if each["name"] == "laptop")
        self.run("device", "revoke", device, "--yes", store="kreis")
        self.run("sync", "--wait", store="laptop", exits=(13,))
        self.refs["Q-7K3M2"] = self.run("quarantine", "list", store="kreis")["quarantine"][0]["ref"]

    def prepare_backup(self):
        written = self.run("backup", "write", "old.kizbackup", "--recovery-file", "passphrase.txt", store="ahaus")
        assert os.path.isfile(self.path("old.kizbackup")), written
        shutil.copy(self.path("old.kizbackup"), self.path("alt.kizbackup"))

    def type(self, example, office):
        """(exit code, what the terminal shows)."""
        command = example
        for name, ours in self.refs.items():
            command = command.replace(name, ours)
        code, text, _ = run_on_terminal(command, {**self.env, "KIZ_STORE": self.store(office)}, self.folder, reply=self.answer)
        self.learn(text)
        return code, text

    def answer(self, question):
        if "KIZN1" in question:
            return self.sheet
        if re.search("Prüfzahl|Check number", question):
            return self.check
        return {"de": "ja", "en": "yes"}[self.language]

    def learn(self, text):
        if erasure := re.search(r"\bL-\w{3,}", text):
            self.refs.setdefault("L-7K3", erasure.group())
        if sheet := re.search(r"KIZN1[-0-9A-Z\n]+", text):
            self.sheet = sheet.group().replace("\n", "")


def office_of(page, example):
    for beginning, office in ELSEWHERE:
        if re.match(beginning, example):
            return office
    return OFFICES.get(english[page], "ahaus")


wrong, count, english = [], 0, {"kiz": "kiz"}
tree = json.loads(subprocess.run([KIZ, "--describe", "--lang", "en"], capture_output=True, check=True, timeout=60).stdout)
for group in tree["commands"]:
    english.update({f"kiz-{group['german']}": group["english"], f"kiz-{group['english']}": group["english"]})
for language in ("de", "en"):
    with tempfile.TemporaryDirectory(prefix="kiz-man-") as folder:
        try:
            world = World(folder, language)
            for page, example in man_pages.examples(SHARE, language):
                wanted = next((code for beginning, code in ENDS if re.match(beginning, example)), 0)
                code, text = world.type(example, office_of(page, example))
                count += 1
                if code != wanted:
                    wrong.append(f"{page}(1): {example}: ends with {code}, not {wanted}\n{text}")
        finally:
            subprocess.run([KIZ, "demo", "--folder", os.path.join(folder, "d"), "--stop"], env={**os.environ, "HOME": folder}, capture_output=True, check=False, timeout=60)
assert count > 50, f"only {count} examples were found"
print(*wrong, sep="\n")
print(f"examples of the man pages: {count} typed, {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
