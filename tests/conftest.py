"""Shared set-up: one thread, no network, seeded."""

import socket

import pytest
import torch

torch.set_num_threads(1)  # two busy threads on two cores are up to ten times slower than one


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Fail any connection that leaves this machine."""
    real_connect = socket.socket.connect

    def connect(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if host in {"", "127.0.0.1", "::1", "localhost", "0.0.0.0"}:  # noqa: S104
            return real_connect(self, address)
        message = f"a test tried to reach {host}"
        raise OSError(message)

    monkeypatch.setattr(socket.socket, "connect", connect)
