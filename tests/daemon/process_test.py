#!/usr/bin/python3
"""kizd as a process: start and end, configuration, who may ask what, and what strangers on its sockets can do."""
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from kizd import KIZD, Daemon, Realm, Refused, connect, read_frame, receive, run, until, write_frame


def kizd(*words, **how):
    return subprocess.run([KIZD, *words], capture_output=True, text=True, timeout=20, check=False,
                          env=dict(os.environ, LC_ALL="C", LANGUAGE="en"), **how)


def a_second_daemon_on_the_same_store_ends_with_75_and_names_the_first():
    with Realm() as realm:
        realm.set_up()
        pid = str(realm.kreis.process.pid)
        for words in (["--store", realm.kreis.store], ["--store", realm.kreis.store, "--socket", realm.folder + "/other.sock"]):
            began = time.monotonic()
            second = kizd(*words)
            assert second.returncode == 75 and pid in second.stderr, second
            assert time.monotonic() - began < 5
        assert realm.kreis.ask("daemon.status")["set_up"]


def wrong_words_end_with_64_and_a_wrong_configuration_with_78_line_and_suggestion():
    assert kizd("--nonsense").returncode == 64
    assert kizd("word").returncode == 64
    version = kizd("--version")
    assert version.returncode == 0 and re.fullmatch(r"kizd \d+\.\d+\.\d+\n", version.stdout), version
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kiz-sync.toml")

        def check(text):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return kizd("--config", path, "--check-config")

        def refused(text, *words):
            ended = check(text)
            assert ended.returncode == 78 and all(word in ended.stderr for word in words), (text, ended)

        assert check('peers_max = 10\n[roles]\nlesen = ["anna"]\n').returncode == 0
        refused('store = "/srv"\nlissen = []\n', "line 2", "lissen", "listen")
        refused("[log]\nlevel = 3\n", "line 2")
        refused('[log]\nlevel = "loud"\n', "line 2", "debug")
        refused("peers_max = 0\n", "line 1")
        refused('listen = ["::1:7411"]\n', "line 1")
        refused('listen = ["127.0.0.1:99999"]\n', "line 1")
        refused('listen = "127.0.0.1"\n', "line 1")
        refused("store = \n", "line 1")
        refused('[rolls]\nlesen = ["anna"]\n', "line 1", "roles")
        missing = kizd("--config", os.path.join(folder, "none.toml"), "--check-config")
        assert missing.returncode == 78, missing
        shipped = os.path.join(os.environ["KIZ_SOURCE_DIR"], "packaging", "kiz-sync.toml")
        assert kizd("--config", shipped, "--check-config").returncode == 0
        # What is shown as the default must be readable too.
        with open(shipped, encoding="utf-8") as file:
            lines = [re.sub(r"^#(?=[a-z_]+ = )", "", line) for line in file]
        assert check("".join(lines)).returncode == 0, check("".join(lines))


def an_address_in_use_ends_with_69():
    with Realm() as realm, socket.socket() as taken:
        realm.set_up()
        assert realm.kreis.stop() == 0
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = kizd("--store", realm.kreis.store, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        assert ended.returncode == 69, ended


def sigterm_ends_with_0_and_takes_the_socket_away():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        began = time.monotonic()
        assert ahaus.stop() == 0
        assert time.monotonic() - began < 5
        assert not os.path.exists(ahaus.socket)
        until("the Kreis knows", lambda: not realm.kreis.ask("status")["peers"][0]["reachable"], 5)
        realm.kreis.ask("shutdown")
        assert realm.kreis.process.wait(10) == 0
        empty = realm.daemon("empty").start()
        assert empty.stop() == 0


def nothing_listens_on_the_network_before_set_up():
    with Realm() as realm:
        realm.kreis.start()
        status = realm.kreis.ask("daemon.status")
        assert status["listen"] == [] and status["set_up"] is False, status
        sockets = kizd_sockets(realm.kreis.process.pid)
        assert not sockets, sockets
        try:
            realm.kreis.ask("status")
            raise AssertionError("has a status without a store")
        except Refused as refused:
            assert (refused.code, refused.exit) == ("E_NOT_SET_UP", 10), refused


def kizd_sockets(pid):
    """Inodes of listening TCP sockets of a process."""
    listening = set()
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}", encoding="ascii") as table:
            listening |= {line.split()[9] for line in table.readlines()[1:] if line.split()[3] == "0A"}
    mine = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    return {inode for inode in listening if f"socket:[{inode}]" in mine}


def systemd_is_told_when_it_is_ready_alive_and_ending():
    with Realm() as realm:
        path = os.path.join(realm.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(10)
            daemon = realm.daemon("watched", env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"}).start()
            words = []
            until("three signs of life", lambda: words.append(manager.recv(200).decode()) or words.count("WATCHDOG=1") >= 3)
            assert "READY=1" in words, words
            assert daemon.stop() == 0
            until("the end is told", lambda: manager.recv(200).decode() == "STOPPING=1")


def events_are_followed_one_object_each():
    with Realm() as realm:
        realm.set_up()
        line = connect(realm.kreis.socket)
        write_frame(line, {"v": 1, "request": "events", "args": {}, "lang": "en"})
        assert read_frame(line)["event"] == "started"
        realm.kreis.offer("Treff")
        change = read_frame(line)
        assert (change["event"], change["owner"], change["collection"], change["local"]) == ("change", "05554", "offers", True), change
        realm.join("ahaus", "05554004")
        seen = [read_frame(line) for _ in range(2)]
        assert {"members", "peer"} == {event["event"] for event in seen}, seen
        line.close()
        realm.kreis.offer("Noch einer")  # nobody reads any more
        assert realm.kreis.ask("daemon.status")["set_up"]


def a_local_user_may_do_what_the_configuration_says():
    if os.geteuid() != 0:
        print("      skipped in part: needs root to become somebody else")
        return
    with Realm() as realm:
        realm.set_up()
        realm.kreis.offer("Treff")
        os.chmod(realm.folder, 0o755)
        run_dir = os.path.join(realm.folder, "run")
        config = os.path.join(realm.folder, "roles.toml")
        path = os.path.join(run_dir, "control.sock")

        def configure(roles):
            with open(config, "w", encoding="utf-8") as file:
                file.write(f'socket_group = "nogroup"\n[roles]\n{roles}\n')

        def ask_as_nobody(request, **args):
            # The functions travel as text: nobody may not read the folder of the tests.
            code = inspect.getsource(connect) + inspect.getsource(receive) + inspect.getsource(read_frame) + inspect.getsource(write_frame)
            code = f"import json, os, socket, struct\n{code}line = connect({path!r})\n"
            code += f"write_frame(line, {{'v': 1, 'request': {request!r}, 'args': {args!r}, 'lang': 'en'}})\n"
            code += "print(json.dumps(read_frame(line)))\n"
            asked = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--init-groups", "/usr/bin/python3", "-c", code],
                                   capture_output=True, text=True, timeout=20, check=False, cwd="/")
            assert asked.returncode == 0, asked.stderr
            return json.loads(asked.stdout)

        configure("")
        assert realm.kreis.stop() == 0
        realm.kreis.options = ["--config", config, "--socket", path]
        realm.kreis.socket = path
        realm.kreis.start()
        mode = os.stat(path).st_mode & 0o777, os.stat(run_dir).st_mode & 0o777
        assert mode == (0o660, 0o750), mode
        stranger = ask_as_nobody("offer.list")
        assert stranger["error"]["code"] == "E_NOT_PERMITTED" and stranger["exit"] == 13, stranger
        configure('lesen = ["@nogroup"]')
        realm.kreis.process.send_signal(signal.SIGHUP)
        until("the new roles hold", lambda: ask_as_nobody("offer.list")["ok"], 5)
        for request, args in (("offer.new", {"fields": [{"field": "title", "op": "=", "text": "x"}]}), ("shutdown", {}),
                              ("member.invite", {"member": "05554004"}), ("setup", {"name": "Kreis Borken"}), ("offline", {})):
            reply = ask_as_nobody(request, **args)
            assert not reply["ok"] and reply["error"]["code"] in ("E_NOT_PERMITTED", "E_ALREADY_SET_UP"), reply
        assert realm.kreis.titles() == {"Treff"}


def strangers_on_the_sync_port_are_hung_up_on_and_counted():
    with Realm() as realm:
        realm.set_up()
        for words in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500,
                      os.urandom(4096), b""):
            with socket.create_connection(("127.0.0.1", realm.port), 5) as line:
                line.settimeout(15)
                line.sendall(words)
                if not words:
                    line.shutdown(socket.SHUT_WR)
                answer = b""
                try:
                    while piece := line.recv(4096):
                        answer += piece
                except ConnectionError:
                    pass
                assert len(answer) <= 64, (words, answer)
        until("all are gone", lambda: realm.kreis.ask("daemon.status")["connections"] == 0, 15)
        assert realm.kreis.ask("daemon.status")["garbage"] >= 5
        # Two hundred that say nothing at all do not keep a town out.
        silent = [socket.create_connection(("127.0.0.1", realm.port), 5) for _ in range(200)]
        town = realm.join("ahaus", "05554004")
        assert town.ask("sync", wait=True)["in_sync"]
        assert realm.kreis.ask("daemon.status")["connections"] <= 33
        for line in silent:
            line.close()
        assert len(realm.kreis.log().splitlines()) < 100, realm.kreis.log()


def broken_frames_on_the_control_socket_harm_nobody():
    with Realm() as realm:
        realm.kreis.start()
        for junk in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x00\x00\x00\x05[1,2]", b"\x00\x00\x00\x03abc", b"\x00\x00", os.urandom(100),
                     b"\x00\x00\xff\xff" + b"[" * 0xffff):
            line = connect(realm.kreis.socket, 5)
            line.sendall(junk)
            line.shutdown(socket.SHUT_WR)
            try:
                while line.recv(65536):
                    pass
            except ConnectionError:
                pass
            line.close()
        assert realm.kreis.ask("daemon.status")["pid"] == realm.kreis.process.pid


def a_stale_socket_is_replaced_and_a_file_that_is_none_is_not():
    with Realm() as realm:
        realm.kreis.start()
        realm.kreis.kill()
        assert os.path.exists(realm.kreis.socket)
        realm.kreis.start()
        assert realm.kreis.stop() == 0
        with open(realm.kreis.socket, "w", encoding="utf-8") as file:
            file.write("mine")
        ended = kizd("--store", realm.kreis.store)
        assert ended.returncode == 74, ended
        with open(realm.kreis.socket, encoding="utf-8") as file:
            assert file.read() == "mine"


def an_ordinary_user_finds_store_and_socket_where_xdg_says():
    with Realm() as realm:
        env = {"HOME": realm.folder, "STATE_DIRECTORY": os.path.join(realm.folder, "state"),
               "RUNTIME_DIRECTORY": os.path.join(realm.folder, "run")}
        os.mkdir(env["RUNTIME_DIRECTORY"])
        daemon = Daemon(realm.folder, "unused", env=env)
        with open(daemon.log_path, "ab") as log:
            daemon.process = subprocess.Popen([KIZD], stderr=log, env=daemon.env)
        realm.daemons.append(daemon)
        daemon.socket = os.path.join(env["RUNTIME_DIRECTORY"], "control.sock")
        until("it answers", lambda: os.path.exists(daemon.socket), 10)
        daemon.ask("setup", name="Kreis Borken", ags="05554", listen="127.0.0.1:0")
        assert os.path.exists(os.path.join(env["STATE_DIRECTORY"], "store.db"))
        assert daemon.stop() == 0


sys.exit(run([
    a_second_daemon_on_the_same_store_ends_with_75_and_names_the_first,
    wrong_words_end_with_64_and_a_wrong_configuration_with_78_line_and_suggestion,
    an_address_in_use_ends_with_69,
    sigterm_ends_with_0_and_takes_the_socket_away,
    nothing_listens_on_the_network_before_set_up,
    systemd_is_told_when_it_is_ready_alive_and_ending,
    events_are_followed_one_object_each,
    a_local_user_may_do_what_the_configuration_says,
    strangers_on_the_sync_port_are_hung_up_on_and_counted,
    broken_frames_on_the_control_socket_harm_nobody,
    a_stale_socket_is_replaced_and_a_file_that_is_none_is_not,
    an_ordinary_user_finds_store_and_socket_where_xdg_says,
]))
