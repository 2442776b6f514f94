import os

from talkinghead import __main__, cli
from talkinghead.threads import VARIABLES, pin_threads


def test_every_library_gets_one_thread_but_where_the_user_says_otherwise():
    environment = {"OMP_NUM_THREADS": "6"}
    pin_threads(environment)
    assert environment.pop("OMP_NUM_THREADS") == "6"
    assert set(environment) == set(VARIABLES) - {"OMP_NUM_THREADS"}
    assert set(environment.values()) == {"1"}


def test_the_command_line_runs_with_them(monkeypatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, "7")
        monkeypatch.delenv(name)
    seen = {}
    monkeypatch.setattr(cli, "main", lambda: seen.update(os.environ) or 0)
    assert __main__.run() == 0
    assert {seen[name] for name in VARIABLES} == {"1"}
