#!/usr/bin/env python3
"""The tests of the documentation see what they are for: each wrong thing is planted once and must be found."""
import unittest

import attacks_test
import commands_test
import documents as doc
import examples_test
import links_test


def block(text):
    return next(what for kind, what, *_ in doc.parts(text) if kind == "block")


class Links(unittest.TestCase):
    def found(self, text):
        return links_test.check("packaging/doc/x.md", text, {"packaging/doc/x.md", "README.md"}, {"packaging", "packaging/doc"})

    def test_a_link_to_nothing(self):
        self.assertEqual(len(self.found("[a](nowhere.md)\n")), 1)
        self.assertEqual(self.found("[a](../../README.md) [b](https://example.org) `[c](no.md)`\n"), [])

    def test_a_heading_that_is_not_there(self):
        self.assertEqual(self.found("# Über uns\n[a](#über-uns)\n"), [])
        self.assertEqual(len(self.found("# Über uns\n[a](#ueber-uns)\n")), 1)

    def test_a_file_of_the_tree_that_is_named_and_missing(self):
        self.assertEqual(len(self.found("see `libclient/nobody.h`\n")), 1)

    def test_blocks_are_not_prose(self):
        self.assertEqual(self.found("```\n[a](nowhere.md)\n```\n"), [])


class Commands(unittest.TestCase):
    def test_words_and_options_that_do_not_exist(self):
        self.assertIsNone(commands_test.check_line("sudo kiz --store x angebot liste --gemeinde Ahaus | head -3"))
        self.assertIn("kiz angebot lsite", commands_test.check_line("kiz angebot lsite"))
        self.assertIn("--gemiende", commands_test.check_line("kiz angebot liste --gemiende Ahaus"))
        self.assertIn("kiz zahlen nichts", commands_test.check_line("cd x && kiz zahlen nichts"))
        self.assertIn("--nothing", commands_test.check_line("kizd --nothing"))

    def test_codes_and_names_that_do_not_exist(self):
        exits, names = commands_test.code_table()
        right = "Exit-Code 13 heißt `E_NOT_PERMITTED`.\n"
        self.assertEqual(commands_test.check("packaging/doc/x.md", right, exits, names), [])
        self.assertEqual(len(commands_test.check("packaging/doc/x.md", "Exit-Code 99\n", exits, names)), 1)
        self.assertEqual(len(commands_test.check("packaging/doc/x.md", "E_NOBODY\n", exits, names)), 1)

    def test_a_configuration_that_kizd_does_not_take(self):
        self.assertIsNone(commands_test.check_toml(block('```toml\nlisten = ["127.0.0.1:7411"]\n```\n')))
        self.assertIsNotNone(commands_test.check_toml(block("```toml\nlissten = 1\n```\n")))


class Examples(unittest.TestCase):
    def terminal(self):
        return examples_test.Terminal("/nonexistent", False)

    def test_what_changes_is_compared_by_form_and_remembered(self):
        terminal = self.terminal()
        self.assertTrue(terminal.fits(['Eingetragen: A-7K3 „Chor“'], ['Eingetragen: A-M12X „Chor“']))
        self.assertEqual(terminal.translated("kiz angebot zeigen A-7K3"), "kiz angebot zeigen A-M12X")
        self.assertFalse(terminal.fits(["A-7K3 Chor"], ["A-9ZZ Chor"]))

    def test_other_words_missing_and_further_lines_are_found(self):
        self.assertFalse(self.terminal().fits(["Keine Konflikte."], ["Kein Konflikt."]))
        self.assertFalse(self.terminal().fits(["eins", "zwei"], ["eins"]))
        self.assertFalse(self.terminal().fits(["eins"], ["eins", "zwei"]))
        self.assertTrue(self.terminal().fits(["eins", "..."], ["eins", "zwei"]))
        self.assertTrue(self.terminal().fits(["am 22.11.2026 um 10:32"], ["am 01.02.2031", "  um 23:59"]))

    def test_steps_take_their_lines(self):
        steps = examples_test.steps(block("```console\n$ kiz a \\\n    b\nZeile\n$ kiz c\n```\n"))
        self.assertEqual([(command, shown) for _, command, shown in steps], [("kiz a b", ["Zeile"]), ("kiz c", [])])


class Attacks(unittest.TestCase):
    def table(self, row):
        return "".join(f"| {n} | case | open |\n" for n in range(1, 64)) + row

    def test_rows_that_name_nothing_or_what_is_not_there(self):
        self.assertEqual(attacks_test.check(self.table("| 64 | case | open |\n"))[0], [])
        self.assertEqual(len(attacks_test.check(self.table("| 64 | case | later |\n"))[0]), 1)
        self.assertEqual(len(attacks_test.check(self.table("| 64 | case | `doc/nobody_test.py` |\n"))[0]), 1)
        self.assertEqual(len(attacks_test.check(self.table('| 64 | case | `doc/planted_test.py` "no such' + ' case" |\n'))[0]), 1)
        self.assertEqual(len(attacks_test.check(self.table("| 63 | case | open |\n"))[0]), 1)


if __name__ == "__main__":
    unittest.main()
