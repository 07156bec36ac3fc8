#!/usr/bin/python3
"""/metrics and /health of kizd, the journal's records, and the files made from them: dashboard, alert rules, catalogue."""
import glob
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from kizd import Realm, http_get, metrics_file, run, until

ROOT = os.environ["KIZ_SOURCE_DIR"]


class Watched:
    """A realm whose Kreis serves figures."""

    def __enter__(self):
        self.realm = Realm()
        self.realm.__enter__()
        self.port, self.config = metrics_file(self.realm.folder)
        self.realm.kreis.options = ["--config", self.config]
        return self

    def __exit__(self, *failed):
        self.realm.__exit__(*failed)

    def get(self, path, method="GET", host=None, body=None):
        return http_get(self.port, path, method, host, body)

    def figures(self):
        status, headers, text = self.get("/metrics")
        assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", (status, headers)
        return text


def value(text, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, (name, text)
    return float(found[1])


def check_metrics(text):
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and not checked.stdout and not checked.stderr, checked


def figures_are_as_prometheus_wants_them_and_name_nobody():
    with Watched() as watched:
        realm = watched.realm
        realm.set_up()
        port, config = metrics_file(realm.folder)
        ahaus = realm.join("ahaus", "05554004", "--config", config)
        ahaus.offer("Treff")
        assert ahaus.ask("sync", wait=True)["in_sync"]
        text = watched.figures()
        check_metrics(text)
        assert value(text, 'kiz_peers{state="reachable"}') == 1, text
        assert value(text, 'kiz_entries_applied_total{origin="peer"}') >= 1
        assert value(text, "kiz_store_writable") == 1 and value(text, "kiz_set_up") == 1
        assert value(text, "kiz_sync_duration_seconds_count") >= 1
        assert value(text, 'kiz_sync_duration_seconds_bucket{le="+Inf"}') == value(text, "kiz_sync_duration_seconds_count")
        assert abs(value(text, "kiz_last_contact_timestamp_seconds") - time.time()) < 60
        for marker in ("Ahaus", "ahaus", "Borken", "05554", "Treff", "127.0.0.1", realm.folder):
            assert marker not in text, (marker, text)
        # Bounded: two more towns add no line.
        lines = len(text.splitlines())
        realm.join("bocholt", "05554008")
        assert len(watched.figures().splitlines()) == lines
        backup = os.path.join(realm.folder, "backups")
        os.mkdir(backup)
        realm.kreis.ask("backup.write", target=backup)
        backed_up = watched.figures()
        assert value(backed_up, "kiz_backup_size_bytes") > 0
        check_metrics(backed_up)
        of_town = http_get(port, "/metrics")[2]
        assert value(of_town, "kiz_membership_expiry_timestamp_seconds") > time.time()
        check_metrics(of_town)


def health_tells_live_from_ready_and_nothing_is_served_before_set_up():
    with Watched() as watched:
        watched.realm.kreis.start()
        try:
            watched.get("/health")
            raise AssertionError("serves before set-up")
        except ConnectionError:
            pass
        watched.realm.set_up_again = watched.realm.kreis.ask("setup", name="Kreis Borken", ags="05554", listen=f"127.0.0.1:{watched.realm.port}",
                                                             addresses=[f"127.0.0.1:{watched.realm.port}"], members=["05554004"])
        status, headers, body = watched.get("/health")
        assert status == 200 and json.loads(body)["ready"] and headers["Content-Type"] == "application/json", (status, body)
        assert watched.get("/health/live")[0] == 200 and watched.get("/health/ready")[0] == 200
        os.rename(os.path.join(watched.realm.kreis.store, "store.db"), os.path.join(watched.realm.kreis.store, "away.db"))
        status, _, body = watched.get("/health")
        assert status == 503 and json.loads(body) == dict(json.loads(body), live=True, ready=False, store=False), body
        assert watched.get("/health/live")[0] == 200
        os.rename(os.path.join(watched.realm.kreis.store, "away.db"), os.path.join(watched.realm.kreis.store, "store.db"))
        assert watched.get("/health")[0] == 200


def strange_requests_are_refused_and_slow_callers_hung_up_on():
    with Watched() as watched:
        watched.realm.set_up()
        assert watched.get("/metrics", host="evil.example")[0] == 403
        assert watched.get("/metrics", host="evil.example:7413")[0] == 403
        assert watched.get("/metrics", host=f"localhost:{watched.port}")[0] == 200
        assert watched.get("/metrics", host="[::1]:7413")[0] == 200
        assert watched.get("/metrics", method="POST", body="x" * 1000)[0] == 405
        assert watched.get("/metrics", method="DELETE")[0] == 405
        assert watched.get("/../etc/passwd")[0] == 404
        assert watched.get("/" + "x" * 2000)[0] == 404
        try:
            assert watched.get("/" + "x" * 40000)[0] in (413, 414, 431)
        except (ConnectionError, http.client.HTTPException):
            pass
        began = time.monotonic()
        slow = [socket.create_connection(("127.0.0.1", watched.port), 5) for _ in range(30)]
        # A byte every second is not silence; the connection as a whole has a deadline.
        gone = 0
        while gone < len(slow) and time.monotonic() - began < 40:
            gone = 0
            for line in slow:
                try:
                    line.send(b"G")
                    line.settimeout(0.001)
                    if line.recv(1) == b"":
                        gone += 1
                except socket.timeout:
                    pass
                except OSError:
                    gone += 1
            time.sleep(1)
        assert gone == len(slow), gone
        assert watched.get("/health")[0] == 200
        assert watched.realm.kreis.running()


def a_reload_moves_or_closes_the_address_and_a_taken_one_is_told():
    with Watched() as watched:
        watched.realm.set_up()

        def reload_with(listen):
            with open(watched.config, "w", encoding="utf-8") as file:
                file.write(f'[metrics]\nlisten = "{listen}"\n')
            watched.realm.kreis.process.send_signal(1)

        def answers():
            try:
                return watched.get("/health")[0] == 200
            except OSError:
                return False

        assert answers()
        reload_with("")
        until("it is closed", lambda: not answers())
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            reload_with(f"127.0.0.1:{taken.getsockname()[1]}")
            until("it is told", lambda: "cannot_serve_metrics" in watched.realm.kreis.log())
        reload_with(f"127.0.0.1:{watched.port}")
        until("it is open again", answers)


def fields_of(datagram):
    """The fields of a record in the journal's native form."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, text = line.partition(b"=")
        if not equals:
            size = int.from_bytes(rest[:8], "little")
            text, rest = rest[8:8 + size], rest[8 + size + 1:]
        assert name.decode() not in fields or True
        fields[name.decode()] = text.decode()
        datagram = rest
    return fields


def catalogue(path):
    """id -> text"""
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"^-- ([0-9a-f]{32})(?: de)?$", file.read(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def records_reach_the_journal_with_their_parts_as_fields():
    with Realm() as realm, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        path = os.path.join(realm.folder, "journal")
        journal.bind(path)
        journal.settimeout(10)
        log = os.path.join(realm.folder, "journalled.log")
        with open(log, "wb"):
            pass
        status = os.stat(log)
        daemon = realm.daemon("journalled", env={"KIZ_JOURNAL_SOCKET": path, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}).start()
        daemon.ask("setup", name="Kreis Borken", ags="05554", listen="127.0.0.1:0", members=["05554004"])
        assert daemon.stop() == 0
        journal.settimeout(0.2)
        records = []
        try:
            while True:
                records.append(fields_of(journal.recv(65536)))
        except socket.timeout:
            pass
        by_event = {record["KIZ_EVENT"]: record for record in records}
        assert {"started", "set_up", "listening", "stopping", "stopped"} <= set(by_event), by_event
        for record in records:
            assert record["SYSLOG_IDENTIFIER"] == "kizd" and record["PRIORITY"] in "34567" and record["MESSAGE"].startswith(record["KIZ_EVENT"])
            assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) for name in record), record
            assert not any(ord(c) < 32 for text in record.values() for c in text), record
        assert by_event["set_up"]["KIZ_AUTHORITY"] == "true", by_event["set_up"]
        known = catalogue(f"{ROOT}/packaging/journal/kiz-sync.catalog")
        assert by_event["started"]["MESSAGE_ID"] in known
        with open(log, encoding="utf-8") as file:
            assert "started" not in file.read()


def each_explained_record_has_its_text_in_both_languages():
    with open(f"{ROOT}/daemon/journal.cc", encoding="utf-8") as file:
        rows = dict(re.findall(r'\{"(\w+)", "([0-9a-f]{32})"\}', file.read()))
    assert len(rows) >= 10 and len(set(rows.values())) == len(rows)
    source = "".join(open(path, encoding="utf-8").read() for path in glob.glob(f"{ROOT}/daemon/*.cc"))
    for event, number in rows.items():
        assert source.count(f'"{event}"') >= 2, f"nobody writes {event}"
    warned = set(re.findall(r'log::(?:warning|error)\("(\w+)"', source))
    assert len(warned) >= 15 and warned <= set(rows), f"not explained: {warned - set(rows)}"
    for name in ("kiz-sync.catalog", "kiz-sync.de.catalog"):
        texts = catalogue(f"{ROOT}/packaging/journal/{name}")
        assert set(texts) == set(rows.values()), name
        assert all(re.match(r"\nSubject: .+\nDefined-By: kiz-sync\n\n.+", text, re.DOTALL) for text in texts.values()), name
    if shutil.which("journalctl"):
        with tempfile.TemporaryDirectory(prefix="kiz-catalogue-") as root:
            folder = os.path.join(root, "usr/lib/systemd/catalog")
            os.makedirs(folder)
            os.makedirs(os.path.join(root, "var/lib/systemd/catalog"))
            for path in glob.glob(f"{ROOT}/packaging/journal/*.catalog"):
                shutil.copy(path, folder)
            made = subprocess.run(["journalctl", f"--root={root}", "--update-catalog"], capture_output=True, text=True, check=False)
            assert made.returncode == 0 and "ignoring" not in made.stderr.lower(), made


def rules_and_dashboard_ask_for_figures_that_exist():
    rules = f"{ROOT}/packaging/monitoring/kiz-sync.rules.yml"
    checked = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked
    with open(f"{ROOT}/packaging/monitoring/grafana-kiz-sync.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    with open(rules, encoding="utf-8") as file:
        asked += file.read()
    with open(f"{ROOT}/daemon/metrics.cc", encoding="utf-8") as file:
        told = set(re.findall(r'"(kiz_\w+|process_\w+)"', file.read()))
    for name in set(re.findall(r"\b(kiz_[a-z_]+|process_[a-z_]+)\b", asked)):
        assert re.sub(r"_(bucket|sum|count)$", "", name) in told, name


if not shutil.which("promtool"):
    print("promtool is missing (package prometheus): skipped")
    sys.exit(77)
sys.exit(run([
    figures_are_as_prometheus_wants_them_and_name_nobody,
    health_tells_live_from_ready_and_nothing_is_served_before_set_up,
    strange_requests_are_refused_and_slow_callers_hung_up_on,
    a_reload_moves_or_closes_the_address_and_a_taken_one_is_told,
    records_reach_the_journal_with_their_parts_as_fields,
    each_explained_record_has_its_text_in_both_languages,
    rules_and_dashboard_ask_for_figures_that_exist,
]))
