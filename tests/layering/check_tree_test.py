#!/usr/bin/python3
"""Plants every violation that check_tree.py is for, one at a time, in a small tree that is right otherwise."""
import os
import tempfile
import unittest

import check_tree

RIGHT = {
    "CMakeLists.txt": "project(x)\n",
    "protocol/CMakeLists.txt": "add_library(kiz_protocol STATIC)\n",
    "protocol/include/kiz/ids.h": "#pragma once\n#include <chrono>\n",
    "protocol/entry.h": '#include "kiz/ids.h"\n',
    "protocol/entry.cc": '#include "protocol/entry.h"\n// system_clock::now() is for others\nint at(T t) { return t.time(); }\n',
    "libclient/include/kiz/replica.h": '#include "kiz/ids.h"\n',
    "libclient/replica.cc": '#include "kiz/replica.h"\n#include "protocol/entry.h"\n#include <thread>\n',
    "libclient/CMakeLists.txt": "target_link_libraries(kiz_client PUBLIC kiz::protocol)\n",
    "daemon/server.h": '#include "libclient/store.h"\n',
    "cli/main.cc": '#include <kiz/replica.h>\n#include "cli/output.h"\n',
    "tests/all_test.cc": '#include "daemon/server.h"\n#include "cli/output.h"\n// TO' 'DO is a word that tests may use\n',
    "tests/vectors/long.json": "1\n" * 2000,
}


class Planted(unittest.TestCase):
    def violations(self, path=None, text=""):
        with tempfile.TemporaryDirectory() as root:
            for name, content in {**RIGHT, **({path: text} if path else {})}.items():
                os.makedirs(os.path.dirname(os.path.join(root, name)) or root, exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(content)
            return check_tree.Tree(root).check()

    def assert_found(self, path, text, words):
        found = self.violations(path, text)
        self.assertEqual(len(found), 1, f"{path}: {text!r} gave {found}")
        self.assertTrue(found[0].startswith(path + ":"), found)
        self.assertIn(words, found[0])

    def test_a_right_tree_has_no_violation(self):
        self.assertEqual(self.violations(), [])

    def test_includes_against_the_direction_are_found(self):
        for path, text in [
            ("protocol/log.cc", '#include "libclient/store.h"\n'),
            ("protocol/log.cc", "#include <kiz/replica.h>\n"),
            ("protocol/log.h", '#include "daemon/server.h"\n'),
            ("libclient/store.cc", '#include "daemon/server.h"\n'),
            ("libclient/store.cc", '#include "cli/output.h"\n'),
            ("libclient/store.cc", '#include "tests/support/builders.h"\n'),
            ("daemon/main.cc", '#include "cli/output.h"\n'),
            ("cli/cmd_sync.cc", '  #  include "daemon/server.h"\n'),
            ("cli/cmd_sync.cc", '#include "kiz/nobody.h"\n'),
            ("packaging/example/main.cc", '#include "libclient/store.h"\n'),
        ]:
            self.assert_found(path, text, "must not include")

    def test_climbing_includes_are_found(self):
        self.assert_found("daemon/main.cc", '#include "../other/x.h"\n', "climbs")

    def test_links_against_the_direction_are_found(self):
        self.assert_found("protocol/CMakeLists.txt", "target_link_libraries(kiz_protocol kiz::client)\n", "must not link")
        self.assert_found("cli/CMakeLists.txt", "target_link_libraries(kiz PRIVATE kiz_daemon)\n", "must not link")

    def test_impure_headers_in_protocol_are_found(self):
        for header in ["filesystem", "fstream", "thread", "mutex", "random", "ctime", "sqlite3.h", "asio.hpp",
                       "asio/ip/tcp.hpp", "nlohmann/json.hpp", "sys/socket.h", "unistd.h", "future"]:
            self.assert_found("protocol/log.cc", f"#include <{header}>\n", "must not include")

    def test_an_exception_holds_for_its_file_alone(self):
        self.assertEqual(self.violations("protocol/secret.cc", "#include <mutex>\n"), [])
        self.assert_found("protocol/secret.cc", "#include <thread>\n", "must not include")

    def test_impure_calls_in_protocol_are_found(self):
        for code in ["auto t = std::chrono::system_clock::now();", "auto t = time(nullptr);", "auto t = std::time(&x);",
                     'auto e = getenv("HOME");', "randombytes_buf(p, 32);", "std::random_device d;",
                     "crypto_sign_keypair(pk, sk);", "crypto_aead_xchacha20poly1305_ietf_keygen(k);",
                     "crypto_box_seal(c, m, n, pk);", 'auto f = fopen("x", "r");', "int s = ::socket(1, 2, 3);",
                     "clock_gettime(CLOCK_REALTIME, &ts);"]:
            self.assert_found("protocol/log.cc", code + "\n", "protocol ")

    def test_pure_look_alikes_pass(self):
        for code in ["crypto_sign_seed_keypair(pk, sk, seed);", "auto t = stamp.time();", "// calls getenv()",
                     'fail("time(nullptr)");', "store.read(x);", "wire::read(x);", "kiz::open(x);"]:
            self.assertEqual(self.violations("protocol/log.cc", code + "\n"), [])

    def test_archives_that_trust_lengths_are_found_everywhere(self):
        for folder in ["protocol", "libclient", "daemon", "cli", "tests"]:
            for header in ["types/memory", "types/polymorphic", "archives/binary", "archives/portable_binary"]:
                self.assert_found(f"{folder}/x.cc", f"#include <cereal/{header}.hpp>\n", "is banned")

    def test_untidy_trees_are_found(self):
        self.assert_found("notes.txt", "x\n", "outside the agreed top level")
        self.assert_found("docs/x.md", "x\n", "outside the agreed top level")
        for folder in ["root", "work", "farm"]:
            self.assert_found("packaging/x.sh", f"cp /{folder}/x y\n", "path of one machine")
        self.assert_found("cli/x.cc", "// FIX" "ME later\n", "work is left")
        self.assert_found("cli/x.cc", "// to" "do: all\n", "work is left")
        self.assert_found("cli/long.cc", "int x;\n" * 601, "600 lines")

    def test_a_readme_that_names_what_is_gone_is_found(self):
        self.assert_found("protocol/README.md", "`entry.h` and `gone.h`\n", "names gone.h")
        self.assertEqual(self.violations("protocol/README.md", "`entry.h`, `include/kiz/ids.h`, `ent*.cc`\n"), [])

    def test_near_misses_pass(self):
        self.assertEqual(self.violations("cli/x.cc", "int x;\n" * 600), [])
        self.assertEqual(self.violations("packaging/x.sh", 'cp "$tree/root/x" chroot/work/y\n'), [])
        self.assertEqual(self.violations("cli/x.cc", "int methodology;\n"), [])


if __name__ == "__main__":
    unittest.main()
