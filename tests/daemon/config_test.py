#!/usr/bin/python3
"""The configuration of kizd: files and conf.d, where each value comes from, what a reload changes, one table for all."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

from kizd import KIZD, Realm, run, until


def kizd(*words, lang="en", **environment):
    return subprocess.run([KIZD, *words], capture_output=True, text=True, timeout=20, check=False,
                          env=dict(os.environ, LC_ALL="C", LANGUAGE=lang, **environment))


class Folder:
    def __enter__(self):
        self.place = tempfile.TemporaryDirectory(prefix="kiz-config-")
        self.main = os.path.join(self.place.name, "kiz-sync.toml")
        os.mkdir(os.path.join(self.place.name, "conf.d"))
        self.write("kiz-sync.toml", "")
        return self

    def __exit__(self, *_):
        self.place.cleanup()

    def path(self, name):
        return os.path.join(self.place.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def keys(self, *words):
        ended = kizd("--config", self.main, "--show-config", *words)
        assert ended.returncode == 0, ended
        return {key["key"]: key for key in json.loads(ended.stdout)["keys"]}


def fragments_are_read_in_the_order_of_their_names_and_the_later_one_holds():
    with Folder() as folder:
        folder.write("kiz-sync.toml", 'peers_max = 10\n[log]\nlevel = "debug"\n')
        folder.write("conf.d/20-b.toml", "peers_max = 30\n")
        folder.write("conf.d/10-a.toml", 'peers_max = 20\ndial = ["a.example:7411"]\n')
        folder.write("conf.d/30-c.toml~", "peers_max = 99\n")
        folder.write("conf.d/.40.toml", "peers_max = 99\n")
        keys = folder.keys("--listen", "127.0.0.1:7")
        assert (keys["peers_max"]["value"], keys["peers_max"]["line"]) == ("30", 1), keys["peers_max"]
        assert keys["peers_max"]["place"].endswith("conf.d/20-b.toml")
        assert keys["dial"]["value"] == '["a.example:7411"]' and keys["dial"]["origin"] == "file"
        assert (keys["log.level"]["value"], keys["log.level"]["line"], keys["log.level"]["origin"]) == ('"debug"', 3, "file")
        assert (keys["listen"]["origin"], keys["listen"]["place"]) == ("command_line", "--listen"), keys["listen"]
        assert keys["offline"]["origin"] == "default" and keys["offline"]["place"] is None
        folder.write("conf.d/25.toml", "\n\npeers_mx = 30\n")
        ended = kizd("--config", folder.main, "--check-config")
        assert ended.returncode == 78 and "conf.d/25.toml, line 3" in ended.stderr and '"peers_max"' in ended.stderr, ended
        for number in range(70):
            folder.write(f"conf.d/x{number}.toml", "")
        assert kizd("--config", folder.main, "--check-config").returncode == 78
        os.remove(folder.path("conf.d/25.toml"))


def each_bound_holds_one_below_and_one_above():
    with Folder() as folder:
        for key in folder.keys().values():
            bounds = re.fullmatch(r"(\d+) to (\d+)", key["bounds"])
            if not bounds:
                continue
            section, _, name = key["key"].rpartition(".")
            least, most = int(bounds[1]), int(bounds[2])
            for value, code in ((least, 0), (most, 0), (least - 1, 78), (most + 1, 78), ('"7"', 78), ("1.5", 78)):
                folder.write("kiz-sync.toml", (f"[{section}]\n" if section else "") + f"{name} = {value}\n")
                ended = kizd("--config", folder.main, "--check-config")
                assert ended.returncode == code, (key, value, ended)
        for peers, code in ((['"G-2 = h:1"'] * 64, 0), (['"G-2 = h:1"'] * 65, 78), (['"Büro = a = [::1]:7411"'], 0), (['"G-2"'], 78),
                            (['"= h:1"'], 78), (['"G-2 = "'], 78), (['"G-2 = h:99999"'], 78), (["7"], 78)):
            folder.write("kiz-sync.toml", f"peers = [{', '.join(peers)}]\n")
            ended = kizd("--config", folder.main, "--check-config")
            assert ended.returncode == code, (peers, ended)
        folder.write("kiz-sync.toml", "# " + "x" * (1 << 20))
        assert kizd("--config", folder.main, "--check-config").returncode == 78


def the_shipped_file_is_what_the_table_says_and_each_default_can_be_read():
    reference = kizd("--config-reference", lang="de")
    assert reference.returncode == 0, reference
    with open(os.path.join(os.environ["KIZ_SOURCE_DIR"], "packaging", "kiz-sync.toml"), encoding="utf-8") as file:
        assert file.read() == reference.stdout, "write it anew: LANGUAGE=de kizd --config-reference > packaging/kiz-sync.toml"
    assert "Prüfen mit" in reference.stdout and "Jede Rolle enthält" in reference.stdout, reference.stdout
    english = kizd("--config-reference").stdout
    assert "Check with" in english and "Each role contains" in english and "kiz geraet" not in english, english
    with Folder() as folder:
        folder.write("kiz-sync.toml", re.sub(r"^#(?=[a-z_]+ = )", "", reference.stdout, flags=re.MULTILINE))
        told = folder.keys()
        assert all(key["origin"] == "file" and key["value"] == key["default"] for key in told.values()), told
        folder.write("kiz-sync.toml", "")
        # What nobody says and no place decides is what the file shows.
        for key in folder.keys("--store", folder.path("s")).values():
            example = key["key"] in ("store", "socket", "socket_group", "dial", "peers", "metrics.listen", "backup.folder") or key["value"] is None
            assert example or key["value"] == key["default"], key


def a_reload_takes_what_can_change_and_names_what_cannot():
    with Realm() as realm:
        config = os.path.join(realm.folder, "kiz-sync.toml")

        def reload_with(text):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)
            realm.kreis.process.send_signal(signal.SIGHUP)

        with open(config, "w", encoding="utf-8") as file:
            file.write("")
        realm.kreis.options = ["--config", config]
        realm.set_up()
        reload_with('peers_max = 20\nsocket_group = "nogroup"\n')
        until("both are told", lambda: "changed key=peers_max" in realm.kreis.log()
              and "needs_restart key=socket_group" in realm.kreis.log())
        reload_with("peers_max = 20\noffline = true\n")
        until("it is offline", lambda: realm.kreis.ask("daemon.status")["offline"])
        assert realm.kreis.ask("daemon.status")["listen"] == []
        reload_with("peers_max = 20\nofline = true\n")
        until("it is refused", lambda: "reload_refused" in realm.kreis.log() and "line 2" in realm.kreis.log())
        assert realm.kreis.ask("daemon.status")["offline"] is True
        reload_with("")
        until("it is online", lambda: realm.kreis.ask("daemon.status")["listen"] != [])


sys.exit(run([
    fragments_are_read_in_the_order_of_their_names_and_the_later_one_holds,
    each_bound_holds_one_below_and_one_above,
    the_shipped_file_is_what_the_table_says_and_each_default_can_be_read,
    a_reload_takes_what_can_change_and_names_what_cannot,
]))
