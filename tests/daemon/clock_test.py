#!/usr/bin/python3
"""kizd under clocks that are wrong by years (libfaketime). Nobody's work is lost or wins for ever, and nobody else's clock is
pulled along; a clock that cannot be is refused in a sentence."""
import datetime
import glob
import os
import sys
import time

from kizd import Realm, Refused, run, until

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")


def wrong(by):
    """The environment of a program whose wall clock is off; how long it waits for anything stays right."""
    return {"LD_PRELOAD": LIBRARIES[0], "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1"}


def go_on_with(daemon, by):
    assert daemon.stop() == 0
    daemon.env = {key: value for key, value in daemon.env.items() if key not in wrong("")}
    if by:
        daemon.env.update(wrong(by))
    daemon.start()


def set_title(daemon, offer, title):
    daemon.ask("offer.edit", ref=offer, fields=[{"field": "title", "op": "=", "text": title}])


def exchange(*towns):
    for _ in range(2):
        for town in towns:
            assert town.ask("sync", wait=True, timeout_ms=30000)["in_sync"]


def what_a_clock_ten_years_ahead_wrote_gives_way_to_who_saw_it_and_pulls_nobody_along():
    with Realm() as realm:
        realm.set_up()
        first = realm.join("first", "05554004")
        second = realm.join("second", "05554004")
        go_on_with(first, "+3650d")
        offer = first.offer("From 2036")["id"]
        exchange(first, second)
        assert realm.kreis.titles() == second.titles() == {"From 2036"}
        set_title(second, offer, "Corrected by a right clock")
        exchange(first, second)
        for daemon in (first, second, realm.kreis):
            assert daemon.titles() == {"Corrected by a right clock"}, daemon.name
        clock = [each for each in realm.kreis.ask("doctor", clock=True)["findings"] if each["check"] == "clock"]
        assert any(each["state"] == "bad" for each in clock), clock  # somebody is told that a clock is wrong
        # A stamp of the future moves a clock by ten minutes and no more.
        steps = second.ask("offer.history", ref=offer)["steps"]
        limit = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=11)).strftime("%Y-%m-%dT%H:%M")
        assert any(step["time"][:16] <= limit for step in steps), steps
        go_on_with(first, None)
        set_title(first, offer, "And by the first one, put right")
        exchange(first, second)
        assert realm.kreis.titles() == second.titles() == {"And by the first one, put right"}


def a_clock_that_falls_back_by_months_goes_on_and_loses_nothing():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("town", "05554004")
        town.offer("Before")
        exchange(town)
        go_on_with(town, "-200d")
        town.offer("With the clock behind")
        exchange(town)
        assert realm.kreis.titles() == {"Before", "With the clock behind"}
        go_on_with(town, None)
        town.offer("After")
        exchange(town)
        assert realm.kreis.titles() == town.titles() == {"Before", "With the clock behind", "After"}
        assert town.ask("status")["pending"] == 0


def a_clock_that_cannot_be_signs_nothing_and_says_so():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("town", "05554004")
        town.offer("Before")
        for by in ("@1970-01-01 00:00:10", "-15000d", "+40000d"):
            go_on_with(town, by)
            try:
                town.offer("Impossible")
                raise AssertionError(f"signed at {by}")
            except Refused as refused:
                assert (refused.code, refused.exit) == ("E_BAD_CLOCK", 20), refused
                assert "Nothing was changed" in refused.envelope["error"]["text"], refused.envelope
            assert town.titles() == {"Before"}
        go_on_with(town, None)
        town.offer("After")
        exchange(town)
        until("the Kreis has both", lambda: realm.kreis.titles() == {"Before", "After"}, 10)


def a_day_at_which_programs_stumble_is_a_day_like_any_other():
    """Summer time begins and ends, the end of a 29th of February, and 2^31 seconds since 1970."""
    with Realm() as realm:
        realm.set_up()
        town = realm.join("town", "05554004")
        town.env["TZ"] = "Europe/Berlin"
        offer = town.offer("Before all of them")["id"]
        for at in ("2027-03-28 01:59:57", "2027-10-31 02:59:57", "2028-02-29 23:59:57", "2038-01-19 04:14:05"):
            go_on_with(town, f"@{at}")
            set_title(town, offer, f"Just before {at}")
            town.ask("count.enter", month="2026-10", cells=[f"arrived={at[3]}"])
            time.sleep(4)
            set_title(town, offer, f"Just after {at}")
            exchange(town)
            assert realm.kreis.titles() == town.titles() == {f"Just after {at}"}
            counts = realm.kreis.ask("count.show", year="2026")["counts"]
            assert [(each["period"], each["value"]) for each in counts] == [("2026-10", int(at[3]))], counts  # the month that a person named
        steps = [step for step in town.ask("offer.history", ref=offer)["steps"] if step["field"] == "title"]
        assert len(steps) == 9, steps
        times = [step["time"] for step in steps]
        assert times == sorted(times) or times == sorted(times, reverse=True), times
        assert len([at for at in times if at.startswith("2038-01-19T03:14:0") or at.startswith("2038-01-19T03:14:1")]) == 2, times
        go_on_with(town, None)
        set_title(town, offer, "And today again")
        exchange(town)
        assert realm.kreis.titles() == {"And today again"}


if __name__ == "__main__":
    if not LIBRARIES:
        print("skipped: no libfaketime")
        sys.exit(77)
    sys.exit(run([
        what_a_clock_ten_years_ahead_wrote_gives_way_to_who_saw_it_and_pulls_nobody_along,
        a_clock_that_falls_back_by_months_goes_on_and_loses_nothing,
        a_clock_that_cannot_be_signs_nothing_and_says_so,
        a_day_at_which_programs_stumble_is_a_day_like_any_other,
    ]))
