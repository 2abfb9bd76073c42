"""Neither the tests nor the notebooks that run beside them reach the network."""

import socket
import subprocess
import sys
import urllib.request

import pytest

CODE = "import urllib.request; urllib.request.urlopen('http://example.org', timeout=5)"


def test_other_machines_are_out_of_reach():
    with pytest.raises(OSError, match="keep off the network"):
        urllib.request.urlopen("http://example.org", timeout=5)
    with socket.socket() as plain, pytest.raises(OSError, match="keep off the network"):
        plain.connect(("192.0.2.1", 80))


def test_so_are_they_for_processes_that_a_test_starts_such_as_kernels():
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert ran.returncode == 1 and "keep off the network" in ran.stderr


def test_this_machine_is_within_reach():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
