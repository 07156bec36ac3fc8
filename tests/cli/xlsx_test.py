#!/usr/bin/env python3
"""Workbooks that kiz writes, opened by another program's reader: texts are texts, numbers numbers, nothing is a formula."""
import os
import subprocess
import sys
import tempfile

import openpyxl

KIZ = os.environ["KIZ_BIN"] + "/kiz"


def main():
    with tempfile.TemporaryDirectory(prefix="kiz-xlsx-") as folder:
        env = {"HOME": folder, "PATH": os.environ["PATH"], "LANG": "C", "KIZ_STORE": f"{folder}/s",
               "KIZ_LOCALE_DIR": os.environ.get("KIZ_LOCALE_DIR", "")}

        def kiz(*words, code=0):
            ran = subprocess.run([KIZ, *words], env=env, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
                                 check=False)
            assert ran.returncode == code, (words, ran)
            return ran.stdout

        def cells(name, sheet=0):
            page = openpyxl.load_workbook(f"{folder}/{name}").worksheets[sheet]
            rows = list(page.iter_rows())
            header = [cell.value for cell in rows[0]]
            for row in rows:
                for cell in row:
                    assert cell.data_type != "f", (name, cell.value)
            return [dict(zip(header, row)) for row in rows[1:]]

        kiz("init", "--kreis", "Borken", "--members", "Ahaus", "--address", "127.0.0.1:9")
        ugly = ["=1+1", "+49", "-1", "@cmd", "\tx", "0123", "_x0041_", "\x1b[31mred", "Ä\u202eB", "=" * 200]
        for title in ugly:
            kiz("offer", "new", f"title={title}", "provider==HYPERLINK(\"http://x\")", "kind=meeting_place", "language+=ar")
        kiz("offer", "new", "title=long", "provider=X", "kind=sport", "description=a\nb" + "d" * 32765)
        kiz("offer", "export", "--format", "xlsx", "--output", "offers.xlsx")
        offers = cells("offers.xlsx")
        assert len(offers) == len(ugly) + 1, len(offers)
        titles = {each["Titel"].value for each in offers}
        shown = {"\tx": " x", "\x1b[31mred": "\\x1b[31mred", "Ä\u202eB": "Ä\\u{202e}B"}
        for title in ugly:
            assert shown.get(title, title) in titles or title.strip() in {each.strip() for each in titles}, (title, titles)
        for each in offers:
            assert each["Träger"].data_type == "s" and each["id"].data_type == "s", each
        long = next(each for each in offers if each["Titel"].value == "long")
        assert len(long["Beschreibung"].value) <= 32767 and long["Beschreibung"].value.endswith("…")
        assert kiz("offer", "export", "--format", "xlsx")[:2] == b"PK"  # into a pipe, byte by byte
        kiz("offer", "export", "--format", "xls", code=2)

        kiz("counts", "enter", "2026-01", "arrived:school_type=grundschule=6")
        kiz("counts", "export", "--format", "xlsx", "--dialect", "international", "--output", "counts.xlsx")
        counts = cells("counts.xlsx")
        assert len(counts) == 1 and counts[0]["value"].value == 6 and counts[0]["value"].data_type == "n", counts
        assert counts[0]["ags"].value == "05554" and counts[0]["ags"].data_type == "s", counts

        for report in (["month", "2026-01"], ["returns", "2026-01"], ["offers"], ["consents"]):
            kiz("report", *report, "--format", "xlsx", "--output", "report.xlsx")
            assert cells("report.xlsx") or report[0] == "consents", report
            assert len(openpyxl.load_workbook(f"{folder}/report.xlsx").worksheets) == 2, report
        kiz("report", "offers", "--format", "pdf", code=2)
    print("xlsx: opened by another reader; no cell is a formula")


main()
sys.exit(0)
