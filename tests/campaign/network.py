"""A network of machines that are namespaces of the kernel: one address each, all on one switch.

None of them has a name outside this process: each is held by a file descriptor alone, and goes with
it, however this process ends. So nothing is left behind, and two runs cannot meet.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Self

_CLONE_NEWNET = 0x40000000
_OWN = "/proc/thread-self/ns/net"

_PROGRAMS = ("ip", "iptables")


class NoNetwork(OSError):
    """This machine lets nobody make one; the words say why."""


def why_there_is_none() -> str:
    """Say why no network can be made here; "" where one can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "namespaces of the network are made by root alone"
    for program in _PROGRAMS:
        if shutil.which(program) is None:
            return f"there is no program {program} (iproute2, iptables)"
    try:
        with Network(["one"]) as network, network.inside("one"):
            _run("iptables -w -A INPUT -s 10.98.0.9 -j DROP")
    except OSError as error:
        return f"the kernel lets nobody make namespaces of the network: {error}"
    return ""


class Network:
    """Machines on one switch; a thread, and the processes that it starts, can be on any of them."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._held: dict[str, int] = {}
        self._cuts: dict[frozenset[str], list[tuple[str, str]]] = {}
        self._moved: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self._held["switch"] = _make_namespace()
            with self.inside("switch"):
                _run("ip link add switch type bridge")
                _run("ip link set switch up")
            for number, name in enumerate(self._names, 1):
                self._held[name] = _make_namespace()
                self._plug_in(name, f"port{number}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all machines; one goes when the last process on it has ended."""
        while self._held:
            with suppress(OSError):
                os.close(self._held.popitem()[1])

    def _plug_in(self, name: str, port: str) -> None:
        end = f"/proc/{os.getpid()}/fd/{self._held[name]}"
        with self.inside("switch"):
            _run(f"ip link add {port} type veth peer name eth0 netns {end}")
            _run(f"ip link set {port} master switch up")
        with self.inside(name):
            _run("ip link set lo up")
            _run(f"ip addr add {self.address(name)}/24 dev eth0")
            _run("ip link set eth0 up")

    def address(self, name: str) -> str:
        """Give a machine's address."""
        return f"10.98.0.{self._names.index(name) + 1}"

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Let this thread be on a machine: what it opens and starts is there."""
        before = os.open(_OWN, os.O_RDONLY)
        try:
            _enter(self._held[name])
            try:
                yield
            finally:
                _enter(before)
        finally:
            os.close(before)

    def cut(self, one: str, other: str) -> None:
        """Let nothing of each other reach two machines any more; nobody is told."""
        pair = frozenset((one, other))
        if pair not in self._cuts:
            dropped = [
                (here, source)
                for here, there in ((one, other), (other, one))
                for source in self._addresses(there)
            ]
            self._cuts[pair] = dropped
            self._filter("-I", dropped)

    def mend(self, one: str, other: str) -> None:
        """Let two machines reach each other again."""
        self._filter("-D", self._cuts.pop(frozenset((one, other)), []))

    def _filter(self, how: str, dropped: Iterable[tuple[str, str]]) -> None:
        # Where a packet comes in: where it goes out the kernel would know that it was dropped.
        for here, source in dropped:
            with self.inside(here):
                _run(f"iptables -w {how} INPUT -s {source} -j DROP")

    def _addresses(self, name: str) -> list[str]:
        moved = [address for address, owner in self._moved.items() if owner == name]
        return [self.address(name), *moved]

    def is_cut(self, name: str) -> bool:
        """Say whether a machine does not reach some other one."""
        return any(name in pair for pair in self._cuts)

    def move_address(self, address: str, to: str) -> None:
        """Give one more address to a machine, and tell all others, as a fail-over does."""
        self.drop_address(address)
        with self.inside(to):
            _run(f"ip addr add {address}/24 dev eth0")
        self._moved[address] = to
        for name in self._names:
            if name != to:
                with self.inside(name):
                    _run("ip neigh flush dev eth0")

    def drop_address(self, address: str) -> None:
        """Take an address that moves away from whoever has it."""
        if owner := self._moved.pop(address, None):
            with self.inside(owner):
                _run(f"ip addr del {address}/24 dev eth0")


def _make_namespace() -> int:
    """Make a namespace that lasts as long as the file descriptor that this gives."""
    before = os.open(_OWN, os.O_RDONLY)
    try:
        _require(_LIBC.unshare(_CLONE_NEWNET))
        try:
            return os.open(_OWN, os.O_RDONLY)
        finally:
            _enter(before)
    finally:
        os.close(before)


def _enter(held: int) -> None:
    _require(_LIBC.setns(held, _CLONE_NEWNET))


def _require(code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise NoNetwork(number, os.strerror(number))


def _run(command: str) -> None:
    done = subprocess.run(command.split(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise NoNetwork(f"{command}: {done.stderr.strip()}")


_LIBC = ctypes.CDLL(None, use_errno=True)
